"""Vectors, and what comparing with every one of them gives, for tests of the vector index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from longdoc_stores.vector_index import VectorIndex

Floats = npt.NDArray[np.float32]
D = 8
WIDE = 48
MANY = 6000
FEW = 500
"""An index that may hold this many exactly makes lists of MANY."""


def vectors(count: int, seed: int = 0) -> Floats:
    drawn = np.random.default_rng(seed).standard_normal((count, D)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def clustered(count: int, seed: int = 0) -> Floats:
    """Unit vectors in 60 clusters; the clusters are the same for every seed."""
    centres = np.random.default_rng(99).standard_normal((60, WIDE)) + 0.5
    random = np.random.default_rng(seed)
    drawn = centres[random.integers(len(centres), size=count)] + 0.7 * random.standard_normal((count, WIDE))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def slow_search(held: dict[int, Floats], query: Floats, k: int, ids: set[int] | None = None) -> list[tuple[int, float]]:
    """The obvious twin of VectorIndex.search."""
    scored = [(number, float(vector @ query)) for number, vector in held.items() if ids is None or number in ids]
    return sorted(scored, key=lambda pair: -pair[1])[:k]


def compare(index: VectorIndex, held: dict[int, Floats], k: int, ids: set[int] | None = None) -> None:
    queries = vectors(5, seed=1)
    scores, found = index.search(queries, k, None if ids is None else np.array(sorted(ids), dtype=np.int64))
    for row, query in enumerate(queries):
        expected = slow_search(held, query, k, ids)
        assert found[row].tolist() == [number for number, _ in expected]
        np.testing.assert_allclose(scores[row], [score for _, score in expected], atol=1e-6)


def recall_at_10(index: VectorIndex, ids: npt.NDArray[np.int64], held: Floats, among: npt.NDArray[np.int64] | None = None) -> float:
    """Against scoring every one of `held`, for queries that are not held."""
    queries = clustered(150, seed=7)
    truth = ids[np.argsort(-(queries @ held.T), axis=1)[:, :10]]
    found = index.search(queries, 10, among)[1]
    return float(np.mean([len(set(row) & set(right)) / 10 for row, right in zip(found.tolist(), truth.tolist(), strict=True)]))


IDS = np.random.default_rng(3).permutation(np.arange(MANY) * 7 + (1 << 41))
