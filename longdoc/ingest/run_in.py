"""Clauses that stand one after another in one block: "... terms. 2. BACKGROUND. The parties ... 3. TERM. ...".

Text that lost its line breaks looks like this. A block is cut where numbers with captions count on; a number that does not
continue the count is left where it is.
"""

from __future__ import annotations

import re
from dataclasses import replace

from longdoc.ingest.headings import is_title
from longdoc.protocols import Parsed
from longdoc.types import Block, Span

SHORTEST_BLOCK = 1200
FEWEST = 3
_CANDIDATE = re.compile(r"(?<=[.;:)”\"])\s+(?=(\d{1,2})(?:\.(\d{1,2}))?[.)]?[\s\u00a0]+(\"?“?[A-Z][^.:;\n]{2,70})[.:])")


def split_run_in(parsed: Parsed) -> Parsed:
    """The same document with such blocks cut; spans other than those of the cut blocks are untouched."""
    cuts: dict[int, list[int]] = {}
    last: tuple[int, int] | None = None
    for index, block in enumerate(parsed.blocks):
        if block.kind != "paragraph":
            continue
        own = _number(parsed.text, block.span.start)
        if own is not None and (last is None or own > last):
            last = own
        if len(block.span) < SHORTEST_BLOCK:
            continue
        for found in _CANDIDATE.finditer(parsed.text, block.span.start, block.span.end):
            number = (int(found[1]), int(found[2] or 0))
            if is_title(found[3], share=0.7) and _counts_on(last, number):
                cuts.setdefault(index, []).append(found.end())
                last = number
    if sum(map(len, cuts.values())) < FEWEST:
        return parsed
    blocks: list[Block] = []
    for index, block in enumerate(parsed.blocks):
        starts = [block.span.start, *cuts.get(index, [])]
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            end = block.span.end if following is None else start + len(parsed.text[start:following].rstrip())
            blocks.append(Block(kind=block.kind, span=Span(start=start, end=end), level=block.level))
    return replace(parsed, blocks=tuple(blocks))


def _number(text: str, start: int) -> tuple[int, int] | None:
    found = re.match(r"(\d{1,2})(?:\.(\d{1,2}))?[.)]?\s", text[start : start + 8])
    return (int(found[1]), int(found[2] or 0)) if found else None


def _counts_on(last: tuple[int, int] | None, number: tuple[int, int]) -> bool:
    if last is None:
        return number in ((1, 0), (1, 1), (2, 0))
    return number in ((last[0], last[1] + 1), (last[0] + 1, 0), (last[0] + 1, 1))
