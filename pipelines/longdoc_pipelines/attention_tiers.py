"""Decoding steps of one layer of the tiered cache, and what it reads of its old tokens, against exact attention.

    mass kept = sum of softmax(scores) over the hot tokens and those of the blocks read
    recall    = share of the K blocks of old tokens with the most exact mass that are among the K read

It is the layer that `TieredCache` uses, with its index and codecs.

Axis legend: B batch, always 1, H query heads, G key heads (H = G * group), S tokens so far, L old tokens, K blocks, D channels of a key,
E channels of a value.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from longdoc.attention.dense import Dense
from longdoc_pipelines.attention_sources import LayerTensors
from longdoc_stores.kv_layer import TieredLayer
from longdoc_stores.kv_settings import LayerSettings
from longdoc_stores.old_tokens import tokens


@dataclass(frozen=True, eq=False)
class Step:
    """out [1, H, 1, E]; mass [H] that the tokens read keep; recall [G] of the best blocks, None where all old tokens are read; density:
    share of the tokens that is read."""

    out: Tensor
    mass: Tensor
    recall: Tensor | None
    density: float


class TieredSteps:
    """A layer that has come as far as position `first`: what is no longer recent is in its history."""

    def __init__(self, tensors: LayerTensors, settings: LayerSettings, first: int) -> None:
        self._tensors = tensors
        self.layer = TieredLayer(settings, Dense(), None, True)
        # A layer makes room when the next token comes.
        for start, end in ((0, first - 1), (first - 1, first)):
            self._update(start, end)
            self.layer.attend(tensors.q[:, :, end - 1 : end], tensors.scale, None)

    def _update(self, start: int, end: int) -> None:
        self.layer.update(self._tensors.k[:, :, start:end], self._tensors.v[:, :, start:end])

    def take(self, place: int) -> Step:
        """Let the token at the next position `place` come, and read."""
        self._update(place, place + 1)
        out = self.attend(place)
        scores = self._scores(place)
        read, recall = torch.zeros(len(self._tensors.k[0]), place + 1, dtype=torch.bool), None
        read[:, self.layer.places()] = True
        old = self.layer.old
        if old is not None and old.length:
            settings = self.layer.settings
            blocks = old.read([(0, self._tensors.q[:, :, place : place + 1])], self._tensors.scale, None).blocks[0]
            read.scatter_(1, settings.sinks + tokens(blocks[None], settings.block)[0], True)
            if blocks.shape[1] * settings.block < old.length:
                recall = self._recall(scores[:, settings.sinks : settings.sinks + old.length], blocks)
        group = len(scores) // len(read)
        mass = (torch.softmax(scores, dim=1) * read.repeat_interleave(group, dim=0)).sum(dim=1)
        return Step(out, mass, recall, float(read.float().mean()))

    def attend(self, place: int) -> Tensor:
        """out [1, H, 1, E] of the latest token, which stands at `place`."""
        return self.layer.attend(self._tensors.q[:, :, place : place + 1], self._tensors.scale, None)

    def _scores(self, place: int) -> Tensor:
        """[H, S]: exact scores of the query at `place`."""
        q, k = self._tensors.q[0, :, place], self._tensors.k[0, :, : place + 1]
        return (q.unflatten(0, (len(k), -1)) @ k.transpose(1, 2)).flatten(0, 1) * self._tensors.scale

    def _recall(self, scores: Tensor, blocks: Tensor) -> Tensor:
        """[G] for exact scores [H, L] of old tokens and the blocks [G, K] read."""
        shares = torch.softmax(scores, dim=1).unflatten(0, (len(blocks), -1)).sum(dim=1)
        best = shares.unflatten(1, (-1, self.layer.settings.block)).sum(dim=2).topk(blocks.shape[1], dim=1).indices
        return (best[:, :, None] == blocks[:, None]).any(dim=2).float().mean(dim=1)
