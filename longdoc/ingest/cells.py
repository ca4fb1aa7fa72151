"""The cells of a table, as a format knows them and as they stand in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

SIGN = re.compile(r"\(?\s*(?:US|C|A|HK|S)?[$€£¥₹]\s*\(?")
"""A currency sign that stands alone."""


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


def by_row(cells: Sequence[Cell]) -> list[list[Cell]]:
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    return [rows[number] for number in sorted(rows)]
