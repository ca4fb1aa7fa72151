"""Vectors under ids, searched by inner product: exactly while they are few, through inverted lists (faiss) above that.

Measured on CUAD contracts (384 wide, 2 cores of a Xeon with AVX-512, queries from documents that were not indexed), p99 of a search
and recall@10. Exact: 0.6 ms at 7,000 vectors, 2.3 at 27,000, 9 at 73,000, hence EXACT_UP_TO. At 73,000 lists take 3.0 ms for 0.995,
HNSW 0.5 ms for 0.991; but HNSW cannot remove, takes five times as long to build and is not built the same way twice. float16 loses
less than 0.001 for half the bytes and 0.7 of the time, int8 0.01 to 0.02 for a quarter; float32 is the default because what is
held is then what was added, and can be compared with it. PQ finds 0.87 to 0.91 with 192 bytes, so it is not offered.

Lists are made as soon as more than `exact_up_to` vectors are held, and again when half as many were added and removed since as
there were then: what is new lies in the lists of old centres. They become one again when half of `exact_up_to` is left.
That takes a second or two for 80,000 vectors, within the `add` or `remove` that brings it about, and room for two more copies.

Axis legend: N vectors held, S slots, Q queries, K results a query, D vector size.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from longdoc.errors import StoreDamagedError, StoreVersionError, UsageError
from longdoc_stores.durable import read_sealed, write_sealed
from longdoc_stores.vector_lists import CODES, Codes, Slots, many_lists, one_list, sample_queries, sample_rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EXACT_UP_TO = 32_768
"""Vectors; eight million tokens in blocks of 256."""
LARGEST = 65_504.0
"""The largest number that a vector may hold: what float16 can."""
_NAME = "vector-index"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of what comparing with every vector finds a search finds: the mean over queries of the share of the best `k`."""

    recall: float
    sample: int
    k: int
    kind: str
    size: int


