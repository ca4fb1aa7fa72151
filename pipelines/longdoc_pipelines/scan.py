"""What is to be known of a file before it is parsed: its place, size and times, the hash of its content, and the key of the
document that it gives."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from longdoc.config import Settings
from longdoc.errors import InputError, LimitError, NotFoundError, UnreadableError, UnsupportedError
from longdoc.ingest import PARSE_VERSION
from longdoc.ingest.domain import name_hints
from longdoc.ingest.sniff import HEAD, sniff
from longdoc_stores.records import FileRecord

# A file written within this time before it was hashed may have been written again since, with the same time stamp.
TIMESTAMP_DOUBT_NS = 2_000_000_000


def look(path: str) -> FileRecord:
    """What the file system says of a file. Raises: InputError."""
    checked = time.time_ns()
    try:
        found = os.stat(path)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no longer there") from error
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be looked at ({error.strerror})") from error
    return FileRecord(
        path=os.path.abspath(path),
        real=os.path.realpath(path),
        reached=path,
        device=found.st_dev,
        inode=found.st_ino,
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
        checked_ns=checked,
    )


def same(one: FileRecord, other: FileRecord) -> bool:
    """Whether nothing says that the file has changed."""
    return (one.device, one.inode, one.size, one.mtime_ns) == (other.device, other.inode, other.size, other.mtime_ns)


def doubtful(file: FileRecord) -> bool:
    """Whether the file may have been written again, within the same tick of the clock, after it was hashed."""
    return file.checked_ns - file.mtime_ns <= TIMESTAMP_DOUBT_NS


def content_hash(path: str, size: int, most: int) -> str:
    """The file's SHA-256. Raises: InputError, among others if its first bytes are of no format that longdoc reads."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
            _refuse_unsupported(head, path)
            if size > most:
                raise LimitError(f"{path}: has {size} bytes, the limit is {most}; raise max_file_size to read it")
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except InputError:
        raise
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def refuse_unsupported_member(source: str, path: str) -> None:
    """As for a file, of the bytes at `source` that are known as `path`. Raises: UnsupportedError, UnreadableError."""
    try:
        with open(source, "rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise UnreadableError(f"{path}: its copy cannot be read ({error.strerror}); run the command again") from error
    _refuse_unsupported(head, path)


def document_key(sha256: str, path: str, settings: Settings, *, anew: bool = False, metadata: Sequence[tuple[str, str]] = ()) -> str:
    """What names a document: its content, the parser's version, what the parser looks at of settings and file name, and what the file that
    it lies in says of it; `anew` gives another name for one whose pictures can be read since an OCR engine was installed."""
    hints = name_hints(path) if settings.domain == "auto" else ()
    parts = (
        sha256,
        PARSE_VERSION,
        settings.domain,
        Path(path).suffix.lower(),
        *hints,
        *_ocr_parts(settings),
        *(["ocr"] if anew else []),
        *metadata,
    )
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


def _ocr_parts(settings: Settings) -> tuple[str, ...]:
    """What the parser looks at of the settings of OCR, where they are not those that documents were always read with."""
    usual = {name: Settings.model_fields[name].default for name in ("ocr", "ocr_dpi", "ocr_languages")}
    return tuple(f"{name}={getattr(settings, name)}" for name, value in usual.items() if getattr(settings, name) != value)


def _refuse_unsupported(head: bytes, path: str) -> None:
    """Raise UnsupportedError if the first bytes say so; whatever else may be wrong, the parser finds on the whole file."""
    try:
        sniff(head, path)
    except UnsupportedError:
        raise
    except InputError:
        return
