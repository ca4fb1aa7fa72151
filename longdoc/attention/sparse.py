"""Block-sparse attention: for each head and block of queries, the keys that it reads are gathered and attended to densely.

Time and memory are those of the keys that are read; no matrix over all queries and keys is built. On a GPU one kernel does it all.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, D channels of a key, E channels of a value, N keys of a row.
"""

from __future__ import annotations

import torch
from torch import Tensor

from longdoc.attention.dense import attend_all, attend_own
from longdoc.attention.kernels import usable
from longdoc.attention.merge import Attended, merge
from longdoc.attention.selection import Grid, Selection


def attend_sparse(q: Tensor, k: Tensor, v: Tensor, scale: float, selection: Selection) -> Attended:
    """Attention of q [B, H, T, D], the last T of S positions, over what `selection` keeps of k [B, G, S, D], v [B, G, S, E]."""
    if usable(q, k, v):
        from longdoc.attention.kernels import block_sparse

        return block_sparse.attend(q, k, v, scale, selection)
    grid, group = selection.grid, q.shape[1] // k.shape[1]
    out = q.new_empty(*q.shape[:3], v.shape[3])
    lse = torch.empty(q.shape[:3], device=q.device)
    for row in range(grid.rows):
        start, end = grid.span(row)
        rows = slice(start - grid.offset, end - grid.offset)
        for one in range(q.shape[0]):
            for head in range(q.shape[1]):
                queries = q[one, head, rows][None, None]
                keys, values = k[one, head // group][None, None], v[one, head // group][None, None]
                columns = None if selection.columns is None else selection.columns[one, head]
                found = _of_row(queries, keys, values, scale, grid, row, selection.blocks[one, head, row], columns)
                out[one, head, rows], lse[one, head, rows] = found.out[0, 0], found.lse[0, 0]
    return Attended(out, lse)


def _of_row(q: Tensor, k: Tensor, v: Tensor, scale: float, grid: Grid, row: int, kept: Tensor, columns: Tensor | None) -> Attended:
    """One row of one head. Keys before its queries are read whole, the queries' own causally."""
    start, end = grid.span(row)
    own = attend_own(q, k[:, :, start:end], v[:, :, start:end], scale)
    index = _before(grid, start, kept, columns)
    if index is None:
        return merge(attend_all(q, k[:, :, :start], v[:, :, :start], scale), own) if start else own
    if not len(index):
        return own
    return merge(attend_all(q, k[:, :, index], v[:, :, index], scale), own)


def _before(grid: Grid, start: int, kept: Tensor, columns: Tensor | None) -> Tensor | None:
    """The positions [N] before `start` that a row reads; None for all of them."""
    if bool(kept[: start // grid.size].all()):
        return None
    blocks = torch.nonzero(kept).flatten()
    index = (blocks[:, None] * grid.size + torch.arange(grid.size, device=kept.device)).flatten()
    if columns is not None:
        index = torch.cat([columns[~kept[columns // grid.size]], index])
    return index[index < start]
