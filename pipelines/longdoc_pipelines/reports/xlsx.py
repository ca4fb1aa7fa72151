"""A workbook of a review: summary with charts, documents by rules, findings, the rules, and the queue of what a person should look at.

Sheets are written as rows come (openpyxl's write-only mode), so that a folder of any size takes little memory; comments are what does
not stream, and their number is limited.
"""

from __future__ import annotations

import heapq
import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as percent_encoded

from openpyxl import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink

from longdoc_pipelines.reports.cells import FOUR_LINES, ROWS, THREE_LINES, WRAPPED, Sheet, add_styles, height
from longdoc_pipelines.reports.parts import WholeFile, decided_by, place, read_values, shorten, words
from longdoc_pipelines.reports.summary import Counts, Summary

if TYPE_CHECKING:
    from typing import Self

    from longdoc.types import Finding, Review, Verdict
    from longdoc_pipelines.reports.base import Closing, Heading

COMMENTS = 10_000
"""Verdicts with a comment, at some 8 KB of memory each; those that need no look get one only within the first FEW."""
FEW = 3_000
LINKED = 200_000
"""Findings, up to which documents are linked; each link takes memory."""
LOOKED_AT: tuple[Verdict, ...] = ("violation", "missing", "needs_review", "fallback")
QUEUE = 10_000
"""Of the review queue, the rows that a look is worth most."""
FINDINGS: tuple[tuple[str, float], ...] = (
    ("Document", 32), ("Rule", 13), ("Title", 26), ("Severity", 10), ("Verdict", 14), ("Change", 10), ("Reason", 50), ("Quote", 52),
    ("Page", 7), ("Values", 26), ("Confidence", 11), ("Worth", 9), ("Amended by", 24), ("Waiver", 24), ("Corrected by", 16),
    ("Corrected at", 20), ("Note", 28), ("Machine's verdict", 16), ("Test", 36), ("Other places", 24), ("Start", 9), ("End", 9),
    ("Document id", 34),
)  # fmt: skip
"""The order in which a reader wants them; the first PRINTED are for paper too."""
PRINTED = 9
VERDICT, CHANGE = 4, 5
MATRIX = (42.0, 26.0, 7.0, 9.0)
"""Widths of what stands before the rules' columns."""
RULES: tuple[tuple[str, float], ...] = (
    ("Rule", 24), ("Title", 30), ("Severity", 10), ("Requirement", 13), ("Test", 44), ("Preferred", 44), ("Fallback", 44),
    ("Walk away", 44), ("Rationale", 60), ("References", 30), ("Escalation", 24),
)  # fmt: skip
REVIEW: tuple[tuple[str, float], ...] = (
    ("Worth", 8), ("Document", 32), ("Rule", 13), ("Title", 26), ("Severity", 10), ("Leans to", 14), ("Confidence", 11), ("Reason", 44),
    ("Quote", 44), ("Page", 7), ("Place", 24),
)  # fmt: skip


