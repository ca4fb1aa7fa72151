"""Block-sparse attention: for each head and block of queries, the keys that it reads are gathered and attended to densely.

Time and memory are those of the keys that are read; no matrix over all queries and keys is built. Rows that read as many blocks go
through one call together, so that a row costs no calls of its own. On a GPU one kernel does it all.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, D channels of a key, E channels of a value, N keys of a row,
R rows of blocks, n tokens of a block.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from longdoc.attention.dense import attend_all, attend_own
from longdoc.attention.kernels import usable
from longdoc.attention.merge import Attended, merge
from longdoc.attention.selection import Grid, Selection

_GATHERED = 1 << 22
"""Numbers of keys and values that are gathered at a time: what stays in a core's cache is read twice as fast."""


def attend_sparse(q: Tensor, k: Tensor, v: Tensor, scale: float, selection: Selection) -> Attended:
    """Attention of q [B, H, T, D], the last T of S positions, over what `selection` keeps of k [B, G, S, D], v [B, G, S, E]."""
    if usable(q, k, v) and selection.own:
        from longdoc.attention.kernels import block_sparse

        return block_sparse.attend(q, k, v, scale, selection)
    grid, group = selection.grid, q.shape[1] // k.shape[1]
    out = q.new_empty(*q.shape[:3], v.shape[3])
    lse = torch.empty(q.shape[:3], device=q.device)
    whole = range(0) if selection.columns is not None else _whole_rows(grid)
    for one in range(q.shape[0]):
        for own in range(k.shape[1]) if whole else ():
            heads = slice(own * group, (own + 1) * group)
            _together(q[one, heads], k[one, own], v[one, own], scale, selection, one, heads, out[one, heads], lse[one, heads])
        for row in range(grid.rows):
            if row in whole:
                continue
            start, end = grid.span(row)
            rows = slice(start - grid.offset, end - grid.offset)
            for head in range(q.shape[1]):
                queries = q[one, head, rows][None, None]
                keys, values = k[one, head // group][None, None], v[one, head // group][None, None]
                columns = None if selection.columns is None else selection.columns[one, head]
                found = _of_row(queries, keys, values, scale, selection, row, selection.blocks[one, head, row], columns)
                out[one, head, rows], lse[one, head, rows] = found.out[0, 0], found.lse[0, 0]
    return Attended(out, lse)


def _whole_rows(grid: Grid) -> range:
    """The rows whose block is full of queries."""
    return range(int(grid.offset % grid.size > 0), grid.rows - int(grid.keys % grid.size > 0))


def _together(
    q: Tensor, k: Tensor, v: Tensor, scale: float, selection: Selection, one: int, heads: slice, out: Tensor, lse: Tensor
) -> None:
    """Into out [H, T, E] and lse [H, T]: the whole rows of queries [H, T, D] that share k [S, D], v [S, E]: `heads` of row `one`."""
    grid, blocks, whole = selection.grid, selection.blocks[one, heads], _whole_rows(selection.grid)
    size, first = grid.size, grid.first + whole.start
    tokens = slice(first * size - grid.offset, (first + len(whole)) * size - grid.offset)
    keys, values = (side[: (first + len(whole)) * size].unflatten(0, (-1, size)) for side in (k, v))
    own = torch.arange(first, first + len(whole), device=q.device).repeat(len(q))
    before = blocks[:, whole.start : whole.stop].flatten(0, 1).clone()
    before &= torch.arange(before.shape[1], device=q.device) < own[:, None]
    counts = before.sum(dim=1)
    order = counts.argsort()
    # [R, 1, n, D]: rows of all heads, those that read as many blocks side by side.
    queries, own = q[:, tokens].unflatten(1, (-1, size)).flatten(0, 1)[order, None], own[order]
    outs, lses = queries.new_empty(*queries.shape[:3], v.shape[1]), torch.empty(queries.shape[:3], device=q.device)
    step = max(1, _GATHERED // (size * (k.shape[1] + v.shape[1])))
    for rows, which in _by_count(before[order], counts[order], step):
        found = _nothing(queries[rows], v)
        if selection.own:
            near = [side.index_select(0, own[rows])[:, None] for side in (keys, values)]
            found = attend_own(queries[rows], near[0], near[1], scale)
        if which.shape[1]:
            # Whole blocks by index_select: a copy of memory each, where indexing takes twice as long.
            far = [side.index_select(0, which.flatten()).view(len(which), 1, -1, side.shape[2]) for side in (keys, values)]
            found = merge(attend_all(queries[rows], far[0], far[1], scale), found)
        outs[rows], lses[rows] = found.out, found.lse
    back = order.argsort()
    out[:, tokens] = outs[back].view(len(q), -1, v.shape[1])
    lse[:, tokens] = lses[back].view(len(q), -1)


def _by_count(kept: Tensor, counts: Tensor, step: int) -> Iterator[tuple[slice, Tensor]]:
    """(rows, the blocks [r, c] that each of them keeps) of `kept` [R, K], whose `counts` [R] ascend; rows of one count together, r * c no
    more than `step`."""
    blocks = torch.nonzero(kept)[:, 1]
    first = place = 0
    for count, many in zip(*(each.tolist() for each in counts.unique_consecutive(return_counts=True)), strict=True):
        size = max(1, step // max(1, count))
        for start in range(first, first + many, size):
            rows = slice(start, min(start + size, first + many))
            taken = count * (rows.stop - rows.start)
            yield rows, blocks[place : place + taken].view(-1, count) if count else blocks.new_empty(rows.stop - rows.start, 0)
            place += taken
        first += many


def _nothing(q: Tensor, v: Tensor) -> Attended:
    """What queries [..., T, D] have read of no keys."""
    return Attended(q.new_zeros(*q.shape[:-1], v.shape[-1]), q.new_full(q.shape[:-1], -torch.inf, dtype=torch.float32))


def _of_row(
    q: Tensor, k: Tensor, v: Tensor, scale: float, selection: Selection, row: int, kept: Tensor, columns: Tensor | None
) -> Attended:
    """One row of one head. Keys before its queries are read whole, the queries' own causally."""
    grid = selection.grid
    start, end = grid.span(row)
    own = attend_own(q, k[:, :, start:end], v[:, :, start:end], scale) if selection.own else _nothing(q, v)
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
