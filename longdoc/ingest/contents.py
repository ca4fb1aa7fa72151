"""Tables of contents: told from running text by their heading, their page numbers and leaders, and because what they list comes later.

A table of contents becomes blocks of kind `contents`, which are never read, scored or cut into sections; the titles that it lists
say which lines further on are headings. An index of exhibits at the end of a filing lists other files, not pages of this one: it is text.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from longdoc.ingest.numbering import read_number
from longdoc.types import Block

FEWEST = 3
"""Entries that make a table of contents under its heading; without a heading it takes one more, and numbers before the titles."""
LONGEST_ENTRY = 220
MANY = 8
MOST_OFTEN = 4
NEAR = 40
PAGE_WIDTH = 24
SHORT = 60
LARGEST = 40_000
TOLERATED = 2
"""Blocks between entries that are none themselves: "Page", a part's title without page, a line that a page break cut off."""

_HEADING = re.compile(
    r"(?i)\W*(?:(?:table|index) (?:of|to) (?:contents|sections|articles"
    r"|(?:the )?(?:consolidated |condensed )*financial (?:statements|information)"
    r"(?: and .*)?)|contents|index|inhalt(?:sverzeichnis|sübersicht)?|table des mati[èe]res|sommaire|[íi]ndice(?: general)?|sommario"
    r"|inhoudsopgave|inneh[åa]ll|spis tre[śs]ci|目\s*录|目\s*次)\W*(?:\(continued\)|page|seite)?\W*"
)
_ENTRY = re.compile(
    r"(?P<title>[^\n]*?[^\W\d_][^\n]*?)(?P<gap>\s*(?:(?:\.\s?){3,}|_{3,}|-{3,}|…+)\s*|\t\s*|\s{2,}|\s)"
    r"(?:[Pp]age\s+)?(?P<page>\d{1,4}|[ivxl]{1,6}|[A-Z]{1,2}-\d{1,3})(?:\s{2,}\d{1,2}\.)?"
)
# Two entries may stand in one line that lost its break: "Prices   13     7.3.2 Adjustments   14".
_LINES = re.compile(r"\n|(?<=\s\s\d)\s{3,}(?=\S)|(?<=\s\s\d\d)\s{3,}(?=\S)")
_PAGE_AT_END = re.compile(r"(?:\d|\b[ivxl]{1,6})(?:\s{2,}\d{1,2}\.)?$")
_LEADER = re.compile(r"(?:\.\s?){4,}|_{4,}|…{2,}")
_COLUMN_HEADS = re.compile(r"(?i)(?:beginning|page(?: (?:no|number)s?\.?)?|section|paragraph|clause|article|item|seite|\W|\s)*")
_BARE = re.compile(r"\d{1,2}\.?|[ivxl]{1,6}|[A-Z]{1,2}-\d{1,3}")
_WORDS = re.compile(r"[^\W_]+")
_EXHIBITS = re.compile(r"(?i)\W*(?:index (?:of|to) exhibits?|exhibits? index|list of exhibits)\W*")


@dataclass(frozen=True, slots=True)
class Contents:
    """What the tables of contents list: the letters of each entry's number and title, without its page."""

    entries: frozenset[str] = frozenset()

    def lists(self, text: str) -> bool:
        """Whether `text` is an entry: a heading for sure."""
        return bool(self.entries) and plain(text) in self.entries


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    page: int | None
    leader: bool
    numbered: bool


def plain(text: str) -> str:
    """The letters and digits of a title in small letters: what stays the same between a table of contents and the heading itself."""
    return "".join(_WORDS.findall(text)).lower()


def find_contents(text: str, blocks: Sequence[Block]) -> tuple[list[Block], Contents]:
    """The blocks, those of tables of contents marked as such, and what these list."""
    marked = list(blocks)
    titles: set[str] = set()
    place, last_end = 0, -1
    last_page = 0
    while place < len(marked):
        found = _region(text, marked, place, follows=last_end >= 0 and place - last_end <= TOLERATED + 1, page=last_page)
        if found is None:
            place += 1
            continue
        first, end, entries = found
        for index in range(first, end):
            block = marked[index]
            if block.kind != "furniture":
                marked[index] = Block(kind="contents", span=block.span, level=None)
        titles.update(plain(entry.title) for entry in entries)
        pages = [entry.page for entry in entries if entry.page is not None]
        last_page = max(pages, default=last_page)
        place = last_end = end
    return marked, Contents(frozenset(title for title in titles if len(title) >= 3))


def _region(text: str, blocks: list[Block], place: int, follows: bool, page: int) -> tuple[int, int, list[_Entry]] | None:
    """A table of contents that begins at `place`: its first block, the one after its last, its entries."""
    block = blocks[place]
    if block.kind in ("furniture", "contents", "code", "footnote") or len(block.span) > LARGEST:
        return None
    content = text[block.span.start : block.span.end]
    first_line, _, rest = content.partition("\n")
    headed = len(first_line) <= 120 and _HEADING.fullmatch(first_line) is not None
    if not headed:
        if not (follows or (_may_list(content) if block.kind == "table" else "...." in content[:400] or ". . . ." in content[:400])):
            return None
        own = list(_entries(content))
        lines = sum(1 for line in content.split("\n") if line.strip())
        if not _speaks_for_itself(own, lines, page if follows else None):
            return None
        end, entries = _extend(text, blocks, place + 1, own)
        return _with_lead(text, blocks, place), end, entries
    entries = list(_entries(rest)) if rest.strip() else []
    if rest.strip() and len(entries) * 2 < rest.count("\n") + 1:
        return None
    end, entries = _extend(text, blocks, place + 1, entries)
    return (place, end, entries) if len(entries) >= FEWEST else None


