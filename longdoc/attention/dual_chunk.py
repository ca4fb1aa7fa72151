"""Dual chunk attention: distances that a model has never seen are mapped onto those it was trained with (ChunkLlama,
https://arxiv.org/abs/2402.17463; Qwen2.5-1M, https://arxiv.org/abs/2501.15383).

The sequence is cut into chunks of c = chunk_size - local_size tokens. A key stands at its place within its chunk; a query i stands at
r = i mod c for keys of its own chunk, at min(r + c, chunk_size) for those of the chunk before, at chunk_size for all earlier ones. The
three parts have one softmax; here they are merged by their log-sum-exps. Past the trained length n0 scores grow by 0.1 ln(n / n0) + 1.

`prepare` makes a model number its tokens within their chunks, so that keys and queries come with the first of these turns; the two
others are turns of the query on top of it.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, D channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from longdoc.attention.dense import attend_all, attend_dense
from longdoc.attention.merge import Attended, merge

SETTINGS = "dual_chunk_attention_config"
PREPARED = "longdoc_within_chunks"
"""Attribute of a configuration: its model numbers tokens within chunks."""


Attend = Callable[[Tensor, Tensor, Tensor, float], Attended]
Views = list[tuple[int, Tensor]]
"""Queries [B, H, T, D] as they stand to keys from each position on, which ascend from 0."""


@dataclass(frozen=True, eq=False)
class DualChunk:
    """`chunk` tokens c a chunk, `size` the largest distance, `trained` the trained length (0: scores do not grow), `speeds` [D / 2] the
    angle by which each pair of channels turns a token."""

    chunk: int
    size: int
    trained: int
    speeds: Tensor

    def growth(self, length: int) -> float:
        """By what scores grow in a context of so many tokens."""
        return max(1.0, 0.1 * math.log(length / self.trained) + 1.0) if self.trained else 1.0

    def turned(self, q: Tensor, first: int, before: bool) -> Tensor:
        """Queries [B, H, T, D] from position `first` on, all in one chunk, as they stand to the chunk before, or to those before that."""
        place = torch.arange(first, first + q.shape[2], dtype=torch.float64) % self.chunk
        wanted = (place + self.chunk).clamp(max=self.size) if before else torch.full_like(place, self.size)
        return rotated(q, (wanted - place)[:, None] * self.speeds.double())

    def views(self, q: Tensor, first: int) -> Views | None:
        """Queries from position `first` on as keys from each position on see them; None if they are not in one chunk."""
        start = first // self.chunk * self.chunk
        if (first + q.shape[2] - 1) // self.chunk * self.chunk != start:
            return None
        found = [(start, q)]
        if start:
            found.insert(0, (start - self.chunk, self.turned(q, first, True)))
        if start > self.chunk:
            found.insert(0, (0, self.turned(q, first, False)))
        return found

    def attend(self, q: Tensor, k: Tensor, v: Tensor, scale: float, within: Attend = attend_dense, before: Attend = attend_all) -> Attended:
        """Attention of q [B, H, T, D], the last T of S positions, numbered as `prepare` does, over k [B, G, S, D] and v [B, G, S, E];
        `within` reads the keys of the queries' own chunk, `before` those of chunks before it."""
        scale = scale * self.growth(k.shape[2])
        offset, outs = k.shape[2] - q.shape[2], []
        first = offset
        while first < k.shape[2]:
            start = first // self.chunk * self.chunk
            last = min(start + self.chunk, k.shape[2])
            queries = q[:, :, first - offset : last - offset]
            found = within(queries, k[:, :, start:last], v[:, :, start:last], scale)
            if start:
                earlier = start - self.chunk
                part = before(self.turned(queries, first, True), k[:, :, earlier:start], v[:, :, earlier:start], scale)
                found = merge(found, part)
                if earlier:
                    part = before(self.turned(queries, first, False), k[:, :, :earlier], v[:, :, :earlier], scale)
                    found = merge(found, part)
            outs.append(found)
            first = last
        return Attended(torch.cat([one.out for one in outs], dim=2), torch.cat([one.lse for one in outs], dim=2))


def rotated(q: Tensor, angles: Tensor) -> Tensor:
    """q [B, H, T, D] with channels (d, d + D / 2) turned by `angles` [T, D / 2], as rotary embeddings turn them."""
    cos, sin = (part.to(q.device, torch.float32).repeat(1, 2) for part in (angles.cos(), angles.sin()))
    left, right = q.float().chunk(2, dim=-1)
    return (q.float() * cos + torch.cat([-right, left], dim=-1) * sin).to(q.dtype)


def of(config: Any) -> DualChunk | None:
    """What the configuration of a model asks for, or None."""
    text = config.get_text_config(decoder=True)
    asked = getattr(text, SETTINGS, None)
    if not asked:
        return None
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    base = (getattr(text, "rope_parameters", None) or {}).get("rope_theta") or getattr(text, "rope_theta", 10_000.0)
    return DualChunk(
        chunk=asked["chunk_size"] - asked["local_size"],
        size=asked["chunk_size"],
        trained=asked.get("original_max_position_embeddings", 0),
        speeds=1.0 / base ** (torch.arange(0, width, 2, dtype=torch.float64) / width),
    )


def prepare(model: Any) -> DualChunk | None:
    """Make `model` number its tokens within chunks if its configuration asks for dual chunk attention; None if it does not."""
    made = of(model.config)
    if made is None or getattr(model.config.get_text_config(decoder=True), PREPARED, False):
        return made
    decoder = model.get_decoder()

    def within(_: Any, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if "position_ids" in named:
            return given, named | {"position_ids": named["position_ids"] % made.chunk}
        return (given[0], given[1] % made.chunk, *given[2:]), named

    decoder.rotary_emb.register_forward_pre_hook(within, with_kwargs=True)
    setattr(model.config.get_text_config(decoder=True), PREPARED, True)
    return made
