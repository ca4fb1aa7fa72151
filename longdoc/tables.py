"""Tables of a document as rows of cells: what each says, which row and column it belongs to, and its figure with the scale applied.

    from longdoc import tables

    sheet = tables.read(document, document.tables[3])
    for row in sheet.rows:
        for cell in row:
            print(cell.label, cell.heading, cell.value, cell.unit)
    rows = sheet.to_rows()  # what stands on the page, an empty string for an empty cell

A dash ("—") is the figure 0, as statements print it; "n/a" and "NM" are text. Percentages are in percent. Amounts per share, percentages,
years, and what the table excepts from its scale ("except per share data", "except number of stores") are not multiplied.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from longdoc.figures import Figure, Scale, Writing, find_scale, is_per_share, read_figure, writing_of
from longdoc.types import Document, Span, Table

Kind = Literal["amount", "percent", "count", "text"]
"""What a cell holds. A count is any figure that is neither money nor a percentage: shares, stores, years, ratios."""

REACH = 400
"""Characters above a table within which the line stands that says what its figures count in."""
LARGEST_GAP = 600
"""Characters between two parts of one table, of which only the first has headings."""

_SHARES = re.compile(r"\b(?:shares?|ADSs?)\b|\b(?:options|units|awards|warrants) (?:outstanding|granted|issued|vested)", re.IGNORECASE)
_COUNT_OF_SHARES = re.compile(r"\bshares? (?:used|outstanding)|average (?:[\w-]+ ){0,4}shares|number of (?:\w+ ){0,2}shares", re.IGNORECASE)
_VALUED = re.compile(r"par value|\b(?:values?|prices?|costs?|treasury|purchases?|repurchases?|dividends?)\b", re.IGNORECASE)
_OF_MONEY = re.compile(
    r"par value|\b(?:treasury|at cost|proceeds|purchases? of|issuances? of|repurchases? of|sales? of|values?|prices?|amounts?|capital|"
    r"expenses?|costs?|cash|dividends?|compensation|income|earnings|loss|payments?|equity)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:number of|stores?|openings|employees|headcount|countries|locations|restaurants|branches|"
    r"square (?:feet|foot|met\w+)|ratio|days|multiple)\b",
    re.IGNORECASE,
)
_MONEY_OF = re.compile(
    r"\b(?:cost|expense|income|revenue|sales|value|proceeds|price|payment|amount|liabilit|asset|debt|tax)\w*\b", re.IGNORECASE
)
_PERCENT = re.compile(r"%|\bper ?cent(?:age)?\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_TOTAL = re.compile(r"total|net cash|net (?:increase|decrease)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cell:
    """A filled cell: row and column from 0 with rows and columns spanned, its text and place.

    `label` is that of its row with those that it stands under ("Operating expenses > Research"), `heading` that of its column; `figure`
    is as printed, `scale` what it is to be multiplied with, `unit` its currency (ISO 4217) where it is an amount.
    """

    row: int
    column: int
    rows: int
    columns: int
    text: str
    span: Span
    header: bool
    label: str
    heading: str
    kind: Kind
    figure: Decimal | None
    scale: Decimal
    unit: str | None

    @property
    def value(self) -> Decimal | None:
        """The figure times its scale; a percentage in percent."""
        return None if self.figure is None else self.figure * self.scale


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read: its rows of filled cells, the first `header_rows` of which head the columns."""

    table: Table
    rows: tuple[tuple[Cell, ...], ...]
    width: int
    header_rows: int
    caption: str | None

    def cells(self) -> Iterator[Cell]:
        """All filled cells in reading order."""
        for row in self.rows:
            yield from row

    def cell(self, row: int, column: int) -> Cell | None:
        """The cell that covers a place, None where it is empty."""
        for cell in self.cells():
            if cell.row <= row < cell.row + cell.rows and cell.column <= column < cell.column + cell.columns:
                return cell
        return None

    def to_rows(self) -> list[list[str]]:
        """The texts as a list of rows of one length; a cell that spans others stands in the first place that it covers."""
        grid = [[""] * self.width for _ in self.rows]
        for cell in self.cells():
            grid[cell.row][cell.column] = cell.text
        return grid

    def to_csv(self) -> str:
        """`to_rows` as CSV."""
        output = io.StringIO()
        csv.writer(output, lineterminator="\n").writerows(self.to_rows())
        return output.getvalue()


def read(document: Document, table: Table) -> Sheet:
    """The table with labels, headings, figures and scales. One without headings that goes on from the table right before it, as over a
    page break, has the headings of that."""
    return _Reader(document, table).sheet()


