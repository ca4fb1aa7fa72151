"""Which unit of one document is which of the other.

Units with the same words that stand once in each document are anchors, and what is alike beside an anchor goes with it (patience diff).
What is left is paired by the share of its words that both have, rare words counting more. Pairs that keep the order of the longest run of
pairs (a longest increasing subsequence) stand where they stood; the others have moved.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from longdoc_pipelines.compare.units import Unit

LIKE = 0.5
"""Share of the words, by weight, that two versions of a unit have in common at least."""
LIKE_OF_FEW, FEW = 0.6, 6
"""And of units of fewer words than this."""
RARE = 12
"""Words of a unit by which others like it are looked for, the rarest first."""
COMMON = 200
"""A word in more units than this finds none."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Places of one unit in both documents; `same` if its words are, `moved` if it stands elsewhere."""

    before: int
    after: int
    same: bool
    moved: bool


def align(before: Sequence[Unit], after: Sequence[Unit]) -> list[Pair]:
    """The pairs, in the order of `after`; a unit is in one of them at most."""
    ours, theirs = [unit.words for unit in before], [unit.words for unit in after]
    pairs = _same(ours, theirs)
    alike = set(pairs.items())
    pairs |= _like(before, after, pairs)
    ordered = sorted(pairs.items(), key=lambda pair: pair[1])
    kept = set(_longest_increasing([place for place, _ in ordered]))
    return [Pair(place, other, (place, other) in alike, number not in kept) for number, (place, other) in enumerate(ordered)]


def _same(ours: Sequence[tuple[str, ...]], theirs: Sequence[tuple[str, ...]]) -> dict[int, int]:
    """Place -> place of units with the same words."""
    where, elsewhere = _places(ours), _places(theirs)
    once = {places[0]: elsewhere[words][0] for words, places in where.items() if len(places) == 1 and len(elsewhere.get(words, ())) == 1}
    pairs = dict(once)
    taken = set(once.values())
    for step in (1, -1):
        for place, other in sorted(once.items(), reverse=step < 0):
            one, two = place + step, other + step
            while 0 <= one < len(ours) and 0 <= two < len(theirs) and ours[one] == theirs[two] and one not in pairs and two not in taken:
                pairs[one] = two
                taken.add(two)
                one, two = one + step, two + step
    # What repeats, and stands beside nothing that is alike, goes in order.
    for words, places in where.items():
        left = [other for other in elsewhere.get(words, ()) if other not in taken]
        for place, other in zip((place for place in places if place not in pairs), left, strict=False):
            pairs[place] = other
            taken.add(other)
    return pairs


def _places(units: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, words in enumerate(units):
        found[words].append(place)
    return found


def _like(before: Sequence[Unit], after: Sequence[Unit], pairs: dict[int, int]) -> dict[int, int]:
    """Place -> place of units that have most of their words in common, the most alike first; rows of the same label are alike."""
    ours, theirs = [unit.words for unit in before], [unit.words for unit in after]
    seen = Counter(word for words in (*ours, *theirs) for word in set(words))
    total = len(ours) + len(theirs)
    weight = {word: math.log(1.0 + total / count) for word, count in seen.items()}
    taken = set(pairs.values())
    bags = {place: Counter(words) for place, words in enumerate(theirs) if place not in taken}
    holders: dict[str, list[int]] = defaultdict(list)
    for place, bag in bags.items():
        for word in bag:
            holders[word].append(place)
    found = []
    for place, words in enumerate(ours):
        if place in pairs:
            continue
        own = Counter(words)
        rarest = sorted(own, key=lambda word: (len(holders[word]), word))
        near = {other for word in rarest[:RARE] if len(holders[word]) <= COMMON for other in holders[word]}
        for other in near:
            likeness = _likeness(own, bags[other], weight)
            if before[place].label and before[place].label == after[other].label:
                likeness = (1.0 + likeness) / 2
            if likeness >= (LIKE if min(len(words), len(theirs[other])) >= FEW else LIKE_OF_FEW):
                found.append((-likeness, abs(place / len(ours) - other / len(theirs)), place, other))
    matched: dict[int, int] = {}
    used: set[int] = set()
    for _, _, place, other in sorted(found):
        if place not in matched and other not in used:
            matched[place] = other
            used.add(other)
    return matched


def _likeness(own: Counter[str], other: Counter[str], weight: dict[str, float]) -> float:
    """Dice's coefficient of two bags of words, each word by its weight."""
    shared = sum(weight[word] * count for word, count in (own & other).items())
    return 2.0 * shared / (_mass(own, weight) + _mass(other, weight))


def _mass(bag: Counter[str], weight: dict[str, float]) -> float:
    return sum(weight[word] * count for word, count in bag.items())


def _longest_increasing(values: Iterable[int]) -> list[int]:
    """Numbers, from 0, of the values of a longest strictly increasing subsequence."""
    listed = list(values)
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for number, value in enumerate(listed):
        place = bisect_left(tails, value)
        before.append(ends[place - 1] if place else None)
        tails[place : place + 1] = [value]
        ends[place : place + 1] = [number]
    chain: list[int] = []
    current = ends[-1] if ends else None
    while current is not None:
        chain.append(current)
        current = before[current]
    return chain[::-1]
