"""Cells and headings of a PDF's table that run over several lines put together, and how deep labels are indented."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.ingest.columns import Extent
from longdoc.ingest.pdf_cells import GridCell, Row
from longdoc.ingest.pdf_page import PageText

HEAD_STEP = 2.4
"""Steps between lines, in line heights, beyond which a heading is another."""
STEP = 1.75
"""Steps between lines, in line heights, beyond which a cell does not go on."""

_OPEN = re.compile(r"(?:\b(?:and|or|of|for|the|to|in|with|by|on|from|a|an|at|per|as|which|that)|[,&(/\u2013\u2014-])$", re.IGNORECASE)
_CLOSED = re.compile(r"[:.;]$")


def merged_heads(rows: Sequence[Row]) -> list[Row]:
    """Lines of one heading put together: a row goes on with the one above unless a cell above spans several of its cells."""
    merged: list[Row] = []
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


def _fits(above: Row, below: Row) -> bool:
    """Whether each cell below stands under one of the same columns, or under none."""
    for cell in below.cells:
        for other in above.cells:
            overlaps = cell.column < other.column + other.columns and other.column < cell.column + cell.columns
            if overlaps and (cell.column, cell.columns) != (other.column, other.columns):
                return False
    return True


def merged_labels(rows: Sequence[Row], columns: Sequence[Extent], page: PageText) -> list[Row]:
    """Labels and cells that run over several lines put together, with the figures of the line that has them."""
    merged: list[Row] = []
    ends = sorted((cell.x1 for row in rows for cell in row.cells if cell.column == 0), reverse=True)
    for place, row in enumerate(rows):
        above = merged[-1] if merged else None
        after = rows[place + 1] if place + 1 < len(rows) else None
        if above is not None and _goes_on(above, row, after, ends, columns, page):
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


def _goes_on(above: Row, row: Row, after: Row | None, ends: Sequence[float], columns: Sequence[Extent], page: PageText) -> bool:
    """Whether a row only goes on with the cells of the one above it."""
    step = row.line.top - above.line.top
    if not 0 < step < STEP * max(row.line.size, above.line.size) or row.line.bold != above.line.bold:
        return False
    filled = {cell.column for cell in above.cells}
    numbers = any(piece.figure for piece in row.pieces)
    if row.cells[0].column > 0 and filled == {0} and step < 0.9 * row.line.size:
        return True  # figures a little lower than their label
    if row.cells[0].column > 0:
        # No label: words that go on in columns that the row above fills up to their right edges.
        return not numbers and len(above.cells) > 1 and all(_is_broken(above, cell, columns) for cell in row.cells)
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
    figures = columns[1][0] if len(columns) > 1 else columns[0][1]
    right = ends[0] if before.x1 < ends[0] else figures - 2 * before.size
    reaches = before.x1 + 0.3 * before.size + first.x1 - first.x0 > right
    # Where the next row's label begins at the same place, the two stand side by side under the one above.
    alike = after is not None and after.cells[0].column == 0 and abs(after.cells[0].x0 - label.x0) < 0.3 * label.size
    return reaches and label.x0 > before.x0 + 0.4 * before.size and not alike


def _is_broken(above: Row, cell: GridCell, columns: Sequence[Extent]) -> bool:
    """Whether the cell above ends where the first word of this one would not have fitted into the column."""
    over = next((other for other in above.cells if other.column == cell.column), None)
    if over is None:
        return False
    last, word = over.parts[-1], cell.parts[0].words[0]
    return last.x1 + 0.3 * last.size + word.x1 - word.x0 > columns[cell.column][1]


def indents(rows: Sequence[Row], size: float) -> dict[int, int]:
    """How deep each row's label is indented, by the left edges that labels have."""
    edges: list[float] = []
    for left in sorted(row.cells[0].x0 for row in rows):
        if not edges or left - edges[-1] > 0.4 * size:
            edges.append(left)
    return {id(row): sum(row.cells[0].x0 > edge + 0.4 * size for edge in edges) for row in rows}
