"""The lines of a PDF's table as a grid: cells in columns, wrapped cells put together, headings over the columns that they head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from longdoc.figures import find_scale, is_none, read_figure
from longdoc.ingest.columns import Extent, column_of, columns_under, find_columns
from longdoc.ingest.pdf_page import Line, PageText, Word

FIGURE_GAP = 0.45
"""A gap, in line heights, that parts two figures, or a label from a figure."""
WORD_GAP = 0.95
"""The same for words."""
HEAD_STEP = 2.4
"""Steps between lines, in line heights, beyond which a heading is another."""
STEP = 1.75
"""Steps between lines, in line heights, beyond which a cell does not go on."""

_SIGN = re.compile(r"\(?(?:US|C|A|HK|S)?[$€£¥]\(?")
_DIGITS = re.compile(r"[(\[<>~+\u2212-]*(?:US|C|A|HK|S)?[$€£¥]?[(\u2212-]?\.?\d[\d.,]*[)%\]x*]*(?:\(\w{1,2}\))?|[\u2012-\u2015-]{1,2}[)%]*")
_TAIL = re.compile(r"[)%\]*†]+|\(\w\)|pts|bps|x")
_YEAR = re.compile(r"\(?(?:FY)?(?:19|20)\d\d\)?[,*]?(?:\(\w{1,2}\))?")
_DAY = re.compile(r"\d{1,2},?")
_OPEN = re.compile(r"(?:\b(?:and|or|of|for|the|to|in|with|by|on|from|a|an|at|per|as|which|that)|[,&(/\u2013\u2014-])$", re.IGNORECASE)
_CLOSED = re.compile(r"[:.;]$")


@dataclass(slots=True)
class GridCell:
    """Parts of a cell, one a line; column from 0, columns spanned."""

    column: int
    columns: int
    parts: list[Line]

    @property
    def x0(self) -> float:
        """Left edge."""
        return min(part.x0 for part in self.parts)

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(part.x1 for part in self.parts)


@dataclass(slots=True)
class GridRow:
    """Cells from left to right. `indent` is how deep its label is indented."""

    cells: list[GridCell]
    indent: int = 0


@dataclass(slots=True)
class Grid:
    """A table: its rows, of which the first `header_rows` head the columns."""

    rows: list[GridRow]
    header_rows: int


@dataclass(slots=True)
class Piece:
    """Words of one line that stand close together."""

    words: list[Word]
    text: str
    figure: bool

    @property
    def extent(self) -> Extent:
        return self.words[0].x0, self.words[-1].x1


@dataclass(slots=True)
class _Row:
    """A line of the page, or several at one height, as pieces from left to right."""

    line: Line
    pieces: list[Piece]
    cells: list[GridCell] = field(default_factory=list)

    @property
    def figures(self) -> int:
        return sum(piece.figure for piece in self.pieces[1:])

    @property
    def years(self) -> bool:
        """Whether all its figures are years, or days of a date."""
        figures = [piece.text for piece in self.pieces if piece.figure]
        return bool(figures) and all(_YEAR.fullmatch(text) for text in figures)


def make_grid(page: PageText, lines: Sequence[Line]) -> Grid:
    """The grid of a table's lines."""
    rows = [_Row(line, pieces_of(page, line)) for line in _by_height(lines)]
    size = sorted(row.line.size for row in rows)[len(rows) // 2]
    columns = _columns(rows, size)
    for row in rows:
        row.pieces = [part for piece in row.pieces for part in _cut(page, piece, columns, size)]
    header = _header_rows(rows)
    for place, row in enumerate(rows):
        _place(row, columns, size, place < header)
    heads = _merged_heads(rows[:header])
    body = _merged_labels(rows[header:], columns, page)
    levels = _indents([row for row in body if row.cells and row.cells[0].column == 0], size)
    grid = [GridRow(row.cells) for row in heads] + [GridRow(row.cells, levels.get(id(row), 0)) for row in body]
    return Grid(grid, len(heads))


def _by_height(lines: Sequence[Line]) -> list[Line]:
    """Lines from top to bottom, those at one height joined: cells may come one after the other, each over several lines."""
    if all(after.top > before.top + 0.5 * before.size for before, after in pairwise(lines)):
        return list(lines)
    rows: list[Line] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom, line.x0)):
        last = rows[-1] if rows else None
        if last is not None and abs((line.top + line.bottom) - (last.top + last.bottom)) < 0.8 * min(line.size, last.size):
            words = sorted(last.words + line.words, key=lambda word: word.x0)
            rows[-1] = replace(
                last,
                words=words,
                x0=min(last.x0, line.x0),
                x1=max(last.x1, line.x1),
                top=min(last.top, line.top),
                bottom=max(last.bottom, line.bottom),
                scattered=True,
                hyphen=False,
            )
        else:
            rows.append(line)
    return rows


