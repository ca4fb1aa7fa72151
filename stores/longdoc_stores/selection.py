"""From paths to files and documents of the catalogue.

A file is known by its absolute path. Where one was reached over a link, its real path is compared too, so that it is
found by either name and counted once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from longdoc_stores.catalogue import Catalogue
from longdoc_stores.records import Entry, FileRecord

_FILE = ", ".join(FileRecord.__dataclass_fields__)
_TOKENS = "(SELECT max(tokens) FROM readings WHERE document = number)"
_ENTRY = f"path, real, reached, document_id, key, domain, title, format, pages, {_TOKENS}"


def select(catalogue: Catalogue, paths: Sequence[str]) -> list[Entry]:
    """The documents at `paths` or below them; see Corpus.select."""
    entries: dict[str, Entry] = {}
    for named in paths or (None,):
        where, arguments = _at_or_below(named) if named is not None else ("1", [])
        rows = catalogue.rows(
            f"SELECT {_ENTRY} FROM files JOIN documents ON key = document_key "
            f"WHERE outcome IN ('ok', 'partial') AND NOT missing AND ({where})",
            arguments,
        )
        for path, real, last, *rest in sorted(rows, key=lambda row: row[0].split(os.sep)):
            shown = shown_path(path, last) if named is None else reached(named, path, real)
            entries.setdefault(real, Entry(shown, *rest))
    return list(entries.values())


def shown_path(path: str, reached: str) -> str:
    """A file's path as it was last reached, or its absolute path where that leads elsewhere from the current folder."""
    return reached if os.path.abspath(reached) == path else path


def below(catalogue: Catalogue, named: str) -> Iterator[FileRecord]:
    """The files at or below `named`, by path or by real path."""
    where, arguments = _at_or_below(named)
    for row in catalogue.rows(f"SELECT {_FILE} FROM files WHERE {where} ORDER BY path", arguments):
        yield _record(row)


def file_at(catalogue: Catalogue, path: str) -> FileRecord | None:
    """The file at the absolute `path`."""
    rows = catalogue.rows(f"SELECT {_FILE} FROM files WHERE path = ?", (path,))
    return _record(rows[0]) if rows else None


def copies(catalogue: Catalogue, document_key: str) -> list[FileRecord]:
    """The files that have this content."""
    return [_record(row) for row in catalogue.rows(f"SELECT {_FILE} FROM files WHERE document_key = ? ORDER BY path", (document_key,))]


def storable(path: str) -> bool:
    """Whether the path is text that can be kept: a name that is no valid UTF-8 cannot."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in path


def _at_or_below(named: str) -> tuple[str, list[str]]:
    if not storable(named):
        return "0", []
    absolute, real = os.path.abspath(named), os.path.realpath(named)
    conditions, arguments = [], []
    for column, path in (("path", absolute), ("real", real)):
        folder = path.rstrip(os.sep) + os.sep
        conditions.append(f"{column} = ? OR ({column} >= ? AND {column} < ?)")
        arguments += [path, folder, folder[:-1] + chr(ord(os.sep) + 1)]
    return " OR ".join(conditions), arguments


def reached(named: str, path: str, real: str) -> str:
    """The file of that absolute and real path as it is reached from `named`."""
    for target, top in ((path, os.path.abspath(named)), (real, os.path.realpath(named))):
        if target == top:
            return named
        if target.startswith(top.rstrip(os.sep) + os.sep):
            return os.path.join(named, os.path.relpath(target, top))
    return path


def _record(row: tuple[Any, ...]) -> FileRecord:
    *values, missing = row
    return FileRecord(*(*values, bool(missing)))
