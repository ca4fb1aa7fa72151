"""A document that a decoder has read: it answers questions, tells what it looked at, and can be kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from longdoc.engines.decoding import Row
from longdoc.protocols import Request, Response
from longdoc_stores.kv_cache import TieredCache

if TYPE_CHECKING:
    from longdoc.engines.local import LocalEngine

_PASSAGE = 48
"""Tokens of a passage that attention is counted for."""


@dataclass(frozen=True)
class Prompt:
    """The text `before` a question, in which the document is [start, end); the text `after` it; the user's notes; the tokens of what is
    before, and where each lies in it."""

    before: str
    start: int
    end: int
    after: str
    notes: dict[str, Any]
    ids: list[int]
    offsets: list[tuple[int, int]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attention:
    """Characters [start, end) of the document, and the share of attention that the answer's tokens gave them."""

    start: int
    end: int
    share: float


@dataclass(frozen=True)
class Figures:
    """What reading and answering took: seconds to read, seconds to the first token and milliseconds for each of the others of the last
    answer, bytes by tier, tokens and encoded bytes read from the history, share of blocks found hot, mass that sparse prefills kept,
    index recall and share of the best blocks' mass of audited steps (None: there were none)."""

    read_seconds: float
    first_token_seconds: float | None
    milliseconds_a_token: float | None
    nbytes: dict[str, int]
    gathered: int
    moved: int
    hit_rate: float | None
    mass_kept: float | None
    recall: float | None
    share: float | None


class Context:
    """Made by LocalEngine.read or .open; `notes` are the user's own."""

    def __init__(self, engine: LocalEngine, cache: TieredCache, prompt: Prompt, read_seconds: float) -> None:
        self._engine, self.cache, self._prompt, self._read_seconds = engine, cache, prompt, read_seconds
        self.notes = prompt.notes
        self._times: tuple[float, list[float]] = (0.0, [])
        self.attention: tuple[Attention, ...] = ()
        """Where the last answer looked, most first, if it was asked to tell."""

    @property
    def document(self) -> str:
        """The text that was read."""
        return self._prompt.before[self._prompt.start : self._prompt.end]

    @property
    def tokens(self) -> int:
        """Tokens that were read."""
        return len(self._prompt.ids)

    def ask(
        self,
        question: str,
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 1_024,
        temperature: float = 0.0,
        seed: int = 0,
        explain: bool = False,
        cancelled: Callable[[], bool] | None = None,
    ) -> Response:
        """The answer, by a JSON `schema` if one is given. With `explain` `attention` tells afterwards where its tokens looked.

        Raises: ConfigError for a schema that cannot be used.
        """
        engine, started = self._engine, time.perf_counter()
        request = Request((), schema, max_tokens, temperature, seed)
        tail = engine.tokenizer(question + self._prompt.after, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([self._prompt.ids + tail], device=engine.device)
        try:
            if len(tail) > 1:
                engine.prefill(ids[:, self.tokens : -1], None, self.cache, None, cancelled)
            with self.cache.traced(explain) as steps:
                row = engine.write(ids, None, self.cache, [request], cancelled)[0]
        finally:
            self.cache.rewind()
        self._times = (started, row.times)
        self.attention = self._looked(steps) if explain else ()
        return response(engine.tokenizer, row, ids.shape[1], started, cached=self.tokens)

    def _looked(self, steps: list[Tensor], count: int = 10) -> tuple[Attention, ...]:
        """The passages of the document with most attention; the first tokens, which all look at, left out."""
        if not steps:
            return ()
        shares = torch.stack([step[: self.tokens].cpu() for step in steps]).mean(dim=0)
        shares[: min(4, len(shares))] = 0.0
        start, end = self._prompt.start, self._prompt.end
        inside = [number for number, (first, last) in enumerate(self._prompt.offsets) if first >= start and last <= end and last > first]
        found = []
        for first in range(0, len(inside), _PASSAGE):
            own = inside[first : first + _PASSAGE]
            place = self._prompt.offsets[own[0]][0] - start, self._prompt.offsets[own[-1]][1] - start
            found.append(Attention(*place, float(shares[own].sum())))
        return tuple(sorted(found, key=lambda one: -one.share)[:count])

    def save(self, location: str | Path) -> None:
        """Keep what was read at `location`, a path or an fsspec URL, for LocalEngine.open. Raises: see TieredCache.save."""
        prompt = self._prompt
        notes = {"before": prompt.before, "document": [prompt.start, prompt.end], "after": prompt.after, "own": prompt.notes}
        self.cache.save(location, self._engine.model, notes)

    def close(self) -> None:
        """Free what it holds."""
        self.cache.close()

    def figures(self) -> Figures:
        """What it took so far."""
        telemetry = list(self.cache.telemetry.values())
        started, clock = self._times
        steps = [later - earlier for earlier, later in pairwise(clock)]
        hits, misses = sum(each.hits for each in telemetry), sum(each.misses for each in telemetry)

        def average(values: list[float]) -> float | None:
            return mean(values) if values else None

        return Figures(
            self._read_seconds,
            clock[0] - started if clock else None,
            1000 * median(steps) if steps else None,
            self.cache.nbytes,
            sum(each.gathered for each in telemetry),
            sum(each.moved for each in telemetry),
            hits / (hits + misses) if hits + misses else None,
            average([float(mass.mean()) for each in telemetry for mass in each.mass]),
            average([value for each in telemetry for value in each.recall]),
            average([value for each in telemetry for value in each.share]),
        )


def response(tokenizer: Any, row: Row, prompt: int, started: float, cached: int = 0) -> Response:
    """What was written, with a schema its object, or an error where it was cut short; `prompt` tokens, `cached` of them read before
    `started`."""
    text = tokenizer.decode(row.tokens, skip_special_tokens=True)
    parsed, error = None, None
    if row.request.schema is not None:
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            error = f"the answer is no whole JSON after {len(row.tokens)} tokens; raise max_tokens"
    return Response(
        text,
        parsed,
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=len(row.tokens),
        seconds=row.times[-1] - started,
        first_token_seconds=row.times[0] - started,
        error=error,
    )
