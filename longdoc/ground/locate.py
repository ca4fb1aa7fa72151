"""Where in a document a language model's quote stands.

First the letters of the quote as they are: case, spaces, quotation marks, dashes, hyphenation, accents and other punctuation do not matter.
Then the parts of a quote that was shortened with an ellipsis. Then the passage that differs in the fewest words, within a tolerance.

The tolerance: a quote of fewer than six words may not differ; a longer one in one word (changed, dropped or added), and in one more for
each twenty words after the first twenty. A shortened quote keeps to it as a whole; its parts, of at least three words each, stand in order
and at most 1,500 letters apart, or 30 for each letter of the shorter of two neighbours if that is less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from longdoc.ground.align import Alignment, Side, align
from longdoc.ground.fold import Folded, fold_letters, plain
from longdoc.ground.index import RUN, RunIndex, Runs
from longdoc.ground.wording import changes_the_sense, figures
from longdoc.types import Document, Span

FEWEST_WORDS = 6
"""Words of a quote that may differ at all."""
WORDS_A_DIFFERENCE = 20
PART_WORDS = 3
"""Words that a part of a shortened quote has at least."""
PART_WORDS_DIFFERING = 10
"""And if it may differ."""
GAP = 1500
"""Letters between two parts of a shortened quote at most."""
GAP_A_LETTER = 30
"""And for each letter of the shorter of the two: a few common words are soon found somewhere."""

_ELLIPSIS = re.compile(
    r"[\[(]\s*(?:(?:\.\s?){2,}\.|[\u2026\u22ef]+)\s*[\])]|(?:\.\s?){2,}\.|[\u2026\u22ef]+|[\[(]\s*(?:omitted|snip)\s*[\])]", re.IGNORECASE
)
_ENDING = tuple(".,;:!?")
"""What ends the words before it and is no part of a quote that begins after it."""
_OCCURRENCES = 2000
"""Places where the same letters stand that are told apart."""
_COMPARED = 64
"""Of these, places that are compared character by character."""
_CANDIDATES = 6
_SHARED, _SHARED_OF_FEW = 0.6, 0.4
"""Share of a quote's runs of four letters that a passage has that is compared with it at all; of a quote of few words."""
_SAMPLED = 80
_CLOSE = 0.1
"""By how much less it may have than the passage that has most."""
_MARGIN = 60
"""Letters around a candidate that are aligned with it."""


@dataclass(frozen=True)
class Located:
    """A quote's place in a document, and how the document's characters differ from it.

    `exact` is whether they are the same up to case, white space, quotation marks and dashes. `distance` is the share of the quote's `words`
    that differ (0 to 1); hyphens, accents, punctuation, and words run together or torn apart make a quote inexact and count nothing.
    `differences` pairs what the quote reads with what the document reads there, either of them possibly empty. The span of a quote that was
    shortened reaches from its first part to its last, and holds what was left out, which is not compared.
    """

    span: Span
    exact: bool
    distance: float
    words: float
    differences: tuple[tuple[str, str], ...] = ()
    changed_numbers_or_negations: bool = False

    @property
    def differing(self) -> float:
        """Words that differ."""
        return self.distance * self.words


class _Found(NamedTuple):
    """A quote or part of one in the letters of the document."""

    low: int
    high: int
    cost: float
    alignment: Alignment | None = None


