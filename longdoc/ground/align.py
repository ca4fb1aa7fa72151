"""A quote set against a passage, and the words that differ.

Stretches of letters that both have, longest first (Ratcliff and Obershelp 1988, over runs of four letters), hold the two together; what
lies between them is what differs. Letters know no spaces, so words run together or torn apart differ in nothing. Of the words that share
letters with what differs the edit distance is counted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from longdoc.ground.fold import Folded, Word

_RUN = 4
_MOST_EDITS = 1000
"""Pairs of words up to which the edit distance is worth its time."""
_MOST_TRIED = 6
"""Words of a quote before and after what it has in common with the passage, up to which more and fewer words of the passage are tried."""
_LINE_INSIDE = 120
"""Letters that a line of its own between two words of a quote may have (a page number, a running head) and cost nothing."""
_SENTENCE_ENDS = tuple(".!?\u3002\uff01\uff1f\u061f\u06d4\u0964")


@dataclass(frozen=True)
class Difference:
    """Letters of the quote that the passage has not, and letters of the passage in their place, both as ranges; either may be empty."""

    quote: tuple[int, int]
    passage: tuple[int, int]


@dataclass(frozen=True)
class Alignment:
    """Where a quote stands: the letters low:high of the passage's fold, and what differs, summed up in words."""

    low: int
    high: int
    cost: float
    differences: tuple[Difference, ...] = ()


class Side:
    """A fold with its words, or those of a stretch of it."""

    def __init__(self, folded: Folded, low: int = 0, high: int | None = None) -> None:
        self.folded = folded
        self.words = folded.words(low, high)
        self.low, self.high = low, len(folded) if high is None else high
        self.lows = [word.low for word in self.words]
        self.highs = [word.high for word in self.words]
        self.borders = {*self.lows, *self.highs}
        self.weight = sum(word.weight for word in self.words)

    def letters(self, low: int, high: int) -> str:
        return self.folded.string[low:high]

    def touched(self, low: int, high: int) -> Sequence[Word]:
        """The words that share letters with low:high."""
        return self.words[bisect_right(self.highs, low) : bisect_left(self.lows, high)] if low < high else ()

    def has_word(self, low: int, size: int) -> bool:
        """Whether a word lies wholly in the `size` letters from `low` on."""
        place = bisect_left(self.lows, low)
        return place < len(self.words) and self.highs[place] <= low + size


def align(quote: Side, passage: Side) -> Alignment | None:
    """The stretch of the passage that a quote reads most like; None if they have less than half of the quote's letters in common."""
    blocks = _held_together(quote, passage)
    if 2 * sum(block.size for block in blocks) < quote.high - quote.low:
        return None
    count = _Count(quote, passage)
    low = count.before(blocks[0].quote, blocks[0].passage)
    for block, following in pairwise(blocks):
        count.between(block.quote + block.size, following.quote, block.passage + block.size, following.passage)
    last = blocks[-1]
    high = count.after(last.quote + last.size, last.passage + last.size)
    return Alignment(low, high, count.cost, tuple(count.differences))


class _Block(NamedTuple):
    """Letters that both have: where they begin in the quote and in the passage, and how many."""

    quote: int
    passage: int
    size: int


def _held_together(quote: Side, passage: Side) -> list[_Block]:
    """Blocks that hold a whole word, in order: from the largest outwards, as long as they are no shorter than what they skip."""
    blocks = [one for one in _blocks(quote, passage) if quote.has_word(one.quote, one.size) or passage.has_word(one.passage, one.size)]
    if not blocks:
        return []
    largest = max(range(len(blocks)), key=lambda place: blocks[place].size)
    kept = [blocks[largest]]
    for block in reversed(blocks[:largest]):
        if _skipped(block, kept[0]) <= block.size:
            kept.insert(0, block)
    for block in blocks[largest + 1 :]:
        if _skipped(kept[-1], block) <= block.size:
            kept.append(block)
    return kept


def _skipped(block: _Block, following: _Block) -> int:
    """Letters that one side has more of between two blocks."""
    return abs(following.passage - block.passage - following.quote + block.quote)


