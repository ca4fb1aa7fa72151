"""A row of a table with its label and the headings of its columns, read at a place in the text."""

from __future__ import annotations

from longdoc import tables
from longdoc.types import Document, RowCell, Span, TableRow
from longdoc_pipelines.answers.writing import plain


def row_at(document: Document, span: Span) -> TableRow | None:
    """The row that `span` lies in or covers the beginning of, None where there is no table, or the row has no cells under headings."""
    table = next((table for table in document.tables if table.span.overlaps(span)), None)
    if table is None:
        return None
    for row in tables.read(document, table).rows:
        inside = [cell for cell in row if cell.span.overlaps(span)]
        cells = tuple(_cell(cell) for cell in inside if cell.heading and not cell.header)
        if cells:
            return TableRow(label=next((cell.label for cell in inside if cell.label), ""), cells=cells)
    return None


def _cell(cell: tables.Cell) -> RowCell:
    if cell.value is None or cell.kind != "amount":
        return RowCell(heading=cell.heading, text=cell.text)
    return RowCell(heading=cell.heading, text=cell.text, value=plain(cell.value), unit=cell.unit, scale=int(cell.scale))
