"""Where a mark stands in the section tree: whose sibling or child it is, given the sections that are open.

A number that goes on from an open section is its sibling, "1.2" is a child of "1", "(a)" after a clause is its child; annexes, parts,
articles, items and notes stand above each other in that order. A heading without number stands inside the section that the next number
goes on from; where the next number starts anew it is the parent of what follows, and where it stands right above the next number of a
running count, it groups what follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from longdoc.ingest.marks import Mark
from longdoc.ingest.numbering import Number

ORDER = {"annex": 0.0, "part": 1.0, "article": 2.0, "item": 2.0, "note": 3.0, "section": 4.0}
_TOP_SERIES = ("section", "single", "upper_roman.", "upper.", "decimal")
LEAF = 99.0
CAPITALS = 3.2
PLAIN = 4.0
"""Styles of unnumbered headings that have no level of their own (1 to 6); a smaller one stands above a larger one."""
LARGEST_STEP = 3
LOOKED_AHEAD = 12
SHORT_HEADING = 100
LONGEST_COUNT = 20
"""Number up to which a count whose start was missed is believed without a caption."""
_CLOSING = frozenset({
    "references", "bibliography", "acknowledgements", "acknowledgments", "acknowledgement", "acknowledgment", "conclusion", "conclusions",
    "supplementary material", "funding", "data availability", "code availability", "ethics statement", "conflict of interest",
    "competing interests", "author contributions", "signatures", "signature page", "limitations", "appendix",
})  # fmt: skip
_RECITAL = re.compile(r"(?i)\W*(?:recitals?|whereas|background|preamble|preliminary|w\s?i\s?t\s?n\s?e\s?s\s?s\s?e\s?t\s?h)\b")
_NOTES = ("notes to ", "condensed notes to ", "notes to the ")


@dataclass(slots=True)
class Open:
    """An open section: its index, its number, its `order` among named kinds or `style` among unnumbered headings.

    `firm` is the format's own level; `before` the number that a grouping heading interrupts; `parent` whether what
    follows goes below it, `recital` that it does not.
    """

    index: int
    number: Number | None
    style: float = PLAIN
    titled: bool = False
    firm: int | None = None
    before: Number | None = None
    parent: bool = False
    recital: bool = False


def goes_on(before: Number, number: Number) -> bool:
    """Whether `number` counts on from `before` at the same level, leaving out at most two."""
    if before.kind != number.kind:
        return False
    if number.kind == "annex":
        return before.key.split()[0] == number.key.split()[0]
    if number.kind in ("part", "article", "item", "note"):
        return True
    if len(before.values) != len(number.values) or before.values[:-1] != number.values[:-1]:
        return False
    return 0 < number.values[-1] - before.values[-1] <= LARGEST_STEP


def begins(number: Number) -> bool:
    """Whether it is the first of its count."""
    return number.values[-1] in (0, 1)


def base_of(stack: list[Open]) -> int:
    """The first entry that a numbered paragraph may close: those up to the last heading whose level the file itself gives stay open."""
    return max((place + 1 for place, entry in enumerate(stack) if entry.firm is not None), default=0)


def place_number(stack: list[Open], mark: Mark, ahead: list[Mark]) -> tuple[int, Number] | None:
    """How many open sections stay open above a numbered mark, and which reading of its number holds; None where it opens no section."""
    base = base_of(stack)
    readings = mark.readings
    if len(readings) == 2:
        readings = _settle(stack, readings, ahead)
    for depth in range(len(stack) - 1, base - 1, -1):
        before = stack[depth].number
        if before is None and stack[depth].before is not None:
            for number in readings:
                if goes_on(stack[depth].before, number):  # type: ignore[arg-type]
                    return depth + 1, number
        if before is None:
            continue
        for number in readings:
            if goes_on(before, number):
                return depth, number
    if mark.weak:
        counted = ("decimal", "single", "upper.", "upper_roman.") if mark.heading else ("decimal", "single")
        if len(mark.content) <= SHORT_HEADING and any(
            goes_on(one, other) for one in readings for next_ in ahead for other in next_.readings
        ):
            # "V. Improvements" could be a person's name, were there no "VI."
            counted = (*counted, "upper.", "upper_roman.")
        readings = [number for number in readings if number.kind in counted and not mark.after_table]
        if not readings or not (mark.title or readings[0].kind == "decimal" or begins(readings[0])):
            return None
        if mark.heading and not begins(readings[0]):
            return None
    number = readings[0] if len(readings) == 1 else _likelier(readings)
    if number.kind in ORDER:
        return _place_named(stack, mark, number, base)
    if number.kind == "decimal":
        return _place_decimal(stack, mark, number, base)
    return _place_start(stack, mark, number, base)


def _settle(stack: list[Open], readings: list[Number], ahead: list[Mark]) -> list[Number]:
    """Of a letter and a Roman numeral the one that what follows goes on from, where both could be."""
    for follower in ahead[:LOOKED_AHEAD]:
        for number in follower.readings:
            fitting = [reading for reading in readings if reading.kind == number.kind and number.values[0] == reading.values[0] + 1]
            if len(fitting) == 1:
                return fitting
    letters = [reading for reading in readings if any(entry.number and goes_on(entry.number, reading) for entry in stack)]
    return letters or readings


def _likelier(readings: list[Number]) -> Number:
    letter, numeral = readings
    return numeral if letter.text.strip("().").lower() in ("i", "v", "x", "ii") else letter


def _place_named(stack: list[Open], mark: Mark, number: Number, base: int) -> tuple[int, Number]:
    order = ORDER[number.kind]
    keep = base
    if number.kind == "annex":
        top = stack[-1] if stack else None
        above = top is not None and top.number is not None and top.number.kind == "annex"
        return (len(stack) if above and mark.adjacent else base), number
    for place in range(base, len(stack)):
        entry = stack[place]
        if (entry.number is not None and ORDER.get(entry.number.kind, LEAF) < order) or (entry.number is None and entry.parent):
            keep = place + 1
        else:
            break
    return keep, number


def _place_decimal(stack: list[Open], mark: Mark, number: Number, base: int) -> tuple[int, Number] | None:
    values = number.values
    for length in range(len(values) - 1, 0, -1):
        for place in range(len(stack) - 1, base - 1, -1):
            entry = stack[place].number
            if entry is not None and entry.values == values[:length] and not entry.kind.endswith(("(", ")")) and entry.kind != "annex":
                return _inside(stack, place), number
    for place in range(len(stack) - 1, base - 1, -1):
        entry = stack[place].number
        if entry is None or entry.kind != "decimal":
            continue
        if len(entry.values) == len(values) and abs(values[0] - entry.values[0]) <= LARGEST_STEP + 2:
            # "3.1" after "2.4", where no heading "3" was found: it stands where "2.4" does, outside of "2".
            above = stack[place - 1].number if place > base else None
            outside = above is not None and above.values == entry.values[:-1] and above.kind in ("single", "section")
            return (place - 1 if outside else place), number
        if not mark.heading and not mark.title and abs(values[0] - entry.values[0]) > LARGEST_STEP + 2:
            return None
    anchors = [place for place in range(base, len(stack)) if _holds(stack[place])]
    quoted = [place for place in range(base, len(stack)) if stack[place].number is not None and not _holds(stack[place])]
    if quoted:
        return len(stack), number
    return (anchors[-1] + 1 if anchors else base), number


def _holds(entry: Open) -> bool:
    if entry.number is None:
        return entry.parent
    return entry.number.kind in ("annex", "part", "article", "item", "note")


def _inside(stack: list[Open], place: int) -> int:
    """Entries kept for a child of `place`: unnumbered headings that group what follows stay, those that only head a few lines do not."""
    keep = place + 1
    while keep < len(stack) and stack[keep].number is None and stack[keep].parent:
        keep += 1
    return keep


def _place_start(stack: list[Open], mark: Mark, number: Number, base: int) -> tuple[int, Number] | None:
    """A number that goes on from nothing that is open: the first of a list, or one whose start was missed."""
    listed = number.kind[-1] in "()"
    same = [place for place in range(base, len(stack)) if _kind(stack[place]) == number.kind]
    if not begins(number):
        if listed and not mark.heading and not _missed(stack, number):
            return None
        if (listed and mark.after_table and not same) or (not mark.heading and not mark.title and number.values[0] > LONGEST_COUNT):
            return None
        if same:
            return same[-1], number
        if number.kind in ("upper.", "lower.") and not mark.heading:
            # "R. Michael Miller has served": a person.
            return None
    elif mark.after_table and listed and not (same and stack[same[-1]].titled):
        # Notes below a table.
        return None
    elif same and all(_is_listed(entry) for entry in stack[same[-1] + 1 :]) and (listed or same[-1] == len(stack) - 1):
        # A list that starts again beside the one before: none nests in its like.
        return same[-1], number
    if number.kind in ("single", "upper_roman.") or (number.kind == "upper." and (mark.heading or mark.title)):
        keep = _above_count(stack, mark, base)
        if keep is not None:
            return keep, number
    keep = len(stack)
    if mark.heading and mark.title and not listed:
        # A heading does not stand below a list.
        while keep > base and _is_listed(stack[keep - 1]):
            keep -= 1
    return keep, number


def _is_listed(entry: Open) -> bool:
    return entry.number is not None and entry.number.kind[-1] in "()"


def _kind(entry: Open) -> str | None:
    return None if entry.number is None else entry.number.kind


def _above_count(stack: list[Open], mark: Mark, base: int) -> int | None:
    """Where the body's own count begins: beside the recitals and other headings before it, not below them."""
    for place in range(base, len(stack)):
        if stack[place].number is None and not stack[place].parent:
            return place if stack[place].recital or mark.heading or mark.title else None
        if _counts(stack[place]):
            # A list at the front, such as one of the documents that make up the contract, holds no headings.
            return place if mark.heading and mark.title and stack[place].number.kind[-1] in "()" else None  # type: ignore[union-attr]
    return len(stack)