def pieces_of(page: PageText, line: Line) -> list[Piece]:
    """The line's words parted where a cell may end: at wide gaps, after a figure, before a currency sign that follows one."""
    groups: list[list[Word]] = []
    figure = False
    for word in line.words:
        text = page.text[word.start : word.end]
        sign, digits = _SIGN.fullmatch(text) is not None, _DIGITS.fullmatch(text) is not None
        if not groups:
            groups.append([word])
        else:
            before = page.text[groups[-1][-1].start : groups[-1][-1].end]
            gap = (word.x0 - groups[-1][-1].x1) / line.size
            if _SIGN.fullmatch(before):
                joins = digits or gap < FIGURE_GAP
            elif figure and _TAIL.fullmatch(text):
                joins = gap < 1.2
            elif figure and (sign or digits):
                joins = gap < FIGURE_GAP and not sign
            elif sign or digits:
                joins = gap < 1.6 * FIGURE_GAP
            else:
                joins = gap < WORD_GAP
            if joins:
                groups[-1].append(word)
            else:
                groups.append([word])
        figure = digits or (figure and _TAIL.fullmatch(text) is not None)
    return [_piece(page, group) for group in groups]


def _piece(page: PageText, words: list[Word]) -> Piece:
    text = " ".join(page.text[word.start : word.end] for word in words)
    return Piece(words, text, read_figure(text) is not None or is_none(text))


def _columns(rows: Sequence[_Row], size: float) -> list[Extent]:
    """Where the columns are: rows of figures say it, and where there are few, rows of words."""
    header = _header_rows(rows)
    # A heading stands over its columns, and does not say how wide they are.
    firm = [row for row in rows[header:] if row.figures] or rows
    extents = [[piece.extent for piece in row.pieces] for row in firm]
    return find_columns(extents, [row.figures + 0.5 * len(row.pieces) for row in firm], 0.15 * size)


def _cut(page: PageText, piece: Piece, columns: Sequence[Extent], size: float) -> list[Piece]:
    """A piece whose words stand over several columns with more than a plain space where one ends: one piece a column. A figure behind
    a label that reaches up to it is known by the column that it ends with."""
    if piece.figure or len(piece.words) < 2:
        return [piece]
    parts = [[piece.words[0]]]
    for place in range(1, len(piece.words)):
        before, word = piece.words[place - 1], piece.words[place]
        gap = word.x0 - before.x1
        between = any(left[1] <= word.x0 + 0.3 * size and before.x1 <= right[0] + 0.3 * size for left, right in pairwise(columns))
        apart = gap > FIGURE_GAP * size and between and _column(columns, before) != _column(columns, word)
        if apart or (gap > 0.15 * size and _is_last_figure(page, piece.words[place:], columns, size)):
            parts.append([word])
        else:
            parts[-1].append(word)
    return [piece] if len(parts) == 1 else [_piece(page, words) for words in parts]


def _is_last_figure(page: PageText, words: list[Word], columns: Sequence[Extent], size: float) -> bool:
    """Whether words are a figure ("$ 2,210.8") that ends where a column of figures does."""
    *signs, digits = [page.text[word.start : word.end] for word in words]
    if len(signs) > 1 or not all(map(_SIGN.fullmatch, signs)) or not _DIGITS.fullmatch(digits) or _YEAR.fullmatch(digits):
        return False
    return any(abs(words[-1].x1 - right) < 0.5 * size and words[0].x0 > left - 0.5 * size for left, right in columns[1:])