def _blocks(quote: Side, passage: Side) -> list[_Block]:
    """What both have: the longest stretch, and what agrees to its left and right; where there is a choice, what is closest to it."""
    own, theirs = quote.letters(quote.low, quote.high), passage.letters(passage.low, passage.high)
    one, other, size = SequenceMatcher(None, _runs(own), _runs(theirs), autojunk=False).find_longest_match()
    if not size:
        return []
    size += _RUN - 1
    end, passage_end = one + size, other + size
    before = _following(own[:one][::-1], theirs[:other][::-1])
    after = _following(own[end:], theirs[passage_end:])
    blocks = [_Block(one - block.quote - block.size, other - block.passage - block.size, block.size) for block in reversed(before)]
    blocks += [_Block(one, other, size), *(_Block(end + block.quote, passage_end + block.passage, block.size) for block in after)]
    return [_Block(quote.low + block.quote, passage.low + block.passage, block.size) for block in blocks]


def _following(own: str, theirs: str) -> list[_Block]:
    found: list[_Block] = []
    theirs = theirs[: len(own) + _LINE_INSIDE]
    for one, other, size in SequenceMatcher(None, _runs(own), _runs(theirs), autojunk=False).get_matching_blocks():
        # Runs overlap by all but one letter, and so may the ends of blocks.
        last = found[-1] if found else _Block(0, 0, 0)
        behind = max(0, last.quote + last.size - one, last.passage + last.size - other)
        if size and size + _RUN - 1 > behind:
            found.append(_Block(one + behind, other + behind, size + _RUN - 1 - behind))
    return found


def _runs(letters: str) -> list[str]:
    return [letters[place : place + _RUN] for place in range(len(letters) - _RUN + 1)]


class _Gap(NamedTuple):
    """Letters of the quote, and letters of the passage in their place."""

    low: int
    high: int
    passage_low: int
    passage_high: int


