"""A step of the online softmax (https://arxiv.org/abs/1805.02867), as FlashAttention-2 (https://arxiv.org/abs/2307.08691) takes it.

With the largest score m so far, the sum of shares l and the unscaled output o, a tile of scores s and values v gives

    m' = max(m, max s),   p = 2^(s - m'),   l' = l 2^(m - m') + sum p,   o' = o 2^(m - m') + p v

Scores are in base 2: multiplied by log2(e), so that exp2, which the hardware has, does for exp.

Axis legend: M queries of a tile, N keys of a tile, E channels of a value.
"""

from __future__ import annotations

import triton
import triton.language as tl

LOG2_E = 1.4426950408889634
LN_2 = tl.constexpr(0.6931471805599453)


@triton.jit  # type: ignore[untyped-decorator]
def step(
    scores: tl.tensor, values: tl.tensor, out: tl.tensor, total: tl.tensor, largest: tl.tensor
) -> tuple[tl.tensor, tl.tensor, tl.tensor]:
    """(o', l', m') for scores [M, N], -inf where a query does not read a key, values [N, E], out [M, E], total [M], largest [M]."""
    found = tl.maximum(largest, tl.max(scores, 1))
    # Where a query has read nothing yet, all is -inf and its shares stay nothing.
    base = tl.where(found == -float("inf"), 0.0, found)
    shares = tl.exp2(scores - base[:, None])
    shrink = tl.exp2(largest - base)
    total = total * shrink + tl.sum(shares, 1)
    out = tl.dot(shares.to(values.dtype), values, out * shrink[:, None], input_precision="tf32x3")
    return out, total, found
