"""The vector index of a context: made when first searched, kept up to date, saved now and then.

It is derived from the blocks: deleting it, or a damaged one, costs the time to build it again. What is saved holds flushed
blocks only, because the numbers of others may be given again after a crash.

Axis legend: D width.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreDamagedError, StoreError, StoreVersionError
from longdoc_stores.blocks import Hit
from longdoc_stores.durable import store_errors
from longdoc_stores.lock import WriterLock
from longdoc_stores.vector_index import VectorIndex

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    Read = Callable[[Sequence[int]], npt.NDArray[np.float32]]

FILE = "vectors.faiss"


class ContextIndex:
    """The index of vectors of `width`, saved in `folder` if there is one; `read` gives the vectors [n, D] of blocks."""

    def __init__(self, folder: Path | None, width: int, read: Read) -> None:
        self.path = folder / FILE if folder is not None else None
        self.width = width
        self._read = read
        self._index: VectorIndex | None = None
        self._new: dict[int, npt.NDArray[np.float32]] = {}
        self._gone: set[int] = set()
        self._stale = True
        self._unsaved = 0
        self._removed = False
        self._lock = WriterLock(folder / f"{FILE}.lock") if folder is not None else None

    def add(self, number: int, vector: torch.Tensor) -> None:
        """The vector of a new block."""
        self._new[number] = vector.float().cpu().numpy()

    def remove(self, number: int) -> None:
        """A block that is gone."""
        if self._new.pop(number, None) is None:
            self._gone.add(number)
        self._removed = True

    def recheck(self) -> None:
        """Other blocks than those added and removed here may have come or gone."""
        self._stale = True

    def reset(self) -> None:
        """Let go of what is in memory: numbers may be given again."""
        self._index = None
        self._new.clear()
        self._gone.clear()
        self._stale = True

    def search(self, query: npt.NDArray[np.float32], k: int, wanted: Sequence[int] | None, blocks: Collection[int]) -> list[Hit]:
        """The `k` of the `wanted` blocks (None: all) with the largest inner product with `query` [D], best first."""
        import numpy as np

        index = self.current(blocks)
        ids = None if wanted is None else np.asarray(wanted, dtype=np.int64)
        scores, found = index.search(query[None, :], k, ids)
        return [Hit(int(number), float(score)) for number, score in zip(found[0], scores[0], strict=True) if number >= 0]

    def current(self, blocks: Collection[int]) -> VectorIndex:
        """The index with exactly these blocks."""
        import numpy as np

        index = self._index if self._index is not None else self._loaded(blocks)
        if self._stale or self._new or self._gone:
            held = set(index.ids().tolist()) if self._stale else self._gone
            gone = held - set(blocks) if self._stale else held
            new = sorted(set(blocks) - held if self._stale else self._new)
            unread = [number for number in new if number not in self._new]
            read = dict(zip(unread, self._read(unread), strict=True)) if unread else {}
            if gone:
                index.remove(np.array(sorted(gone), dtype=np.int64))
            if new:
                vectors = np.stack([self._new[number] if number in self._new else read[number] for number in new])
                index.add(np.array(new, dtype=np.int64), vectors)
            self._unsaved += len(gone) + len(new)
            self._new.clear()
            self._gone.clear()
            self._stale = False
        self._index = index
        return index

    def worth_saving(self, least: int) -> bool:
        """Whether at least `least` blocks came or went since it was saved last."""
        return self.path is not None and len(self._new) + len(self._gone) + self._unsaved >= max(1, least)

    def holds_what_is_gone(self) -> bool:
        """Whether what is saved may hold blocks that were removed here."""
        return self._removed and self.path is not None and self.path.exists()

    def save(self, blocks: Collection[int]) -> None:
        """Save the index of exactly these blocks, inside `held`."""
        if self.path is not None:
            self.current(blocks).save(self.path)
            self._unsaved = 0
            self._removed = False

    @contextmanager
    def held(self, wait: float = 5.0) -> Iterator[None]:
        """Let no other process save meanwhile.

        Raises: StoreBusyError if another one does for longer than `wait` seconds.
        """
        if self._lock is None:
            yield
            return
        self._lock.acquire(wait)
        try:
            yield
        finally:
            self._lock.release()

    def delete(self) -> None:
        """Delete what is saved, inside `held`."""
        if self.path is not None:
            with store_errors(self.path, "delete"):
                self.path.unlink(missing_ok=True)
        self._unsaved = len(self._index) if self._index is not None else 0

    def check(self, blocks: Collection[int], repair: bool) -> list[str]:
        """What is wrong with what is saved; `repair` deletes it then."""
        if self.path is None or not self.path.exists():
            return []
        wrong = ""
        try:
            index = VectorIndex.load(self.path)
            if index.dimension != self.width:
                wrong = f"{self.path}: holds vectors of {index.dimension}, not {self.width}"
            elif gone := set(index.ids().tolist()) - set(blocks):
                wrong = f"{self.path}: holds {len(gone)} blocks that are gone"
            elif not self._fits(index, blocks):
                wrong = f"{self.path}: holds the vectors of another context"
        except (StoreDamagedError, StoreVersionError) as error:
            wrong = str(error)
        if not wrong:
            return []
        if repair:
            with self.held():
                self.delete()
            self._index = None
        return [f"{wrong}; it is built again when needed"]

    def _loaded(self, blocks: Collection[int]) -> VectorIndex:
        self._stale = True
        if self.path is not None:
            with suppress(KeyError, StoreDamagedError, StoreVersionError):  # derived: it is built again
                index = VectorIndex.load(self.path)
                if index.dimension == self.width and self._fits(index, blocks):
                    return index
        return VectorIndex(self.width)

    def _fits(self, index: VectorIndex, blocks: Collection[int]) -> bool:
        """Whether the oldest and the newest block that both know have the same vector; they have not in another context's index."""
        import numpy as np

        common = sorted(set(index.ids().tolist()) & set(blocks))
        ends = [common[0], common[-1]] if common else []
        try:
            return not ends or np.array_equal(index.vectors(ends), self._read(ends))
        except StoreDamagedError:
            return True  # nobody can tell; whoever needs the block is told


def saved_bytes(blocks: int, width: int) -> int:
    """Bytes that the saved index of so many blocks takes, at most: the vectors, their ids, the lists' centres and heads."""
    return (1 << 16) + blocks * (width * 4 + 32) * 9 // 8


def query_of(query: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """A query vector [D] as float32.

    Raises: StoreError for another width or a value that is not a number.
    """
    import numpy as np

    found = np.ascontiguousarray(query, dtype=np.float32)
    if found.shape != (width,):
        raise StoreError(f"a query vector of shape {found.shape} against vectors of {width}; embed it with the reader that ingested")
    if not np.isfinite(found).all():
        raise StoreError("the query vector holds a value that is not a number")
    return found
