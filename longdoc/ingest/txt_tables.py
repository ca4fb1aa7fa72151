"""Tables of the plain text that EDGAR took in the nineties: `<TABLE>`, heads under `<CAPTION>`, figures under `<S>` and `<C>`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.figures import read_figure
from longdoc.ingest.tables import Cell, made_table
from longdoc.ingest.text_tables import find_cells
from longdoc.types import Block, Span, Table

_TABLE = re.compile(r"^<TABLE>[ \t]*\r?$(.*?)^</TABLE>", re.MULTILINE | re.DOTALL)
_NO_CELL = re.compile(r"</?(?:CAPTION|TABLE|S|C|PAGE)>|[-=_ ]+|[.\s]+")
_LEADERS = re.compile(r"(?:\s?\.){3,}\s*$|\.{2,}$")


def find_tables(text: str, blocks: Sequence[Block]) -> tuple[Table, ...]:
    """A Table for each stretch that is marked as one and holds figures; heads and body are one, although tags stand between them."""
    kept = [block.span for block in blocks if block.kind == "table"]
    tables = []
    for found in _TABLE.finditer(text):
        inside = [span for span in kept if found.start(1) <= span.start and span.end <= found.end(1)]
        if not inside:
            continue
        span = Span(start=inside[0].start, end=inside[-1].end)
        cells = _without_marks(text, find_cells(text, span)[0])
        if any(cell.column > 0 and read_figure(text[cell.start : cell.end]) is not None for cell in cells):
            tables.append(made_table(text, span, cells))
    return tuple(tables)


def _without_marks(text: str, cells: Sequence[Cell]) -> list[Cell]:
    """The cells that hold words or figures, without the dots that lead from a label to its figures; rows counted anew."""
    kept = [cell for cell in cells if _NO_CELL.fullmatch(text[cell.start : cell.end]) is None]
    rows = {row: number for number, row in enumerate(sorted({cell.row for cell in kept}))}
    trimmed: list[Cell] = []
    for cell in kept:
        leaders = _LEADERS.search(text[cell.start : cell.end])
        end = cell.start + leaders.start() if leaders and leaders.start() else cell.end
        before = trimmed[-1] if trimmed else None
        if before is not None and (before.row, before.column) == (rows[cell.row], cell.column):
            # A currency sign stands at the left edge of its column.
            trimmed[-1] = before._replace(end=end)
        else:
            trimmed.append(cell._replace(row=rows[cell.row], end=end))
    return trimmed
