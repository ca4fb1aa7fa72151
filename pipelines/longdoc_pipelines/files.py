"""From the paths of a command line to files, each once, in a fixed order."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from longdoc.errors import InputError, NotFoundError, UnreadableError
from longdoc.types import Outcome
from longdoc_stores.corpus import is_corpus


@dataclass(frozen=True, slots=True)
class Inside:
    """Where the bytes of a member of a container lie, with their hash and size, and what the container says of it (name, value); `root` is
    the outermost container."""

    root: str
    sha256: str
    size: int
    source: str
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or a path that gives none: `problem` says why, `skipped` that it is no failure.

    `path` is as it was reached from the command line; `named` says that the command line had it, not a folder's listing. A member of a
    container is `inside` it, below `depth` containers. `within` are the paths of members that are wanted of a container, () for all.
    """

    path: str
    named: bool
    problem: InputError | None = None
    skipped: bool = False
    inside: Inside | None = None
    depth: int = 0
    within: tuple[str, ...] = ()


def walk(paths: Sequence[str]) -> Iterator[Found]:
    """The files at and below `paths`, in their order, inside a folder by name, each once however often it is reached.

    Inside a folder, hidden names and corpus folders are passed over; links are followed, a folder is entered once.
    """
    seen: set[str] = set()
    members: dict[str, list[str]] = {}
    for path in paths:
        container = container_of(path)
        if container is None:
            yield from _named(path, seen)
        else:
            members.setdefault(container, []).append(path)
    # After all others: where the container itself is among them, everything in it is wanted.
    for container, wanted in members.items():
        for found in _named(container, seen):
            yield replace(found, within=tuple(wanted))


def container_of(path: str) -> str | None:
    """The file that `path` would lie in if that file is a container ("a.zip" for "a.zip/b/c.pdf"), None if there is no such file."""
    if "\0" in path or os.path.lexists(path):
        return None
    parent = os.path.dirname(path.rstrip(os.sep))
    while parent and not os.path.lexists(parent):
        above = os.path.dirname(parent.rstrip(os.sep))
        parent = above if above != parent else ""
    return parent if parent and os.path.isfile(parent) else None


def shown(path: str) -> str:
    """The path as text: bytes that are no UTF-8 become backslash escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _named(path: str, seen: set[str]) -> Iterator[Found]:
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        yield Found(path, True, NotFoundError(f"{shown(path)}: no such file or folder"))
        return
    except (OSError, ValueError) as error:
        yield Found(path, True, UnreadableError(f"{shown(path)}: cannot be looked at ({_why(error)})"))
        return
    if not stat.S_ISDIR(mode):
        yield from _file(path, mode, True, seen)
    elif is_corpus(Path(path)):
        yield Found(path, True, UnreadableError(f"{shown(path)}: a corpus folder; name the documents themselves"))
    else:
        known = len(seen)
        found = list(_folder(path, seen))
        if not found and len(seen) == known + 1:
            found = [Found(path, True, NotFoundError(f"{shown(path)}: the folder holds no files"), skipped=True)]
        yield from found


def _folder(path: str, seen: set[str]) -> Iterator[Found]:
    real = os.path.realpath(path)
    if real in seen:
        return
    seen.add(real)
    try:
        names = sorted(name for name in os.listdir(path) if not name.startswith("."))
    except OSError as error:
        yield Found(path, False, UnreadableError(f"{shown(path)}: the folder cannot be read ({_why(error)})"))
        return
    for name in names:
        inner = os.path.join(path, name)
        try:
            mode = os.stat(inner).st_mode
        except FileNotFoundError:
            yield Found(inner, False, NotFoundError(f"{shown(inner)}: a link that leads nowhere"), skipped=True)
        except OSError as error:
            yield Found(inner, False, UnreadableError(f"{shown(inner)}: cannot be looked at ({_why(error)})"))
        else:
            if not stat.S_ISDIR(mode):
                yield from _file(inner, mode, False, seen)
            elif not is_corpus(Path(inner)):
                yield from _folder(inner, seen)


def _file(path: str, mode: int, named: bool, seen: set[str]) -> Iterator[Found]:
    real = os.path.realpath(path)
    if real in seen:
        return
    seen.add(real)
    if not stat.S_ISREG(mode):
        yield Found(path, named, UnreadableError(f"{shown(path)}: not a regular file"), skipped=not named)
    elif shown(path) != path:
        yield Found(path, named, UnreadableError(f"{shown(path)}: the file's name is not valid UTF-8; rename it"))
    else:
        yield Found(path, named)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def in_order_of(paths: Sequence[str]) -> Callable[[Outcome], tuple[int, list[str]]]:
    """A sort key that puts outcomes in the order of the paths that they were reached from."""

    def key(outcome: Outcome) -> tuple[int, list[str]]:
        parts = outcome.path.split(os.sep)
        for position, path in enumerate(paths):
            top = path.rstrip(os.sep).split(os.sep) if path != "." else []
            if parts[: len(top)] == top:
                return position, parts
        return len(paths), parts

    return key
