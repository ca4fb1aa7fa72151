"""`extract`: the labelled passages of one document after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, page, place, printable, shorten
from longdoc.cli.views.parts import grid, heading, indent, markdown_heading
from longdoc.types import Clause

if TYPE_CHECKING:
    from longdoc_stores.corpus import Entry

NOTHING = "nothing found"
LINES_OF_TEXT = 2
WITHOUT_TEXT = 62
"""Columns that label, page, score, value and place take together."""


@dataclass(frozen=True)
class Found:
    """One document and its clauses."""

    entry: Entry
    clauses: list[Clause]


class ExtractView:
    """The item is a Found."""

    columns = records.EXTRACT

    def lines(self, item: Found) -> Iterator[records.Line]:
        """One record a clause."""
        yield from map(records.of_clause, item.clauses)

    def table(self, item: Found, width: int) -> Iterator[Text | Padding]:
        """Title, then label, page, score, text and the place that `show` takes."""
        yield heading(item.entry)
        if not item.clauses:
            yield indent(Text(NOTHING, style="dim"))
        else:
            table = grid(
                ("label", {"max_width": 26}), ("page", {"no_wrap": True}), "score", ("text", {"ratio": 1}), ("place", {"no_wrap": True})
            )
            table.expand = True
            room = LINES_OF_TEXT * max(20, width - WITHOUT_TEXT)
            previous = None
            for clause in item.clauses:
                value = f"{printable(clause.value.normalised)}  " if clause.value else ""
                table.add_row(
                    Text("" if clause.label == previous else printable(clause.label), style="bold"),
                    page(clause.citation),
                    Text(f"{clause.score:.2f}" + ("" if clause.method == "trained" else "*")),
                    Text.assemble((value, "cyan"), shorten(printable(clause.text), room - len(value))),
                    Text(place(clause.citation.span), style="dim"),
                )
                previous = clause.label
            yield indent(table)
            if any(clause.method == "matched" for clause in item.clauses):
                yield indent(Text("* matched by description, not trained: read the score as an order", style="dim"))
        yield Text()

    def markdown(self, item: Found) -> Iterator[str]:
        """A list per label, each passage whole, with its page."""
        yield from markdown_heading(item.entry)
        previous = None
        for clause in item.clauses:
            if clause.label != previous:
                yield f"### {markdown(clause.label)}"
                yield ""
            previous = clause.label
            value = f"**{markdown(clause.value.normalised)}** · " if clause.value else ""
            where = page(clause.citation) or place(clause.citation.span)
            yield f"- {value}{markdown(clause.text)} [{where}] ({clause.score:.2f})"
            yield ""
        if not item.clauses:
            yield NOTHING
            yield ""
