"""Attention patterns side by side: how much of the exact attention's mass they keep, how far their output is off, what they cost.

For each layer of a source all tokens are read as one prefill, and the last ones again as decoding steps, a query at a time:

    mass kept = exp(lse of the keys read - lse of all keys), a mean over heads and sampled queries
    error     = |out - dense| / |dense| over all queries of a head, a mean over heads
    read      = share of the (query, key) pairs that attention may read

Time is that of all layers; dense attention is timed in the same rounds. What chooses no keys (performer, window_decay) keeps no mass that
could be told.

Axis legend: B batch, always 1, H query heads, G key heads, T queries, S keys, D channels, N sampled queries or steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from typing import Literal

import torch
from torch import Tensor

from longdoc import registry
from longdoc.attention.auto import Auto
from longdoc.attention.dense import Dense
from longdoc.attention.guard import Guard, mass_kept
from longdoc.attention.merge import Attended
from longdoc.attention.pattern import Pattern, SelectingPattern
from longdoc.attention.retrieval import Retrieval
from longdoc.errors import UnknownNameError, UsageError
from longdoc.protocols import Progress
from longdoc_pipelines.attention_sources import LayerTensors, Source
from longdoc_pipelines.attention_tiers import Step, TieredSteps
from longdoc_pipelines.machine import Machine, this_machine
from longdoc_stores.kv_settings import LayerSettings

DENSE, TIERED = "dense", "tiered_cache"
"""What all others are compared with; what is measured beside the registered patterns: a layer of the tiered cache."""
FEWEST, USUAL = 256, 4096
"""Tokens that a comparison takes at least, and where nothing is said."""
SAMPLES, STEPS = 64, 16
"""Queries of a prefill whose mass is measured, and decoding steps."""
RECENT = 128
"""Latest tokens that `retrieval` and the tiered cache always read."""

Queries = Literal["prefill", "decode"]


@dataclass(frozen=True)
class Row:
    """One pattern. mass_kept and lowest_head (that of the head that keeps least), in 0..1, None for what chooses no keys; error, a ratio,
    None where the output is not finite; density in 0..1; recall in 0..1, of the blocks that hold the most mass, where an index looks for
    them; seconds of all layers, a number a run; times_dense, the median over runs."""

    pattern: str
    queries: Queries
    mass_kept: float | None
    lowest_head: float | None
    error: float | None
    density: float | None
    recall: float | None
    seconds: tuple[float, ...]
    times_dense: float


@dataclass(frozen=True)
class Comparison:
    """Rows of patterns on `layers` of a source with `tokens` tokens."""

    source: str
    tokens: int
    layers: tuple[int, ...]
    heads: int
    key_heads: int
    head_size: int
    top_k: int
    rows: tuple[Row, ...]
    machine: Machine


def wanted_patterns(names: Sequence[str] = ()) -> list[str]:
    """`names`, or all that can be compared: the registered patterns and "tiered_cache".

    Raises: UnknownNameError for one that cannot be.
    """
    there = [*registry.known("patterns"), TIERED]
    for name in names:
        if name not in there:
            raise UnknownNameError(f"no pattern {name!r}. Known: {', '.join(sorted(there))}")
    return list(dict.fromkeys(names)) or there


def compare_attention(
    source: Source,
    *,
    length: int | None = None,
    patterns: Sequence[str] = (),
    layers: Sequence[int] = (),
    top_k: int = 2_048,
    runs: int = 3,
    progress: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Compare the `patterns` named, or all, on the first `length` tokens of a source (default: 4,096, or all where there are fewer).

    `layers` count from 0 (none named: all). `retrieval` and the tiered cache read `top_k` tokens a key head.

    Raises: UnknownNameError for a pattern that is not known; UsageError for a length or layer that the source does not have.
    """
    contest = _Contest(wanted_patterns(patterns), top_k, runs)
    tokens = _length(source, length)
    wanted = _layers(source, layers)

    def visit(tensors: LayerTensors) -> None:
        contest.measure(tensors)
        if progress is not None:
            progress(Progress("compare", len(contest.layers), len(wanted), "layers"))

    with torch.inference_mode():
        source.each(tokens, wanted, visit)
    if not contest.layers:
        raise UsageError(f"{source.description}: no layer among {', '.join(map(str, wanted))} lets a token read all before it")
    return Comparison(source.description, tokens, tuple(contest.layers), *contest.shape, top_k, contest.rows(), this_machine())


