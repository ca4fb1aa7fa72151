"""What is done to one file, as functions that run in any process and on any machine: parse it, read it, find its candidates.

Whatever they take and give pickles. An executor knows the stage that a failure belongs to from the Watch that they are given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from longdoc.errors import InputError, LimitError
from longdoc.ingest import OpenedFile, ParsedFile, open_bytes, open_file
from longdoc.ingest.containers import Member
from longdoc.ingest.parse import DEFAULT_LIMITS, check_content
from longdoc.ingest.worker import UNWATCHED, Watch
from longdoc.labels import LabelSet
from longdoc.protocols import Limits, Reader, Reading, Source
from longdoc.registry import load
from longdoc_pipelines.extract import best_of_each_label, to_row

READ = "read"
EXTRACT = "extract"
LONGEST = 1_000_000
"""Characters of a document that one worker reads by itself, in about half a minute; a longer one is for all cores together."""


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """A reader by its name, the threads it may take, and a folder made by `longdoc train`: what a process loads its own from."""

    name: str
    threads: int
    model: Path | None = None

    def load(self) -> Reader:
        """The reader, loaded once a process."""
        return _loaded(self)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What became of a file: its Document and chunks, None if it has no text of its own; what the reader knows of it, None if it was only
    parsed; the candidates of every label as `extract` keeps them, None if none were asked for; the files that lie in it; `problem`
    as of an OpenedFile."""

    parsed: ParsedFile | None
    reading: Reading | None = None
    candidates: str | None = None
    members: tuple[Member, ...] = ()
    problem: InputError | None = None


def read_file(
    path: str,
    *,
    password: str | None = None,
    domain: str = "auto",
    limits: Limits = DEFAULT_LIMITS,
    expected_sha256: str | None = None,
    known: ParsedFile | None = None,
    source: str | None = None,
    data: bytes | None = None,
    metadata: Mapping[str, str] | None = None,
    reader: ReaderChoice | None = None,
    labels: LabelSet | None = None,
    watch: Watch = UNWATCHED,
) -> ReadFile:
    """The file at `path` parsed, and where there is a `reader` read; with `labels` also what `extract` would find.

    What has been parsed before is `known`, and the file not opened; nor is it where `data` is its content, as on another machine. Its
    bytes lie at `source`, where that is given; `metadata` is what the file that it lies in says of it.
    A document longer than LONGEST is only parsed.

    Raises: InputError. ChangedError if the content is not that of `expected_sha256`.
    """
    if known is not None:
        opened = OpenedFile(known)
    elif data is not None:
        opened = _open_data(data, path, password, domain, limits, expected_sha256, metadata)
    else:
        opened = open_file(
            path, source=source, password=password, domain=domain, limits=limits, expected_sha256=expected_sha256, metadata=metadata
        )
    parsed = opened.parsed
    if reader is None or parsed is None or len(parsed.document.text) > LONGEST:
        return ReadFile(parsed, members=opened.members, problem=opened.problem)
    return replace(read_parsed(parsed, reader, labels, watch), members=opened.members)


def read_parsed(parsed: ParsedFile, reader: ReaderChoice, labels: LabelSet | None = None, watch: Watch = UNWATCHED) -> ReadFile:
    """A parsed file read, with the candidates of `labels` where there are any."""
    watch.entered(READ)
    chosen = reader.load()
    reading = chosen.read(parsed.document, parsed.chunks, progress=watch.progress)
    if labels is None:
        return ReadFile(parsed, reading)
    watch.entered(EXTRACT)
    clauses = best_of_each_label(chosen.extract(Source(parsed.document, reading, parsed.chunks), labels))
    return ReadFile(parsed, reading, json.dumps([to_row(clause) for clause in clauses]))


def _open_data(
    data: bytes,
    path: str,
    password: str | None,
    domain: str,
    limits: Limits,
    expected_sha256: str | None,
    metadata: Mapping[str, str] | None,
) -> OpenedFile:
    if len(data) > limits.file_size:
        raise LimitError(f"{path}: has {len(data)} bytes, the limit is {limits.file_size}; raise max_file_size to read it")
    check_content(data, path, expected_sha256)
    return open_bytes(data, path, password=password, domain=domain, limits=limits, metadata=metadata)


@cache
def _loaded(choice: ReaderChoice) -> Reader:
    reader: Reader = load("readers", choice.name)(threads=choice.threads, model=choice.model)
    return reader
