"""Answers that are written together, each as if it were alone: by its own temperature, seed, schema and length.

A token is drawn by the exponential race, argmax of p / e with e from Exp(1), which takes it with probability p
(https://arxiv.org/abs/1611.00712 has it as the Gumbel-max trick), from the row's own numbers, whatever other rows there are.

Axis legend: B rows of a batch, T tokens, V vocabulary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from longdoc.engines.constrained import Constrained, Grammars
from longdoc.protocols import Request


@dataclass
class Row:
    """An answer: its tokens, without that which ends it; when each was known, as `time.perf_counter` tells it, that which ends it too;
    whether it is `whole`: ended by itself, or as long as it may be."""

    request: Request
    constrained: Constrained | None
    numbers: torch.Generator | None
    tokens: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    whole: bool = False

    def choose(self, scores: Tensor) -> Tensor:
        """Scores [1, V] of which the best is the next token."""
        if self.constrained is not None:
            scores = self.constrained.allowed(scores)
        if self.numbers is None:
            return scores
        race = torch.empty_like(scores).exponential_(generator=self.numbers)
        return scores / self.request.temperature - race.log()

    def take(self, token: int, now: float, ends: Sequence[int]) -> None:
        """Go on after `token`."""
        self.times.append(now)
        if token in ends:
            self.whole = True
            return
        self.tokens.append(token)
        self.whole = len(self.tokens) >= self.request.max_tokens
        if self.constrained is not None and not self.whole:
            self.constrained.take(token)


class Rows:
    """The rows of a batch, as transformers' `generate` asks for their next tokens and whether to stop."""

    def __init__(
        self,
        requests: Sequence[Request],
        grammars: Grammars,
        ends: Sequence[int],
        device: torch.device,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.rows = [
            Row(
                request,
                grammars.of(request.schema) if request.schema is not None else None,
                torch.Generator(device).manual_seed(request.seed) if request.temperature > 0 else None,
            )
            for request in requests
        ]
        self._ends, self._cancelled = ends, cancelled

    def choose(self, ids: Tensor, scores: Tensor) -> Tensor:
        """A logits processor: scores [B, V] of which each row's best is its next token."""
        each = zip(self.rows, scores.split(1), strict=True)
        return torch.cat([own if row.whole else row.choose(own) for row, own in each])

    def stop(self, ids: Tensor, scores: Any, **more: Any) -> Tensor:
        """A stopping criterion: which rows [B] are done, after token ids [B, T]."""
        latest = ids[:, -1].tolist()  # waits for the device: before, nobody knows the token
        now = time.perf_counter()
        for row, token in zip(self.rows, latest, strict=True):
            if not row.whole:
                row.take(token, now, self._ends)
        stopped = self._cancelled is not None and self._cancelled()
        return torch.tensor([stopped or row.whole for row in self.rows], device=ids.device)
