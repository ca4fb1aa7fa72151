"""The other end of ProcessExecutor: reads jobs as pickles from stdin, writes results as pickles to stdout.

Anything that a library prints goes to stderr: the real stdout is put aside before a library is imported.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import sys
from importlib import import_module
from typing import IO, Any

from longdoc.errors import DamagedError, InputError, LimitError

HEADER = struct.Struct("<Q")
READY = "ready"
GRACE_SECONDS = 10
"""How much later than its limit a worker whose parent has died ends itself."""


def send(stream: IO[bytes], value: Any) -> None:
    """Write one pickled message, its length before it."""
    message = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(HEADER.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """One message. Raises: EOFError where the other side has gone."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        raise EOFError("no message")
    (length,) = HEADER.unpack(header)
    message = stream.read(length)
    if len(message) < length:
        raise EOFError("a message broke off")
    return pickle.loads(message)


def main() -> None:
    """Serve jobs until stdin ends."""
    jobs = os.fdopen(os.dup(0), "rb")
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parser makes many small objects and few cycles: the collector would look through them again and again.
    gc.set_threshold(200_000, 20, 20)
    memory, seconds = receive(jobs)
    _limit_memory(memory)
    import_module("longdoc.ingest")
    send(results, READY)
    while True:
        try:
            function, arguments = receive(jobs)
        except EOFError:
            return
        # The parent kills a worker that is late; this is for when the parent is gone.
        if hasattr(signal, "alarm"):
            signal.alarm(int(seconds) + GRACE_SECONDS)
        answer = _answer(function, arguments, memory)
        try:
            send(results, answer)
        except BrokenPipeError:
            return
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def _answer(function: str, arguments: dict[str, Any], memory: int) -> tuple[Any, Exception | None]:
    where = arguments.get("path", function)
    module, _, name = function.partition(":")
    try:
        return getattr(import_module(module), name)(**arguments), None
    except InputError as error:
        return None, _plain(error)
    except MemoryError:
        return None, LimitError(f"{where}: needs more than the limit of {memory} bytes of memory; raise memory_limit to read it")
    except RecursionError:
        return None, LimitError(f"{where}: nested more than {sys.getrecursionlimit()} levels deep")
    except Exception as error:  # noqa: BLE001  one odd file must not stop a run; the cause goes on in the message
        return None, DamagedError(
            f"{where}: could not be read ({type(error).__name__}: {error}); please report it if other programs can read the file"
        )


def _plain(error: InputError) -> InputError:
    """The error without its cause, which may not pickle."""
    return type(error)(str(error))


def _limit_memory(memory: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))


if __name__ == "__main__":
    main()
