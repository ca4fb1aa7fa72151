"""`show`: one passage in its surroundings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from longdoc.cli.records import Line
from longdoc.cli.text import markdown, markdown_block, page, place, printable
from longdoc.cli.views.parts import unwrapped
from longdoc.types import Citation, Document, Span


@dataclass(frozen=True)
class Excerpt:
    """A cited passage with the text before and after it."""

    title: str
    citation: Citation
    before: str
    after: str


def excerpt(document: Document, span: Span, context: int) -> Excerpt:
    """The passage with about `context` characters on each side, cut at the edge of a word.

    Raises: GroundingError if the span holds no text.
    """
    citation = document.cite(span)
    start, end = max(0, span.start - context), min(len(document.text), span.end + context)
    before, after = document.text[start : span.start], document.text[span.end : end]
    if start > 0:
        before = "…" + re.sub(r"^\S*\s", "", before, count=1)
    if end < len(document.text):
        after = re.sub(r"\s\S*$", "", after, count=1) + "…"
    return Excerpt(title=document.title or os.path.basename(document.path), citation=citation, before=before, after=after)


class ShowView:
    """The item is an Excerpt."""

    columns = ("path", "start", "end", "page", "text", "heading_path", "before", "after")

    def lines(self, item: Excerpt) -> Iterator[Line]:
        """One record."""
        yield {
            "path": item.citation.path,
            "start": item.citation.span.start,
            "end": item.citation.span.end,
            "page": item.citation.page,
            "text": item.citation.quote,
            "heading_path": list(item.citation.heading_path),
            "before": item.before,
            "after": item.after,
        }

    def table(self, item: Excerpt, width: int) -> Iterator[Text]:
        """Where it stands, then the text with the passage between >> and <<, highlighted on a terminal."""
        citation = item.citation
        place_line = " · ".join(part for part in (printable(citation.path), page(citation), place(citation.span)) if part)
        yield unwrapped((printable(item.title), "bold"), "\n", (place_line, "dim"))
        if citation.heading_path:
            yield Text(" > ".join(printable(part) for part in citation.heading_path), style="cyan")
        yield Text()
        yield Text.assemble(_lines(item.before), (">>", "dim"), (_lines(citation.quote), "bold yellow"), ("<<", "dim"), _lines(item.after))

    def markdown(self, item: Excerpt) -> Iterator[str]:
        """A quotation with the passage in bold."""
        citation = item.citation
        yield f"## {markdown(item.title)}"
        yield ""
        yield markdown(", ".join(part for part in (citation.path, page(citation), " > ".join(citation.heading_path)) if part))
        yield ""
        before = f"{markdown_block(item.before)} " if item.before else ""
        yield f"> {before}**{markdown(citation.quote)}** {markdown(item.after)}"


def _lines(text: str) -> str:
    """Line breaks kept, the rest of each line made printable with its outer blanks."""
    return "\n".join(_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _line(line: str) -> str:
    inner = printable(line)
    if not inner:
        return " " if line else ""
    return (" " if line[0].isspace() else "") + inner + (" " if line[-1].isspace() else "")