class _Count:
    """Differences as they are met, each from where words begin on both sides to where they end."""

    def __init__(self, quote: Side, passage: Side) -> None:
        self.quote, self.passage = quote, passage
        self.cost = 0.0
        self.differences: list[Difference] = []

    def between(self, low: int, high: int, passage_low: int, passage_high: int) -> None:
        """Compare what comes between letters that both have."""
        own, theirs = self.quote.letters(low, high), self.passage.letters(passage_low, passage_high)
        if own == theirs:
            return
        start = _same_beginning(own, theirs)
        end = _same_beginning(own[start:][::-1], theirs[start:][::-1])
        bare = _Gap(low + start, high - end, passage_low + start, passage_high - end)
        if bare.low == bare.high and self._stands_alone(bare.passage_low, bare.passage_high):
            return
        whole = self._stripped(self._widened(bare))
        self._add(min(self._weight(bare), self._weight(whole)), whole)

    def before(self, high: int, passage_high: int) -> int:
        """Compare what comes before the first letters that both have; where the passage begins."""
        own, theirs = self.quote.letters(self.quote.low, high), self.passage.letters(self.passage.low, passage_high)
        same = _same_beginning(own[::-1], theirs[::-1])
        bare, edge = high - same, passage_high - same
        if bare == self.quote.low and not self.passage.folded.joined(edge):
            return edge
        words = self.passage.words[: bisect_left(self.passage.lows, edge)][::-1]
        gaps = [_Gap(self.quote.low, bare, low, edge) for low in [edge, *(word.low for word in words)]]
        return self._end(gaps, [self._ends_before(word.high) for word in words[: _MOST_TRIED + 2]]).passage_low

    def after(self, low: int, passage_low: int) -> int:
        """Compare what comes after the last letters that both have; where the passage ends."""
        own, theirs = self.quote.letters(low, self.quote.high), self.passage.letters(passage_low, self.passage.high)
        same = _same_beginning(own, theirs)
        bare, edge = low + same, passage_low + same
        if bare == self.quote.high and not self.passage.folded.joined(edge):
            return edge
        words = self.passage.words[bisect_right(self.passage.highs, edge) :]
        gaps = [_Gap(bare, self.quote.high, edge, high) for high in [edge, *(word.high for word in words)]]
        return self._end(gaps, [self._ends_before(word.low) for word in words[: _MOST_TRIED + 2]]).passage_high

    def _end(self, gaps: list[_Gap], sentences: list[bool]) -> _Gap:
        """Of gaps that take in one word of the passage more each, the one that differs least; it is added.

        Between equals, one that stays inside the sentence is taken, and one that has as many words as the quote. `sentences` says which
        words of the passage a sentence ends before, seen from what both have.
        """
        wanted = len(self.quote.touched(gaps[0].low, gaps[0].high))
        cut = self.passage.folded.joined(gaps[0].passage_low)
        ranked = []
        counts = range(wanted + 3) if wanted <= _MOST_TRIED else (wanted,)
        for count in {min(count, len(gaps) - 1) for count in counts}:
            gap = gaps[count]
            whole = self._stripped(self._widened(gap))
            # A word that would be cut in two is one that differs.
            halved = cut and not count
            cost = min(self._weight(gap), self._weight(whole)) + halved
            ranked.append((cost, halved, any(sentences[:count]), abs(count - wanted), gap, whole))
        cost, *_, gap, whole = min(ranked)
        self._add(cost, whole)
        return gap

    def _weight(self, gap: _Gap) -> float:
        """The edit distance of the words that share letters with a gap, on the one side and on the other."""
        own, theirs = self.quote.touched(gap.low, gap.high), self.passage.touched(gap.passage_low, gap.passage_high)
        weights = (sum(word.weight for word in own), sum(word.weight for word in theirs))
        if min(weights) <= 1 or len(own) * len(theirs) > _MOST_EDITS:
            return max(weights)
        row = [0.0]
        for word in theirs:
            row.append(row[-1] + word.weight)
        for word in own:
            letters = self.quote.letters(word.low, word.high)
            above, row = row, [row[0] + word.weight]
            for place, other in enumerate(theirs):
                same = other.high - other.low == len(letters) and self.passage.letters(other.low, other.high) == letters
                changed = above[place] + (0 if same else max(word.weight, other.weight))
                row.append(min(changed, above[place + 1] + word.weight, row[place] + other.weight))
        return row[-1]

    def _add(self, cost: float, gap: _Gap) -> None:
        self.cost += cost
        self.differences.append(Difference((gap.low, gap.high), (gap.passage_low, max(gap.passage_low, gap.passage_high))))

    def _widened(self, gap: _Gap) -> _Gap:
        """A gap with what both sides have around it, up to where words begin and end on both; the ends of the quote stay."""
        low, high, passage_low, passage_high = gap
        while low > self.quote.low and passage_low > self.passage.low and not self._borders(low, passage_low):
            low, passage_low = low - 1, passage_low - 1
        while high < self.quote.high and passage_high < self.passage.high and not self._borders(high, passage_high):
            high, passage_high = high + 1, passage_high + 1
        return _Gap(low, high, passage_low, passage_high)

    def _stripped(self, gap: _Gap) -> _Gap:
        """A gap without the words that both sides of it begin or end with."""
        low, high, passage_low, passage_high = gap
        own, theirs = self.quote.letters(low, high), self.passage.letters(passage_low, passage_high)
        start = _same_beginning(own, theirs)
        while start and not self._borders(low + start, passage_low + start):
            start -= 1
        end = _same_beginning(own[start:][::-1], theirs[start:][::-1])
        while end and not self._borders(high - end, passage_high - end):
            end -= 1
        return _Gap(low + start, high - end, passage_low + start, passage_high - end)

    def _borders(self, place: int, passage_place: int) -> bool:
        return place in self.quote.borders and passage_place in self.passage.borders

    def _ends_before(self, place: int) -> bool:
        """Whether a sentence or paragraph of the passage ends before the letter at `place`."""
        folded = self.passage.folded
        if not 0 < place < len(folded):
            return True
        between = folded.text[folded.span(place - 1, place)[1] : int(folded.origins[place])]
        return between.lstrip("\"'\u201d\u2019)]")[:1] in _SENTENCE_ENDS or between.count("\n") > 1

    def _stands_alone(self, low: int, high: int) -> bool:
        """Whether letters of the passage fill lines of their own, such as a page number between two pages."""
        folded = self.passage.folded
        if not 0 < low < high < len(folded) or high - low > _LINE_INSIDE:
            return False
        start, end = folded.span(low, high)
        before, after = folded.text[folded.span(low - 1, low)[1] : start], folded.text[end : int(folded.origins[high])]
        return any(mark in before for mark in "\n\f\v") and any(mark in after for mark in "\n\f\v")


def _same_beginning(one: str, other: str) -> int:
    """How many characters two strings begin with alike."""
    shorter = min(len(one), len(other))
    for place in range(shorter):
        if one[place] != other[place]:
            return place
    return shorter
