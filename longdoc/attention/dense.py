"""Dense causal attention in pieces: no score matrix over all queries and keys is ever built.

    out = softmax(q K^T scale) V,   lse = log sum exp(q K^T scale)

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S keys, D channels of a key, E channels of a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from longdoc.attention.kernels import usable
from longdoc.attention.merge import Attended, merge

_SCORES = 1 << 24
"""Scores that are held at a time where no fused kernel is at hand."""

_FEW = 64
"""Up to so many queries of a key head are a decoding step, whose keys rather than queries are split among a GPU's processors."""


@dataclass(frozen=True)
class Dense:
    """Every query reads every key before it, and its own."""

    name: str = field(default="dense", init=False)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """See Pattern."""
        return attend_dense(q, k, v, scale)


def attend_dense(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
    """Causal attention of q [B, H, T, D], the last T of S positions, over k [B, G, S, D] and v [B, G, S, E]."""
    queries, keys = q.shape[2], k.shape[2]
    own = attend_own(q, k[:, :, keys - queries :], v[:, :, keys - queries :], scale)
    if keys == queries:
        return own
    return merge(attend_all(q, k[:, :, : keys - queries], v[:, :, : keys - queries], scale), own)


def attend_all(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
    """Attention of q [B, H, T, D] over all of k [B, G, S, D], v [B, G, S, E]."""
    batch, heads, queries, _ = q.shape
    if queries * heads // k.shape[1] <= _FEW and k.shape[2] and usable(q, k, v):
        from longdoc.attention.kernels import gathered_decode

        return gathered_decode.attend(q, k, v, scale)
    # The heads that share keys are so many more queries of theirs.
    folded = q.reshape(batch, k.shape[1], -1, q.shape[3])
    out, lse = _fused(folded, k, v, scale, causal=False) or _in_rows(folded, k, v, scale, causal=False)
    return Attended(out.reshape(batch, heads, queries, -1), lse.reshape(batch, heads, queries))


def attend_own(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
    """Causal attention of q [B, H, T, D] over as many keys."""
    group = q.shape[1] // k.shape[1]
    if group > 1:
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
    return _fused(q, k, v, scale, causal=True) or _in_rows(q, k, v, scale, causal=True)


def attend_masked(q: Tensor, k: Tensor, v: Tensor, scale: float, mask: Tensor) -> Attended:
    """The slow and obvious way, for tests and small figures: `mask` [.., T, S] is True where a query reads a key."""
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, dim=1).float(), v.repeat_interleave(group, dim=1).float()
    scores = (q.float() @ k.transpose(-1, -2) * scale).masked_fill(~mask, -torch.inf)
    return Attended((torch.softmax(scores, dim=-1).nan_to_num() @ v).to(q.dtype), torch.logsumexp(scores, dim=-1))


def _fused(q: Tensor, k: Tensor, v: Tensor, scale: float, causal: bool) -> Attended | None:
    """By torch's flash kernels, where they take these tensors; they give the log-sum-exp that the public function drops."""
    if q.shape[-1] != v.shape[-1] or not k.shape[2]:
        return None
    if q.device.type == "cpu":
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, causal, scale=scale)
        return Attended(out, lse.reshape(q.shape[:3]).float())
    if q.device.type == "cuda" and q.dtype in (torch.float16, torch.bfloat16) and q.shape[-1] <= 256 and q.shape[-1] % 8 == 0:
        out, lse, *_ = torch.ops.aten._scaled_dot_product_flash_attention(q, k, v, 0.0, causal, False, scale=scale)
        return Attended(out, lse[:, :, : q.shape[2]].float())
    return None


def _in_rows(q: Tensor, k: Tensor, v: Tensor, scale: float, causal: bool) -> Attended:
    batch, heads, queries, _ = q.shape
    keys = k.shape[2]
    step = max(1, _SCORES // max(1, batch * heads * keys))
    outs, lses = [q.new_zeros(batch, heads, 0, v.shape[3])], [torch.zeros(batch, heads, 0, device=q.device)]
    for first in range(0, queries, step):
        scores = (q[:, :, first : first + step] * scale).float() @ k.transpose(-1, -2).float()
        if causal:
            place = torch.arange(first, min(first + step, queries), device=q.device)[:, None]
            scores = scores.masked_fill(torch.arange(keys, device=q.device) > place, -torch.inf)
        lse = torch.logsumexp(scores, dim=-1)
        shares = torch.exp(scores - torch.where(lse == -torch.inf, 0.0, lse)[..., None])
        outs.append((shares @ v.float()).to(q.dtype))
        lses.append(lse)
    return Attended(torch.cat(outs, dim=2), torch.cat(lses, dim=2))
