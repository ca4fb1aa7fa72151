"""Attention of few queries over many tokens, split among programs: Flash-Decoding (https://pytorch.org/blog/flash-decoding/).

The queries that share a key head make one tile. Each program reads a share of the tokens; a second kernel puts the parts together:

    lse = log sum_p exp(lse_p),   out = sum_p out_p exp(lse_p - lse)

The tokens are all of k and v, or those of blocks whose numbers are given, read where they lie. Its twin is `attend_all`, of gathered
tokens where there are blocks.

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S keys, D channels of a key, E channels of a value,
K blocks read, R queries of a key head (group * T), P parts, M queries of a tile, N keys of a tile.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from longdoc.attention.kernels import on_device, power_of_two, rows_in_one_piece, shared_memory
from longdoc.attention.kernels.online import LN_2, LOG2_E, step
from longdoc.attention.merge import Attended

_PROGRAMS = 264
"""So many fill an H100: two for each of its 132 multiprocessors."""

_TOGETHER = tl.constexpr(16)
"""Parts that are put together at a time."""


def attend(q: Tensor, k: Tensor, v: Tensor, scale: float, blocks: Tensor | None = None, size: int = 16) -> Attended:
    """Attention of q [B, H, T, D] over k [B, G, S, D] and v [B, G, S, E], S at least 1: over all of it, or over the tokens of the
    `blocks` [B, G, K] of `size` tokens, of which the last of the sequence may be shorter."""
    k, v = rows_in_one_piece(k), rows_in_one_piece(v)
    batch, heads, queries, channels = q.shape
    groups, wide = k.shape[1], v.shape[3]
    folded = q.reshape(batch, groups, -1, channels).contiguous()
    rows = folded.shape[2]
    tokens = k.shape[2] if blocks is None else blocks.shape[2] * size
    tile, reach, stages = _layout(rows, channels, wide, q.dtype, shared_memory(q))
    tiles = -(-rows // tile)
    parts = min(-(-tokens // reach), max(1, _PROGRAMS // (batch * groups * tiles)))
    share = -(-tokens // (parts * reach)) * reach
    parts = -(-tokens // share)
    found = torch.empty(batch, groups, rows, parts, wide, device=q.device)
    lses = torch.empty(batch, groups, rows, parts, device=q.device)
    out = q.new_empty(batch, heads, queries, wide)
    lse = torch.empty(batch, heads, queries, device=q.device)
    with on_device(q):
        _read[(parts, batch * groups, tiles)](
            folded,
            k,
            v,
            folded.new_empty(0, dtype=torch.int64) if blocks is None else blocks.contiguous(),
            found,
            lses,
            k.stride(),
            v.stride(),
            groups,
            rows,
            tokens,
            share,
            k.shape[2],
            0 if blocks is None else blocks.shape[2],
            scale * LOG2_E,
            size=0 if blocks is None else size,
            key_channels=channels,
            value_channels=wide,
            tile_queries=tile,
            tile_keys=reach,
            num_warps=4,
            num_stages=stages,
            enable_fp_fusion=True,
        )
        _put_together[(batch * groups * rows,)](
            found, lses, out, lse, parts, value_channels=wide, most=power_of_two(parts), num_warps=4, enable_fp_fusion=True
        )
    return Attended(out, lse)


def _layout(rows: int, key_channels: int, value_channels: int, dtype: torch.dtype, memory: int) -> tuple[int, int, int]:
    """Queries and keys of a tile, and stages of the pipeline, that fit into so many bytes of shared memory."""
    # Products in 32 bits hold a tile in two parts.
    width, most = (8, 32) if dtype == torch.float32 else (2, 64)
    tile, channels = min(most, max(16, power_of_two(rows))), key_channels + value_channels
    for reach, stages in ((128, 3), (64, 3), (32, 3), (32, 2)):
        if reach * channels <= 16384 and width * (tile * key_channels + stages * reach * channels) <= memory:
            return tile, reach, stages
    return 16, 16, 2


@triton.jit  # type: ignore[untyped-decorator]
def _read(
    queries: tl.tensor,
    keys: tl.tensor,
    values: tl.tensor,
    blocks: tl.tensor,
    out: tl.tensor,
    lse: tl.tensor,
    key_strides: tl.tensor,
    value_strides: tl.tensor,
    groups: tl.tensor,
    rows: tl.tensor,
    tokens: tl.tensor,
    share: tl.tensor,
    places: tl.tensor,
    block_count: tl.tensor,
    scale: tl.tensor,
    size: tl.constexpr,
    key_channels: tl.constexpr,
    value_channels: tl.constexpr,
    tile_queries: tl.constexpr,
    tile_keys: tl.constexpr,
) -> None:
    """Part `program_id(0)` of the tokens, for one key head: out [B, G, R, P, E], and lse [B, G, R, P] in base 2."""
    part = tl.program_id(0)
    sequence = tl.program_id(1).to(tl.int64)
    keys += sequence // groups * key_strides[0] + sequence % groups * key_strides[1]
    values += sequence // groups * value_strides[0] + sequence % groups * value_strides[1]
    row = tl.program_id(2) * tile_queries + tl.arange(0, tile_queries)
    across = tl.arange(0, tile_keys)
    channel = tl.arange(0, key_channels)
    wide = tl.arange(0, value_channels)
    line = sequence * rows + row
    q = tl.load(queries + line[:, None] * key_channels + channel[None, :], mask=(row < rows)[:, None], other=0.0)
    result = tl.zeros([tile_queries, value_channels], dtype=tl.float32)
    total = tl.zeros([tile_queries], dtype=tl.float32)
    largest = tl.full([tile_queries], -float("inf"), dtype=tl.float32)
    for number in range(part * share, tl.minimum((part + 1) * share, tokens), tile_keys):
        token = number + across
        there = token < tokens
        if size:
            block = tl.load(blocks + sequence * block_count + token // size, mask=there, other=0).to(tl.int64)
            place = block * size + token % size
            there = there & (place < places)
        else:
            place = token.to(tl.int64)
        k = tl.load(keys + place[None, :] * key_strides[2] + channel[:, None], mask=there[None, :], other=0.0)
        v = tl.load(values + place[:, None] * value_strides[2] + wide[None, :], mask=there[:, None], other=0.0)
        scores = tl.where(there[None, :], tl.dot(q, k, input_precision="tf32x3") * scale, -float("inf"))
        result, total, largest = step(scores, v, result, total, largest)
    # A part may hold nothing: the end of a short block.
    result = result / tl.where(total == 0.0, 1.0, total)[:, None]
    line = line * tl.num_programs(0) + part
    tl.store(out + line[:, None] * value_channels + wide[None, :], result, mask=(row < rows)[:, None])
    tl.store(lse + line, tl.where(total == 0.0, largest, largest + tl.log2(tl.where(total == 0.0, 1.0, total))), mask=row < rows)


@triton.jit  # type: ignore[untyped-decorator]
def _put_together(
    found: tl.tensor,
    lses: tl.tensor,
    out: tl.tensor,
    lse: tl.tensor,
    parts: tl.tensor,
    value_channels: tl.constexpr,
    most: tl.constexpr,
) -> None:
    """One query's parts [P, E] and their lses [P], of which at least one has read something."""
    line = tl.program_id(0).to(tl.int64)
    wide = tl.arange(0, value_channels)
    all_parts = tl.arange(0, most)
    own = tl.load(lses + line * parts + all_parts, mask=all_parts < parts, other=-float("inf"))
    largest = tl.max(own, 0)
    whole = largest + tl.log2(tl.sum(tl.exp2(own - largest), 0))
    result = tl.zeros([value_channels], dtype=tl.float32)
    for first in range(0, parts, _TOGETHER):
        part = first + tl.arange(0, _TOGETHER)
        there = part < parts
        share = tl.exp2(tl.load(lses + line * parts + part, mask=there, other=-float("inf")) - whole)
        tile = tl.load(found + (line * parts + part)[:, None] * value_channels + wide[None, :], mask=there[:, None], other=0.0)
        result += tl.sum(tile * share[:, None], 0)
    tl.store(out + line * value_channels + wide, result.to(out.dtype.element_ty))
    tl.store(lse + line, whole * LN_2)
