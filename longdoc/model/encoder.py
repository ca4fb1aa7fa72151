"""The shipped encoder: a small transformer with block-sparse attention that reads a document of any length.

A document is a row of blocks, each of them whole sentences behind a few landmark tokens (the title and the headings that the block
stands under). In every layer a token attends to its own block with its landmarks; in the layers that `EncoderConfig.near` names also
to the blocks before and after its own, after BigBird (https://arxiv.org/abs/2007.14062) and Longformer
(https://arxiv.org/abs/2004.05150):

    near layer:  softmax([q . k_own / sqrt(d);  q . k_before / sqrt(d) + b_1;  q . k_after / sqrt(d) + b_2]),  b one number a head

Positions are counted within the block, so that they work at any length; what lies in another block is told apart by `b`. Layers and
positions start as those of MiniLM (https://arxiv.org/abs/2002.10957), of which an encoder without near layers, with one block a
text, is an exact twin.

The last layer is there twice, side by side on the states of the one before it: one gives the states that clauses are read from, the
other, which sees its own block only, those that vectors are the means of. What clauses need of a state and what search needs of it
are not the same, and in one layer each costs the other (benchmarks/RESULTS.md).

What a block's states can depend on reaches `len(near)` blocks to either side and no further: a long document is read in groups
of blocks with that much of their neighbours around them, and gives the same states in groups as in one piece.

Axis legend: B blocks, T tokens of a block, H heads, D width, d head size, K keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

NOTHING = -1
"""Instead of a block's number: there is none."""
_HIDDEN = -1e4
"""Added to the score of a key that must not be seen; fits every float type."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Shape of an encoder. `block` tokens a block, marks and at most `landmarks` landmark tokens included; `near` are layers from 0;
    `forked`: whether vectors have a last layer of their own."""

    vocabulary: int = 30522
    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    block: int = 256
    positions: int = 512
    near: tuple[int, ...] = (5,)
    landmarks: int = 32
    forked: bool = True


DEFAULT = EncoderConfig()


@dataclass(frozen=True)
class Layout:
    """Blocks as tensors: ids [B, T], mask [B, T] (True for a token), and the rows [B] of the blocks before and after, NOTHING where
    there is none."""

    ids: Tensor
    mask: Tensor
    before: Tensor
    after: Tensor

    def to(self, device: torch.device | str) -> Layout:
        """The same on `device`."""
        return Layout(*(getattr(self, name).to(device) for name in ("ids", "mask", "before", "after")))


class Layer(nn.Module):  # type: ignore[misc]
    """One post-norm transformer layer; a near layer sees other blocks too."""

    def __init__(self, config: EncoderConfig, near: bool) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.grow = nn.Linear(width, config.hidden)
        self.shrink = nn.Linear(config.hidden, width)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.output_norm = nn.LayerNorm(width, eps=1e-12)
        self.far = nn.Parameter(torch.full((2, config.heads), -1.0)) if near else None

    def forward(self, states: Tensor, layout: Layout, drop: Dropout) -> Tensor:
        """states [B, T, D] to [B, T, D]."""
        blocks, length, width = states.shape
        q, k, v = self.qkv(states).view(blocks, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # each [B, H, T, d]
        bias = torch.where(layout.mask, 0.0, _HIDDEN)[:, None, None, :]
        if self.far is not None:
            k, v, bias = self._around(k, v, bias, layout)
        if self.training:
            # The fused kernel's backward is slower on a CPU, and has no gradient for the bias.
            scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2) + bias.to(q.dtype)
            attended = torch.softmax(scores, dim=-1, dtype=scores.dtype) @ v
        else:
            attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype).expand(-1, -1, length, -1))
        mixed = self.out(attended.transpose(1, 2).reshape(blocks, length, width))
        states = self.attention_norm(states + drop(mixed))
        return self.output_norm(states + drop(self.shrink(functional.gelu(self.grow(states)))))

    def _around(self, k: Tensor, v: Tensor, bias: Tensor, layout: Layout) -> tuple[Tensor, Tensor, Tensor]:
        """Keys, values [B, H, K, d] and bias [B, H, 1, K] of the own block and the two beside it."""
        assert self.far is not None
        keys, values, biases = [k], [v], [bias.expand(-1, self.heads, -1, -1)]
        for number, rows in enumerate((layout.before, layout.after)):
            there = rows != NOTHING
            if not bool(there.any()):
                continue
            seen = rows.clamp(min=0)
            keys.append(k[seen])
            values.append(v[seen])
            hidden = torch.where(layout.mask[seen] & there[:, None], 0.0, _HIDDEN)[:, None, None, :]
            biases.append(hidden + self.far[number].float()[None, :, None, None])
        return torch.cat(keys, 2), torch.cat(values, 2), torch.cat(biases, 3)


