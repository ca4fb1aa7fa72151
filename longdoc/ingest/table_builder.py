"""Gathers blocks as TextBuilder does, and tables of which the format knows the cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from longdoc.ingest.tables import Cell, Entry, lay_out, made_table
from longdoc.ingest.text_builder import TextBuilder
from longdoc.types import Block, Span, Table


class TableBuilder(TextBuilder):
    """Append blocks with `add` and tables with `add_table`, then `finish_all`."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: list[tuple[Span, list[Cell]]] = []

    def add_table(self, rows: Sequence[Sequence[Entry]], heights: Mapping[tuple[int, int], int] | None = None) -> list[Cell]:
        """Append a table; its filled cells with offsets into the whole text. Rows of one cell each are paragraphs.

        `heights` are rows spanned by the cell at a row and column, where the entries do not tell.
        """
        content, cells = lay_out(rows)
        if not cells:
            return []
        if len({cell.row for cell in cells}) == len(cells):
            placed = []
            for cell in cells:
                span = self.add("paragraph", content[cell.start : cell.end])
                if span is not None:
                    placed.append(cell._replace(start=span.start, end=span.end))
            return placed
        span = self.add("table", content)
        if span is None:
            raise AssertionError("a table with cells has text")
        taller = heights or {}
        moved = [
            cell._replace(start=cell.start + span.start, end=cell.end + span.start, rows=taller.get((cell.row, cell.column), cell.rows))
            for cell in cells
        ]
        self._cells.append((span, moved))
        return moved

    def finish_all(self) -> tuple[str, list[Block], tuple[Table, ...]]:
        """The text, its blocks and its tables."""
        text, blocks = self.finish()
        return text, blocks, tuple(made_table(text, span, cells) for span, cells in self._cells)
