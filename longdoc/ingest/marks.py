"""What may open a section: a heading, or a block that begins with a number, with its title and where its heading ends."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from longdoc.ingest.headings import KNOWN, is_title, without_marks
from longdoc.ingest.numbering import Number, read_number
from longdoc.types import Block, Page

LOOKED_AT = 600
"""Characters of a block in which its number and caption stand."""
LONGEST_TITLE = 200
SHORT_LINE = 60
SHORT_TITLE = 80
LONGEST_LOOSE = 320
OPENING_WORDS = 8
NEAR = 160
NAMED = frozenset({"annex", "part", "article", "item", "note", "section"})

_CAPTION = re.compile(r"[^\w\[(]*([^.:\n\"“”]{2,110}?)(?:[.:](?=\s|$)|\s[-–—]\s|[.:](?=[A-Z])|\s*—(?=\s?[A-Z])|\s(?=\(?a\)\s))")
_CAPTION_WORDS = 14
_PICTURE = re.compile(r"(?:Fig(?:ure|\.)|FIG(?:URE|\.)|Abb(?:ildung|\.))\s?\d")
_MEANING = re.compile(r"\b(?:shall|means?|will|must|may|is|are|has|have)\b")


@dataclass(slots=True)
class Mark:
    """A block that may open a section.

    `readings` are its number's (none: an unnumbered heading), `length` how many characters the heading takes, `level` the format's own.
    `adjacent` says that nothing but headings stands between this one and the mark before; `after_table` that a table stands right before.
    """

    start: int
    end: int
    content: str
    readings: list[Number]
    title: str
    length: int
    heading: bool
    level: int | None
    adjacent: bool = False
    after_table: bool = False
    weak: bool = False
    inner: list[Number] = field(default_factory=list)

    @property
    def known(self) -> str:
        """The title in small letters, if it is a well-known heading, else nothing."""
        plain = without_marks(self.title).lower()
        return plain if plain in KNOWN else ""


def find_marks(text: str, blocks: Sequence[Block], pages: Sequence[Page], lists: bool = True) -> list[Mark]:
    """Marks in reading order; a number's heading and the title right below it are one, and headings that head every page are none.

    Without `lists`, enumerations in brackets, "(1) ... (2) ...", open nothing: in papers they are lists and not clauses.
    """
    running = _running_heads(text, blocks, pages)
    marks: list[Mark] = []
    adjacent, after_table = False, False
    for block in blocks:
        kind = block.kind
        if kind in ("furniture", "contents", "footnote"):
            continue
        start, end = block.span.start, block.span.end
        if kind in ("table", "code"):
            first = _first_row(text, start, end) if kind == "table" else None
            if first is not None:
                marks.append(first)
            adjacent, after_table = False, True
            continue
        if _PICTURE.match(text, start):
            # "(a) before (b) after" right above "Fig. 2" names parts of the picture.
            while marks and marks[-1].end >= start - NEAR and marks[-1].content.startswith("("):
                marks.pop()
        mark = _mark(text, start, end, kind == "heading", block.level) if start not in running else None
        if mark is not None and not lists and not mark.heading and mark.readings and mark.readings[0].kind[-1] in "()":
            mark = None
        if mark is None:
            # A party's name may stand between "SCHEDULE B" and its title.
            adjacent = adjacent and not marks[-1].title and end - start <= SHORT_LINE and text[end - 1] not in ".;:,"
            after_table = False
            continue
        if adjacent and _is_title_of(mark, marks[-1]) and not (len(marks) == 1 and marks[0].readings[0].kind == "annex"):
            above = marks[-1]
            above.length = mark.start + mark.length - above.start
            above.title = " ".join(text[above.start + above.readings[0].end : above.start + above.length].split()).rstrip(".:")
            above.end = mark.end
            continue
        mark.adjacent, mark.after_table = adjacent, after_table
        marks.append(mark)
        if mark.heading and mark.readings and mark.readings[0].kind == "part":
            # "PART I Item 1. Business" in one line are two.
            begin = start + mark.readings[0].end
            item = _mark(text, begin, end, True, block.level) if begin < end else None
            if item is not None and item.readings and item.readings[0].kind == "item":
                mark.title, mark.length = "", len(text[start:begin].rstrip())
                mark.end = start + mark.length
                item.adjacent = True
                mark = item
                marks.append(item)
                start = begin
        adjacent = mark.heading and mark.length >= end - start
        # Notes below a table stand one after another.
        after_table = after_table and not mark.heading
    return marks


def _first_row(text: str, start: int, end: int) -> Mark | None:
    """A heading such as "Item 9.01" that was taken for the first row of the table below it."""
    row = text[start : text.find("\n", start, end) if text.find("\n", start, end) > 0 else end].replace("\t", " ")
    if row[:1] not in "PAINSE" or len(row) > LONGEST_TITLE:
        return None
    numbers = read_number(row)
    if not numbers or numbers[0].kind not in ("part", "article", "item", "note") or not row[numbers[0].end :].strip():
        return None
    title, length = title_of(row, numbers[0], True, len(row))
    return Mark(start, start + len(row), row, numbers, title, length, True, None)


def _mark(text: str, start: int, end: int, heading: bool, level: int | None) -> Mark | None:
    content = text[start : min(end, start + LOOKED_AT)]
    readings = read_number(content, heading=heading)
    weak = False
    if not readings:
        readings = read_number(content, heading=heading, listed=True)
        weak = bool(readings)
    if not readings and not heading:
        return None
    number = readings[0] if readings else None
    if number is not None and number.kind in NAMED and not _is_set_off(content, number, heading, end - start):
        if not heading or number.kind != "annex":
            return None
        number, readings = None, []
    title, length = title_of(content, number, heading, end - start)
    mark = Mark(start, end, content, readings, title, length, heading, level, weak=weak)
    if number is not None and length < end - start and number.kind[-1] not in "()":
        begin = length + len(content[length:]) - len(content[length:].lstrip())
        mark.inner = [reading for reading in read_number(content[begin:]) if reading.kind[-1] in "()" and reading.values == (1,)][:1]
        if mark.inner:
            mark.length = begin
    return mark


def _is_set_off(content: str, number: Number, heading: bool, size: int) -> bool:
    """Whether "Exhibit A" heads something: "Exhibit A, they will not" and "Article II survives" are sentences."""
    rest = content[number.end :]
    if not rest.strip():
        return True
    separated = content[: number.end].rstrip(" \u00a0\t\n")[-1:] in ".:-–—)" or "\n" in content[: number.end]
    if not rest[0].isalnum() and rest[0] not in "\"“‘'([*$":
        return False
    if rest[0].islower():
        return heading and number.kind == "annex" and rest.startswith("to ")
    if heading:
        return True
    caption = _CAPTION.match(rest)
    titled = caption is not None and is_title(caption[1], share=0.6)
    if (
        separated
        and number.kind in ("item", "note")
        and size <= LONGEST_LOOSE
        and is_title(" ".join(rest.split()[:OPENING_WORDS]), share=0.7)
    ):
        return True
    return (separated or size <= LONGEST_TITLE) and (titled or number.kind == "section" or is_title(rest[:LONGEST_TITLE], share=0.7))


def _is_title_of(mark: Mark, above: Mark) -> bool:
    """Whether an unnumbered heading is (the rest of) the title of the number right above it."""
    if mark.readings or not above.readings or not mark.heading or mark.known:
        return False
    kind = above.readings[0].kind
    if not above.title:
        return kind in NAMED or kind == "decimal"
    return kind == "annex" and above.title.isupper() and mark.title.isupper() and len(above.title) + len(mark.title) <= 140


def _running_heads(text: str, blocks: Sequence[Block], pages: Sequence[Page]) -> set[int]:
    """Starts of headings that stand among the first blocks of page after page, the same but for their figures."""
    if len(pages) < 3:
        return set()
    places: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    page, on_page = -1, 0
    starts = [entry.span.start for entry in pages]
    for block in blocks:
        while page + 1 < len(starts) and block.span.start >= starts[page + 1]:
            page, on_page = page + 1, 0
        if block.kind == "heading" and len(block.span) <= 120:
            name = re.sub(r"\d+(?:\.\d+)*\.?", "#", text[block.span.start : block.span.end])
            places[name].append((block.span.start, on_page < 3))
        on_page += 1
    return {
        start
        for name, found in places.items()
        if len(found) >= 3 and sum(top for _, top in found) >= 0.8 * len(found) and name.strip("# .")
        for start, _ in found
    }


def title_of(content: str, number: Number | None, heading: bool, size: int) -> tuple[str, int]:
    """The heading's title and how many characters of the block it takes; a run-in caption ends at its full stop.

    `content` may be the first part of a block of `size` characters.
    """
    start = number.end if number else 0
    rest = content[start:]
    if heading and size - start <= LONGEST_TITLE:
        return " ".join(rest.split()).lstrip("-–— ").rstrip(".:"), size
    if (
        number is not None
        and len(rest) <= SHORT_TITLE
        and size == len(content)
        and rest[-1:] not in ".;:,?!"
        and is_title(rest, share=0.75)
    ):
        return " ".join(rest.split()).lstrip("-–— "), size
    caption = _CAPTION.match(rest)
    if (
        caption is not None
        and len(caption[1].split()) <= _CAPTION_WORDS
        and is_title(caption[1], share=0.7)
        and not _MEANING.search(caption[1])
    ):
        return " ".join(caption[1].split()), start + caption.end()
    return "", len(content[:start].rstrip()) or 1
