"""What a tiered layer keeps where and reads of it, and what it tells of its work."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from longdoc.errors import ConfigError, UnknownNameError
from longdoc_stores.codecs import codec

INDEX_NAMES = ("auto", "bounds", "signs")


@dataclass(frozen=True)
class LayerSettings:
    """What a layer keeps where. `recent` latest and `sinks` first tokens stay hot; a step reads `top_k` tokens a key head in blocks of
    `block`, chosen exactly among `candidates` times as many (0: as many as the index needs); `keys`, `values` are codecs, `page` tokens
    are encoded together ("auto": int4 by groups of 128 channels where heads have as many); `few` queries or fewer are a decoding step;
    `tail`: what is not read is estimated; `index` is "signs" (GPU), "bounds" (CPU) or "auto"; `hot_blocks` decoded blocks of a key head
    stay on the device (None: four times those of a step on a GPU, none on a CPU); every `audit`-th step a layer compares what it read
    with the best of all tokens (0: never)."""

    recent: int = 10_000
    sinks: int = 128
    top_k: int = 2_048
    block: int = 16
    candidates: int = 0
    keys: str = "int8"
    values: str = "auto"
    page: int = 256
    segment: int = 16_384
    few: int = 16
    tail: bool = True
    index: str = "auto"
    hot_blocks: int | None = None
    audit: int = 256

    def check(self) -> None:
        """Raises: ConfigError for a number that makes no sense; UnknownNameError for a codec or index that is not there."""
        for name in ("recent", "block", "page", "few", "segment"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("sinks", "top_k", "candidates", "audit"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must not be negative")
        if self.page % self.block:
            raise ConfigError(f"a page of {self.page} tokens is no multiple of a block of {self.block}")
        if self.index not in INDEX_NAMES:
            raise UnknownNameError(f"no index {self.index!r}; known: {', '.join(INDEX_NAMES)}")
        codec(self.keys), codec(value_codec(self.values, 128))


def value_codec(name: str, width: int) -> str:
    """The codec that `name` stands for where values have `width` channels."""
    if name != "auto":
        return name
    return "int4" if width % 128 else "int4/128"


@dataclass
class Telemetry:
    """What a layer has done: decoding steps; tokens of the history read in blocks, and whole; encoded bytes that came from RAM or disk;
    blocks found hot, and not; tokens of the history that were fetched ahead; mass kept by head, of prefills whose pattern is checked;
    index recall and share of the best blocks' mass, of audited steps."""

    steps: int = 0
    gathered: int = 0
    decoded: int = 0
    moved: int = 0
    hits: int = 0
    misses: int = 0
    ahead: int = 0
    mass: list[Tensor] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
