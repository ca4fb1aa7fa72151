"""Linear attention by positive random features: Performer's FAVOR+ (https://arxiv.org/abs/2009.14794).

    exp(q . k * scale) is about phi(q) . phi(k),   phi(x) = exp(W x' - |x'|^2 / 2) / sqrt(m),   x' = x sqrt(scale)

with rows of W normal and orthogonal. A model must be trained with it; `auto` never picks it.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, D channels, m features.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from longdoc.attention.merge import Attended


@dataclass(frozen=True)
class Performer:
    """`features` of a draw with the number `seed`; queries go in steps of `block`, whose score matrix is the largest that is built."""

    features: int = 256
    seed: int = 0
    block: int = 128
    name: str = field(default="performer", init=False)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """See Pattern. The log-sum-exp is that of the estimated scores."""
        group, past = q.shape[1] // k.shape[1], k.shape[2] - q.shape[2]
        weight = self.directions(q.shape[3]).to(q.device)
        logs_of_keys = _logs(k, weight, scale).repeat_interleave(group, dim=1)
        logs_of_queries = _logs(q, weight, scale)
        values = v.repeat_interleave(group, dim=1).float()
        # One shift for all keys, as what is summed so far must stay comparable; exact, since it is taken off the result again.
        shift = logs_of_keys.amax(dim=(2, 3), keepdim=True)
        keys = torch.exp(logs_of_keys - shift)
        beside_one = functional.pad(values, (0, 1), value=1.0)
        state = keys[:, :, :past].transpose(2, 3) @ beside_one[:, :, :past]
        outs, lses = [], []
        for first in range(0, q.shape[2], self.block):
            last = min(first + self.block, q.shape[2])
            logs = logs_of_queries[:, :, first:last]
            most = logs.amax(dim=3, keepdim=True)
            queries, own = torch.exp(logs - most), slice(past + first, past + last)
            near = (queries @ keys[:, :, own].transpose(2, 3)).tril()
            total = queries @ state + near @ beside_one[:, :, own]
            outs.append((total[..., :-1] / total[..., -1:]).to(q.dtype))
            lses.append(torch.log(total[..., -1]) + (most + shift)[..., 0])
            state = state + keys[:, :, own].transpose(2, 3) @ beside_one[:, :, own]
        return Attended(torch.cat(outs, dim=2), torch.cat(lses, dim=2))

    def directions(self, size: int) -> Tensor:
        """W [m, size]: orthogonal in groups of `size` rows, each as long as a normal vector."""
        draw = torch.Generator().manual_seed(self.seed)
        blocks = [torch.linalg.qr(torch.randn(size, size, generator=draw))[0] for _ in range(-(-self.features // size))]
        lengths = torch.randn(self.features, size, generator=draw).norm(dim=1, keepdim=True)
        return torch.cat(blocks)[: self.features] * lengths


def _logs(x: Tensor, weight: Tensor, scale: float) -> Tensor:
    """log of phi [B, H, T, m]."""
    scaled = x.float() * scale**0.5
    return scaled @ weight.T - scaled.square().sum(dim=-1, keepdim=True) / 2 - 0.5 * torch.log(torch.tensor(float(len(weight))))
