"""A file becomes a Document with its chunks: read once, sniffed, parsed, given structure, cut."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace

from longdoc.errors import (
    ChangedError,
    EmptyFileError,
    InputError,
    LimitError,
    NeedsOcrError,
    NotFoundError,
    UnreadableError,
    UnsupportedError,
)
from longdoc.ingest.chunk import cut
from longdoc.ingest.containers import Member, collect
from longdoc.ingest.sniff import sniff
from longdoc.ingest.structure import build_document
from longdoc.protocols import Container, Ingestor, Limits, Parsed
from longdoc.registry import load
from longdoc.types import Chunk, Document

PARSE_VERSION = 5
"""Changes whenever the same file could give another Document or other chunks."""

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class ParsedFile:
    """A file's Document and its chunks."""

    document: Document
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True)
class OpenedFile:
    """All that a file gives: its Document and chunks, None if it has no text of its own; and the files that it holds. `problem` says why a
    file that should have text gave none, where it holds files all the same: a portfolio whose cover is a picture."""

    parsed: ParsedFile | None
    members: tuple[Member, ...] = ()
    problem: InputError | None = None


def open_file(
    path: str,
    *,
    source: str | None = None,
    password: str | None = None,
    domain: str = "auto",
    limits: Limits = DEFAULT_LIMITS,
    expected_sha256: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> OpenedFile:
    """As `parse_file`, with the files that lie in the file at `path`; its bytes lie at `source`, where that is given, and `metadata` is
    what the file that it lies in says of it.

    Raises: as `parse_file`; EmptyFileError for an archive that holds no files.
    """
    data = read_once(source or path, limits)
    check_content(data, path, expected_sha256)
    return open_bytes(data, path, password=password, domain=domain, limits=limits, metadata=metadata)


def open_bytes(
    data: bytes,
    path: str,
    *,
    password: str | None = None,
    domain: str = "auto",
    limits: Limits = DEFAULT_LIMITS,
    metadata: Mapping[str, str] | None = None,
) -> OpenedFile:
    """As `open_file`, of bytes that are already in memory."""
    reader = load("ingestors", sniff(data, path))()
    parsed, problem = None, None
    if isinstance(reader, Ingestor):
        try:
            parsed = _parse(reader, data, path, password, domain, limits)
        except (EmptyFileError, NeedsOcrError) as error:
            if not isinstance(reader, Container):
                raise
            problem = error
        else:
            if metadata:
                # Who filed it and when is known better to the submission than to the file.
                known = {**parsed.document.metadata, **metadata}
                parsed = replace(parsed, document=parsed.document.model_copy(update={"metadata": known}))
            if not any(aside.kind == "attachment" for aside in parsed.document.asides):
                return OpenedFile(parsed)
    if not isinstance(reader, Container):
        return OpenedFile(parsed)
    try:
        held = reader.members(data, name=path, password=password, limits=limits)
        members = collect(held, name=path, size=len(data), limits=limits)
    except InputError as error:
        if parsed is None:
            raise problem or error from error
        # The document itself is read; that what is attached to it is not, is said of it.
        warnings = (*parsed.document.warnings, str(error))
        return OpenedFile(replace(parsed, document=parsed.document.model_copy(update={"warnings": warnings})))
    if parsed is None and not members:
        raise problem or EmptyFileError(f"{path}: the archive holds no files")
    return OpenedFile(parsed, members, problem)


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
    check_content(data, path, expected_sha256)
    return parse_bytes(data, path, password=password, domain=domain, limits=limits)


def parse_bytes(
    data: bytes, path: str, *, password: str | None = None, domain: str = "auto", limits: Limits = DEFAULT_LIMITS
) -> ParsedFile:
    """As `parse_file`, of bytes that are already in memory; `path` names them in errors and in the Document."""
    ingestor = load("ingestors", sniff(data, path))()
    if not isinstance(ingestor, Ingestor):
        raise UnsupportedError(f"{path}: has no text of its own; ingest it, and read the files in it")
    return _parse(ingestor, data, path, password, domain, limits)


def check_content(data: bytes, path: str, expected_sha256: str | None) -> None:
    """That the bytes are those that were hashed before. Raises: ChangedError."""
    if expected_sha256 is not None and hashlib.sha256(data).hexdigest() != expected_sha256:
        raise ChangedError(f"{path}: changed since the run began; run the command again")


def _parse(ingestor: Ingestor, data: bytes, path: str, password: str | None, domain: str, limits: Limits) -> ParsedFile:
    parsed = ingestor.parse(data, name=path, password=password, limits=limits)
    if not parsed.text.strip():
        raise EmptyFileError(f"{path}: a {parsed.format} file without any text")
    check_output(parsed, path, limits)
    document = build_document(parsed, identifier=hashlib.sha256(data).hexdigest()[:32], path=path, domain=domain)
    return ParsedFile(document, cut(document))


def check_output(parsed: Parsed, path: str, limits: Limits) -> None:
    """Nothing of what a parser gives may be more than a corpus can hold.

    Raises: LimitError.
    """
    if len(parsed.pages) > limits.pages:
        raise LimitError(f"{path}: has {len(parsed.pages)} pages, the limit is {limits.pages}; split it or raise max_pages")
    if len(parsed.text) > limits.characters:
        raise LimitError(
            f"{path}: has {len(parsed.text)} characters of text, the limit is {limits.characters}; split it or raise max_characters"
        )
    parts = len(parsed.blocks) + len(parsed.asides) + sum(len(table.cells) for table in parsed.tables)
    if parts > limits.parts:
        raise LimitError(f"{path}: has {parts} paragraphs, cells and notes, the limit is {limits.parts}; split it")


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
