"""What a file that holds other files gives: its members, each a name and bytes, read in the sandbox and nowhere else.

A format is a container if its ingestor has a method `members` (longdoc.protocols.Container). One that has no `parse` beside it, such as a
ZIP archive, has no text of its own; of the others (a message, a PDF with attachments) `members` is only asked where the document has an
Aside of the kind "attachment".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from longdoc.errors import InputError, LimitError
from longdoc.protocols import Limits

SMALL = 16 << 20
"""Bytes that a container may unpack to whatever its own size."""
LONGEST_NAME = 1000
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DRIVE = re.compile(r"^[A-Za-z]:(?=/|$)")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside another: its name as the container tells it (not yet safe as a path), its bytes, and what else is known of it.

    `problem` says why there are no bytes: the member is encrypted, damaged, or a link.
    """

    name: str
    data: bytes
    metadata: dict[str, str] = field(default_factory=dict)
    problem: InputError | None = None


def collect(members: Iterable[Member], *, name: str, size: int, limits: Limits) -> tuple[Member, ...]:
    """All members of a container of `size` bytes, with names that are safe below its own and no two alike.

    Raises: LimitError as soon as there are too many or too large ones.
    """
    kept: list[Member] = []
    names: set[str] = set()
    total = 0
    for member in members:
        total += len(member.data)
        check_unpacked(len(kept) + 1, total, name=name, size=size, limits=limits)
        own = unique(safe_name(member.name), names)
        names.add(own)
        kept.append(replace(member, name=own))
    return tuple(kept)


def check_unpacked(count: int, total: int, *, name: str, size: int, limits: Limits) -> None:
    """That so many members of so many bytes together may come out of a file of `size` bytes.

    Raises: LimitError with both numbers.
    """
    if count > limits.members:
        raise LimitError(f"{name}: holds {count} files or more, the limit is {limits.members}; unpack it, or raise max_members")
    if total > limits.unpacked:
        raise LimitError(f"{name}: unpacks to {total} bytes or more, the limit is {limits.unpacked}; unpack it, or raise max_unpacked")
    if total > max(SMALL, limits.ratio * size):
        raise LimitError(
            f"{name}: unpacks to {total} bytes or more, {total // max(size, 1)} times its size, the limit is {limits.ratio} times; "
            "unpack it if you trust it, or raise max_ratio"
        )


def safe_name(name: str) -> str:
    """The name as a relative path that leads nowhere but below: no root, no drive, no "..", no control characters."""
    plain = _UNFIT.sub("_", unicodedata.normalize("NFC", name.replace("\\", "/")))
    parts = [part.strip() for part in _DRIVE.sub("", plain).split("/")]
    safe = "/".join(part for part in parts if part not in ("", ".", ".."))
    if len(safe) > LONGEST_NAME:
        safe = safe[:LONGEST_NAME].rstrip("/") + PurePosixPath(safe).suffix[:16]
    return safe or "unnamed"


def unique(name: str, taken: set[str]) -> str:
    """The name, with a number before its suffix if it is taken: "a.pdf", "a (2).pdf"."""
    path, number, found = PurePosixPath(name), 1, name
    while found in taken:
        number += 1
        found = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
    return found
