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
_STEP = 1 << 14
"""Blocks that are scored together."""


class BoundsIndex:
    """Blocks of `block` keys, numbered from 0, on the device of those that come."""

    candidates = 8
    """How many times as many blocks as are wanted it must name to find most of the best."""
    biased = False

    def __init__(self, block: int = 16) -> None:
        self._block = block
        self._parts: list[tuple[Tensor, Tensor]] = []

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return sum(tensor.nbytes for part in self._parts for tensor in part)

    def append(self, keys: Tensor) -> None:
        """Take keys [B, G, S, D], S a multiple of a block."""
        least, most = keys.unflatten(2, (-1, self._block)).aminmax(dim=3)
        new = tuple(side.to(torch.bfloat16) for side in ((most.float() + least.float()) / 2, (most.float() - least.float()) / 2))
        if self._parts and self._parts[-1][0].shape[2] + new[0].shape[2] <= _STEP:
            last = self._parts.pop()
            new = tuple(torch.cat(pair, dim=2) for pair in zip(last, new, strict=True))
        self._parts.append((new[0], new[1]))

    def estimate(self, q: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        """For queries [B, H, T, D], [B, H, T, K] float32: by what blocks are ranked, and the log of their sums of exp(score)."""
        group = q.shape[1] // self._parts[0][0].shape[1]
        folded = (q.float() * scale).unflatten(1, (-1, group)).flatten(2, 3).to(torch.bfloat16)
        sizes = folded.abs()
        middle = torch.cat([products(folded, middle) for middle, _ in self._parts], dim=-1)
        spread = torch.cat([products(sizes, half) for _, half in self._parts], dim=-1)
        rank = torch.add(middle, spread, alpha=_RANK)
        mass = torch.add(middle, spread, alpha=_MASS).add_(math.log(self._block))
        return rank.unflatten(2, (group, -1)).flatten(1, 2), mass.unflatten(2, (group, -1)).flatten(1, 2)

    def reorder(self, rows: Tensor) -> None:
        """Make the batch that of the given rows of it."""
        self._parts = [(middle[rows], half[rows]) for middle, half in self._parts]

    def state(self) -> dict[str, Tensor]:
        """All that it knows, for `restore`."""
        return {"middle": torch.cat([part[0] for part in self._parts], dim=2), "half": torch.cat([part[1] for part in self._parts], dim=2)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Know what the index knew that gave `state`."""
        self._parts = list(zip(state["middle"].split(_STEP, dim=2), state["half"].split(_STEP, dim=2), strict=True))
