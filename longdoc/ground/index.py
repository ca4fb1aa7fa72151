"""Which places of a text hold many of the letter runs that a quote is made of.

The runs of `RUN` letters at every place of the text are hashed and sorted, eight bytes a letter: hash in the upper half, place in the
lower. A quote looks its own runs up, rarest first; a place where it may stand is one that many of them point at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RUN = 8
_LOOKED_UP = 192
"""Runs of a quote that are looked up, spread evenly."""
_POINTERS = 4000
"""Places that are counted: those that the rarest runs point at."""
_BUCKET = 64
"""Letters by which a quote may be shifted against its place before they count as two."""

_LOWER = np.uint64(0xFFFFFFFF)

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Candidate:
    """A place where a quote may begin, give or take: the lowest and highest letter, and how many of its runs say so."""

    low: int
    high: int
    votes: int


@dataclass(frozen=True)
class Runs:
    """A quote's runs as looked up: the offset of each in the quote, and where its places stand in the index."""

    offsets: Places
    firsts: Places
    counts: Places


class RunIndex:
    """The runs of a text's letters."""

    def __init__(self, letters: str) -> None:
        keys = _hashes(letters) << np.uint64(32)
        keys |= np.arange(len(keys), dtype=np.uint64)
        keys.sort()
        self._keys = keys

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self._keys.nbytes

    def look_up(self, quote: str, low: int, high: int) -> Runs:
        """The runs of a quote's letters, with their places among the letters low:high of the text."""
        hashes = _hashes(quote)
        offsets = np.arange(len(hashes))
        if len(hashes) > _LOOKED_UP:
            offsets = np.linspace(0, len(hashes) - 1, _LOOKED_UP).astype(np.int64)
        wanted = hashes[offsets] << np.uint64(32)
        firsts = np.searchsorted(self._keys, wanted + np.uint64(max(0, low)))
        lasts = np.searchsorted(self._keys, wanted + np.uint64(max(0, high)))
        return Runs(offsets, firsts, np.maximum(0, lasts - firsts))

    def occurrences(self, runs: Runs, at_most: int) -> Places:
        """Where a quote begins if it stands in the text unchanged (to be checked), in order; the first `at_most` of them."""
        rarest = int(runs.counts.argmin())
        first = int(runs.firsts[rarest])
        keys = self._keys[first : first + min(at_most, int(runs.counts[rarest]))]
        return (keys & _LOWER).astype(np.int64) - int(runs.offsets[rarest])

    def candidates(self, runs: Runs, at_most: int) -> list[Candidate]:
        """Where a quote may begin, most votes first, then in order; `at_most` of them."""
        held = np.flatnonzero(runs.counts)
        if not len(held):
            return []
        held = held[np.argsort(runs.counts[held], kind="stable")]
        rare = held[: max(1, int(np.searchsorted(np.cumsum(runs.counts[held]), _POINTERS, side="right")))]
        counts = np.minimum(runs.counts[rare], _POINTERS)
        ahead = np.repeat(np.cumsum(counts) - counts, counts)
        pointers = np.arange(len(ahead)) - ahead + np.repeat(runs.firsts[rare], counts)
        begins = np.sort((self._keys[pointers] & _LOWER).astype(np.int64) - np.repeat(runs.offsets[rare], counts))
        # A window of one bucket's width slides over the beginnings: each counts those that follow it closely.
        votes = np.searchsorted(begins, begins + _BUCKET) - np.arange(len(begins))
        found: list[Candidate] = []
        for place in np.argsort(-votes, kind="stable")[: 16 * at_most].tolist():
            low = int(begins[place])
            if all(abs(low - other.low) > _BUCKET for other in found):
                found.append(Candidate(low, int(begins[place + votes[place] - 1]), int(votes[place])))
            if len(found) == at_most:
                break
        return found


def _hashes(letters: str) -> Hashes:
    """A hash of 32 bits of the run that begins at each letter."""
    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), np.uint32)
    count = max(0, len(codes) - RUN + 1)
    hashes = np.zeros(count, np.uint64)
    for place in range(RUN):
        hashes *= np.uint64(0x9E3779B97F4A7C15)
        hashes += codes[place : place + count]
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes >>= np.uint64(32)
    return hashes
