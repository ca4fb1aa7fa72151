"""Reads a document's statements: every table that has enough of a statement's usual lines, the likeliest first.

How likely a table is a statement is the number of different concepts among its rows, with some for a title above it and some less
where the words above speak of a part or another measure ("quarterly", "adjusted", "parent company only").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from longdoc import tables
from longdoc.figures import is_per_share
from longdoc.tables import Cell, Sheet
from longdoc.types import Document, Span, Table
from longdoc_pipelines.accounts.columns import columns_of
from longdoc_pipelines.accounts.concepts import concept_of, folded
from longdoc_pipelines.accounts.facts import lines_of_facts
from longdoc_pipelines.accounts.periods import Period
from longdoc_pipelines.accounts.records import Amount, Line, Measure
from longdoc_pipelines.accounts.years import fiscal, named_ahead, year_end_of
from longdoc_pipelines.statements import TITLES, Kind

FEWEST_ROWS = 4
FEWEST_CONCEPTS, FEWEST_TITLED = 4, 3
"""Different concepts among a table's rows that make a statement of it; fewer where a title says so."""
TITLE_COUNTS, PART_COUNTS = 3, -4
"""What a title above is worth, and words that speak of a part or of another measure."""
REACH = 400
"""Characters above a table in which its title stands."""

