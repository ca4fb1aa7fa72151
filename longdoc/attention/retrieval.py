"""Decoding over the blocks that the query attends to most: Quest's top blocks (https://arxiv.org/abs/2406.10774) with exact scores.

This is the measure of what an index can find; `TieredCache` finds the blocks by its index and reads the same way.

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S keys, K blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from longdoc.attention.pattern import SelectingPattern
from longdoc.attention.selection import Grid, Selection


@dataclass(frozen=True)
class Retrieval(SelectingPattern):
    """For each key head `top` keys in blocks of `block`, those with the most mass for the queries that share it; `sinks` first and
    `recent` last keys stay. For few queries at a time: each row of them is scored against all keys."""

    top: int = 2048
    block: int = 16
    recent: int = 128
    sinks: int = 128
    name: str = field(default="retrieval", init=False)

    def select(self, q: Tensor, k: Tensor, scale: float) -> Selection:
        """See SelectingPattern."""
        grid = Grid(q.shape[2], k.shape[2], self.block)
        group = q.shape[1] // k.shape[1]
        causal = grid.causal(q.device)
        near = grid.near(-(-self.recent // self.block), self.sinks, q.device)
        mass = torch.stack([self._mass(q[:, head], k[:, head // group], scale, grid) for head in range(q.shape[1])], dim=1)
        shared = mass.unflatten(1, (-1, group)).sum(dim=2).masked_fill(~causal, -1.0)
        best = shared.topk(min(max(1, self.top // self.block), grid.columns), dim=-1).indices
        kept = torch.zeros_like(shared, dtype=torch.bool).scatter(-1, best, True) & causal | near
        return Selection(grid, kept.repeat_interleave(group, dim=1))

    def _mass(self, q: Tensor, k: Tensor, scale: float, grid: Grid) -> Tensor:
        """[B, Q, K]: the mass of each block for the queries of each row, one head."""
        behind = torch.arange(grid.offset, grid.keys, device=q.device)[:, None] - torch.arange(grid.keys, device=q.device)
        scores = ((q @ k.transpose(1, 2)).float() * scale).masked_fill(behind < 0, -torch.inf)
        shares = functional.pad(torch.softmax(scores, dim=-1), (0, grid.columns * self.block - grid.keys))
        of_blocks = shares.unflatten(2, (-1, self.block)).sum(dim=3)
        rows = torch.arange(grid.offset, grid.keys, device=q.device) // self.block - grid.first
        return torch.zeros(len(q), grid.rows, grid.columns, device=q.device).index_add(1, rows, of_blocks)
