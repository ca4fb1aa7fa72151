"""A window read exactly and older keys interpolated and decayed, after Compressive Transformers (https://arxiv.org/abs/1911.05507) and
ALiBi's penalty of distance (https://arxiv.org/abs/2108.12409).

Keys and values older than the window are the means of `pool` neighbours; the score of such a mean, which stands for `pool` keys, falls
with the logarithm of its age:

    score = q . mean(k) * scale + log(pool) - decay * log(age / window)

A model must be trained with it; `auto` never picks it.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, P means, D channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from longdoc.attention.dense import attend_all, attend_own
from longdoc.attention.merge import Attended, merge
from longdoc.attention.selection import Grid


@dataclass(frozen=True)
class WindowDecay:
    """A row of `block` queries reads its own keys, at least `window` before them, a multiple of `pool`, and the means of all older."""

    window: int = 4096
    pool: int = 16
    decay: float = 0.5
    block: int = 128
    name: str = field(default="window_decay", init=False)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """See Pattern."""
        grid = Grid(q.shape[2], k.shape[2], self.block)
        means = [_pooled(tensor, self.pool) for tensor in (k, v)]
        parts = []
        for row in range(grid.rows):
            start, end = grid.span(row)
            queries = q[:, :, start - grid.offset : end - grid.offset]
            begin = self.begin((grid.first + row) * self.block)
            found = attend_own(queries, k[:, :, start:end], v[:, :, start:end], scale)
            if begin < start:
                found = merge(attend_all(queries, k[:, :, begin:start], v[:, :, begin:start], scale), found)
            if begin:
                old = [mean[:, :, : begin // self.pool] for mean in means]
                found = merge(self._aged(queries, old[0], old[1], scale, torch.arange(start, end, device=q.device)), found)
            parts.append(found)
        return Attended(torch.cat([part.out for part in parts], dim=2), torch.cat([part.lse for part in parts], dim=2))

    def begin(self, start: int) -> int:
        """Position at which the window of a row begins whose block starts at `start`."""
        return max(0, start - self.window) // self.pool * self.pool

    def penalty(self, places: Tensor, count: int) -> Tensor:
        """[T, P]: what is added to the scores of queries at `places` with the first `count` means."""
        middle = torch.arange(count, device=places.device) * self.pool + (self.pool - 1) / 2
        return math.log(self.pool) - self.decay * torch.log((places[:, None] - middle) / self.window)

    def _aged(self, q: Tensor, k: Tensor, v: Tensor, scale: float, places: Tensor) -> Attended:
        group = q.shape[1] // k.shape[1]
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        scores = (q @ k.transpose(-1, -2)).float() * scale + self.penalty(places, k.shape[2])
        lse = torch.logsumexp(scores, dim=-1)
        return Attended((torch.exp(scores - lse[..., None]) @ v.float()).to(q.dtype), lse)


def _pooled(tensor: Tensor, pool: int) -> Tensor:
    """Means [B, G, P, D] of each `pool` neighbours, those of a rest left out."""
    whole = tensor.shape[2] // pool * pool
    return tensor[:, :, :whole].unflatten(2, (-1, pool)).mean(dim=3)
