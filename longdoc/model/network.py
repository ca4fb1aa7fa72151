"""The scorer of sentences and spans, as it runs: hashed words to an embedding, beside the encoder's vectors, through one hidden layer.

    e = sum over a row's known keys of w_g E[key],   w_g = scale of the key's group / sqrt(keys of that group in the row)
    logits = O gelu(H [x; e] + h) + o

after fastText (https://arxiv.org/abs/1607.01759). It is plain numpy, so that a look-up of clauses need not load torch.

Axis legend: R rows, F known keys, E embedding size, D size of the dense input x, H hidden units, L labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longdoc.model.features import HEADING, NEXT, PREVIOUS, SHAPE, TITLE, Keys, Sparse

GROUPS = 16
BLOCK = 512
"""Rows that are scored together; bounds memory for a long document."""

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Integers = npt.NDArray[np.int64]


def _scales() -> Floats:
    scales = np.ones(GROUPS, dtype=np.float32)
    scales[[PREVIOUS, NEXT, HEADING, TITLE]] = 0.5
    scales[SHAPE] = 0.7
    return scales


SCALES = _scales()


@dataclass(frozen=True)
class Bags:
    """Known keys of each row with their weights: row r holds index[starts[r]:starts[r + 1]]."""

    index: npt.NDArray[np.int32]
    weight: Floats
    starts: Integers


def bags(sparse: Sparse, known: Keys) -> Bags:
    """The keys of `sparse` that are in `known` (ascending), weighted within their group."""
    place = np.searchsorted(known, sparse.keys)
    keep = place < len(known)
    keep[keep] = known[place[keep]] == sparse.keys[keep]
    row = np.repeat(np.arange(sparse.rows), np.diff(sparse.starts))[keep]
    group = (sparse.keys[keep] >> np.uint32(24)).astype(np.int64)
    cell = row * GROUPS + group
    count = np.bincount(cell, minlength=sparse.rows * GROUPS)
    weight = SCALES[group] / np.sqrt(count[cell]).astype(np.float32)
    return Bags(place[keep].astype(np.int32), weight.astype(np.float32), np.searchsorted(row, np.arange(sparse.rows + 1)))


@dataclass(frozen=True)
class Network:
    """keys [F] ascending, embedding [F, E], hidden [H, D + E], hidden_bias [H], output [L, H], output_bias [L]."""

    keys: Keys
    embedding: Floats
    hidden: Floats
    hidden_bias: Floats
    output: Floats
    output_bias: Floats

    def logits(self, sparse: Sparse, dense: Halves) -> Floats:
        """Scores [R, L] of rows with features `sparse` and vectors `dense` [R, D]."""
        found = bags(sparse, self.keys)
        result = np.empty((sparse.rows, len(self.output_bias)), dtype=np.float32)
        for first in range(0, sparse.rows, BLOCK):
            last = min(first + BLOCK, sparse.rows)
            embedded = summed(found, self.embedding, first, last)
            hidden = np.concatenate([dense[first:last].astype(np.float32), embedded], axis=1) @ self.hidden.T + self.hidden_bias
            result[first:last] = gelu(hidden) @ self.output.T + self.output_bias
        return result


def summed(found: Bags, weights: Floats, first: int, last: int) -> Floats:
    """The weighted sums [last - first, E] of `weights` [F, E] over the keys of the rows from `first` to `last`."""
    start, end = found.starts[first], found.starts[last]
    rows = weights[found.index[start:end]] * found.weight[start:end, None]
    starts = found.starts[first:last] - start
    result = np.zeros((last - first, weights.shape[1]), dtype=np.float32)
    filled = found.starts[first + 1 : last + 1] > found.starts[first:last]
    if filled.any():
        result[filled] = np.add.reduceat(rows, starts[filled], axis=0)
    return result


def gelu(values: Floats) -> Floats:
    """The tanh form, as it was trained."""
    inner = np.float32(0.7978845608) * (values + np.float32(0.044715) * values * values * values)
    return np.asarray(np.float32(0.5) * values * (np.float32(1.0) + np.tanh(inner)), dtype=np.float32)


def sentence_vectors(vectors: Halves, chunk_vectors: Halves, chunk_of: Integers) -> Halves:
    """The dense input [R, 4 D] of sentences: their own vector, their chunk's, and those of the sentences before and after."""
    if not len(vectors):
        return np.zeros((0, 4 * vectors.shape[1]), dtype=np.float16)
    nothing = np.zeros((1, vectors.shape[1]), dtype=np.float16)
    chunk = chunk_vectors[chunk_of] if len(chunk_vectors) else np.zeros_like(vectors)
    return np.concatenate([vectors, chunk, np.concatenate([nothing, vectors[:-1]]), np.concatenate([vectors[1:], nothing])], axis=1)
