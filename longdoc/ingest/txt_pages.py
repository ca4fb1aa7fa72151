"""Pages of the plain text that EDGAR took in the nineties: `<PAGE>` on a line of its own begins each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.types import Aside, Block, Page, Span

LONGEST_PAGE = 20_000
_PAGE = re.compile(r"^[ \t]*<PAGE>[ \t]*([\w-]{1,8})?[ \t]*\r?$", re.MULTILINE)
_NUMBER = re.compile(
    r"(?:page\s+)?[-\u2013\u2014\[(]?\s*((?:[A-Z]{1,2}-)?(?:\d{1,4}|[ivxl]{1,7}))\s*[-\u2013\u2014\])]?(?:\s+of\s+\d{1,4})?", re.IGNORECASE
)


def find_pages(text: str, blocks: Sequence[Block]) -> tuple[tuple[Page, ...], tuple[Aside, ...]]:
    """The pages, with the labels printed at their foot or head, and their numbers as asides; nothing where the text has no such marks."""
    marks = list(_PAGE.finditer(text))
    starts = [mark.start() for mark in marks]
    if not starts:
        return (), ()
    # What stands before the first mark is a page of its own.
    if text[: starts[0]].strip():
        starts, labels = [0, *starts], [None, *(mark[1] for mark in marks)]
    else:
        labels = [mark[1] for mark in marks]
    ends = [*starts[1:], len(text)]
    overlong = sum(end - start for start, end in zip(starts, ends, strict=True) if end - start > LONGEST_PAGE)
    if len(starts) < 2 or overlong * 4 > len(text):
        return (), ()
    pages, asides = [], []
    place = 0
    for number, (start, end, label) in enumerate(zip(starts, ends, labels, strict=True), 1):
        printed = label
        while place < len(blocks) and blocks[place].span.start < end:
            block = blocks[place]
            place += 1
            found = _NUMBER.fullmatch(text[block.span.start : block.span.end]) if block.kind == "furniture" else None
            if found is not None:
                printed = label or found[1]
                asides.append(Aside(kind="page_number", text=found[0], page=number, span=block.span, anchor=block.span.start))
        pages.append(Page(number=number, label=printed, span=Span(start=start, end=end)))
    return tuple(pages), tuple(asides)
