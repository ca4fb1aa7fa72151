"""`summarize`: the facts, the sentences and what was read of each document, then what the folder holds."""

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
from longdoc.cli.text import markdown, markdown_block, page, place, printable, shorten
from longdoc.cli.views.parts import grid, heading, indent, markdown_heading, markdown_table
from longdoc.types import Citation, FactTable, KeyFact, Overview, Statement, Summary
from longdoc_pipelines.facts.shown import grouped, name_of, since, told
from longdoc_pipelines.facts.shown import heading as named
from longdoc_pipelines.facts.shown import shown as value_of

if TYPE_CHECKING:
    from longdoc_stores.corpus import Entry

FOLDER = "All documents"
KEY_FACTS = "Key facts"
TOPICS = {"documents": "What is here", "difference": "What differs", "outlier": "What stands out", "told": "What they say"}
SOURCES_SHOWN = 6
NAME_WIDTH = 40
CELL_WIDTH = 28
"""Characters of a fact in a table of documents on a terminal."""


@dataclass(frozen=True)
class Summarized:
    """One document and its summary."""

    entry: Entry
    summary: Summary


class SummarizeView:
    """The item is a Summarized, or the list of Overview that ends a run over several documents."""

    columns = records.SUMMARIZE

    def lines(self, item: Summarized | list[Overview]) -> Iterator[records.Line]:
        """One record a sentence, the first of a document with its facts; those of the overview have path null and citations."""
        yield from records.of_summary(item.summary) if isinstance(item, Summarized) else records.of_overview(item)

    def reported(self, item: Summarized | list[Overview]) -> Summary | list[Overview]:
        """What reports take."""
        return item.summary if isinstance(item, Summarized) else item

    def table(self, item: Summarized | list[Overview], width: int) -> Iterator[Text | Padding]:
        """Facts, then topics with their sentences, each with its page and the place that `show` takes."""
        if isinstance(item, Summarized):
            yield heading(item.entry, _called(item))
            summary = item.summary
            if summary.note:
                yield indent(Text(printable(summary.note), style="yellow"))
            if summary.facts:
                yield indent(Text(KEY_FACTS, style="bold cyan"))
                yield indent(_facts(summary.facts))
            for topic, statements in groupby(summary.sentences, key=lambda statement: statement.topic):
                if topic:
                    yield indent(Text(_heading(topic), style="bold cyan"))
                yield indent(_sentences(statements))
            if summary.coverage is not None:
                yield indent(Text(printable(told(summary.coverage)), style="dim"))
        else:
            yield Text(FOLDER, style="bold")
            for topic, overviews in groupby(item, key=lambda overview: overview.topic):
                listed = list(overviews)
                yield indent(Text(TOPICS[topic], style="bold cyan"))
                yield indent(_overview(listed))
                for overview in listed:
                    if overview.table is not None:
                        yield indent(_fact_table(overview.table, width))
        yield Text()

    def markdown(self, item: Summarized | list[Overview]) -> Iterator[str]:
        """Facts as a table, topics as headings, sentences as a list."""
        if isinstance(item, Summarized):
            yield from self._of_document(item)
        else:
            yield f"## {FOLDER}"
            yield ""
            for topic, overviews in groupby(item, key=lambda overview: overview.topic):
                yield f"### {TOPICS[topic]}"
                yield ""
                tables = []
                for overview in overviews:
                    yield f"- {markdown_block(overview.text)} [{markdown(_sources(overview))}]"
                    tables += [overview.table] if overview.table is not None else []
                yield ""
                for table in tables:
                    names = [named(name, 1) for name in table.names]
                    rows = [
                        [markdown(_file(row.path)), *(markdown(_cell(row.facts.get(name, ()))) for name in table.names)]
                        for row in table.rows
                    ]
                    yield from markdown_table(["Document", *map(markdown, names)], rows)

    def _of_document(self, item: Summarized) -> Iterator[str]:
        summary = item.summary
        yield from markdown_heading(item.entry, _called(item))
        if summary.note:
            yield f"*{markdown(summary.note)}*"
            yield ""
        if summary.facts:
            yield f"### {KEY_FACTS}"
            yield ""
            rows = [
                [markdown(name) if first else "", markdown(_said(fact)), _where(fact.citation)]
                for name, facts in grouped(summary.facts)
                for first, fact in ((number == 0, fact) for number, fact in enumerate(facts))
            ]
            yield from markdown_table(["Fact", "Value", "Place"], rows)
        for topic, statements in groupby(summary.sentences, key=lambda statement: statement.topic):
            if topic:
                yield f"### {markdown(_heading(topic))}"
                yield ""
            for statement in statements:
                yield f"- {markdown_block(statement.text)} [{_where(statement.citation)}]"
            yield ""
        if summary.coverage is not None:
            yield f"*{markdown(told(summary.coverage))}*"
            yield ""


def _called(item: Summarized) -> str | None:
    """What a filing is called; other documents by their title or path."""
    return name_of(item.summary) if any(fact.name == "Form" for fact in item.summary.facts) else None


def _facts(facts: Iterable[KeyFact]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(style="bold", max_width=24)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, style="green")
    table.add_column(no_wrap=True, style="dim")
    for name, group in grouped(facts):
        for number, fact in enumerate(group):
            table.add_row(
                Text(printable(name) if number == 0 else ""), Text(printable(_said(fact))), page(fact.citation), place(fact.citation.span)
            )
    return table


def _said(fact: KeyFact) -> str:
    """The fact, with its period and the year before where it has them."""
    period = f" ({fact.period})" if fact.period else ""
    before = since(fact)
    return f"{value_of(fact)}{period}{f'; {before}' if before else ''}"


def _fact_table(facts: FactTable, width: int) -> Table:
    """Documents down, facts across, as many as the width holds."""
    fitting = facts.names[: max(1, (width - NAME_WIDTH) // (CELL_WIDTH // 2 + 2))]
    table = grid(("document", {"max_width": NAME_WIDTH}), *((named(name, 1).lower(), {"max_width": CELL_WIDTH}) for name in fitting))
    for row in facts.rows:
        cells = [shorten(printable(_cell(row.facts.get(name, ()))), CELL_WIDTH * 2) for name in fitting]
        table.add_row(Text(printable(_file(row.path))), *map(Text, cells))
    return table


def _cell(facts: Iterable[KeyFact]) -> str:
    return "; ".join(value_of(fact) for fact in facts)


def _sentences(statements: Iterable[Statement]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, style="green")
    table.add_column(no_wrap=True, style="dim")
    for statement in statements:
        table.add_row("•", _text(statement), page(statement.citation), place(statement.citation.span))
    return table


def _text(statement: Statement) -> Text:
    """The sentence, with what was put in dimmed."""
    text, end = Text(), 0
    for inserted in statement.inserted:
        text.append(printable(statement.text[end : inserted.start]))
        text.append(" " if statement.text[end : inserted.start][-1:] == " " else "")
        text.append(printable(statement.text[inserted.start : inserted.end]), style="dim italic")
        end = inserted.end
    rest = statement.text[end:]
    text.append(" " if end and rest[:1] == " " else "")
    return text.append(printable(rest))


def _overview(statements: Iterable[Overview]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=1)
    for statement in statements:
        table.add_row("•", Text.assemble(printable(statement.text), "\n", (_sources(statement), "dim")))
    return table


def _heading(topic: str) -> str:
    return printable(topic[:1].upper() + topic[1:])


def _where(citation: Citation) -> str:
    return page(citation) or place(citation.span)


def _sources(overview: Overview) -> str:
    shown = [_source(citation) for citation in overview.citations[:SOURCES_SHOWN]]
    more = len(overview.citations) - len(shown)
    return "; ".join(shown) + (f"; {more} more" if more else "")


def _source(citation: Citation) -> str:
    return f"{_file(citation.path)} {_where(citation)}"


def _file(path: str) -> str:
    name = printable(os.path.basename(path))
    return f"{name[: NAME_WIDTH // 2]}…{name[-NAME_WIDTH // 2 + 1 :]}" if len(name) > NAME_WIDTH else name
