"""How much of a human summary is in a choice of sentences: ROUGE-1 and ROUGE-2, and the sentences that hold most of it.

ROUGE-n (Lin, 2004, https://aclanthology.org/W04-1013): with c the n-grams that a choice and a reference share, counted as often as the
one that has fewer of them,

    R = c / n-grams of the reference,   P = c / n-grams of the choice,   F = 2 P R / (P + R)

Words are runs of letters and figures in lower case, not stemmed; a pair of words lies within one sentence. With several references the
best counts. The oracle takes, one after the other, the sentence that raises ROUGE-1 F + ROUGE-2 F most, until none does (Nallapati et
al., SummaRuNNer, 2017, https://arxiv.org/abs/1611.04230).

Axis legend: S sentences, G n-grams of the reference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"[^\W_]+")

Counts = npt.NDArray[np.integer]


@dataclass(frozen=True)
class _Grams:
    """What sentences share with one reference: counts [S, G] of its n-grams in each, n-grams [S] of each, counts [G] in the reference."""

    shared: Counts
    sizes: Counts
    wanted: Counts

    def f(self, chosen: Counts, size: Counts) -> npt.NDArray[np.float64]:
        """ROUGE F [K] of K choices that hold `chosen` [K, G] of the n-grams, and `size` [K] n-grams in all."""
        same = np.minimum(chosen, self.wanted).sum(axis=-1)
        return np.asarray(2.0 * same / np.maximum(size + self.wanted.sum(), 1))


class Overlap:
    """Sentences held against human summaries (`references`, at least one)."""

    def __init__(self, sentences: Sequence[str], references: Sequence[str]) -> None:
        found = [_words(sentence) for sentence in sentences]
        self._references = [tuple(_grams(found, _lines(reference), size) for size in (1, 2)) for reference in references]

    def rouge(self, rows: Sequence[int]) -> tuple[float, float]:
        """ROUGE-1 F and ROUGE-2 F in 0..1 of the sentences `rows` together, each against the reference that it is best for."""
        chosen = np.array(rows, dtype=np.int64)
        one, two = (
            max(float(pair[size].f(pair[size].shared[chosen].sum(axis=0), pair[size].sizes[chosen].sum())) for pair in self._references)
            for size in (0, 1)
        )
        return one, two

    def oracle(self, among: npt.NDArray[np.bool_]) -> list[int]:
        """The rows, of those that are `among` [S], that the greedy oracle takes for the reference that can be matched best."""
        best, best_score = list[int](), 0.0
        for pair in self._references:
            rows, score = _greedy(pair, among)
            if score > best_score:
                best, best_score = rows, score
        return sorted(best)


def _greedy(pair: Sequence[_Grams], among: npt.NDArray[np.bool_]) -> tuple[list[int], float]:
    rows: list[int] = []
    reached, left = 0.0, among.copy()
    while left.any():
        scores = np.zeros(len(left))
        for one in pair:
            scores += one.f(one.shared + one.shared[rows].sum(axis=0), one.sizes + one.sizes[rows].sum())
        scores[~left] = -1.0
        row = int(scores.argmax())
        if scores[row] <= reached + 1e-9:
            break
        rows.append(row)
        reached, left[row] = float(scores[row]), False
    return rows, reached


def _grams(sentences: Sequence[Sequence[str]], reference: Sequence[Sequence[str]], size: int) -> _Grams:
    def grams(words: Sequence[str]) -> Sequence[str]:
        return words if size == 1 else [f"{one} {other}" for one, other in pairwise(words)]

    wanted = Counter(gram for words in reference for gram in grams(words))
    column = {gram: index for index, gram in enumerate(wanted)}
    shared = np.zeros((len(sentences), len(wanted)), dtype=np.int16)
    sizes = np.zeros(len(sentences), dtype=np.int64)
    for row, words in enumerate(sentences):
        own = grams(words)
        sizes[row] = len(own)
        for gram in own:
            if gram in column:
                shared[row, column[gram]] += 1
    return _Grams(shared, sizes, np.array(list(wanted.values()), dtype=np.int64))


def _lines(reference: str) -> list[list[str]]:
    return [_words(line) for line in reference.splitlines()]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
