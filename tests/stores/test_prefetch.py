"""Loading ahead: order, back-pressure, errors, closing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from longdoc.errors import StoreDamagedError
from longdoc_stores.prefetch import Prefetcher, ahead


class Gate:
    """A load that says when it has begun and waits until it may go on."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.may = threading.Semaphore(0)
        self.loaded: list[str] = []

    def __call__(self, key: str) -> None:
        self.begun.release()
        self.may.acquire()
        self.loaded.append(key)

    def open(self) -> None:
        self.may.release(1000)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


def in_a_thread(function: object, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments)  # type: ignore[arg-type]
    thread.start()
    return thread


def test_keys_are_loaded_in_the_order_of_the_request(gate: Gate) -> None:
    prefetcher = Prefetcher(gate, 8)
    gate.open()
    prefetcher.request("abc")
    prefetcher.request("de")
    prefetcher.wait()
    assert gate.loaded == list("abcde")
    prefetcher.close()


def test_a_request_waits_while_as_many_as_allowed_are_on_their_way(gate: Gate) -> None:
    asked: list[str] = []

    def keys() -> Iterator[str]:
        for key in "abcdef":
            asked.append(key)
            yield key

    prefetcher = Prefetcher(gate, 2)
    request = in_a_thread(prefetcher.request, keys())
    gate.begun.acquire()
    # The first is being loaded and cannot end: with the second there are two on their way, and the third waits.
    for done in range(1, 5):
        assert len(asked) <= done + 2
        gate.may.release()
        gate.begun.acquire()
    gate.open()
    request.join()
    prefetcher.wait()
    assert gate.loaded == list("abcdef")
    prefetcher.close()


def test_what_cannot_be_loaded_is_left_out_and_the_rest_is_loaded() -> None:
    loaded = []

    def load(key: str) -> None:
        if key == "b":
            raise StoreDamagedError("no")
        if key == "c":
            raise KeyError(key)
        loaded.append(key)

    prefetcher = Prefetcher(load, 1)
    prefetcher.request("abcd")
    prefetcher.wait()
    assert loaded == ["a", "d"]
    prefetcher.close()


def test_closing_drops_what_has_not_begun_and_lets_a_waiting_request_go(gate: Gate) -> None:
    prefetcher = Prefetcher(gate, 1)
    request = in_a_thread(prefetcher.request, "abc")
    gate.begun.acquire()
    waiter = in_a_thread(prefetcher.wait)
    close = in_a_thread(prefetcher.close)
    request.join()
    waiter.join()
    gate.open()
    close.join()
    assert gate.loaded == ["a"]


def test_a_closed_one_loads_nothing_and_closes_again(gate: Gate) -> None:
    prefetcher = Prefetcher(gate, 1)
    prefetcher.close()
    prefetcher.request("abc")
    prefetcher.wait()
    prefetcher.close()
    assert gate.loaded == []


def test_many_threads_may_wait_at_once(gate: Gate) -> None:
    prefetcher = Prefetcher(gate, 4)
    prefetcher.request("abc")
    waiters = [in_a_thread(prefetcher.wait) for _ in range(4)]
    gate.open()
    for waiter in waiters:
        waiter.join()
    assert gate.loaded == list("abc")
    prefetcher.close()


@pytest.mark.parametrize("number", [0, 1, 3, 100])
def test_reading_ahead_gives_everything_in_order(number: int) -> None:
    assert list(ahead(str, range(20), number)) == [str(each) for each in range(20)]


def test_reading_ahead_takes_no_more_keys_than_it_may() -> None:
    taken = []

    def keys() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    results = ahead(str, keys(), 3)
    assert next(results) == "0"
    assert taken == [0, 1, 2, 3]
    assert next(results) == "1"
    assert taken == [0, 1, 2, 3, 4]


def test_an_error_comes_when_its_turn_comes() -> None:
    def load(key: int) -> int:
        if key == 2:
            raise StoreDamagedError("the third")
        return key

    results = ahead(load, range(4), 4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(StoreDamagedError, match="the third"):
        next(results)
