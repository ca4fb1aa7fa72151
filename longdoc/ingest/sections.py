"""The section tree: Part > Article or Item > 1 > 1.1 > (a) > (i); headings without number stand between.

Each open section has a rank; a new heading closes all sections of its rank or deeper. Ranks of parts, articles and
decimals are fixed, those of letters and Roman numerals follow from where they first appear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from longdoc.ingest.headings import is_title
from longdoc.ingest.numbering import Number, read_number
from longdoc.types import Block, Section, Span

_FIXED = {"annex": 0.0, "part": 1.0, "article": 2.0, "item": 2.0, "note": 3.5, "section": 3.0, "single": 3.0, "decimal": 3.0}
_CAPTION = re.compile(r"[^\w]*([^.:;\n]{2,90}?)(?:[.:](?=\s|$)|\s[-–—]\s|[.:](?=[A-Z]))")
_NAMED = {"annex", "part", "article", "item", "note", "section"}
UNNUMBERED_CAPITALS = 3.0
UNNUMBERED = 3.5


@dataclass(slots=True)
class _Open:
    index: int
    rank: float
    number: Number | None
    firm: bool


@dataclass(slots=True)
class _Found:
    parent: int | None
    depth: int
    number: str | None
    title: str
    heading: Span
    end: int


def find_sections(text: str, blocks: Sequence[Block], firm_levels: bool = False) -> tuple[Section, ...]:
    """Sections in reading order; each spans from its heading to the next heading that is not below it.

    `firm_levels`: the blocks' levels are the file's own and not guessed, so a numbered paragraph never closes a heading.
    """
    tree = _Tree(text, firm_levels)
    for block in blocks:
        if block.kind in ("heading", "paragraph", "list_item"):
            tree.add(block)
    return tuple(
        Section(
            index=index,
            parent=entry.parent,
            level=entry.depth,
            number=entry.number,
            title=entry.title,
            heading=entry.heading,
            span=Span(start=entry.heading.start, end=entry.end),
        )
        for index, entry in enumerate(tree.found)
    )


class _Tree:
    """Sections found so far and the stack of those that are open."""

    def __init__(self, text: str, firm_levels: bool) -> None:
        self.text = text
        self.firm_levels = firm_levels
        self.found: list[_Found] = []
        self.stack: list[_Open] = []

    def add(self, block: Block) -> None:
        """Open a section if the block begins one; two where "1. Term. (a) ..." begins two."""
        start, end = block.span.start, block.span.end
        content = self.text[start:end]
        heading = block.kind == "heading"
        readings = read_number(content, heading=heading)
        if not readings and not heading:
            return
        number = _choose(readings, self.stack) if readings else None
        if number is not None and not heading and number.kind in _NAMED and content[number.end : number.end + 1].islower():
            # "Article II survives the end" is a sentence.
            return
        title, length = _title(content, number, heading)
        rank = _place(self.stack, number, block, content)
        if self.firm_levels:
            if heading and block.level is not None:
                rank = 1.0 + block.level
            elif not heading:
                rank = max([rank, *(entry.rank + 0.25 for entry in self.stack if entry.firm)])
        self._open(rank, number, title, Span(start=start, end=start + length), firm=self.firm_levels and block.level is not None)
        if number is None or length >= len(content) or number.kind.endswith("("):
            return
        begin = start + length + len(content[length:]) - len(content[length:].lstrip())
        first = [reading for reading in read_number(self.text[begin:end]) if reading.kind.endswith("(") and reading.values == (1,)]
        if first:
            inner, length = _title(self.text[begin:end], first[0], False)
            self._open(self.stack[-1].rank + 0.25, first[0], inner, Span(start=begin, end=begin + length))

    def _open(self, rank: float, number: Number | None, title: str, heading: Span, firm: bool = False) -> None:
        for entry in self.stack:
            if entry.rank >= rank:
                self.found[entry.index].end = min(self.found[entry.index].end, heading.start)
        self.stack = [entry for entry in self.stack if entry.rank < rank]
        parent = self.stack[-1].index if self.stack else None
        self.found.append(_Found(parent, len(self.stack) + 1, number.text if number else None, title, heading, len(self.text)))
        self.stack.append(_Open(len(self.found) - 1, rank, number, firm))


def _choose(readings: list[Number], stack: list[_Open]) -> Number:
    """Of two readings of "(i)", the one that goes on from an open section; else Roman for i, v, x, letter for c, d, l, m."""
    if len(readings) == 1:
        return readings[0]
    for entry in reversed(stack):
        for reading in readings:
            if entry.number is not None and entry.number.kind == reading.kind and reading.values[0] == entry.number.values[0] + 1:
                return reading
    letter, numeral = readings
    return numeral if letter.text.strip("().").lower() in ("i", "v", "x", "ii") else letter


def _place(stack: list[_Open], number: Number | None, block: Block, content: str) -> float:
    """The rank of a new heading among the open ones."""
    if number is None:
        if block.level is not None:
            return 1.0 + block.level
        capitals = content.isupper() and len(content) > 3
        return UNNUMBERED_CAPITALS if capitals else UNNUMBERED
    if number.kind == "annex" and not any(entry.number for entry in stack):
        # "Exhibit 10.3" above the first numbered heading is the label of the document itself.
        return UNNUMBERED
    if number.kind in ("annex", "part", "article", "item"):
        return _FIXED[number.kind]
    if number.kind == "decimal":
        return _place_decimal(stack, number)
    return _place_by_sequence(stack, number)


def _place_decimal(stack: list[_Open], number: Number) -> float:
    depth = len(number.values)
    for entry in reversed(stack):
        if entry.number is None:
            continue
        if entry.number.kind == "decimal" and len(entry.number.values) == depth:
            return entry.rank
        if entry.number.values == number.values[:-1] and entry.number.kind in ("decimal", "single", "section", "article"):
            return entry.rank + 0.5
        if entry.number.kind == "article" and depth == 2:
            return entry.rank + 1.0
    return _FIXED["decimal"] + 0.5 * (depth - 1)


def _place_by_sequence(stack: list[_Open], number: Number) -> float:
    """A sibling of the open section that it continues, else a child of the innermost."""
    same = [entry for entry in stack if entry.number is not None and entry.number.kind == number.kind]
    value = number.values[0]
    for entry in reversed(same):
        if entry.number is not None and entry.number.values[0] < value <= entry.number.values[0] + 3:
            return entry.rank
    if number.kind in _FIXED:
        if value == 1 and same and stack[-1].rank > same[-1].rank + 0.5:
            return stack[-1].rank + 0.25
        return _FIXED[number.kind]
    if same:
        return same[-1].rank
    return stack[-1].rank + 0.25 if stack else 4.0


def _title(content: str, number: Number | None, whole: bool) -> tuple[str, int]:
    """The heading's title and where the heading ends in the block; a run-in caption ends at its full stop."""
    start = number.end if number else 0
    rest = content[start:]
    if whole and len(rest) <= 200:
        return " ".join(rest.split()).lstrip("-–— ").rstrip(".:"), len(content)
    caption = _CAPTION.match(rest)
    if caption is not None and is_title(caption[1], share=0.7) and len(caption[1].split()) <= 12:
        return " ".join(caption[1].split()), start + caption.end()
    return "", len(content[:start].rstrip()) or 1
