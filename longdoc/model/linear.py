"""A scorer for few documents: ridge regression on rare words, their neighbours and headings, and the encoder's vectors.

    logits = STEEPNESS (x W + b - MIDDLE),   W, b = argmin |X W + b - Y|^2 + ridge (|W|^2 + b^2)

x is the encoder's vectors beside the hashed words of a row; those of one group are weighted by how rare they are and made a vector of one
length (TF-IDF), so that no group outweighs another by having more. Solved in the rows, X X^T + ridge I, by conjugate gradients
(Hestenes and Stiefel, 1952), so that nothing is drawn at random.

Axis legend: R rows, F known keys, D size of the dense input, L labels.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longdoc.model.features import ONE, THREE, TWO, Keys, Sparse
from longdoc.model.network import BLOCK, GROUPS, SCALES, Bags, Floats, Halves, summed
from longdoc.model.targets import UNSURE, YES

if TYPE_CHECKING:
    import torch

    from longdoc.model.fitting import Example

RIDGE = 0.3
STEEPNESS, MIDDLE = 10.0, 0.4
"""Make the fitted 0..1 a score like a network's logit."""
HALF = 0.3
"""What is wanted of a row that holds a piece of a passage."""
STEPS, CLOSE = 100, 1e-3
"""Most steps of the solver, and the share of the residual at which it is done."""
_OWN = 384
_WEIGHT = 0.6 * SCALES
_WEIGHT[[ONE, TWO]] = 0.7
_WEIGHT[THREE] = 0.0  # three words in a row are too rare to tell anything that two do not


@dataclass(frozen=True)
class Linear:
    """keys [F] ascending, how rare each is [F] and what is not known [1], words [F, L], vectors [D, L], bias [L]."""

    keys: Keys
    rarity: Floats
    unknown: Floats
    words: Floats
    vectors: Floats
    bias: Floats

    def logits(self, sparse: Sparse, dense: Halves) -> Floats:
        """Scores [R, L] of rows with features `sparse` and vectors `dense` [R, D]."""
        found = rare(sparse, self.keys, self.rarity, float(self.unknown[0]))
        result = np.empty((sparse.rows, len(self.bias)), dtype=np.float32)
        for first in range(0, sparse.rows, BLOCK):
            last = min(first + BLOCK, sparse.rows)
            result[first:last] = summed(found, self.words, first, last) + scaled(dense[first:last]) @ self.vectors + self.bias
        return np.asarray(STEEPNESS * (result - MIDDLE), dtype=np.float32)


def rare(sparse: Sparse, keys: Keys, rarity: Floats, unknown: float) -> Bags:
    """The keys of `sparse` that are among `keys`, weighted by rarity; those of one row and group, with the others, have one length."""
    place = np.searchsorted(keys, sparse.keys)
    known = place < len(keys)
    known[known] = keys[place[known]] == sparse.keys[known]
    weight = np.full(len(sparse.keys), unknown, dtype=np.float32)
    weight[known] = rarity[place[known]]
    row = np.repeat(np.arange(sparse.rows), np.diff(sparse.starts))
    group = (sparse.keys >> np.uint32(24)).astype(np.int64)
    cell = row * GROUPS + group
    length = np.sqrt(np.bincount(cell, weight * weight, minlength=sparse.rows * GROUPS)).astype(np.float32)
    weight *= _WEIGHT[group] / length[cell]
    return Bags(place[known].astype(np.int32), weight[known], np.searchsorted(row[known], np.arange(sparse.rows + 1)))


def scaled(dense: Halves) -> Floats:
    """A row's own vector as it is, those of what is around it smaller."""
    scale = np.full(dense.shape[1], 0.17, dtype=np.float32)
    scale[:_OWN] = 1.0
    return dense.astype(np.float32) * scale


def fit_linear(examples: Sequence[Example], keys: Keys, *, progress: Callable[[int, int], None] | None = None) -> Linear:
    """Fitted to `examples`, whose words outside of `keys` have no weight; `progress` is told (steps done, steps at most)."""
    import torch

    keys = keys[_WEIGHT[(keys >> np.uint32(24)).astype(np.int64)] > 0]
    spread = np.zeros(len(keys), dtype=np.float32)
    for example in examples:
        spread[np.flatnonzero(np.isin(keys, example.sparse.keys))] += 1.0
    every = np.float32(1 + len(examples))
    rarity, unknown = np.log(every / (1 + spread)) + 1, np.log(every) + 1
    sparse = _matrix([rare(example.sparse, keys, rarity, float(unknown)) for example in examples], len(keys))
    back = sparse.t().to_sparse_csr()
    dense = torch.from_numpy(np.concatenate([scaled(example.dense) for example in examples]))
    targets = np.concatenate([example.targets for example in examples])
    wanted = torch.from_numpy(np.where(targets == YES, 1.0, np.where(targets == UNSURE, HALF, 0.0)).astype(np.float32))

    def alike(rows: torch.Tensor) -> torch.Tensor:
        """(X X^T + ridge I) `rows` [R, L]."""
        total: torch.Tensor = sparse @ (back @ rows) + dense @ (dense.T @ rows) + rows.sum(dim=0) + RIDGE * rows
        return total

    solved = _solve(alike, wanted, progress)
    words, vectors, bias = back @ solved, dense.T @ solved, solved.sum(dim=0)
    halves = [one.half().float().numpy() for one in (words, vectors, bias)]  # what is shipped is float16, so that is what is calibrated
    return Linear(keys, rarity.astype(np.float16).astype(np.float32), np.array([unknown], dtype=np.float32), *halves)


def _matrix(parts: Sequence[Bags], columns: int) -> torch.Tensor:
    """The bags of all documents as one sparse matrix [R, F]."""
    import torch

    counts = np.concatenate([np.diff(part.starts) for part in parts])
    starts = torch.from_numpy(np.concatenate([[0], np.cumsum(counts)]))
    index = torch.from_numpy(np.concatenate([part.index for part in parts]).astype(np.int64))
    weight = torch.from_numpy(np.concatenate([part.weight for part in parts]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        return torch.sparse_csr_tensor(starts, index, weight, (len(counts), columns), check_invariants=True)


def _solve(
    product: Callable[[torch.Tensor], torch.Tensor], wanted: torch.Tensor, progress: Callable[[int, int], None] | None
) -> torch.Tensor:
    """The rows [R, L] whose `product` is `wanted`, column by column by conjugate gradients."""
    import torch

    found, rest = torch.zeros_like(wanted), wanted.clone()
    way, size = rest.clone(), (rest * rest).sum(dim=0)
    enough = CLOSE**2 * size
    for step in range(STEPS):
        if bool((size <= enough).all()):
            break
        ahead = product(way)
        length = size / (way * ahead).sum(dim=0).clamp(min=1e-20)
        found += length * way
        rest -= length * ahead
        before, size = size, (rest * rest).sum(dim=0)
        way = rest + (size / before.clamp(min=1e-20)) * way
        if progress:
            progress(step + 1, STEPS)
    if progress:
        progress(STEPS, STEPS)
    return found
