"""Pages of a document that says where they end, as filings do: breaks in the style, rules under page numbers, `<PAGE>`.

A page break of the style is believed; a rule only where a page number stands before it or a link back to the contents after it.
What such a document prints at the edges of its pages, page numbers, running headers and footers, is taken out of the running text. A
web page without such marks, or with so few that "pages" would be longer than any sheet, has none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Literal

from longdoc.ingest.html_run import Piece
from longdoc.ingest.numbering import roman

LONGEST_PAGE = 20_000
"""Characters that a sheet holds in the smallest print that filings use."""
LARGEST_OVERLONG = 0.25
"""Share of the text on longer pages from which on the marks are not those of pages."""
EDGE = 4
LONGEST_FURNITURE = 200
FEWEST_REPEATS = 3
NUMBERS_APART = 8
"""Pieces between two page numbers in a document without breaks."""

_NUMBER = re.compile(
    r"[\W_]*(?:page|p\.|pg\.?)?\s*([A-Z]{1,3}[-\u2013\u2014.]\s?)?(\d{1,4}|[ivxlcIVXLC]{1,7})(?:\s*(?:of|/)\s*\d{1,4})?[\W_]*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(\d+)")
_CONTINUED = re.compile(r"\s*[\[(\u2013\u2014-]*\s*(?:continued|cont['’]?d\.?)\s*[\])]*\s*$", re.IGNORECASE)
_ENDED = re.compile(r"[.:;?!][\"”’)\]]*$")

Role = Literal["page_number", "header", "footer"]


@dataclass(slots=True)
class PageText:
    """A page: its pieces in order, what is printed at its edges, and its label."""

    pieces: list[Piece] = field(default_factory=list)
    label: str | None = None


@dataclass(slots=True)
class Paged:
    """`pages` is one page without breaks where the document marks none (`marked` false); `roles` tells furniture by the piece's id."""

    pages: list[PageText]
    marked: bool
    roles: dict[int, Role]


@dataclass(slots=True)
class _Seen:
    """On how many pages a line stands, and on which first."""

    pages: int = 0
    first: int = 0
    last: int = 0

    def on(self, number: int) -> None:
        """It stands on this page, which is no earlier one than the last."""
        if number != self.last:
            self.pages += 1
            self.first = self.first or number
            self.last = number


def find_pages(pieces: list[Piece]) -> Paged:
    """The pages that the breaks among the pieces make, and what of the text is furniture."""
    pages = _split(pieces)
    roles: dict[int, Role] = {id(piece): "header" for piece in pieces if piece.back}
    lengths = [sum(piece.length for piece in page.pieces) for page in pages]
    overlong = sum(length for length in lengths if length > LONGEST_PAGE)
    if len(pages) < 2 or overlong > LARGEST_OVERLONG * sum(lengths):
        whole = [piece for piece in pieces if piece.kind != "break"]
        roles.update((identity, "page_number") for identity in _lone_numbers(whole))
        return Paged([PageText(whole)], False, roles)
    _mark_edges(pages, roles)
    return Paged(pages, True, roles)


def _split(pieces: list[Piece]) -> list[PageText]:
    pages = [PageText()]
    for index, piece in enumerate(pieces):
        if piece.kind != "break":
            pages[-1].pieces.append(piece)
        elif pages[-1].pieces and (piece.firm or _ends_page(pieces, index)):
            pages.append(PageText())
    if not pages[-1].pieces and len(pages) > 1:
        pages.pop()
    return pages


def _ends_page(pieces: list[Piece], index: int) -> bool:
    """Whether a rule is the foot of a page."""
    before = pieces[index - 1] if index else None
    after = next((piece for piece in pieces[index + 1 : index + 3] if piece.kind != "break"), None)
    return (before is not None and before.kind != "break" and _number(before) is not None) or (after is not None and after.back)


def _number(piece: Piece) -> tuple[str, int] | None:
    """The prefix and value of a piece that is nothing but a page number."""
    if piece.length > 24 or piece.level is not None:
        return None
    found = _NUMBER.fullmatch(piece.text)
    if found is None:
        return None
    value = int(found[2]) if found[2].isdigit() else roman(found[2])
    if value is None:
        return None
    return ((found[1] or "").strip().lower() + ("" if found[2].isdigit() else "roman"), value)


def _edges(page: PageText) -> tuple[list[Piece], list[Piece]]:
    """The first pieces from the top, the last from the bottom, of those that could be furniture."""
    return page.pieces[:EDGE], page.pieces[: -EDGE - 1 : -1]


def _may_be_furniture(piece: Piece) -> bool:
    """A line, or a table of one row, as the footer of some filings is."""
    return piece.length <= LONGEST_FURNITURE and (piece.kind != "table" or len({cell[0] for cell in piece.cells}) == 1)


