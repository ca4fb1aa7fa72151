"""Loading ahead in a background thread, never more than a stated number of values at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from longdoc.errors import StoreError

K = TypeVar("K")
V = TypeVar("V")


class Prefetcher:
    """Calls `load` for the keys requested, in order; `request` waits while `ahead` of them are not done. Threads may share it."""

    def __init__(self, load: Callable[[str], Any], ahead: int) -> None:
        self._load = load
        self._ahead = ahead
        self._changed = threading.Condition()
        self._under_way = 0
        self._closed = False
        self._pool: ThreadPoolExecutor | None = None

    def request(self, keys: Iterable[str]) -> None:
        """Load these next; what fails to load is left to whoever needs it. Nothing is loaded once it is closed."""
        for key in keys:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._under_way < self._ahead)
                if self._closed:
                    return
                if self._pool is None:
                    self._pool = ThreadPoolExecutor(1, thread_name_prefix="longdoc-prefetch")
                self._pool.submit(self._one, key)
                self._under_way += 1

    def wait(self) -> None:
        """Return when everything requested is done, or it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._under_way)

    def close(self) -> None:
        """Finish the one in hand and drop the rest; whoever waits goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _one(self, key: str) -> None:
        try:
            self._load(key)
        except (KeyError, StoreError):
            return  # the reader that needs it asks again, and is told
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()


def ahead(load: Callable[[K], V], keys: Iterable[K], number: int) -> Iterator[V]:
    """`load(key)` for each key, in order, with up to `number` loaded or being loaded before they are asked for."""
    waiting: deque[Future[V]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="longdoc-ahead") as pool:
        try:
            for key in keys:
                waiting.append(pool.submit(load, key))
                if len(waiting) > number:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
