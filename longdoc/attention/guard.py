"""A check of sparse attention while it runs: how much of the exact attention's mass the keys that were read hold.

The mass of what was read is a ratio of two sums of exp(score), so that it follows exactly from two log-sum-exps:

    mass = exp(lse of the keys read - lse of all keys)

It is taken for a sample of queries. A head that misses the target is read densely instead.

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S keys, N sampled queries, D channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from longdoc.attention.dense import attend_all, attend_dense
from longdoc.attention.merge import Attended


@dataclass(frozen=True)
class Guard:
    """`target` in 0..1 is the mass that a head must keep on average over `samples` queries of a call."""

    target: float = 0.95
    samples: int = 16

    def places(self, queries: int, device: torch.device | str = "cpu") -> Tensor:
        """Which of so many queries are checked: spread evenly, the last among them."""
        count = min(self.samples, queries)
        return torch.linspace(queries / count - 1, queries - 1, count, device=device).round().long()

    def check(self, q: Tensor, k: Tensor, v: Tensor, scale: float, found: Attended, causal: bool = True) -> tuple[Attended, Tensor]:
        """`found` with the heads that miss the target read densely, and the mass [B, H] that each had kept. Not `causal`: every query may
        read every key."""
        kept = mass_kept(q, k, scale, found.lse, self.places(q.shape[2], q.device), causal).mean(dim=2)
        dense = attend_dense if causal else attend_all
        missing = torch.nonzero(kept < self.target).tolist()
        if not missing:
            return found, kept
        group = q.shape[1] // k.shape[1]
        out, lse = found.out.clone(), found.lse.clone()
        for one, head in missing:
            own = (one, head // group)
            again = dense(q[one, head][None, None], k[own][None, None], v[own][None, None], scale)
            out[one, head], lse[one, head] = again.out[0, 0], again.lse[0, 0]
        return Attended(out, lse), kept


def mass_kept(q: Tensor, k: Tensor, scale: float, lse: Tensor, places: Tensor, causal: bool = True) -> Tensor:
    """[B, H, N]: share of the exact attention's mass in the keys read, for the queries at `places` [N] of q [B, H, T, D], whose
    log-sum-exp over the keys read is `lse` [B, H, T]."""
    group = q.shape[1] // k.shape[1]
    sampled = q[:, :, places].unflatten(1, (-1, group)).flatten(2, 3)
    scores = (sampled @ k.transpose(-1, -2)).float() * scale
    scores = scores.unflatten(2, (group, -1))
    if causal:
        after = torch.arange(k.shape[2], device=q.device) > (places + k.shape[2] - q.shape[2])[:, None]
        scores = scores.masked_fill(after, -torch.inf)
    whole = torch.logsumexp(scores, dim=-1).flatten(1, 2)
    return torch.exp(lse[:, :, places] - whole)