class XlsxReport:
    """Writes a row of the matrix and the findings of each document as it comes. `rows` is how many a sheet may have."""

    def __init__(self, target: Path, heading: Heading, *, rows: int = ROWS) -> None:
        self._heading = heading
        self._file = WholeFile(target)
        self._workbook = Workbook(write_only=True)
        self._workbook.properties.creator = heading.package
        self._workbook.properties.title = f"Review by {heading.playbook} {heading.version}"
        add_styles(self._workbook)
        self._summary = Summary(self._workbook, heading)
        titles = [rule.title or rule.id for rule in heading.rules]
        self._matrix = Sheet(
            self._workbook,
            "Matrix",
            ["Document", "Title", "Fails", "To review", *titles],
            [*MATRIX, *[14.0] * len(titles)],
            frozen="B2",
            rows=rows,
        )
        self._findings = _sheet(self._workbook, "Findings", FINDINGS, frozen="B2", rows=rows, printed=PRINTED)
        self._rules = _sheet(self._workbook, "Rules", RULES, frozen="B2", rows=rows)
        # Findings are laid aside: what changed since the last run is told at the end.
        self._rows = tempfile.TemporaryFile(dir=target.parent, prefix=".findings.")  # noqa: SIM115
        self._queue: list[tuple[float, int, Sequence[object]]] = []
        self._waiting = 0
        self._order = count()
        self._counts: Counts = {rule.id: Counter() for rule in heading.rules}
        self._comments = self._bare = self._laid = 0
        self._from, self._to = Path.cwd(), target.resolve().parent

    def __enter__(self) -> Self:
        return self

    def add(self, review: Review) -> None:
        """Write one document's row of the matrix and its findings."""
        self._matrix.room()
        found = {finding.rule: finding for finding in review.findings}
        failed = sum(finding.failed for finding in review.findings)
        waiting = sum(finding.verdict == "needs_review" for finding in review.findings)
        named = [review.path, review.title, failed, waiting]
        row = _wrapped(self._matrix, named, links={1 if review.title else 0: self._file_of(review.path)})
        places = {finding.rule: self._laid + place for place, finding in enumerate(review.findings)}
        self._laid += len(review.findings)
        row += [self._verdict(found[rule.id], places[rule.id]) if rule.id in found else None for rule in self._heading.rules]
        self._matrix.append(row, tall=min(THREE_LINES, height([review.path, review.title or ""], MATRIX[:2])))
        for finding in review.findings:
            self._counts.setdefault(finding.rule, Counter())[finding.verdict] += 1
            self._rows.write(json.dumps(_row(finding)).encode() + b"\n")
            if finding.verdict == "needs_review":
                self._wait(finding)

    def finish(self, closing: Closing) -> None:
        """Write the findings, the rules, the queue and the summary, and make the report appear."""
        self._find({(change.path, change.rule): change.kind for change in closing.changes})
        for rule in self._heading.rules:
            self._rules.room()
            positions = [rule.positions.get(name, "") for name in ("preferred", "fallback", "walk_away")]
            said = [rule.id, rule.title, rule.severity, rule.requirement, rule.test, *positions, rule.rationale]
            said += ["; ".join(rule.references), rule.escalation]
            cells = [self._rules.cell(text, WRAPPED) for text in said]
            self._rules.append(cells, tall=height(said, [width for _, width in RULES]))
        queue = _sheet(self._workbook, "Review queue", REVIEW, printed=len(REVIEW) - 1)
        for _, _, row in sorted(self._queue, key=lambda one: (-one[0], -one[1])):
            queue.append(_wrapped(queue, row), tall=_tall(row, REVIEW))
        for sheet in (self._matrix, self._findings, self._rules, queue):
            sheet.finish()
        self._summary.write(closing, self._counts, self._notes())
        self._workbook.save(self._file.stream)
        self._file.commit()

    def __exit__(self, *exception: object) -> None:
        self._rows.close()
        for sheet in self._workbook.worksheets:
            writer = sheet._writer  # a workbook that is never saved keeps its sheets' files until Python ends
            if writer is not None and os.path.exists(writer.out):
                try:
                    if not sheet.closed:
                        sheet.close()
                finally:
                    writer.cleanup()
        self._file.discard()

    def _file_of(self, path: str) -> Hyperlink | None:
        """A link from the workbook to a document, where both lie in the folder that the run was started from: that stays true when the
        folder is moved, and tells of nothing above it."""
        file = self._from / path
        inside = "://" not in path and file.is_file() and file.resolve().is_relative_to(self._from)
        if not inside or self._laid > LINKED or not self._to.is_relative_to(self._from):
            return None
        return Hyperlink(ref="", target=percent_encoded(os.path.relpath(file.resolve(), self._to), errors="surrogateescape"))

    def _verdict(self, finding: Finding, place: int) -> Any:
        commented = self._comments < (COMMENTS if finding.verdict in LOOKED_AT else FEW)
        self._comments += commented
        self._bare += not commented
        told, link = (_comment(finding), self._findings.place(place)) if commented else (None, None)
        return self._matrix.cell(words(finding.verdict), finding.verdict, told, link)

    def _find(self, changes: Mapping[tuple[str, str], str]) -> None:
        """Write the findings that were laid aside, each with how it differs from the last run."""
        self._rows.seek(0)
        for line in self._rows:
            row = json.loads(line)
            self._findings.room()
            verdict = row[VERDICT]
            row[CHANGE] = changes.get((row[0], row[1]))
            cells = _wrapped(self._findings, row)
            cells[VERDICT] = self._findings.cell(words(verdict), verdict)
            self._findings.append(cells, tall=_tall(row[:PRINTED], FINDINGS))

    def _wait(self, finding: Finding) -> None:
        """Into the queue, out of which falls what a look is worth least."""
        self._waiting += 1
        first = finding.citations[0] if finding.citations else None
        leans = words(finding.leans) if finding.leans else None
        where = place(first) if first else None
        quote = shorten(first.quote, 2000) if first else None
        named = (finding.path, finding.rule, finding.title, finding.severity)
        row = (finding.worth, *named, leans, finding.confidence, finding.reason, quote, first.page if first else None, where)
        entry = (finding.worth, -next(self._order), row)
        if len(self._queue) < QUEUE:
            heapq.heappush(self._queue, entry)
        else:
            heapq.heappushpop(self._queue, entry)

    def _notes(self) -> list[str]:
        """What a reader would miss without being told."""
        notes = []
        if self._bare:
            notes.append(
                f"{self._bare:,} verdicts of the matrix have no comment, because Excel slows down with many; the sheet Findings has all."
            )
        if self._waiting > QUEUE:
            notes.append(f"The review queue lists the {QUEUE:,} of {self._waiting:,} verdicts that a look is worth most.")
        return notes


