"""A tier on disk: an index in SQLite, the values in segment files that are only ever appended to (disk_writer.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from longdoc.errors import StoreDamagedError, StoreError, UsageError
from longdoc.protocols import Packed
from longdoc_stores.database import Database
from longdoc_stores.disk_writer import PAGE, DiskWriter, checksum
from longdoc_stores.durable import make_private_folder
from longdoc_stores.segments import Segments

SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0
SMALLEST_BUDGET = 1 << 20
# Nothing reaches the log before the commit (cache_spill), so that a full disk cannot end a transaction half way.
_PRAGMAS = ("cache_spill = OFF", "wal_autocheckpoint = 0")
_MADE_WITH = (f"page_size = {PAGE}", "auto_vacuum = FULL")
# An empty value lies in segment 0, which has no file. Segment numbers are never used twice: a reader may hold an old file open.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    key BLOB PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    checksum INTEGER NOT NULL, layout BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_by_place ON records (segment, offset, length);
CREATE TABLE IF NOT EXISTS unclean (segment INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO meta VALUES ('next_segment', '1');
"""


class DiskTier:
    """A durable Store in a folder that its owner alone can read. Threads and processes may share it.

    Puts and deletes are seen by others after `flush`; the first one after a flush keeps other writers out until the next. What was not
    flushed is gone after a crash or `close`. The space of deleted values comes back with the flush.
    """

    name = "disk"
    durable = True

    def __init__(self, folder: Path, budget: int | None = None, *, segment_size: int = 64 << 20) -> None:
        """`budget` and `segment_size` in bytes. The budget holds for all files; a 32nd of it stays free for compaction.

        Raises: UsageError for a budget below 1 MiB; StoreVersionError if a newer longdoc made it; StoreDamagedError; StoreError.
        """
        if budget is not None and budget < SMALLEST_BUDGET:
            raise UsageError(f"{folder}: a budget of {budget:,} bytes is too small for a disk tier, the least is {SMALLEST_BUDGET:,}")
        self.folder = folder
        self.budget = budget
        make_private_folder(folder)
        self._files = Segments(folder)
        self._database = Database(
            folder / "index.sqlite",
            _SCHEMA,
            SCHEMA_VERSION,
            what="store",
            part="index",
            busy_seconds=BUSY_SECONDS,
            pragmas=_PRAGMAS,
            made_with=_MADE_WITH,
        )
        self._version = self._database.version()
        self._writer = DiskWriter(self._database, self._files, budget, segment_size)
        self._writer.clean()

    def get(self, key: str) -> Packed:
        """The value, in a buffer of its own.

        Raises: KeyError; StoreDamagedError if its bytes are not those that were put; StoreError if it cannot be read.
        """
        name, last = _encoded(key), None
        if (version := self._database.version()) != self._version:
            self._version = version
            self._files.forget()
        while rows := self._database.rows("SELECT segment, offset, length, checksum, layout FROM records WHERE key = ?", (name,)):
            try:
                return self._read(name, *rows[0])
            except StoreDamagedError:
                # A writer may have moved, overwritten or removed it since the row was read: only the same row twice is damage.
                if rows[0] == last:
                    self._writer.check_present()
                    raise
                last = rows[0]
        raise KeyError(key)

    def put(self, key: str, value: Packed) -> None:
        """Set the value of `key`; durable after the next flush.

        Raises: StoreFullError if the budget or the disk does not hold it, nothing has changed then; StoreBusyError if another
        process is writing.
        """
        from longdoc_stores.packing import dump_layout

        name, layout = _encoded(key), dump_layout(value.layout)
        data = memoryview(value.data.cpu().contiguous().numpy())
        check = checksum(name, layout, data)
        with self._writer.changing():
            self._writer.check_room(len(data))
            self._writer.store(name, layout, data, check)

    def delete(self, key: str) -> None:
        """Remove `key`, durably and without a trace after the next flush; nothing happens if it is not there.

        Raises: StoreBusyError if another process is writing.
        """
        name = _encoded(key)
        if self._writer.place(name):
            with self._writer.changing():
                self._writer.remove(name)

    def keys(self) -> Iterator[str]:
        """All keys, in any order."""
        return (_decoded(name) for (name,) in self._database.rows("SELECT key FROM records"))

    def __contains__(self, key: str) -> bool:
        return self._writer.place(_encoded(key)) is not None

    def __len__(self) -> int:
        return int(self._database.one("SELECT count(*) FROM records")[0])

    def size(self) -> int:
        """Bytes of all files in the folder: segments, index and its log, and what else is kept there."""
        beside = self._files.beside(self._database.path.name)
        return sum(self._files.sizes().values()) + sum(self._database.sizes()) + beside

    def version(self) -> int:
        """Another number than before when another object or process has flushed since."""
        return self._database.version()

    def begin(self) -> None:
        """Be the one writer from now to the next flush; `put` and `delete` do this by themselves.

        Raises: StoreBusyError if another process is writing.
        """
        self._writer.begin()

    @property
    def writing(self) -> bool:
        """Whether something was begun that is neither flushed nor undone, by an error for instance."""
        return self._database.in_transaction

    def roll_back(self) -> None:
        """Undo what was put and deleted since the last flush."""
        self._writer.roll_back()

    def flush(self) -> None:
        """Make all puts and deletes since the last flush durable and seen by others; leave no byte of what was deleted.

        Raises: StoreFullError if the disk has no room for the index: make some and flush again. After any other error what was put
        since the last flush may be lost.
        """
        self._writer.flush()

    def close(self) -> None:
        """Let go of the files; what was not flushed is undone. Closing twice does nothing."""
        with suppress(StoreError):  # the volume may be gone, or the tier closed already
            self._writer.roll_back()
        self._database.close()
        self._files.forget()

    def check(self, repair: bool = False) -> dict[str, str]:
        """Key -> what is wrong, after reading every value; with `repair` the damaged ones are deleted, and that is flushed."""
        problems = {}
        for key in self.keys():
            try:
                self.get(key)
            except KeyError:
                continue  # deleted by another process meanwhile
            except StoreError as error:
                problems[key] = str(error)
                if repair and isinstance(error, StoreDamagedError):
                    with self._writer.changing():
                        self._writer.remove(_encoded(key), damaged=True)
        if repair and problems:
            self.flush()
        return problems

    def _read(self, name: bytes, segment: int, offset: int, length: int, check: int, layout: bytes) -> Packed:
        import torch

        from longdoc_stores.packing import load_layout

        data = self._files.read(segment, offset, length) if segment else torch.empty(0, dtype=torch.uint8)
        if checksum(name, layout, memoryview(data.numpy())) != check:
            place = f"{self._files.path(segment)}: bytes {offset:,} to {offset + length:,}"
            raise StoreDamagedError(f"{place}: the checksum of {_decoded(name)!r} does not match; run `longdoc doctor --repair`")
        return Packed(load_layout(layout), data)


def _encoded(key: str) -> bytes:
    if not key:
        raise ValueError("a key must not be empty")
    return key.encode("utf-8", "surrogatepass")


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")
