"""`summarize`: a summary per document, then what the folder holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, markdown_block, page, place, printable
from longdoc.cli.views.parts import heading, indent, markdown_heading
from longdoc.types import Citation, Overview, Statement, Summary

if TYPE_CHECKING:
    from longdoc_stores.corpus import Entry

FOLDER = "All documents"
SOURCES_SHOWN = 6
NAME_WIDTH = 40


@dataclass(frozen=True)
class Summarized:
    """One document and its summary."""

    entry: Entry
    summary: Summary


class SummarizeView:
    """The item is a Summarized, or the list of Overview that ends a run over several documents."""

    columns = records.SUMMARIZE

    def lines(self, item: Summarized | list[Overview]) -> Iterator[records.Line]:
        """One record a sentence; those of the overview have path null and citations."""
        yield from records.of_summary(item.summary) if isinstance(item, Summarized) else records.of_overview(item)

    def table(self, item: Summarized | list[Overview], width: int) -> Iterator[Text | Padding]:
        """Topics with their sentences, each with its page and the place that `show` takes."""
        if isinstance(item, Summarized):
            yield heading(item.entry)
            if item.summary.note:
                yield indent(Text(printable(item.summary.note), style="yellow"))
            for topic, statements in groupby(item.summary.sentences, key=lambda statement: statement.topic):
                if topic:
                    yield indent(Text(_heading(topic), style="bold cyan"))
                yield indent(_sentences(statements))
        else:
            yield Text(FOLDER, style="bold")
            yield indent(_overview(item))
        yield Text()

    def markdown(self, item: Summarized | list[Overview]) -> Iterator[str]:
        """Topics as headings, sentences as a list."""
        if isinstance(item, Summarized):
            yield from markdown_heading(item.entry)
            if item.summary.note:
                yield f"*{markdown(item.summary.note)}*"
                yield ""
            for topic, statements in groupby(item.summary.sentences, key=lambda statement: statement.topic):
                if topic:
                    yield f"### {markdown(_heading(topic))}"
                    yield ""
                for statement in statements:
                    yield f"- {markdown_block(statement.text)} [{page(statement.citation) or place(statement.citation.span)}]"
                yield ""
        else:
            yield f"## {FOLDER}"
            yield ""
            for overview in item:
                yield f"- {markdown_block(overview.text)} [{markdown(_sources(overview))}]"
            yield ""


def _sentences(statements: Iterable[Statement]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, style="green")
    table.add_column(no_wrap=True, style="dim")
    for statement in statements:
        table.add_row("•", Text(printable(statement.text)), page(statement.citation), place(statement.citation.span))
    return table


def _overview(statements: Iterable[Overview]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=1)
    for statement in statements:
        table.add_row("•", Text.assemble(printable(statement.text), "\n", (_sources(statement), "dim")))
    return table


def _heading(topic: str) -> str:
    return printable(topic[:1].upper() + topic[1:])


def _sources(overview: Overview) -> str:
    shown = [_source(citation) for citation in overview.citations[:SOURCES_SHOWN]]
    more = len(overview.citations) - len(shown)
    return "; ".join(shown) + (f"; {more} more" if more else "")


def _source(citation: Citation) -> str:
    name = printable(os.path.basename(citation.path))
    if len(name) > NAME_WIDTH:
        name = f"{name[: NAME_WIDTH // 2]}…{name[-NAME_WIDTH // 2 + 1 :]}"
    return f"{name} {page(citation) or place(citation.span)}"
