"""What the corpus takes and gives: files, documents selected, hits, problems, status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from longdoc.types import Domain


@dataclass(frozen=True, slots=True)
class Entry:
    """A document at a path. `path` is the file as it was reached from the path that was asked for.

    `document_key` names the content under the settings it was parsed with; `tokens` is None until it has been read.
    """

    path: str
    document_id: str
    document_key: str
    domain: Domain
    title: str | None
    format: str
    pages: int | None
    tokens: int | None


@dataclass(frozen=True, slots=True)
class ChunkHit:
    """A chunk that was found, the higher the score the better; scores compare within one result list only."""

    entry: Entry
    chunk_index: int
    score: float


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of a file since it was last looked at.

    `path` is absolute, `real` has its links followed, `reached` is as the command line had it. `checked_ns` is when
    `sha256` was last known to be true of the file. `missing` says that the file was gone at the last scan.
    """

    path: str
    real: str
    reached: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    checked_ns: int
    sha256: str | None = None
    document_key: str | None = None
    outcome: Literal["ok", "partial", "failed", "skipped"] = "ok"
    stage: str = "scan"
    reason: str | None = None
    missing: bool = False

    @property
    def good(self) -> bool:
        """Whether there is a document to select."""
        return self.outcome in ("ok", "partial")


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What the catalogue knows of a stored document without decoding it."""

    key: str
    document_id: str
    sha256: str
    domain: Domain
    format: str
    title: str | None
    pages: int | None
    characters: int
    chunks: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the corpus folder; `repaired` says whether check(repair=True) dealt with it."""

    kind: Literal["catalogue", "document", "reading", "stray", "index"]
    what: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A line of the run journal. A run that was killed stays "running" until the next one starts."""

    number: int
    started_at: str
    ended_at: str | None
    state: Literal["running", "finished", "interrupted"]
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that gave no document."""

    path: str
    stage: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier of the context store: bytes and blocks in it now (memory is empty when a process begins), its budget (None: no limit),
    the reads that it answered since the corpus was made, and their share of all (None before the first)."""

    name: str
    budget: int | None
    bytes: int
    blocks: int
    hits: int
    hit_rate: float | None


@dataclass(frozen=True, slots=True)
class Status:
    """What a corpus holds. `bytes` has the keys catalogue, blocks and index; `outcomes` counts files."""

    folder: str
    schema_version: int
    documents: int
    pages: int
    tokens: int
    chunks: int
    outcomes: dict[str, int]
    missing: list[str]
    failures: list[Failure]
    bytes: dict[str, int]
    tiers: list[Tier]
    last_run: Run | None