def _keys(piece: Piece, number: int) -> list[str]:
    """The line as it stands, and with each of its numbers told as its distance from the page's own, so that "Page 3" on the third page
    and "Page 4" on the fourth are the same line."""
    parts = _DIGITS.split(_CONTINUED.sub("", " ".join(piece.text.split())).lower())
    keys = ["".join(parts)]
    for place in range(1, len(parts), 2):
        if len(parts) <= 9 and len(parts[place]) <= 4:
            relative = list(parts)
            relative[place] = f"<{int(parts[place]) - number}>"
            keys.append("".join(relative))
    return keys


def _mark_edges(pages: list[PageText], roles: dict[int, Role]) -> None:
    seen: dict[tuple[int, str], _Seen] = defaultdict(_Seen)
    offsets: Counter[tuple[str, int]] = Counter()
    keys: dict[int, list[str]] = {}
    for number, page in enumerate(pages, 1):
        values = set()
        for side, edge in enumerate(_edges(page)):
            for piece in (piece for piece in edge if not piece.back and _may_be_furniture(piece)):
                keys[id(piece)] = _keys(piece, number)
                for key in keys[id(piece)]:
                    seen[side, key].on(number)
                value = _number(piece)
                if value is not None:
                    values.add((value[0], value[1] - number))
        offsets.update(values)
    fewest = max(FEWEST_REPEATS, len(pages) // 20)
    for number, page in enumerate(pages, 1):
        for side, edge in enumerate(_edges(page)):
            for place, piece in enumerate(edge):
                if id(piece) in roles:
                    continue
                role = _role(piece, keys.get(id(piece), []), number, side, place, seen, offsets, fewest, len(pages))
                if role is None:
                    break
                roles[id(piece)] = role
                if page.label is None:
                    page.label = _label(piece, number, keys[id(piece)], seen, side, fewest)
        if all(id(piece) in roles for piece in page.pieces) and not any(piece.back for piece in page.pieces):
            # A page of nothing but furniture is a page whose text looks like it.
            for piece in page.pieces:
                if roles[id(piece)] != "page_number":
                    del roles[id(piece)]


def _role(
    piece: Piece, keys: list[str], number: int, side: int, place: int, seen: dict[tuple[int, str], _Seen],
    offsets: Counter[tuple[str, int]], fewest: int, pages: int,
) -> Role | None:  # fmt: skip
    if not keys:
        return None
    value = _number(piece)
    if value is not None:
        # At the very foot of a page a number is its number, elsewhere if it counts on with others.
        firm = offsets[(value[0], value[1] - number)] >= 2 or (side == 1 and place == 0 and pages <= 3)
        return "page_number" if firm else None
    for key in keys:
        on = seen[side, key]
        if on.pages < fewest or not any(map(str.isalpha, key)):
            continue
        title = side == 0 and "<" not in key and number == on.first and number > 2 and on.pages * 2 < pages
        # The first of a stretch of pages with the same head is the title of what goes over them.
        if not title:
            return "footer" if side else "header"
    return None


def _label(piece: Piece, number: int, keys: list[str], seen: dict[tuple[int, str], _Seen], side: int, fewest: int) -> str | None:
    """What a piece of furniture says the page's number is."""
    if _number(piece) is not None:
        found = _NUMBER.fullmatch(piece.text)
        return ((found[1] or "") + found[2]).replace(" ", "") if found else None
    best = max(keys[1:], key=lambda key: seen[side, key].pages, default=None)
    if best is None or seen[side, best].pages < fewest:
        return None
    distance = re.search(r"<(-?\d+)>", best)
    return str(number + int(distance[1])) if distance else None


def _lone_numbers(pieces: list[Piece]) -> set[int]:
    """Numbers that stand alone far apart, each one more than the last: page numbers of a document whose breaks were lost."""
    found: set[int] = set()
    chain: list[tuple[int, int, Piece]] = []
    for index, piece in enumerate(pieces):
        value = _number(piece) if piece.kind == "paragraph" and piece.length <= 12 else None
        if value is None or value[0]:
            continue
        if chain and value[1] == chain[-1][1] + 1 and index - chain[-1][0] >= NUMBERS_APART:
            chain.append((index, value[1], piece))
        elif not chain or value[1] != chain[-1][1]:
            chain = [(index, value[1], piece)]
        if len(chain) >= FEWEST_REPEATS:
            found.update(id(entry[2]) for entry in chain)
    return found


def goes_on(before: Piece, after: Piece) -> bool:
    """Whether a paragraph that ends a page goes on at the head of the next."""
    if before.kind not in ("paragraph", "list_item") or after.kind != "paragraph":
        return False
    tail, head = before.runs[-1][1].text, after.runs[0][1].text
    return not _ENDED.search(tail) and head[:1].islower() and before.length >= 40
