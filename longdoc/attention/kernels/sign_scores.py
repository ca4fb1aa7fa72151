"""Estimates of products from the signs of keys, as `longdoc_stores.sign_index` keeps them: bits are unpacked in registers.

    score = base + factor * (turned . signs),   signs +1 or -1

A turned query is split into two halves of 16 bits, x = c (high + low), so that its products with signs, which are exact in 16 bits too,
are as those in 32 bits and go through the tensor cores. The halves are rows of one product.

Axis legend: B batch, G key heads, S keys, W channels, R queries of a key head, M queries of a tile, N keys of a tile.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from longdoc.attention.kernels import on_device, power_of_two

_MINUS_ONE = tl.constexpr(0xBC00)
"""-1 as a half; with its highest bit turned it is 1."""


def scores(turned: Tensor, base: Tensor, parts: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Estimates [B, G, R, S] float32 for queries `turned` [B, G, R, W] with `base` [B, G, R, 1], both float32, and keys that come in
    parts: codes [B, G, n, W / 8] uint8, lowest bit first, and factors [B, G, n] half."""
    batch, groups, rows, width = turned.shape
    unit = turned.abs().amax(dim=-1, keepdim=True).clamp(min=1e-30)
    even = turned / unit
    high = even.half()
    halves = torch.stack([high, (even - high.float()).half()], dim=3).flatten(2, 3)
    base, unit = base.contiguous(), unit.contiguous()
    found = torch.empty(batch, groups, rows, sum(factor.shape[2] for _, factor in parts), device=turned.device)
    tile, reach = min(32, max(8, power_of_two(rows))), 64 if width > 128 else 128
    first = 0
    with on_device(turned):
        for codes, factor in parts:
            count = factor.shape[2]
            _score[(-(-count // reach), batch * groups, -(-rows // tile))](
                halves,
                unit,
                base,
                codes,
                factor,
                found,
                codes.stride(),
                factor.stride(),
                groups,
                rows,
                count,
                first,
                found.shape[3],
                width=width,
                tile_queries=tile,
                tile_keys=reach,
                num_warps=4,
                enable_fp_fusion=True,
            )
            first += count
    return found


@triton.jit  # type: ignore[untyped-decorator]
def _score(
    halves: tl.tensor,
    unit: tl.tensor,
    base: tl.tensor,
    codes: tl.tensor,
    factor: tl.tensor,
    found: tl.tensor,
    code_strides: tl.tensor,
    factor_strides: tl.tensor,
    groups: tl.tensor,
    rows: tl.tensor,
    count: tl.tensor,
    first: tl.tensor,
    length: tl.tensor,
    width: tl.constexpr,
    tile_queries: tl.constexpr,
    tile_keys: tl.constexpr,
) -> None:
    """A tile [M, N] of found [B, G, R, length], of which the keys of this part begin at `first`."""
    sequence = tl.program_id(1).to(tl.int64)
    key = tl.program_id(0) * tile_keys + tl.arange(0, tile_keys)
    byte = tl.arange(0, width // 8)
    codes += sequence // groups * code_strides[0] + sequence % groups * code_strides[1]
    factor += sequence // groups * factor_strides[0] + sequence % groups * factor_strides[1]
    packed = tl.load(codes + key[:, None] * code_strides[2] + byte[None, :] * code_strides[3], mask=(key < count)[:, None], other=0)
    bits = (packed.to(tl.int32)[:, :, None] >> tl.arange(0, 8)[None, None, :]) & 1
    signs = tl.reshape(((bits << 15) ^ _MINUS_ONE).to(tl.uint16).to(tl.float16, bitcast=True), [tile_keys, width])
    half = tl.program_id(2) * tile_queries * 2 + tl.arange(0, tile_queries * 2)
    channel = tl.arange(0, width)
    turned = tl.load(halves + (sequence * rows * 2 + half)[:, None] * width + channel[None, :], mask=(half < rows * 2)[:, None], other=0.0)
    sums = tl.sum(tl.reshape(tl.dot(turned, tl.trans(signs)), [tile_queries, 2, tile_keys]), 1)
    row = tl.program_id(2) * tile_queries + tl.arange(0, tile_queries)
    line = sequence * rows + row
    own = tl.load(unit + line, mask=row < rows, other=0.0)
    start = tl.load(base + line, mask=row < rows, other=0.0)
    weight = tl.load(factor + key * factor_strides[2], mask=key < count, other=0.0).to(tl.float32)
    result = start[:, None] + sums * own[:, None] * weight[None, :]
    there = (row < rows)[:, None] & (key < count)[None, :]
    tl.store(found + line[:, None] * length + (first + key)[None, :], result, mask=there)
