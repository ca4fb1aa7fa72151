"""Files at any fsspec location: a folder, object storage, memory."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from longdoc.errors import MissingExtraError, StoreError, StoreFullError
from longdoc_stores.durable import TEMPORARY, sync_folder


class Location:
    """Named files at `address`, an fsspec URL such as "s3://bucket/context" or a path.

    Raises: MissingExtraError if the package for the protocol is not installed; StoreError for an address that is none.
    """

    def __init__(self, address: str) -> None:
        from fsspec.core import url_to_fs

        self.address = address
        try:
            self._files, self._root = url_to_fs(address)
        except ImportError as error:
            raise MissingExtraError(f"{address}: {error}") from error
        except ValueError as error:
            raise StoreError(f"{address}: not an address that fsspec knows ({error})") from error
        self._local = "file" in (self._files.protocol if isinstance(self._files.protocol, tuple) else (self._files.protocol,))

    def __str__(self) -> str:
        return self.address

    def path_of(self, name: str) -> Path | None:
        """Where the file lies in the local file system, None where it is elsewhere."""
        return Path(self._root) / name if self._local else None

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        try:
            return bool(self._files.exists(self._path(name)))
        except OSError as error:
            raise self._error("look for", name, error) from error

    def read(self, name: str) -> bytes:
        """The whole file. Raises: KeyError if there is none; StoreError if it cannot be read."""
        try:
            return bytes(self._files.cat_file(self._path(name)))
        except FileNotFoundError as error:
            raise KeyError(name) from error
        except OSError as error:
            raise self._error("read", name, error) from error

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write the whole file, durably and so that nobody sees half of it.

        Raises: StoreError if it cannot be written; StoreFullError if there is no room.
        """
        try:
            if self._local:
                self._write_local(Path(self._root), name, data)
            else:
                self._files.makedirs(self._root, exist_ok=True)
                self._files.pipe_file(self._path(name), bytes(data))
        except OSError as error:
            raise self._error("write", name, error) from error

    def _write_local(self, folder: Path, name: str, data: bytes | memoryview) -> None:
        """For its owner alone, as all that holds what documents say; a folder that was there keeps its permissions."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = folder / f"{TEMPORARY}{os.getpid()}-{name}"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(folder / name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(folder)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _error(self, doing: str, name: str, error: OSError) -> StoreError:
        reason = error.strerror or str(error) or type(error).__name__
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StoreFullError(f"{self.address}: cannot {doing} {name}: {reason}; free some space")
        return StoreError(f"{self.address}: cannot {doing} {name}: {reason}; check that the location is there and can be written to")
