"""The lines of a PDF's table as a grid: cells in columns, wrapped cells put together, headings over the columns that they head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from longdoc.figures import find_scale
from longdoc.ingest.columns import Extent, column_of, columns_under, find_columns
from longdoc.ingest.pdf_cells import DIGITS, FIGURE_GAP, SIGN, YEAR, Grid, GridCell, GridRow, Piece, Row, piece_of, pieces_of
from longdoc.ingest.pdf_page import Line, PageText, Word
from longdoc.ingest.pdf_wraps import indents, merged_heads, merged_labels
from longdoc.ingest.tables import is_tabular

USUAL_SPACE = 0.33
"""Between words, in line heights, at most, where letters are of different widths."""

WIDEST = 200
"""Cells in a row beyond which it is none of a table."""
FEWEST_FIRM = 5
"""One row of so many must hold figures for the columns to be taken from such rows alone."""
_DAY = re.compile(r"\d{1,2},")


def make_grid(page: PageText, lines: Sequence[Line]) -> Grid:
    """The grid of a table's lines."""
    width = _space(lines)
    rows = [Row(line, pieces_of(page, line, width)) for line in _by_height(lines)]
    texts = [[piece.text for piece in row.pieces] for row in rows]
    if max(map(len, texts)) > WIDEST or not is_tabular(texts):
        return _as_lines(lines)
    size = sorted(row.line.size for row in rows)[len(rows) // 2]
    columns = _columns(rows, size)
    for row in rows:
        row.pieces = [part for piece in row.pieces for part in _cut(page, piece, columns, size, width)]
    header = _header_rows(rows)
    for place, row in enumerate(rows):
        _place(row, columns, size, place < header)
    heads = merged_heads(rows[:header])
    body = merged_labels(rows[header:], columns, page)
    levels = indents([row for row in body if row.cells and row.cells[0].column == 0], size)
    grid = [GridRow(row.cells) for row in heads] + [GridRow(row.cells, levels.get(id(row), 0)) for row in body]
    return Grid(grid, len(heads) if any(row.figures for row in rows) else None)


def _as_lines(lines: Sequence[Line]) -> Grid:
    rows = []
    for line in lines:
        parts = line.cells or [line.words]
        rows.append(GridRow([GridCell(place, 1, [_line_of(line, words)]) for place, words in enumerate(parts)]))
    return Grid(rows, 0, tabular=False)


def _space(lines: Sequence[Line]) -> float:
    """How much wider than usual the spaces between words are: 1 for most fonts, more where all letters are equally wide."""
    words = [(line.size, word) for line in lines for word in line.words if word.end - word.start >= 4][:60]
    widths = sorted((word.x1 - word.x0) / (word.end - word.start) / size for size, word in words)
    if len(widths) < 4 or widths[-len(widths) // 10 - 1] > 1.04 * widths[len(widths) // 10]:
        return 1.0
    return max(1.0, widths[len(widths) // 2] / USUAL_SPACE)


def _by_height(lines: Sequence[Line]) -> list[Line]:
    """Lines from top to bottom, those at one height joined: cells may come one after the other, each over several lines."""
    if all(after.top > before.top + 0.5 * before.size for before, after in pairwise(lines)):
        return list(lines)
    rows: list[Line] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom, line.x0)):
        last = rows[-1] if rows else None
        if last is not None and abs((line.top + line.bottom) - (last.top + last.bottom)) < 0.8 * min(line.size, last.size):
            words = sorted([*last.words, *line.words], key=lambda word: word.x0)
            rows[-1] = replace(
                last,
                words=words,
                x0=min(last.x0, line.x0),
                x1=max(last.x1, line.x1),
                top=min(last.top, line.top),
                bottom=max(last.bottom, line.bottom),
                scattered=True,
                plain=False,
                hyphen=False,
            )
        else:
            rows.append(line)
    return rows


def _columns(rows: Sequence[Row], size: float) -> list[Extent]:
    """Where the columns are: rows of figures say it, and where there are few, rows of words."""
    header = _header_rows(rows)
    # A heading stands over its columns, and does not say how wide they are; in a table of words all rows say it.
    firm = [row for row in rows[header:] if row.figures]
    if len(firm) * FEWEST_FIRM < len(rows):
        firm = list(rows)
    extents = [[piece.extent for piece in row.pieces] for row in firm]
    return find_columns(extents, [row.figures + 0.5 * len(row.pieces) for row in firm], 0.15 * size)


def _cut(page: PageText, piece: Piece, columns: Sequence[Extent], size: float, width: float) -> list[Piece]:
    """A piece whose words stand over several columns with more than a plain space where one ends: one piece a column. A figure behind
    a label that reaches up to it is known by the column that it ends with."""
    if piece.figure or len(piece.words) < 2:
        return [piece]
    parts = [[piece.words[0]]]
    for place in range(1, len(piece.words)):
        before, word = piece.words[place - 1], piece.words[place]
        gap = word.x0 - before.x1
        between = any(left[1] <= word.x0 + 0.3 * size and before.x1 <= right[0] + 0.3 * size for left, right in pairwise(columns))
        apart = gap > FIGURE_GAP * size * width and between and _column(columns, before) != _column(columns, word)
        if apart or (gap > 0.15 * size * width and _is_last_figure(page, piece.words[place:], columns, size)):
            parts.append([word])
        else:
            parts[-1].append(word)
    return [piece] if len(parts) == 1 else [piece_of(page, words) for words in parts]


def _is_last_figure(page: PageText, words: list[Word], columns: Sequence[Extent], size: float) -> bool:
    """Whether words are a figure ("$ 2,210.8") that ends where a column of figures does."""
    *signs, digits = page.said(words)
    if (
        len(signs) > 1
        or not all(map(SIGN.fullmatch, signs))
        or not DIGITS.fullmatch(digits)
        or YEAR.fullmatch(digits)
        or digits.endswith(",")
    ):
        return False
    return any(abs(words[-1].x1 - right) < 0.5 * size and words[0].x0 > left - 0.5 * size for left, right in columns[1:])


def _column(columns: Sequence[Extent], word: Word) -> int:
    return column_of(columns, (word.x0, word.x1))


def _header_rows(rows: Sequence[Row]) -> int:
    """Rows above the first one with a figure that is no year, or that only names what follows; 0 if no column is named."""
    figures = min((piece.extent[0] for row in rows for piece in row.pieces[1:] if piece.figure), default=float("inf"))
    if figures == float("inf"):
        return 0
    named = False
    for place, row in enumerate(rows):
        first = row.pieces[0]
        data = any(piece.figure and not YEAR.fullmatch(piece.text) and not _DAY.fullmatch(piece.text) for piece in row.pieces[1:])
        if data or (row.figures and not row.years and not named):
            return place if named else 0
        if named and len(row.pieces) == 1 and first.extent[1] < figures and find_scale(first.text) is None:
            return place
        named = named or row.years or len(row.pieces) > 1 or first.extent[0] > figures - row.line.size
    return 0


def _place(row: Row, columns: Sequence[Extent], size: float, header: bool) -> None:
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


def _is_centred(row: Row, piece: Piece, columns: Sequence[Extent], size: float) -> bool:
    """Whether a heading is alone in its row, in the middle of all columns: it heads them all."""
    others = [other for other in row.pieces if other is not piece and other.extent[1] > columns[1][0]] if len(columns) > 3 else [piece]
    middle = (columns[1][0] + columns[-1][1]) / 2 if len(columns) > 1 else 0.0
    return not others and abs((piece.extent[0] + piece.extent[1]) / 2 - middle) < 1.5 * size


def _line_of(line: Line, words: Sequence[Word]) -> Line:
    """A part of a line as a line of its own."""
    scattered = line.scattered or any(not 0 <= after.start - before.end <= 3 for before, after in pairwise(words))
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    hyphen = line.hyphen and words[-1] is line.words[-1]
    x0, x1 = words[0].x0, words[-1].x1
    return Line(words, line.page, x0, x1, top, bottom, line.size, line.weight, line.bold, hyphen, scattered=scattered, spaced=line.spaced)