class _Reader:
    def __init__(self, document: Document, table: Table) -> None:
        self.document, self.table = document, table
        text = document.text
        self.writing: Writing = writing_of(document.quote(table.span))
        self.by_row: dict[int, list[tuple[int, int, int, int, int, int]]] = {}
        for cell in table.cells:
            self.by_row.setdefault(cell[0], []).append(cell)
        self.width = max((cell[1] + cell[3] for cell in table.cells), default=0)
        self.numbers = sorted(self.by_row)
        before = _continued(document, table, self.width)
        self.headings = _headings(text, before or table, self.width)
        scope = before or table
        self.note = find_note(text, scope.span, scope.cells, scope.header_rows, scope.caption)
        self.factor = scope.scale if table.scale == 1.0 else table.scale
        self.unit = table.unit or scope.unit

    def sheet(self) -> Sheet:
        labels = self._labels()
        rows = tuple(tuple(self._cell(cell, labels.get(number, "")) for cell in self.by_row[number]) for number in self.numbers)
        caption = self.document.quote(self.table.caption) if self.table.caption else None
        return Sheet(self.table, rows, self.width, self.table.header_rows, caption)

    def _text(self, cell: tuple[int, int, int, int, int, int]) -> str:
        return " ".join(self.document.text[cell[4] : cell[5]].split())

    def _cell(self, place: tuple[int, int, int, int, int, int], label: str) -> Cell:
        row, column, rows, columns, start, end = place
        text = self._text(place)
        header = row < self.table.header_rows
        labels = column == 0 and self.width > 1
        heading = "" if header or labels else self.headings[column]
        figure = None if header or labels else read_figure(text, self.writing)
        kind, factor = self._measure(text, figure, label, heading)
        unit = (figure.currency or self.unit) if figure is not None and kind == "amount" else None
        value = None if figure is None else figure.value
        return Cell(row, column, rows, columns, text, Span(start=start, end=end), header, label, heading, kind, value, factor, unit)

    def _measure(self, text: str, figure: Figure | None, label: str, heading: str) -> tuple[Kind, Decimal]:
        """What a cell holds, and what its figure is to be multiplied with."""
        one = Decimal(1)
        if figure is None:
            return "text", one
        own = f"{label.rpartition(' > ')[2]} {heading}"
        if figure.percent or (figure.currency is None and _PERCENT.search(own) and not figure.dash):
            return "percent", one
        if figure.times or (_YEAR.fullmatch(text) and self.factor == 1.0):
            return "count", one
        about = _about_shares(label, heading)
        if about == "per share":
            return "amount", one
        factor = Decimal(figure.factor or int(self.factor))
        shares = figure.currency is None and about == "shares"
        kind: Kind = "count" if shares or (figure.currency is None and self.unit is None and self.note is None) else "amount"
        said = find_scale(label) or find_scale(heading)
        if figure.factor is None and said is not None:
            return kind, Decimal(said.factor)
        if self.note is not None and figure.factor is None and figure.currency is None:
            if shares and self.note.share_factor is not None:
                return kind, Decimal(self.note.share_factor)
            if self.note.excepts(own) and (shares or not _SHARES.search(own)) and not _OF_MONEY.search(own):
                return "count", one
            if not shares and _COUNTED.search(label.rpartition(" > ")[2]) and not _MONEY_OF.search(own):
                return "count", one
        return kind, factor

    def _labels(self) -> dict[int, str]:
        """The label of each row, with those of the rows that it stands under before it, parted by " > "."""
        labels: dict[int, str] = {}
        groups: list[tuple[int, str, bool]] = []  # (indent, label, whether rows below it are deeper)
        was_group = False
        for number in self.numbers:
            first = self.by_row[number][0]
            if number < self.table.header_rows or first[1] != 0:
                labels[number] = " > ".join(group[1] for group in groups) if number >= self.table.header_rows else ""
                continue
            own = self._text(first).rstrip(": ")
            indent = self.table.indents[number] if number < len(self.table.indents) else 0
            opens = len(self.by_row[number]) == 1
            while groups and (groups[-1][0] > indent or (groups[-1][0] == indent and (groups[-1][2] or (opens and not was_group)))):
                groups.pop()
            if groups and groups[-1][0] < indent:
                groups[-1] = (groups[-1][0], groups[-1][1], True)
            labels[number] = " > ".join([*(group[1] for group in groups), own])
            if opens:
                groups.append((indent, own, False))
            elif groups and groups[-1][0] == indent and _TOTAL.match(own):
                groups.pop()
            was_group = opens
        return labels


def _about_shares(label: str, heading: str) -> Literal["per share", "shares"] | None:
    """Whether figures are amounts a share or numbers of shares; of the labels that a row stands under the nearest that says so counts."""
    for part in (*reversed(label.split(" > ")), heading):
        if _COUNT_OF_SHARES.search(part) and not _VALUED.search(part):
            return "shares"
        if _SHARES.search(part) and not _OF_MONEY.search(part) and not is_per_share(part):
            return "shares"
        if is_per_share(part):
            return "per share"
    return None


def _continued(document: Document, table: Table, width: int) -> Table | None:
    """The table whose headings hold for one that has none of its own."""
    if table.header_rows:
        return None
    tables = document.tables
    place = bisect_left(tables, table.span.start, key=lambda other: other.span.start)
    while place > 0:
        before = tables[place - 1]
        if table.span.start - before.span.end > LARGEST_GAP or max(cell[1] + cell[3] for cell in before.cells) != width:
            return None
        if before.header_rows:
            return before
        table, place = before, place - 1
    return None


def _headings(text: str, table: Table, width: int) -> list[str]:
    """The heading of each column: its header cells from top to bottom, joined."""
    parts: list[list[str]] = [[] for _ in range(width)]
    for row, column, _, columns, start, end in table.cells:
        if row < table.header_rows:
            for place in range(column, min(column + columns, width)):
                if columns == 1 or not _is_note(text[start:end]):
                    parts[place].append(" ".join(text[start:end].split()))
    return [" ".join(part) for part in parts]


def _is_note(text: str) -> bool:
    """Whether a heading over several columns only says what they count in."""
    return find_scale(text) is not None and (text.startswith("(") or len(text.split()) < 4)


def find_note(text: str, span: Span, cells: Iterable[Sequence[int]], header_rows: int, caption: Span | None) -> Scale | None:
    """The note that says what a table's figures count in: in the lines right above it, its caption, or its headings but those of
    single columns. `cells` are as in `Table.cells`."""
    above = text[max(0, span.start - REACH) : span.start]
    if len(above) == REACH:
        above = above.partition("\n")[2]
    near = [line.strip() for line in above.splitlines() if line.strip()][-4:]
    said = text[caption.start : caption.end] if caption else ""
    heads = [text[start:end] for row, column, _, columns, start, end in cells if row <= header_rows and (column == 0 or columns > 1)]
    return find_scale("\n".join([*near, said, *heads]))
