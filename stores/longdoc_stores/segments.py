"""The data files of a DiskTier: `NNNNNNNN.segment`, appended to, read by place, zeroed, cut and removed. What lies where is in its index.

Reads are `preadv` into a fresh buffer: a mapped file that is cut short or whose volume vanishes would kill the process with SIGBUS.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreDamagedError, StoreError, StoreFullError
from longdoc_stores.durable import make_private_file, store_errors, sync_folder

if TYPE_CHECKING:
    import torch

ALIGNMENT = 64
SUFFIX = ".segment"
OPEN_FILES = 128
_ZEROS = bytes(1 << 20)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_VANISHED = {errno.ENOENT, errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN}


def aligned(length: int) -> int:
    """Bytes that a record of `length` takes in a segment."""
    return -(-length // ALIGNMENT) * ALIGNMENT


class Segments:
    """The segment files of a folder. Threads may share it; the caller sees to it that one process at a time writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._open: dict[int, _Descriptor] = {}

    def path(self, number: int) -> Path:
        """The file of a segment."""
        return self.folder / f"{number:08d}{SUFFIX}"

    def sizes(self) -> dict[int, int]:
        """Number -> bytes of all segments there are."""
        found = {}
        with disk_errors(self.folder, "list the folder"), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX) and entry.name[: -len(SUFFIX)].isdecimal():
                    with suppress(FileNotFoundError):  # removed meanwhile by a writer
                        found[int(entry.name[: -len(SUFFIX)])] = entry.stat().st_size
        return found

    def beside(self, index: str) -> int:
        """Bytes of the files that are neither segments nor the index of that name with its log: what the user of the tier keeps here."""
        total = 0
        with disk_errors(self.folder, "list the folder"), os.scandir(self.folder) as entries:
            for entry in entries:
                if not entry.name.endswith(SUFFIX) and not entry.name.startswith(index):
                    with suppress(FileNotFoundError):  # removed or renamed meanwhile
                        total += entry.stat().st_size
        return total

    def read(self, number: int, offset: int, length: int) -> torch.Tensor:
        """`length` bytes [length] uint8, in a buffer of their own.

        Raises: StoreDamagedError if the segment is not there or too short; StoreError if it cannot be read.
        """
        import torch

        data = torch.empty(length, dtype=torch.uint8)
        view, done = memoryview(data.numpy()), 0
        with disk_errors(self.path(number), "read"):
            descriptor = self._descriptor(number)
            while done < length:
                count = os.preadv(descriptor.number, [view[done:]], offset + done)
                if not count:
                    raise StoreDamagedError(
                        f"{self.path(number)}: ends before byte {offset + length:,}, it was cut short; run `longdoc doctor --repair`"
                    )
                done += count
        return data

    def make(self, number: int) -> None:
        """Make an empty segment."""
        path = self.path(number)
        with disk_errors(path, "make the file"):
            make_private_file(path)

    def write(self, number: int, offset: int, data: memoryview) -> None:
        """Write `data` at the end of a segment.

        Raises: StoreFullError if the disk does not hold it, the segment then ends where it did; StoreError.
        """
        path, done = self.path(number), 0
        with disk_errors(path, f"write {len(data):,} bytes"), _opened(path) as descriptor:
            try:
                while done < len(data):
                    done += os.pwrite(descriptor, data[done:], offset + done)
            except BaseException:
                with suppress(OSError):  # whoever writes next cuts it too
                    os.ftruncate(descriptor, offset)
                raise

    def zero(self, number: int, extents: Iterable[tuple[int, int]]) -> None:
        """Write zeros over (offset, length)s, as far as the file goes; a segment that is not there has nothing to hide."""
        path = self.path(number)
        with suppress(FileNotFoundError), disk_errors(path, "overwrite deleted values", absent=False), _opened(path) as descriptor:
            end = os.fstat(descriptor).st_size
            for offset, length in extents:
                stop = min(offset + length, end)
                while offset < stop:
                    offset += os.pwrite(descriptor, _ZEROS[: stop - offset], offset)

    def cut(self, number: int, length: int) -> None:
        """Cut a segment to `length` bytes."""
        path = self.path(number)
        with disk_errors(path, "cut"), _opened(path) as descriptor:
            os.ftruncate(descriptor, length)

    def remove(self, number: int) -> None:
        """Remove a segment; nothing happens if it is not there."""
        path = self.path(number)
        with disk_errors(path, "delete"), suppress(FileNotFoundError):
            os.unlink(path)
        with self._lock:
            self._open.pop(number, None)

    def sync(self, numbers: Iterable[int], names: bool) -> None:
        """Make what was written to these segments durable, and with `names` which segments there are."""
        for number in sorted(numbers):
            path = self.path(number)
            with suppress(FileNotFoundError), disk_errors(path, "write", absent=False), _opened(path) as descriptor:
                os.fsync(descriptor)
        if names:
            with disk_errors(self.folder, "write"):
                sync_folder(self.folder)

    def forget(self) -> None:
        """Let go of the files held open; a removed one then gives its space back."""
        with self._lock:
            self._open.clear()

    def _descriptor(self, number: int) -> _Descriptor:
        with self._lock:
            if number not in self._open:
                try:
                    fresh = _Descriptor(os.open(self.path(number), os.O_RDONLY | os.O_CLOEXEC))
                except FileNotFoundError as error:
                    raise StoreDamagedError(f"{self.path(number)}: the file is missing; run `longdoc doctor --repair`") from error
                if len(self._open) >= OPEN_FILES:
                    del self._open[next(iter(self._open))]
                self._open[number] = fresh
            return self._open[number]


class _Descriptor:
    """A file descriptor that is closed when nobody uses it any more: a thread may read while another forgets the file."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        close(self.number)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(path: Path, doing: str, *, absent: bool = True) -> Iterator[None]:
    """Turns an OSError into a StoreFullError if the disk holds no more, else into a StoreError that says what to do.

    With `absent` False a FileNotFoundError passes.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT and not absent:
            raise
        if error.errno == errno.EFBIG:
            raise StoreFullError(f"{path}: cannot {doing}: the file would be larger than this process may write") from error
        if error.errno in _FULL:
            message = f"{path}: cannot {doing}: the disk is full, {free_bytes(path.parent):,} bytes are free; free some space"
            raise StoreFullError(message) from error
        if error.errno in _VANISHED:
            raise StoreError(f"{path}: cannot {doing}: {error.strerror}; the folder or its volume has vanished, mount it again") from error
        with store_errors(path, doing):
            raise


def free_bytes(folder: Path) -> int:
    """Bytes that this user may still write to the volume of `folder`; 0 if it cannot be asked."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize
