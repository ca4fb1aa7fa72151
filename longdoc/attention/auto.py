"""The pattern that is used where the user names none.

Dense as long as that is affordable; beyond it `antidiagonal` for a prefill and `retrieval` for a decoding step.

Axis legend: B batch, H query heads, G key heads, T queries, S keys, D channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from longdoc.attention.antidiagonal import Antidiagonal
from longdoc.attention.dense import Dense, attend_all
from longdoc.attention.merge import Attended
from longdoc.attention.pattern import Pattern, ReadsBefore
from longdoc.attention.retrieval import Retrieval


@dataclass(frozen=True)
class Auto:
    """Dense up to `dense` keys; above, `few` queries or fewer count as decoding."""

    dense: int = 65_536
    few: int = 16
    prefill: Pattern = field(default_factory=Antidiagonal)
    decode: Pattern = field(default_factory=Retrieval)
    name: str = field(default="auto", init=False)

    def choose(self, queries: int, keys: int) -> Pattern:
        """The pattern for so many queries at the end of so many keys."""
        if keys <= self.dense:
            return Dense()
        return self.decode if queries <= self.few else self.prefill

    def attend(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """See Pattern."""
        return self.choose(q.shape[2], k.shape[2]).attend(q, k, v, scale)

    def attend_before(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Attended:
        """See ReadsBefore."""
        chosen = self.choose(q.shape[2], k.shape[2])
        return chosen.attend_before(q, k, v, scale) if isinstance(chosen, ReadsBefore) else attend_all(q, k, v, scale)
