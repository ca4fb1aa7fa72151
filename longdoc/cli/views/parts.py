"""Pieces that several views share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from longdoc.cli.records import Line
from longdoc.cli.text import markdown, printable

if TYPE_CHECKING:
    from longdoc_stores.corpus import Entry


def plural(count: int, noun: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def facts(entry: Entry) -> str:
    """`legal · 12 pages`."""
    pages = [plural(entry.pages, "page")] if entry.pages else []
    return " · ".join([entry.domain, entry.format, *pages])


def title_of(entry: Entry) -> str:
    """The document's title, or its path where it has none."""
    return printable(entry.title or "") or printable(entry.path)


def unwrapped(*pieces: str | tuple[str, str]) -> Text:
    """Text whose lines are left whole, however long: a path that is broken in two cannot be copied."""
    return Text.assemble(*pieces, no_wrap=True)


def heading(entry: Entry, called: str | None = None) -> Text:
    """Two lines over a document's results: what it is `called` (default: its title), then path and facts."""
    return unwrapped((printable(called) if called else title_of(entry), "bold"), "\n", (f"{printable(entry.path)} · {facts(entry)}", "dim"))


def markdown_heading(entry: Entry, called: str | None = None) -> Iterator[str]:
    """The same as Markdown."""
    yield f"## {markdown(called or title_of(entry))}"
    yield ""
    yield f"{markdown(entry.path)} · {facts(entry)}"
    yield ""


def grid(*columns: str | tuple[str, dict[str, Any]]) -> Table:
    """A table without lines, its header dim; a column is its title, or title and rich's column settings."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        title, settings = (column, {}) if isinstance(column, str) else column
        table.add_column(title, **settings)
    return table


def indent(part: Table | Text | Padding) -> Padding:
    """Two columns in from the left."""
    return Padding(part, (0, 0, 0, 2))


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A pipe table and a blank line."""
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


class RowsView:
    """A view of flat records, one row each; for what needs no layout of its own."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns

    def lines(self, item: Sequence[Line]) -> Sequence[Line]:
        """The records themselves."""
        return item

    def table(self, item: Sequence[Line], width: int) -> Iterator[Table]:
        """One row a record."""
        table = grid(*(name.replace("_", " ") for name in self.columns))
        for line in item:
            table.add_row(*(Text(self._shown(line.get(name))) for name in self.columns))
        yield table

    def markdown(self, item: Sequence[Line]) -> Iterator[str]:
        """One row a record."""
        yield from markdown_table(self.columns, [[markdown(self._shown(line.get(name))) for name in self.columns] for line in item])

    def _shown(self, value: object) -> str:
        return "" if value is None else f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else printable(str(value))
