"""`extract`: the labelled passages of one document after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, markdown_block, page, place, printable, shorten
from longdoc.cli.views.parts import grid, heading, indent, markdown_heading, plural
from longdoc.types import Clause

if TYPE_CHECKING:
    from longdoc_stores.corpus import Entry

NOTHING = "nothing found"
SHOWN = 5
"""Passages of a label; the best come first."""
LINES_OF_TEXT = 2
LABEL_WIDTH = 26
VALUE_WIDTH = 18
GAP = 2
RAGGED = 4
"""What a line loses on average by breaking between words."""
UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day"}


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
            yield indent(clause_table(item.clauses, width))
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
            value = f"**{markdown(shown_value(clause))}** · " if shown_value(clause) else ""
            where = page(clause.citation) or place(clause.citation.span)
            text = markdown(clause.text) if value else markdown_block(clause.text)
            yield f"- {value}{text} [{where}] ({clause.score:.2f})"
            yield ""
        if not item.clauses:
            yield NOTHING
            yield ""


def clause_table(clauses: Sequence[Clause], width: int) -> Table:
    """Label, page, score, value where there is one, text and place; what no clause has gets no column."""
    paged = any(clause.citation.page is not None for clause in clauses)
    valued = any(shown_value(clause) for clause in clauses)
    table = grid(("label", {"max_width": LABEL_WIDTH}), *(["page"] if paged else []), "score")
    table.columns[-1].no_wrap = True
    if valued:
        table.add_column("value", max_width=VALUE_WIDTH)
    table.add_column("text", ratio=1)
    table.add_column("place", no_wrap=True)
    table.expand = True
    room = LINES_OF_TEXT * (max(20, width - _width_without_text(clauses, paged, valued)) - RAGGED)
    for label, found in groupby(clauses, key=lambda clause: clause.label):
        listed = list(found)
        for position, clause in enumerate(listed[:SHOWN]):
            table.add_row(
                Text("" if position else printable(label), style="bold"),
                *([page(clause.citation)] if paged else []),
                Text(f"{clause.score:.2f}" + ("" if clause.method == "trained" else "*")),
                *([Text(shorten(shown_value(clause), 2 * VALUE_WIDTH), style="cyan")] if valued else []),
                Text(shorten(printable(clause.text), room)),
                Text(place(clause.citation.span), style="dim"),
            )
        if len(listed) > SHOWN:
            blanks = [""] * (2 + paged + valued)
            table.add_row(*blanks, Text(f"{len(listed) - SHOWN} more; all formats but table list them", style="dim"), "")
    return table


def _width_without_text(clauses: Sequence[Clause], paged: bool, valued: bool) -> int:
    columns = [min(LABEL_WIDTH, max(len(clause.label) for clause in clauses)), len("0.00*")]
    columns.append(max(len(place(clause.citation.span)) for clause in clauses))
    if paged:
        columns.append(max(len(page(clause.citation)) for clause in clauses))
    if valued:
        columns.append(min(VALUE_WIDTH, max(len(shown_value(clause)) for clause in clauses)))
    return sum(columns) + GAP * (len(columns) + 1)


def shown_value(clause: Clause) -> str:
    """The value as a person says it: `3 years` for P3Y, `USD 1,500` for USD 1500; nothing where the passage itself says it."""
    if clause.value is None or clause.value.kind == "yes_no":
        return ""
    normalised = printable(clause.value.normalised)
    if normalised.casefold() == printable(clause.text).casefold():
        return ""
    if duration := re.fullmatch(r"P(\d+)([YMWD])", normalised):
        return plural(int(duration[1]), UNITS[duration[2]])
    if amount := re.fullmatch(r"([A-Z]{3}) (\d+)(\.\d+)?", normalised):
        return f"{amount[1]} {int(amount[2]):,}{amount[3] or ''}"
    return normalised