def _may_list(content: str) -> bool:
    """A quick look at a table: leaders, or a number before the title in its first rows."""
    if "...." in content or ". . . ." in content or "____" in content:
        return True
    rows = content.split("\n", 6)[:6]
    return (
        len(rows) > FEWEST
        and sum(row[-1:].isdigit() for row in rows) * 2 >= len(rows)
        and any(read_number(row.replace("\t", " "), heading=True) for row in rows)
    )


def _speaks_for_itself(entries: list[_Entry], lines: int, after_page: int | None) -> bool:
    """Whether lines without a heading are a table of contents: leaders, or numbered titles, and pages that do not go back."""
    paged = [entry for entry in entries if entry.page is not None]
    if len(paged) * 5 < lines * 3 or len(paged) < FEWEST:
        return False
    pages = [entry.page for entry in paged if entry.page is not None]
    rising = sum(before <= after for before, after in itertools.pairwise(pages)) >= 0.8 * (len(pages) - 1)
    if not rising or any(any(mark in entry.title for mark in "$€£%") for entry in paged):
        return False
    if after_page is not None and pages[0] >= after_page - 1:
        return True
    leaders = sum(entry.leader for entry in paged)
    numbered = sum(entry.numbered for entry in paged)
    if len(paged) >= MANY and numbered >= FEWEST and len(paged) == lines:
        return True
    return (leaders >= FEWEST and leaders * 2 >= len(paged)) or (len(paged) > FEWEST and numbered * 2 >= len(paged))


def _with_lead(text: str, blocks: list[Block], place: int) -> int:
    """Column heads and a part's title right before a table of contents belong to it."""
    first = place
    while first > 0 and place - first < 4:
        before = text[blocks[first - 1].span.start : blocks[first - 1].span.end]
        if blocks[first - 1].kind == "contents" or len(before) > 40:
            break
        numbers = read_number(before, heading=True)
        if not (_COLUMN_HEADS.fullmatch(before) or (numbers and numbers[0].kind in ("part", "article", "item"))):
            break
        first -= 1
    return first


def _extend(text: str, blocks: list[Block], place: int, entries: list[_Entry]) -> tuple[int, list[_Entry]]:
    """Go on over blocks that are entries; the block after the last one of them, and all entries."""
    listed = list(entries)
    seen = {plain(entry.title) for entry in entries}
    later: set[str] | None = None
    end, index, missed = place, place, 0
    while index < len(blocks) and missed <= TOLERATED:
        block = blocks[index]
        content = text[block.span.start : block.span.end]
        if len(content) > LARGEST:
            break
        if block.kind == "furniture" or (len(content) <= SHORT and (_BARE.fullmatch(content) or _COLUMN_HEADS.fullmatch(content))):
            index += 1
            continue
        if _EXHIBITS.fullmatch(content) and not any(entry.page is not None for entry in listed):
            break
        lines = [line for line in content.split("\n") if line.strip()]
        found = list(_entries(content))
        paged = [entry for entry in found if entry.page is not None]
        if paged and len(paged) * 2 >= len(lines) and len(content) <= LONGEST_ENTRY * max(len(lines), len(found)):
            accepted = True
        else:
            later = _later_titles(text, blocks, place) if later is None else later
            found = [_Entry(line, None, False, False) for line in lines]
            accepted = (
                len(lines) * LONGEST_ENTRY >= len(content)
                and sum(plain(line) in later and plain(line) not in seen for line in lines) * 2 > len(lines)
                and not (listed and all(plain(line) in seen for line in lines))
            )
            if not accepted and all(plain(line) in seen for line in lines):
                break
        if accepted:
            listed += found
            seen.update(plain(entry.title) for entry in found)
            end, missed = index + 1, 0
        else:
            if len(content) > 120:
                break
            missed += 1
        index += 1
    return end, listed


def _later_titles(text: str, blocks: list[Block], place: int) -> set[str]:
    """Short lines that come again from `place` on: once listed, once as the heading itself; what comes often heads pages."""
    counts: Counter[str] = Counter()
    for index in range(place, len(blocks)):
        start, end = blocks[index].span.start, blocks[index].span.end
        if end - start <= LONGEST_ENTRY:
            counts[plain(text[start:end])] += 1
        elif index - place < NEAR:
            counts.update(plain(line) for line in text[start : min(end, start + 4000)].split("\n") if 3 <= len(line) <= LONGEST_ENTRY)
    return {name for name, count in counts.items() if 2 <= count <= MOST_OFTEN}


def _entries(content: str) -> Iterator[_Entry]:
    for line in _LINES.split(content):
        words = line.strip()
        if not words or len(words) > LONGEST_ENTRY + 200 or not _PAGE_AT_END.search(words[-PAGE_WIDTH:]):
            continue
        found = _ENTRY.fullmatch(words)
        if found is None:
            continue
        title = _LEADER.sub(" ", found["title"]).strip(" .\t")
        page = found["page"]
        numbers = read_number(title.replace("\t", " "), heading=True)
        yield _Entry(title, int(page) if page.isdigit() else None if "-" in page else 0, _LEADER.search(words) is not None, bool(numbers))
