"""What tables of all formats share: cells to text and back, header rows, scale and unit.

A format that knows its cells lays them out with `lay_out`, appends the text that this gives as a table block, and hands
`made_table(text, span, cells)` on in `Parsed.tables` once the whole text is there. A table block without a Table gets one
from its tabs or wide gaps (`tables_of_blocks`).

In the text a table is a line a row and one tab between filled cells: an empty cell leaves nothing there, and its place is known from
`Table.cells` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from longdoc.figures import currency_of, find_scale, read_figure
from longdoc.ingest.cells import SIGN, Cell, Entry, by_row
from longdoc.ingest.text_tables import find_cells
from longdoc.tables import find_note
from longdoc.types import Block, Span, Table

# What a format needs for its tables is had from here.
__all__ = ["Cell", "Entry", "cells_of_text", "find_header_rows", "is_tabular", "lay_out", "made_table", "tables_of_blocks"]

MOST_HEADER_ROWS = 8

_CLOSING = re.compile(r"\)?\s*%?\s*\)?(?:\s*\(\w{1,2}\))?|\)")
# No two ways lead over the same characters: a cell of a thousand signs would otherwise be tried in 2 to the 1000th of them.
_DATE = re.compile(
    r"\s*(?:(?:as of|at|ended|ending|fiscal|year|years|months?|weeks?|quarter|three|six|nine|twelve|fy|q[1-4]|"
    r"jan\w*+|feb\w*+|mar\w*+|apr\w*+|may|june?|july?|aug\w*+|sep\w*+|oct\w*+|nov\w*+|dec\w*+|"
    r"(?<!\d)(?:(?:19|20)\d\d|\d{1,2})(?!\d)|change|vs|to|and|[^\w\s])\s*)+",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"/s/|(?:by|name|title|its|signature|print name|authori[sz]ed signature|attn|attention)\s*:|\s*[_-]{6,}", re.IGNORECASE
)
_PAGE = re.compile(r"(?:page\s+|p\.\s*)?(?:[A-Z]{1,2}-)?(\d{1,4})", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\.\s?){4,}")
_YEAR = re.compile(r"\W*(?:(?:FY|fiscal)\W*)?(?:19|20)\d\d\W*(?:\(\w{1,2}\))?[AE]?", re.IGNORECASE)


def lay_out(rows: Iterable[Sequence[Entry]]) -> tuple[str, list[Cell]]:
    """The table's text and its filled cells, offsets counted from the start of that text.

    Each row lists its cells from left to right, empty ones too, without the places that a cell of a row above reaches into. A
    currency sign, a closing bracket or a percent sign in a cell of its own goes to the figure beside it. Rows without
    words are left out.
    """
    parts: list[str] = []
    cells: list[Cell] = []
    taken: dict[tuple[int, int], None] = {}
    length = number = 0
    spans: list[tuple[int, int, int]] = []  # (row as it came, rows spanned, place in `cells`)
    kept: dict[int, int] = {}
    for given, row in enumerate(rows):
        placed = list(_placed(row, given, taken))
        if not placed:
            continue
        if number:
            parts.append("\n")
            length += 1
        kept[given] = number
        for order, (column, columns, height, content) in enumerate(placed):
            if order:
                parts.append("\t")
                length += 1
            spans.append((given, height, len(cells)))
            cells.append(Cell(number, column, 1, columns, length, length + len(content)))
            parts.append(content)
            length += len(content)
        number += 1
    for given, height, place in spans:
        if height > 1:
            rows_spanned = sum(later in kept for later in range(given, given + height))
            cells[place] = cells[place]._replace(rows=max(1, rows_spanned))
    return "".join(parts), cells


def _placed(row: Sequence[Entry], number: int, taken: dict[tuple[int, int], None]) -> list[tuple[int, int, int, str]]:
    """(column, columns, rows, words) of a row's filled cells, signs joined to their figures."""
    placed: list[tuple[int, int, int, str]] = []
    column = 0
    for entry in row:
        while (number, column) in taken:
            column += 1
        content = " ".join(entry.text.split())
        columns, rows = max(1, entry.columns), max(1, entry.rows)
        for below in range(1, min(rows, 1000)):
            for across in range(min(columns, 1000)):
                taken[number + below, column + across] = None
        if content:
            before = placed[-1] if placed else None
            joins = before is not None and (SIGN.fullmatch(before[3]) or (_CLOSING.fullmatch(content) and before[3][-1:].isdigit()))
            if before is not None and joins:
                placed[-1] = (before[0], column + columns - before[0], max(before[2], rows), before[3] + content)
            else:
                placed.append((column, columns, rows, content))
        column += columns
    return placed