def _counts(entry: Open) -> bool:
    """Whether an open section is one of a list or count of the body, in which another may nest."""
    return entry.number is not None and (entry.number.kind not in ORDER or entry.number.kind == "section")


def _missed(stack: list[Open], number: Number) -> bool:
    """Whether "(b)" may open a section though no "(a)" did: it is the second, and the first stands inside the sentence before."""
    return number.values[0] == 2 or not stack


def place_heading(stack: list[Open], mark: Mark, ahead: list[Mark], style: float) -> tuple[int, Open]:
    """How many open sections stay open above an unnumbered heading, and the entry that it makes."""
    entry = Open(-1, None, style=style, titled=True, recital=_RECITAL.match(mark.title) is not None)
    title = mark.title.lower()
    if title.startswith(_NOTES):
        entry.parent = True
        return _inside_last(stack, ("annex", "part", "item")), entry
    series = [place for place, one in enumerate(stack) if one.number is not None and one.number.kind != "annex"]
    if mark.known in _CLOSING and series:
        return series[0], entry
    if mark.known in _CLOSING or mark.known == "abstract":
        entry.style = PLAIN
    following = _next(stack, ahead)
    if following is not None:
        depth, follower, anew = following
        if anew:
            entry.parent = True
            return depth, entry
        adjacent = follower.adjacent and ahead and ahead[0] is follower
        counted = stack[depth].number or stack[depth].before
        if (
            adjacent
            and counted is not None
            and counted.kind in ("section", "single", "article", "upper_roman.")
            and stack[depth].number is not None
        ):
            # It groups the sections that follow; the group before it ends.
            entry.before, entry.parent = counted, True
            group = depth - 1 >= 0 and stack[depth - 1].before is not None
            return (depth - 1 if group else depth), entry
        if stack[depth].before is not None:
            entry.before, entry.parent = stack[depth].before, False
    elif series and style <= CAPITALS and not ahead_named(ahead):
        last = stack[series[-1]].number
        if last is not None and stack[series[0]].number is not None and stack[series[0]].number.kind not in ("part", "item", "note"):  # type: ignore[union-attr]
            return series[0], entry
    titled = [place for place, one in enumerate(stack) if one.number is not None and one.titled]
    keep = titled[-1] + 1 if titled else _inside_last(stack, ("annex", "part", "article", "item"))
    if following is not None and not titled:
        keep = max(keep, 0)
    while keep < len(stack) and stack[keep].number is None and stack[keep].style < style:
        keep += 1
    return keep, entry


def ahead_named(ahead: list[Mark]) -> bool:
    """Whether the next number is that of a part, item or note: then headings before it belong to what is open."""
    return bool(ahead) and bool(ahead[0].readings) and ahead[0].readings[0].kind in ("part", "item", "note")


def _inside_last(stack: list[Open], kinds: tuple[str, ...]) -> int:
    return max((place + 1 for place, one in enumerate(stack) if one.number is not None and one.number.kind in kinds), default=0)


def _next(stack: list[Open], ahead: list[Mark]) -> tuple[int, Mark, bool] | None:
    """The open section that the next number goes on from, that number's mark, and whether it starts the same count anew instead."""
    for mark in ahead[:LOOKED_AHEAD]:
        if mark.weak:
            continue
        for depth in range(len(stack) - 1, -1, -1):
            before = stack[depth].number or stack[depth].before
            if before is None:
                continue
            for number in mark.readings:
                if goes_on(before, number):
                    return depth, mark, False
                if before.kind == number.kind and number.kind in _TOP_SERIES and before.values[0] > 1 and number.values == (1,):
                    return depth, mark, True
        if mark.readings[0].kind == "annex":
            return None
    return None
