"""The other end of ProcessExecutor: reads jobs as pickles from stdin, writes messages as pickles to stdout.

A job begins in the stage "parse", under the limits and the guard (guard.py). A function that takes an argument `watch` is given a Watch
to say that it has entered another stage: the limits end with the parse, and what goes wrong later is not the parser's fault. What the
kernel refuses (confine.py) it refuses in every stage.

Anything that a library prints goes to stderr: the real stdout is put aside before a library is imported.
"""

from __future__ import annotations

import gc
import inspect
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any

from longdoc.errors import DamagedError, InputError, LimitError, StoreError
from longdoc.ingest import guard
from longdoc.ingest.confine import confine
from longdoc.protocols import Limits

HEADER = struct.Struct("<Q")
READY = "ready"
PARSE = "parse"
"""The stage that every job begins in, the only one under the limits."""
KEPT_BYTES = 768 << 20
"""Memory from which on a worker gives back after a file what it does not need."""
GRACE_SECONDS = 10
"""How much later than its limit a worker whose parent has died ends itself."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A message: the job is in this stage now."""

    stage: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """A message: the limit on time begins anew, for this step of the parse alone."""

    step: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A message: the job is done; exactly one of `value` and `error` counts."""

    value: Any
    error: Exception | None


class Watch:
    """Whom a job tells how far it is. This one tells nobody."""

    def entered(self, stage: str) -> None:
        """The job is in this stage now; no longer in "parse", no limit holds any more."""

    def restarted(self, step: str) -> None:
        """The limit on time begins anew: a step of the parse that may take as long as a file without it, such as a page read by OCR."""

    def progress(self, tokens: int) -> None:
        """So many tokens have been read since the last call."""


UNWATCHED = Watch()
WATCH: ContextVar[Watch] = ContextVar("watch", default=UNWATCHED)
"""The watch over the job in hand, for what is too deep in a parser to be given it."""


def send(stream: IO[bytes], value: Any) -> None:
    """Write one pickled message, its length before it."""
    message = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(HEADER.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes], read: Callable[[bytes], Any] = pickle.loads, longest: int | None = None) -> Any:
    """One message, made a value by `read`.

    Raises: EOFError where the other side has gone; pickle.UnpicklingError where the message is longer than `longest` bytes, or none.
    """
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        raise EOFError("no message")
    (length,) = HEADER.unpack(header)
    if longest is not None and length > longest:
        raise pickle.UnpicklingError(f"a message of {length} bytes, the limit is {longest}")
    message = stream.read(length)
    if len(message) < length:
        raise EOFError("a message broke off")
    return read(message)


def main() -> None:
    """Serve jobs until stdin ends."""
    jobs = os.fdopen(os.dup(0), "rb")
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parser makes many small objects and few cycles: the collector would look through them again and again.
    gc.set_threshold(200_000, 20, 20)
    limits, folder = receive(jobs)
    guard.settle(folder)
    confine(folder)
    parent = os.getppid()
    import_module("longdoc.ingest")
    send(results, READY)
    try:
        _serve(jobs, results, limits, parent)
    finally:
        guard.leave()


def _serve(jobs: IO[bytes], results: IO[bytes], limits: Limits, parent: int) -> None:
    """Take jobs until nobody sends or wants any more."""
    while True:
        try:
            function, arguments = receive(jobs)
        except EOFError:
            return
        watch = _Reporting(lambda message: send(results, message), limits, parent)
        watch.limit(str(arguments.get("path", function)))
        answer = _answer(function, arguments, watch)
        watch.lift()
        guard.tidy()
        try:
            send(results, answer)
        except BrokenPipeError:
            return
        del answer, arguments
        _trim()


class _Reporting(Watch):
    """Tells the parent, and holds this process to the limits until the parse has ended."""

    def __init__(self, tell: Callable[[Any], None], limits: Limits, parent: int) -> None:
        self.stage = PARSE
        self.limits = limits
        self._tell = tell
        self._parent = parent

    def limit(self, path: str) -> None:
        """From now on the limits hold. The parent kills a worker that is late; the alarm is for when the parent is gone."""
        if hasattr(signal, "alarm"):
            signal.alarm(int(self.limits.seconds) + GRACE_SECONDS)
        guard.hold(path, self.limits)

    def lift(self) -> None:
        """No limit holds any more."""
        if hasattr(signal, "alarm"):
            signal.alarm(0)
        guard.release()

    def entered(self, stage: str) -> None:
        """See Watch."""
        self.stage = stage
        self.lift()
        self._tell(Entered(stage))

    def restarted(self, step: str) -> None:
        """See Watch."""
        if self.stage == PARSE:
            self.progress(0)
            if hasattr(signal, "alarm"):
                signal.alarm(int(self.limits.seconds) + GRACE_SECONDS)
            self._tell(Restarted(step))

    def progress(self, tokens: int) -> None:
        """Nobody wants what is read after the parent has died: the worker ends."""
        if os.getppid() != self._parent:
            guard.leave()
            os._exit(1)


def _answer(function: str, arguments: dict[str, Any], watch: _Reporting) -> Answer:
    where = arguments.get("path", function)
    module, _, name = function.partition(":")
    WATCH.set(watch)
    try:
        call = getattr(import_module(module), name)
        if "watch" in inspect.signature(call).parameters:
            arguments = {**arguments, "watch": watch}
        return Answer(call(**arguments), None)
    except (InputError, StoreError) as error:
        return Answer(None, _plain(error))
    except Exception as error:  # noqa: BLE001  one odd file must not stop a run; the cause goes on in the message
        return Answer(None, _fault(where, error, watch))


def _fault(where: str, error: Exception, watch: _Reporting) -> InputError:
    """What to tell of an error that no code raised on purpose."""
    if isinstance(error, RecursionError):
        return LimitError(f"{where}: nested more than {sys.getrecursionlimit()} levels deep")
    if isinstance(error, MemoryError) and watch.stage == PARSE:
        return LimitError(f"{where}: needs more than the limit of {watch.limits.memory} bytes of memory; raise memory_limit to read it")
    if isinstance(error, MemoryError):
        return LimitError(f"{where}: the machine has too little memory left for the stage {watch.stage!r}; use fewer workers")
    if isinstance(error, OSError) and watch.stage == PARSE and (limit := guard.limit_of(error, where)) is not None:
        return limit
    what = f"{type(error).__name__}: {error}"
    if watch.stage == PARSE:
        return DamagedError(f"{where}: could not be read ({what}); please report it if other programs can read the file")
    return InputError(f"{where}: the stage {watch.stage!r} failed on it ({what}); run the command again, and report it if it fails again")


def _plain(error: InputError | StoreError) -> InputError | StoreError:
    """The error without its cause, which may not pickle."""
    return type(error)(str(error))


def _trim() -> None:
    """Hand freed memory back to the system if this process keeps much: activations of every size leave the heap of a reader full of
    holes, up to three times what it needs. To do so after every file would cost a tenth of the time."""
    if (
        sys.platform != "linux"
        or not guard.STATM.is_file()
        or int(guard.STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") < KEPT_BYTES
    ):
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


if __name__ == "__main__":
    # As the module that others import: a message's class is then the one that the parent knows.
    from longdoc.ingest.worker import main as serve

    serve()
