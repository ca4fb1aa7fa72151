"""Files that are whole or absent after a crash, readable by their owner alone, with a checksum in front.

A sealed file is: magic, SHA-256 of all that follows, length of the name (4 bytes), the name, the content.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from longdoc.errors import StoreDamagedError, StoreError

MAGIC = b"LONGDOC1"
TEMPORARY = ".tmp-"
_HEAD = len(MAGIC) + 32 + 4


@contextmanager
def store_errors(path: Path, doing: str) -> Iterator[None]:
    """Turns an OSError into a StoreError that says what failed, where, and what to do."""
    try:
        yield
    except OSError as error:
        advice = {
            errno.ENOSPC: "the disk is full; free some space and run again",
            errno.EDQUOT: "the disk quota is used up; free some space and run again",
            errno.EFBIG: "the file would be larger than this process may write",
            errno.EACCES: "permission denied; choose another --store or change who owns it",
            errno.EPERM: "not permitted; choose another --store or change who owns it",
            errno.EROFS: "the file system is read-only; choose another --store",
            errno.ENOTDIR: "a part of the path is a file, not a folder; choose another --store",
        }.get(error.errno or 0, error.strerror or str(error))
        raise StoreError(f"{path}: cannot {doing}: {advice}") from error


def make_private_folder(folder: Path) -> None:
    """Make `folder` with its parents; it and what it holds can be read by the owner alone, whatever the umask."""
    with store_errors(folder, "make the folder"):
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o777 != 0o700:
            folder.chmod(0o700)


def make_private_file(path: Path) -> None:
    """Make an empty file that its owner alone can read; a file that is there keeps its content."""
    with store_errors(path, "make the file"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_mode & 0o777 != 0o600:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)


def write_sealed(path: Path, name: str, content: bytes) -> None:
    """Write atomically and durably: a temporary file, fsync, rename, fsync of the folder.

    Raises: StoreError if the disk refuses; the old file is then untouched.
    """
    label = name.encode("utf-8", "surrogatepass")
    named = len(label).to_bytes(4, "big") + label
    digest = hashlib.sha256(named)
    digest.update(content)
    temporary = path.parent / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
    with store_errors(path, "write"):
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(MAGIC + digest.digest() + named)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def read_sealed(path: Path, name: str) -> bytes:
    """The content of a sealed file.

    Raises: KeyError if there is no such file; StoreDamagedError if it is cut short, altered, or another name's.
    """
    with store_errors(path, "read"):
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise KeyError(name) from error
    body = memoryview(data)[len(MAGIC) + 32 :]
    if len(data) < _HEAD or data[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != data[len(MAGIC) : len(MAGIC) + 32]:
        raise StoreDamagedError(f"{path}: the checksum does not match; run `longdoc doctor --repair`")
    length = int.from_bytes(body[:4], "big")
    found = bytes(body[4 : 4 + length]).decode("utf-8", "surrogatepass")
    if found != name:
        raise StoreDamagedError(f"{path}: holds {found!r}, not {name!r}; run `longdoc doctor --repair`")
    return bytes(body[4 + length :])


def sealed_name(path: Path) -> str:
    """The name in a sealed file's head; the content is not looked at.

    Raises: StoreDamagedError if the head is cut short or altered beyond reading.
    """
    with store_errors(path, "read"), path.open("rb") as file:
        head = file.read(_HEAD)
        length = int.from_bytes(head[-4:], "big")
        name = file.read(length) if len(head) == _HEAD and head.startswith(MAGIC) and length <= 1 << 16 else b""
    if not name or len(name) != length:
        raise StoreDamagedError(f"{path}: not a file of this store; run `longdoc doctor --repair`")
    try:
        return name.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise StoreDamagedError(f"{path}: its name cannot be read; run `longdoc doctor --repair`") from error


def open_part(target: Path) -> tuple[int, Path]:
    """A descriptor and path to write `target` under until it is whole: `<name>.part` beside it, so that it can be followed, and so that a
    run takes over what one that was killed has left. While another process writes there, a name of its own.

    Raises: OSError if nothing can be written there.
    """
    part = target.with_name(f"{target.name}.part")
    while True:
        try:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EROFS, errno.EDQUOT) or not os.path.lexists(part):
                raise
            break  # a link, a folder, or somebody else's
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            opened = os.fstat(descriptor)
            if opened.st_uid != os.geteuid() or opened.st_nlink > 1 or not stat.S_ISREG(opened.st_mode):
                raise PermissionError(errno.EPERM, "not a file of this run's own", str(part))
            if os.path.samestat(opened, os.stat(part)):
                os.ftruncate(descriptor, 0)
                return descriptor, part
        except FileNotFoundError:
            pass  # the run that held it has just given it its name
        except OSError:
            os.close(descriptor)
            break
        os.close(descriptor)
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
    return descriptor, Path(name)


def name_part(stream: IO[Any], part: Path, target: Path) -> None:
    """Give a file of `open_part` its name, durably, with the permissions that the umask leaves, and close it.

    It is held until then: another run that took it over in between would empty it.
    """
    stream.flush()
    os.fsync(stream.fileno())
    umask = os.umask(0)
    os.umask(umask)
    part.chmod(0o666 & ~umask)
    part.replace(target)
    stream.close()


def drop_part(stream: IO[Any], part: Path) -> None:
    """Remove a file of `open_part`.

    Raises: OSError where what is still buffered cannot be written; the file is gone then, too.
    """
    part.unlink(missing_ok=True)
    stream.close()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