def _column(columns: Sequence[Extent], word: Word) -> int:
    return column_of(columns, (word.x0, word.x1))


def _header_rows(rows: Sequence[_Row]) -> int:
    """Rows above the first one with a figure that is no year, or that only names what follows; 0 if no column is named."""
    figures = min((piece.extent[0] for row in rows for piece in row.pieces[1:] if piece.figure), default=float("inf"))
    named = False
    for place, row in enumerate(rows):
        first = row.pieces[0]
        data = any(piece.figure and not _YEAR.fullmatch(piece.text) and not _DAY.fullmatch(piece.text) for piece in row.pieces[1:])
        if data or (row.figures and not row.years and not named):
            return place if named else 0
        if named and len(row.pieces) == 1 and first.extent[1] < figures and find_scale(first.text) is None:
            return place
        named = named or row.years or len(row.pieces) > 1 or first.extent[0] > figures - row.line.size
    return 0


def _place(row: _Row, columns: Sequence[Extent], size: float, header: bool) -> None:
    """Give each piece its column; a second piece in a column goes to the one before it."""
    line = row.line
    alone = len(row.pieces) == 1 and not row.pieces[0].figure
    heads = row.pieces[len(row.pieces) - len(columns) + 1 :] if header and len(columns) - 1 <= len(row.pieces) <= len(columns) else []
    for piece in row.pieces:
        extent = piece.extent
        labels = extent[0] < columns[0][1] - 0.2 * size and column_of(columns, (extent[0], min(extent[1], columns[0][1]))) == 0
        if any(piece is head for head in heads) and (len(heads) > 1 or not labels):
            # As many headings as columns: one each.
            first = last = len(columns) - len(heads) + next(place for place, head in enumerate(heads) if head is piece)
        elif header and not labels and _is_centred(row, piece, columns, size):
            first, last = 1, len(columns) - 1
        elif header and not labels:
            first, last = columns_under(columns, extent, 2.5 * size, 1 if len(columns) > 1 else 0)
        elif alone and extent[0] < columns[0][1]:
            first = last = 0
        else:
            first = last = 0 if labels and not piece.figure else column_of(columns, extent)
        before = row.cells[-1] if row.cells else None
        if before is not None and first < before.column + before.columns:
            if last >= before.column + before.columns and header:
                first = before.column + before.columns
            elif first == 0 and header and before.column == 0 and last > 0:
                first = 1
            else:
                before.parts[-1] = _line_of(line, [*before.parts[-1].words, *piece.words])
                continue
        row.cells.append(GridCell(first, last - first + 1, [_line_of(line, piece.words)]))


def _is_centred(row: _Row, piece: Piece, columns: Sequence[Extent], size: float) -> bool:
    """Whether a heading is alone in its row, in the middle of all columns: it heads them all."""
    others = [other for other in row.pieces if other is not piece and other.extent[1] > columns[1][0]] if len(columns) > 3 else [piece]
    middle = (columns[1][0] + columns[-1][1]) / 2 if len(columns) > 1 else 0.0
    return not others and abs((piece.extent[0] + piece.extent[1]) / 2 - middle) < 1.5 * size


def _line_of(line: Line, words: list[Word]) -> Line:
    """A part of a line as a line of its own."""
    scattered = line.scattered or any(not 0 <= after.start - before.end <= 3 for before, after in pairwise(words))
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    hyphen = line.hyphen and words[-1] is line.words[-1]
    return replace(
        line, words=words, x0=words[0].x0, x1=words[-1].x1, top=top, bottom=bottom, scattered=scattered, hyphen=hyphen, cells=[], content=""
    )


def _merged_heads(rows: Sequence[_Row]) -> list[_Row]:
    """Lines of one heading put together: a row goes on with the one above unless a cell above spans several of its cells."""
    merged: list[_Row] = []
    for row in rows:
        above = merged[-1] if merged else None
        if above is None or row.line.top - above.cells[-1].parts[-1].top > HEAD_STEP * row.line.size or not _fits(above, row):
            merged.append(row)
            continue
        for cell in row.cells:
            over = next((other for other in above.cells if other.column == cell.column and other.columns == cell.columns), None)
            if over is not None:
                over.parts += cell.parts
            else:
                above.cells.append(cell)
        above.cells.sort(key=lambda cell: cell.column)
    return merged


