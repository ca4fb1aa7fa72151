"""Tables that are known by their text alone: tabs between cells, or cells that stand above each other in plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.figures import read_figure
from longdoc.ingest.cells import SIGN, Cell
from longdoc.ingest.columns import column_of, columns_under, find_columns
from longdoc.types import Span

_CELL = re.compile(r"[^\t\n\r]+")
_GAP_CELL = re.compile(r"\S+(?: \S+)*")
_LINE = re.compile(r"[^\r\n\f\x0b]+")
_RULE = re.compile(r"[-=_\u2500-\u257f+|]{3,}(?:\s[-=_+|]{3,})*|</?(?:TABLE|CAPTION|S|C)>.*")
_OPEN = re.compile(r"(?:\b(?:and|or|of|for|the|to|in|with|by|on|from|a|an|at|as)|[,&(-])$", re.IGNORECASE)
FEWEST_LEADERS = 3
"""Dots that lead from a label to its figures."""
CENTRED = 3.0
"""Characters that the middle of a heading may be off the middle of the columns that it heads."""


def find_cells(text: str, span: Span) -> tuple[list[Cell], list[int]]:
    """The cells of the lines of `span`, and how deep each row's label is indented where that can be told."""
    lines = [(found.start(), found.end()) for found in _LINE.finditer(text, span.start, span.end)]
    if any("\t" in text[start:end] for start, end in lines):
        rows = [[(cell.start(), cell.end()) for cell in _CELL.finditer(text, *line)] for line in lines]
        return _from_right([[_trimmed(text, *cell) for cell in row] for row in rows]), []
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


Placed = tuple[float, float, int, int]
"""A cell of a line of plain text: left and right edge in characters, start and end in the text."""


def _aligned(text: str, lines: Sequence[tuple[int, int]]) -> tuple[list[Cell], list[int]]:
    """Rows of plain text whose cells stand above each other, and how deep their labels are indented."""
    rows = [row for line in lines if (row := _placed(text, *line))]
    several = [row for row in rows if len(row) > 1]
    if not several:
        return [], []
    figures = [sum(read_figure(text[start:end]) is not None for _, _, start, end in row[1:]) for row in several]
    firm = [place for place, count in enumerate(figures) if count] or list(range(len(several)))
    columns = find_columns(
        [[(left, right) for left, right, _, _ in several[place]] for place in firm],
        [figures[place] + 0.5 * len(several[place]) for place in firm],
        0.0,
    )
    middle = (columns[1][0] + columns[-1][1]) / 2 if len(columns) > 1 else 0.0
    cells: list[Cell] = []
    lefts: list[float] = []
    for row in rows:
        if _goes_on(text, cells, row, columns):
            cells[-1] = cells[-1]._replace(end=row[0][3])
            row = row[1:]
        else:
            lefts.append(row[0][0])
        number, taken = len(lefts) - 1, -1 if not cells or cells[-1].row < len(lefts) - 1 else cells[-1].column
        for left, right, start, end in row:
            first = last = column_of(columns, (left, right))
            if len(row) == 1 and taken < 0 and left < columns[0][1]:
                first = last = 0
            elif len(row) == 1 and len(columns) > 2 and abs((left + right) / 2 - middle) <= CENTRED:
                first, last = 1, len(columns) - 1
            elif first > 0 and read_figure(text[start:end]) is None:
                first, last = columns_under(columns, (left, right), 6.0, 1)
            if first <= taken < len(columns) - 1:
                first, last = taken + 1, max(last, taken + 1)
            if first <= taken:
                cells[-1] = cells[-1]._replace(end=end)
                continue
            taken = last
            cells.append(Cell(number, first, 1, last - first + 1, start, end))
    labels = {cell.row for cell in cells if cell.column == 0}
    steps = sorted({left for number, left in enumerate(lefts) if number in labels})
    return cells, [steps.index(left) if number in labels else 0 for number, left in enumerate(lefts)]


def _placed(text: str, start: int, end: int) -> list[Placed]:
    """The cells of a line, without rules, leaders and signs of their own."""
    begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    row: list[Placed] = []
    for found in _GAP_CELL.finditer(text, start, end):
        content = found[0]
        label = content.rstrip(". ")
        leaders = content.count(".", len(label)) >= FEWEST_LEADERS
        stop = found.start() + len(label) if leaders else found.end()
        if _RULE.fullmatch(content) or stop <= found.start():
            continue
        if row and SIGN.fullmatch(text, row[-1][2], row[-1][3]):
            row[-1] = (row[-1][0], float(stop - begin), row[-1][2], stop)
        else:
            row.append((float(found.start() - begin), float(stop - begin), found.start(), stop))
    return row


def _goes_on(text: str, cells: Sequence[Cell], row: Sequence[Placed], columns: Sequence[tuple[float, float]]) -> bool:
    """Whether a row's label goes on with the one above, which stands alone in its row."""
    if not cells or row[0][0] >= columns[0][1]:
        return False
    last = cells[-1]
    if last.column > 0 or (len(cells) > 1 and cells[-2].row == last.row):
        return False
    return _OPEN.search(text[last.start : last.end]) is not None or text[row[0][2]].islower()
