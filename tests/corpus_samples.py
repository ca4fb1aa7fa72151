"""Small documents, a reader that needs no model, and an executor that runs in this process."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module

import numpy as np
import numpy.typing as npt

from longdoc.labels import LabelSet
from longdoc.protocols import Done, Job, Reading, Source
from longdoc.types import Answer, Chunk, Clause, Document, Passage, Span, Summary
from longdoc_stores.corpus import Corpus, Entry
from longdoc_stores.records import FileRecord

DIMENSION = 16


class WordReader:
    """A Reader whose vectors are hashed words: texts with the same words are near each other."""

    name = "words"
    label_by_label = False

    def __init__(self, fingerprint: str = "words/1") -> None:
        self.fingerprint = self.reading_fingerprint = fingerprint
        self.read_paths: list[str] = []

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        self.read_paths.append(document.path)
        found = [(match.start(), match.end(), chunk.index) for chunk in chunks for match in _sentences(document, chunk)]
        if progress:
            progress(len(document.text.split()))
        return Reading(
            sentences=np.array([row[:2] for row in found], dtype=np.int32).reshape(-1, 2),
            chunk_of_sentence=np.array([row[2] for row in found], dtype=np.int32),
            chunk_vectors=self.embed([document.quote(chunk.span) for chunk in chunks]).astype(np.float16),
            sentence_vectors=self.embed([document.text[start:end] for start, end, _ in found]).astype(np.float16),
            salience=np.full(len(found), 0.5, dtype=np.float32),
            tokens=len(document.text.split()),
        )

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, hashlib.sha256(word.encode()).digest()[0] % DIMENSION] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)

    def extract(self, source: Source, labels: LabelSet) -> list[Clause]:
        return []

    def summarize(self, source: Source, *, sentences: int | None = None, focus: str | None = None) -> Summary:
        document = source.document
        return Summary(document_id=document.id, path=document.path, title=document.title, domain=document.domain, sentences=())

    def answer(self, question: str, passages: Sequence[Passage], source: Callable[[str], Source]) -> Answer:
        return Answer(question=question, found=False, text="Not found.")


class HereExecutor:
    """An Executor without processes: one job after the other, a failure as data."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.closed = False

    def map(self, function: str, jobs: Iterable[Job]) -> Iterator[Done]:
        module, _, name = function.partition(":")
        run = getattr(import_module(module), name)
        for job in jobs:
            self.jobs.append(job)
            try:
                yield Done(job.key, value=run(**job.arguments))
            except Exception as error:  # noqa: BLE001 - what an executor is for
                yield Done(job.key, error=error)

    def close(self) -> None:
        self.closed = True


def make_document(text: str, path: str = "a.txt", title: str | None = None) -> tuple[Document, tuple[Chunk, ...]]:
    """A plain text document with one chunk a paragraph; a line "# Title" before it is its heading."""
    identifier = hashlib.sha256(text.encode()).hexdigest()[:32]
    chunks: list[Chunk] = []
    heading: tuple[str, ...] = ()
    for match in re.finditer(r"[^\n]+", text):
        if match[0].startswith("# "):
            heading = (match[0][2:],)
        else:
            span = Span(start=match.start(), end=match.end())
            chunks.append(Chunk(document_id=identifier, index=len(chunks), span=span, heading_path=heading))
    return Document(id=identifier, path=path, format="txt", text=text, title=title), tuple(chunks)


def file_record(path: str, text: str, **changes: object) -> FileRecord:
    """A record of a file with that content."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    values = {"real": path, "reached": path, "device": 1, "inode": 1, "size": len(text), "mtime_ns": 1, "checked_ns": 2}
    return FileRecord(**{"path": path, **values, "sha256": sha256, "document_key": sha256[:32], "stage": "read", **changes})


READER = WordReader()
LEASE = "# Term\nThe lease runs for ten years.\n# Rent\nRent is 1,577 dollars a month.\n"
LOAN = "# Interest\nThe loan bears interest at five percent.\n# Law\nDelaware law governs the loan.\n"


def put(corpus: Corpus, path: str, text: str, reader: WordReader = READER) -> None:
    """Commit a file of that text, read by `reader`."""
    document, chunks = make_document(text, path)
    record = file_record(path, text)
    new = corpus.documents.facts(str(record.document_key)) is None
    corpus.commit(record, parsed=(document, chunks) if new else None, reading=(reader.fingerprint, reader.read(document, chunks)))


def only(corpus: Corpus, path: str) -> Entry:
    """The one document at or below `path`."""
    (entry,) = corpus.select([path])
    return entry


def _sentences(document: Document, chunk: Chunk) -> Iterator[re.Match[str]]:
    return re.compile(r"\S[^.]*\.?").finditer(document.text, chunk.span.start, chunk.span.end)
