"""A sliding window and global tokens: Longformer (https://arxiv.org/abs/2004.05150), causal, with the first keys as sinks
(https://arxiv.org/abs/2309.17453)."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from longdoc.attention.block_local import near_and_shared
from longdoc.attention.pattern import SelectingPattern
from longdoc.attention.selection import Selection


@dataclass(frozen=True)
class WindowGlobal(SelectingPattern):
    """At least the `window` keys before a query, rounded up to blocks; `sinks` first keys, and the keys at the positions `shared`: of a
    document, the heads and tails of paragraphs and its entities."""

    window: int = 4096
    block: int = 128
    sinks: int = 128
    shared: tuple[int, ...] = ()
    name: str = field(default="window_global", init=False)

    def select(self, q: Tensor, k: Tensor, scale: float) -> Selection:
        """See SelectingPattern."""
        return near_and_shared(q, k, self.block, -(-self.window // self.block), self.sinks, self.shared)
