"""Files inside files: kept below the corpus folder by their content, known everywhere by a path below their container's.

    members/<sha256>          the bytes of a member
    members/<sha256>.json     what a container of that content holds: names, contents, problems

"mail.zip/a.eml/lease.pdf" is a path like any other to the catalogue, so that a container is asked about as a folder is. Since a copy is
named by its content, a container that is moved, copied or unchanged costs nothing, and a changed member changes nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path

from longdoc import errors
from longdoc.errors import InputError, LimitError, StoreError, UnsupportedError
from longdoc.ingest import OpenedFile
from longdoc.ingest.containers import Member, unique
from longdoc.protocols import Limits
from longdoc_pipelines.files import Found, Inside, container_of
from longdoc_stores.corpus import Corpus
from longdoc_stores.durable import TEMPORARY, make_private_folder, store_errors, sync_folder
from longdoc_stores.records import FileRecord

FOLDER = "members"
UNPACK_VERSION = 2
"""Changes whenever the same container could give other members."""


@dataclass(frozen=True, slots=True)
class Held:
    """A member as a listing has it: `problem` is the class and the message of what is wrong with it; then there are no bytes."""

    name: str
    sha256: str
    size: int
    problem: tuple[str, str] | None = None
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What a container holds; `own_text` says that it is a document beside, `problem` why it is none though it should be."""

    own_text: bool
    held: tuple[Held, ...]
    problem: InputError | None = None

    @property
    def whole(self) -> bool:
        """Whether every member was read that can be: a failure is never taken for a result."""
        return self.problem is None and all(one.problem is None or one.problem[0] == UnsupportedError.__name__ for one in self.held)


