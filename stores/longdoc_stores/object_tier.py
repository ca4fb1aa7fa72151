"""A tier on any location that fsspec knows (a folder, S3, GCS, SFTP ...): one object a value, named by the SHA-256 of its key.

An object is: magic, SHA-256 of all that follows, lengths of key and layout (4 bytes each), key, layout, data.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from longdoc.errors import LongdocError, MissingExtraError, StoreDamagedError, StoreError, StoreFullError, StoreVersionError, UsageError
from longdoc.protocols import Packed
from longdoc_stores.durable import TEMPORARY, make_private_folder, sync_folder

_FAMILY, _VERSION = b"LDBLOCK", b"1"
_MAGIC = _FAMILY + _VERSION
_HEAD = len(_MAGIC) + 32 + 8
_PEEK = 4096
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ObjectTier:
    """A durable Store under `location`, an fsspec URL or a path: what is put or deleted is so at once, `flush` has nothing to do.

    Any number may read; the budget is right while one writes. A value replaces the old one whole.
    """

    name = "object"
    durable = True

    def __init__(self, location: str, budget: int | None = None, *, storage_options: Mapping[str, Any] | None = None) -> None:
        """`budget` in bytes; `storage_options` go to the file system: credentials, endpoint.

        Raises: MissingExtraError if the location's protocol needs a package; UsageError if there is none; StoreError.
        """
        from fsspec.core import url_to_fs
        from fsspec.implementations.local import LocalFileSystem
        from fsspec.spec import AbstractFileSystem

        self.location = location
        self.budget = budget
        try:
            self._system, root = url_to_fs(location, **(storage_options or {}))
        except ImportError as error:
            protocol = location.partition("://")[0]
            raise MissingExtraError(f"{location}: a package for {protocol}:// is not installed ({error}); install it with pip") from error
        except ValueError as error:
            raise UsageError(f"{location}: no such kind of location ({error}); give a folder or a URL that fsspec knows") from error
        self._root = root.rstrip("/")
        self._local = isinstance(self._system, LocalFileSystem)
        # Where a file can be renamed, it is seen half written before; an object store shows an object when it is whole.
        self._renames = type(self._system).mv is not AbstractFileSystem.mv
        self._lock = threading.RLock()
        self._names: dict[str, str] = {}  # object name -> key, which never changes
        self._sizes: dict[str, int] = {}
        if self._local:
            make_private_folder(Path(self._root))
        elif self._renames:
            with self._errors("make the folder"):
                self._system.makedirs(self._root, exist_ok=True)
        self._list()

    def get(self, key: str) -> Packed:
        """The value, in a buffer of its own.

        Raises: KeyError; StoreDamagedError if its checksum does not match; StoreError if the location cannot be reached.
        """
        name = _name(key)
        with self._errors("read"):
            try:
                content = self._system.cat_file(self._path(name))
            except FileNotFoundError as error:
                self._check_present()
                raise KeyError(key) from error
        found, value = self._parsed(name, content)
        if found != key:
            raise StoreDamagedError(f"{self._url(name)}: holds {found!r}, not {key!r}; run `longdoc doctor --repair`")
        return value

    def put(self, key: str, value: Packed) -> None:
        """Set the value of `key`, whole and durable when this returns.

        Raises: StoreFullError if the budget or the disk does not hold it, nothing has changed then; StoreError.
        """
        name = _name(key)
        content = _content(key, value)
        with self._lock:
            if self.budget is not None and sum(self._sizes.values()) + len(content) > self.budget:
                self._list()  # another may have deleted some
                taken = sum(self._sizes.values())
                if taken + len(content) > self.budget:
                    raise StoreFullError(
                        f"{self.location}: a value of {len(content):,} bytes does not fit, {taken:,} of {self.budget:,} bytes are taken; "
                        "delete some or give the tier more"
                    )
            with self._errors("write"):
                self._write(name, content)
            self._sizes[name] = len(content)
            self._names[name] = key

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens if it is not there. Raises: StoreError."""
        self._remove(_name(key))

    def keys(self) -> Iterator[str]:
        """All keys, in any order; an object whose head cannot be read has none."""
        with self._lock:
            self._list()
            fresh = [name for name in self._sizes if name not in self._names]
            with self._errors("read"):
                heads = self._system.cat_ranges([self._path(name) for name in fresh], 0, _PEEK, on_error="return") if fresh else []
            for name, head in zip(fresh, heads, strict=True):
                with suppress(StoreError):
                    self._names[name] = self._key(name, head if isinstance(head, bytes) else b"")
            return iter([self._names[name] for name in self._sizes if name in self._names])

    def __contains__(self, key: str) -> bool:
        path = self._path(_name(key))
        with self._errors("look"):
            self._system.invalidate_cache()
            return bool(self._system.exists(path))

    def size(self) -> int:
        """Bytes of all objects, of what killed writers left too."""
        with self._lock:
            self._list()
            return sum(self._sizes.values())

    def flush(self) -> None:
        """Nothing: a put is durable when it returns."""

    def close(self) -> None:
        """Nothing: no object is held open."""

    def check(self, repair: bool = False) -> dict[str, str]:
        """Key, or name of the object -> what is wrong, after reading every object; with `repair` these are deleted."""
        problems = {}
        with self._lock:
            list(self.keys())
            names = list(self._sizes)
        for name in names:
            try:
                if name.startswith(TEMPORARY):
                    raise StoreDamagedError(f"{self._url(name)}: left by a writer that was killed; run `longdoc doctor --repair`")
                with self._errors("read"):
                    try:
                        content = self._system.cat_file(self._path(name))
                    except FileNotFoundError:
                        self._check_present()
                        continue  # deleted by another process meanwhile
                self._parsed(name, content)
            except StoreError as error:
                problems[self._names.get(name, name)] = str(error)
                if repair and isinstance(error, StoreDamagedError):
                    self._remove(name)
        return problems

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _url(self, name: str) -> str:
        return f"{self.location.rstrip('/')}/{name}"

    def _list(self) -> None:
        """Bring _sizes up to date."""
        with self._lock, self._errors("list"):
            self._system.invalidate_cache()
            try:
                entries = self._system.ls(self._root, detail=True)
            except FileNotFoundError:
                self._check_present()
                entries = []  # an object store knows no empty folder
            found = {entry["name"].rstrip("/").rpartition("/")[2]: entry["size"] for entry in entries if entry["type"] == "file"}
            self._sizes = {name: size for name, size in found.items() if name.startswith(TEMPORARY) or len(name) == 64}

    def _write(self, name: str, content: bytes) -> None:
        if not self._renames:
            self._system.pipe_file(self._path(name), content)
            return
        temporary = self._path(f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}")
        try:
            with self._system.open(temporary, "wb") as file:
                file.write(content)
                if self._local:
                    file.flush()
                    os.fsync(file.fileno())
            self._system.mv(temporary, self._path(name))
        except BaseException:
            with suppress(OSError):
                self._system.rm_file(temporary)
            raise
        if self._local:
            sync_folder(Path(self._root))

    def _remove(self, name: str) -> None:
        with self._lock, self._errors("delete"):
            try:
                self._system.rm_file(self._path(name))
            except FileNotFoundError:
                self._check_present()
            else:
                if self._local:
                    sync_folder(Path(self._root))
            self._sizes.pop(name, None)

    def _check_present(self) -> None:
        """A missing object is a missing key only while its folder or bucket is there."""
        home = self._root if self._renames else self._root.partition("/")[0]
        if home and not self._system.exists(home):
            raise StoreError(f"{self.location}: has vanished; is its volume mounted, does the bucket exist?")

    def _key(self, name: str, head: bytes) -> str:
        if not head.startswith(_MAGIC) or len(head) < _HEAD:
            self._refuse(name, head)
        length = int.from_bytes(head[len(_MAGIC) + 32 : len(_MAGIC) + 36], "big")
        if _HEAD + length > len(head):
            with self._errors("read"):
                head = self._system.cat_file(self._path(name), start=0, end=_HEAD + length)
        return head[_HEAD : _HEAD + length].decode("utf-8", "surrogatepass")

    def _parsed(self, name: str, content: bytes) -> tuple[str, Packed]:
        import torch

        from longdoc_stores.packing import load_layout

        body = memoryview(content)[len(_MAGIC) + 32 :]
        if not content.startswith(_MAGIC) or hashlib.sha256(body).digest() != content[len(_MAGIC) : len(_MAGIC) + 32]:
            self._refuse(name, content)
        key_end = 8 + int.from_bytes(body[:4], "big")
        layout_end = key_end + int.from_bytes(body[4:8], "big")
        data = torch.empty(len(body) - layout_end, dtype=torch.uint8)
        memoryview(data.numpy())[:] = body[layout_end:]  # a copy, so that it begins at an aligned address
        return bytes(body[8:key_end]).decode("utf-8", "surrogatepass"), Packed(load_layout(bytes(body[key_end:layout_end])), data)

    def _refuse(self, name: str, content: bytes) -> NoReturn:
        version = content[len(_FAMILY) : len(_MAGIC)]
        if content.startswith(_FAMILY) and version > _VERSION:
            raise StoreVersionError(f"{self._url(name)}: made by a newer longdoc (version {version!r}); upgrade longdoc")
        raise StoreDamagedError(f"{self._url(name)}: the checksum does not match; run `longdoc doctor --repair`")

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Each file system raises errors of its own, not all of them OSError."""
        try:
            yield
        except (LongdocError, KeyError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                raise StoreFullError(f"{self.location}: cannot {doing}: {error.strerror}; free some space") from error
            message = f"{self.location}: cannot {doing} ({type(error).__name__}: {error})"
            raise StoreError(f"{message}; check that it is there, can be reached and is yours to use") from error


def _name(key: str) -> str:
    if not key:
        raise ValueError("a key must not be empty")
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _content(key: str, value: Packed) -> bytes:
    from longdoc_stores.packing import dump_layout

    label, layout = key.encode("utf-8", "surrogatepass"), dump_layout(value.layout)
    data = memoryview(value.data.cpu().contiguous().numpy())
    lengths = len(label).to_bytes(4, "big") + len(layout).to_bytes(4, "big")
    digest = hashlib.sha256()
    for piece in (lengths, label, layout, data):
        digest.update(piece)
    return b"".join([_MAGIC, digest.digest(), lengths, label, layout, data])
