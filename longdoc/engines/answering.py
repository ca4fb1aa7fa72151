"""Many requests to a checkpoint on this machine: what several share is read once, the others are answered in batches.

A shared prefix is told by token ids, and leaves each request at least one token of its own:

    read(prefix), mark;  for each request: read(its tail), write, rewind

Axis legend: B rows of a batch, T tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from longdoc.engines.context import response
from longdoc.engines.decoding import Row
from longdoc.engines.order import grouped
from longdoc.errors import EngineError, LongdocError
from longdoc.protocols import Request, Response
from longdoc_stores.kv_cache import TieredCache

if TYPE_CHECKING:
    from longdoc.engines.local import LocalEngine

CANCELLED = "cancelled"


@dataclass(frozen=True, eq=False)
class _Asked:
    """A request, its number and the token ids [T] of its prompt."""

    number: int
    request: Request
    ids: Tensor


class _Stop:
    """`cancelled`, which once it has said so is not asked again."""

    def __init__(self, cancelled: Callable[[], bool] | None) -> None:
        self._cancelled, self.said = cancelled, False

    def __call__(self) -> bool:
        self.said = self.said or (self._cancelled is not None and self._cancelled())
        return self.said


def answered(engine: LocalEngine, requests: Sequence[Request], cancelled: Callable[[], bool] | None) -> Iterator[tuple[int, Response]]:
    """See LocalEngine.generate."""
    return _Answering(engine, _Stop(cancelled)).all(requests)


class _Answering:
    def __init__(self, engine: LocalEngine, stop: _Stop) -> None:
        self._engine, self._stop = engine, stop

    def all(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        most, waiting = self._engine.batch, list[_Asked]()
        for group in grouped(requests):
            asked = []
            for number in group:
                try:
                    asked.append(self._asked(number, requests[number]))
                except LongdocError as error:
                    yield number, self._failed(error)
            for some, prefix in _shared(asked):
                if len(some) > 1 and prefix:
                    yield from self._after_a_prefix(some, prefix)
                else:
                    waiting += some
            while len(waiting) >= most:
                yield from self._side_by_side(waiting[:most])
                del waiting[:most]
        if waiting:
            yield from self._side_by_side(waiting)

    def _asked(self, number: int, request: Request) -> _Asked:
        """Raises: see LocalEngine.tokens_of; EngineError once cancelled."""
        if self._stop():
            raise EngineError(CANCELLED)
        return _Asked(number, request, torch.tensor(self._engine.tokens_of(request)))

    def _after_a_prefix(self, asked: Sequence[_Asked], prefix: int) -> Iterator[tuple[int, Response]]:
        started: float | None = time.perf_counter()
        longest = max(len(one.ids) + one.request.max_tokens for one in asked)
        try:
            cache = self._engine.cache(prefix, longest - prefix)
        except LongdocError:  # the longest does not fit the budgets; others may
            for one in asked:
                yield from self._side_by_side([one])
            return
        with closing(cache):
            try:
                self._engine.prefill(asked[0].ids[None, :prefix].to(self._engine.device), None, cache, None, self._stop)
                cache.mark()
            except LongdocError as error:
                failed = self._failed(error)
                yield from ((one.number, failed) for one in asked)
                return
            for one in asked:
                yield one.number, self._tail(one, cache, prefix, started)
                started = None

    def _tail(self, one: _Asked, cache: TieredCache, prefix: int, started: float | None) -> Response:
        """The answer after a prefix that was read for this request, if it began when that had `started`, or before it."""
        began = time.perf_counter() if started is None else started
        ids = one.ids[None].to(self._engine.device)
        try:
            self._engine.prefill(ids[:, prefix:-1], None, cache, None, self._stop)
            if self._stop():
                return Response("", error=CANCELLED)
            row = self._engine.write(ids, None, cache, [one.request], self._stop)[0]
        except LongdocError as error:
            return self._failed(error)
        finally:
            cache.rewind()
        return self._response(row, one, began, prefix if started is None else 0)

    def _side_by_side(self, asked: Sequence[_Asked]) -> Iterator[tuple[int, Response]]:
        began = time.perf_counter()
        try:
            rows = self._written(asked)
        except LongdocError as error:
            failed = self._failed(error)
        else:
            yield from ((one.number, self._response(row, one, began, 0)) for row, one in zip(rows, asked, strict=True))
            return
        if len(asked) > 1 and not self._stop.said:  # it may be the fault of one, or of all together
            for one in asked:
                yield from self._side_by_side([one])
        else:
            yield from ((one.number, failed) for one in asked)

    def _written(self, asked: Sequence[_Asked]) -> list[Row]:
        engine = self._engine
        longest, room = max(len(one.ids) for one in asked), max(one.request.max_tokens for one in asked)
        ids = torch.stack([functional.pad(one.ids, (longest - len(one.ids), 0), value=engine.pad) for one in asked]).to(engine.device)
        starts = torch.tensor([longest - len(one.ids) for one in asked], device=engine.device)
        there = (torch.arange(longest, device=engine.device) >= starts[:, None]).long() if bool(starts.any()) else None
        with closing(engine.cache(longest, room, len(asked))) as cache:
            engine.prefill(ids[:, :-1], there, cache, None, self._stop)
            if self._stop():
                raise EngineError(CANCELLED)
            return engine.write(ids, there, cache, [one.request for one in asked], self._stop)

    def _response(self, row: Row, one: _Asked, began: float, cached: int) -> Response:
        if self._stop.said and not row.whole:
            return Response("", error=CANCELLED)
        return response(self._engine.tokenizer, row, len(one.ids), began, cached)

    def _failed(self, error: LongdocError) -> Response:
        return Response("", error=CANCELLED if self._stop.said else str(error))


def _shared(asked: Sequence[_Asked]) -> Iterator[tuple[list[_Asked], int]]:
    """Those of whose prompts at least half is the same from the start, the shortest first, and how many tokens that are; at least one
    token of each is its own. Alone is who shares with nobody."""
    if not asked:
        return
    # What shares most is next to each other. A short prompt, all of which others begin with, must not part those that share much more.
    ranked = sorted(asked, key=lambda one: one.ids.numpy().astype(">i4").tobytes())
    some, prefix = [ranked[0]], len(ranked[0].ids) - 1
    for one, other in pairwise(ranked):
        same = _same(one.ids, other.ids)
        if 2 * same < max(len(one.ids), len(other.ids)):
            yield sorted(some, key=_length), prefix
            some, prefix = [other], len(other.ids) - 1
        else:
            some.append(other)
            prefix = min(prefix, same, len(other.ids) - 1)
    yield sorted(some, key=_length), prefix


def _length(one: _Asked) -> tuple[int, int]:
    return len(one.ids), one.number


def _same(one: Tensor, other: Tensor) -> int:
    """Tokens that both begin with."""
    length = min(len(one), len(other))
    apart = (one[:length] != other[:length]).nonzero()
    return int(apart[0]) if len(apart) else length
