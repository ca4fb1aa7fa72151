"""`summarize`: a summary per document, then what the folder holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, page, place, printable
from longdoc.cli.views.parts import heading, indent, markdown_heading
from longdoc.types import Citation, Overview, Statement, Summary

if TYPE_CHECKING:
    from longdoc_stores.corpus import Entry

FOLDER = "All documents"


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
                    yield indent(Text(printable(topic), style="bold cyan"))
                for statement in statements:
                    yield indent(_bullet(statement.text, _where(statement)))
        else:
            yield Text(FOLDER, style="bold")
            for overview in item:
                yield indent(_bullet(overview.text, Text(_sources(overview), style="dim")))
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
                    yield f"### {markdown(topic)}"
                    yield ""
                for statement in statements:
                    yield f"- {markdown(statement.text)} [{page(statement.citation) or place(statement.citation.span)}]"
                yield ""
        else:
            yield f"## {FOLDER}"
            yield ""
            for overview in item:
                yield f"- {markdown(overview.text)} [{markdown(_sources(overview))}]"
            yield ""


def _where(statement: Statement) -> Text:
    number = page(statement.citation)
    return Text.assemble((f"[{number}] " if number else "", "green"), (place(statement.citation.span), "dim"))


def _bullet(text: str, where: Text) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column()
    table.add_row("•", Text.assemble(printable(text), " ", where))
    return table


def _sources(overview: Overview) -> str:
    return "; ".join(_source(citation) for citation in overview.citations[:5]) + ("; …" if len(overview.citations) > 5 else "")


def _source(citation: Citation) -> str:
    return f"{printable(citation.path)} {page(citation) or place(citation.span)}"