def made_table(
    text: str,
    span: Span,
    cells: Iterable[Sequence[int]],
    *,
    header_rows: int | None = None,
    caption: Span | None = None,
    indents: Sequence[int] = (),
) -> Table:
    """A Table of `cells`: (row, column, rows, columns, start, end) in reading order, offsets into `text`, the whole canonical text.

    Columns that never hold cells of their own (spacers, signs) are closed up. Header rows are found where `header_rows` is not told;
    scale and unit are read from the caption, the header and the lines right above `span`. `indents` is how deep each row's label is
    indented, from 0, where the format knows.
    """
    closed = _without_spacers([Cell(*cell) for cell in cells])
    header = find_header_rows(text, closed) if header_rows is None else header_rows
    note = find_note(text, span, closed, header, caption)
    return Table(
        span=span,
        cells=tuple(tuple(cell) for cell in closed),
        header_rows=header,
        scale=float(note.factor) if note else 1.0,
        unit=(note.currency if note else None) or _unit(text, closed),
        caption=caption,
        indents=tuple(indents) if any(indents) else (),
    )


def find_header_rows(text: str, cells: Sequence[Cell]) -> int:
    """How many rows from the top head the columns: those before the first that holds a figure which is no year or date, or, where columns
    have been named, before the first that only holds a label."""
    rows = by_row(cells)
    named = False
    contents_of = [[text[cell.start : cell.end] for cell in row] for row in rows]
    data = [_is_data(row, contents) for row, contents in zip(rows, contents_of, strict=True)]
    for count, row in enumerate(rows[: MOST_HEADER_ROWS + 1] if any(data) else ()):
        contents = contents_of[count]
        if data[count]:
            return count
        if named and len(row) == 1 and row[0].column == 0 and row[0].columns == 1 and not find_scale(contents[0]):
            return count
        named = named or any(cell.column > 0 for cell in row)
    # A table of words: its first row heads it if it is short where the others are not.
    if len(rows) < 2 or len(rows[0]) < 2:
        return 0
    first, others = ([len(text[cell.start : cell.end]) for cell in part] for part in (rows[0], [cell for row in rows[1:] for cell in row]))
    return int(max(first) <= 40 and sum(first) / len(first) < 0.8 * sum(others) / len(others))


def _is_data(row: Sequence[Cell], contents: Sequence[str]) -> bool:
    figures = [content for cell, content in zip(row, contents, strict=True) if cell.column > 0 and read_figure(content) is not None]
    if not figures:
        return False
    if all(_YEAR.fullmatch(content) for content in figures):
        # Years head columns, unless a label stands before them as before any figure.
        label = contents[0] if row[0].column == 0 else ""
        return (
            bool(label) and _DATE.fullmatch(label) is None and find_scale(label) is None and not label.endswith(":") and len(figures) == 1
        )
    return True


def _unit(text: str, cells: Sequence[Cell]) -> str | None:
    """The currency whose sign stands before figures, None if there is none or several."""
    found = {
        currency_of(sign[0])
        for cell in cells
        if (sign := re.match(r"(?:US|C|A|HK|S)?[$€£¥₹]|(?:USD|EUR|GBP|CHF)\b", text[cell.start : cell.end].lstrip("( ")))
    } - {None}
    return found.pop() if len(found) == 1 else None


