"""The section tree: Part > Article or Item > 1 > 1.1 > (a) > (i); headings without number stand between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longdoc.ingest.marks import Mark, find_marks, title_of
from longdoc.ingest.numbering import Number, read_number
from longdoc.ingest.placing import CAPITALS, LEAF, PLAIN, Open, goes_on, place_heading, place_number
from longdoc.types import Block, Page, Section, Span

LOOKED_AHEAD = 40
FRONT = 4000
"""Characters in which a document's own title and its parties' names stand; a paragraph of that many ends it too: """
FIRST_PARAGRAPH = 240


@dataclass(slots=True)
class _Found:
    parent: int | None
    depth: int
    number: str | None
    title: str
    start: int
    heading_end: int
    end: int


def find_sections(
    text: str, blocks: Sequence[Block], pages: Sequence[Page] = (), firm_levels: bool = False, lists: bool = True
) -> tuple[Section, ...]:
    """Sections in reading order; each spans from its heading to the next heading that is not below it.

    `firm_levels`: the blocks' levels are the file's own and not guessed, so a numbered paragraph never closes a heading. `lists`: whether
    enumerations in brackets are clauses.
    """
    marks = find_marks(text, blocks, pages, lists)
    tree = _Tree(text, firm_levels, _front(blocks, marks), lists)
    numbered = [mark for mark in marks if mark.readings]
    following = 0
    for mark in marks:
        while following < len(numbered) and numbered[following].start <= mark.start:
            following += 1
        tree.add(mark, numbered[following : following + LOOKED_AHEAD])
    return tuple(
        Section(
            index=index,
            parent=entry.parent,
            level=entry.depth,
            number=entry.number,
            title=entry.title,
            heading=Span(start=entry.start, end=entry.heading_end),
            span=Span(start=entry.start, end=entry.end),
            language=None,
        )
        for index, entry in enumerate(tree.found)
    )


def _front(blocks: Sequence[Block], marks: Sequence[Mark]) -> int:
    """Where the title and what stands around it end: at the first long paragraph or the first number."""
    first = next((mark.start for mark in marks if mark.readings and mark.readings[0].kind != "annex"), FRONT)
    opening = marks[0].start if marks else 0
    long = next(
        (one.span.start for one in blocks if one.kind == "paragraph" and len(one.span) >= FIRST_PARAGRAPH and one.span.start > opening),
        FRONT,
    )
    return min(first, long, FRONT)


class _Tree:
    """Sections found so far and the stack of those that are open."""

    def __init__(self, text: str, firm_levels: bool, front: int, lists: bool) -> None:
        self.lists = lists
        self.text = text
        self.firm_levels = firm_levels
        self.front = front
        self.found: list[_Found] = []
        self.stack: list[Open] = []
        self.counted = False

    def add(self, mark: Mark, ahead: list[Mark]) -> None:
        """Open a section if the mark begins one; two where "1. Term. (a) ..." begins two."""
        if self.stack and self.stack[-1].style == LEAF:
            self.found[self.stack.pop().index].end = mark.start
        firm = self.firm_levels and mark.heading and mark.level is not None
        if mark.readings:
            self._add_numbered(mark, ahead, firm)
        elif firm:
            self._open(self._firm_place(mark.level or 1), Open(-1, None, titled=True, firm=mark.level), mark, None)
        else:
            self._add_heading(mark, ahead)

    def _add_heading(self, mark: Mark, ahead: list[Mark]) -> None:
        if mark.start < self.front and not self.counted and not mark.known:
            if self.found and not self.lists:
                # A paper's authors and where they work.
                return
            # The document's own title, or what stands around it: nothing goes below.
            self._open(0, Open(-1, None, style=LEAF, titled=True), mark, None)
            return
        style = float(mark.level) if mark.level else CAPITALS if mark.title.isupper() and len(mark.title) > 3 else PLAIN
        if mark.known and style > CAPITALS:
            style = CAPITALS
        keep, entry = place_heading(self.stack, mark, ahead, style)
        self._open(keep, entry, mark, None)

    def _add_numbered(self, mark: Mark, ahead: list[Mark], firm: bool) -> None:
        if self._is_listed_exhibit(mark) or self._is_continued(mark):
            return
        if not self.counted and mark.readings[0].kind == "annex" and mark.start < FRONT:
            # "Exhibit 10.3" above the first number is the label of the document itself.
            self._open(0, Open(-1, None, style=LEAF), mark, mark.readings[0])
            self.stack[-1].number = None
            return
        if firm:
            number = next((one for one in mark.readings if any(entry.number and goes_on(entry.number, one) for entry in self.stack)), None)
            keep, number = self._firm_place(mark.level or 1), number or mark.readings[0]
        else:
            placed = place_number(self.stack, mark, ahead)
            if placed is None:
                if mark.heading and mark.weak:
                    mark.title, mark.length = title_of(mark.content, None, True, mark.end - mark.start)
                    mark.inner = []
                    self._add_heading(mark, ahead)
                return
            keep, number = placed
        if len(mark.readings) == 2 and number is not mark.readings[0]:
            mark.title, mark.length = (
                title_of(mark.content, number, mark.heading, mark.end - mark.start) if not mark.inner else (mark.title, mark.length)
            )
        self.counted = True
        self._open(keep, Open(-1, number, titled=mark.title != "", firm=mark.level if firm else None), mark, number)
        if mark.inner:
            self._open_inner(mark, mark.inner[0])

    def _open_inner(self, mark: Mark, number: Number) -> None:
        begin = mark.start + mark.length
        content = self.text[begin : min(mark.end, begin + 300)]
        reading = read_number(content)
        title, length = title_of(content, reading[0] if reading else number, False, mark.end - begin)
        self.found.append(_Found(len(self.found) - 1, len(self.stack) + 1, number.text, title, begin, begin + length, len(self.text)))
        self.stack.append(Open(len(self.found) - 1, number, titled=title != ""))

    def _firm_place(self, level: int) -> int:
        """A heading whose level the file gives stands below the last one of a smaller level."""
        keep = 0
        for place, entry in enumerate(self.stack):
            if entry.firm is not None and entry.firm < level:
                keep = place + 1
        return keep

    def _is_listed_exhibit(self, mark: Mark) -> bool:
        """A row of the list of exhibits at the end of a filing is no section."""
        number = mark.readings[0]
        if number.kind != "decimal" and (number.kind != "annex" or mark.heading):
            return False
        return any(
            entry.number is not None and entry.number.kind == "item" and "exhibit" in self.found[entry.index].title.lower()
            for entry in self.stack
        )

    def _is_continued(self, mark: Mark) -> bool:
        """ "EXHIBIT B" or "PART I (continued)" again, at the head of a further page."""
        number = mark.readings[0]
        if number.kind not in ("annex", "part", "item", "article"):
            return False
        for entry in self.stack:
            if entry.number is not None and entry.number.kind == number.kind and entry.number.key == number.key:
                return not mark.title or "continued" in mark.title.lower() or mark.title == self.found[entry.index].title
        return False

    def _open(self, keep: int, entry: Open, mark: Mark, number: Number | None) -> None:
        for closed in self.stack[keep:]:
            self.found[closed.index].end = min(self.found[closed.index].end, mark.start)
        del self.stack[keep:]
        parent = self.stack[-1].index if self.stack else None
        length = mark.length
        if mark.inner:
            length = len(mark.content[:length].rstrip())
        end = mark.start + length
        self.found.append(_Found(parent, len(self.stack) + 1, number.text if number else None, mark.title, mark.start, end, len(self.text)))
        entry.index = len(self.found) - 1
        self.stack.append(entry)
