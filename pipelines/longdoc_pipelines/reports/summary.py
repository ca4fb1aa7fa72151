"""The first sheet of the workbook: what was reviewed by what, counts with charts, what changed, and which files were left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.series import DataPoint
from openpyxl.utils import get_column_letter

from longdoc.types import Change, Verdict
from longdoc_pipelines.reports.base import VERDICTS
from longdoc_pipelines.reports.cells import HEADER, SHARE, STRONG, TITLE, WRAPPED, cell_text, height, set_up_page
from longdoc_pipelines.reports.parts import words

if TYPE_CHECKING:
    from longdoc_pipelines.reports.base import Closing, Heading

WIDTHS = (38, 50, 11, 11, 14, 14, 11, 12, 15)
CHARTS = "K"
"""Column at which the charts begin."""
SHOWN_RULES = 40
"""Rules in the chart; more could not be read."""
LISTED = 500
"""Changes and files that the sheet lists; all changes are in the sheet Findings."""
MEANS: Mapping[Verdict, str] = {
    "violation": "The clause, or what it says, breaks the rule",
    "missing": "A clause that the rule requires was not found",
    "needs_review": "A person is to decide; see the sheet Review queue",
    "fallback": "Accepted, but not what the rule prefers",
    "compliant": "As the rule wants it",
    "not_applicable": "The rule is not for this document, or is waived",
}
COLOURS: Mapping[Verdict, str] = {
    "violation": "B02A1F", "missing": "9B4F96", "needs_review": "F1B63A", "fallback": "7FB3DA", "compliant": "5C9D74",
    "not_applicable": "BFC5CA",
}  # fmt: skip

Counts = dict[str, Counter[Verdict]]


class Summary:
    """Made first, so that it is the first sheet, and written last."""

    def __init__(self, workbook: Workbook, heading: Heading) -> None:
        self._heading = heading
        self._sheet = workbook.create_sheet("Summary")
        for position, width in enumerate(WIDTHS, start=1):
            self._sheet.column_dimensions[get_column_letter(position)].width = width
        self._sheet.sheet_view.showGridLines = False
        set_up_page(self._sheet)
        self._row = 0

    def write(self, closing: Closing, counts: Counts, notes: Sequence[str]) -> None:
        """Write the whole sheet; `counts` are those of each rule."""
        heading = self._heading
        self._append(self._cell(f"Review by {heading.playbook} {heading.version}", TITLE))
        self._append()
        for name, value in _facts(heading, closing):
            self._append(self._cell(name, STRONG), self._cell(value))
        for note in notes:
            self._wrapped("Note", note)
        self._append()
        self._verdicts(closing)
        self._by_rule(counts)
        self._changes(closing.changes)
        self._table(
            "Files that were not reviewed",
            ("Document", "Reason", "Outcome", "Stage"),
            ((one.path, one.reason, one.outcome, one.stage) for one in closing.failed[:LISTED]),
            len(closing.failed),
        )

    def _verdicts(self, closing: Closing) -> None:
        total = sum(closing.verdicts.values())
        self._append(*(self._cell(text, HEADER) for text in ("Verdict", "What it means", "Findings", "Share")))
        first = self._row + 1
        for verdict in VERDICTS:
            number = closing.verdicts.get(verdict, 0)
            share = self._cell(number / total if total else 0.0, SHARE)
            self._append(self._cell(words(verdict), verdict), self._cell(MEANS[verdict]), number, share)
        self._append()
        chart = BarChart()
        chart.type, chart.title, chart.legend, chart.gapWidth = "bar", "Findings by verdict", None, 40
        chart.add_data(Reference(self._sheet, min_col=3, min_row=first, max_row=self._row - 1))
        chart.set_categories(Reference(self._sheet, min_col=1, min_row=first, max_row=self._row - 1))
        for index, verdict in enumerate(VERDICTS):
            point = DataPoint(idx=index)
            point.graphicalProperties.solidFill = COLOURS[verdict]
            chart.series[0].dPt.append(point)
        chart.dataLabels = DataLabelList()
        chart.dataLabels.showVal = True
        chart.dataLabels.showSerName = chart.dataLabels.showCatName = chart.dataLabels.showLegendKey = False
        self._place(chart, 1, 8.5)

    def _by_rule(self, counts: Counts) -> None:
        header = ("Rule", "Title", "Severity", *(words(verdict).capitalize() for verdict in VERDICTS))
        self._append(*(self._cell(text, HEADER) for text in header))
        top = self._row
        rules = {rule.id: rule for rule in self._heading.rules}
        for rule, found in counts.items():
            known = rules.get(rule)
            told = (rule, known.title if known else "", known.severity if known else "")
            self._sheet.row_dimensions[self._row + 1].height = height(told, WIDTHS[:3])
            self._append(*(self._cell(value, WRAPPED) for value in (*told, *(found[verdict] for verdict in VERDICTS))))
        last = min(self._row, top + SHOWN_RULES)
        self._append()
        if last == top:
            return
        chart = BarChart()
        chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 30
        more = f" (the first {SHOWN_RULES})" if len(counts) > SHOWN_RULES else ""
        chart.title = f"Verdicts by rule{more}"
        chart.add_data(Reference(self._sheet, min_col=4, max_col=9, min_row=top, max_row=last), titles_from_data=True)
        chart.set_categories(Reference(self._sheet, min_col=1, min_row=top + 1, max_row=last))
        for series, verdict in zip(chart.series, VERDICTS, strict=True):
            series.graphicalProperties.solidFill = COLOURS[verdict]
        chart.legend.position = "b"
        self._place(chart, 19, 5.0 + 0.7 * (last - top))

    def _changes(self, changes: Sequence[Change]) -> None:
        if self._heading.changes_since is None:
            return
        kinds = Counter(change.kind for change in changes)
        told = ", ".join(f"{kinds[kind]:,} {kind}" for kind in ("new", "fixed", "changed") if kinds[kind]) or "nothing changed"
        self._append(self._cell(f"Since the last run ({self._heading.changes_since}): {told}", STRONG))
        if changes:
            rows = (
                (change.path, change.rule, change.kind, words(change.before or "none"), words(change.after or "none"))
                for change in changes[:LISTED]
            )
            self._table(None, ("Document", "Rule", "Change", "Before", "Now"), rows, len(changes))

    def _table(self, title: str | None, header: Sequence[str], rows: Iterator[tuple[str, ...]], count: int) -> None:
        if not count:
            return
        if title:
            self._append(self._cell(f"{title}: {count:,}", STRONG))
        self._append(*(self._cell(text, HEADER) for text in header))
        for row in rows:
            self._wrapped(*row)
        if count > LISTED:
            self._append(self._cell(f"and {count - LISTED:,} more"))
        self._append()

    def _place(self, chart: BarChart, row: int, height: float) -> None:
        chart.width, chart.height = 20.0, height
        chart.x_axis.delete = chart.y_axis.delete = False  # otherwise openpyxl's axes are hidden
        chart.x_axis.scaling.orientation = "maxMin"  # the first row on top
        chart.y_axis.crosses = "max"  # and the numbers below
        chart.y_axis.majorGridlines = None
        self._sheet.add_chart(chart, f"{CHARTS}{row}")

    def _cell(self, value: object, style: str | None = None) -> Any:
        made = WriteOnlyCell(self._sheet, value=cell_text(value) if isinstance(value, str) else value)
        if isinstance(value, str):
            made.data_type = "s"
        if style is not None:
            made.style = style
        return made

    def _wrapped(self, *texts: str) -> None:
        """A row of texts as high as they need."""
        self._sheet.row_dimensions[self._row + 1].height = height(texts, WIDTHS[: len(texts)])
        self._append(*(self._cell(text, WRAPPED) for text in texts))

    def _append(self, *cells: object) -> None:
        self._sheet.append(list(cells))
        self._row += 1


def _facts(heading: Heading, closing: Closing) -> Iterator[tuple[str, object]]:
    yield "Playbook", f"{heading.playbook} {heading.version}"
    yield "Fingerprint", heading.fingerprint
    yield "As of", heading.as_of
    if heading.side:
        yield "Our side", heading.side
    yield "Model", heading.model
    yield "Made by", heading.package
    yield "Started", heading.started
    yield "Finished", closing.finished
    yield "Last run", heading.changes_since or "none"
    yield "Documents", f"{closing.documents:,}"
    yield "Not reviewed", f"{len(closing.failed):,}"
    yield "Head of the audit log", closing.audit_head or "none"
    for name, value in closing.metrics.items():
        yield words(name).capitalize(), f"{value:,.10g}"