class VectorIndex:
    """Vectors of one size under ids from 0 to 2**63 - 1. Searches may run beside each other, `add` and `remove` beside nothing.

    `codes` is how an approximate index holds vectors; an exact one holds them as float32. int8 is coded anew, and loses a little
    more, only when the vectors leave the range that they had. The same calls give the same results.
    """

    def __init__(self, dimension: int, *, codes: Codes = "float32", exact_up_to: int = EXACT_UP_TO) -> None:
        """An empty index for vectors of `dimension` numbers, exact up to `exact_up_to` of them.

        Raises: UsageError if one of the arguments is out of range.
        """
        if dimension < 1:
            raise UsageError(f"vectors need at least 1 number, got a dimension of {dimension}")
        if codes not in CODES:
            raise UsageError(f"no codes {codes!r}. Known: {', '.join(CODES)}")
        if exact_up_to < 1:
            raise UsageError(f"exact_up_to must be at least 1, got {exact_up_to}")
        self.dimension = dimension
        self.codes = codes
        self.exact_up_to = exact_up_to
        self.kind: Literal["exact", "ivf"] = "exact"
        self.probes = 1
        """Lists that a search looks through."""
        # faiss knows slots, not ids: a filter is then a bit for each slot, four times as fast as a set of ids.
        self._index: Any = one_list(dimension)
        self._slots = Slots()
        self._made_of = 0
        self._changes = 0

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def ids(self) -> npt.NDArray[np.int64]:
        """All ids [N], ascending."""
        return self._slots.ids()

    def vectors(self, ids: Iterable[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The vectors [n, D] under `ids` [n], as held: what was added, or what `codes` made of it once lists were made.

        Raises: KeyError if one of them is not held.
        """
        import numpy as np

        wanted = _ids(ids if isinstance(ids, np.ndarray) else list(ids))
        if not len(wanted):
            return np.zeros((0, self.dimension), dtype=np.float32)
        slots = self._slots.of(wanted)
        if (slots < 0).any():
            raise KeyError(f"no vector under {wanted[slots < 0][:5].tolist()}, {int((slots < 0).sum())} of the {len(wanted)} ids asked for")
        return np.asarray(self._index.reconstruct_batch(slots), dtype=np.float32)

    def add(self, ids: npt.NDArray[np.int64], vectors: npt.NDArray[Any]) -> None:
        """Hold `vectors` [n, D] under `ids` [n]; an id that is held already gets the new vector.

        Raises: UsageError (a ValueError) if the sizes do not fit, an id is negative or given twice, or a number is NaN, infinite
        or larger than LARGEST; nothing is changed then.
        """
        import numpy as np

        ids = _ids(ids)
        vectors = self._rows(vectors, "vectors", len(ids))
        if len(ids) and ids.min() < 0:
            raise UsageError(f"ids must not be negative, row {int(ids.argmin())} has {int(ids.min())}")
        unique, counts = np.unique(ids, return_counts=True)
        if len(unique) != len(ids):
            raise UsageError(f"an id is given twice: {int(unique[counts > 1][0])}")
        if not len(ids):
            return
        self._remove(ids)
        if (self.kind == "exact" and len(self) + len(ids) > self.exact_up_to) or self._changes + len(ids) > self._most_changes():
            held = self.ids()
            self._make(np.concatenate([held, ids]), np.concatenate([self.vectors(held), vectors]))
        else:
            self._index.add_with_ids(vectors, self._slots.append(ids))
            self._changes += len(ids)

    def remove(self, ids: npt.NDArray[np.int64]) -> int:
        """Let go of `ids`, of those that are held; how many there were."""
        removed = self._remove(_ids(ids))
        self._changes += removed
        if self.kind != "exact" and (len(self) <= self.exact_up_to // 2 or self._changes > self._most_changes()):
            held = self.ids()
            self._make(held, self.vectors(held))
        return removed

    def search(
        self, queries: npt.NDArray[Any], k: int, ids: npt.NDArray[np.int64] | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Scores and ids, both [Q, K], best first, of the `k` nearest to each row of `queries` [Q, D]; equal scores by id.

        `ids` restricts the search to those of them that are held: up to `exact_up_to` of them are all compared with, among
        more the lists looked through are more by as much as they are fewer than all. K is less than `k` where fewer are held.

        Raises: UsageError (a ValueError) if the queries are not of this size or not finite.
        """
        import numpy as np

        queries = self._rows(queries, "queries", None)
        among = None
        if ids is not None:
            among = self._slots.mask(_ids(ids))
        count = len(self) if among is None else int(among.sum())
        most = min(k, count)
        if most <= 0 or len(queries) == 0:
            return np.zeros((len(queries), 0), dtype=np.float32), np.zeros((len(queries), 0), dtype=np.int64)
        probes = self.probes
        if among is not None:
            probes = self._index.nlist if count <= self.exact_up_to else min(self._index.nlist, math.ceil(probes * len(self) / count))
        scores, found = self._scan(queries, most, probes, among)
        short = (found < 0).any(axis=1)
        if short.any() and probes < self._index.nlist:
            scores[short], found[short] = self._scan(queries[short], most, self._index.nlist, among)
        named = self._slots.names[found]
        order = np.lexsort((named, -scores))
        return np.take_along_axis(scores, order, axis=1), np.take_along_axis(named, order, axis=1)

    def recall(self, sample: int = 256, k: int = 10, seed: int = 0) -> Recall:
        """What share of the exact best `k` a search finds, measured on `sample` queries made from held vectors (see vector_lists).

        Half are held vectors, half means of three; given is the lower of the two shares. Exact is over the vectors as held: what
        `codes` loses is not in it (see the head of this file).
        """
        import numpy as np

        held = self.ids()
        if not len(held) or sample < 1 or k < 1:
            return Recall(1.0, 0, k, self.kind, len(self))
        k, half = min(k, len(held)), max(1, sample // 2)
        shares = []
        for queries in sample_queries(self.vectors(held[sample_rows(len(held), half, seed)])):
            _, exact = self._scan(queries, k, self._index.nlist, None)
            _, found = self._scan(queries, k, self.probes, None)
            shares.append(np.mean([len(np.intersect1d(one, other)) / k for one, other in zip(exact, found, strict=True)]))
        return Recall(float(min(shares)), 2 * half, k, self.kind, len(self))

    def save(self, path: Path) -> None:
        """Write the index to `path`, atomically.

        Raises: StoreError if the disk refuses; the old file is then untouched.
        """
        import faiss

        head = {
            "version": _VERSION,
            "slots": len(self._slots.names),
            "dimension": self.dimension,
            "codes": self.codes,
            "exact_up_to": self.exact_up_to,
            "kind": self.kind,
            "probes": self.probes,
            "made_of": self._made_of,
            "changes": self._changes,
        }
        index: Any = faiss.serialize_index(self._index)
        write_sealed(path, _NAME, b"".join([json.dumps(head).encode(), b"\n", self._slots.names.astype("<i8").tobytes(), index.data]))

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """The index saved at `path`.

        Raises: KeyError if there is no such file; StoreDamagedError if it is not what `save` wrote; StoreVersionError if a
        newer longdoc wrote it.
        """
        import faiss
        import numpy as np

        data = read_sealed(path, _NAME)
        try:
            end = data.index(b"\n") + 1
            head = json.loads(data[:end])
            version = int(head["version"])
            if version > _VERSION:
                raise StoreVersionError(f"{path}: a vector index of version {version}, this longdoc reads {_VERSION}; update longdoc")
            made = cls(head["dimension"], codes=head["codes"], exact_up_to=head["exact_up_to"])
            made._slots = Slots(np.frombuffer(data, dtype="<i8", count=int(head["slots"]), offset=end).astype(np.int64))
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8, offset=end + made._slots.names.nbytes))
            if (index.d, index.ntotal) != (made.dimension, len(made._slots.ids())):
                raise ValueError("its parts do not fit together")
            made.kind, made.probes = head["kind"], int(head["probes"])
            made._made_of, made._changes, made._index = int(head["made_of"]), int(head["changes"]), index
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            raise StoreDamagedError(f"{path}: not a vector index of this longdoc; delete it, it is built again when needed") from error
        return made

    def _scan(
        self, queries: npt.NDArray[np.float32], k: int, probes: int, among: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Scores and slots [Q, k] from the `probes` best lists, of the slots in the mask `among` [S]; -1 where there are too few."""
        import faiss
        import numpy as np

        parameters: Any = faiss.SearchParametersIVF()
        parameters.nprobe = probes
        if among is not None:
            bits = np.packbits(among, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            parameters.sel = selector
        with _threads_for(len(queries)):
            scores, found = self._index.search(queries, k, params=parameters)
        return scores, found

    def _remove(self, ids: npt.NDArray[np.int64]) -> int:
        import faiss

        slots = self._slots.drop(ids)
        return int(self._index.remove_ids(faiss.IDSelectorArray(slots))) if len(slots) else 0

    def _most_changes(self) -> int:
        """How many additions and removals the lists bear; for one list only the slots matter, which are not used again."""
        return self._made_of // 2 if self.kind == "ivf" else max(self._made_of, 2 * self.exact_up_to)

    def _make(self, ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> None:
        """Hold exactly these, in one list or many as their number wants."""
        slots = Slots(ids)
        if len(ids) > self.exact_up_to:
            index, probes = many_lists(vectors, self.codes, self._index)
            self._index, self.probes, self.kind = index, probes, "ivf"
        else:
            index = one_list(self.dimension)
            index.add_with_ids(vectors, slots.of(ids))
            self._index, self.probes, self.kind = index, 1, "exact"
        self._slots = slots
        self._made_of, self._changes = len(ids), 0

    def _rows(self, rows: npt.NDArray[Any], what: str, count: int | None) -> npt.NDArray[np.float32]:
        """`rows` as float32 [count, D]."""
        import numpy as np

        rows = np.asarray(rows)
        if rows.ndim != 2 or rows.shape[1] != self.dimension or (count is not None and len(rows) != count):
            raise UsageError(f"expected {what} of shape ({'any' if count is None else count}, {self.dimension}), got {rows.shape}")
        # Written so that NaN is not within.
        outside = ~(np.abs(rows) <= LARGEST).all(axis=1)
        if outside.any():
            raise UsageError(f"row {int(outside.argmax())} of {len(rows)} {what} has NaN, infinity or a number beyond {LARGEST:,.0f}")
        return np.ascontiguousarray(rows, dtype=np.float32)


@contextmanager
def _threads_for(queries: int) -> Iterator[None]:
    """One thread for one query: faiss shares nothing there, but its waiting threads take the cores from torch for a while."""
    import faiss

    before = faiss.omp_get_max_threads()
    if queries > 1 or before == 1:
        yield
        return
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _ids(ids: Any) -> npt.NDArray[np.int64]:
    import numpy as np

    given = np.asarray(ids)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise UsageError(f"expected a row of whole numbers as ids, got {given.dtype} of shape {given.shape}")
    return np.ascontiguousarray(given, dtype=np.int64)
