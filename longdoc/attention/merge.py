"""Attention over parts of the keys, put together: exact, whatever the parts, as long as each key is in one of them.

    lse = log(exp(lse_1) + exp(lse_2)),   out = out_1 exp(lse_1 - lse) + out_2 exp(lse_2 - lse)

as in FlashAttention (https://arxiv.org/abs/2205.14135).

Axis legend: ... any leading axes, T queries, D channels of a value.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Attended(NamedTuple):
    """out [..., T, D]: what the queries have read; lse [..., T] float32: log of the sum of exp(score) over the keys they read."""

    out: Tensor
    lse: Tensor


def merge(one: Attended, other: Attended) -> Attended:
    """Attention over the keys of both."""
    lse = torch.logaddexp(one.lse, other.lse)
    # Where a query has read nothing of either, all is -inf and its output stays nothing.
    base = torch.where(lse == -torch.inf, 0.0, lse)
    shares = [torch.exp(part.lse - base)[..., None] for part in (one, other)]
    out = one.out.float() * shares[0] + other.out.float() * shares[1]
    return Attended(out.to(one.out.dtype), lse)