def check_length(length: int | None) -> None:
    """Raises: UsageError if it is too short to compare."""
    if length is not None and length < FEWEST:
        raise UsageError(f"a length of {length:,} tokens is too short to compare; {FEWEST:,} are the least")


def _length(source: Source, length: int | None) -> int:
    check_length(length)
    there = source.tokens
    if there is not None and there < max(FEWEST, length or 0):
        raise UsageError(f"{max(FEWEST, length or 0):,} tokens are needed, there are {there:,} ({source.description})")
    if length is None:
        return USUAL if there is None else min(USUAL, there)
    return length


def _layers(source: Source, layers: Sequence[int]) -> list[int]:
    for number in layers:
        if not 0 <= number < source.layers:
            raise UsageError(f"no layer {number}; there are {source.layers}, counted from 0 ({source.description})")
    return sorted(set(layers)) or list(range(source.layers))


@dataclass
class _Tally:
    """What was measured of one pattern, a tensor a layer: mass, error, density by head, recall by key head; seconds of each run."""

    mass: list[Tensor] = field(default_factory=list)
    error: list[Tensor] = field(default_factory=list)
    density: list[Tensor] = field(default_factory=list)
    recall: list[Tensor] = field(default_factory=list)
    seconds: list[list[float]] = field(default_factory=list)

    def runs(self) -> tuple[float, ...]:
        """Seconds of all layers, by run."""
        return tuple(sum(layer) for layer in zip(*self.seconds, strict=True))

    def row(self, name: str, queries: Queries, dense: tuple[float, ...]) -> Row:
        """All layers together; `dense` are the seconds of dense attention."""
        seconds, error = self.runs(), _mean(self.error)
        return Row(
            pattern=name,
            queries=queries,
            mass_kept=_mean(self.mass),
            lowest_head=float(torch.stack([part.min() for part in self.mass]).min()) if self.mass else None,
            error=error if error is not None and error < float("inf") else None,
            density=_mean(self.density),
            recall=_mean(self.recall),
            seconds=seconds,
            times_dense=median(own / other for own, other in zip(seconds, dense, strict=True)),
        )


