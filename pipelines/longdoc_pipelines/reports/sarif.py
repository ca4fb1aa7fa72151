"""SARIF 2.1.0, the OASIS standard for results of checks (docs.oasis-open.org/sarif/sarif/v2.1.0), for whatever reads it.

A violation or a missing clause has kind "fail" and the level of its rule's severity; a fallback too, a level lower; what a person is to
decide has kind "review", the others "pass" and "notApplicable". Where the standard leaves a choice:

- A region counts code points of the document's canonical text; for TXT and Markdown that is the file itself, and lines are told too.
- A result is the same as the last run's if its document and rule are. "updated" is another verdict, "absent" one that is gone; one that was
  put right is "updated", with what it was in its properties.
- What is waived, and what a person has cleared that the machine had failed, is a suppressed failure.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from longdoc_pipelines.reports.parts import WholeFile, decided_by, place, words

if TYPE_CHECKING:
    from typing import Self

    from longdoc.types import Change, Citation, Finding, Review, Severity, Verdict
    from longdoc_pipelines.reports.base import Closing, Failed, Heading, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Mapping[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
LOWER = {"error": "warning", "warning": "note", "note": "note"}
KINDS: Mapping[Verdict, str] = {
    "violation": "fail",
    "missing": "fail",
    "fallback": "fail",
    "needs_review": "review",
    "compliant": "pass",
    "not_applicable": "notApplicable",
}
POSITIONS = ("preferred", "fallback", "walk_away")
"""In the order in which a negotiator wants them."""
LINED = ("txt", "markdown")
"""Formats whose canonical text is the file itself, so that its lines are the file's."""
_REMOTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")

Part = dict[str, Any]


