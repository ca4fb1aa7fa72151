"""Products of queries with the keys of their heads.

Axis legend: B batch, G key heads, M queries, N keys, D channels.
"""

from __future__ import annotations

import torch
from torch import Tensor


def products(queries: Tensor, keys: Tensor) -> Tensor:
    """[B, G, M, N] float32 of queries [B, G, M, D] and keys [B, G, N, D].

    On a CPU a batched product copies the keys first to turn them, which takes many times as long as the product; with the keys on the
    left it takes half the time.
    """
    if keys.device.type != "cpu":
        return (queries @ keys.transpose(-1, -2)).float()
    found = torch.empty(*queries.shape[:3], keys.shape[2])
    for out, one, other in zip(found.flatten(0, 1), queries.flatten(0, 1), keys.flatten(0, 1), strict=True):
        out.copy_((other @ one.T).T)
    return found
