"""What fails for a while is tried again, later each time, and not for ever."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

import pytest

from longdoc.engines.retries import Clock, GivenUpError, Retries, TransientError, retry_after

NOW = 1_900_000_000.0


class FakeTime:
    """Time that passes only while someone waits."""

    def __init__(self, draw: float = 0.0) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.clock = Clock(self.sleep, lambda: self.seconds, lambda: NOW + self.seconds, lambda: draw)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


def outcome(retries: Retries, failures: list[TransientError]) -> str:
    """ "done" after `failures`, one an attempt, are over."""
    left = list(failures)

    async def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return asyncio.run(retries.keep_trying(attempt, 0.0))


@pytest.mark.parametrize(("draw", "waits"), [(0.0, [0.25, 0.5, 1.0, 2.0]), (1.0, [0.5, 1.0, 2.0, 4.0])])
def test_each_wait_is_twice_as_long_by_half_drawn(draw: float, waits: list[float]) -> None:
    time = FakeTime(draw)
    assert outcome(Retries(5, None, time.clock), [TransientError("500: oops")] * 4) == "done"
    assert time.waits == waits


def test_no_wait_of_its_own_is_longer_than_half_a_minute() -> None:
    time = FakeTime(1.0)
    assert outcome(Retries(12, None, time.clock), [TransientError("500")] * 11) == "done"
    assert max(time.waits) == 30.0
    assert time.waits[-4:] == [30.0] * 4


def test_the_last_failure_is_told_with_the_attempts() -> None:
    time = FakeTime()
    with pytest.raises(GivenUpError, match=r"^502: last \(attempt 3 of 3\)$"):
        outcome(Retries(3, None, time.clock), [TransientError("500"), TransientError("501"), TransientError("502: last")])
    assert time.waits == [0.25, 0.5]


def test_the_seconds_that_a_server_asks_for_are_waited() -> None:
    time = FakeTime()
    assert outcome(Retries(3, 60.0, time.clock), [TransientError("429", after=7.0), TransientError("429", after=0.0)]) == "done"
    assert time.waits == [7.0, 0.0]


def test_a_server_that_asks_for_more_than_ten_minutes_is_not_waited_for() -> None:
    time = FakeTime()
    with pytest.raises(GivenUpError, match="left alone for 86,400 s, more than 600"):
        outcome(Retries(5, None, time.clock), [TransientError("429", after=86_400.0)])
    assert time.waits == []


def test_no_attempt_begins_past_the_deadline() -> None:
    time = FakeTime()
    with pytest.raises(GivenUpError, match=r"next attempt would come in 40\.0 s, past the deadline of 60\.0 s"):
        outcome(Retries(5, 60.0, time.clock), [TransientError("429", after=30.0), TransientError("429", after=40.0)])
    assert time.waits == [30.0]


@pytest.mark.parametrize("unreachable", [True, False])
def test_that_a_server_is_gone_is_known_at_the_end(unreachable: bool) -> None:
    with pytest.raises(GivenUpError) as caught:
        outcome(Retries(1, None, FakeTime().clock), [TransientError("gone", unreachable=unreachable)])
    assert caught.value.unreachable is unreachable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": formatdate(NOW + 90, usegmt=True)}, 90.0),
        ({"retry-after": formatdate(NOW - 90, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "1"}, 1.0),
    ],
)
def test_a_server_names_its_time_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds
