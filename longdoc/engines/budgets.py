"""What a context of so many tokens takes of a device and of RAM, and how it is shared out, before the first token is read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import ByteSize, TypeAdapter, ValidationError

from longdoc.errors import ConfigError, StoreFullError
from longdoc_stores.codecs import codec
from longdoc_stores.kv_cache import layer_types
from longdoc_stores.kv_settings import LayerSettings, value_codec

_LEAST = 256
"""Recent tokens below which nothing useful stays hot."""
_SLACK = 1_024
"""Tokens that a layer has room for beyond the recent ones."""


def size(value: str | int) -> int:
    """Bytes of "4GiB" or 4294967296. Raises: ConfigError."""
    try:
        found = int(TypeAdapter(ByteSize).validate_python(value))
    except ValidationError as error:
        raise ConfigError(f"{value!r} is no number of bytes; write for example 4GiB") from error
    if found < 1:
        raise ConfigError(f"{value!r}: a budget is at least one byte")
    return found


@dataclass(frozen=True, slots=True)
class Shape:
    """Of the layers that keep all tokens: how many, key heads, channels of a key and of a value, bytes of a number."""

    layers: int
    heads: int
    key: int
    value: int
    itemsize: int

    @classmethod
    def of(cls, config: Any, dtype: torch.dtype) -> Shape:
        """That of a decoder with `config`."""
        text = config.get_text_config(decoder=True)
        layers = sum(kind == "full_attention" for kind in layer_types(text))
        if getattr(text, "kv_lora_rank", None):  # latents, and the part of keys that is rotated
            return cls(layers, 1, text.qk_rope_head_dim, text.kv_lora_rank, dtype.itemsize)
        width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        return cls(layers, text.num_key_value_heads, width, width, dtype.itemsize)

    @property
    def hot(self) -> int:
        """Bytes of a hot token."""
        return self.layers * self.heads * (self.key + self.value) * self.itemsize

    def old(self, settings: LayerSettings) -> float:
        """Bytes of a token of the history."""
        sides = ((settings.keys, self.key), (value_codec(settings.values, self.value), self.value))
        total = 0
        for name, width in sides:
            pieces = codec(name).pieces((1, 1, 1, settings.page, width), torch.float32)
            total += sum(math.prod(shape) * dtype.itemsize for dtype, shape in pieces.values())
        return self.layers * self.heads * total / settings.page

    def index(self, settings: LayerSettings, device: str) -> float:
        """Bytes that the index and the means of pages take for a token of the history."""
        signs = settings.index == "signs" or (settings.index == "auto" and device != "cpu")
        padded = 1 << max(3, math.ceil(math.log2(self.key)))
        named = padded / 8 + 2 if signs else 4 * self.key / settings.block
        return self.layers * self.heads * (named + self.value * self.itemsize / settings.page)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a context is kept: `recent` tokens hot, bytes on the device and of the history."""

    recent: int
    device: int
    history: int


def plan(
    tokens: int, chunk: int, shape: Shape, settings: LayerSettings, device: str, *, kv: int, ram: int | None, spill: bool, batch: int = 1
) -> Plan:
    """Share out a context of `tokens`, read `chunk` at a time: all hot where `kv` bytes hold it, else as many recent ones as they hold,
    `settings.recent` at most.

    Raises: ConfigError if `kv` does not hold the least that must be on the device; StoreFullError if `ram` does not hold the history
    and nothing may be spilled.
    """
    if tokens * shape.hot * batch <= kv:
        return Plan(tokens, tokens * shape.hot * batch, 0)
    beside = settings.sinks + _SLACK + min(chunk, tokens)
    fixed = math.ceil(batch * tokens * shape.index(settings, device)) + batch * beside * shape.hot
    recent = min(settings.recent, (kv - fixed) // (shape.hot * batch))
    if recent < _LEAST:
        need = fixed + _LEAST * shape.hot * batch
        raise ConfigError(
            f"kv_budget is {kv:,} bytes; {tokens:,} tokens of this model need at least {need:,} on the device (index, {beside:,} tokens "
            f"in hand and {_LEAST} recent ones): raise it, or read smaller chunks than {chunk:,} tokens"
        )
    history = math.ceil(batch * max(0, tokens - recent - settings.sinks + settings.page) * shape.old(settings))
    if ram is not None and history > ram and not spill:
        raise StoreFullError(
            f"ram_budget is {ram:,} bytes; {tokens:,} tokens of this model need {history:,}: raise it, or name a folder with spill= for "
            "the rest"
        )
    return Plan(recent, fixed + recent * shape.hot * batch, history)
