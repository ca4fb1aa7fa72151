"""What a context is made of: blocks of tokens with their spans, states and vectors; their keys; batches of them.

Axis legend: B blocks, T tokens of a block, D width of states and vectors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from longdoc.errors import StoreDamagedError, StoreError
from longdoc.protocols import Packed

if TYPE_CHECKING:
    import torch

OWN = ("spans", "states", "vector")
"""The tensors that every block has."""


class ForgottenError(StoreError, KeyError):
    """No such block in this context, or no more."""

    __str__ = Exception.__str__


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """What is known of a block without reading it. `number` is never used twice in a context."""

    number: int
    document: str
    section: tuple[str, ...]
    tokens: int
    key: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block: spans [T, 2] int32 into its document's text, states [T, D], vector [D] of unit length, other tensors [T, ...]."""

    info: BlockInfo
    spans: torch.Tensor
    states: torch.Tensor
    vector: torch.Tensor
    extra: Mapping[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks side by side: spans [B, T, 2], states [B, T, D], vectors [B, D], lengths [B]; beyond a block's length are zeros."""

    infos: tuple[BlockInfo, ...]
    lengths: torch.Tensor
    spans: torch.Tensor
    states: torch.Tensor
    vectors: torch.Tensor

    @property
    def mask(self) -> torch.Tensor:
        """Where there is a token: [B, T] bool."""
        import torch

        return torch.arange(self.states.shape[1], device=self.lengths.device) < self.lengths[:, None]


@dataclass(frozen=True, slots=True)
class Hit:
    """A block that fits a query, with the inner product of their vectors."""

    number: int
    score: float


def block_key(number: int, document: str, section: Sequence[str], tokens: int) -> str:
    """The key under which a block is stored. It says all that BlockInfo says, so that a context opens without reading a block."""
    return f"{number:012d} {json.dumps([tokens, document, list(section)], separators=(',', ':'))}"


def read_key(key: str) -> BlockInfo:
    """The reverse of block_key.

    Raises: StoreDamagedError if it is no such key.
    """
    try:
        tokens, document, section = json.loads(key[13:])
        return BlockInfo(int(key[:12]), str(document), tuple(map(str, section)), int(tokens), key)
    except (ValueError, TypeError) as error:
        raise StoreDamagedError(f"{key!r} is not the key of a block; run `longdoc doctor --repair`") from error


def as_block(info: BlockInfo, packed: Packed) -> Block:
    """The block of a stored value."""
    from longdoc_stores.packing import unpack

    parts = unpack(packed)
    return Block(info, parts["spans"], parts["states"], parts["vector"], {name: parts[name] for name in parts if name not in OWN})


def as_batch(infos: Sequence[BlockInfo], values: Sequence[Packed], device: str, out: Blocks | None = None) -> Blocks:
    """The blocks of stored values, side by side on `device`, their states of the dtype that they had before they were encoded.

    The memory of `out` is used again where it has the size.
    """
    import torch

    from longdoc_stores.codecs import dtype_named
    from longdoc_stores.packing import unpack_into

    parts = {part.name: part for part in values[0].layout}
    dtype, width = dtype_named(parts["states"].dtype), parts["states"].shape[1]
    count, longest = len(infos), max(info.tokens for info in infos)
    shape = (count, longest, width)
    fits = out is not None and out.states.shape == shape and out.states.dtype == dtype and out.states.device == torch.device(device)
    states = out.states if out is not None and fits else torch.empty(shape, dtype=dtype, device=device)
    spans = torch.empty(count, longest, 2, dtype=torch.int32, device=device)
    vectors = torch.empty(count, width, dtype=dtype_named(parts["vector"].dtype), device=device)
    near = [Packed(value.layout, value.data.to(device, non_blocking=True)) for value in values]
    start = 0
    for _, run in groupby(near, key=lambda value: value.layout):
        alike = list(run)
        end, tokens = start + len(alike), infos[start].tokens
        unpack_into(alike, {"states": states[start:end, :tokens], "spans": spans[start:end, :tokens], "vector": vectors[start:end]})
        states[start:end, tokens:] = 0
        spans[start:end, tokens:] = 0
        start = end
    return Blocks(tuple(infos), torch.tensor([info.tokens for info in infos], device=device), spans, states, vectors)
