"""What of a document is put before a language model, by what fits.

    whole     the document first and the question last, so that all questions about it share one prefix
    retrieve  the question's passages in the document's order, and a line on each section that they leave out
    tree      parts that follow the sections, one request each, with a line on what came before

Axis legend: S sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from longdoc.model.hostile import neutralised
from longdoc.protocols import Source
from longdoc.types import Chunk, Document, Span

SLACK = 64
"""Tokens that a chat template may add to a prompt."""
_LINE = 240
"""Characters of a line on a section that is left out."""

Count = Callable[[str], int]


@dataclass(frozen=True)
class Part:
    """A stretch of a document that follows its sections: where it is, and the headings that it covers."""

    span: Span
    headings: tuple[str, ...]


def whole(document: Document) -> str:
    """The document between marks."""
    return f'<document name="{named(document)}">\n{neutralised(document.running())}\n</document>'


def fits_whole(document: Document, room: int, count: Count) -> tuple[bool, str]:
    """Whether the document takes at most `room` tokens, and that with both numbers."""
    # No tokenizer makes more tokens than there are bytes; a clear case needs no count.
    if len(document.text) > 12 * room:
        return False, f"{len(document.text):,} characters are more than {room:,} tokens hold"
    tokens = count(whole(document))
    return tokens <= room, f"{tokens:,} tokens, {room:,} fit"


def retrieve(sources: Sequence[tuple[Source, Sequence[Span]]], room: int, count: Count) -> tuple[str, tuple[tuple[int, Span], ...]]:
    """The spans that were found in each document, best first, as many as fit into `room` tokens, in the document's order, and a line
    on each section left out while there is room; and what is shown, as (number of the document, span)."""
    left, taken = room - SLACK, [list[Span]() for _ in sources]
    depth = max((len(spans) for _, spans in sources), default=0)
    for rank in range(depth):
        for number, (source, spans) in enumerate(sources):
            if rank >= len(spans):
                continue
            cost = count(passage(source.document, spans[rank]))
            if cost <= left:
                left -= cost
                taken[number].append(spans[rank])
    parts = []
    for (source, _), spans in zip(sources, taken, strict=True):
        if not spans:
            continue
        ordered = sorted(spans, key=lambda span: span.start)
        body = "\n".join(passage(source.document, span) for span in ordered)
        rest = ""
        for line in lines(source, ordered):
            cost = count(line) + 1
            if cost > left // 2:
                break
            left -= cost
            rest += f"{line}\n"
        outline = f"<outline>\n{rest}</outline>\n" if rest else ""
        parts.append(f'<document name="{named(source.document)}">\n{outline}{body}\n</document>')
    return "\n".join(parts), tuple((number, span) for number, spans in enumerate(taken) for span in spans)


def passage(document: Document, span: Span) -> str:
    """A passage between marks, with its page and headings."""
    page = document.page_at(span.start)
    where = f' page="{page.number}"' if page else ""
    headings = " > ".join(document.heading_path(span.start))
    under = f' under="{escape(neutralised(headings))}"' if headings else ""
    return f"<passage{where}{under}>\n{neutralised(document.quote(span))}\n</passage>"


def lines(source: Source, shown: Sequence[Span]) -> Iterator[str]:
    """For each section of which nothing is shown: its headings and its most salient sentence."""
    document = source.document
    told: dict[str, tuple[float, str]] = {}
    for (start, end), salience in zip(source.reading.sentences.tolist(), source.reading.salience.tolist(), strict=True):
        heading = " > ".join(document.heading_path(start)[:2])
        if any(span.start < end and start < span.end for span in shown):
            told[heading] = (np.inf, "")
        elif salience > told.get(heading, (-1.0, ""))[0]:
            told[heading] = (salience, line(document.text[start:end]))
    for heading, (_, said) in told.items():
        if said:
            yield neutralised(f"{heading}: {said}" if heading else said)


def line(text: str) -> str:
    """Text on one line, cut where it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LINE else flat[: flat.rfind(" ", 0, _LINE)] + " …"


def tree(source: Source, room: int, count: Count) -> list[Part]:
    """The whole document as parts of at most `room` tokens that begin where sections do, when that leaves none too small."""
    document, parts = source.document, list[Part]()
    group: list[Chunk] = []
    used = 0
    for chunk in source.chunks:
        cost = count(document.quote(chunk.span)) + 2
        begins = bool(group) and chunk.heading_path[:1] != group[-1].heading_path[:1]
        if group and (used + cost > room or (begins and used > room // 2)):
            parts.append(_part(document, group))
            group, used = [], 0
        group.append(chunk)
        used += cost
    return [*parts, _part(document, group)] if group else parts


def _part(document: Document, group: Sequence[Chunk]) -> Part:
    headings = tuple(dict.fromkeys(" > ".join(chunk.heading_path) for chunk in group))
    return Part(Span(start=group[0].span.start, end=group[-1].span.end), headings)


def before(source: Source, parts: Sequence[Part], most: int) -> list[str]:
    """For each part a running summary of those before it: the most salient sentence of each of the latest `most`."""
    said: list[str] = []
    sentences, salience = source.reading.sentences, source.reading.salience
    for part in parts:
        inside = np.flatnonzero((sentences[:, 0] >= part.span.start) & (sentences[:, 1] <= part.span.end))
        best = int(inside[salience[inside].argmax()]) if len(inside) else None
        said.append("" if best is None else line(source.document.text[sentences[best, 0] : sentences[best, 1]]))
    told = [[text for text in said[max(0, number - most) : number] if text] for number in range(len(parts))]
    return [neutralised("".join(f"- {text}\n" for text in some)) for some in told]


def named(document: Document) -> str:
    """The file's name, fit for a mark."""
    return escape(neutralised(document.path.rsplit("/", 1)[-1]))
