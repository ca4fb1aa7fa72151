"""A SQLite database in WAL mode that its owner alone can read: connection, schema version, transactions, errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from longdoc.errors import StoreBusyError, StoreDamagedError, StoreError, StoreFullError, StoreVersionError
from longdoc_stores.durable import make_private_file

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY")


class Database:
    """A connection that threads may share: each statement or transaction is taken alone.

    `schema`: statements that end in a semicolon and a newline; one makes the table meta (name, value).
    """

    def __init__(
        self,
        path: Path,
        schema: str,
        version: int,
        *,
        what: str = "corpus",
        part: str = "catalogue",
        busy_seconds: float = 30.0,
        pragmas: Iterable[str] = (),
        made_with: Iterable[str] = (),
    ) -> None:
        """`what` the folder is and `part` of it the database is, for messages; `made_with`: pragmas for a database that is new.

        Raises: StoreVersionError if it was made by a newer longdoc; StoreDamagedError if it is no such database; StoreError.
        """
        self.path = path
        self._what, self._part, self._busy_seconds = what, part, busy_seconds
        self._lock = threading.RLock()
        self._depth = 0
        make_private_file(path)
        with self._errors():
            # Made private first: SQLite gives the -wal and -shm files beside it the same permissions.
            self._connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            try:
                if not self._made():
                    for pragma in made_with:
                        self.rows(f"PRAGMA {pragma}")
                for pragma in (*_PRAGMAS, *pragmas):
                    self.rows(f"PRAGMA {pragma}")
                self._prepare(schema, version)
            except BaseException:
                self._connection.close()
                raise

    def _made(self) -> bool:
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'"))

    def _prepare(self, schema: str, version: int) -> None:
        if not self._made():
            with self.transaction():
                for statement in schema.split(";\n"):
                    self.run(statement)
                self.run("INSERT OR IGNORE INTO meta VALUES ('schema_version', ?)", (str(version),))
        found = int(self.one("SELECT value FROM meta WHERE name = 'schema_version'")[0])
        if found > version:
            raise StoreVersionError(
                f"{self.path.parent}: the {self._what} has version {found}, this longdoc reads up to {version}; "
                "upgrade longdoc or use another --store"
            )

    def close(self) -> None:
        """Close the connection; what is not committed is rolled back."""
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
                self.begin()
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self.commit()
            except BaseException:
                if self._depth == 1:
                    self.roll_back()
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """What is committed inside survives this process however it ends, but a power cut only once something is committed outside: a
        commit then does not wait for the disk. For what can be made again."""
        with self._lock:
            if self._depth or self.in_transaction:
                yield  # part of a transaction, which is as durable as that is
                return
            self.rows("PRAGMA synchronous = NORMAL")
            try:
                yield
            finally:
                self.rows("PRAGMA synchronous = FULL")

    def begin(self, *, wait: float | None = None) -> None:
        """Begin a transaction and keep other writers out until `commit` or `roll_back`.

        Raises: StoreBusyError if another writer has been in one for `wait` seconds, the connection's own where it is None.
        """
        with self._waiting(wait):
            self.run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make what was run since `begin` durable."""
        self.run("COMMIT")

    def roll_back(self) -> None:
        """Undo what was run since `begin`; nothing happens outside a transaction."""
        with self._lock, self._errors():
            self._connection.rollback()

    @property
    def in_transaction(self) -> bool:
        """Whether something was begun and neither committed nor rolled back, by SQLite itself after some errors."""
        with self._errors():
            return self._connection.in_transaction

    def version(self) -> int:
        """Another number than before when another connection has committed since."""
        return int(self.one("PRAGMA data_version")[0])

    def changes(self) -> tuple[int, int]:
        """Other numbers than before when anything was committed since by another connection, or changed by this one."""
        with self._lock:
            return self.version(), self._connection.total_changes

    def sizes(self) -> tuple[int, int, int]:
        """Bytes of the database's file, of its write-ahead log, and of the log's index."""
        sizes = []
        for ending in ("", "-wal", "-shm"):
            try:
                sizes.append(self.path.with_name(self.path.name + ending).stat().st_size)
            except OSError:
                sizes.append(0)
        return sizes[0], sizes[1], sizes[2]

    def pages(self) -> int:
        """Pages of the database, with those that are not committed."""
        return int(self.one("PRAGMA page_count")[0])

    def empty_log(self, *, wait: float | None = None) -> None:
        """Move the write-ahead log into the database and cut it to nothing, unless a reader or writer is in the way that long."""
        with self._waiting(wait):
            self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _waiting(self, seconds: float | None) -> Iterator[None]:
        with self._lock:
            if seconds is not None:
                self.rows(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            try:
                yield
            finally:
                if seconds is not None:
                    self.rows(f"PRAGMA busy_timeout = {int(self._busy_seconds * 1000)}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._store_error(error) from error

    def _store_error(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            waited = f"kept the {self._part} locked for {self._busy_seconds:g} s"
            return StoreBusyError(f"{self.path}: another process {waited}; try again when it has finished")
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            advice = f"move the {self._what} folder away and ingest again"
            return StoreDamagedError(f"{self.path}: the {self._part} is damaged ({error}); {advice}")
        if code == sqlite3.SQLITE_FULL:
            return StoreFullError(f"{self.path}: the disk is full; free some space and run again")
        return StoreError(f"{self.path}: the {self._part} cannot be used ({error}); check that the folder can be written and has space")