def _fits(above: _Row, below: _Row) -> bool:
    """Whether each cell below stands under one of the same columns, or under none."""
    for cell in below.cells:
        for other in above.cells:
            overlaps = cell.column < other.column + other.columns and other.column < cell.column + cell.columns
            if overlaps and (cell.column, cell.columns) != (other.column, other.columns):
                return False
    return True


def _merged_labels(rows: Sequence[_Row], columns: Sequence[Extent], page: PageText) -> list[_Row]:
    """Labels and cells that run over several lines put together, with the figures of the line that has them."""
    merged: list[_Row] = []
    ends = sorted((cell.x1 for row in rows for cell in row.cells if cell.column == 0), reverse=True)
    figures = columns[1][0] if len(columns) > 1 else columns[0][1]
    for place, row in enumerate(rows):
        above = merged[-1] if merged else None
        after = rows[place + 1] if place + 1 < len(rows) else None
        if above is not None and _goes_on(above, row, after, ends, figures, page):
            for cell in row.cells:
                over = next((other for other in above.cells if other.column == cell.column), None)
                if over is not None:
                    over.parts += cell.parts
                else:
                    above.cells.append(cell)
            above.cells.sort(key=lambda cell: cell.column)
            above.line = row.line
            above.pieces = above.pieces + row.pieces
        else:
            merged.append(row)
    return merged


def _goes_on(above: _Row, row: _Row, after: _Row | None, ends: Sequence[float], figures: float, page: PageText) -> bool:
    """Whether a row only goes on with the cells of the one above it."""
    step = row.line.top - above.line.top
    if not 0 < step < STEP * max(row.line.size, above.line.size) or row.line.bold != above.line.bold:
        return False
    filled = {cell.column for cell in above.cells}
    numbers = any(piece.figure for piece in row.pieces)
    if row.cells[0].column > 0 and filled == {0} and step < 0.9 * row.line.size:
        return True  # figures a little lower than their label
    if row.cells[0].column > 0:
        # No label: words that go on in columns that the row above fills.
        return not numbers and all(cell.column in filled for cell in row.cells) and len(above.cells) > 1
    if above.cells[0].column > 0:
        return False
    if numbers and any(piece.figure for piece in above.pieces[1:]):
        return False
    if len(row.cells) > 1 and len(above.cells) > 1:
        return False
    label, before = row.cells[0].parts[0], above.cells[0].parts[-1]
    text = page.text[before.words[0].start : before.words[-1].end]
    opening = page.text[label.words[0].start : label.words[0].end]
    if _CLOSED.search(text) and not opening[:1].islower() and not text.endswith(";"):
        return False
    if before.hyphen or _OPEN.search(text) or text.count("(") > text.count(")"):
        return True
    if opening[:1].islower():
        return True
    first = label.words[0]
    # A label that is broken reaches about as far as another does, or nearly up to the figures.
    right = ends[0] if before.x1 < ends[0] else figures - 2 * before.size
    reaches = before.x1 + 0.3 * before.size + first.x1 - first.x0 > right
    # Where the next row's label begins at the same place, the two stand side by side under the one above.
    alike = after is not None and after.cells[0].column == 0 and abs(after.cells[0].x0 - label.x0) < 0.3 * label.size
    return reaches and label.x0 > before.x0 + 0.4 * before.size and not alike


def _indents(rows: Sequence[_Row], size: float) -> dict[int, int]:
    """How deep each row's label is indented, by the left edges that labels have."""
    edges: list[float] = []
    for left in sorted(row.cells[0].x0 for row in rows):
        if not edges or left - edges[-1] > 0.4 * size:
            edges.append(left)
    return {id(row): sum(row.cells[0].x0 > edge + 0.4 * size for edge in edges) for row in rows}
