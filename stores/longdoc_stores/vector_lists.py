"""The two shapes of a vector index, both faiss inverted files: one list, or many with only the most promising looked through.

With one list every vector is compared with, so the search is exact; ids, removal and filters are the same code for both. With many
(Sivic and Zisserman 2003; Johnson, Douze and Jegou 2017) a vector lies in the list of the k-means centre that it scores best
with, and a query looks through the `probes` lists whose centres score best with it.

How many that must be is read off a sample: exact neighbours are found for queries of two kinds, and `probes` is where, for either
kind, the target share of them lies in the lists looked through. A held vector stands for a query among what is held; the mean of
three held at random for one about something else: it was as hard as text that was not indexed, at 27,000, 73,000 and 218,000
vectors of contracts. Either kind alone was too easy somewhere: the first on contracts, the second on many small clusters.

Axis legend: N vectors held, S slots, L lists, Q queries, K results a query, D vector size.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Codes = Literal["float32", "float16", "int8"]
CODES: tuple[str, ...] = get_args(Codes)

TARGET: dict[str, float] = {"float32": 0.993, "float16": 0.993, "int8": 0.998}
"""Share of the sample's neighbours to be found; above the 0.98 that is promised, because real queries differ from the sample and
int8 loses some itself."""
NEIGHBOURS = 10
SAMPLE = 512
MIXED = 3
_SEED = 1
_HASHTABLE = 2
"""faiss's DirectMap.Hashtable: finds a slot in its list, and takes a vector away in constant time."""
_TRAINING_POINTS_A_LIST = 64
_TRAINING_ROUNDS = 10
_ROOM = 0.05
"""By how much of its width the range of int8 codes reaches beyond what was seen, on either side."""


