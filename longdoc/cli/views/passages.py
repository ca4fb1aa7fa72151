"""`search` and `ask`: passages with their places."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, markdown_block, page, place, printable, shorten
from longdoc.cli.views.parts import unwrapped
from longdoc.types import Answer, Citation, Passage, TableRow

LINES_OF_TEXT = 4
SHORT_WORD = 3
INDENT = 4
SCALES = {10**3: " thousand", 10**6: " million", 10**9: " billion"}
OPENS, CLOSES = "» ", " «"
"""Around the sentence that answers: bold is lost in a file, and to who cannot see it."""


class SearchView:
    """The item is a list of passages; the sentence that answers is marked in each, and the query's words."""

    columns = records.SEARCH

    def __init__(self, query: str) -> None:
        self.query = query

    def lines(self, item: Sequence[Passage]) -> Iterator[records.Line]:
        """One record a passage."""
        yield from map(records.of_result, item)

    def table(self, item: Sequence[Passage], width: int) -> Iterator[Text | Padding]:
        """Rank, where it stands, and its first lines, or those around the sentence that answers."""
        for passage in item:
            yield from _where(passage)
            text = _excerpt(passage, LINES_OF_TEXT * (width - INDENT))
            _mark(text, self.query)
            yield _indented(text)
            if passage.row is not None:
                yield _indented(Text(_columns(passage.row), style="green"))
            yield Text()
        if not item:
            yield Text("nothing found", style="dim")

    def markdown(self, item: Sequence[Passage]) -> Iterator[str]:
        """A numbered list, each passage whole, with the sentence that answers in bold."""
        for passage in item:
            yield f"{passage.rank}. **{_markdown_where(passage.citation)}**"
            yield ""
            before, marked, after = _parts(passage)
            bold = f"**{markdown(marked)}**" if marked else ""
            yield "   " + " ".join(part for part in (markdown_block(before), bold, markdown(after)) if part)
            yield ""
            if passage.row is not None:
                yield f"   {markdown(_columns(passage.row))}"
                yield ""
        if not item:
            yield "nothing found"


class AskView:
    """The item is an Answer."""

    columns = records.ASK

    def lines(self, item: Answer) -> Iterator[records.Line]:
        """The answer, then its citations."""
        yield from records.of_answer(item)

    def table(self, item: Answer, width: int) -> Iterator[Text | Padding]:
        """The answer, then the passages that it rests on."""
        yield Text(printable(item.text), style="bold" if item.found else "yellow")
        for step in _steps(item):
            yield _indented(Text(printable(step)))
        if item.rejected:
            yield Text(_rejected(item.rejected), style="dim")
        if item.passages:
            yield Text()
        for passage in item.passages:
            yield from _where(passage)
            yield _indented(Text(shorten(printable(passage.citation.quote), LINES_OF_TEXT * (width - INDENT))))

    def markdown(self, item: Answer) -> Iterator[str]:
        """The answer, then the passages as quotations."""
        yield f"**{markdown(item.question)}**"
        yield ""
        yield markdown_block(item.text)
        yield ""
        for step in _steps(item):
            yield f"- {markdown(step)}"
        if item.calculation:
            yield ""
        if item.rejected:
            yield f"*{_rejected(item.rejected)}*"
            yield ""
        for passage in item.passages:
            yield f"> {markdown_block(passage.citation.quote)}"
            yield f"> ({_markdown_where(passage.citation)})"
            yield ""


def _steps(answer: Answer) -> list[str]:
    """The steps of a calculation, a line each."""
    return answer.calculation.split("; ") if answer.calculation else []


def _rejected(count: int) -> str:
    return f"{'1 sentence was' if count == 1 else f'{count:,} sentences were'} left out: no place in the documents bears them out"


def _where(passage: Passage) -> Iterator[Text | Padding]:
    citation = passage.citation
    argument = shlex.quote(f"{printable(citation.path)}:{place(citation.span)}")
    number = page(citation)
    yield unwrapped((f"{passage.rank:>2}  ", "bold"), (argument, "cyan"), (f"  [{number}]" if number else "", "green"))
    if citation.heading_path:
        yield _indented(Text(" > ".join(printable(part) for part in citation.heading_path), style="dim"))


def _columns(row: TableRow) -> str:
    """A table's row in words: its label, and each figure with its scale and the heading of its column."""
    figures = (f"{cell.text}{SCALES.get(cell.scale, '')} ({cell.heading})" for cell in row.cells)
    return printable(f"{row.label}: {'; '.join(figures)}")


def _parts(passage: Passage) -> tuple[str, str, str]:
    """The passage before, in and after the sentence that answers; all of it is before where none does."""
    quote, marked = passage.citation.quote, passage.answer
    if marked is None:
        return quote, "", ""
    start, end = (offset - passage.citation.span.start for offset in (marked.span.start, marked.span.end))
    return quote[:start], quote[start:end], quote[end:]


def _excerpt(passage: Passage, width: int) -> Text:
    """At most `width` characters of the passage, the sentence that answers among them and in bold."""
    before, marked, after = (printable(part) for part in _parts(passage))
    if marked:
        marked = f"{OPENS}{marked}{CLOSES}"
    if marked and len(before) + len(marked) + len(after) > width:
        room = max(width - len(marked), 0) // 3  # the rest follows
        if len(before) > room:
            before = "…" + before[len(before) - room :].partition(" ")[2] if room else ""
    text = Text()
    for part, style in ((before, ""), (marked, "bold"), (after, "")):
        left = width - len(text)
        if part and left > 1:
            text.append(" " if len(text) else "")
            text.append(shorten(part, left), style)
    return text


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, INDENT))


def _markdown_where(citation: Citation) -> str:
    headings = " > ".join(citation.heading_path)
    parts = [citation.path, page(citation) or place(citation.span), headings]
    return markdown(", ".join(part for part in parts if part))


def _mark(text: Text, query: str) -> None:
    words = {re.escape(word) for word in re.findall(r"\w+", query) if len(word) > SHORT_WORD}
    if words:
        text.highlight_regex(rf"(?i)\b(?:{'|'.join(sorted(words))})\w*", "bold yellow")
