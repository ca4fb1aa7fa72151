"""Which keys a query reads: whole blocks of keys, chosen for each head and block of queries, and single keys beside them.

Blocks lie on a grid of the sequence: block n holds the positions [n * size, (n + 1) * size). Queries are the last T of S positions, so
that a prefill may come in pieces; query i stands at position S - T + i and reads no key after its own.

Axis legend: B batch, H query heads, T queries, S keys, Q blocks of queries, K blocks of keys, C single keys.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """The blocks of `queries` positions at the end of a sequence of `keys`."""

    queries: int
    keys: int
    size: int

    @property
    def offset(self) -> int:
        """Position of the first query."""
        return self.keys - self.queries

    @property
    def first(self) -> int:
        """Number of the block that holds the first query."""
        return self.offset // self.size

    @property
    def rows(self) -> int:
        """Blocks that hold queries."""
        return self.columns - self.first

    @property
    def columns(self) -> int:
        """Blocks of keys."""
        return -(-self.keys // self.size)

    def span(self, row: int) -> tuple[int, int]:
        """Half-open range of positions of the queries in a row."""
        block = self.first + row
        return max(self.offset, block * self.size), min(self.keys, (block + 1) * self.size)

    def causal(self, device: torch.device | str = "cpu") -> Tensor:
        """[Q, K]: True for blocks with a key that a query of the row may read."""
        rows = torch.arange(self.first, self.columns, device=device)
        return torch.arange(self.columns, device=device) <= rows[:, None]

    def near(self, local: int, sinks: int, device: torch.device | str = "cpu") -> Tensor:
        """[Q, K]: the row's own block, the `local` before it, and those that hold the first `sinks` keys."""
        rows, columns = torch.arange(self.first, self.columns, device=device)[:, None], torch.arange(self.columns, device=device)
        behind = rows - columns
        return ((behind >= 0) & (behind <= local)) | ((columns * self.size < sinks) & (behind >= 0))


@dataclass(frozen=True)
class Selection:
    """`blocks` [B, H, Q, K] on `grid`, no later than the row's own, which every row keeps; `columns` [B, H, C] are keys, none of them
    twice, that every query after them reads as well. Without `own` the queries read only keys before all of them, which are whole blocks,
    and are given those alone."""

    grid: Grid
    blocks: Tensor
    columns: Tensor | None = None
    own: bool = True

    def density(self) -> Tensor:
        """[B, H]: share of the causal (query, key) pairs that are read, counted by blocks: nothing of the attention's size is built."""
        grid, device = self.grid, self.blocks.device
        spans = [grid.span(row) for row in range(grid.rows)]
        queries = torch.tensor([end - start for start, end in spans], device=device)
        earlier = torch.arange(grid.columns, device=device) < torch.arange(grid.first, grid.columns, device=device)[:, None]
        read = (self.blocks & earlier).sum(dim=3) * grid.size  # [B, H, Q]: keys before a row's own block that each of its queries reads
        if self.columns is not None:
            held = torch.zeros(*self.blocks.shape[:2], grid.columns, dtype=torch.int64, device=device)
            held.scatter_add_(2, self.columns // grid.size, torch.ones_like(self.columns))
            read = read + torch.where(~self.blocks & earlier, held[:, :, None], 0).sum(dim=3)
        places = torch.arange(grid.offset, grid.keys, device=device)
        own = (places % grid.size + 1).sum()
        return ((read * queries).sum(dim=2) + own) / (places + 1).sum()

    def mask(self) -> Tensor:
        """[B, H, T, S]: True where a query reads a key. Of the size of the whole attention: for tests and small figures."""
        grid = self.grid
        rows = torch.arange(grid.offset, grid.keys, device=self.blocks.device) // grid.size - grid.first
        keys = torch.arange(grid.keys, device=self.blocks.device) // grid.size
        read = self.blocks[:, :, rows][:, :, :, keys]
        if self.columns is not None:
            beside = torch.zeros(*read.shape[:2], grid.keys, dtype=torch.bool, device=read.device)
            read = read | beside.scatter(2, self.columns, True)[:, :, None]
        return read & _causal(grid, self.blocks.device)


def _causal(grid: Grid, device: torch.device) -> Tensor:
    """[T, S]."""
    return torch.arange(grid.keys, device=device) <= torch.arange(grid.offset, grid.keys, device=device)[:, None]


def everything(grid: Grid, batch: int, heads: int, device: torch.device | str = "cpu") -> Selection:
    """All blocks that may be read: dense attention."""
    return Selection(grid, grid.causal(device).expand(batch, heads, -1, -1))
