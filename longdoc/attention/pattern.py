"""What a pattern of attention must do, and what those that choose keys have in common.

Axis legend: B batch, H query heads, G key heads (H = G * group), T queries, S keys, D channels.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from longdoc.attention.merge import Attended
from longdoc.attention.selection import Selection
from longdoc.attention.sparse import attend_sparse


class Pattern(Protocol):
    """A way to attend. Queries are the last T of S positions; none reads a key after its own."""

    @property
    def name(self) -> str:
        """As it is registered."""
        ...

    def attend(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """Attention of q [B, H, T, D] over k [B, G, S, D] and v [B, G, S, E]."""
        ...


@runtime_checkable
class ReadsBefore(Protocol):
    """A pattern that can also read keys that all lie before all queries, as chunks before theirs do in dual chunk attention."""

    def attend_before(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """Attention of q [B, H, T, D] over k [B, G, S, D] and v [B, G, S, E], all of which every query may read."""
        ...


class SelectingPattern:
    """A pattern that chooses which keys each block of queries reads, and reads them exactly."""

    name: str

    def select(self, q: Tensor, k: Tensor, scale: float) -> Selection:
        """What is read. The block of the queries and the first keys always are."""
        raise NotImplementedError

    def attend(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """See Pattern."""
        return attend_sparse(q, k, v, scale, self.select(q, k, scale))
