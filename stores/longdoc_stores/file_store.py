"""A Store of one file a value, under a folder that its owner alone can read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from longdoc.errors import StoreDamagedError
from longdoc_stores.durable import (
    TEMPORARY,
    make_private_folder,
    read_sealed,
    sealed_name,
    store_errors,
    sync_folder,
    write_sealed,
)


class FileStore:
    """Bytes under a key, one sealed file each, named by the key's hash in 256 subfolders.

    Any string but the empty one is a key. Several processes may read while one writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_private_folder(folder)

    def get(self, key: str) -> bytes:
        """The value of `key`.

        Raises: KeyError; StoreDamagedError if its checksum does not match.
        """
        return read_sealed(self._path(key), key)

    def put(self, key: str, value: bytes) -> None:
        """Set the value of `key`, whole and durable when this returns.

        Raises: StoreError if the disk is full or refuses; the old value is then untouched.
        """
        path = self._path(key)
        if not path.parent.is_dir():
            make_private_folder(path.parent)
            with store_errors(self.folder, "write"):
                sync_folder(self.folder)
        write_sealed(path, key, value)

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens if it is not there."""
        with store_errors(self.folder, "delete"):
            self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """All keys, in no order; a file whose head cannot be read has none."""
        for path in self._values():
            try:
                yield sealed_name(path)
            except StoreDamagedError:
                continue

    def __contains__(self, key: str) -> bool:
        return self._path(key).is_file()

    def strays(self, live: Iterable[str]) -> list[Path]:
        """Files that belong to none of the `live` keys: left by a killed writer, temporary or never referred to."""
        expected = {self._path(key) for key in live}
        return [path for path in self._files() if path not in expected]

    def sweep(self, live: Iterable[str]) -> int:
        """Delete the strays and say how many there were. Only the one writer may call this."""
        strays = self.strays(live)
        with store_errors(self.folder, "delete"):
            for path in strays:
                path.unlink(missing_ok=True)
        return len(strays)

    def size(self) -> int:
        """Bytes on disk, all values together."""
        total = 0
        for path in self._files():
            with suppress(FileNotFoundError):  # a writer renames and deletes meanwhile
                total += path.stat().st_size
        return total

    def _path(self, key: str) -> Path:
        if not key:
            raise ValueError("a key must not be empty")
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:48]
        return self.folder / name[:2] / name[2:]

    def _files(self) -> Iterator[Path]:
        with store_errors(self.folder, "read"):
            for shard in sorted(path for path in self.folder.iterdir() if path.is_dir()):
                yield from sorted(shard.iterdir())

    def _values(self) -> Iterator[Path]:
        return (path for path in self._files() if not path.name.startswith(TEMPORARY))
