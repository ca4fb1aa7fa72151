"""One writer at a time: an flock on a file that names who holds it. The kernel frees it when the holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from longdoc.errors import StoreBusyError
from longdoc_stores.durable import make_private_file, store_errors


class WriterLock:
    """An exclusive lock between processes (and between corpora opened in one process)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, wait: float) -> None:
        """Take the lock, trying for `wait` seconds.

        Raises: StoreBusyError that names the process that holds it.
        """
        make_private_file(self.path)
        with store_errors(self.path, "lock"):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        deadline = time.monotonic() + wait
        try:
            while not _try(descriptor):
                if time.monotonic() >= deadline:
                    holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
                    raise StoreBusyError(
                        f"{self.path.parent}: another longdoc run (process {holder}) is writing; waited {wait:g} s. "
                        "Try again when it has finished, or use another --store"
                    )
                time.sleep(0.05)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
