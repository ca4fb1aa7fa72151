"""Blocks by the sums of scores along their antidiagonals: XAttention (https://arxiv.org/abs/2503.16428).

With stride s, the scores of s queries and s keys are summed along the antidiagonal that starts at their corner, which one product of
width s D gives at a cost of 1 / s of all scores; their softmax over a row's keys, summed over a block, stands for its mass:

    a[i, j] = sum over n < s of  q[i s + s - 1 - n] . k[j s + n] * scale / s;   mass[I, J] = sum of softmax_j(a)[i, j] over i in I, j in J

A row keeps its largest blocks until they hold `threshold` of the mass.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, D channels, Q blocks of queries, K blocks of keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from longdoc.attention.dense import attend_all
from longdoc.attention.kernels import usable
from longdoc.attention.merge import Attended
from longdoc.attention.pattern import SelectingPattern
from longdoc.attention.selection import Grid, Selection
from longdoc.attention.sparse import attend_sparse

_ROWS = 32
"""Blocks of queries that are scored at a time."""

_GROUPS = frozenset(1 << power for power in range(7))
"""Strides in a block for which there is a kernel."""


@dataclass(frozen=True)
class Antidiagonal(SelectingPattern):
    """`block` is a multiple of `stride`; `threshold` in 0..1; `local` blocks before a row's own and `sinks` first keys always stay."""

    stride: int = 16
    block: int = 128
    threshold: float = 0.9
    local: int = 1
    sinks: int = 128
    name: str = field(default="antidiagonal", init=False)

    def select(self, q: Tensor, k: Tensor, scale: float) -> Selection:
        """See SelectingPattern."""
        grid = Grid(q.shape[2], k.shape[2], self.block)
        near = grid.near(self.local, self.sinks, q.device)
        heads = [top_mass(mass, self.threshold) | near for mass in self.masses(q, k, scale, grid)]
        return Selection(grid, torch.stack(heads, dim=1))

    def attend_before(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """See ReadsBefore."""
        if k.shape[2] % self.block:
            return attend_all(q, k, v, scale)
        grid = Grid(q.shape[2], k.shape[2] + q.shape[2], self.block)
        sinks = torch.arange(grid.columns, device=q.device) * self.block < self.sinks
        group = q.shape[1] // k.shape[1]
        masses = [self.mass(q[:, head], k[:, head // group], scale, grid, own=False) for head in range(q.shape[1])]
        blocks = torch.stack([top_mass(mass, self.threshold) | sinks for mass in masses], dim=1)
        blocks[..., k.shape[2] // self.block :] = False
        return attend_sparse(q, k, v, scale, Selection(grid, blocks, own=False))

    def masses(self, q: Tensor, k: Tensor, scale: float, grid: Grid) -> Iterator[Tensor]:
        """[B, Q, K] for each head of q [B, H, T, D], as `mass` has it."""
        group = q.shape[1] // k.shape[1]
        fast = usable(q, k) and self.block // self.stride in _GROUPS
        for own in range(k.shape[1]):
            heads = q[:, own * group : (own + 1) * group]
            if fast:
                from longdoc.attention.kernels import antidiagonal_scores

                yield from antidiagonal_scores.mass(heads, k[:, own, None], scale, grid, self.stride).unbind(1)
            else:
                yield from (self.mass(head, k[:, own], scale, grid) for head in heads.unbind(1))

    def mass(self, q: Tensor, k: Tensor, scale: float, grid: Grid, own: bool = True) -> Tensor:
        """[B, Q, K]: the estimated mass of blocks for one head, q [B, T, D] and k [B, S, D]; rows sum to the groups of queries in them.
        Without `own` k are the keys before the queries alone."""
        stride, per = self.stride, self.block // self.stride
        start = grid.first * self.block
        q = functional.pad(q, (0, 0, grid.offset - start, grid.columns * self.block - grid.keys))
        if own:
            k = functional.pad(k, (0, 0, 0, grid.columns * self.block - grid.keys))
        sums_of_keys = k.reshape(k.shape[0], -1, stride * k.shape[2])
        turned = q.reshape(q.shape[0], -1, stride, q.shape[2]).flip(2).flatten(2)
        found = q.new_zeros(q.shape[0], grid.rows, grid.columns, dtype=torch.float32)
        step = _ROWS * per
        for one in range(q.shape[0]):  # a product of matrices: torch's batched one would copy the keys to turn them
            for first in range(0, turned.shape[1], step):
                rows = start // stride + torch.arange(first, min(first + step, turned.shape[1]), device=q.device)
                seen = int(rows[-1]) + 1 if own else sums_of_keys.shape[1]
                scores = (turned[one, first : first + step] @ sums_of_keys[one, :seen].T).float().mul_(scale / stride)
                if own:  # groups past the end of the keys lie past every query too
                    later = torch.arange(int(rows[0]), seen, device=q.device) > rows[:, None]
                    scores[:, int(rows[0]) :].masked_fill_(later, -torch.inf)
                shares = torch.softmax(scores, dim=-1).unflatten(1, (-1, per)).sum(dim=2).unflatten(0, (-1, per)).sum(dim=1)
                found[one, first // per : first // per + len(shares), : shares.shape[1]] = shares
        return found


def top_mass(mass: Tensor, threshold: float) -> Tensor:
    """[..., Q, K] bool: the fewest blocks of each row that hold at least `threshold` of its mass [..., Q, K]."""
    ordered, order = mass.sort(dim=-1, descending=True)
    before = ordered.cumsum(dim=-1) - ordered
    wanted = (before < threshold * ordered.sum(dim=-1, keepdim=True)) & (ordered > 0)
    return torch.zeros_like(wanted).scatter(-1, order, wanted)