class _Contest:
    """Takes layer after layer."""

    def __init__(self, names: Sequence[str], top_k: int, runs: int) -> None:
        self._top_k, self._runs = top_k, runs
        made: dict[str, Pattern] = {name: registry.load("patterns", name)() for name in names if name != TIERED}
        self._retrieval: dict[str, Pattern] = {
            name: replace(pattern, top=top_k, recent=RECENT) for name, pattern in made.items() if isinstance(pattern, Retrieval)
        }
        self._whole = {name: pattern for name, pattern in made.items() if name not in self._retrieval}
        self._tiered = TIERED in names
        if self._whole:
            self._whole = {DENSE: Dense()} | self._whole
        self._tallies: dict[tuple[str, Queries], _Tally] = {(name, "prefill"): _Tally() for name in self._whole}
        if self._retrieval or self._tiered:
            self._tallies |= {(name, "decode"): _Tally() for name in [DENSE, *self._retrieval, *([TIERED] if self._tiered else [])]}
        self.layers: list[int] = []
        self.shape = (0, 0, 0)
        """H, G, D."""

    def measure(self, tensors: LayerTensors) -> None:
        """Measure everything on one layer."""
        self.shape = (tensors.q.shape[1], tensors.k.shape[1], tensors.k.shape[3])
        if self._whole:
            self._prefill(tensors)
        if self._retrieval or self._tiered:
            self._decode(tensors)
        self.layers.append(tensors.number)

    def rows(self) -> tuple[Row, ...]:
        """One a pattern, prefills first."""
        return tuple(tally.row(name, queries, self._tallies[DENSE, queries].runs()) for (name, queries), tally in self._tallies.items())

    def _prefill(self, tensors: LayerTensors) -> None:
        q, k, v, scale = tensors.q, tensors.k, tensors.v, tensors.scale
        places = Guard(samples=SAMPLES).places(q.shape[2])
        exact = Dense().attend(q, k, v, scale).out
        for name, pattern in self._whole.items():
            tally, found = self._tallies[name, "prefill"], pattern.attend(q, k, v, scale)
            density = density_of(pattern, q, k, scale)
            tally.error.append(_error(found.out, exact))
            if density is not None:
                tally.density.append(density)
                tally.mass.append(mass_kept(q, k, scale, found.lse, places)[0].mean(dim=1))
        calls = {name: partial(pattern.attend, q, k, v, scale) for name, pattern in self._whole.items()}
        for name, seconds in _timed(calls, self._runs).items():
            self._tallies[name, "prefill"].seconds.append(seconds)

    def _decode(self, tensors: LayerTensors) -> None:
        """The last tokens, each read with those before it: once for what comes out, then timed."""
        first = tensors.k.shape[2] - STEPS
        patterns: dict[str, Pattern] = {DENSE: Dense()} | self._retrieval
        tiers = TieredSteps(tensors, LayerSettings(recent=RECENT, top_k=self._top_k, audit=0), first) if self._tiered else None
        found: dict[str, list[Step]] = {name: [] for name in [*patterns, *([TIERED] if tiers else [])]}
        seconds = {name: [0.0] * self._runs for name in found}
        for place in range(first, tensors.k.shape[2]):
            calls: dict[str, Callable[[], object]] = {}
            for name, pattern in patterns.items():
                calls[name] = partial(_attend_at, pattern, tensors, place)
                found[name].append(_step(pattern, tensors, place))
            if tiers is not None:
                calls[TIERED] = partial(tiers.attend, place)
                found[TIERED].append(tiers.take(place))
            for name, taken in _timed(calls, self._runs).items():
                seconds[name] = [one + other for one, other in zip(seconds[name], taken, strict=True)]
        exact = torch.cat([step.out for step in found[DENSE]], dim=2)
        for name, steps in found.items():
            tally = self._tallies[name, "decode"]
            tally.seconds.append(seconds[name])
            tally.error.append(_error(torch.cat([step.out for step in steps], dim=2), exact))
            tally.mass.append(torch.stack([step.mass for step in steps]).mean(dim=0))
            tally.density.append(torch.tensor([step.density for step in steps]))
            tally.recall += [step.recall for step in steps if step.recall is not None]


def _attend_at(pattern: Pattern, tensors: LayerTensors, place: int) -> Attended:
    """The query at `place` over all keys up to its own."""
    k, v = (side[:, :, : place + 1] for side in (tensors.k, tensors.v))
    return pattern.attend(tensors.q[:, :, place : place + 1], k, v, tensors.scale)


def _step(pattern: Pattern, tensors: LayerTensors, place: int) -> Step:
    """What comes of a query at `place`, for a pattern that chooses keys."""
    q, k = tensors.q[:, :, place : place + 1], tensors.k[:, :, : place + 1]
    found, density = _attend_at(pattern, tensors, place), density_of(pattern, q, k, tensors.scale)
    assert density is not None
    mass = mass_kept(q, k, tensors.scale, found.lse, torch.zeros(1, dtype=torch.int64))
    return Step(found.out, mass[0, :, 0], None, float(density.mean()))


def density_of(pattern: Pattern, q: Tensor, k: Tensor, scale: float) -> Tensor | None:
    """[H]: share of the causal pairs that `pattern` reads, None for one that chooses no keys."""
    while isinstance(pattern, Auto):
        pattern = pattern.choose(q.shape[2], k.shape[2])
    if isinstance(pattern, Dense):
        return torch.ones(q.shape[1])
    return pattern.select(q, k, scale).density()[0] if isinstance(pattern, SelectingPattern) else None


def _error(out: Tensor, exact: Tensor) -> Tensor:
    """[H]: how far `out` [1, H, T, E] is from what it should be, as a share of that; infinite where it is no number."""
    off = (out.float() - exact.float()).norm(dim=(2, 3)) / exact.float().norm(dim=(2, 3))
    return torch.where(off.isfinite(), off, torch.inf)[0]


def _timed(calls: Mapping[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Seconds of each of so many calls, in rounds, so that what slows the machine for a while slows all."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            found[name].append(time.perf_counter() - started)
    return found


def _mean(parts: Sequence[Tensor]) -> float | None:
    return float(torch.cat(list(parts)).mean()) if parts else None
