"""Cuts a Document into chunks along its structure.

Blocks are first cut into units (a short block, a sentence, a table row); units are then packed. A chunk ends before
a heading, at a page break, or when it is full; it never crosses a section's start unless the section is tiny.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from longdoc.ingest.abbreviations import ends_abbreviated
from longdoc.types import Chunk, Document, Span

SMALLEST = 600
LARGEST = 1200
HARD_MAXIMUM = 1600
TINY = 200

# A sentence's last sign, what closes with it, and the space up to the next sentence.
_SENTENCE = re.compile(r"[.;:?!][\"”’)\]]*\s+(?=[\"“‘(\[A-Z0-9•])")
_LINE = re.compile(r"\n+")
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class _Unit:
    """A stretch that is not cut further. `opens` is how strongly it asks for a chunk of its own start:
    2 a heading or numbered clause, 1 a block, 0 the middle of a block. `page` counts pages and tables of contents passed: no chunk goes
    over either."""

    start: int
    end: int
    table: bool
    heading: bool
    opens: int
    page: int


def cut(document: Document) -> tuple[Chunk, ...]:
    """Chunks in reading order that cover every block of the running text; none is longer than 1600 characters."""
    units = list(_units(document))
    return tuple(
        Chunk(
            document_id=document.id,
            index=index,
            span=Span(start=group[0].start, end=group[-1].end),
            heading_path=document.heading_path(_first_of_running_text(group).start),
            kind=_kind(group),
        )
        for index, group in enumerate(_pack(units))
    )


def _kind(group: list[_Unit]) -> Literal["text", "table"]:
    return "table" if 2 * sum(unit.end - unit.start for unit in group if unit.table) > group[-1].end - group[0].start else "text"


def _first_of_running_text(group: list[_Unit]) -> _Unit:
    return next((unit for unit in group if not unit.heading), group[0])


def _units(document: Document) -> Iterator[_Unit]:
    pages = [page.span.start for page in document.pages]
    sections = {section.span.start for section in document.sections}
    passed = 0
    for block in document.blocks:
        if not block.running:
            passed += block.kind == "contents"
            continue
        table = block.kind in ("table", "code")
        opens = 2 if block.kind == "heading" or block.span.start in sections else 1
        for start, end in _pieces(document.text, block.span.start, block.span.end, table):
            yield _Unit(start, end, table, block.kind == "heading", opens, bisect_right(pages, start) + passed)
            opens = 0


def _pieces(text: str, start: int, end: int, table: bool) -> Iterator[tuple[int, int]]:
    """Sentences of a block, or rows of a table; what is still too long is cut at white space."""
    if not table and end - start <= TINY:
        yield start, end
        return
    begin = start
    for gap in (_LINE if table else _SENTENCE).finditer(text, start, end):
        if table or not ends_abbreviated(text, begin, gap.start() + 1):
            yield from _at_most(text, begin, gap.start() if table else _without_space(text, gap.end()))
            begin = gap.end()
    yield from _at_most(text, begin, end)


def _without_space(text: str, end: int) -> int:
    while text[end - 1].isspace():
        end -= 1
    return end


def _at_most(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LARGEST:
        position = start + LARGEST
        gaps = [gap for gap in _SPACE.finditer(text, start + SMALLEST, position)]
        if gaps:
            yield start, gaps[-1].start()
            start = gaps[-1].end()
        else:
            yield start, position
            start = position
    if end > start:
        yield start, end


def _pack(units: list[_Unit]) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    for unit in units:
        if group and _ends_before(unit, group):
            yield group
            group = []
        group.append(unit)
    if group:
        yield group


def _ends_before(unit: _Unit, group: list[_Unit]) -> bool:
    size = group[-1].end - group[0].start
    grown = unit.end - group[0].start
    if grown > HARD_MAXIMUM:
        return True
    if group[-1].heading and all(member.heading for member in group):
        # A heading goes with what stands under it.
        return unit.page != group[-1].page
    if unit.page != group[-1].page:
        return True
    if unit.table != group[-1].table and size >= TINY:
        return True
    if unit.opens == 2:
        return size >= SMALLEST or (unit.heading and size >= TINY)
    return grown > LARGEST and size >= (TINY if unit.opens else SMALLEST // 2)
