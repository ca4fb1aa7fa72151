"""Ranked lists made one: by their scores where they have some, by rank where they have none; and what neighbouring words add.

By scores (Bruch, Gai and Ingber, ACM TOIS 2023, https://arxiv.org/abs/2210.11934): each list scaled to 0..1, then a weighted sum. BM25
has a least score of its own, 0; inner products have none, so that of the last in the list stands for it. The weight and what pairs of
words count were chosen on ACORD's training queries.

By rank (Cormack, Clarke and Buettcher, SIGIR 2009): score(c) = sum over the lists of 1 / (60 + rank of c), with the paper's constant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from longdoc_stores.lexical import sequences

if TYPE_CHECKING:
    from longdoc_stores.records import ChunkHit, Entry

RANK_CONSTANT = 60
MEANING = 0.5
"""What vectors count beside words."""
PAIRS, PAIRED = 0.2, 50
"""What a chunk that has every pair of neighbouring words of the query gains, and of how many chunks that is looked at."""

Found = tuple["Entry", int, float]


def blend(by_words: Sequence[ChunkHit], by_meaning: Sequence[ChunkHit]) -> list[Found]:
    """Two lists, best first, as one by their scores, 0..1; ties go to what stands first in path and document."""
    scores: dict[tuple[str, int], float] = {}
    entry_at: dict[str, Entry] = {}
    for hits, weight, least in ((by_words, 1 - MEANING, 0.0), (by_meaning, MEANING, by_meaning[-1].score if by_meaning else 0.0)):
        spread = hits[0].score - least if hits else 0.0
        for hit in hits:
            place = (hit.entry.path, hit.chunk_index)
            entry_at[hit.entry.path] = hit.entry
            scores[place] = scores.get(place, 0.0) + weight * ((hit.score - least) / spread if spread > 0 else 1.0)
    return _ordered(scores, entry_at)


def fuse(lists: Sequence[Iterable[ChunkHit]], weights: Sequence[float] | None = None) -> list[Found]:
    """Several ranked lists as one by rank, each counting by its weight (default: alike); ties as in blend."""
    counted = weights or [1.0] * len(lists)
    scores: dict[tuple[str, int], float] = {}
    entry_at: dict[str, Entry] = {}
    for hits, weight in zip(lists, counted, strict=True):
        for rank, hit in enumerate(hits, start=1):
            place = (hit.entry.path, hit.chunk_index)
            entry_at[hit.entry.path] = hit.entry
            scores[place] = scores.get(place, 0.0) + (RANK_CONSTANT + 1) / (RANK_CONSTANT + rank) * weight / sum(counted)
    return _ordered(scores, entry_at)


def with_pairs(query: str, texts: Sequence[str], scores: Sequence[float]) -> list[float]:
    """The scores of chunks with these texts, raised by up to PAIRS for the query's pairs of neighbouring words (stop words left out)
    that stand in them as neighbours too; a pair that few of the texts have counts more. 1 stays the most that is possible."""
    asked, *held = sequences([query, *texts])
    pairs = set(pairwise(asked))
    there = [pairs.intersection(pairwise(words)) for words in held]
    rarity = {}
    for pair in sorted(pairs):
        count = sum(pair in found for found in there)
        if count:
            rarity[pair] = math.log1p((len(there) - count + 0.5) / (count + 0.5))
    total = sum(rarity.values())
    shares = [sum(rarity[pair] for pair in sorted(found)) / total if total else 0.0 for found in there]
    return [(score + PAIRS * share) / (1 + PAIRS) for score, share in zip(scores, shares, strict=True)]


def _ordered(scores: dict[tuple[str, int], float], entry_at: dict[str, Entry]) -> list[Found]:
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [(entry_at[path], chunk_index, min(score, 1.0)) for (path, chunk_index), score in ordered]
