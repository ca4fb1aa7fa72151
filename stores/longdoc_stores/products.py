"""Products of queries with the keys of their heads.

Axis legend: B batch, G key heads, M queries, N keys, D channels.
"""

from __future__ import annotations

import torch
from torch import Tensor


def products(queries: Tensor, keys: Tensor) -> Tensor:
    """[B, G, M, N] float32 of queries [B, G, M, D] and keys [B, G, N, D].

    On a CPU a batched product copies the keys first to turn them, which takes many times as long as the product.
    """
    if keys.device.type != "cpu":
        return (queries @ keys.transpose(-1, -2)).float()
    pairs = zip(queries.flatten(0, 1), keys.flatten(0, 1), strict=True)
    return torch.stack([one @ other.T for one, other in pairs]).float().unflatten(0, queries.shape[:2])