class Dropout:
    """Dropout by a mask drawn from a pool: on a CPU, drawing afresh for every tensor takes a seventh of a training step."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._pools: dict[torch.dtype, Tensor] = {}

    def __call__(self, values: Tensor) -> Tensor:
        if self.rate == 0.0:
            return values
        if values.device.type != "cpu":
            return functional.dropout(values, self.rate)
        count = values.numel()
        pool = self._pools.get(values.dtype)
        if pool is None or len(pool) < 2 * count:
            kept = torch.rand(max(1 << 22, 4 * count)) >= self.rate
            pool = self._pools[values.dtype] = kept.to(values.dtype) / (1.0 - self.rate)
        first = int(torch.randint(0, len(pool) - count, (1,)))
        return values * pool[first : first + count].view(values.shape)


NO_DROPOUT = Dropout(0.0)


class Encoder(nn.Module):  # type: ignore[misc]
    """Token ids to token states, those for clauses and those for vectors."""

    def __init__(self, config: EncoderConfig = DEFAULT) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.positions = nn.Embedding(config.positions, config.width)
        self.norm = nn.LayerNorm(config.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(config, number in config.near) for number in range(config.layers))

        self.aside = Layer(config, False) if config.forked else None

    def forward(self, layout: Layout, drop: Dropout = NO_DROPOUT) -> tuple[Tensor, Tensor]:
        """States [B, T, D] of all blocks for clauses, and the same for vectors; blocks see one another as `layout` says."""
        trunk = self._trunk(layout, drop)
        states = self.layers[-1](trunk, layout, drop)
        return states, states if self.aside is None else self.aside(trunk, layout, drop)

    def meaning(self, layout: Layout, drop: Dropout = NO_DROPOUT) -> Tensor:
        """The states [B, T, D] for vectors alone."""
        result: Tensor = (self.layers[-1] if self.aside is None else self.aside)(self._trunk(layout, drop), layout, drop)
        return result

    def _trunk(self, layout: Layout, drop: Dropout) -> Tensor:
        """States [B, T, D] below the last layer."""
        length = layout.ids.shape[1]
        states: Tensor = drop(self.norm(self.words(layout.ids) + self.positions.weight[:length]))
        for layer in self.layers[:-1]:
            states = layer(states, layout, drop)
        return states

    @property
    def reach(self) -> int:
        """Blocks to either side on which a block's states can depend."""
        return len(self.config.near)


def stream(encoder: Encoder, layout: Layout, group: int = 32) -> Iterator[tuple[int, Tensor, Tensor]]:
    """(number of the first block, states [G, T, D] for clauses, and for vectors) of one document's blocks, `group` at a time; memory is
    that of a group."""
    total = len(layout.ids)
    for first in range(0, total, group):
        last = min(first + group, total)
        start, end = max(0, first - encoder.reach), min(total, last + encoder.reach)
        states, meaning = encoder(_part(layout, start, end))
        yield first, states[first - start : last - start], meaning[first - start : last - start]


def _part(layout: Layout, start: int, end: int) -> Layout:
    """Blocks [start, end) by themselves."""
    mask = layout.mask[start:end]
    length = int(mask.sum(dim=1).max())
    links = []
    for rows in (layout.before[start:end], layout.after[start:end]):
        inside = (rows >= start) & (rows < end)
        links.append(torch.where(inside, rows - start, NOTHING))
    return Layout(layout.ids[start:end, :length], mask[:, :length], *links)


def dense_twin(encoder: Encoder, layout: Layout) -> tuple[Tensor, Tensor]:
    """What `encoder` gives, the slow and obvious way: all tokens of all blocks attend to all, under a mask [B T, B T]. For tests."""
    blocks, length = layout.ids.shape
    config, size = encoder.config, blocks * length
    block = torch.arange(size) // length
    there = layout.mask.flatten()

    def through(layer: Layer, states: Tensor) -> Tensor:
        q, k, v = layer.qkv(states).view(size, 3, config.heads, -1).unbind(1)
        scores = torch.einsum("ihd,jhd->hij", q, k) * q.shape[-1] ** -0.5
        seen = torch.where((block[:, None] == block[None, :]) & there[None, :], 0.0, -torch.inf).repeat(config.heads, 1, 1)
        if layer.far is not None:
            for number, rows in enumerate((layout.before, layout.after)):
                other = (rows[block][:, None] == block[None, :]) & there[None, :]
                seen = torch.logaddexp(seen, torch.where(other, layer.far[number][:, None, None], -torch.inf))
        attended = torch.einsum("hij,jhd->ihd", torch.softmax(scores + seen, dim=-1).nan_to_num(), v).reshape(size, -1)
        states = layer.attention_norm(states + layer.out(attended))
        after: Tensor = layer.output_norm(states + layer.shrink(functional.gelu(layer.grow(states))))
        return after

    states = encoder.norm(encoder.words(layout.ids) + encoder.positions.weight[:length]).view(size, -1)
    for layer in encoder.layers[:-1]:
        states = through(layer, states)
    last = through(encoder.layers[-1], states).view(blocks, length, -1)
    return last, last if encoder.aside is None else through(encoder.aside, states).view(blocks, length, -1)
