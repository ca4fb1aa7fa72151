"""Block-sparse causal attention in one kernel: FlashAttention-2 (https://arxiv.org/abs/2307.08691) over the blocks of a `Selection`.

A program takes a tile of the queries of one row of blocks and one head. It reads the row's own block causally, then the blocks of a list
that was made from the selection, and at last the single keys that stand before its own block and in none of those:

    out = softmax(q K^T scale) V,   lse = log sum exp(q K^T scale)   over the keys that are read

Its twin is `attend_sparse`.

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S keys, D channels of a key, E channels of a value,
Q rows of blocks, K blocks of keys, C single keys, M queries of a tile, N keys of a tile.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from longdoc.attention.kernels import on_device, power_of_two, rows_in_one_piece, shared_memory
from longdoc.attention.kernels.online import LN_2, LOG2_E, step
from longdoc.attention.merge import Attended
from longdoc.attention.selection import Grid, Selection

_MARKS = 1 << 28
"""Marks of selected blocks that are turned into a list at a time."""


@dataclass(frozen=True)
class Tiles:
    """`queries` and `keys` of a tile, powers of two from 16 on, with the warps and the stages of the pipeline that work on it."""

    queries: int
    keys: int
    warps: int
    stages: int


_HALVES = (
    Tiles(128, 128, 8, 4),
    Tiles(128, 128, 8, 3),
    Tiles(128, 64, 8, 3),
    Tiles(128, 64, 8, 2),
    Tiles(64, 64, 4, 2),
    Tiles(64, 32, 4, 2),
)
_FLOATS = (Tiles(64, 32, 4, 2), Tiles(32, 32, 8, 1), Tiles(32, 16, 4, 1))
"""What is tried, best first, of 16 and of 32 bits."""


def tiles_for(size: int, key_channels: int, value_channels: int, dtype: torch.dtype, memory: int) -> Tiles:
    """The best that fit into so many bytes of shared memory, for blocks of `size`."""
    kinds = _FLOATS if dtype == torch.float32 else _HALVES
    # Products in 32 bits hold a tile in two parts.
    width = 8 if dtype == torch.float32 else 2
    for most in kinds:
        if width * (most.queries * key_channels + most.stages * most.keys * (key_channels + value_channels)) <= memory:
            break
    queries = min(most.queries, max(16, power_of_two(size)))
    # Tiles of keys may span blocks, so that small blocks do not make small products.
    keys = min(most.keys, max(64, power_of_two(size)))
    return Tiles(queries, keys, most.warps if queries == most.queries else 4, most.stages)


def attend(q: Tensor, k: Tensor, v: Tensor, scale: float, selection: Selection, tiles: Tiles | None = None) -> Attended:
    """Attention of q [B, H, T, D], the last T of S positions, over what `selection` keeps of k [B, G, S, D], v [B, G, S, E]."""
    grid = selection.grid
    q, k, v = rows_in_one_piece(q), rows_in_one_piece(k), rows_in_one_piece(v)
    batch, heads, queries, channels = q.shape
    tiles = tiles or tiles_for(grid.size, channels, v.shape[3], q.dtype, shared_memory(q))
    out = q.new_empty(batch, heads, queries, v.shape[3])
    lse = torch.empty(batch, heads, queries, device=q.device)
    starts, index = listed(selection.blocks, grid)
    columns, counts = _sorted_columns(selection.columns, grid, selection.blocks)
    parts = -(-grid.size // tiles.queries)
    with on_device(q):
        _attend[(batch * heads * grid.rows * parts,)](
            q,
            k,
            v,
            out,
            lse,
            starts,
            index,
            columns,
            counts,
            selection.blocks.view(torch.uint8),
            q.stride(),
            k.stride(),
            v.stride(),
            selection.blocks.stride(),
            batch * heads,
            heads,
            heads // k.shape[1],
            grid.queries,
            grid.keys,
            grid.rows,
            columns.shape[-1],
            scale * LOG2_E,
            size=grid.size,
            key_channels=channels,
            value_channels=v.shape[3],
            tile_queries=tiles.queries,
            tile_keys=tiles.keys,
            beside=selection.columns is not None,
            num_warps=tiles.warps,
            num_stages=tiles.stages,
            enable_fp_fusion=True,
        )
    return Attended(out, lse)


def listed(blocks: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """The blocks [B, H, Q, K] that are kept before each row's own, row after row in one list int32, and where each row starts in it,
    int64 [B * H * Q + 1]."""
    rows = torch.arange(grid.first, grid.columns, device=blocks.device)
    before = torch.arange(grid.columns, device=blocks.device) < rows[:, None]
    at_once = max(1, _MARKS // max(1, before.numel()))
    counts, index = [], []
    for one in blocks:
        for heads in one.split(at_once):
            kept = heads & before
            counts.append(kept.sum(dim=2).flatten())
            index.append(torch.nonzero(kept)[:, 2].int())
    starts = torch.zeros(blocks.shape[:3].numel() + 1, dtype=torch.int64, device=blocks.device)
    torch.cumsum(torch.cat(counts), dim=0, out=starts[1:])
    return starts, torch.cat(index)


def _sorted_columns(columns: Tensor | None, grid: Grid, blocks: Tensor) -> tuple[Tensor, Tensor]:
    """Single keys [B, H, C] in their order, and how many of them stand before each row's own block, int32 [B, H, Q]."""
    if columns is None:
        return blocks.new_empty(0, dtype=torch.int64), blocks.new_empty(0, dtype=torch.int32)
    ordered = columns.sort(dim=-1).values
    own = torch.arange(grid.first, grid.columns, device=blocks.device) * grid.size
    counts = torch.searchsorted(ordered, own.expand(*ordered.shape[:2], -1).contiguous(), out_int32=True)
    return ordered, counts