def _without_spacers(cells: list[Cell]) -> list[Cell]:
    """The cells with columns closed up: two neighbours are one where no row has a cell of its own in each."""
    width = max((cell.column + cell.columns for cell in cells), default=0)
    if width <= 1:
        return cells
    edges = [({cell.column for cell in row}, [cell.column + cell.columns - 1 for cell in row]) for row in by_row(cells)]
    apart = [False] * width  # apart[c]: column c begins anew against the group before it
    begin = 0
    for column in range(1, width):
        # A row has one cell that ends in the group and another that begins at the column.
        if any(column in firsts and any(begin <= last < column for last in lasts) for firsts, lasts in edges):
            apart[column] = True
            begin = column
    index, group = [0] * (width + 1), 0
    for column in range(width):
        group += apart[column]
        index[column] = group
    index[width] = group + 1
    closed = []
    for cell in cells:
        first, last = index[cell.column], index[cell.column + cell.columns - 1]
        closed.append(Cell(cell.row, first, cell.rows, last - first + 1, cell.start, cell.end))
    return closed


def is_tabular(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows of filled cells are a table: no table of contents, no signatures or addresses side by side, no list of terms."""
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return False
    if sum(any(_SIGNATURE.match(cell) for cell in row) for row in rows) * 3 >= len(rows):
        return False
    if _is_contents(rows):
        return False
    figures = sum(any(read_figure(cell) is not None for cell in row[1:]) for row in rows)
    if figures * 5 >= len(rows):
        return True
    wide = [row for row in rows if len(row) > 2]
    return len(wide) * 2 >= len(rows) or (figures > 1 and len(wide) * 4 >= len(rows))


def _is_contents(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the last cells are page numbers that never fall, behind titles or leaders."""
    numbers = [int(found[1]) for row in rows if len(row) > 1 and (found := _PAGE.fullmatch(row[-1].strip(" .")))]
    leaders = sum(_LEADERS.search(" ".join(row)) is not None for row in rows)
    if leaders * 2 >= len(rows) and len(numbers) * 2 >= len(rows):
        return True
    several = sum(len(row) > 1 for row in rows)
    if len(numbers) < 4 or len(numbers) * 3 < 2 * several or max(map(len, rows)) > 3:
        return False
    falls = sum(after < before for before, after in pairwise(numbers))
    titles = sum(sum(map(str.isalpha, row[-2])) > 3 for row in rows if len(row) > 1)
    return falls <= len(numbers) // 10 and numbers[-1] > numbers[0] and titles * 3 >= 2 * several and numbers[-1] <= 3000


def tables_of_blocks(text: str, blocks: Sequence[Block], tables: Sequence[Table], *, sure: bool) -> tuple[Table, ...]:
    """`tables` that lie in table blocks, and one for each table block without any, from its tabs or wide gaps; in reading order.

    `sure` says that the format marks its tables; where it does not, a block is looked at once more before it is called one.
    """
    given = sorted(tables, key=lambda table: table.span.start)
    found: list[Table] = []
    place = 0
    for block in blocks:
        if block.kind != "table":
            continue
        while place < len(given) and given[place].span.end <= block.span.start:
            place += 1
        first = place
        while place < len(given) and given[place].span.start < block.span.end:
            found.append(given[place])
            place += 1
        if place > first or (found and found[-1].span.end > block.span.start):
            continue
        made = table_of_text(text, block.span, sure=sure)
        if made is not None:
            found.append(made)
    return tuple(found)


def table_of_text(text: str, span: Span, *, sure: bool) -> Table | None:
    """The table that the lines of `span` make, None if they make none."""
    cells, indents = find_cells(text, span)
    if not cells or not (sure or is_tabular([[text[cell.start : cell.end] for cell in row] for row in by_row(cells)])):
        return None
    return made_table(text, span, cells, indents=indents)


def cells_of_text(text: str, span: Span) -> list[Cell]:
    """Cells of lines that are parted by tabs, or, where there are none, stand above each other with wide gaps between."""
    return find_cells(text, span)[0]
