"""Extractive summarisers to compare with, written here from their papers, and the oracle that no extractive one can beat by much.

They see a document as the data set's own sentences and give an order of preference over them.

Axis legend: S sentences of a document, W words, D vector size.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from longdoc.model.overlap import Overlap

_WORD = re.compile(r"[a-z0-9]+")
_DAMPING = 0.85
_THRESHOLD = 0.1
"""Similarity from which on LexRank joins two sentences, as in its paper."""
_STOP = frozenset(
    _WORD.findall(
        "a about after all also an and any are as at be been but by can could did do does for from had has have he her his how i if in"
        " into is it its may more most no not of on one or other our out over s so some such than that the their them then there these they"
        " this those to under up was we were what when where which who will with would you your"
    )
)

Floats = npt.NDArray[np.floating]
Rival = Callable[[Sequence[str]], list[int]]
"""From sentences to their rows, best first."""


def lead(sentences: Sequence[str]) -> list[int]:
    """In the order of the text."""
    return list(range(len(sentences)))


def lexrank(idf: Callable[[str], float]) -> Rival:
    """Centrality in the graph of TF-IDF cosines above a threshold (Erkan and Radev, 2004, https://doi.org/10.1613/jair.1523)."""

    def order(sentences: Sequence[str]) -> list[int]:
        bags = [Counter(words(sentence)) for sentence in sentences]
        column = {word: index for index, word in enumerate(dict.fromkeys(word for bag in bags for word in bag))}
        table = np.zeros((len(sentences), len(column)))
        for row, bag in enumerate(bags):
            for word, count in bag.items():
                table[row, column[word]] = count * idf(word)
        table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
        near = table @ table.T
        return _best_first(_pagerank(np.where(near >= _THRESHOLD, near, 0.0)))

    return order


def textrank(sentences: Sequence[str]) -> list[int]:
    """Centrality in the graph of shared words (Mihalcea and Tarau, 2004, https://aclanthology.org/W04-3252):
    words shared / (log words of one + log words of the other)."""
    bags = [set(words(sentence)) for sentence in sentences]
    weights = np.zeros((len(bags), len(bags)))
    for row, one in enumerate(bags):
        for other in range(row):
            size = math.log(len(one) or 1) + math.log(len(bags[other]) or 1)
            weights[row, other] = weights[other, row] = len(one & bags[other]) / size if size > 0 else 0.0
    return _best_first(_pagerank(weights))


def centroid(encode: Callable[[Sequence[str]], Floats], novelty: float = 0.3) -> Rival:
    """Nearest to the mean of the sentence vectors (Radev et al., 2004, https://doi.org/10.1016/j.ipm.2003.10.006), less the similarity to
    what is taken (maximal marginal relevance, Carbonell and Goldstein, 1998, https://doi.org/10.1145/290941.291025)."""

    def order(sentences: Sequence[str]) -> list[int]:
        vectors = encode(sentences)
        centre = vectors.mean(axis=0)
        central = vectors @ (centre / (np.linalg.norm(centre) or 1.0))
        said, taken, left = np.zeros(len(sentences)), list[int](), np.ones(len(sentences), dtype=bool)
        while left.any():
            row = int(np.argmax(np.where(left, (1 - novelty) * central - novelty * said, -np.inf)))
            taken.append(row)
            left[row] = False
            said = np.maximum(said, vectors @ vectors[row])
        return taken

    return order


def oracle(sentences: Sequence[str], references: Sequence[str], enough: Callable[[Sequence[int]], bool]) -> list[int]:
    """What a greedy choice that knows the human summaries takes, one sentence after the other, until it is `enough` or none helps."""
    overlap, taken, reached = Overlap(sentences, references), list[int](), 0.0
    while not enough(taken):
        gains = [(sum(overlap.rouge([*taken, row])), -row) for row in range(len(sentences)) if row not in taken]
        best, row = max(gains, default=(0.0, 0))
        if best <= reached:
            break
        reached = best
        taken.append(-row)
    return taken


def words(sentence: str) -> list[str]:
    """Words in lower case that carry meaning."""
    return [word for word in _WORD.findall(sentence.lower()) if word not in _STOP]


def inverse_frequency(documents: Sequence[Sequence[str]]) -> Callable[[str], float]:
    """log(documents / documents that hold the word), over the `documents` of a set, each a list of sentences."""
    holders = Counter(word for document in documents for word in {word for sentence in document for word in words(sentence)})
    return lambda word: math.log(len(documents) / holders[word]) if word in holders else 0.0


def _pagerank(weights: Floats) -> Floats:
    """The stationary distribution of a walk over `weights` [S, S] with a new start once in 1 / (1 - damping) steps."""
    count = len(weights)
    np.fill_diagonal(weights, 0.0)
    degree = weights.sum(axis=1, keepdims=True)
    steps = np.where(degree > 0, weights / np.maximum(degree, 1e-12), 1.0 / count)
    rank = np.full(count, 1.0 / count)
    for _ in range(100):
        following = (1 - _DAMPING) / count + _DAMPING * (rank @ steps)
        if np.abs(following - rank).sum() < 1e-8:
            break
        rank = following
    return rank


def _best_first(scores: Floats) -> list[int]:
    return [int(row) for row in np.argsort(-scores, kind="stable")]
