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
from typing import NamedTuple

from longdoc.figures import currency_of, find_scale, read_figure
from longdoc.types import Block, Span, Table

REACH = 400
"""Characters above a table within which the line stands that says what its figures count in."""
MOST_HEADER_ROWS = 8

_CELL = re.compile(r"[^\t\n\r]+")
_GAP_CELL = re.compile(r"\S+(?: \S+)*")
_LINE = re.compile(r"[^\r\n\f\x0b]+")
_SIGN = re.compile(r"\(?\s*(?:US|C|A|HK|S)?[$€£¥₹]\s*\(?")
_CLOSING = re.compile(r"\)?\s*%?\s*\)?(?:\s*\(\w{1,2}\))?|\)")
_DATE = re.compile(
    r"(?:(?:as of|at|ended|ending|fiscal|year|years|months?|weeks?|quarter|three|six|nine|twelve|fy|q[1-4]|"
    r"jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*|(?:19|20)\d\d|\d{1,2}|change|vs|to|and|\W)\.?\s*)+",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\W*(?:FY|fiscal)?\W*(?:19|20)\d\d\W*(?:\(\w{1,2}\))?[AE]?", re.IGNORECASE)


class Entry(NamedTuple):
    """A cell as a format knows it: its words (may be empty), and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1


class Cell(NamedTuple):
    """A filled cell: row and column from 0, rows and columns spanned, and its range in the text."""

    row: int
    column: int
    rows: int
    columns: int
    start: int
    end: int


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
            joins = before is not None and (_SIGN.fullmatch(before[3]) or (_CLOSING.fullmatch(content) and before[3][-1:].isdigit()))
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
    note = find_scale(context(text, span, closed, header, caption))
    return Table(
        span=span,
        cells=tuple(tuple(cell) for cell in closed),
        header_rows=header,
        scale=float(note.factor) if note else 1.0,
        unit=(note.currency if note else None) or _unit(text, closed),
        caption=caption,
        indents=tuple(indents) if any(indents) else (),
    )


def context(text: str, span: Span, cells: Sequence[Cell], header_rows: int, caption: Span | None) -> str:
    """The words that speak of a table as a whole: lines right above it, caption, and its header but for the heads of single columns."""
    above = text[max(0, span.start - REACH) : span.start]
    if len(above) == REACH:
        above = above.partition("\n")[2]
    near = [line.strip() for line in above.splitlines() if line.strip()][-4:]
    said = text[caption.start : caption.end] if caption else ""
    whole = [cell for cell in cells if cell.row < max(header_rows, 1) and (cell.column == 0 or cell.columns > 1)]
    first = [cell for cell in cells if cell.row <= header_rows and cell.column == 0 and cell.row >= header_rows]
    return "\n".join([*near, said, *(text[cell.start : cell.end] for cell in [*whole, *first])])


def find_header_rows(text: str, cells: Sequence[Cell]) -> int:
    """How many rows from the top head the columns: those before the first that holds a figure which is no year or date, or, where columns
    have been named, before the first that only holds a label."""
    rows = _by_row(cells)
    named = False
    for count, row in enumerate(rows[: MOST_HEADER_ROWS + 1]):
        contents = [text[cell.start : cell.end] for cell in row]
        if _is_data(row, contents):
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


def _by_row(cells: Sequence[Cell]) -> list[list[Cell]]:
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    return [rows[number] for number in sorted(rows)]


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
    rows = _by_row(cells)
    apart = [False] * width  # apart[c]: column c begins anew against the group before it
    begin = 0
    for column in range(1, width):
        if any(_parts(row, begin, column) for row in rows):
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
        closed.append(cell._replace(column=first, columns=last - first + 1))
    return closed


def _parts(row: Sequence[Cell], begin: int, column: int) -> bool:
    """Whether a row has one cell that ends within columns begin..column-1 and another that begins at `column`."""
    ends = any(begin <= cell.column + cell.columns - 1 < column for cell in row)
    return ends and any(cell.column == column for cell in row)


def tables_of_blocks(text: str, blocks: Sequence[Block], tables: Sequence[Table]) -> tuple[Table, ...]:
    """`tables`, and one for each table block that none of them lies in, from its tabs, pipes or wide gaps; in reading order."""
    covered = sorted((table.span.start, table.span.end) for table in tables)
    made = list(tables)
    place = 0
    for block in blocks:
        if block.kind != "table":
            continue
        while place < len(covered) and covered[place][1] <= block.span.start:
            place += 1
        if place < len(covered) and covered[place][0] < block.span.end:
            continue
        cells = cells_of_text(text, block.span)
        if cells:
            made.append(made_table(text, block.span, cells))
    return tuple(sorted(made, key=lambda table: table.span.start))


def cells_of_text(text: str, span: Span) -> list[Cell]:
    """Cells of lines of text that are parted by tabs, or, where there are none, stand above each other with wide gaps between."""
    lines = [(found.start(), found.end()) for found in _LINE.finditer(text, span.start, span.end)]
    if any("\t" in text[start:end] for start, end in lines):
        found = [[(cell.start(), cell.end()) for cell in _CELL.finditer(text, *line)] for line in lines]
        return _from_right([[_trimmed(text, *cell) for cell in row] for row in found])
    return _aligned(text, lines)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    content = text[start:end]
    return start + len(content) - len(content.lstrip()), start + len(content.rstrip())


def _from_right(rows: list[list[tuple[int, int]]]) -> list[Cell]:
    """Rows of which only the filled cells are known: figures are counted from the right, a label stands at the left."""
    width = max((len(row) for row in rows), default=0)
    cells = []
    for number, row in enumerate(rows):
        for order, (start, end) in enumerate(row):
            column = order if len(row) == width or (order == 0 and (number > 0 or len(row) == 1)) else width - len(row) + order
            if start < end:
                cells.append(Cell(number, column, 1, 1, start, end))
    return cells


def _aligned(text: str, lines: Sequence[tuple[int, int]]) -> list[Cell]:
    """Rows whose cells stand above each other: columns are the strips that are blank in nearly every line."""
    rows: list[list[tuple[int, int, int]]] = []  # (place in the line, start, end)
    for start, end in lines:
        begin = text.rfind("\n", 0, start) + 1
        rows.append([(cell.start() - begin, cell.start(), cell.end()) for cell in _GAP_CELL.finditer(text, start, end)])
    pieces = [(at, at + end - start) for row in rows for at, start, end in row if len(row) > 1]
    edges = _strips(pieces)
    cells = []
    for number, row in enumerate(rows):
        for at, start, end in row:
            columns = [place for place, (left, right) in enumerate(edges) if at < right and left < at + end - start] or [0]
            cells.append(Cell(number, columns[0], 1, columns[-1] - columns[0] + 1, start, end))
    return cells


def _strips(pieces: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges that pieces which overlap cover together."""
    strips: list[tuple[int, int]] = []
    for left, right in sorted(pieces):
        if strips and left < strips[-1][1]:
            strips[-1] = (strips[-1][0], max(strips[-1][1], right))
        else:
            strips.append((left, right))
    return strips
