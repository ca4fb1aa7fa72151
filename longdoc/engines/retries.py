"""What failed for a while is tried again, later each time."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar

T = TypeVar("T")

FIRST = 0.5
"""Seconds before the second attempt, at most; twice as long before each further one."""
LONGEST = 30.0
"""Seconds before an attempt, at most, unless a server names its own."""
PATIENCE = 600.0
"""Seconds that a server may ask for."""


class TransientError(Exception):
    """An attempt failed in a way that may pass; `after` are the seconds that the server asks for, `unreachable` says it is not there."""

    def __init__(self, reason: str, *, after: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.after, self.unreachable = after, unreachable


class GivenUpError(Exception):
    """The last attempt failed too, or another would come too late. A sentence for a person."""

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time and chance come from: seconds since any moment, seconds since 1970, a number from 0 to 1."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], float] = time.monotonic
    date: Callable[[], float] = time.time
    draw: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `attempts`, none begun later than `deadline` seconds after the first."""

    attempts: int = 5
    deadline: float | None = None
    clock: Clock = field(default_factory=Clock)

    async def keep_trying(self, attempt: Callable[[], Awaitable[T]], started: float) -> T:
        """What `attempt` gives once it raises no TransientError; `started` is when the first began, by the clock.

        Raises: GivenUpError.
        """
        number = 1
        while True:
            try:
                return await attempt()
            except TransientError as error:
                failed = error
            wait = self._wait(number, failed, started)
            await self.clock.sleep(wait)
            number += 1

    def _wait(self, number: int, failed: TransientError, started: float) -> float:
        told = f"{failed} (attempt {number} of {self.attempts})"
        if number >= self.attempts:
            raise GivenUpError(told, unreachable=failed.unreachable) from failed
        pause = min(LONGEST, FIRST * 2.0 ** (number - 1))
        if failed.after is None:
            wait = pause * (0.5 + 0.5 * self.clock.draw())
        else:
            wait = failed.after + FIRST * self.clock.draw()
            if failed.after > PATIENCE:
                raise GivenUpError(f"{told}; it asks to be left alone for {failed.after:,.0f} s, more than {PATIENCE:,.0f}") from failed
        if self.deadline is not None:
            left = self.deadline - (self.clock.now() - started)
            if wait >= left:
                raise GivenUpError(
                    f"{told}; the next attempt would come in {wait:,.1f} s, past the deadline of {self.deadline:,.1f} s",
                    unreachable=failed.unreachable,
                ) from failed
        return wait


def retry_after(headers: Mapping[str, str], date: float) -> float | None:
    """Seconds that a server asks for in its headers, as a number or as an HTTP date; `date` is now, in seconds since 1970. None if it does
    not, or in no way that can be read."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - date
            except ValueError:
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