def _sheet(
    workbook: Workbook,
    title: str,
    columns: Sequence[tuple[str, float]],
    frozen: str = "A2",
    rows: int = ROWS,
    printed: int | None = None,
) -> Sheet:
    names, widths = zip(*columns, strict=True)
    return Sheet(workbook, title, names, widths, frozen=frozen, rows=rows, printed=printed)


def _tall(row: Sequence[object], columns: Sequence[tuple[str, float]]) -> float:
    """Points of a row that shows all it says, or as much of it as lets a reader see the others too."""
    texts = ["" if value is None else str(value) for value in row]
    return min(FOUR_LINES, height(texts, [width for _, width in columns[: len(texts)]]))


def _wrapped(sheet: Sheet, row: Sequence[object], links: Mapping[int, Hyperlink | None] | None = None) -> list[object]:
    """Cells in which text goes on in the next line; `links` are by column. LibreOffice does not wrap a link: it belongs on short text."""
    linked = links or {}
    return [None if value is None else sheet.cell(value, WRAPPED, link=linked.get(place)) for place, value in enumerate(row)]


def _row(finding: Finding) -> list[object]:
    """A row of the findings, its verdict a name still, and no change."""
    correction = finding.correction
    first = finding.citations[0] if finding.citations else None
    return [
        finding.path,
        finding.rule,
        finding.title,
        finding.severity,
        finding.verdict,
        None,
        finding.reason,
        first.quote if first else None,
        first.page if first else None,
        read_values(finding.values),
        finding.confidence,
        finding.worth,
        finding.amended_by,
        finding.waiver,
        correction.by if correction else None,
        correction.at if correction else None,
        correction.note if correction else None,
        words(finding.machine) if finding.machine else None,
        finding.test,
        "; ".join(map(place, finding.citations[1:])),
        first.span.start if first else None,
        first.span.end if first else None,
        finding.document_id,
    ]


def _comment(finding: Finding) -> str:
    """The reason, who decided, and the first passages with their pages."""
    parts = [finding.reason, decided_by(finding)]
    parts += [f"{place(citation)}: “{shorten(' '.join(citation.quote.split()), 500)}”" for citation in finding.citations[:2]]
    return "\n".join(part for part in parts if part)
