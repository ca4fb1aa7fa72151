"""The writing side of a DiskTier: one transaction at a time over its index and its segments, cleaning, compaction, budget.

The order that makes it safe: data, fsync, commit; and only after the commit are the bytes of deleted values overwritten and segments
removed that hold nothing else. The table `unclean` names the segments for which that may be undone; who next begins to write does it.
What a killed writer left behind the last record of the index is dead too, and goes the same way, after a commit: one killed in its
commit may have written it to the log, where SQLite finds it when no process is left that knows better, until another overwrites it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import RLock
from zlib import crc32

from longdoc.errors import StoreBusyError, StoreDamagedError, StoreError, StoreFullError
from longdoc_stores.database import Database
from longdoc_stores.segments import ALIGNMENT, Segments, aligned, disk_errors, free_bytes

PAGE = 4096
_FRAME = PAGE + 24
_LOG_LIMIT = 1 << 20
_SPARE_PAGES = 16
_SMALL = 1 << 20
_SHORT = 0.5  # seconds to wait for another process with what can be done later as well
_EXTENT = f"((length + {ALIGNMENT - 1}) / {ALIGNMENT} * {ALIGNMENT})"
_Extents = list[tuple[int, int, int]]


def checksum(name: bytes, layout: bytes, data: memoryview) -> int:
    """CRC-32 of a record: its key and layout count, so that a value cannot pass for another's."""
    return crc32(data, crc32(layout, crc32(name)))


@dataclass(slots=True)
class _Segment:
    """What the writer knows of a segment: bytes of the file, bytes and number of the live records."""

    size: int
    live: int
    records: int

    @property
    def dead(self) -> int:
        return self.size - self.live


