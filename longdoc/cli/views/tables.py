"""`show --tables`: the tables of a document, as a person reads them and as cells with their figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rich.table import Table as Drawn
from rich.text import Text

from longdoc import tables
from longdoc.cli.records import Line
from longdoc.cli.text import markdown, place, printable
from longdoc.cli.views.parts import unwrapped
from longdoc.tables import Sheet
from longdoc.types import Document, Span

_SCALES = {1e3: "thousands", 1e6: "millions", 1e9: "billions", 1e12: "trillions"}


@dataclass(frozen=True)
class Shown:
    """A table of a document, counted from 1 within it."""

    path: str
    title: str
    number: int
    page: int | None
    section: str
    sheet: Sheet


def tables_of(document: Document, span: Span | None) -> Iterator[Shown]:
    """The tables of a document, or those that share text with `span`."""
    for number, table in enumerate(document.tables, 1):
        if span is not None and not table.span.overlaps(span):
            continue
        page = document.page_at(table.span.start)
        section = document.heading_path(table.span.start)
        yield Shown(
            path=document.path,
            title=document.title or os.path.basename(document.path),
            number=number,
            page=page.number if page else None,
            section=" > ".join(section),
            sheet=tables.read(document, table),
        )


class TablesView:
    """The item is a Shown table; a line of data is a cell."""

    columns = (
        "path", "table", "page", "row", "column", "rows", "columns", "header", "label", "heading", "text", "kind", "figure", "value",
        "unit", "start", "end",
    )  # fmt: skip

    def lines(self, item: Shown) -> Iterator[Line]:
        """One record a cell; `value` is the figure with the table's scale applied."""
        for cell in item.sheet.cells():
            yield {
                "path": item.path,
                "table": item.number,
                "page": item.page,
                "row": cell.row,
                "column": cell.column,
                "rows": cell.rows,
                "columns": cell.columns,
                "header": cell.header,
                "label": cell.label,
                "heading": cell.heading,
                "text": cell.text,
                "kind": cell.kind,
                "figure": _number(cell.figure),
                "value": _number(cell.value),
                "unit": cell.unit,
                "start": cell.span.start,
                "end": cell.span.end,
            }

    def table(self, item: Shown, width: int) -> Iterator[Drawn | Text]:
        """Where it stands and what its figures count in, then its rows; headings bold, figures to the right, labels indented."""
        table = item.sheet.table
        yield unwrapped((f"Table {item.number}", "bold"), (f" · {_about(item)}", "dim"))
        if item.section:
            yield Text(printable(item.section), style="cyan")
        drawn = Drawn(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        grid, figures = item.sheet.to_rows(), [0] * item.sheet.width
        for cell in item.sheet.cells():
            figures[cell.column] += 1 if cell.figure is not None else -1 if not cell.header else 0
        for column in range(item.sheet.width):
            # Labels are broken last: a column of them is as wide as a third of the screen before headings take room.
            longest = max((len(printable(row[0])) for row in grid[table.header_rows :]), default=0) if column == 0 else 0
            drawn.add_column(justify="right" if figures[column] > 0 else "left", overflow="fold", min_width=min(longest, width // 3))
        for number, row in enumerate(grid):
            indent = "  " * table.indents[number] if number < len(table.indents) else ""
            cells = [indent + printable(row[0]), *map(printable, row[1:])]
            drawn.add_row(*(Text(content, style="bold" if number < table.header_rows else "") for content in cells))
        yield drawn
        yield Text()

    def markdown(self, item: Shown) -> Iterator[str]:
        """A pipe table; several rows of headings are joined, since Markdown has but one."""
        yield f"**Table {item.number}** · {markdown(_about(item))}"
        yield ""
        grid, header = item.sheet.to_rows(), item.sheet.header_rows
        heads = [" ".join(part for part in column if part) for column in zip(*grid[:header], strict=True)] or [""] * item.sheet.width
        yield "| " + " | ".join(map(markdown, heads)) + " |"
        yield "|" + "---|" * item.sheet.width
        for row in grid[header:]:
            yield "| " + " | ".join(map(markdown, row)) + " |"
        yield ""


def _about(item: Shown) -> str:
    """`10k.pdf · p. 56 · USD in millions · 1200-1350`."""
    table = item.sheet.table
    scale = _SCALES.get(table.scale, "" if table.scale == 1.0 else f"{table.scale:,.0f}s")
    counted = " in ".join(part for part in (table.unit, scale) if part)
    page = f"p. {item.page}" if item.page else ""
    return " · ".join(part for part in (printable(item.path), page, counted, place(table.span)) if part)


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
