"""The catalogue: one SQLite database in WAL mode. Schema, connection, transactions; what the rows mean is in corpus.py."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from longdoc.errors import StoreBusyError, StoreDamagedError, StoreError, StoreVersionError
from longdoc_stores.durable import make_private_file

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0

# documents.number is never used twice (AUTOINCREMENT), so that an index made before a deletion cannot point at a newcomer.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, real TEXT NOT NULL, reached TEXT NOT NULL,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, checked_ns INTEGER NOT NULL,
    sha256 TEXT, document_key TEXT,
    outcome TEXT NOT NULL, stage TEXT NOT NULL, reason TEXT, missing INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_document ON files (document_key);
CREATE INDEX IF NOT EXISTS files_by_real ON files (real);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL, sha256 TEXT NOT NULL,
    domain TEXT NOT NULL, format TEXT NOT NULL, title TEXT, pages INTEGER, characters INTEGER NOT NULL, chunk_count INTEGER NOT NULL,
    warnings TEXT NOT NULL, lengths BLOB NOT NULL, chunks BLOB NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS postings (
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE, word TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (document, word)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS readings (
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE, fingerprint TEXT NOT NULL, tokens INTEGER NOT NULL,
    PRIMARY KEY (document, fingerprint)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, document INTEGER REFERENCES documents (number) ON DELETE CASCADE, kind TEXT NOT NULL, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_by_document ON results (document);
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, started_at TEXT NOT NULL, ended_at TEXT, state TEXT NOT NULL, counts TEXT NOT NULL
);
"""


class Catalogue:
    """A connection to the database that threads may share: each statement or transaction is taken alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        make_private_file(path)
        with self._errors():
            # Made private first: SQLite gives the -wal and -shm files beside it the same permissions.
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'"):
            with self.transaction():
                for statement in _SCHEMA.split(";\n"):
                    self.run(statement)
                self.run("INSERT OR IGNORE INTO meta VALUES ('schema_version', ?)", (str(SCHEMA_VERSION),))
        found = int(self.one("SELECT value FROM meta WHERE name = 'schema_version'")[0])
        if found > SCHEMA_VERSION:
            raise StoreVersionError(
                f"{self.path.parent}: the corpus has version {found}, this longdoc reads up to {SCHEMA_VERSION}; "
                "upgrade longdoc or use another --store"
            )

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def rows(self, statement: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, self._errors():
            return self._connection.execute(statement, arguments).fetchall()

    def one(self, statement: str, arguments: Sequence[Any] = ()) -> tuple[Any, ...]:
        """The only row of a query that has one."""
        return self.rows(statement, arguments)[0]

    def run(self, statement: str, arguments: Sequence[Any] = ()) -> int:
        """Run a statement; the number of rows it changed."""
        with self._lock, self._errors():
            return self._connection.execute(statement, arguments).rowcount

    def run_many(self, statement: str, arguments: Iterator[Sequence[Any]]) -> None:
        """Run a statement for each row of arguments."""
        with self._lock, self._errors():
            self._connection.executemany(statement, arguments)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is run inside, or none of it. A transaction inside another is part of that one."""
        with self._lock:
            if self._depth == 0:
                self.run("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self.run("COMMIT")
            except BaseException:
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.rollback()
                raise
            finally:
                self._depth -= 1

    def empty_log(self) -> None:
        """Move the write-ahead log into the database and cut it to nothing, unless a reader is in the way."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _store_error(self.path, error) from error


def _store_error(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusyError(f"{path}: another process kept the catalogue locked for {BUSY_SECONDS:g} s; try again when it has finished")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamagedError(f"{path}: the catalogue is damaged ({error}); move the corpus folder away and ingest again")
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"{path}: the disk is full; free some space and run again")
    return StoreError(f"{path}: the catalogue cannot be used ({error}); check that the folder can be written and has space")
