"""Queries, keys and values that attention patterns are compared on: those of the shipped encoder on documents, or drawn ones.

The encoder attends within blocks (longdoc/model/encoder.py). For the comparison the projections of all tokens of the text, its marks and
landmarks left out, stand in one sequence, each as the layer makes it within its block, with the position that it has there:

    q, k, v = W h + b,   h [T, W] the states below the layer

and every token may read all before it. What a layer adds for blocks beside its own is left out.

Axis legend: B batch, always 1, H query heads, G key heads (H = G * group), T tokens, D channels of a key, E channels of a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from longdoc.model.blocks import Blocks, Landmarks, Tokens, make_tokenizer, pack, tokenise
from longdoc.model.encode import SHIPPED
from longdoc.model.encoder import NO_DROPOUT, Layer, Layout
from longdoc.model.encoder_file import FILE, load
from longdoc.model.sentences import split
from longdoc.types import Chunk, Document


@dataclass(frozen=True, eq=False)
class LayerTensors:
    """q [B, H, T, D], k [B, G, T, D], v [B, G, T, E] float32 of layer `number`; scores are products times `scale`."""

    number: int
    q: Tensor
    k: Tensor
    v: Tensor
    scale: float


Visit = Callable[[LayerTensors], None]


class Source(Protocol):
    """Gives the tensors of one layer after the other, so that those of one are in memory."""

    @property
    def description(self) -> str:
        """What a person should know of it, in a line."""
        ...

    @property
    def tokens(self) -> int | None:
        """How many there are; None for as many as are wanted."""
        ...

    @property
    def layers(self) -> int:
        """How many there are."""
        ...

    def each(self, length: int, wanted: Collection[int], visit: Visit) -> None:
        """Call `visit` with the tensors of the first `length` tokens for each layer in `wanted`, in order."""
        ...


@dataclass(frozen=True)
class DrawnSource:
    """Tensors drawn from `seed` that are of no text, but shaped like those of one: tokens in runs of one topic, keys of a topic that
    queries of it look for, nearness by turning channels, and a first key that all read; heads differ in how much of each they have."""

    layers: int = 2
    heads: int = 8
    key_heads: int = 2
    size: int = 64
    topics: int = 32
    run: int = 64
    seed: int = 0

    @property
    def description(self) -> str:
        """See Source."""
        return f"drawn tensors of no text (seed {self.seed}); name documents to compare on them"

    @property
    def tokens(self) -> int | None:
        """See Source."""
        return None

    def each(self, length: int, wanted: Collection[int], visit: Visit) -> None:
        """See Source."""
        for number in sorted(wanted):
            visit(self._layer(number, length))

    def _layer(self, number: int, length: int) -> LayerTensors:
        draw = torch.Generator().manual_seed(self.seed * self.layers + number)
        topic = torch.randint(self.topics, (math.ceil(length / self.run),), generator=draw).repeat_interleave(self.run)[:length]
        about = torch.randn(self.key_heads, self.topics, self.size, generator=draw)
        sink = torch.randn(self.key_heads, 1, self.size, generator=draw)
        sink = sink / sink.norm(dim=2, keepdim=True)
        place = _places(length, self.size)
        k = torch.randn(self.key_heads, length, self.size, generator=draw) + about[:, topic] + 2 * place
        k[:, 0] += 16 * sink[:, 0]
        group = self.heads // self.key_heads
        shares = torch.rand(3, self.heads, 1, 1, generator=draw)
        q = torch.randn(self.heads, length, self.size, generator=draw) / 2
        q = q + shares[0] * about[:, topic].repeat_interleave(group, dim=0)
        q = q + 4 * shares[1] * place + 4 * shares[2] * sink.repeat_interleave(group, dim=0)
        v = torch.randn(self.key_heads, length, self.size, generator=draw) + about[:, topic]
        return LayerTensors(number, q[None], k[None], v[None], self.size**-0.5)


def _places(length: int, size: int) -> Tensor:
    """[T, D]: positions as turning channels, the rest zero."""
    speeds = 10_000.0 ** -(torch.arange(size // 4) / (size // 4))
    turns = torch.arange(length)[:, None] * speeds
    return torch.nn.functional.pad(torch.cat([turns.cos(), turns.sin()], dim=1), (0, size - 2 * (size // 4)))


class EncoderSource:
    """The layers that clauses are read from, on documents with their chunks, one after the other; `folder` is one made by `longdoc train`
    (None, or one without an encoder of its own: the shipped encoder).

    Raises: UnreadableError, StoreVersionError for weights that cannot be used.
    """

    def __init__(self, folder: Path | None, documents: Sequence[tuple[Document, Sequence[Chunk]]]) -> None:
        own = None if folder is None else folder / FILE
        model = load(own if own is not None and own.is_file() else SHIPPED)
        self._encoder = model.encoder
        self._fingerprint, self._names = model.fingerprint, [document.path for document, _ in documents]
        self._tokenizer = make_tokenizer(model.vocabulary)
        self._marks = model.vocabulary.index("[CLS]"), model.vocabulary.index("[SEP]")
        self._documents = [(document, self._tokenised(document, chunks)) for document, chunks in documents]

    @property
    def description(self) -> str:
        """See Source."""
        return (
            f"encoder {self._fingerprint} on {named(self._names)}; projections of its blocks' tokens as one sequence, each token reads "
            "all before it"
        )

    @property
    def tokens(self) -> int | None:
        """See Source."""
        return sum(len(tokens.ids) for _, tokens in self._documents)

    @property
    def layers(self) -> int:
        """See Source."""
        return len(self._encoder.layers)

    def each(self, length: int, wanted: Collection[int], visit: Visit) -> None:
        """See Source."""
        blocks = self._blocks(length)
        layouts = [one.layout() for one in blocks]
        below = [self._embedded(layout) for layout in layouts]
        for number, layer in enumerate(self._encoder.layers[: max(wanted, default=-1) + 1]):
            if number in wanted:
                q, k, v = torch.cat([_projected(layer, *one) for one in zip(below, blocks, strict=True)], dim=2)
                visit(LayerTensors(number, q[None], k[None], v[None], q.shape[2] ** -0.5))
            below = [layer(states, layout, NO_DROPOUT) for states, layout in zip(below, layouts, strict=True)]

    def _tokenised(self, document: Document, chunks: Sequence[Chunk]) -> Tokens:
        spans = np.array([(chunk.span.start, chunk.span.end) for chunk in chunks], dtype=np.int64).reshape(-1, 2)
        return tokenise(self._tokenizer, document.text, spans, split(document).astype(np.int64))

    def _blocks(self, length: int) -> list[Blocks]:
        """Of each document what belongs to the first `length` tokens of all."""
        found, left = [], length
        for document, tokens in self._documents:
            part = Tokens(*(getattr(tokens, name)[:left] for name in ("ids", "spans", "sentence", "chunk")))
            if len(part.ids):
                found.append(pack(part, self._encoder.config, self._marks, Landmarks(self._tokenizer, document)))
            left -= len(part.ids)
        return found

    def _embedded(self, layout: Layout) -> Tensor:
        encoder = self._encoder
        states: Tensor = encoder.norm(encoder.words(layout.ids) + encoder.positions.weight[: layout.ids.shape[1]])
        return states


def _projected(layer: Layer, states: Tensor, blocks: Blocks) -> Tensor:
    """[3, H, T, D]: q, k, v of the tokens of the text."""
    rows = states.flatten(0, 1)[torch.from_numpy(blocks.place)]
    found: Tensor = layer.qkv(rows).unflatten(1, (3, layer.heads, -1)).permute(1, 2, 0, 3)
    return found


def named(names: Sequence[str]) -> str:
    """`a.pdf`, or `a.pdf and 2 others`."""
    others = len(names) - 1
    return names[0] if not others else f"{names[0]} and {others} {'other' if others == 1 else 'others'}"
