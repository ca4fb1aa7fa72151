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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from longdoc.errors import MissingExtraError, NotFoundError, UnreadableError, UsageError
from longdoc.types import Outcome
from longdoc_stores.durable import make_private_folder

if TYPE_CHECKING:
    from longdoc_stores.records import Entry

FOLDER = "remote"
_MARK = "://"


def is_remote(path: str) -> bool:
    """Whether a path is an address that fsspec reads."""
    return _MARK in path and not path.startswith("file://")


class Remote:
    """The copies of one corpus, in `store`."""

    def __init__(self, store: Path) -> None:
        self._folder = store / FOLDER

    def fetch(self, paths: Sequence[str]) -> list[str]:
        """The paths with each address replaced by the folder or file that its copy is, brought up to date.

        Raises: NotFoundError, UnreadableError, MissingExtraError, UsageError that name the address.
        """
        return [self._fetch(path) if is_remote(path) else path for path in paths]

    def local(self, path: str) -> str:
        """Where the copy of an address is, or would be; any other path as it is."""
        if not is_remote(path):
            return path
        for home, address in self._known():
            if path == address or path.startswith(f"{address}/"):
                return str(home / "files" / path[len(address) + 1 :]) if path != address else self._of(home)
        return str(self._home(path) / "files")

    def shown(self, path: str) -> str:
        """The address of a copy; any other path as it is."""
        absolute, top = os.path.abspath(path), os.path.abspath(self._folder) + os.sep
        if not absolute.startswith(top):
            return path
        home, _, name = absolute[len(top) :].partition(f"{os.sep}files{os.sep}")
        index = self._index(self._folder / home)
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

    def _fetch(self, path: str) -> str:
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
        old, new = self._index(home)["files"], {}
        for name, (there, state) in names.items():
            target = home / "files" / name
            if old.get(name) != state or not target.is_file():
                _copy(files, there, target, f"{address}/{name}" if not single else address)
            new[name] = state
        for name in old.keys() - new.keys():
            (home / "files" / name).unlink(missing_ok=True)
        content = {"address": address, "single": single, "files": new}
        temporary = home / "index.json.part"
        temporary.write_text(json.dumps(content), encoding="utf-8")
        temporary.replace(home / "index.json")
        return self._of(home)

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


def _listed(files: Any, root: str) -> dict[str, tuple[str, str]]:
    """Name below `root` ("" for `root` itself) -> (path there, what changes with the file)."""
    if files.isfile(root):
        return {"": (root, str(files.ukey(root)))}
    if not files.isdir(root):
        raise FileNotFoundError(root)
    found = {}
    for there in files.find(root):
        name = there[len(root.rstrip("/")) + 1 :] if there.startswith(root.rstrip("/")) else PurePosixPath(there).name
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            continue  # hidden names are passed over, as in a folder; ".." never leads out of the copy
        found[name] = (there, str(files.ukey(there)))
    return found


def _copy(files: Any, there: str, target: Path, address: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    try:
        files.get_file(there, str(temporary))
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UnreadableError(f"{address}: cannot be copied ({error})") from error
    temporary.replace(target)