class DiskWriter:
    """Changes to the records of a DiskTier. Threads may share it; `lock` is held over what belongs together."""

    def __init__(self, database: Database, files: Segments, budget: int | None, segment_size: int) -> None:
        """A 32nd of the budget stays free: compaction needs room to move a segment's values before it can remove the segment."""
        self.lock = RLock()
        self._database = database
        self._files = files
        self._budget = budget
        self._segment_size = segment_size if budget is None else min(segment_size, budget // 32)
        with disk_errors(database.path, "read"):
            self._inode = database.path.stat().st_ino
        self._version = -1
        self._segments: dict[int, _Segment] = {}
        self._beside = 0  # bytes of other files in the folder, as of the beginning of the transaction
        self._known = False  # whether _segments is what the index and the folder say, as of _version
        self._current: int | None = None  # the segment to append to
        self._next = 1
        self._unmovable: set[int] = set()  # a record in it is damaged: compaction leaves it alone
        # Since the last commit: segments written to, where they ended, whether one was made, and the (segment, offset, bytes) that died.
        self._written: set[int] = set()
        self._starts: dict[int, int] = {}
        self._made = False
        self._dead: _Extents = []
        self._unclean: _Extents = []  # those that died before the last commit: to be overwritten
        self._log_unclean = False

    def begin(self) -> None:
        """Keep other writers out until the next commit. Raises: StoreBusyError if another process is writing."""
        with self.lock:
            self._begin()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Inside a transaction: the one there is, or a new one that ends if what is done inside fails."""
        with self.lock:
            fresh = self._begin()
            try:
                yield
            except BaseException:
                if fresh or not self._database.in_transaction:  # SQLite itself ends one after some errors
                    self.roll_back()
                raise

    def place(self, name: bytes) -> tuple[int, int, int] | None:
        """Segment, offset and length of a record."""
        rows = self._database.rows("SELECT segment, offset, length FROM records WHERE key = ?", (name,))
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def store(self, name: bytes, layout: bytes, data: memoryview, check: int) -> None:
        """Append a record and make the row point at it. Raises: StoreFullError if the disk is full; nothing has changed then."""
        old = self.place(name)
        number, offset = self._target(len(data))
        if data:
            self._files.write(number, offset, data)
        try:
            row = (name, number, offset, len(data), check, layout)
            self._database.run("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)", row)
        except BaseException:
            if data:
                with suppress(StoreError):
                    self._files.cut(number, offset)
            raise
        if data:
            segment = self._segments[number]
            segment.size = offset + aligned(len(data))
            segment.live += aligned(len(data))
            segment.records += 1
            self._written.add(number)
        if old:
            self._bury(*old)

    def remove(self, name: bytes, *, damaged: bool = False) -> None:
        """Remove a record; of a `damaged` one it is not believed where it lies."""
        old = self.place(name)
        self._known = self._known and not damaged
        if old:
            self._database.run("DELETE FROM records WHERE key = ?", (name,))
            self._bury(*old)

    def check_room(self, length: int) -> None:
        """Raises: StoreFullError that names both numbers if `length` more bytes do not fit into the budget."""
        room = self._room() - (self._segment_size if length else 0)  # a value without bytes may take from what is kept
        if self._budget is not None and aligned(length) > room:
            dead = sum(extent for _, _, extent in self._dead)
            advice = f"flush: {dead:,} bytes of deleted values come back then" if dead else "delete some and flush, or give the tier more"
            raise StoreFullError(
                f"{self._files.folder}: a value of {length:,} bytes does not fit, {self._budget - max(room, 0):,} of {self._budget:,} "
                f"bytes are taken or kept for index and compaction; {advice}"
            )

    def flush(self) -> None:
        """Commit, then overwrite and remove what is dead, compact where that is worth it, and keep the index's log short."""
        with self.lock:
            if self._database.in_transaction:
                self.commit()
            try:
                while self._unclean:
                    self._begin(wait=_SHORT)
                    self.commit()
                while self._wasteful() and self._compact(lambda segment: segment.live <= segment.dead):
                    pass
                # Near the budget also where eight bytes must be moved to win one, and anything where that is little.
                while self._tight() and self._compact(lambda segment: segment.live <= max(8 * segment.dead, _SMALL)):
                    pass
            except StoreBusyError:
                pass  # another writer was faster, and has cleaned when it began; else the next flush does it
            self._keep_log_short()

    def clean(self) -> None:
        """Do what a killed writer left undone, unless another one is writing."""
        with self.lock:
            try:
                if self._left_behind() or self._database.rows("SELECT 1 FROM unclean LIMIT 1"):
                    self._begin(wait=0)
                    self.commit()
                    while self._unclean:
                        self._begin(wait=0)
                        self.commit()
                if self._database.sizes()[1]:
                    self._database.empty_log(wait=0)
            except (StoreBusyError, StoreFullError):
                self.roll_back()

    def commit(self) -> None:
        """End the transaction: all of it is durable when this returns.

        Raises: StoreFullError if the disk has no room for the index, the transaction goes on; StoreError, it is undone.
        """
        self.check_present()
        need, free = self._log_growth(), free_bytes(self._files.folder)
        if need > free:
            folder = self._files.folder
            raise StoreFullError(f"{folder}: the index needs {need:,} bytes, the disk has {free:,} left; free some space and flush again")
        try:
            self._files.sync(self._written, names=self._made)
            for number in sorted({number for number, _, _ in self._dead}):
                self._database.run("INSERT OR IGNORE INTO unclean VALUES (?)", (number,))
        except BaseException:
            self.roll_back()
            raise
        try:
            self._database.commit()
        except BaseException:
            self._starts.clear()  # a commit that failed may yet be found in the log: its data stays until another commit
            self.roll_back()
            raise
        self._log_unclean |= bool(self._dead)
        self._unclean, self._dead = self._dead, []
        self._made = False
        self._written.clear()
        self._starts.clear()

    def roll_back(self) -> None:
        """Undo what was done since the last commit; nothing happens outside a transaction."""
        with self.lock:
            if self._database.in_transaction:  # else another may be writing there
                with suppress(StoreError):  # whoever writes next does it too
                    for number, end in self._starts.items():
                        self._files.cut(number, end) if end else self._files.remove(number)
            self._database.roll_back()
            self._files.forget()
            self._known = self._made = False
            self._dead, self._unclean = [], []
            self._written.clear()
            self._starts.clear()

    def check_present(self) -> None:
        """Raises: StoreError if the folder is not the one that was opened."""
        path = self._database.path
        with disk_errors(path, "find the index"):
            if path.stat().st_ino != self._inode:
                raise StoreError(f"{self._files.folder}: another store has taken the place of the one that was opened; open it again")

    def _begin(self, wait: float | None = None) -> bool:
        """Begin a transaction unless there is one; nothing is unclean then, and _segments is right."""
        if self._database.in_transaction:
            return False
        self.check_present()
        self._database.begin(wait=wait)
        try:
            version = self._database.version()
            known = {number: segment.size for number, segment in self._segments.items()}
            if not self._known or version != self._version or known != self._sizes():
                self._load()
            elif self._unclean:
                self._scrub()
            self._version = version
            self._beside = self._files.beside(self._database.path.name) if self._budget is not None else 0
        except BaseException:
            self.roll_back()
            raise
        return True

    def _sizes(self) -> dict[int, int]:
        return {number: aligned(size) for number, size in self._files.sizes().items()}

    def _load(self) -> None:
        """Read the index and the folder; overwrite what an earlier commit left dead, and count as dead what no commit knows."""
        sizes, ends = self._files.sizes(), {}
        self._segments, self._current, self._unclean = {}, None, []
        for number, records, live, end in self._database.rows(
            f"SELECT segment, count(*), sum({_EXTENT}), max(offset + length) FROM records WHERE segment > 0 GROUP BY segment"
        ):
            if number not in sizes:
                continue  # its values are damaged; `get` says so
            ends[number] = end
            self._segments[number] = _Segment(aligned(sizes[number]), live, records)
            if sizes[number] < end:
                self._unmovable.add(number)
            elif aligned(sizes[number]) < self._segment_size:
                self._current = max(number, self._current or 0)
        for number, size in sizes.items():
            segment = self._segments.setdefault(number, _Segment(aligned(size), 0, 0))
            if segment.size > aligned(ends.get(number, 0)) or not segment.records:
                self._dead.append((number, ends.get(number, 0), segment.size - ends.get(number, 0)))
        committed = int(self._database.one("SELECT value FROM meta WHERE name = 'next_segment'")[0])
        self._next = max(committed, 1 + max(sizes, default=0))
        unclean = [number for (number,) in self._database.rows("SELECT segment FROM unclean")]
        for number in ends.keys() & set(unclean):
            self._files.zero(number, self._gaps(number))
            self._written.add(number)
        if unclean:
            self._database.run("DELETE FROM unclean")
            self._log_unclean = True
        self._known = True

    def _gaps(self, number: int) -> list[tuple[int, int]]:
        """(offset, length) of what lies between the records of a segment."""
        gaps, at = [], 0
        for offset, length in self._database.rows("SELECT offset, length FROM records WHERE segment = ? ORDER BY offset", (number,)):
            gaps.append((at, offset - at))
            at = max(at, offset + length)
        return gaps

    def _left_behind(self) -> bool:
        """Whether there is a segment, or the end of one, that the index does not know."""
        ends = dict(self._database.rows("SELECT segment, max(offset + length) FROM records GROUP BY segment"))
        return any(aligned(size) > aligned(ends.get(number, 0)) or number not in ends for number, size in self._files.sizes().items())

    def _scrub(self) -> None:
        """Do away with what died before the last commit: remove its segment if nothing lives there, cut it off or overwrite it."""
        for number in {number for number, _, _ in self._unclean}:
            segment = self._segments.get(number)
            extents = sorted((offset, length) for dead, offset, length in self._unclean if dead == number)
            if segment is None:
                continue
            if segment.records == 0:
                self._files.remove(number)
                del self._segments[number]
                self._current = None if self._current == number else self._current
                continue
            while extents and sum(extents[-1]) >= segment.size > extents[-1][0]:
                offset, _ = extents.pop()
                self._files.cut(number, offset)
                segment.size = aligned(offset)
            self._files.zero(number, extents)
            self._written.add(number)
        self._database.run("DELETE FROM unclean")
        self._unclean = []

    def _target(self, length: int) -> tuple[int, int]:
        """Segment and offset for a record of `length`; a segment is made where the current one is full."""
        if length == 0:
            return 0, 0
        segment = self._segments.get(self._current or 0)
        if self._current is None or segment is None or (segment.size and segment.size + aligned(length) > self._segment_size):
            self._current = self._next
            self._files.make(self._current)
            self._made = True
            segment = self._segments[self._current] = _Segment(0, 0, 0)
            self._next += 1
            self._database.run("UPDATE meta SET value = ? WHERE name = 'next_segment'", (str(self._next),))
        self._starts.setdefault(self._current, segment.size)
        return self._current, segment.size

    def _bury(self, number: int, offset: int, length: int) -> None:
        segment = self._segments.get(number)
        if segment:
            segment.live -= aligned(length)
            segment.records -= 1
            self._dead.append((number, offset, aligned(length)))
            self._unmovable.discard(number)

    def _wasteful(self) -> bool:
        live = sum(segment.live for segment in self._segments.values())
        return self._known and sum(segment.size for segment in self._segments.values()) > 2 * live

    def _compact(self, worth: Callable[[_Segment], bool]) -> bool:
        """Move the values out of the emptiest segments that are `worth` it, a segment's worth at a time; whether there were any."""
        try:
            self._begin(wait=_SHORT)
            moved = self._move_out(worth)
            self.commit()
            self._keep_log_short()
            if moved:
                self._begin(wait=_SHORT)
                self.commit()
                self._keep_log_short()
        except BaseException as error:
            self.roll_back()
            if isinstance(error, StoreBusyError | StoreFullError):
                return False  # it can wait until there is room, and no other writer
            raise
        return moved

    def _move_out(self, worth: Callable[[_Segment], bool]) -> bool:
        room = min(self._room(), self._segment_size)
        victims = []
        for number, segment in sorted(self._segments.items(), key=lambda item: item[1].live / max(item[1].size, 1)):
            if segment.dead > 0 and segment.live <= room and number not in self._unmovable and worth(segment):
                victims.append(number)
                room -= segment.live
        if self._current in victims:
            self._current = None
        for number in victims:
            rows = self._database.rows("SELECT key, offset, length, checksum, layout FROM records WHERE segment = ?", (number,))
            for name, offset, length, check, layout in rows:
                try:
                    data = memoryview(self._files.read(number, offset, length).numpy())
                    if checksum(name, layout, data) != check:
                        raise StoreDamagedError(f"{self._files.path(number)}: the checksum does not match")
                except StoreDamagedError:
                    self._unmovable.add(number)  # what is damaged stays where it is, for `check` to report
                    break
                self.store(name, layout, data, check)
        return bool(victims)

    def _tight(self) -> bool:
        return self._known and self._budget is not None and self._room() < 2 * self._segment_size + self._budget // 16

    def _room(self) -> int:
        """Bytes of the budget that segments may still take, whatever the index will need for the commit."""
        if self._budget is None:
            return 1 << 62
        database, log, shared = self._database.sizes()
        database = max(database, (self._database.pages() + _SPARE_PAGES) * PAGE)
        shared = max(shared, (1 + (log + self._log_growth()) // (_FRAME * 4000)) * (32 << 10))
        taken = sum(segment.size for segment in self._segments.values()) + self._beside + database + log + shared
        return self._budget - taken - self._log_growth()

    def _log_growth(self) -> int:
        """The most bytes that a commit can add to the log: each page of the index once."""
        return 32 + (self._database.pages() + _SPARE_PAGES) * _FRAME

    def _keep_log_short(self) -> None:
        """Empty the log where it holds deleted keys, is long, or takes room that is needed."""
        limit = _LOG_LIMIT if self._budget is None else min(_LOG_LIMIT, self._budget // 16)
        log = self._database.sizes()[1]
        if log and (self._log_unclean or log > limit or self._tight()):
            self._empty_log()

    def _empty_log(self) -> None:
        self._database.empty_log(wait=_SHORT)
        self._log_unclean = self._log_unclean and self._database.sizes()[1] > 0  # a reader was in the way: the next flush tries again