def tolerated(words: float) -> int:
    """Words of a quote that may differ."""
    return 0 if words < FEWEST_WORDS else max(1, int(words // WORDS_A_DIFFERENCE))


class Locator:
    """Locates quotes in one document. The index is built when the first quote is looked for and serves all that follow."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def _letters(self) -> Folded:
        """The document's letters, but for running heads and page numbers, across which sentences go on."""
        return fold_letters(self.document.text, [(one.span.start, one.span.end) for one in self.document.blocks if not one.running])

    @cached_property
    def _index(self) -> RunIndex:
        return RunIndex(self._letters.string)

    @property
    def nbytes(self) -> int:
        """Bytes that the index takes in memory."""
        string = self._letters.string
        width = 1 if string.isascii() else 2 if max(string) < "\U00010000" else 4
        return self._index.nbytes + self._letters.origins.nbytes + len(string) * width

    def locate(self, quote: str, within: Span | None = None, near: int | None = None) -> Located | None:
        """Where `quote` stands inside `within` (default: anywhere), None if it does not.

        Where it stands several times, the place closest to the offset `near` is taken, or else the first that is exact, or the first.
        """
        found = self.nearest(quote, within, near)
        return found if found is not None and found.differing <= tolerated(found.words) else None

    def nearest(self, quote: str, within: Span | None = None, near: int | None = None) -> Located | None:
        """As `locate`, but however many words differ: what to show to someone whose quote is not there; None if nothing is like it."""
        wanted = Side(fold_letters(quote))
        if not wanted.words:
            return self._of_signs(quote, within, near)
        low, high = (0, len(self._letters)) if within is None else (self._letters.place(within.start), self._letters.place(within.end))
        runs = self._index.look_up(wanted.folded.string, low, high) if len(wanted.folded) >= RUN else None
        same = self._same(quote, wanted, runs, low, high, near)
        if same is not None:
            return same
        shortened = self._shortened(quote, low, high, near)
        if shortened is not None:
            return shortened
        found = None if runs is None else self._like(wanted, runs, low, high, near)
        return None if found is None else self._located([(quote, wanted, found)])

    def _of_signs(self, quote: str, within: Span | None, near: int | None) -> Located | None:
        """A quote without letters, such as "***", as it is."""
        sign, area = quote.strip(), within or Span(start=0, end=len(self.document.text))
        if not sign:
            return None
        after = self.document.text.find(sign, area.start if near is None else max(area.start, near), area.end)
        before = -1 if near is None else self.document.text.rfind(sign, area.start, min(area.end, near + len(sign)))
        places = [place for place in (before, after) if place >= 0]
        if not places:
            return None
        start = min(places, key=lambda place: abs(place - (near or 0)))
        return Located(Span(start=start, end=start + len(sign)), True, 0.0, 0.0)

    def _same(self, quote: str, wanted: Side, runs: Runs | None, low: int, high: int, near: int | None) -> Located | None:
        """The quote with all its letters."""
        places = list(self._occurrences(wanted.folded.string, runs, low, high, near))
        best: Located | None = None
        for place in places[:_COMPARED]:
            found = self._located([(quote, wanted, _Found(place, place + len(wanted.folded), 0.0))])
            if best is None or (found.exact and not best.exact):
                best = found
            if near is not None or best.exact:
                break
        return best

    def _occurrences(self, string: str, runs: Runs | None, low: int, high: int, near: int | None = None) -> Iterator[int]:
        """Where letters stand as whole words, in order, or the closest to `near` first."""
        text = self._letters.string
        target = None if near is None else self._letters.place(near)
        found: Iterator[int]
        if runs is not None:
            places = self._index.occurrences(runs, _OCCURRENCES)
            if target is not None:
                places = places[np.argsort(np.abs(places - target), kind="stable")]
            found = (place for place in places.tolist() if place >= low and place + len(string) <= high and text.startswith(string, place))
        else:
            found = _outwards(text, string, low, high, low if target is None else min(max(target, low), high))
        return (place for place in found if not self._letters.cuts_a_word(place, place + len(string)))

    def _like(self, wanted: Side, runs: Runs, low: int, high: int, near: int | None) -> _Found | None:
        """The passage that differs from the quote in the fewest words."""
        string = self._letters.string
        areas = []
        for candidate in self._index.candidates(runs, _CANDIDATES):
            begin, end = max(low, candidate.low - _MARGIN), min(high, candidate.high + len(wanted.folded) + _MARGIN)
            shared = _shared(wanted.folded.string, string[begin:end])
            if shared >= (_SHARED if wanted.weight >= 2 * FEWEST_WORDS else _SHARED_OF_FEW):
                areas.append((shared, begin, end))
        areas.sort(key=lambda area: -area[0])
        found = []
        for shared, begin, end in areas:
            if shared < areas[0][0] - _CLOSE:
                break
            alignment = align(wanted, Side(self._letters, begin, end))
            if alignment is not None:
                found.append(_Found(alignment.low, alignment.high, alignment.cost, alignment))
        target = 0 if near is None else self._letters.place(near)
        return min(found, key=lambda one: (one.cost, abs(one.low - target)), default=None)

    def _shortened(self, quote: str, low: int, high: int, near: int | None) -> Located | None:
        """A quote whose parts, with an ellipsis between them, stand in order and close to one another."""
        texts = _parts(quote)
        parts = [Side(fold_letters(text)) for text in texts]
        words = sum(part.weight for part in parts)
        if texts == [quote] or (len(parts) > 1 and (words < FEWEST_WORDS or min(part.weight for part in parts) < PART_WORDS)):
            return None
        anchor = max(range(len(parts)), key=lambda place: parts[place].weight)
        chains = []
        for found in self._places(parts[anchor], low, high, near):
            chain = self._chain(parts, anchor, found, low, high)
            if chain is not None and sum(one.cost for one in chain) <= tolerated(words):
                chains.append(chain)
        if not chains:
            return None
        target = 0 if near is None else self._letters.place(near)
        best = min(chains, key=lambda one: (sum(part.cost for part in one), _length(one) if near is None else abs(one[0].low - target)))
        return self._located(list(zip(texts, parts, best, strict=True)))

    def _places(self, part: Side, low: int, high: int, near: int | None) -> Iterator[_Found]:
        """Where a part of a quote stands: everywhere where its letters do, else where something like it does."""
        runs = self._index.look_up(part.folded.string, low, high) if len(part.folded) >= RUN else None
        none = True
        for place in self._occurrences(part.folded.string, runs, low, high, near):
            none = False
            yield _Found(place, place + len(part.folded), 0.0)
        like = self._like(part, runs, low, high, near) if none and runs is not None and part.weight >= PART_WORDS_DIFFERING else None
        if like is not None:
            yield like

    def _chain(self, parts: list[Side], anchor: int, found: _Found, low: int, high: int) -> list[_Found] | None:
        """The parts around one of them that was found, None if one is missing."""
        chain = [found]
        for part, neighbour in zip(reversed(parts[:anchor]), reversed(parts[1 : anchor + 1]), strict=True):
            end = chain[0].low
            places = list(self._places(part, max(low, end - _reach(part, neighbour) - len(part.folded)), end, self._offset(end)))
            if not places:
                return None
            chain.insert(0, max(places, key=lambda one: (-one.cost, one.low)))
        for part, neighbour in zip(parts[anchor + 1 :], parts[anchor:-1], strict=True):
            start = chain[-1].high
            places = list(self._places(part, start, min(high, start + _reach(part, neighbour) + len(part.folded)), None))
            if not places:
                return None
            chain.append(min(places, key=lambda one: (one.cost, one.low)))
        return chain

    def _offset(self, place: int) -> int:
        return int(self._letters.origins[place]) if place < len(self._letters) else len(self.document.text)

    def _located(self, parts: list[tuple[str, Side, _Found]]) -> Located:
        """The characters of a quote's parts, compared with it."""
        spans, differences, changed = [], [], False
        for text, wanted, found in parts:
            span = self._with_punctuation(text, found.low, found.high)
            spans.append(span)
            pairs = self._differences(wanted, found)
            differences += pairs
            figures_differ = figures(text) != figures(self._read(found.low, found.high))
            changed = changed or figures_differ or any(changes_the_sense(one, other) for one, other in pairs)
        whole = Span(start=spans[0].start, end=spans[-1].end)
        words = sum(wanted.weight for _, wanted, _ in parts)
        cost = sum(found.cost for _, _, found in parts)
        exact = len(parts) == 1 and not cost and plain(parts[0][0]) == plain(self.document.quote(whole))
        return Located(whole, exact, min(1.0, cost / words), words, tuple(differences), changed)

    def _differences(self, wanted: Side, found: _Found) -> list[tuple[str, str]]:
        if found.alignment is None:
            return []
        return [(_text(wanted.folded, *one.quote), self._read(*one.passage)) for one in found.alignment.differences]

    def _read(self, low: int, high: int) -> str:
        return _text(self._letters, low, high)

    def _with_punctuation(self, quote: str, low: int, high: int) -> Span:
        """The characters of the letters low:high, with the punctuation around them that the quote has as well."""
        start, end = self._letters.span(low, high)
        text = self.document.text
        folded = fold_letters(quote)
        first, last = folded.span(0, len(folded))
        for sign in _signs(reversed(quote[:first])):
            place = start - 1
            while place >= 0 and text[place].isspace():
                place -= 1
            if place < 0 or sign in _ENDING or _sign(text[place]) != sign:
                break
            start = place
        for sign in _signs(quote[last:]):
            place = end
            while place < len(text) and text[place].isspace():
                place += 1
            if place == len(text) or _sign(text[place]) != sign:
                break
            end = place + 1
        return Span(start=start, end=end)


def _reach(part: Side, neighbour: Side) -> int:
    """Letters that two parts of a shortened quote may stand apart."""
    return min(GAP, GAP_A_LETTER * min(len(part.folded), len(neighbour.folded)))


def _parts(quote: str) -> list[str]:
    """A quote cut at its ellipses, but for those that stand next to fewer words than make a part: they are the document's own."""
    parts = [""]
    end = 0
    for mark in _ELLIPSIS.finditer(quote):
        parts[-1] += quote[end : mark.start()]
        end = mark.end()
        if Side(fold_letters(parts[-1])).weight >= PART_WORDS:
            parts.append("")
        elif parts[-1].strip():
            parts[-1] += mark[0]
    parts[-1] += quote[end:]
    if len(parts) > 1 and Side(fold_letters(parts[-1])).weight < PART_WORDS:
        last = parts.pop()
        parts[-1] += f" \u2026 {last}" if last.strip() else ""
    return parts


def _shared(quote: str, passage: str) -> float:
    """The share of a quote's runs of four letters, or of a sample of them, that a passage has."""
    step = max(1, len(quote) // _SAMPLED)
    runs = [quote[place : place + 4] for place in range(0, len(quote) - 3, step)]
    return sum([run in passage for run in runs]) / len(runs)


def _signs(characters: Iterable[str]) -> Iterator[str]:
    return (sign for sign in map(_sign, characters) if sign)


@cache
def _sign(character: str) -> str:
    """A character's plain fold, one quotation mark like the other."""
    return plain(character).replace("'", '"')


def _text(folded: Folded, low: int, high: int) -> str:
    if low >= high:
        return ""
    start, end = folded.span(low, high)
    return folded.text[start:end]


def _length(chain: list[_Found]) -> int:
    return chain[-1].high - chain[0].low


def _outwards(text: str, string: str, low: int, high: int, start: int) -> Iterator[int]:
    """Where `string` stands in text[low:high], the places on both sides of `start` by turns as they come closer."""
    after = text.find(string, start, high)
    before = text.rfind(string, low, min(high, start + len(string) - 1)) if start > low else -1
    while after >= 0 or before >= 0:
        if before < 0 or (after >= 0 and after - start <= start - before):
            yield after
            after = text.find(string, after + 1, high)
        else:
            yield before
            before = text.rfind(string, low, before + len(string) - 1)
