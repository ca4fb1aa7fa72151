"""Inputs at any fsspec address ("s3://bucket/contracts"): copied below the corpus folder, and again where they have changed.

    remote/<hash of the address>/files/<name below the address>
    remote/<hash of the address>/index.json     what fsspec says of each file, by which a change is seen

A document is known by its address everywhere; where a file is needed (a page is drawn) its copy is taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from longdoc.errors import InputError, MissingExtraError, NotFoundError, UnreadableError, UsageError
from longdoc.types import Outcome
from longdoc_stores.durable import make_private_folder

if TYPE_CHECKING:
    from longdoc_stores.records import Entry

FOLDER = "remote"
_MARK = "://"
_HERE = ("file://", "local://")
_SAVED_EVERY = 100
"""Copies after which it is written down what is there: a fetch that is killed goes on where it was."""
Tell = Callable[[str, InputError], None]


def is_remote(path: str) -> bool:
    """Whether a path is an address of what lies elsewhere, which fsspec reads."""
    return _MARK in path and not path.startswith(_HERE)


def here(path: str) -> str:
    """The path of a file or folder of this machine whose address is given (file://); any other as it is."""
    if not path.startswith(_HERE):
        return path
    from fsspec.implementations.local import LocalFileSystem

    return str(LocalFileSystem._strip_protocol(path))


class Remote:
    """The copies of one corpus, in `store`."""

    def __init__(self, store: Path) -> None:
        self._folder = store / FOLDER

    def fetch(self, paths: Sequence[str], tell: Tell | None = None) -> list[str]:
        """The paths with each address replaced by the folder or file that its copy is, brought up to date. `tell` is called with the
        address of a file that cannot be copied and why; there is no copy of it then.

        Raises: NotFoundError, UnreadableError, MissingExtraError, UsageError that name the address.
        """
        return [self._fetch(path, tell) if is_remote(path) else here(path) for path in paths]

    def fetched(self, path: str) -> str:
        """The address with which a copy was fetched, that of a folder perhaps; any other path as it is."""
        home = self._home_of(path)
        return path if home is None else str(self._index(home)["address"])

    def local(self, path: str) -> str:
        """Where the copy of an address is, or would be; any other path as it is."""
        if not is_remote(path):
            return here(path)
        for home, address in self._known():
            if path == address or path.startswith(f"{address}/"):
                return str(home / "files" / path[len(address) + 1 :]) if path != address else self._of(home)
        return str(self._home(path) / "files")

    def shown(self, path: str) -> str:
        """The address of a copy; any other path as it is."""
        home = self._home_of(path)
        if home is None:
            return path
        index = self._index(home)
        name = os.path.relpath(os.path.abspath(path), home / "files").removeprefix(".")
        return index["address"] if index["single"] else f"{index['address']}/{name}" if name else index["address"]

    def outcome(self, outcome: Outcome) -> Outcome:
        """An outcome that names the address."""
        shown = self.shown(outcome.path)
        if shown == outcome.path:
            return outcome
        reason = outcome.reason.replace(outcome.path, shown) if outcome.reason is not None else None
        return outcome.model_copy(update={"path": shown, "reason": reason})

    def entry(self, entry: Entry) -> Entry:
        """An entry whose path is the address."""
        shown = self.shown(entry.path)
        return entry if shown == entry.path else replace(entry, path=shown)

    def forget(self, paths: Sequence[str]) -> None:
        """Remove the copies of these addresses."""
        for path in paths:
            if is_remote(path):
                home = self._home(path.rstrip("/"))
                if home.is_dir():
                    shutil.rmtree(home)
                elif os.path.isfile(self.local(path)):
                    os.unlink(self.local(path))

    # Copies

    def _fetch(self, path: str, tell: Tell | None) -> str:
        from fsspec.core import url_to_fs

        address = path.rstrip("/")
        try:
            files, root = url_to_fs(address)
            listed = _listed(files, root)
        except ImportError as error:
            raise MissingExtraError(f"{address}: {error}") from error
        except FileNotFoundError as error:
            raise NotFoundError(f"{address}: no such file or folder") from error
        except ValueError as error:
            raise UsageError(f"{address}: not an address that fsspec knows ({error})") from error
        except OSError as error:
            raise UnreadableError(f"{address}: cannot be listed ({error})") from error
        home = self._home(address)
        make_private_folder(home.parent)
        make_private_folder(home)
        single = set(listed) == {""}
        names = {name or PurePosixPath(root).name: there for name, there in listed.items()}
        old: dict[str, str | None] = self._index(home)["files"]
        new: dict[str, str | None] = {}
        copied = 0
        for name, (there, state) in names.items():
            target = home / "files" / name
            if state is None or old.get(name) != state or not target.is_file():
                shown = address if single else f"{address}/{name}"
                try:
                    _copy(files, there, target, shown)
                except InputError as error:
                    if tell is None or single:
                        raise
                    target.unlink(missing_ok=True)
                    tell(shown, error)
                    continue
                copied += 1
                if copied % _SAVED_EVERY == 0:
                    self._write(home, address, single, {**old, **new, name: state})
            new[name] = state
        for name in old.keys() - new.keys():
            (home / "files" / name).unlink(missing_ok=True)
        self._write(home, address, single, new)
        return self._of(home)

    def _write(self, home: Path, address: str, single: bool, files: dict[str, str | None]) -> None:
        temporary = home / "index.json.part"
        temporary.write_text(json.dumps({"address": address, "single": single, "files": files}), encoding="utf-8")
        temporary.replace(home / "index.json")

    def _home_of(self, path: str) -> Path | None:
        """The folder of the copy that `path` is, or that it lies in."""
        absolute, top = os.path.abspath(path), os.path.abspath(self._folder) + os.sep
        return self._folder / absolute[len(top) :].partition(os.sep)[0] if absolute.startswith(top) else None

    def _of(self, home: Path) -> str:
        index = self._index(home)
        return str(home / "files" / next(iter(index["files"]))) if index["single"] and index["files"] else str(home / "files")

    def _home(self, address: str) -> Path:
        return self._folder / hashlib.sha256(address.encode()).hexdigest()[:16]

    def _known(self) -> list[tuple[Path, str]]:
        homes = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        return [(home, str(self._index(home)["address"])) for home in homes if (home / "index.json").is_file()]

    def _index(self, home: Path) -> dict[str, Any]:
        file = home / "index.json"
        empty: dict[str, Any] = {"address": "", "single": False, "files": {}}
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else empty


def _listed(files: Any, root: str) -> dict[str, tuple[str, str | None]]:
    """Name below `root` ("" for `root` itself) -> (path there, what changes with the file, None if it cannot be told)."""
    if files.isfile(root):
        return {"": (root, str(files.ukey(root)))}
    if not files.isdir(root):
        raise FileNotFoundError(root)
    found: dict[str, tuple[str, str | None]] = {}
    for there in files.find(root):
        name = there[len(root.rstrip("/")) + 1 :] if there.startswith(root.rstrip("/")) else PurePosixPath(there).name
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            continue  # hidden names are passed over, as in a folder; ".." never leads out of the copy
        found[name] = (there, _state(files, there))
    return found


def _state(files: Any, there: str) -> str | None:
    try:
        return str(files.ukey(there))
    except OSError:
        return None  # it has just gone, or may not be looked at: the copy will tell


def _copy(files: Any, there: str, target: Path, address: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    try:
        files.get_file(there, str(temporary))
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UnreadableError(f"{address}: cannot be copied ({error})") from error
    temporary.replace(target)
