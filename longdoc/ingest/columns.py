"""Columns of a table from where its cells stand: in points on a page, or in characters of a line of plain text.

The rows with most cells say where the columns are; a cell of another row that reaches over several of them spans them. A heading
that is narrower than the columns it stands over is centred on them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

MOST_COLUMNS = 40
"""Columns up to which a heading is tried over every range of them."""
Extent = tuple[float, float]
"""Left and right edge."""


def find_columns(rows: Sequence[Sequence[Extent]], weights: Sequence[float], slack: float) -> list[Extent]:
    """The columns from left to right. `weights` say how well each row tells them, `slack` is by how much cells of two
    columns may overlap."""
    columns: list[Extent] = []
    for place in sorted(range(len(rows)), key=lambda place: (-weights[place], place)):
        row = rows[place]
        for order, (left, right) in enumerate(row):
            near = _near(columns, (left, right)) if columns else ()
            over = [index for index in near if min(columns[index][1], right) - max(columns[index][0], left) > slack]
            if len(over) > 1:
                continue
            if not over:
                columns.append((left, right))
                columns.sort()
                continue
            # A label that is alone in its row may reach far to the right, and says nothing of its column's width.
            if len(row) == 1 and order == 0:
                continue
            begin, end = columns[over[0]]
            grown = (min(begin, left), max(end, right))
            if grown == columns[over[0]]:
                continue
            neighbours = [columns[index] for index in _near(columns, grown) if index != over[0]]
            if all(min(other[1], grown[1]) - max(other[0], grown[0]) <= slack for other in neighbours):
                columns[over[0]] = grown
    return columns


def column_of(columns: Sequence[Extent], cell: Extent) -> int:
    """The column that shares most width with the cell, or that is nearest to it."""
    near = _near(columns, cell)
    if len(near) == 1:
        return near[0]
    return max(near, key=lambda index: min(columns[index][1], cell[1]) - max(columns[index][0], cell[0]))


def _near(columns: Sequence[Extent], cell: Extent) -> range:
    """The columns that a cell may touch, and one on each side."""
    first = max(0, bisect_right(columns, (cell[0], float("inf"))) - 2)
    last = first
    while last + 1 < len(columns) and columns[last][0] <= cell[1]:
        last += 1
    return range(first, last + 1)


def columns_under(columns: Sequence[Extent], heading: Extent, tolerance: float, first: int = 0, last: int | None = None) -> tuple[int, int]:
    """First and last column that a heading stands over, of those from `first` to `last`: the fewest that it is centred on within
    `tolerance`, or those that it reaches over."""
    last = len(columns) - 1 if last is None else last
    over = [
        index
        for index in _near(columns, heading)
        if first <= index <= last
        and (
            min(columns[index][1], heading[1]) - max(columns[index][0], heading[0]) > 0.25 * (columns[index][1] - columns[index][0])
            or columns[index][0] <= (heading[0] + heading[1]) / 2 <= columns[index][1]
        )
    ]
    if not over:
        nearest = min(max(column_of(columns, heading), first), last)
        over = [nearest]
    if last - first > MOST_COLUMNS:
        return over[0], over[-1]
    middle = (heading[0] + heading[1]) / 2
    best = (abs((columns[over[0]][0] + columns[over[-1]][1]) / 2 - middle), over[0], over[-1])
    for begin in range(first, over[0] + 1):
        for end in range(over[-1], last + 1):
            away = abs((columns[begin][0] + columns[end][1]) / 2 - middle)
            cost = away + 0.16 * tolerance * (end - begin - (over[-1] - over[0]))
            if away < tolerance and cost < best[0]:
                best = (cost, begin, end)
    return best[1], best[2]
