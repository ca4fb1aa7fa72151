"""The sentences of a document that a summary may quote, and how each reads."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from longdoc.model.wording import (
    ends_well,
    folded_words,
    leans_on_others,
    quotable_section,
    starts_well,
    trimmed,
    works_cited,
    worth_quoting,
)
from longdoc.protocols import Reading
from longdoc.types import Document, Span


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be quoted: its row in the reading, the span to quote, how it reads."""

    sentence: int
    span: Span
    text: str
    headings: tuple[str, ...]
    words: frozenset[str]
    cut: bool
    open_ended: bool
    leaning: bool
    works_cited: int


def quotable(document: Document, reading: Reading, longest: int) -> list[Candidate]:
    """The sentences of the running text that may stand alone in a summary, each cut to `longest` characters."""
    starts = [block.span.start for block in document.blocks]
    found = []
    for row, (start, end) in enumerate(reading.sentences.tolist()):
        block = document.blocks[bisect_left(starts, start + 1) - 1] if starts else None
        if block is not None and block.kind not in ("paragraph", "list_item"):
            continue
        if not starts_well(document.text[block.span.start if block is not None else start : start][-40:]):
            continue
        raw = document.text[start:end]
        left, right, cut = trimmed(raw, longest)
        text = " ".join(raw[left:right].split())
        if not worth_quoting(text):
            continue
        headings = document.heading_path(start)
        if not quotable_section(headings):
            continue
        span = Span(start=start + left, end=start + right)
        open_ended = not cut and not ends_well(text)
        manner = (cut, open_ended, leans_on_others(text), works_cited(text))
        found.append(Candidate(row, span, text, headings, folded_words(text), *manner))
    return found
