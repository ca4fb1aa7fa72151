"""The blocks of a history that were read last, decoded, on the device: what a step reads again need not come from RAM.

Least recently used blocks give way. Each head of each row of the batch has as many slots.

Axis legend: R rows (batch and key head), N blocks that are asked for, M slots, K blocks of the history, n tokens of a block, D channels.
"""

from __future__ import annotations

import torch
from torch import Tensor

NONE = -1


class HotBlocks:
    """`slots` blocks of `block` tokens for each of `rows`; keys have `widths[0]` channels and values `widths[1]`."""

    def __init__(self, rows: int, slots: int, block: int, widths: tuple[int, int], device: torch.device, dtype: torch.dtype) -> None:
        self.slots = slots
        self._keys, self._values = (torch.empty(rows, slots, block, width, device=device, dtype=dtype) for width in widths)
        self._block_of = torch.full((rows, slots), NONE, device=device)
        self._used = torch.zeros(rows, slots, dtype=torch.int64, device=device)
        self._slot_of = torch.full((rows, 1), NONE, device=device)
        self._time = 0

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return sum(each.nbytes for each in (self._keys, self._values, self._block_of, self._used, self._slot_of))

    def find(self, blocks: Tensor) -> Tensor:
        """The slots [R, N] of blocks [R, N], NONE for those that are not there. Of blocks below those seen so far, or any."""
        short = int(blocks.max()) + 1 - self._slot_of.shape[1]
        if short > 0:
            fresh = self._slot_of.new_full((len(self._slot_of), max(short, self._slot_of.shape[1])), NONE)
            self._slot_of = torch.cat([self._slot_of, fresh], dim=1)
        return self._slot_of.gather(1, blocks)

    def keys(self, rows: Tensor, slots: Tensor) -> Tensor:
        """Keys [N, n, D] in slots [N] of rows [N]."""
        return self._keys[rows, slots]

    def values(self, rows: Tensor, slots: Tensor) -> Tensor:
        """Values [N, n, E] in slots [N] of rows [N]."""
        return self._values[rows, slots]

    def use(self, blocks: Tensor, slots: Tensor, keys: Tensor, values: Tensor) -> None:
        """Blocks [R, N], no more than slots, none twice in a row, were read from `slots` [R, N] as `find` gave them; keep those that
        were not there, with these keys [R, N, n, D] and values [R, N, n, E]."""
        self._time += 1
        there = slots != NONE
        self._used.scatter_(1, slots.clamp(min=0), torch.where(there, self._time, self._used.gather(1, slots.clamp(min=0))))
        order = self._used.argsort(dim=1, stable=True)
        place = (~there).cumsum(dim=1) - 1
        rows, columns = torch.nonzero(~there, as_tuple=True)
        target = order[rows, place[rows, columns]]
        old = self._block_of[rows, target]
        self._slot_of[rows[old != NONE], old[old != NONE]] = NONE
        new = blocks[rows, columns]
        self._slot_of[rows, new], self._block_of[rows, target], self._used[rows, target] = target, new, self._time
        self._keys[rows, target], self._values[rows, target] = keys[rows, columns], values[rows, columns]