class SarifReport:
    """Writes results aside as they come; how they compare with the last run is known at the end, and then they are put together."""

    def __init__(self, target: Path, heading: Heading) -> None:
        self._heading = heading
        self._indices = {rule.id: index for index, rule in enumerate(heading.rules)}
        self._file = WholeFile(target)
        self._results = tempfile.TemporaryFile(dir=target.parent, prefix=".results.")  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def add(self, review: Review) -> None:
        """Write one document's results aside."""
        lines = _Lines(self._heading, review)
        for finding in review.findings:
            row = [review.path, finding.rule, self._result(review, finding, lines)]
            self._results.write(_encoded(row) + b"\n")

    def finish(self, closing: Closing) -> None:
        """Put the log together."""
        write = self._file.stream.write
        write(b'{\n"$schema": ' + _encoded(SCHEMA) + b',\n"version": "2.1.0",\n"runs": [{\n')
        for name, value in self._run(closing).items():
            write(_encoded(name) + b": " + _encoded(value) + b",\n")
        write(b'"results": [')
        changes = {(change.path, change.rule): change for change in closing.changes}
        between = b"\n"
        self._results.seek(0)
        for line in self._results:
            path, rule, result = json.loads(line)
            if self._heading.changes_since is not None:
                result |= _compared(result, changes.pop((path, rule), None))
            write(between + _encoded(result))
            between = b",\n"
        for change in changes.values():
            if change.after is None and change.before is not None:
                write(between + _encoded(self._gone(change, change.before)))
                between = b",\n"
        write(b"\n]\n}]\n}\n")
        self._results.close()
        self._file.commit()

    def __exit__(self, *exception: object) -> None:
        try:
            self._results.close()
        finally:
            self._file.discard()

    def _run(self, closing: Closing) -> Part:
        heading = self._heading
        name, _, version = heading.package.partition(" ")
        driver = {"name": name, "version": version or "0", "rules": [_rule(rule) for rule in heading.rules]}
        failed = [one for one in closing.failed if one.outcome != "skipped"]
        run: Part = {
            "tool": {"driver": driver},
            "automationDetails": {"id": f"longdoc/{heading.playbook}/"},
            "columnKind": "unicodeCodePoints",
            "invocations": [
                {
                    "executionSuccessful": not failed,
                    "startTimeUtc": _time(heading.started),
                    "endTimeUtc": _time(closing.finished),
                    "toolExecutionNotifications": [_notification(one) for one in closing.failed],
                }
            ],
            "properties": {
                "playbook": heading.playbook,
                "version": heading.version,
                "fingerprint": heading.fingerprint,
                "asOf": heading.as_of,
                "side": heading.side,
                "model": heading.model,
                "documents": closing.documents,
                "verdicts": dict(closing.verdicts),
                "auditHead": closing.audit_head,
                "lastRun": heading.changes_since,
                "metrics": dict(closing.metrics),
            },
        }
        return run

    def _result(self, review: Review, finding: Finding, lines: _Lines) -> Part:
        kind, level, suppressions = _standing(finding)
        first, *others = finding.citations or (None,)
        result: Part = {
            "ruleId": finding.rule,
            "kind": kind,
            "level": level,
            "message": {"text": _message(f"{words(finding.verdict).capitalize()}: {finding.reason or finding.title or finding.rule}")},
            "locations": [_location(first, lines) if first is not None else _whole(review.path)],
            "partialFingerprints": {
                "documentRule/v1": _digest(self._heading.playbook, review.path, finding.rule),
                **({"passage/v1": _digest(finding.rule, " ".join(first.quote.split()))} if first is not None else {}),
            },
            "suppressions": suppressions,
            "properties": _properties(review, finding),
        }
        if finding.rule in self._indices:
            result["ruleIndex"] = self._indices[finding.rule]
        related = [_location(citation, lines, "also rests on this") for citation in others]
        related += [_location(value.citation, lines, f"{words(value.kind)} {value.normalised}") for value in finding.values]
        if finding.searched is not None and finding.searched.nearest is not None:
            related.append(_location(finding.searched.nearest, lines, f"the nearest passage, score {finding.searched.score:.2f}"))
        if related:
            result["relatedLocations"] = [{"id": number, **one} for number, one in enumerate(related, start=1)]
        return result

    def _gone(self, change: Change, before: Verdict) -> Part:
        """A result of the last run whose document or rule is not there any more."""
        result: Part = {
            "ruleId": change.rule,
            "kind": "notApplicable",
            "level": "none",
            "message": {"text": f"Was {words(before)} at the last run, and is not there any more."},
            "locations": [_whole(change.path)],
            "partialFingerprints": {"documentRule/v1": _digest(self._heading.playbook, change.path, change.rule)},
            "suppressions": [],
            "baselineState": "absent",
            "properties": {"before": before},
        }
        if change.rule in self._indices:
            result["ruleIndex"] = self._indices[change.rule]
        return result


class _Lines:
    """Line and column of a place in a document whose text is its file; the text is fetched when it is first asked for."""

    def __init__(self, heading: Heading, review: Review) -> None:
        self._heading, self._path, self._lined = heading, review.path, review.format in LINED
        self._text: str | None = None

    def region(self, citation: Citation) -> Part:
        """Of a text document only: an amendment's place may be in one of another kind."""
        if not self._lined or citation.path != self._path:
            return {}
        if self._text is None:
            self._text = self._heading.document(self._path).text
        start, end = (self._place(offset) for offset in (citation.span.start, citation.span.end))
        return {"startLine": start[0], "startColumn": start[1], "endLine": end[0], "endColumn": end[1]}

    def _place(self, offset: int) -> tuple[int, int]:
        before = self._text or ""
        return before.count("\n", 0, offset) + 1, offset - before.rfind("\n", 0, offset)


def artifact_uri(path: str) -> str:
    """A path as a URI reference: relative as it is, absolute with the scheme `file`, an address (s3://...) as it is; percent-encoded."""
    if _REMOTE.match(path):
        return quote(path, safe=":/@", errors="surrogateescape")
    encoded = quote(posixpath.normpath(path), errors="surrogateescape")
    return f"file://{encoded}" if path.startswith("/") else encoded