class Slots:
    """Which id lies in which slot. Slots are numbered from 0 as ids come, and not used again."""

    def __init__(self, ids: npt.NDArray[np.int64] | None = None) -> None:
        """Slots with `ids` [n], all different; -1 for one that is free."""
        import numpy as np

        self.names: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64) if ids is None else ids
        """Id by slot, -1 where it was dropped."""
        self._sort()

    def ids(self) -> npt.NDArray[np.int64]:
        """All ids, ascending."""
        return self._ids.copy()

    def of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The slot of each of `ids` [n], -1 where there is none."""
        import numpy as np

        if not len(self._ids):
            return np.full(len(ids), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[place] == ids, self._order[place], -1)

    def mask(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which slots [S] belong to one of `ids` [n]."""
        import numpy as np

        slots = self.of(ids)
        # A place more, for the -1 of what has no slot.
        belongs = np.zeros(len(self.names) + 1, dtype=bool)
        belongs[slots] = True
        return belongs[:-1]

    def append(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give `ids` [n], none of which has one, slots [n]."""
        import numpy as np

        first = len(self.names)
        self.names = np.concatenate([self.names, ids])
        self._sort()
        return np.arange(first, len(self.names))

    def drop(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Take the slots of `ids` [n] from those that have one; which slots these were."""
        import numpy as np

        slots = np.unique(self.of(ids))
        slots = slots[slots >= 0]
        if len(slots):
            self.names[slots] = -1
            self._sort()
        return slots

    def _sort(self) -> None:
        import numpy as np

        order = np.argsort(self.names, kind="stable")
        self._order = order[np.searchsorted(self.names, 0, sorter=order) :]
        self._ids = self.names[self._order]


def one_list(dimension: int) -> Any:
    """An empty faiss index of one list, as float32."""
    import faiss
    import numpy as np

    centre = faiss.IndexFlatIP(dimension)
    centre.add(np.zeros((1, dimension), dtype=np.float32))
    index = faiss.IndexIVFFlat(centre, dimension, 1, faiss.METRIC_INNER_PRODUCT)
    index.set_direct_map_type(_HASHTABLE)
    return index


def many_lists(vectors: npt.NDArray[np.float32], codes: Codes, before: Any = None) -> tuple[Any, int]:
    """A faiss index of `vectors` [N, D] in slots 0 to N - 1, in about 2 * sqrt(N) lists, and the probes that it needs.

    `before` is the index that it replaces: its int8 codes are kept where they serve, so that coding again loses nothing.
    """
    import faiss
    import numpy as np

    count, dimension = vectors.shape
    lists = min(count, max(1, round(2 * math.sqrt(count))))
    centres = faiss.IndexFlatIP(dimension)
    if codes == "float32":
        index: Any = faiss.IndexIVFFlat(centres, dimension, lists, faiss.METRIC_INNER_PRODUCT)
    else:
        code = {"float16": faiss.ScalarQuantizer.QT_fp16, "int8": faiss.ScalarQuantizer.QT_8bit}[codes]
        # Codes of the vectors themselves: codes of what is left after the centre found no more and took as long.
        index = faiss.IndexIVFScalarQuantizer(centres, dimension, lists, code, faiss.METRIC_INNER_PRODUCT, False)
    index.cp.seed = _SEED
    index.cp.niter = _TRAINING_ROUNDS
    index.cp.max_points_per_centroid = _TRAINING_POINTS_A_LIST
    # faiss prints a warning below this.
    index.cp.min_points_per_centroid = 1
    index.train(vectors)
    if codes == "int8":
        faiss.copy_array_to_vector(_ranges(vectors, before), index.sq.trained)
    index.set_direct_map_type(_HASHTABLE)
    index.add_with_ids(vectors, np.arange(count))
    return index, _probes(centres, vectors, TARGET[codes])


def sample_rows(count: int, queries: int, seed: int) -> npt.NDArray[np.int64]:
    """Which of `count` held vectors `sample_queries` needs to make `queries` of each kind."""
    import numpy as np

    return np.random.default_rng(seed).integers(count, size=queries * (1 + MIXED))


def sample_queries(rows: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Two kinds of queries [Q, D] from held vectors [Q * (1 + MIXED), D]: some as they are, and means of the others."""
    queries = len(rows) // (1 + MIXED)
    return rows[:queries], rows[queries:].reshape(queries, MIXED, rows.shape[1]).mean(axis=1)


def _ranges(vectors: npt.NDArray[np.float32], before: Any) -> npt.NDArray[np.float32]:
    """What faiss cuts into 256 steps: the lowest number of each column [D], then how far the highest lies above it [D]."""
    import faiss
    import numpy as np

    low, high = vectors.min(axis=0), vectors.max(axis=0)
    if isinstance(before, faiss.IndexIVFScalarQuantizer):
        kept: npt.NDArray[np.float32] = faiss.vector_to_array(before.sq.trained)
        lowest, span = np.split(kept, 2)
        if (low >= lowest).all() and (high <= lowest + span).all():
            return kept
    room = _ROOM * (high - low)
    return np.concatenate([low - room, high - low + 2 * room])


def _probes(centres: Any, vectors: npt.NDArray[np.float32], target: float) -> int:
    """In how many of the best lists `target` of the exact neighbours lie, for the harder kind of query."""
    import faiss
    import numpy as np

    probes = 1
    for queries in sample_queries(vectors[sample_rows(len(vectors), SAMPLE, _SEED)]):
        _, neighbours = faiss.knn(queries, vectors, min(NEIGHBOURS, len(vectors)), metric=faiss.METRIC_INNER_PRODUCT)  # [Q, K]
        _, home = centres.search(vectors[neighbours.ravel()], 1)  # [Q * K, 1]
        _, order = centres.search(queries, centres.ntotal)  # [Q, L]
        place = np.empty_like(order)
        np.put_along_axis(place, order, np.broadcast_to(np.arange(centres.ntotal), order.shape), axis=1)
        needed = np.take_along_axis(place, home.reshape(neighbours.shape), axis=1) + 1  # [Q, K]
        probes = max(probes, int(np.quantile(needed, target, method="higher")))
    return probes
