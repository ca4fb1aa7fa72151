"""Chunk vectors of a corpus, searched exactly.

A search in few documents compares with their arrays directly; one in many uses a VectorIndex of all that the reader has read,
kept under index/ and brought up to date before use: documents it lacks are added, those that are gone removed. It is derived
data: deleting it, or a damaged one, costs the time to build it again from the arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreBusyError, StoreDamagedError, StoreError
from longdoc_stores import codec
from longdoc_stores.documents import Documents, array_keys
from longdoc_stores.durable import store_errors
from longdoc_stores.vector_index import VectorIndex

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DIRECT_DOCUMENTS = 128
"""Up to here comparing with the arrays is faster than the index, cold (which must be loaded) and warm."""
CHUNK_BITS = 20


class CorpusIndex:
    """The vector indexes of a corpus, one a reader, made when first needed."""

    def __init__(self, folder: Path, documents: Documents, writing: Callable[..., AbstractContextManager[None]]) -> None:
        self.folder = folder
        self.documents = documents
        self._writing = writing
        self._held: dict[str, VectorIndex] = {}
        self._vectors = lru_cache(maxsize=DIRECT_DOCUMENTS)(self._load)

    def search(
        self, vector: npt.NDArray[np.float32], documents: Mapping[int, str], k: int, fingerprint: str
    ) -> list[tuple[int, int, float]]:
        """(document, chunk, score) of the `k` best chunks for `vector` [D] in `documents` (number -> key), best first.

        Raises: StoreError if the reader has not read one of them, or the vector is not of its size.
        """
        read = self.read_by(fingerprint)
        unread = [key for number, key in documents.items() if number not in read]
        if unread:
            raise StoreError(f"document {unread[0]} has not been read by {fingerprint}; ingest it again")
        if len(documents) <= DIRECT_DOCUMENTS:
            return self._search_arrays(vector, documents, k, fingerprint)
        return self._search_index(vector, documents, k, fingerprint)

    def path(self, fingerprint: str) -> Path:
        """Where the index of a reader is kept."""
        return self.folder / f"{hashlib.sha256(fingerprint.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.faiss"

    def delete(self) -> None:
        """Delete all indexes."""
        self._held.clear()
        self._vectors.cache_clear()
        with store_errors(self.folder, "delete"):
            for path in self.folder.iterdir():
                path.unlink(missing_ok=True)

    def read_by(self, fingerprint: str) -> dict[int, str]:
        """Number -> key of the documents that a reader has read."""
        rows = self.documents.catalogue.rows(
            "SELECT number, key FROM readings JOIN documents ON number = document WHERE fingerprint = ?", (fingerprint,)
        )
        return {int(number): str(key) for number, key in rows}

    def _search_arrays(
        self, vector: npt.NDArray[np.float32], documents: Mapping[int, str], k: int, fingerprint: str
    ) -> list[tuple[int, int, float]]:
        import numpy as np

        scores, numbers, chunks = [np.zeros(0, dtype=np.float32)], [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for number, key in documents.items():
            vectors = self._vectors(key, fingerprint)
            if len(vectors):
                scores.append(vectors @ _query(vector, vectors.shape[1]))
                numbers.append(np.full(len(vectors), number))
                chunks.append(np.arange(len(vectors)))
        score, number_of, chunk_of = np.concatenate(scores), np.concatenate(numbers), np.concatenate(chunks)
        best = np.argsort(-score, kind="stable")[:k]
        return [(int(number_of[i]), int(chunk_of[i]), float(score[i])) for i in best]

    def _search_index(
        self, vector: npt.NDArray[np.float32], documents: Mapping[int, str], k: int, fingerprint: str
    ) -> list[tuple[int, int, float]]:
        import numpy as np

        index = self._current(fingerprint)
        if index is None:
            return []
        ids = index.ids()
        wanted = np.isin(ids >> CHUNK_BITS, np.fromiter(documents, dtype=np.int64))
        scores, found = index.search(_query(vector, index.dimension)[None, :], k, None if wanted.all() else ids[wanted])
        order = {number: place for place, number in enumerate(documents)}
        hits = [
            (int(hit) >> CHUNK_BITS, int(hit) & (1 << CHUNK_BITS) - 1, float(score)) for hit, score in zip(found[0], scores[0], strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit[2], order[hit[0]], hit[1]))

    def _current(self, fingerprint: str) -> VectorIndex | None:
        """The index of a reader with exactly the documents it has read; None if that makes no chunk."""
        import numpy as np

        index = self._held.get(fingerprint)
        index = self._saved(fingerprint) if index is None else index
        documents = self.read_by(fingerprint)
        held = set((np.unique(index.ids() >> CHUNK_BITS)).tolist()) if index is not None else set()
        gone = held - documents.keys()
        if index is not None and gone:
            ids = index.ids()
            index.remove(ids[np.isin(ids >> CHUNK_BITS, list(gone))])
        new = {number: self._load(documents[number], fingerprint) for number in sorted(documents.keys() - held)}
        new = {number: vectors for number, vectors in new.items() if len(vectors)}
        if new:
            # All at once: each call of add looks through the whole index for ids that it has.
            together = np.concatenate(list(new.values()))
            index = VectorIndex(together.shape[1]) if index is None else index
            index.add(np.concatenate([np.arange(len(vectors)) + (number << CHUNK_BITS) for number, vectors in new.items()]), together)
        changed = bool(gone or new)
        if index is not None and changed:
            self._save(fingerprint, index)
        if index is not None:
            self._held[fingerprint] = index
        return index

    def _saved(self, fingerprint: str) -> VectorIndex | None:
        try:
            return VectorIndex.load(self.path(fingerprint))
        except (KeyError, StoreDamagedError):
            return None

    def _save(self, fingerprint: str, index: VectorIndex) -> None:
        """Save, unless another process writes: it may be forgetting a document that this index still has."""
        try:
            with self._writing(wait=0.0):
                if set(self.read_by(fingerprint)) >= set((index.ids() >> CHUNK_BITS).tolist()):
                    index.save(self.path(fingerprint))
        except StoreBusyError:
            return

    def _load(self, key: str, fingerprint: str) -> npt.NDArray[np.float32]:
        import numpy as np

        return codec.decode_vectors(self.documents.array(array_keys(key, fingerprint)[0]), key).astype(np.float32)


def _query(vector: npt.NDArray[np.float32], dimension: int) -> npt.NDArray[np.float32]:
    import numpy as np

    if vector.shape != (dimension,):
        raise StoreError(
            f"a query vector of shape {vector.shape} against vectors of size {dimension}; embed it with the reader that ingested"
        )
    return np.ascontiguousarray(vector, dtype=np.float32)
