"""What reviews found, to compare the next one with, and what people decided. Rows of the catalogue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from longdoc.types import Change, Correction, Finding, Review, Span, Verdict
from longdoc_stores.audit import AuditLog
from longdoc_stores.catalogue import Catalogue

_FAILED = ("violation", "missing")


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict of the machine, and the places in the document itself that it rests on."""

    playbook: str
    path: str
    rule_version: str
    verdict: Verdict
    places: tuple[Span, ...]


class Verdicts:
    """The reviews of one corpus. A run's verdicts count once it has finished; who writes holds the writer's lock."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.audit = AuditLog(catalogue)

    # Runs

    def begin(self, playbook: str) -> int:
        """Open a run; its number. What an interrupted one left is removed."""
        with self._catalogue.transaction():
            self._drop("playbook = ? AND ended_at IS NULL", (playbook,))
            self._catalogue.run("INSERT INTO reviews (playbook, started_at) VALUES (?, ?)", (playbook, now()))
            return int(self._catalogue.one("SELECT max(run) FROM reviews")[0])

    def last(self, playbook: str) -> tuple[int, str] | None:
        """(number, when it ended) of the last finished run of a playbook."""
        rows = self._catalogue.rows(
            "SELECT run, ended_at FROM reviews WHERE playbook = ? AND ended_at IS NOT NULL ORDER BY run DESC LIMIT 1", (playbook,)
        )
        return (int(rows[0][0]), str(rows[0][1])) if rows else None

    def put(self, playbook: str, run: int, review: Review) -> None:
        """Store the verdicts on one document; they count once the run has finished, and are durable then."""
        rows = (
            (playbook, review.path, one.rule, review.document_id, one.rule_version, one.verdict, _places(review, one), run)
            for one in review.findings
        )
        with self._catalogue.unhurried(), self._catalogue.transaction():
            self._catalogue.run_many("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def finish(self, playbook: str, run: int) -> str:
        """Close the run; when. Verdicts of the one before it on documents that this one did not look at are kept as if it had."""
        with self._catalogue.transaction():
            self._catalogue.run(
                "UPDATE verdicts SET run = ?2 WHERE playbook = ?1 AND run < ?2 "
                "AND path NOT IN (SELECT path FROM verdicts WHERE playbook = ?1 AND run = ?2)",
                (playbook, run),
            )
            self._drop("playbook = ? AND run < ?", (playbook, run))
            ended = now()
            self._catalogue.run("UPDATE reviews SET ended_at = ? WHERE run = ?", (ended, run))
        return ended

    def _drop(self, where: str, arguments: Sequence[object]) -> None:
        self._catalogue.run(f"DELETE FROM verdicts WHERE run IN (SELECT run FROM reviews WHERE {where})", arguments)
        self._catalogue.run(f"DELETE FROM reviews WHERE {where}", arguments)

    def of(self, playbook: str, run: int, path: str) -> dict[str, Verdict]:
        """Rule -> verdict of a run on the document at `path`."""
        rows = self._catalogue.rows("SELECT rule, verdict FROM verdicts WHERE playbook = ? AND run = ? AND path = ?", (playbook, run, path))
        return {str(rule): verdict for rule, verdict in rows}

    def changes(self, playbook: str, before: int, after: int) -> Iterator[Change]:
        """How a run differs from an earlier one, by path and rule, on the documents that it looked at; of a rule that is gone, what
        failed by it."""
        rows = self._catalogue.rows(
            "SELECT a.path, a.rule, b.verdict, a.verdict FROM verdicts a LEFT JOIN verdicts b "
            "ON b.playbook = ?1 AND b.run = ?2 AND b.path = a.path AND b.rule = a.rule "
            "WHERE a.playbook = ?1 AND a.run = ?3 AND a.verdict IS NOT b.verdict "
            "UNION ALL SELECT b.path, b.rule, b.verdict, NULL FROM verdicts b WHERE b.playbook = ?1 AND b.run = ?2 "
            "AND EXISTS (SELECT 1 FROM verdicts a WHERE a.playbook = ?1 AND a.run = ?3 AND a.path = b.path) "
            "AND NOT EXISTS (SELECT 1 FROM verdicts a WHERE a.playbook = ?1 AND a.run = ?3 AND a.path = b.path AND a.rule = b.rule) "
            "ORDER BY 1, 2",
            (playbook, before, after),
        )
        for path, rule, old, new in rows:
            kind = changed(old, new)
            if kind is not None:
                yield Change(path=path, rule=rule, kind=kind, before=old, after=new)

    def rule_of(self, document_id: str, rule: str) -> list[Judged]:
        """How finished runs judged this document by a rule of that id, the latest first."""
        rows = self._catalogue.rows(
            "SELECT v.playbook, v.path, v.rule_version, v.verdict, v.places FROM verdicts v JOIN reviews r ON r.run = v.run "
            "WHERE v.document_id = ? AND v.rule = ? AND r.ended_at IS NOT NULL ORDER BY v.run DESC",
            (document_id, rule),
        )
        return [
            Judged(str(playbook), str(path), str(version), verdict, tuple(Span(start=start, end=end) for start, end in json.loads(places)))
            for playbook, path, version, verdict, places in rows
        ]

    def rules_of(self, document_id: str) -> list[str]:
        """The rules by which a document was judged."""
        rows = self._catalogue.rows("SELECT DISTINCT rule FROM verdicts WHERE document_id = ? ORDER BY rule", (document_id,))
        return [str(rule) for (rule,) in rows]

    # Corrections

    def correct(self, corrections: Iterable[Correction], on_conflict: Callable[[Correction, Correction], None] | None = None) -> int:
        """Store what people decided, each with a line of the audit log; how many were new. What was decided later stands in place of what
        was decided earlier, in whatever order they come: `on_conflict` is told (what stands, what does not) where verdicts differ."""
        count = 0
        with self._catalogue.transaction():
            for one in corrections:
                key = (one.document_id, one.playbook, one.rule)
                value = one.model_dump_json()
                known = self._catalogue.rows("SELECT value FROM corrections WHERE document_id = ? AND playbook = ? AND rule = ?", key)
                if known and known[0][0] == value:
                    continue
                if known:
                    before = Correction.model_validate_json(known[0][0])
                    stands, falls = (before, one) if _moment(before.at) > _moment(one.at) else (one, before)
                    if on_conflict is not None and stands.verdict != falls.verdict:
                        on_conflict(stands, falls)
                    if stands is before:
                        continue
                self._catalogue.run("INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?)", (*key, value))
                said = {"by": one.by, "playbook": one.playbook, "rule": one.rule, "rule_version": one.rule_version, "decided_at": one.at}
                self.audit.append("verdict", now(), **said, was=one.was, verdict=one.verdict, record=record(value))
                count += 1
        return count

    def withdraw(self, document_id: str, playbook: str, rule: str, by: str) -> bool:
        """Remove a correction, with a line of the audit log; False if there is none."""
        with self._catalogue.transaction():
            key = (document_id, playbook, rule)
            known = self._catalogue.rows("SELECT value FROM corrections WHERE document_id = ? AND playbook = ? AND rule = ?", key)
            if not known:
                return False
            self._catalogue.run("DELETE FROM corrections WHERE document_id = ? AND playbook = ? AND rule = ?", key)
            self.audit.append("withdrawn", now(), by=by, playbook=playbook, rule=rule, record=record(known[0][0]))
        return True

    def corrections(self, playbook: str | None = None, document_id: str | None = None) -> list[Correction]:
        """What people decided, by document and rule; of one playbook, of one document, or all."""
        rows = self._catalogue.rows(
            "SELECT value FROM corrections WHERE (?1 IS NULL OR playbook = ?1) AND (?2 IS NULL OR document_id = ?2) "
            "ORDER BY document_id, playbook, rule",
            (playbook, document_id),
        )
        return [Correction.model_validate_json(value) for (value,) in rows]

    def forget(self, document_ids: Sequence[str]) -> None:
        """Remove what reviews and people said of these documents. The audit log keeps that somebody decided, and when, not about what."""
        gone = 0
        for document_id in document_ids:
            for table in ("verdicts", "corrections"):
                gone += self._catalogue.run(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))
        if gone:
            self.audit.append("forgotten", now(), documents=len(document_ids))


def _moment(at: str) -> float:
    """Seconds of a time of a correction; the beginning of time where it is none."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def record(correction: str) -> str:
    """What the audit log keeps of a correction, as JSON: its SHA-256, by which who has the correction can show that it is the one."""
    return hashlib.sha256(correction.encode()).hexdigest()


def _places(review: Review, finding: Finding) -> str:
    cited = (citation for citation in finding.citations if citation.document_id == review.document_id)
    return json.dumps([[citation.span.start, citation.span.end] for citation in cited])


def changed(before: Verdict | None, after: Verdict | None) -> Literal["new", "fixed", "changed"] | None:
    """The kind of a change; None where a person need not know: what was never failing and is gone, or is new and does not fail. What
    failed and is gone was not put right: it has changed."""
    if after is None:
        return "changed" if before in _FAILED else None
    if after in _FAILED and before not in _FAILED:
        return "new"
    if before in _FAILED and after not in _FAILED:
        return "fixed"
    return None if before is None or before == after else "changed"


def now() -> str:
    """The time, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