_TITLES = {kind: re.compile(title, re.IGNORECASE) for kind, title in TITLES.items()}
_PART = re.compile(
    r"non-?gaap|\badjusted\b|pro forma|quarterly|parent (?:company|only)|guarantor|segment|selected|reconciliation|supplemental|acquired",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The lines of a document's statements, those of the likeliest statement of each kind first; `year_end` is (month, day), None where
    nothing tells; `named_ahead` is 1 where the company calls a year by the one before it ends ("fiscal 2022" to January 2023)."""

    lines: tuple[Line, ...]
    year_end: tuple[int, int] | None = None
    named_ahead: int = 0

    def find(self, concept: str, fits: Callable[[Period], bool]) -> tuple[Line, Amount] | None:
        """The first line of a concept with an amount whose period fits: of the likeliest table, there of the best choice."""
        for line in self.lines:
            if line.concept == concept:
                for amount in line.amounts:
                    if fits(amount.period):
                        return line, amount
        return None

    def series(self, concept: str) -> list[tuple[Line, Amount]]:
        """What a concept stands at, newest first: of the longest periods that its first line has, one amount each."""
        lengths = [(amount.period.months or 0, line) for line in self.lines if line.concept == concept for amount in line.amounts]
        if not lengths:
            return []
        longest = max(length for length, _ in lengths)
        line = next(line for length, line in lengths if length == longest)
        kept = [amount for amount in line.amounts if (amount.period.months or 0) == longest]
        return [(line, amount) for amount in sorted(kept, key=lambda amount: (amount.period.year, amount.period.end or ""), reverse=True)]


def read_accounts(document: Document) -> Accounts:
    """The accounts that a document holds; no lines where it has no statements.

    A table is left out where it contradicts a likelier one in most of what both tell, or speaks of other periods without a title.
    """
    read = (_statement(document, table) for table in document.tables)
    tables_read = sorted((one for one in read if one is not None), key=lambda one: -one[0])
    lines: list[Line] = []
    known: dict[tuple[Kind, str, Period], set[Decimal]] = {}
    for _, titled, some in tables_read:
        stands = _stands(some)
        shared = [bool(known[key] & values) for key, values in stands.items() if key in known]
        first = all(line.statement != some[0].statement for line in lines)
        # A company's own statements agree with each other; those of a part of it or of another company do not.
        if first or (2 * sum(shared) >= len(shared) if shared else titled):
            lines += some
            known = {key: known.get(key, set()) | stands.get(key, set()) for key in {*known, *stands}}
    end = year_end_of(document, [amount.period for line in lines for amount in line.amounts])
    placed = (*lines_of_facts(document), *lines)
    placed = tuple(_in_fiscal_years(line, end) for line in placed)
    return Accounts(placed, end, named_ahead(document, [amount.period for line in placed for amount in line.amounts]) if placed else 0)


def _stands(lines: list[Line]) -> dict[tuple[Kind, str, Period], set[Decimal]]:
    stands: dict[tuple[Kind, str, Period], set[Decimal]] = {}
    for line in lines:
        for amount in line.amounts:
            if line.concept:
                stands.setdefault((line.statement, line.concept, amount.period), set()).add(amount.value)
    return stands


def _in_fiscal_years(line: Line, end: tuple[int, int] | None) -> Line:
    amounts = tuple(Amount(fiscal(one.period, end), one.value, one.scale, one.unit, one.cells, one.label) for one in line.amounts)
    return Line(line.name, line.path, line.concept, line.choice, line.statement, line.measure, amounts)


def _statement(document: Document, table: Table) -> tuple[int, bool, list[Line]] | None:
    """How likely a table is a statement, whether a title says so, and its lines; None if it is none."""
    if len({cell[0] for cell in table.cells}) < FEWEST_ROWS:
        return None
    sheet = tables.read(document, table)
    above = _above(document, table)
    best: tuple[int, Kind] | None = None
    for kind, title in _TITLES.items():
        concepts = {found[0].name for path, name, _ in _rows(sheet) if (found := concept_of(name, path, kind))}
        titled = title.search(above) is not None
        if len(concepts) >= (FEWEST_TITLED if titled else FEWEST_CONCEPTS):
            score = len(concepts) + TITLE_COUNTS * titled + (PART_COUNTS if _PART.search(above) else 0)
            best = max(best, (score, kind)) if best else (score, kind)
    if best is None:
        return None
    score, kind = best
    columns = columns_of(document, table, sheet, above, kind == "balance")
    if len(set(columns.values())) < len(columns):
        return None  # quarters under one year, say: what tells them apart was not read
    lines = list(_lines(document, sheet, kind, columns))
    titled = any(title.search(above) for title in _TITLES.values())
    return (score, titled, sorted(lines, key=lambda line: line.choice)) if lines else None


def _above(document: Document, table: Table) -> str:
    """What stands right above a table, after the table before it and on its page."""
    page = document.page_at(table.span.start)
    floor = max([page.span.start if page else 0, table.span.start - REACH])
    before = max((other.span.end for other in document.tables if other.span.end <= table.span.start), default=0)
    return document.text[max(floor, before) : table.span.start]


def _rows(sheet: Sheet) -> Iterator[tuple[str, str, list[Cell]]]:
    """(path, name, cells with figures) of every row that has a name."""
    for row in sheet.rows:
        first = row[0]
        if not first.header and first.column == 0 and first.label:
            yield first.label, first.label.rpartition(" > ")[2], [cell for cell in row[1:] if cell.figure is not None]


def _lines(document: Document, sheet: Sheet, kind: Kind, columns: dict[int, Period]) -> Iterator[Line]:
    rows = list(_rows(sheet))
    labels = {id(cells): row[0].span for (_, _, cells), row in zip(rows, _named(sheet), strict=True)}
    found: set[str] = set()
    for path, name, cells in rows:
        amounts = _amounts(sheet, path, cells, columns, labels[id(cells)])
        if amounts:
            concept = concept_of(name, path, kind)
            if concept:
                found.add(concept[0].name)
            yield Line(name, path, concept[0].name if concept else None, concept[1] if concept else 0, kind, _measure(path), amounts)
    for position, (path, name, cells) in enumerate(rows):
        concept = concept_of(name, path, kind) if kind != "cash_flow" and not cells else None
        if concept and concept[0].name not in found and _measure(path) == "amount":
            parts = [part for part in rows[position + 1 :] if part[0].startswith(f"{path} > ")]
            summed = _sum([_amounts(sheet, part, some, columns, labels[id(some)]) for part, _, some in parts], labels[id(cells)])
            if summed and _deeper(sheet, labels[id(cells)], [labels[id(some)] for _, _, some in parts]):
                yield Line(name, path, concept[0].name, concept[1], kind, "amount", summed)


def _named(sheet: Sheet) -> Iterator[tuple[Cell, ...]]:
    return (row for row in sheet.rows if not row[0].header and row[0].column == 0 and row[0].label)


def _deeper(sheet: Sheet, head: Span, parts: list[Span]) -> bool:
    """Whether parts are indented deeper than the row that they stand under."""
    indents = {row[0].span: sheet.table.indents[row[0].row] for row in sheet.rows if row[0].row < len(sheet.table.indents)}
    return bool(parts) and head in indents and all(indents.get(part, 0) > indents[head] for part in parts)


def _sum(parts: list[tuple[Amount, ...]], label: Span) -> tuple[Amount, ...]:
    """Amounts of several rows added up, of the periods that all of them have."""
    if len(parts) < 2 or not all(parts):
        return ()
    summed = []
    for first in parts[0]:
        same = [amount for some in parts for amount in some if amount.period == first.period]
        if len(same) == len(parts):
            cells = tuple(cell for amount in same for cell in amount.cells)
            total = sum((amount.value for amount in same), Decimal(0))
            summed.append(Amount(first.period, total, first.scale, first.unit, cells, label))
    return tuple(summed)


def _measure(path: str) -> Measure:
    if re.search(r"shares (?:used|outstanding)|(?:average|number of)(?: [\w-]+)* shares", path, re.IGNORECASE):
        return "shares"
    return "per_share" if is_per_share(path) else "amount"


def _amounts(sheet: Sheet, path: str, cells: list[Cell], columns: dict[int, Period], label: Span) -> tuple[Amount, ...]:
    amounts: dict[Period, Amount] = {}
    for cell in cells:
        period = columns.get(cell.column)
        percent = cell.kind == "percent" and ("%" in cell.text or "percent" in folded(path))
        if period is None or percent or cell.figure is None or period in amounts:
            continue
        scale = cell.scale if cell.kind != "percent" else Decimal(int(sheet.table.scale))
        amounts[period] = Amount(period, cell.figure * scale, scale, cell.unit or sheet.table.unit, (cell.span,), label)
    return tuple(amounts.values())
