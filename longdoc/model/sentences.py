"""A document's sentences: nupunkt within each block, lists and numbered clauses cut at their items.

Legal text runs several numbered clauses together in one paragraph and one clause over a whole list, so a sentence is also cut
where a wide gap or a semicolon stands before an item number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from longdoc.types import Document

LONGEST = 2000
"""Characters after which a run without any sentence end is cut at the next place that will do."""

_PARAGRAPH = re.compile(r"(?:[^\n]|\n(?![ \t\r]*\n))+")
_ITEM = r"(?=\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)])"
_GAP = re.compile(r"(?<!\s)(?:\s{3,}" + _ITEM + r"|(?!(?<=[a-z,])[^\S\n]*\n[^\S\n]*\S)\s{3,}(?=[A-Z]))")
"""Not where an indented line goes on with what the line before it began."""
_CLAUSE = re.compile(r"(?<=[.;:])\s+(?=[0-9]{1,2}(?:\.[0-9]{1,2}){1,3}\.?\s+[A-Z\"“(])")
_LIST = re.compile(r";\s+(?:and\s+|or\s+|and/or\s+)?" + _ITEM)
_NUMBER_ALONE = re.compile(r"\s*\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s*")
"""An item's number, which belongs to what follows it."""
_BREATH = re.compile(r"[;:]\s|\n|\s{2,}|,\s")


def split(document: Document) -> npt.NDArray[np.int32]:
    """Spans [S, 2] of the document's sentences in order, without surrounding white space; what is not running text holds none."""
    spans: list[tuple[int, int]] = []
    for block in document.blocks:
        text = document.quote(block.span)
        if not block.running:
            continue
        pieces = _lines(text) if block.kind in ("table", "code") else _prose(text)
        spans.extend((block.span.start + start, block.span.start + end) for start, end in pieces)
    return np.array(spans, dtype=np.int32).reshape(-1, 2)


def split_text(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of running text."""
    return list(_prose(text))


def _prose(text: str) -> Iterator[tuple[int, int]]:
    from nupunkt import sent_spans

    for paragraph in _PARAGRAPH.finditer(text):
        marks: set[int] = set()
        for start, end in sent_spans(paragraph.group()):
            start, end = paragraph.start() + start, paragraph.start() + end
            marks.update((start, end))
            marks.update(start + found.end() for pattern in (_GAP, _CLAUSE, _LIST) for found in pattern.finditer(text[start:end]))
        number_at: int | None = None
        for left, right in pairwise(sorted(marks)):
            if _NUMBER_ALONE.fullmatch(text, left, right):
                number_at = left if number_at is None else number_at
                continue
            yield from _short(text, left if number_at is None else number_at, right)
            number_at = None
        if number_at is not None:
            yield from _short(text, number_at, paragraph.end())


def _lines(text: str) -> Iterator[tuple[int, int]]:
    for line in re.finditer(r"[^\n]+", text):
        yield from _short(text, line.start(), line.end())


def _short(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        breath = _BREATH.search(text, start + LONGEST // 2, end)
        cut = breath.end() if breath and breath.end() - start <= LONGEST else start + LONGEST
        yield from _stripped(text, start, cut)
        start = cut
    yield from _stripped(text, start, end)


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
