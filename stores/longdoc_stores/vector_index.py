"""Exact search over vectors by inner product, on faiss.

Axis legend: N vectors held, Q queries, K results a query, D vector size.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longdoc.errors import StoreDamagedError
from longdoc_stores.durable import read_sealed, write_sealed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_NAME = "vector-index"


class VectorIndex:
    """Vectors under 64-bit ids; search compares with every one of them."""

    def __init__(self, dimension: int) -> None:
        import faiss

        self.dimension = dimension
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def ids(self) -> npt.NDArray[np.int64]:
        """All ids [N]."""
        import faiss
        import numpy as np

        return np.asarray(faiss.vector_to_array(self._index.id_map), dtype=np.int64)

    def vectors(self, ids: Iterable[int]) -> npt.NDArray[np.float32]:
        """The vectors [len(ids), D] of ids that are held."""
        import numpy as np

        found = [self._index.reconstruct(int(number)) for number in ids]
        return np.array(found, dtype=np.float32).reshape(-1, self.dimension)

    def add(self, ids: npt.NDArray[np.int64], vectors: npt.NDArray[Any]) -> None:
        """Hold `vectors` [n, D] under `ids` [n]; an id that is held already gets the new vector."""
        import numpy as np

        ids = np.ascontiguousarray(ids, dtype=np.int64)
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"expected vectors of shape {(len(ids), self.dimension)}, got {vectors.shape}")
        if len(np.unique(ids)) != len(ids):
            raise ValueError("an id is given twice")
        if len(ids) == 0:
            return
        if len(self):
            self.remove(ids)
        self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids)

    def remove(self, ids: npt.NDArray[np.int64]) -> int:
        """Let go of `ids`, of those that are held; how many there were."""
        import faiss
        import numpy as np

        if len(ids) == 0 or len(self) == 0:
            return 0
        return int(self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids, dtype=np.int64))))

    def search(
        self, vectors: npt.NDArray[Any], k: int, ids: npt.NDArray[np.int64] | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Scores and ids, both [Q, K], best first, of the `k` nearest to each row of `vectors` [Q, D].

        `ids` restricts the search to those. K is less than `k` where there are fewer.
        """
        import faiss
        import numpy as np

        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.dimension:
            raise ValueError(f"expected queries of shape (any, {self.dimension}), got {queries.shape}")
        most = min(k, len(self))
        if most <= 0 or len(queries) == 0 or (ids is not None and len(ids) == 0):
            return np.zeros((len(queries), 0), dtype=np.float32), np.zeros((len(queries), 0), dtype=np.int64)
        if ids is None:
            scores, found = self._index.search(queries, most)
        else:
            selector = faiss.IDSelectorBatch(np.ascontiguousarray(ids, dtype=np.int64))
            scores, found = self._index.search(queries, most, params=faiss.SearchParameters(sel=selector))  # type: ignore[call-arg]
        width = int((found >= 0).sum(axis=1).max())
        return scores[:, :width], found[:, :width]

    def save(self, path: Path) -> None:
        """Write the index to `path`, atomically."""
        import faiss

        write_sealed(path, _NAME, faiss.serialize_index(self._index).tobytes())

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """The index saved at `path`.

        Raises: KeyError if there is no such file; StoreDamagedError if it is not what `save` wrote.
        """
        import faiss
        import numpy as np

        data = read_sealed(path, _NAME)
        try:
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except RuntimeError as error:
            raise StoreDamagedError(f"{path}: not a vector index of this faiss; delete it, it is built again when needed") from error
        made = cls(int(index.d))
        made._index = index
        return made
