"""The documents that a search looks at, ready for it: their places in the catalogue and the lengths of their chunks.

What does not change with the query is made once: the corpus's documents as long as no document comes or goes, a selection of them as
long as it is the same tuple of entries. A search among 100,000 documents then touches only the rows of its words.

Axis legend: D documents selected, A all documents, C chunks of those selected.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longdoc_stores.lexical import Postings
from longdoc_stores.records import Entry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from longdoc_stores.catalogue import Catalogue


WORDS_KEPT = 24
"""Words whose postings stay in memory: 24 bytes for each chunk that holds one, 5 MB for a word that is in all of 200,000."""


@dataclass(frozen=True)
class All:
    """Every document of the catalogue, ascending by number: keys, numbers [A], chunks [A], and lengths [sum of chunks, 2] of their
    chunks in heading and text."""

    keys: tuple[str, ...]
    row_of: dict[str, int]
    numbers: npt.NDArray[np.int64]
    chunks: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Selected:
    """The documents of some entries, ascending by number: numbers [D], the place of the first entry of each [D], where its chunks start
    among all those selected [D + 1], and the lengths [C, 2] of these.

    `entry_of` leads from a document's key to its first entry; `everything` says that no document of the catalogue is left out.
    """

    entries: Sequence[Entry]
    entry_of: dict[str, Entry]
    numbers: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    everything: bool

    def row_of(self, key: str) -> int:
        """The row of a document in these arrays, -1 if it is not selected."""
        return self._rows.get(key, -1)

    def known(self, word: str, read: Callable[[], Postings]) -> Postings:
        """The postings of a word, from `read` unless they are among the last that were asked for."""
        with self._lock:
            found = self._recent.pop(word, None) or read()
            self._recent[word] = found
            while len(self._recent) > WORDS_KEPT:
                del self._recent[next(iter(self._recent))]
            return found

    _rows: dict[str, int]
    _recent: dict[str, Postings] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)


class Selector:
    """Makes selections of one catalogue, and keeps the latest."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._state: tuple[int, int] | None = None
        self._all: All | None = None
        self._latest: Selected | None = None
        self._read: dict[str, frozenset[str]] = {}

    def select(self, entries: Sequence[Entry]) -> Selected:
        """The documents of `entries` that are there."""
        with self._lock:
            everything = self._current()
            if self._latest is None or self._latest.entries is not entries:
                made = _selected(everything, entries)
                if not isinstance(entries, tuple):
                    return made  # a list may hold others the next time
                self._latest = made
            return self._latest

    def unread(self, selected: Selected, fingerprint: str) -> list[str]:
        """Keys of those that the reader of that fingerprint has not read, at most one."""
        with self._lock:
            self._current()
            if fingerprint not in self._read:
                rows = self._catalogue.rows(
                    "SELECT key FROM readings JOIN documents ON number = document WHERE fingerprint = ?", (fingerprint,)
                )
                self._read[fingerprint] = frozenset(str(key) for (key,) in rows)
            missing = selected.entry_of.keys() - self._read[fingerprint]
            return [min(missing)] if missing else []

    def _current(self) -> All:
        """What the catalogue holds, read again if a document or reading came or went since."""
        seen = self._catalogue.changes()
        if self._all is None or seen != self._seen:
            counts = "SELECT coalesce(max(number), 0), count(*) FROM documents"
            state = tuple(map(int, self._catalogue.one(counts)))
            if self._all is None or state != self._state:
                self._all, self._latest = _all(self._catalogue), None
            self._read.clear()
            self._seen, self._state = seen, (state[0], state[1])
        return self._all


def _all(catalogue: Catalogue) -> All:
    import numpy as np

    rows = sorted(catalogue.rows("SELECT number, key, lengths FROM documents INDEXED BY documents_for_search"))
    lengths = np.frombuffer(b"".join(row[2] for row in rows), dtype="<i4").reshape(-1, 2)
    keys = tuple(row[1] for row in rows)
    return All(
        keys=keys,
        row_of={key: row for row, key in enumerate(keys)},
        numbers=np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows)),
        chunks=np.fromiter((len(row[2]) // 8 for row in rows), dtype=np.int64, count=len(rows)),
        lengths=lengths,
    )


def _selected(every: All, entries: Sequence[Entry]) -> Selected:
    import numpy as np

    entry_of: dict[str, Entry] = {}
    first: dict[int, int] = {}
    for place, entry in enumerate(entries):
        row = every.row_of.get(entry.document_key)
        if entry.document_key not in entry_of:
            entry_of[entry.document_key] = entry
            if row is not None:
                first[row] = place
    rows = np.array(sorted(first), dtype=np.int64)
    chunks = every.chunks[rows]
    if len(rows) == len(every.keys):
        lengths = every.lengths
    else:
        ends = np.cumsum(every.chunks)
        pieces = [every.lengths[ends[row] - every.chunks[row] : ends[row]] for row in rows]
        lengths = np.concatenate(pieces) if pieces else every.lengths[:0]
    return Selected(
        entries=entries,
        entry_of=entry_of,
        numbers=every.numbers[rows],
        places=np.fromiter((first[row] for row in rows.tolist()), dtype=np.int64, count=len(rows)),
        starts=np.concatenate([[0], np.cumsum(chunks)]).astype(np.int64),
        lengths=lengths,
        everything=len(rows) == len(every.keys),
        _rows={every.keys[row]: number for number, row in enumerate(rows.tolist())},
    )