def _standing(finding: Finding) -> tuple[str, str, list[Part]]:
    """Kind, level and suppressions. The standard gives every kind but "fail" the level "none"."""
    accepted: Part = {"kind": "external", "status": "accepted"}
    if finding.waiver is not None:
        return "fail", LEVELS[finding.severity], [{**accepted, "justification": finding.waiver}]
    failed_before = finding.correction is not None and finding.machine in ("violation", "missing")
    if failed_before and not finding.failed:
        return "fail", LEVELS[finding.severity], [{**accepted, "justification": decided_by(finding)}]
    kind = KINDS[finding.verdict]
    level = LEVELS[finding.severity]
    return kind, "none" if kind != "fail" else level if finding.failed else LOWER[level], []


def _properties(review: Review, finding: Finding) -> Part:
    given: Part = {
        "verdict": finding.verdict,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "worth": finding.worth,
        "page": finding.citations[0].page if finding.citations else None,
        "documentId": finding.document_id,
        "documentTitle": review.title,
        "ruleVersion": finding.rule_version,
        "test": finding.test,
        "position": finding.position,
        "likeness": finding.likeness,
        "leans": finding.leans,
        "amendedBy": finding.amended_by,
        "machine": finding.machine,
        "waiver": finding.waiver,
        "correction": finding.correction.model_dump(mode="json", include={"verdict", "was", "by", "at", "note"})
        if finding.correction
        else None,
        "searched": finding.searched.model_dump(mode="json", include={"sections", "pages", "unread"}) if finding.searched else None,
        "values": [{"kind": value.kind, "normalised": value.normalised, "page": value.citation.page} for value in finding.values] or None,
        "model": finding.model or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _compared(result: Part, change: Change | None) -> Part:
    """What is told of a result against the last run."""
    if change is None:
        return {"baselineState": "unchanged"}
    state = "new" if change.before is None or change.kind == "new" else "updated"
    return {"baselineState": state, "properties": result["properties"] | {"change": change.kind, "before": change.before}}


def _location(citation: Citation, lines: _Lines, message: str | None = None) -> Part:
    page = {"page": citation.page, "pageLabel": citation.page_label, "section": " > ".join(citation.heading_path)}
    region = {"charOffset": citation.span.start, "charLength": len(citation.span), "snippet": {"text": citation.quote}}
    location: Part = {
        "physicalLocation": {
            "artifactLocation": {"uri": artifact_uri(citation.path)},
            "region": lines.region(citation) | region,
            "properties": {name: value for name, value in page.items() if value} | {"place": place(citation)},
        }
    }
    return location if message is None else {"message": {"text": _message(message)}, **location}


def _whole(path: str) -> Part:
    return {"physicalLocation": {"artifactLocation": {"uri": artifact_uri(path)}}}


def _rule(rule: Rule) -> Part:
    told = [
        f"Requirement: {rule.requirement}.",
        f"Test: {rule.test}" if rule.test else "",
        *(f"{words(name).capitalize()} position: {rule.positions[name]}" for name in POSITIONS if name in rule.positions),
        f"References: {'; '.join(rule.references)}" if rule.references else "",
        f"Escalation: {rule.escalation}" if rule.escalation else "",
    ]
    properties: Part = {"severity": rule.severity, "requirement": rule.requirement, "references": list(rule.references)}
    return {
        "id": rule.id,
        "shortDescription": {"text": _message(rule.title or rule.id)},
        "fullDescription": {"text": _message(rule.rationale or rule.title or rule.id)},
        "help": {"text": _message("\n".join(part for part in told if part))},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": properties | ({"escalation": rule.escalation} if rule.escalation else {}),
    }


def _notification(failed: Failed) -> Part:
    return {
        "level": "warning" if failed.outcome == "skipped" else "error",
        "message": {"text": _message(failed.reason or f"{failed.outcome} at {failed.stage}")},
        "locations": [_whole(failed.path)],
        "properties": {"outcome": failed.outcome, "stage": failed.stage},
    }


def _message(text: str) -> str:
    """Text as a message holds it: braces are doubled there, and a bracket that would begin a link is escaped."""
    return _LINK.sub(r"\\[", text.replace("{", "{{").replace("}", "}}"))


def _time(text: str) -> str:
    """A time with Z for UTC, as the standard wants it."""
    return text.removesuffix("+00:00").removesuffix("Z") + "Z"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _encoded(value: object) -> bytes:
    """JSON in UTF-8; half of a surrogate pair, as a file name may hold it, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
