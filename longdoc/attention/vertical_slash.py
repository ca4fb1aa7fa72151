"""Columns and diagonals: the vertical-slash pattern of MInference (https://arxiv.org/abs/2407.02490).

The last queries attend to all keys; the keys that they read most (columns) and the distances at which they read most (diagonals) are
what all queries read.

Axis legend: B batch, H query heads, T queries, S keys, C columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from longdoc.attention.pattern import SelectingPattern
from longdoc.attention.selection import Grid, Selection


@dataclass(frozen=True)
class VerticalSlash(SelectingPattern):
    """`vertical` columns and `slash` diagonals by the attention of the last `sample` queries. A diagonal is read in whole blocks."""

    vertical: int = 1000
    slash: int = 1024
    sample: int = 64
    block: int = 128
    local: int = 1
    sinks: int = 128
    name: str = field(default="vertical_slash", init=False)

    def select(self, q: Tensor, k: Tensor, scale: float) -> Selection:
        """See SelectingPattern."""
        grid = Grid(q.shape[2], k.shape[2], self.block)
        near = grid.near(self.local, self.sinks, q.device)
        blocks, columns = [], []
        group = q.shape[1] // k.shape[1]
        for head in range(q.shape[1]):
            down, along = self._sampled(q[:, head], k[:, head // group], scale, grid)
            columns.append(down.topk(min(self.vertical, grid.keys), dim=-1).indices)
            blocks.append(self._diagonals(along.topk(min(self.slash, grid.keys), dim=-1).indices, grid) | near)
        return Selection(grid, torch.stack(blocks, dim=1), torch.stack(columns, dim=1))

    def _sampled(self, q: Tensor, k: Tensor, scale: float, grid: Grid) -> tuple[Tensor, Tensor]:
        """Attention of the last queries, summed by key [B, S] and by distance [B, S]."""
        last = q[:, -self.sample :]
        places = torch.arange(grid.keys - last.shape[1], grid.keys, device=q.device)
        behind = places[:, None] - torch.arange(grid.keys, device=q.device)
        scores = (last @ k.transpose(1, 2)).float() * scale
        shares = torch.softmax(scores.masked_fill(behind < 0, -torch.inf), dim=-1)
        along = torch.zeros(len(q), grid.keys, device=q.device)
        along.index_add_(1, behind.clamp(min=0).flatten(), shares.flatten(1))
        return shares.sum(dim=1), along

    def _diagonals(self, distances: Tensor, grid: Grid) -> Tensor:
        """[B, Q, K]: the blocks that diagonals at `distances` [B, N] cross, no later than the row's own."""
        rows = torch.arange(grid.first, grid.columns, device=distances.device)[None, :, None]
        kept = torch.zeros(len(distances), grid.rows, grid.columns, dtype=torch.bool, device=distances.device)
        for shift in (0, 1):  # queries of one row cross two blocks
            block = rows - (distances[:, None] + shift * (self.block - 1)) // self.block
            there = block >= 0
            kept |= torch.zeros_like(kept, dtype=torch.int8).scatter_add(2, block.clamp(min=0), there.to(torch.int8)) > 0
        return kept
