"""The mass of blocks by the sums of their antidiagonals, as `Antidiagonal.mass` has it (XAttention, https://arxiv.org/abs/2503.16428).

Queries and keys are taken in groups of `stride`; a[i, j] is the sum of scores along one antidiagonal of two groups. The first kernel is a
product of width stride * D, of which only the sums over blocks are kept; the second makes shares of them:

    logs[i, J] = log sum of exp(a[i, j]) over j in J;   mass[I, J] = sum of exp(logs[i, J] - log sum over J of exp(logs[i, J])) over i in I

At a million tokens in strides of 16 and blocks of 128, a has 65 536^2 elements a head; logs, an eighth of them, is held in pieces.

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S keys, D channels, i groups of queries, j groups of keys,
I, Q rows of blocks, J, K blocks of keys, M groups of queries of a tile, N groups of keys of a tile.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from longdoc.attention.kernels import on_device, rows_in_one_piece, shared_memory
from longdoc.attention.kernels.online import LOG2_E
from longdoc.attention.selection import Grid

_LOGS = 1 << 28
"""Elements of logs that are held at a time."""

_TOGETHER = tl.constexpr(1024)
"""Elements of a row of logs that are read at a time."""


def mass(q: Tensor, k: Tensor, scale: float, grid: Grid, stride: int) -> Tensor:
    """[B, H, Q, K]: the estimated mass of blocks, of a power of two and at most 64 groups, for q [B, H, T, D] and k [B, G, S, D]."""
    q, k = rows_in_one_piece(q), rows_in_one_piece(k)
    batch, heads, _, channels = q.shape
    per = grid.size // stride
    found = torch.zeros(batch, heads, grid.rows, grid.columns, device=q.device)
    at_once = min(grid.rows, max(1, _LOGS // (batch * heads * per * grid.columns)))
    logs = torch.empty(batch * heads, at_once * per, grid.columns, device=q.device)
    if q.dtype == torch.float32:
        high, wide, chunk, warps, stages = 64, 64, 16, 4, 2
    else:
        high, wide, chunk, warps, stages = 128, 256, min(64, channels), 8, 3 if shared_memory(q) >= 3 * 64 * (128 + 256) * 2 else 2
    with on_device(q):
        for row in range(0, grid.rows, at_once):
            rows = min(at_once, grid.rows - row)
            groups = (grid.first + row + rows) * per  # keys after the last query are read by none
            across = -(-groups // wide)
            _sums[(across * -(-rows * per // high), batch * heads)](
                q,
                k,
                logs,
                q.stride(),
                k.stride(),
                heads,
                heads // k.shape[1],
                grid.offset,
                grid.keys,
                (grid.first + row) * per,
                rows * per,
                at_once * per,
                grid.columns,
                across,
                scale * LOG2_E / stride,
                stride=stride,
                per=per,
                channels=channels,
                chunk=chunk,
                high=high,
                wide=wide,
                num_warps=warps,
                num_stages=stages,
                enable_fp_fusion=True,
            )
            _shares[(rows, batch * heads)](
                logs,
                found,
                row,
                grid.first + row,
                at_once * per,
                grid.rows,
                grid.columns,
                per=per,
                num_warps=8,
                num_stages=2,
                enable_fp_fusion=True,
            )
    return found


@triton.jit  # type: ignore[untyped-decorator]
def _sums(
    queries: tl.tensor,
    keys: tl.tensor,
    logs: tl.tensor,
    query_strides: tl.tensor,
    key_strides: tl.tensor,
    heads: tl.tensor,
    group: tl.tensor,
    offset: tl.tensor,
    places: tl.tensor,
    start: tl.tensor,
    rows: tl.tensor,
    room: tl.tensor,
    blocks: tl.tensor,
    across: tl.tensor,
    scale: tl.tensor,
    stride: tl.constexpr,
    per: tl.constexpr,
    channels: tl.constexpr,
    chunk: tl.constexpr,
    high: tl.constexpr,
    wide: tl.constexpr,
) -> None:
    """A tile [M, N] of a, for groups of queries from `start` on; logs [B * H, room, K] in base 2, where a row reads a block."""
    down = tl.cdiv(rows, high)
    # Eight tiles of queries to a tile of keys, so that what programs read side by side stays in the cache.
    band = tl.program_id(0) // (8 * across)
    height = tl.minimum(down - band * 8, 8)
    high_number = band * 8 + tl.program_id(0) % (8 * across) % height
    wide_number = tl.program_id(0) % (8 * across) // height
    if wide_number * wide >= start + tl.minimum((high_number + 1) * high, rows):
        return
    sequence = tl.program_id(1).to(tl.int64)
    queries += sequence // heads * query_strides[0] + sequence % heads * query_strides[1]
    keys += sequence // heads * key_strides[0] + sequence % heads // group * key_strides[1]
    first_query = (start + high_number * high) * stride
    first_key = wide_number * wide * stride
    queries += (first_query - offset).to(tl.int64) * query_strides[2]
    keys += first_key.to(tl.int64) * key_strides[2]
    of_queries = tl.arange(0, high) * stride
    of_keys = tl.arange(0, wide) * stride
    channel = tl.arange(0, chunk)
    found = tl.zeros([high, wide], dtype=tl.float32)
    for number in range(0, stride * (channels // chunk)):
        shift = number // (channels // chunk)
        part = number % (channels // chunk) * chunk
        query = of_queries + (stride - 1 - shift)
        key = of_keys + shift
        asked = (first_query + query >= offset) & (first_query + query < places)
        there = first_key + key < places
        q = tl.load(queries + query[:, None] * query_strides[2] + (part + channel)[None, :], mask=asked[:, None], other=0.0)
        k = tl.load(keys + key[None, :] * key_strides[2] + (part + channel)[:, None], mask=there[None, :], other=0.0)
        found = tl.dot(q, k, found, input_precision="tf32x3")
    row = high_number * high + tl.arange(0, high)
    column = wide_number * wide + tl.arange(0, wide)
    found = tl.where(column[None, :] <= start + row[:, None], found * scale, -float("inf"))
    found = tl.reshape(found, [high, wide // per, per])
    largest = tl.max(found, 2)
    base = tl.where(largest == -float("inf"), 0.0, largest)
    # Where there is anything to sum, its largest counts 1.
    found = largest + tl.log2(tl.maximum(tl.sum(tl.exp2(found - base[:, :, None]), 2), 1.0))
    block = wide_number * (wide // per) + tl.arange(0, wide // per)
    line = sequence * room + row
    tl.store(logs + line[:, None] * blocks + block[None, :], found, mask=(row < rows)[:, None] & (block < blocks)[None, :])


@triton.jit  # type: ignore[untyped-decorator]
def _shares(
    logs: tl.tensor,
    mass: tl.tensor,
    first_row: tl.tensor,
    first_block: tl.tensor,
    room: tl.tensor,
    all_rows: tl.tensor,
    blocks: tl.tensor,
    per: tl.constexpr,
) -> None:
    """A row of mass [B * H, Q, K] of logs [B * H, room, K], whose rows are those from `first_row` on."""
    row = tl.program_id(0)
    sequence = tl.program_id(1).to(tl.int64)
    last = first_block + row + 1
    line = sequence * room + row * per + tl.arange(0, per)
    across = tl.arange(0, _TOGETHER // per)
    total = tl.zeros([per], dtype=tl.float32)
    largest = tl.full([per], -float("inf"), dtype=tl.float32)
    for first in range(0, last, _TOGETHER // per):
        block = first + across
        tile = tl.load(logs + line[:, None] * blocks + block[None, :], mask=(block < last)[None, :], other=-float("inf"))
        found = tl.maximum(largest, tl.max(tile, 1))
        total = total * tl.exp2(largest - found) + tl.sum(tl.exp2(tile - found[:, None]), 1)
        largest = found
    whole = largest + tl.log2(total)
    mass += (sequence * all_rows + first_row + row) * blocks
    for first in range(0, last, _TOGETHER // per):
        block = first + across
        tile = tl.load(logs + line[:, None] * blocks + block[None, :], mask=(block < last)[None, :], other=-float("inf"))
        tl.store(mass + block, tl.sum(tl.exp2(tile - whole[:, None]), 0), mask=block < last)