class Containers:
    """The members of one corpus, in `store`, and how much the containers of this run hold in all."""

    def __init__(self, store: Path, limits: Limits) -> None:
        self.folder = store / FOLDER
        self._limits = limits
        self._held: dict[str, tuple[int, int]] = {}

    def listing(self, sha256: str | None) -> Listing | None:
        """What the container of that content holds, None where that is not known."""
        file = self.folder / f"{sha256}.json"
        if sha256 is None or not file.is_file():
            return None
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != UNPACK_VERSION:
            return None
        held = tuple(
            Held(name, own, size, tuple(problem) if problem else None, tuple(map(tuple, metadata)))
            for name, own, size, problem, metadata in content["held"]
        )
        lost = any(one.problem is None and not self.blob(one.sha256).is_file() for one in held)
        return None if lost else Listing(content["own_text"], held)

    def keep(self, sha256: str, opened: OpenedFile) -> Listing | None:
        """Store what the file of that content holds; None if it holds nothing. Durable when this returns.

        Raises: StoreError.
        """
        if not opened.members:
            return None
        make_private_folder(self.folder)
        listing = Listing(opened.parsed is not None, tuple(self._put(member) for member in opened.members), opened.problem)
        sync_folder(self.folder)
        rows = [[one.name, one.sha256, one.size, one.problem, one.metadata] for one in listing.held]
        if listing.problem is not None:
            # Its text may be read next time: a failure is never taken for a result.
            return listing
        content = {"version": UNPACK_VERSION, "own_text": listing.own_text, "held": rows}
        self._write(self.folder / f"{sha256}.json", json.dumps(content).encode())
        sync_folder(self.folder)
        return listing

    def check(self, item: Found, listing: Listing) -> None:
        """Count what a container holds towards what its outermost container may hold.

        Raises: LimitError.
        """
        if item.depth >= self._limits.depth:
            raise LimitError(f"{item.path}: nested {item.depth + 1} deep, the limit is {self._limits.depth}; unpack it, or raise max_depth")
        root = item.inside.root if item.inside else item.path
        count, size = self._held.get(root, (0, 0))
        count, size = count + len(listing.held), size + sum(one.size for one in listing.held)
        for found, most, what, name in (
            (count, self._limits.members, "files", "max_members"),
            (size, self._limits.unpacked, "bytes", "max_unpacked"),
        ):
            if found > most:
                raise LimitError(f"{item.path}: with it, {root} holds {found} {what}, the limit is {most}; unpack it, or raise {name}")
        self._held[root] = (count, size)

    def found(self, item: Found, listing: Listing, taken: set[str]) -> list[Found]:
        """The members as files to ingest; `taken` are absolute paths that others have."""
        found = []
        root = item.inside.root if item.inside else item.path
        for one in listing.held:
            path = unique(f"{item.path}/{one.name}", {path for path in (f"{item.path}/{one.name}",) if os.path.abspath(path) in taken})
            absolute = os.path.abspath(path)
            if item.within and not any(_along(absolute, os.path.abspath(wanted)) for wanted in item.within):
                continue
            taken.add(absolute)
            inside = Inside(root, one.sha256, one.size, str(self.blob(one.sha256)), one.metadata)
            problem = _problem(one, path)
            skipped = isinstance(problem, UnsupportedError)
            found.append(Found(path, False, problem, skipped, inside=inside, depth=item.depth + 1, within=item.within))
        return found

    def refused(self, item: Found, listing: Listing, error: LimitError, taken: set[str]) -> list[Found]:
        """The members of a document, each refused for the same reason."""
        return [replace(one, problem=LimitError(f"{one.path}: not opened ({error})")) for one in self.found(item, listing, taken)]

    def blob(self, sha256: str) -> Path:
        """Where the bytes of a member lie."""
        return self.folder / sha256

    def local(self, path: str, corpus: Corpus) -> str:
        """Where the bytes of the file at `path` lie: its copy, for a member; else the path itself."""
        known = None if os.path.exists(path) else corpus.file(os.path.abspath(path))
        copy = self.blob(known.sha256) if known is not None and known.sha256 is not None else None
        return str(copy) if copy is not None and copy.is_file() else path

    def sweep(self, corpus: Corpus) -> None:
        """Remove what no file of the corpus has or holds; what a killed run left goes too."""
        if not self.folder.is_dir():
            return
        known = {str(sha256) for (sha256,) in corpus.catalogue.rows("SELECT DISTINCT sha256 FROM files WHERE sha256 IS NOT NULL")}
        kept = {sha256 for sha256 in known if (self.folder / f"{sha256}.json").is_file()}
        contents = {one.sha256 for sha256 in kept if (listing := self.listing(sha256)) for one in listing.held}
        keep = known | contents | {f"{sha256}.json" for sha256 in kept}
        with store_errors(self.folder, "remove members"):
            for file in self.folder.iterdir():
                if file.name not in keep:
                    file.unlink()

    def _put(self, member: Member) -> Held:
        if member.problem is not None:
            return Held(member.name, "", 0, (type(member.problem).__name__, str(member.problem)))
        metadata = tuple(sorted(member.metadata.items()))
        sha256 = hashlib.sha256(member.data).hexdigest()
        if not self.blob(sha256).is_file():
            self._write(self.blob(sha256), member.data)
        return Held(member.name, sha256, len(member.data), metadata=metadata)

    def _write(self, path: Path, content: bytes) -> None:
        temporary = self.folder / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
        with store_errors(path, "write"):
            try:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise


def record_of(item: Found) -> FileRecord:
    """What is known of a member before it is parsed."""
    if item.inside is None:
        raise StoreError(f"{item.path}: not a member of a container")
    return FileRecord(
        path=os.path.abspath(item.path),
        real=os.path.realpath(item.path),
        reached=item.path,
        device=0,
        inode=0,
        size=item.inside.size,
        mtime_ns=0,
        checked_ns=time.time_ns(),
        sha256=item.inside.sha256 or None,
    )


def exists(path: str) -> bool:
    """Whether there is a file at `path`, or a container that may hold it."""
    return os.path.exists(path) or container_of(path) is not None


def _along(path: str, wanted: str) -> bool:
    """Whether `path` is what is wanted, lies below it, or leads to it."""
    return path == wanted or path.startswith(wanted + os.sep) or wanted.startswith(path + os.sep)


def _problem(one: Held, path: str) -> InputError | None:
    if one.problem is None:
        return None
    kind, message = one.problem
    known = getattr(errors, kind, InputError)
    # The listing may have been made of the same content at another place.
    where, _, what = message.partition(f"/{one.name}: ")
    return known(f"{path}: {what}") if where and what else known(message)
