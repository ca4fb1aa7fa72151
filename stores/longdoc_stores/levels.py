"""What a TieredStore is made of: a tier, with the codecs of what enters it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from longdoc.protocols import Packed, Part, Store

_ELSEWHERE = (Part("in a colder tier", "exact", "uint8", (0,)),)


@runtime_checkable
class Checkable(Protocol):
    """A store whose values can be damaged."""

    def check(self) -> dict[str, str]:
        """Key -> what is wrong, of every damaged value."""
        ...


@dataclass(frozen=True, slots=True)
class Level:
    """A tier with the codecs of the parts that enter it; `caches`: whether values read from colder tiers come here, if it is memory."""

    store: Store
    codecs: Mapping[str, str] = field(default_factory=dict)
    caches: bool = True

    def coded(self, value: Packed) -> Packed:
        """The value as it enters this tier: what is exact still, encoded."""
        from longdoc_stores.packing import recode

        return recode(value, self.codecs) if self.codecs else value

    def could_hold(self, value: Packed) -> bool:
        """Whether the value fits once all others have left; one that takes nearly all of the tier does not."""
        budget = self.store.budget
        return budget is None or value.nbytes <= budget - budget // 16


@dataclass(frozen=True, slots=True)
class TierUse:
    """What lies in a tier, in values and bytes, and how many reads it answered."""

    name: str
    budget: int | None
    bytes: int
    values: int
    hits: int


def elsewhere() -> Packed:
    """What stands in the first durable tier for a value that lies in a colder one."""
    import torch

    return Packed(_ELSEWHERE, torch.empty(0, dtype=torch.uint8))


def is_elsewhere(value: Packed) -> bool:
    """Whether this is what `elsewhere` gives."""
    return value.layout == _ELSEWHERE
