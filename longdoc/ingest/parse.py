"""A file becomes a Document with its chunks: read once, sniffed, parsed, given structure, cut."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass

from longdoc.errors import ChangedError, EmptyFileError, LimitError, NotFoundError, UnreadableError
from longdoc.ingest.chunk import cut
from longdoc.ingest.sniff import sniff
from longdoc.ingest.structure import build_document
from longdoc.protocols import Ingestor, Limits
from longdoc.registry import load
from longdoc.types import Chunk, Document

PARSE_VERSION = 3
"""Changes whenever the same file could give another Document or other chunks."""

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class ParsedFile:
    """A file's Document and its chunks."""

    document: Document
    chunks: tuple[Chunk, ...]


def parse_file(
    path: str,
    *,
    password: str | None = None,
    domain: str = "auto",
    limits: Limits = DEFAULT_LIMITS,
    expected_sha256: str | None = None,
) -> ParsedFile:
    """The Document and chunks of the file at `path`; `Document.warnings` says what could not be read of it.

    Raises: InputError. ChangedError if the content is not that of `expected_sha256`, or changes while it is read.
    """
    data = read_once(path, limits)
    if expected_sha256 is not None and hashlib.sha256(data).hexdigest() != expected_sha256:
        raise ChangedError(f"{path}: changed since the run began; run the command again")
    return parse_bytes(data, path, password=password, domain=domain, limits=limits)


def parse_bytes(
    data: bytes, path: str, *, password: str | None = None, domain: str = "auto", limits: Limits = DEFAULT_LIMITS
) -> ParsedFile:
    """As `parse_file`, of bytes that are already in memory; `path` names them in errors and in the Document."""
    ingestor: Ingestor = load("ingestors", sniff(data, path))()
    parsed = ingestor.parse(data, name=path, password=password, limits=limits)
    if not parsed.text.strip():
        raise EmptyFileError(f"{path}: a {parsed.format} file without any text")
    if len(parsed.pages) > limits.pages:
        raise LimitError(f"{path}: has {len(parsed.pages)} pages, the limit is {limits.pages}; split it or raise max_pages")
    document = build_document(parsed, identifier=hashlib.sha256(data).hexdigest()[:32], path=path, domain=domain)
    return ParsedFile(document, cut(document))


def read_once(path: str, limits: Limits) -> bytes:
    """The file's bytes, all from the same moment.

    Raises: NotFoundError, UnreadableError, LimitError, ChangedError.
    """
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnreadableError(f"{path!r}: the file's name is not valid UTF-8; rename it") from error
    try:
        # Opening a named pipe would wait for a writer, so the kind is asked for first.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UnreadableError(f"{path}: not a regular file")
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > limits.file_size:
                raise LimitError(f"{path}: has {before.st_size} bytes, the limit is {limits.file_size}; raise max_file_size to read it")
            data = file.read()
            after = os.fstat(file.fileno())
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file") from error
    except OSError as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise ChangedError(f"{path}: changed while it was read; run the command again")
    return data
