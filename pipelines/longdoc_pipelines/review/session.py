"""One review run, from its first document to its line in the audit log: verdicts, how they differ from the last run, what reports say."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc import __version__
from longdoc.errors import UnsupportedError
from longdoc.ingest.draw import PagePictures
from longdoc.protocols import Progress, Reader
from longdoc.types import Change, Document, Outcome, Review, Span, Verdict
from longdoc_pipelines.playbook.conditions import shown
from longdoc_pipelines.playbook.loading import Loaded
from longdoc_pipelines.playbook.schema import Condition, Rule
from longdoc_pipelines.reports.base import Closing, Failed, Heading
from longdoc_pipelines.reports.base import Rule as ShownRule
from longdoc_pipelines.review.judge import Terms
from longdoc_pipelines.review.run import review
from longdoc_stores.verdicts import now

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry


class Reviews:
    """An iterator over the reviews of a run, in the order of its documents. `heading` says what it is; once it is exhausted `changes` says
    how it differs from the last run of the same playbook, and `closing` all that a report ends with.

    A run that is not exhausted leaves no trace but what it found out, which the next one need not find again; nor does one that is not to
    be recorded (`record`), and it has no closing. One process at a time reviews a corpus by a playbook.
    """

    def __init__(
        self,
        corpus: Corpus,
        reader: Reader,
        entries: Sequence[Entry],
        loaded: Loaded,
        terms: Terms,
        *,
        embedded: Reader | None = None,
        record: bool = True,
        password: str | None = None,
        local: Callable[[str], str] = str,
        on_failure: Callable[[Outcome], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
        outcomes: Callable[[], Sequence[Outcome]] = tuple,
        seconds_read: float = 0.0,
    ) -> None:
        """`outcomes` tells what became of the run's files, `seconds_read` how long they took to read, which counts into its speed."""
        self._corpus, self._loaded, self._outcomes = corpus, loaded, outcomes
        self._password, self._local = password, local
        self._pictures = PagePictures()
        self._entries = {entry.path: entry for entry in entries}
        self._name = loaded.playbook.playbook
        if record:
            corpus.begin_review(self._name)
        self._last = corpus.verdicts.last(self._name)
        self._number: int | None = None
        self._digest = hashlib.sha256()
        self._began = time.monotonic() - seconds_read
        self._found = review(corpus, reader, entries, loaded, terms, embedded=embedded, on_failure=on_failure, progress=progress)
        self._record = record
        self._counts: Counter[Verdict] = Counter()
        self._documents = 0
        self.total = len(entries)
        """Documents of the run."""
        self.changes: tuple[Change, ...] = ()
        self.closing: Closing | None = None
        self.heading = self._heading(reader, terms)

    def __iter__(self) -> Iterator[Review]:
        return self

    def __next__(self) -> Review:
        if not self._record:
            return next(self._found)
        if self._number is None:
            with self._corpus.writing(sweep=False):
                self._number = self._corpus.verdicts.begin(self._name)
        try:
            found = next(self._found)
        except StopIteration:
            if self.closing is None:
                self.closing = self._close(self._number)
                self._corpus.end_review(self._name)
            raise
        with self._corpus.writing(sweep=False):
            self._corpus.verdicts.put(self._name, self._number, found)
        self._documents += 1
        self._counts.update(finding.verdict for finding in found.findings)
        self._digest.update(_line(found).encode())
        return found

    def write(self, out: Path, formats: Sequence[str]) -> Closing:
        """Go through what is left of the run and write reports: `out` is a folder for several formats, a file for one.

        Raises: UnknownNameError for a format that does not exist; UsageError if it cannot be written.
        """
        from longdoc_pipelines.reports.formats import REPORTS, open_report

        with ExitStack() as stack:
            stack.enter_context(self._pictures)
            targets = [out / f"review.{REPORTS[name][1]}" if len(formats) > 1 and name in REPORTS else out for name in formats]
            reports = [stack.enter_context(open_report(name, target, self.heading)) for name, target in zip(formats, targets, strict=True)]
            for found in self:
                for report in reports:
                    report.add(found)
            if self.closing is None:
                raise AssertionError("a run that is exhausted is closed")
            for report in reports:
                report.finish(self.closing)
            return self.closing

    def _close(self, number: int) -> Closing:
        verdicts = self._corpus.verdicts
        playbook, seconds = self._loaded.playbook, time.monotonic() - self._began
        with self._corpus.writing(sweep=False), self._corpus.catalogue.transaction():
            if self._last is not None:
                self.changes = tuple(verdicts.changes(self._name, self._last[0], number))
            finished = verdicts.finish(self._name, number)
            head = verdicts.audit.append(
                "review",
                finished,
                playbook=playbook.playbook,
                version=playbook.version,
                fingerprint=playbook.fingerprint,
                model=self.heading.model,
                as_of=self.heading.as_of,
                documents=self._documents,
                verdicts=dict(sorted(self._counts.items())),
                results=self._digest.hexdigest(),
            )
        failed = [
            Failed(one.path, one.outcome, one.stage, one.reason or "") for one in self._outcomes() if one.outcome in ("failed", "skipped")
        ]
        stages = Counter(one.stage for one in failed if one.outcome == "failed")
        return Closing(
            finished=finished,
            documents=self._documents,
            verdicts=dict(self._counts),
            failed=tuple(failed),
            changes=self.changes,
            audit_head=head,
            metrics={
                "seconds": round(seconds, 3),
                "documents_per_second": round(self._documents / seconds, 4) if seconds else 0.0,
                **{f"failed_{stage}": float(count) for stage, count in stages.items()},
            },
        )

    def _heading(self, reader: Reader, terms: Terms) -> Heading:
        playbook = self._loaded.playbook
        return Heading(
            playbook=playbook.playbook,
            version=playbook.version,
            fingerprint=playbook.fingerprint,
            rules=tuple(_shown(rule) for rule in playbook.rules),
            as_of=terms.as_of.isoformat(),
            started=now(),
            package=f"longdoc {__version__}",
            model=f"{reader.name} {reader.fingerprint}",
            document=lambda path: self._corpus.document(self._entries[path]),
            picture=self._picture,
            side=terms.side,
            changes_since=self._last[1] if self._last is not None else None,
        )

    def _picture(self, document: Document, span: Span) -> bytes | None:
        try:
            return self._pictures.draw(self._local(document.path), document, span, password=self._password, scale=1.5)
        except UnsupportedError:  # a format without pages
            return None


def _line(found: Review) -> str:
    """What the audit log keeps the digest of: the verdicts and where they come from."""
    rows = [
        [found.document_id, one.rule, one.rule_version, one.verdict, [[place.span.start, place.span.end] for place in one.citations]]
        for one in found.findings
    ]
    return json.dumps(rows) + "\n"


def _shown(rule: Rule) -> ShownRule:
    return ShownRule(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        requirement=rule.requirement,
        test=written(rule.test) if rule.test is not None else "",
        rationale=rule.rationale,
        references=rule.references,
        escalation=rule.escalation,
        positions={
            name: stance.text or (written(stance.test) if stance.test else f"a passage on {stance.label}")
            for name, stance in rule.positions.given()
        },
    )


def written(condition: Condition) -> str:
    """A condition as a playbook writes it."""
    content = condition.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return shown(content).removeprefix("{").removesuffix("}")
