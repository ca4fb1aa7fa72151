"""Own block, the one before it, and global tokens: BigBird (https://arxiv.org/abs/2007.14062) without its random blocks, and causal."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from longdoc.attention.pattern import SelectingPattern
from longdoc.attention.selection import Grid, Selection


@dataclass(frozen=True)
class BlockLocal(SelectingPattern):
    """Blocks of `block` tokens; `sinks` first keys and the keys at the positions `shared` are read by all that come after them."""

    block: int = 512
    sinks: int = 128
    shared: tuple[int, ...] = ()
    name: str = field(default="block_local", init=False)

    def select(self, q: Tensor, k: Tensor, scale: float) -> Selection:
        """See SelectingPattern."""
        return near_and_shared(q, k, self.block, 1, self.sinks, self.shared)


def near_and_shared(q: Tensor, k: Tensor, block: int, local: int, sinks: int, shared: tuple[int, ...]) -> Selection:
    """A row's own block and `local` before it, `sinks` first keys, and single keys."""
    grid = Grid(q.shape[2], k.shape[2], block)
    blocks = grid.near(local, 0, q.device).expand(q.shape[0], q.shape[1], -1, -1)
    first = torch.arange(min(sinks, grid.keys), device=q.device)
    columns = torch.cat([first, torch.tensor(shared, dtype=torch.int64, device=q.device)]).unique()
    return Selection(grid, blocks, columns[columns < grid.keys].expand(q.shape[0], q.shape[1], -1))
