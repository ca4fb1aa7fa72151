"""Sheets of a workbook as text: a heading with each sheet's name, then its rows, cut into tables at empty rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from longdoc.ingest.table_builder import TableBuilder
from longdoc.ingest.tables import Entry
from longdoc.types import Aside

MOST_SHEETS = 2_000


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on a cell."""

    row: int
    column: int
    text: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: `cells` are (row, column, words), both counted from 0, row by row; `merged` ranges are (row, column, rows, columns)."""

    name: str
    cells: Iterable[tuple[int, int, str]]
    merged: Sequence[tuple[int, int, int, int]] = ()
    notes: Sequence[Note] = field(default=())


def add_sheet(builder: TableBuilder, sheet: Sheet) -> Iterator[Aside]:
    """Append a sheet to the text; its comments, each hung on its cell."""
    heading = builder.add("heading", sheet.name, 1)
    corners = {(row, column): (rows, columns) for row, column, rows, columns in sheet.merged}
    rows: dict[int, list[tuple[int, str]]] = {}
    for row, column, words in sheet.cells:
        if words.strip():
            rows.setdefault(row, []).append((column, words))
    offsets: dict[tuple[int, int], int] = {}
    for group in _groups(sorted(rows), corners):
        inside = {
            (order, column): sum(other < row + corners[row, column][0] for other in group[order:])
            for order, row in enumerate(group)
            for column, _ in rows[row]
            if (row, column) in corners
        }
        placed = builder.add_table([_entries(row, rows[row], corners) for row in group], inside)
        offsets |= {(group[cell.row], cell.column): cell.start for cell in placed}
    for note in sheet.notes:
        anchor = offsets.get((note.row, note.column), heading.start if heading else None)
        yield Aside(kind="comment", text=note.text, anchor=anchor, author=note.author, name=f"{sheet.name}!{place(note.row, note.column)}")


def place(row: int, column: int) -> str:
    """A cell's name, "B7"."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def _groups(rows: Sequence[int], corners: dict[tuple[int, int], tuple[int, int]]) -> Iterator[list[int]]:
    """Rows that follow each other, or that a merged cell holds together."""
    group: list[int] = []
    reach = -1
    tallest: dict[int, int] = {}
    for (row, _), (height, _) in corners.items():
        tallest[row] = max(tallest.get(row, 1), height)
    for row in rows:
        if group and row > reach + 1:
            yield group
            group = []
        group.append(row)
        reach = max(reach, row + tallest.get(row, 1) - 1)
    if group:
        yield group


def _entries(row: int, cells: Sequence[tuple[int, str]], corners: dict[tuple[int, int], tuple[int, int]]) -> list[Entry]:
    """A row's cells with the gaps between them."""
    entries: list[Entry] = []
    at = 0
    for column, words in sorted(cells):
        if column > at:
            entries.append(Entry("", columns=column - at))
        columns = corners.get((row, column), (1, 1))[1]
        entries.append(Entry(words, columns=columns))
        at = max(at, column) + columns
    return entries
