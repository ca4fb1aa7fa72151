"""What transformers calls under the name "longdoc": attention over a `TieredCache`, or dense over what it is given.

Padding on the left is taken off each row of a batch. Masks that are more than causal, and padding elsewhere, go to torch's dense
attention as transformers makes them.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, D channels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import causal_mask_function, sdpa_mask

from longdoc.attention.dense import attend_dense

NAME = "longdoc"
HANDLE = "longdoc_layer"
"""Attribute of the keys that a `TieredLayer` hands on: the layer, which has them all."""


def attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """out [B, T, H, E] for query [B, H, T, D]; key and value are [B, G, S, D], or new ones whose layer has the others."""
    layer = getattr(key, HANDLE, None)
    plain = attention_mask is None or attention_mask.ndim == 2
    if layer is None:
        causal = getattr(module, "is_causal", True) and kwargs.get("is_causal", True) is not False
        if plain and causal and attention_mask is None and not dropout and kwargs.get("sliding_window") is None:
            scale = query.shape[-1] ** -0.5 if scaling is None else scaling
            return attend_dense(query, key, value, scale).out.transpose(1, 2).contiguous(), None
        return _torch(module, query, key, value, attention_mask, dropout, scaling, kwargs)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    starts = None if attention_mask is None else _starts(attention_mask)
    if plain and not dropout and (attention_mask is None or starts is not None):
        return layer.attend(query, scale, starts).transpose(1, 2).contiguous(), None
    keys, values = layer.whole()
    return _torch(module, query, keys, values, attention_mask, dropout, scaling, kwargs)


def _torch(
    module: torch.nn.Module,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    there: Tensor | None,
    dropout: float,
    scale: float | None,
    more: dict[str, Any],
) -> tuple[Tensor, None]:
    """As transformers does it with torch's attention."""
    found: tuple[Tensor, None] = sdpa_attention_forward(module, q, k, v, _square(there, q), dropout, scale, **more)
    return found


def mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: int = 0,
    kv_offset: int = 0,
    mask_function: Any = causal_mask_function,
    attention_mask: Tensor | None = None,
    **kwargs: Any,
) -> Tensor | None:
    """None where attention is causal and nothing is padded; which keys are there [B, S] where it is causal; else torch's [B, 1, T, S]."""
    if mask_function is causal_mask_function:
        if attention_mask is None or bool(attention_mask.all()):
            return None
        return attention_mask[:, :kv_length].bool()
    found: Tensor | None = sdpa_mask(batch_size, q_length, kv_length, q_offset, kv_offset, mask_function, attention_mask, **kwargs)
    return found


def register() -> None:
    """Make "longdoc" an attn_implementation of transformers."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, mask)


def _starts(there: Tensor) -> Tensor | None:
    """Where each row [B] of `there` [B, S] begins, if all padding is on the left; else None."""
    if there.ndim != 2:
        return None
    starts = (~there).sum(dim=1)
    return starts if bool((there == (torch.arange(there.shape[1], device=there.device) >= starts[:, None])).all()) else None


def _square(there: Tensor | None, query: Tensor) -> Tensor | None:
    """The mask [B, 1, T, S] that torch's attention takes."""
    if there is None or there.ndim != 2:
        return there
    place = torch.arange(there.shape[1], device=there.device)
    causal = place <= place[-query.shape[2] :, None]
    return causal & there[:, None, None, :]
