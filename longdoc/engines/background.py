"""An event loop in a thread that is there only while it is needed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from longdoc.errors import EngineError

T = TypeVar("T")


class Job:
    """A coroutine that runs in the background."""

    def __init__(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], then: Callable[[], None]) -> None:
        self._loop, self._coroutine, self._then = loop, coroutine, then
        self._task: asyncio.Task[Any] | None = None
        self._over = threading.Event()
        loop.call_soon_threadsafe(self._begin)

    def result(self) -> Any:
        """What the coroutine returned, once it has. Raises: what it raised."""
        self._over.wait()
        assert self._task is not None
        return self._task.result()

    def end(self) -> None:
        """Cancel the coroutine if it still runs, and wait until it has cleaned up."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._over.wait()

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._coroutine)
        self._task.add_done_callback(self._finished)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # it has been looked at: nobody may ask for it any more
        self._over.set()
        self._then()


class Background:
    """Runs coroutines in one event loop; its thread starts with the first of those that run together and ends with the last, so that
    what belongs to the loop (open connections) outlives it. Threads may share it. `close` it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._helpers: ThreadPoolExecutor | None = None
        self._users = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @contextmanager
    def job(self, coroutine: Coroutine[Any, Any, Any], then: Callable[[], None] = lambda: None) -> Iterator[Job]:
        """`coroutine` as a job that is cancelled on the way out if it still runs; `then` is called in the loop's thread when it is over.

        Raises: EngineError if this is closed.
        """
        try:
            loop = self._acquire()
        except EngineError:
            coroutine.close()
            raise
        job = Job(loop, coroutine, then)
        try:
            yield job
        finally:
            if threading.current_thread() is self._thread:
                # An abandoned generator ends where the garbage collector finds it; the loop's own thread cannot wait for itself.
                threading.Thread(target=self._leave, args=(job,), name=self._name).start()
            else:
                self._leave(job)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What `coroutine` returns. Raises: what it raises, and as `job` does."""
        with self.job(coroutine) as job:
            result: T = job.result()
        return result

    def close(self) -> None:
        """Close the loop, when the last job is over; closing twice does nothing."""
        with self._lock:
            self._closed = True
            if self._users == 0:
                self._end()

    def _leave(self, job: Job) -> None:
        job.end()
        with self._lock:
            self._users -= 1
            if self._users == 0:
                assert self._loop is not None
                assert self._thread is not None
                assert self._helpers is not None
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._helpers.shutdown()
                self._thread = self._helpers = None
                if self._closed:
                    self._end()

    def _acquire(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise EngineError(f"{self._name} is closed; open it again to ask it")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
            if self._users == 0:
                # What looks up the addresses of hosts, which a loop of its own accord keeps.
                self._helpers = ThreadPoolExecutor(thread_name_prefix=self._name)
                self._loop.set_default_executor(self._helpers)
                self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
                self._thread.start()
            self._users += 1
            return self._loop

    def _end(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
