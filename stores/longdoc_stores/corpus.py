"""The corpus folder: what has been read of a set of files, and what was found in it.

    folder/             0700; its files 0600
      catalogue.sqlite  files, documents, words, readings, results, runs (catalogue.py)
      context/          what readers know of documents: a context store a reader (readings.py)
      lock              held by the one writer, names its process
      reviewing-...     held by the one that reviews by a playbook
      remote/           copies of files that lie elsewhere (longdoc_pipelines/remote.py)
      members/          copies of files that lie in others (longdoc_pipelines/containers.py)

A document is stored once however many files have its content, under a key made of content, parser version and settings;
a corpus holds the documents of its files and no others. A reading is durable before the transaction that refers to it, so a
reader never misses one, and what a killed writer leaves behind is a reading that nothing refers to: the next writer sweeps it.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreError
from longdoc.protocols import Reading
from longdoc.types import Chunk, Document
from longdoc_stores import document_codec, lexical, selection
from longdoc_stores.catalogue import Catalogue
from longdoc_stores.context_settings import ContextSettings
from longdoc_stores.doctor import check
from longdoc_stores.documents import Documents
from longdoc_stores.durable import make_private_folder, store_errors
from longdoc_stores.lock import WriterLock
from longdoc_stores.readings import KEPT, Readings
from longdoc_stores.records import ChunkHit, Entry, FileRecord, Problem, Run, Status
from longdoc_stores.search import Search
from longdoc_stores.selected import Selector
from longdoc_stores.status import last_run, status
from longdoc_stores.verdicts import Verdicts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["ChunkHit", "Corpus", "Entry", "is_corpus"]

CATALOGUE = "catalogue.sqlite"
_PARTS = frozenset({CATALOGUE, f"{CATALOGUE}-wal", f"{CATALOGUE}-shm", "context", "lock", "remote", "members"})
_OLD_PARTS = frozenset({"arrays", "index"})
"""Where version 1 kept readings and their index."""
_PUT_FILE = f"INSERT OR REPLACE INTO files VALUES ({', '.join('?' * len(FileRecord.__dataclass_fields__))})"


def is_corpus(folder: Path) -> bool:
    """Whether `folder` is a corpus folder."""
    return (folder / CATALOGUE).is_file() and (folder / "context").is_dir()


class Corpus:
    """A corpus folder, made if it is not there. Any number of processes may read while one writes.

    `exclusive` holds the writer's lock from the start; otherwise it is taken for as long as something is written.
    `wait` is how many seconds to wait for another writer, `budgets` says how much RAM and disk what readers know may take.

    Raises: StoreError if the folder cannot be used or holds something else; StoreVersionError if it is newer;
    StoreBusyError if it is to be exclusive and another process writes; StoreDamagedError.
    """

    def __init__(self, folder: Path, *, exclusive: bool = False, wait: float = 5.0, budgets: ContextSettings = KEPT) -> None:
        self.folder = Path(folder)
        self.wait = wait
        _check_folder(self.folder)
        make_private_folder(self.folder)
        self.readings = Readings(self.folder / "context", budgets)
        self.catalogue = Catalogue(self.folder / CATALOGUE)
        self.documents = Documents(self.catalogue, self.readings)
        self.verdicts = Verdicts(self.catalogue)
        self._search = Search(self.catalogue, self.readings, Selector(self.catalogue))
        self._lock = WriterLock(self.folder / "lock")
        self._reviewing: dict[str, WriterLock] = {}
        self._guard = threading.Lock()
        self._writers = 0
        if exclusive:
            try:
                self._begin_writing(wait, sweep=True)
            except BaseException:
                self.catalogue.close()
                raise

    def close(self) -> None:
        """Let go of the folder."""
        hits = [(name, number) for name, number in self.readings.hits().items() if number]
        with suppress(StoreError):  # counts for `status`: not worth an error where nothing can be written
            add = "INSERT INTO tier_reads VALUES (?, ?) ON CONFLICT (tier) DO UPDATE SET hits = hits + excluded.hits"
            self.catalogue.run_many(add, iter(hits))
        self.readings.close()
        for playbook in list(self._reviewing):
            self.end_review(playbook)
        self._lock.release()
        self.catalogue.close()

    def __enter__(self) -> Corpus:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def writing(self, wait: float | None = None, sweep: bool = True) -> Iterator[None]:
        """Be the one writer, for as long as this lasts; inside another `writing` it is the same writer.

        `wait` stands in for the corpus's own; `sweep` clears away what a killed writer left.

        Raises: StoreBusyError if another process (or another Corpus) writes for longer than that.
        """
        self._begin_writing(self.wait if wait is None else wait, sweep)
        try:
            yield
        finally:
            with self._guard:
                self._writers -= 1
                if self._writers == 0:
                    self._lock.release()

    def _begin_writing(self, wait: float, sweep: bool) -> None:
        with self._guard:
            if not self._lock.held:
                self._lock.acquire(wait)
                try:
                    if sweep:
                        for name in _OLD_PARTS:
                            shutil.rmtree(self.folder / name, ignore_errors=True)
                        self.readings.sweep(self.documents.live())
                except BaseException:
                    self._lock.release()
                    raise
            self._writers += 1

    def begin_review(self, playbook: str) -> None:
        """Be the one who reviews by that playbook until `end_review` or `close`: what another run found so far would be taken for what a
        killed one left.

        Raises: StoreBusyError if another process (or another Corpus) does.
        """
        if playbook not in self._reviewing:
            lock = WriterLock(self.folder / f"reviewing-{hashlib.sha256(playbook.encode()).hexdigest()[:16]}")
            lock.acquire(self.wait)
            self._reviewing[playbook] = lock

    def end_review(self, playbook: str) -> None:
        """Let others review by that playbook; nothing happens if nobody does here."""
        lock = self._reviewing.pop(playbook, None)
        if lock is not None:
            lock.release()

    # What is there

    def select(self, paths: Sequence[str] = ()) -> list[Entry]:
        """The documents at these files or below these folders, in the order of `paths`, inside a folder by name; all without paths.

        A file that was missing at the last scan, or that failed, is not among them; one reached twice is there once.
        """
        return selection.select(self.catalogue, paths)

    def document(self, entry: Entry) -> Document:
        """The document, with the entry's path.

        Raises: StoreError if it has been forgotten meanwhile; StoreDamagedError.
        """
        return self.documents.document(entry.document_key).model_copy(update={"path": entry.path})

    def chunks(self, entry: Entry) -> tuple[Chunk, ...]:
        """The document's chunks in order.

        Raises: as `document`.
        """
        return self.documents.chunks(entry.document_key)

    def reading(self, entry: Entry, reader_fingerprint: str) -> Reading:
        """What that reader knows of the document.

        Raises: StoreError if it has not read it or it was forgotten; StoreDamagedError.
        """
        return self.documents.reading(entry.document_key, reader_fingerprint)

    # Results

    def result(self, key: str) -> str | None:
        """The result stored under `key`, None if there is none."""
        rows = self.catalogue.rows("SELECT value FROM results WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def results_of(self, kind: str) -> dict[str, str]:
        """Document key -> the result of that kind, of every document that has one; its keys begin with the kind and a dash."""
        rows = self.catalogue.rows(
            "SELECT documents.key, value FROM results JOIN documents ON number = document WHERE results.key >= ? AND results.key < ?",
            (f"{kind}-", f"{kind}."),  # a full stop comes right after a dash
        )
        return {str(key): str(value) for key, value in rows}

    def put_result(self, key: str, document_key: str | None, kind: str, value: str) -> None:
        """Store a result of one document, or of several (None); a result of several goes when any document goes.

        Nothing is stored for a document that is not there any more. A power cut may cost the results that came last: they are found anew.
        """
        statement = "INSERT OR REPLACE INTO results (key, document, kind, value) "
        with self.catalogue.unhurried():
            if document_key is None:
                self.catalogue.run(statement + "VALUES (?, NULL, ?, ?)", (key, kind, value))
            else:
                self.catalogue.run(statement + "SELECT ?, number, ?, ? FROM documents WHERE key = ?", (key, kind, value, document_key))

    # Search

    def search_text(
        self, query: str, entries: Sequence[Entry], k: int, bm25: lexical.Bm25 | None = None, *, heading: str = ""
    ) -> list[ChunkHit]:
        """The `k` best chunks of `entries` by BM25 over headings and text (lexical.py), best first; with `heading` of those alone that
        have all its words in heading path and text together, as all have that stand under that heading or hold it.

        Any text is a query: its words are looked for, none has to occur. Content at several entries counts once. Entries given as the
        same tuple again need not be looked up again.
        """
        return self._search.by_words(query, entries, k, bm25 or lexical.Bm25(), heading)

    def search_vectors(
        self, vector: npt.NDArray[np.float32], entries: Sequence[Entry], k: int, reader_fingerprint: str, *, heading: str = ""
    ) -> list[ChunkHit]:
        """The `k` chunks of `entries` whose vectors have the largest inner product with `vector` [D], best first; `heading` as in
        search_text.

        Raises: StoreError if the reader has not read one of them.
        """
        return self._search.by_vectors(vector, entries, k, reader_fingerprint, heading)

    def search_fronts(self, query: str, entries: Sequence[Entry], k: int, chunks: int) -> list[tuple[Entry, float]]:
        """The `k` documents whose first `chunks` chunks have most of the words of `query`, best first, with the share that they have:
        0 to 1, a word counts by how few documents begin with it, one that none has counts nothing."""
        return self._search.by_front(query, entries, k, chunks)

    def sentences(self, entry: Entry, chunk: int, reader_fingerprint: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float16]]:
        """Spans [S, 2] in the document's text and vectors [S, D] of the sentences that begin in a chunk, as that reader knows them.

        Raises: StoreDamagedError if what it read cannot be opened.
        """
        return self.readings.sentences(entry.document_key, chunk, reader_fingerprint)

    # Files

    def file(self, path: str) -> FileRecord | None:
        """What is known of the file at the absolute `path`."""
        return selection.file_at(self.catalogue, path)

    def files_below(self, path: str) -> list[FileRecord]:
        """What is known of the files at or below `path`, sorted by path."""
        return list(selection.below(self.catalogue, path))

    def copies(self, document_key: str) -> list[FileRecord]:
        """The files that have this content."""
        return selection.copies(self.catalogue, document_key)

    def commit(
        self,
        file: FileRecord,
        *,
        parsed: tuple[Document, Sequence[Chunk]] | None = None,
        reading: tuple[str, Reading] | None = None,
        gone: Sequence[str] = (),
    ) -> None:
        """Store what became of a file, in one transaction, durable when this returns.

        `parsed` is a document new to the corpus, `reading` what the reader of that fingerprint knows of it, `gone` are
        absolute paths whose records go. A document that no file has any more goes too.

        Raises: StoreError; nothing has changed then.
        """
        key = str(file.document_key)
        words = lexical.analyse(*parsed) if parsed else None
        with self.writing():
            if reading:
                self.readings.put(key, *reading, parsed[1] if parsed else self.documents.chunks(key))
            with self.catalogue.transaction():
                before = {record.document_key for path in (file.path, *gone) if (record := self.file(path))}
                for path in gone:
                    self.catalogue.run("DELETE FROM files WHERE path = ?", (path,))
                self.catalogue.run(_PUT_FILE, [getattr(file, name) for name in FileRecord.__dataclass_fields__])
                if parsed and words:
                    self.documents.put(key, str(file.sha256), *parsed, words)
                if reading:
                    self.documents.put_reading(key, reading[0], reading[1].tokens)
                dropped = self.documents.delete_unused(found for found in before if found)
            self.readings.forget(dropped)

    def mark_missing(self, path: str) -> None:
        """Say that the file at the absolute `path` is not there any more; its document is kept but not selected."""
        with self.writing():
            self.catalogue.run("UPDATE files SET missing = 1 WHERE path = ?", (path,))

    def forget(self, paths: Sequence[str]) -> list[str]:
        """Remove the files at or below `paths` and everything derived from documents that no other file has.

        The freed parts of the database are overwritten and its log emptied, so that the bytes are gone from the folder's
        files (a copy that the file system or the device keeps elsewhere is out of reach). Gives the paths forgotten.
        """
        with self.writing():
            with self.catalogue.transaction():
                records = {record.path: record for path in paths for record in self.files_below(path)}
                for path in records:
                    self.catalogue.run("DELETE FROM files WHERE path = ?", (path,))
                keys = {record.document_key for record in records.values() if record.document_key}
                ids = {key: facts.document_id for key in keys if (facts := self.documents.facts(key)) is not None}
                dropped = self.documents.delete_unused(keys)
                self.verdicts.forget(sorted(own for key, own in ids.items() if self.documents.facts(key) is None))
            self.readings.forget(dropped)
            if records:
                self.catalogue.empty_log()
            return [records[path].reached for path in sorted(records)]

    # Runs

    def begin_run(self) -> int:
        """Open a line of the run journal, inside `writing`; its number. One still open is of a run that was killed."""
        with self.catalogue.transaction():
            self.catalogue.run("UPDATE runs SET state = 'interrupted' WHERE state = 'running'")
            self.catalogue.run("INSERT INTO runs (started_at, state, counts) VALUES (?, 'running', '{}')", (_now(),))
            return int(self.catalogue.one("SELECT max(number) FROM runs")[0])

    def end_run(self, number: int, finished: bool, counts: dict[str, int]) -> None:
        """Close the line, finished or interrupted, with how many files had which outcome."""
        state = "finished" if finished else "interrupted"
        self.catalogue.run(
            "UPDATE runs SET ended_at = ?, state = ?, counts = ? WHERE number = ?",
            (_now(), state, document_codec.dump_json(counts), number),
        )

    def last_run(self) -> Run | None:
        """The newest line of the run journal."""
        return last_run(self.catalogue)

    # The whole

    def status(self) -> Status:
        """What the corpus holds."""
        return status(self.folder, self.catalogue, self.readings)

    def check(self, repair: bool) -> list[Problem]:
        """What is wrong in the folder; with `repair`, what is damaged is dropped so that the next ingest makes it anew."""
        return check(self, repair)


def _check_folder(folder: Path) -> None:
    with store_errors(folder, "look into the folder"):
        if folder.exists() and not folder.is_dir():
            raise StoreError(f"{folder}: a file, not a corpus folder; choose another --store")
        found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    strangers = sorted(found - _PARTS - _OLD_PARTS)
    if CATALOGUE not in found and strangers:
        raise StoreError(f"{folder}: not a corpus folder, it holds {strangers[0]!r}; choose another --store or an empty folder")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
