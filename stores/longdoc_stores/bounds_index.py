"""An index of keys by the range of each channel over a block: two products of the size of the blocks score all of them.

With the middle m and half the width r of the keys' ranges in a block, the largest product of a query with a key of it is at most

    q . m + |q| . r

which is Quest's bound (https://arxiv.org/abs/2406.10774). As a bound it is loose: blocks are ranked with 0.6 of the second part, which
found more of the best ones than the whole on the states of the shipped encoder, and their mass is estimated with 0.1 of it.

On a CPU two products in bfloat16 take a fortieth of the time that scores of all tokens by one bit a channel take, FAISS' among them
(benchmarks/kv.py); for that it names more candidates than sign_index.py to find the same.

Axis legend: B batch, G key heads, H query heads (H = G * group), S keys, K blocks, T queries, D channels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from longdoc_stores.products import products

_RANK = 0.6
_MASS = 0.1
_RARELY = 8
"""All parts are copied into one when those after the first are more than one in so many of it."""


class BoundsIndex:
    """Blocks of `block` keys, numbered from 0, on the device of those that come."""

    candidates = 6
    """How many times as many blocks as are wanted it must name to find most of the best."""
    biased = False

    def __init__(self, block: int = 16) -> None:
        self._block = block
        self._parts: list[Tensor] = []  # [B, G, K, 2 D]: middles and halves of the ranges

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return sum(part.nbytes for part in self._parts)

    def append(self, keys: Tensor) -> None:
        """Take keys [B, G, S, D], S a multiple of a block."""
        least, most = keys.float().unflatten(2, (-1, self._block)).aminmax(dim=3)
        self._parts.append(torch.cat([(most + least) / 2, (most - least) / 2], dim=-1).to(torch.bfloat16))

    def estimate(self, q: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        """For queries [B, H, T, D], [B, H, T, K] float32: by what blocks are ranked, and the log of their sums of exp(score);
        both are the caller's to write over."""
        self._tidy()
        group = q.shape[1] // self._parts[0].shape[1]
        folded = (q.float() * scale).unflatten(1, (-1, group)).flatten(2, 3)
        # Both at once: reading the ranges is what takes the time.
        rows = torch.cat([torch.cat([folded, weight * folded.abs()], dim=-1) for weight in (_RANK, _MASS)], dim=2).to(torch.bfloat16)
        found = [products(rows, part) for part in self._parts]
        both = found[0] if len(found) == 1 else torch.cat(found, dim=-1)
        rank, mass = (half.unflatten(2, (group, -1)).flatten(1, 2) for half in both.chunk(2, dim=2))
        return rank, mass.add_(math.log(self._block))

    def _tidy(self) -> None:
        """Put parts together: all where the first is not most of them, else those after it."""
        later = self._parts[1:]
        if sum(part.shape[2] for part in later) > self._parts[0].shape[2] // _RARELY:
            self._parts = [torch.cat(self._parts, dim=2)]
        elif len(later) > 1:
            self._parts = [self._parts[0], torch.cat(later, dim=2)]

    def reorder(self, rows: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        self._parts = [part[rows] for part in self._parts]

    def state(self) -> dict[str, Tensor]:
        """All that it knows, for `restore`."""
        return {"ranges": torch.cat(self._parts, dim=2)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Know what the index knew that gave `state`."""
        self._parts = [state["ranges"]]
