"""Running headers, footers and page numbers of paged text: lines that come back at the edges of pages.

A line is furniture when it stands at the edge of its page, with nothing but furniture beyond it, and either the same line (but
for a number that counts the pages) stands there on other pages, or it is a page number that counts on with the pages. A page
number that a web page's own paging left in the middle of a page is found by its sequence alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from longdoc.ingest.numbering import roman
from longdoc.ingest.pdf_page import Line, PageText
from longdoc.ingest.watermarks import find_stamps
from longdoc.types import Aside, AsideKind

TOP_LINES, BOTTOM_LINES = 4, 5
FEWEST_PAGES = 3
SMALLEST_SHARE = 0.1
LONGEST = 200
CHAIN_DISTANCE = 12
MOST_FIGURES = 6
LONGEST_NUMBER = 6
COUNTING = "<"
"""What opens a number that is told as its distance from the page's."""

_KINDS: dict[str, AsideKind] = {"top": "header", "bottom": "footer"}
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:page|p\.|pg\.?)?\s*[-\u2013\u2014\[(|]*\s*([A-Z]{1,2}[-\u2013.]?|Exhibit [A-Z]-)?(\d{1,4}|[ivxlcIVXLC]{1,7})"
    r"(?:\s*(?:of|/)\s*\d{1,4})?\s*[-\u2013\u2014\])|]*[\W_]*",
    re.IGNORECASE,
)
# All spaces but those that part two numbers: figures may be set apart, "7 6".
_SPACES = re.compile(r"(?<!\d\d)\s+|\s+(?!\d\d)")
_DIGITS = re.compile(r"(\d+)")
_YEARS = re.compile(r"\b(?:19|20)\d\d\b")


def remove_furniture(pages: Sequence[PageText]) -> list[Aside]:
    """Take furniture lines, stamps and watermarks out of `page.lines`, in place; an aside for each."""
    stamps = find_stamps(pages)
    edges = [_edges(page) for page in pages]
    repeated = _repeated(pages, edges)
    offsets = _number_offsets(pages, edges)
    found: list[set[int]] = []
    tops: set[int] = set()
    for page, (top, bottom) in zip(pages, edges, strict=True):
        lines: set[int] = {id(line) for line in page.lines if id(line) in stamps} if stamps else set()
        for side, edge in (("top", top), ("bottom", bottom)):
            for line in edge:
                if id(line) in lines:
                    continue
                content = line.content
                known = any((side, key) in repeated for key in _keys(content, page.number))
                if not known and not _counts_on(content, page.number, offsets, len(pages)):
                    break
                lines.add(id(line))
                if side == "top":
                    tops.add(id(line))
        found.append(lines)
    # Where whole pages repeat, as forms do, the repeated lines are the text.
    bare = sum(bool(page.lines) and len(lines) == len(page.lines) for page, lines in zip(pages, found, strict=True))
    if bare * 2 > len(pages):
        found = [{identity for identity in lines if _is_number_line(page, identity)} for page, lines in zip(pages, found, strict=True)]
    chained = _chained_numbers(pages)
    asides: list[Aside] = []
    for page, lines in zip(pages, found, strict=True):
        kept = [line for line in page.lines if id(line) not in lines and id(line) not in chained]
        for before, line in pairwise(page.lines):
            line.after_break = id(before) in chained
        if kept or len(pages) > 1:
            gone = [line for line in page.lines if id(line) in lines or id(line) in chained]
            asides += [_aside(page, line, _kind(line, page.number, id(line) in tops, id(line) in stamps, repeated)) for line in gone]
            page.lines = kept
    return asides


def _kind(line: Line, number: int, top: bool, stamp: bool, repeated: set[tuple[str, str]]) -> AsideKind:
    if _page_value(line.content) is not None:
        return "page_number"
    if not stamp:
        return "header" if top else "footer"
    # On a page whose text stands on its side, the running header does so too.
    keys = _keys(line.content, number) if line.turned else ()
    return next((kind for key in keys for side, kind in _KINDS.items() if (side, key) in repeated), "watermark")


def _aside(page: PageText, line: Line, kind: AsideKind) -> Aside:
    if page.ocr is not None:
        # Its characters are not the file's.
        return Aside(kind=kind, text=line.content, page=page.number)
    words = line.words if line.scattered else ()
    source = tuple((page.number, word.start, word.end - word.start) for word in words)
    whole = ((page.number, line.words[0].start, line.words[-1].end - line.words[0].start),)
    return Aside(kind=kind, text=line.content, page=page.number, source=source or whole)


def _edges(page: PageText) -> tuple[list[Line], list[Line]]:
    ordered = sorted([line for line in page.lines if line.upright], key=lambda line: line.top)
    return ordered[:TOP_LINES], ordered[: -BOTTOM_LINES - 1 : -1]


def _keys(content: str, number: int) -> list[str]:
    """The line as it stands, and with each of its numbers told as its distance from the page's number.

    "Page 3 of 9" on page 3 and "Page 4 of 9" on page 4 share a key; "Note 3" and "Note 7" on the same two pages do not.
    """
    parts = _DIGITS.split(_SPACES.sub("", content).lower())
    figures = parts[1::2]
    keys = ["".join(parts)]
    for place, figure in enumerate(figures):
        # In a line of many figures, a printer's marks, only the page's own number is looked for.
        if len(figure) <= LONGEST_NUMBER and (len(figures) <= MOST_FIGURES or int(figure) == number):
            relative = [*parts]
            relative[2 * place + 1] = f"{COUNTING}{int(figure) - number}>"
            keys.append("".join(relative))
    return keys


def _repeated(pages: Sequence[PageText], edges: list[tuple[list[Line], list[Line]]]) -> set[tuple[str, str]]:
    seen: Counter[tuple[str, str]] = Counter()
    heights: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    figures: set[tuple[str, str]] = set()
    for page, (top, bottom) in zip(pages, edges, strict=True):
        on_page: dict[tuple[str, str], Line] = {}
        for side, edge in (("top", top), ("bottom", bottom)):
            for line in edge:
                content = line.content
                if len(content) > LONGEST:
                    continue
                for key in _keys(content, page.number):
                    on_page[side, key] = line
                    if COUNTING not in key and (len(_YEARS.findall(content)) >= 2 or len(_DIGITS.findall(content)) >= 4):
                        figures.add((side, key))
        for place, line in on_page.items():
            seen[place] += 1
            heights[place][round(line.top / 6)] += 1
    fewest = max(FEWEST_PAGES, SMALLEST_SHARE * len(pages)) if len(pages) > 2 else 2
    repeated = set()
    for place, count in seen.items():
        steady = max(heights[place].values()) * 2 > count
        # Column heads of a table that goes over pages repeat too; they are no furniture.
        enough = 0.5 * len(pages) if place in figures or not steady else fewest
        if count >= max(fewest, enough):
            repeated.add(place)
    return repeated


def _page_value(content: str) -> tuple[str, int] | None:
    """The prefix and value of a page number, None if the line is something else."""
    if len(content) > 24:
        return None
    found = _PAGE_NUMBER.fullmatch(content)
    if found is None:
        return None
    value = int(found[2]) if found[2].isdigit() else roman(found[2])
    if value is None:
        return None
    return ((found[1] or "").lower() + ("" if found[2].isdigit() else "roman"), value)


def _number_offsets(pages: Sequence[PageText], edges: list[tuple[list[Line], list[Line]]]) -> Counter[tuple[str, int]]:
    """How often each distance between printed and physical number was seen, a prefix ("F-") at a time."""
    offsets: Counter[tuple[str, int]] = Counter()
    for page, (top, bottom) in zip(pages, edges, strict=True):
        seen = {(value[0], value[1] - page.number) for line in (*top, *bottom) if (value := _page_value(line.content)) is not None}
        offsets.update(seen)
    return offsets


def _counts_on(content: str, number: int, offsets: Counter[tuple[str, int]], pages: int) -> bool:
    value = _page_value(content)
    if value is None:
        return False
    return offsets[(value[0], value[1] - number)] >= 2 or (pages <= 2 and value[1] == number)


def _is_number_line(page: PageText, identity: int) -> bool:
    return any(id(line) == identity and _page_value(line.content) is not None for line in page.lines)


def _chained_numbers(pages: Sequence[PageText]) -> set[int]:
    """Lines that hold a number alone, each one more than the last, far apart: page numbers inside the running text."""
    rows: list[tuple[int, int, Line]] = []
    position = 0
    for page in pages:
        for line in page.lines:
            position += 1
            if len(line.words) <= 3 and line.x1 - line.x0 < 0.15 * page.width:
                value = _page_value(line.content)
                if value is not None and value[0] == "":
                    rows.append((position, value[1], line))
    found: set[int] = set()
    chain: list[tuple[int, int, Line]] = []
    for row in rows:
        if chain and row[1] == chain[-1][1] + 1 and row[0] - chain[-1][0] >= CHAIN_DISTANCE:
            chain.append(row)
        elif not chain or row[1] != chain[-1][1]:
            found |= _long_enough(chain)
            chain = [row]
    return found | _long_enough(chain)


def _long_enough(chain: list[tuple[int, int, Line]]) -> set[int]:
    return {id(line) for _, _, line in chain} if len(chain) >= 3 else set()