@triton.jit  # type: ignore[untyped-decorator]
def _attend(
    queries: tl.tensor,
    keys: tl.tensor,
    values: tl.tensor,
    out: tl.tensor,
    lse: tl.tensor,
    starts: tl.tensor,
    index: tl.tensor,
    columns: tl.tensor,
    counts: tl.tensor,
    blocks: tl.tensor,
    query_strides: tl.tensor,
    key_strides: tl.tensor,
    value_strides: tl.tensor,
    block_strides: tl.tensor,
    sequences: tl.tensor,
    heads: tl.tensor,
    group: tl.tensor,
    length: tl.tensor,
    places: tl.tensor,
    rows: tl.tensor,
    column_count: tl.tensor,
    scale: tl.tensor,
    size: tl.constexpr,
    key_channels: tl.constexpr,
    value_channels: tl.constexpr,
    tile_queries: tl.constexpr,
    tile_keys: tl.constexpr,
    beside: tl.constexpr,
) -> None:
    parts: tl.constexpr = (size + tile_queries - 1) // tile_queries
    # The last rows, which have most to read, come first; heads that share keys run side by side.
    sequence = tl.program_id(0) % sequences
    tile = rows * parts - 1 - tl.program_id(0) // sequences
    row = tile // parts
    offset = places - length
    begin = (offset // size + row) * size
    first = begin + tile % parts * tile_queries
    if (first >= places) | (first + tile_queries <= offset):
        return
    batch = (sequence // heads).to(tl.int64)
    head = (sequence % heads).to(tl.int64)
    queries += batch * query_strides[0] + head * query_strides[1] + (first - offset).to(tl.int64) * query_strides[2]
    keys += batch * key_strides[0] + head // group * key_strides[1]
    values += batch * value_strides[0] + head // group * value_strides[1]

    within = tl.arange(0, tile_queries)
    across = tl.arange(0, tile_keys)
    channel = tl.arange(0, key_channels)
    wide = tl.arange(0, value_channels)
    position = first + within
    asked = (position >= offset) & (position < places) & (position < begin + size)
    q = tl.load(queries + within[:, None] * query_strides[2] + channel[None, :], mask=asked[:, None], other=0.0)
    result = tl.zeros([tile_queries, value_channels], dtype=tl.float32)
    total = tl.zeros([tile_queries], dtype=tl.float32)
    largest = tl.full([tile_queries], -float("inf"), dtype=tl.float32)

    # The row's own block, up to the last query of the tile.
    for start in range(begin, tl.minimum(tl.minimum(first + tile_queries, begin + size), places), tile_keys):
        place = start + across
        there = place < places
        k = tl.load(keys + place.to(tl.int64)[None, :] * key_strides[2] + channel[:, None], mask=there[None, :], other=0.0)
        v = tl.load(values + place.to(tl.int64)[:, None] * value_strides[2] + wide[None, :], mask=there[:, None], other=0.0)
        scores = tl.dot(q, k, input_precision="tf32x3") * scale
        scores = tl.where((place[None, :] <= position[:, None]) & there[None, :], scores, -float("inf"))
        result, total, largest = step(scores, v, result, total, largest)

    # The blocks of its list, which lie before it and are whole.
    line = sequence.to(tl.int64) * rows + row
    listed_from = tl.load(starts + line)
    count = (tl.load(starts + line + 1) - listed_from).to(tl.int32) * size
    index += listed_from
    if size % tile_keys == 0:
        for number in range(0, count, tile_keys):
            origin = tl.load(index + number // size).to(tl.int64) * size + number % size
            k = tl.load(keys + origin * key_strides[2] + across[None, :] * key_strides[2] + channel[:, None])
            v = tl.load(values + origin * value_strides[2] + across[:, None] * value_strides[2] + wide[None, :])
            result, total, largest = step(tl.dot(q, k, input_precision="tf32x3") * scale, v, result, total, largest)
    else:
        for number in range(0, count, tile_keys):
            there = number + across < count
            place = tl.load(index + (number + across) // size, mask=there, other=0).to(tl.int64) * size + (number + across) % size
            k = tl.load(keys + place[None, :] * key_strides[2] + channel[:, None], mask=there[None, :], other=0.0)
            v = tl.load(values + place[:, None] * value_strides[2] + wide[None, :], mask=there[:, None], other=0.0)
            scores = tl.where(there[None, :], tl.dot(q, k, input_precision="tf32x3") * scale, -float("inf"))
            result, total, largest = step(scores, v, result, total, largest)

    # Single keys before it that lie in none of those blocks.
    if beside:
        columns += sequence.to(tl.int64) * column_count
        blocks += batch * block_strides[0] + head * block_strides[1] + row.to(tl.int64) * block_strides[2]
        last = tl.load(counts + line)
        for number in range(0, last, tile_keys):
            there = number + across < last
            place = tl.load(columns + number + across, mask=there, other=0)
            there = there & (tl.load(blocks + place // size * block_strides[3], mask=there, other=1) == 0)
            k = tl.load(keys + place[None, :] * key_strides[2] + channel[:, None], mask=there[None, :], other=0.0)
            v = tl.load(values + place[:, None] * value_strides[2] + wide[None, :], mask=there[:, None], other=0.0)
            scores = tl.where(there[None, :], tl.dot(q, k, input_precision="tf32x3") * scale, -float("inf"))
            result, total, largest = step(scores, v, result, total, largest)

    # Rows that nobody asked for have read something too, so that no total is nothing.
    line = sequence.to(tl.int64) * length + (first - offset)
    result = result / total[:, None]
    tl.store(out + (line + within)[:, None] * value_channels + wide[None, :], result.to(out.dtype.element_ty), mask=asked[:, None])
    tl.store(lse + line + within, (largest + tl.log2(total)) * LN_2, mask=asked)
