"""What readers know of the documents of a corpus: one context store a reader, a block a chunk.

    folder/<hash of the reader's fingerprint>/    a ContextStore

A block's tokens are the sentences of its chunk: their spans, vectors as states, and salience; its vector is the chunk's. What else
the reader keeps of the document lies with the first block. All is kept as the reader gave it (vectors as float16), so that what comes
back is bit for bit what was read.

Axis legend: C chunks, S sentences, D vector size.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreDamagedError, StoreError, StoreFullError
from longdoc.protocols import Reading
from longdoc.types import Chunk
from longdoc_stores.context import ContextSettings, ContextStore, Faults, TierUse
from longdoc_stores.context_index import FILE as INDEX
from longdoc_stores.durable import make_private_folder, store_errors

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_EXTRA = "reader:"
"""Before the names of what a reader keeps of the whole document."""
KEPT = ContextSettings(block_size=64, dtype="float16", codec="exact", first_tokens=0, recent_tokens=0)
"""How readings are kept: exactly, with RAM as the hottest tier."""


@dataclass(frozen=True, slots=True)
class Place:
    """A chunk that a search found: its document's key, its index, the inner product."""

    key: str
    chunk: int
    score: float


class Readings:
    """The readings of a corpus, in `folder`. Who writes holds the corpus's lock. `budgets` gives budgets and location."""

    def __init__(self, folder: Path, budgets: ContextSettings = KEPT) -> None:
        self.folder = folder
        self.settings = replace(
            KEPT, ram_budget=budgets.ram_budget, disk_budget=budgets.disk_budget, location=budgets.location, device=budgets.device
        )
        make_private_folder(folder)
        self._open: dict[str, ContextStore] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        """Let go of all contexts."""
        with self._lock:
            for context in self._open.values():
                context.close()
            self._open.clear()

    def path(self, fingerprint: str) -> Path:
        """Where the context of a reader lies."""
        return self.folder / hashlib.sha256(fingerprint.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def context(self, fingerprint: str, width: int | None = None) -> ContextStore:
        """The context of a reader; with `width` it is made if it is not there.

        Raises: StoreError if it is not there; StoreDamagedError.
        """
        with self._lock:
            found = self._open.get(fingerprint)
            if found is None:
                path = self.path(fingerprint)
                if width is None and not path.is_dir():
                    raise StoreDamagedError(f"{path}: what {fingerprint} read is gone; run `longdoc doctor --repair`, then ingest again")
                found = self._open[fingerprint] = ContextStore(path, width, self._own(path))
            return found

    def put(self, key: str, fingerprint: str, reading: Reading, chunks: Sequence[Chunk]) -> None:
        """Keep a reading in place of an earlier one, durable when this returns, and on disk alone: a run over a folder of any size reads
        most documents once.

        Raises: StoreError if its arrays do not fit together or hold what is no number; nothing has changed then.
        """
        starts = _check(reading, chunks, fingerprint)
        context = self.context(fingerprint, width=reading.chunk_vectors.shape[1])
        try:
            context.drop(key)
            kept = {f"{_EXTRA}{name}": array for name, array in reading.extra.items()}
            for chunk, vector, start, end in zip(chunks, reading.chunk_vectors, starts, starts[1:], strict=False):
                context.append_block(
                    key,
                    reading.sentence_vectors[start:end],
                    reading.sentences[start:end],
                    vector=vector,
                    section=chunk.heading_path,
                    extra={"salience": reading.salience[start:end], **kept},
                )
                kept = {}  # the first block has it all
            context.flush()
            context.let_go(key)
        except BaseException as error:
            with self._lock:
                self._open.pop(fingerprint).close()  # undoes what was not flushed
            if isinstance(error, StoreFullError):
                raise StoreFullError(f"{error}; the settings disk_budget and archive say how much goes where") from error
            raise

    def get(self, key: str, fingerprint: str, chunks: int, tokens: int) -> Reading:
        """What the reader knows of a document of so many chunks and tokens.

        Raises: StoreDamagedError if not all of it is there.
        """
        import numpy as np
        import torch

        context = self.context(fingerprint)
        infos = context.blocks(key)
        if len(infos) != chunks:
            raise StoreDamagedError(
                f"{self.path(fingerprint)}: has {len(infos)} of {chunks} chunks of document {key}; "
                "run `longdoc doctor --repair`, then ingest again"
            )
        blocks = [context.block(info) for info in infos]
        counts = np.array([info.tokens for info in infos], dtype=np.int64)
        first = blocks[0].extra if blocks else {}
        empty = torch.zeros(0, context.width, dtype=torch.float16)
        return Reading(
            sentences=torch.cat([torch.zeros(0, 2, dtype=torch.int32), *(block.spans for block in blocks)]).numpy(),
            chunk_of_sentence=np.repeat(np.arange(chunks, dtype=np.int32), counts),
            chunk_vectors=torch.stack([block.vector for block in blocks]).numpy() if blocks else empty.numpy(),
            sentence_vectors=torch.cat([empty, *(block.states for block in blocks)]).numpy(),
            salience=torch.cat([torch.zeros(0), *(block.extra["salience"] for block in blocks)]).numpy(),
            tokens=tokens,
            extra={name.removeprefix(_EXTRA): array.numpy() for name, array in first.items() if name.startswith(_EXTRA)},
        )

    def let_go(self, key: str, fingerprint: str) -> None:
        """Keep nothing of a document's reading in RAM: it will not be read soon."""
        with self._lock:
            context = self._open.get(fingerprint)
        if context is not None:
            context.let_go(key)

    def search(
        self,
        vector: npt.NDArray[np.float32],
        keys: Collection[str],
        k: int,
        fingerprint: str,
        *,
        everything: bool = False,
        chunks: Sequence[tuple[str, int]] | None = None,
    ) -> list[Place]:
        """The `k` chunks of these documents whose vectors have the largest inner product with `vector` [D], best first; equal ones in
        the order of `keys`. `everything` says that these are all documents there are, `chunks` names those alone that may be found.

        Raises: StoreError if the vector is of another size.
        """
        context = self.context(fingerprint)
        if chunks is not None:
            blocks = {key: context.blocks(key) for key in dict.fromkeys(key for key, _ in chunks)}
            hits = context.search(vector, k, blocks=[blocks[key][chunk].number for key, chunk in chunks if chunk < len(blocks[key])])
        elif everything:
            hits = context.search(vector, k)
            if any(document not in keys for _, document, _ in context.of(hits)):  # what a killed writer left
                hits = context.search(vector, k, documents=keys)
        else:
            hits = context.search(vector, k, documents=keys)
        found = [Place(document, chunk, hit.score) for hit, document, chunk in context.of(hits)]
        order = {place.key: 0 for place in found}
        if len(order) > 1 and len({place.score for place in found}) < len(found):
            order = {key: number for number, key in enumerate(keys) if key in order}
        return sorted(found, key=lambda place: (-place.score, order[place.key], place.chunk))

    def sentences(self, key: str, chunk: int, fingerprint: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float16]]:
        """Spans [S, 2] and vectors [S, D] of the sentences of one chunk; none of a chunk that is not there."""
        context = self.context(fingerprint)
        infos = context.blocks(key)
        if chunk >= len(infos):
            import numpy as np

            return np.zeros((0, 2), np.int32), np.zeros((0, context.width), np.float16)
        block = context.block(infos[chunk])
        return block.spans.numpy(), block.states.numpy()

    def forget(self, readings: Iterable[tuple[str, str]]) -> None:
        """Remove readings, (document key, fingerprint) each, and every byte of them; one that is not there is no error."""
        by_reader: dict[str, list[str]] = {}
        for key, fingerprint in readings:
            by_reader.setdefault(fingerprint, []).append(key)
        for fingerprint, keys in by_reader.items():
            if self.path(fingerprint).is_dir():
                self.context(fingerprint).forget(*keys)

    def strays(self, live: Mapping[str, set[str]]) -> list[str]:
        """What belongs to no reading; `live` has the document keys of each fingerprint."""
        known = {self.path(fingerprint): fingerprint for fingerprint in live}
        found = [str(path) for path in self._folders() if path not in known and _holds(path)]
        for path, fingerprint in known.items():
            found += [f"{path}: document {key}" for key in self._unreferred(fingerprint, live[fingerprint])]
        return found

    def sweep(self, live: Mapping[str, set[str]]) -> None:
        """Remove what belongs to no reading. Only the one writer may call this."""
        known = {self.path(fingerprint) for fingerprint in live}
        for path in self._folders():
            if path not in known and _holds(path):
                self.remove(path)
        for fingerprint, keys in live.items():
            gone = self._unreferred(fingerprint, keys)
            if gone:
                self.context(fingerprint).forget(*gone)

    def check(self, fingerprint: str, repair: bool) -> Faults:
        """See ContextStore.check.

        Raises: StoreDamagedError if the context cannot be opened.
        """
        return self.context(fingerprint).check(repair)

    def remove(self, path: Path) -> None:
        """Delete the folder of a context."""
        with self._lock:
            for fingerprint in [each for each in self._open if self.path(each) == path]:
                self._open.pop(fingerprint).close()
            with store_errors(path, "delete"):
                shutil.rmtree(path)

    def tiers(self) -> list[TierUse]:
        """What lies in which tier, and the reads that each answered since the contexts were opened; nothing is opened for it."""
        with self._lock:
            uses = [use for context in self._open.values() for use in context.tiers()]
            opened = {self.path(fingerprint) for fingerprint in self._open}
        ram = TierUse("ram", self.settings.ram_budget, 0, 0, 0)
        closed = [_on_disk(path, self.settings.disk_budget) for path in self._folders() if path not in opened]
        total: dict[str, TierUse] = {}
        for use in (ram, *uses, *closed):
            before = total.get(use.name, TierUse(use.name, use.budget, 0, 0, 0))
            total[use.name] = replace(
                before, bytes=before.bytes + use.bytes, values=before.values + use.values, hits=before.hits + use.hits
            )
        return list(total.values())

    def sizes(self) -> tuple[int, int]:
        """Bytes on disk of blocks and of vector indexes."""
        index = sum(_size(path / INDEX) for path in self._folders())
        everything = sum(_size(file) for path in self._folders() for file in path.iterdir())
        return everything - index, index

    def hits(self) -> dict[str, int]:
        """Reads that each tier answered since the contexts were opened."""
        with self._lock:
            uses = [use for context in self._open.values() for use in context.tiers()]
        return {name: sum(use.hits for use in uses if use.name == name) for name in dict.fromkeys(use.name for use in uses)}

    def _unreferred(self, fingerprint: str, live: set[str]) -> list[str]:
        """Documents that are not among `live`; none where the context is damaged, which only `check` may repair."""
        if not self.path(fingerprint).is_dir():
            return []
        try:
            return [key for key in self.context(fingerprint).documents() if key not in live]
        except StoreDamagedError:
            return []

    def _folders(self) -> list[Path]:
        with store_errors(self.folder, "read"):
            return sorted(path for path in self.folder.iterdir() if path.is_dir())

    def _own(self, path: Path) -> ContextSettings:
        """The settings, each reader with a place of its own at the location."""
        location = self.settings.location
        return self.settings if location is None else replace(self.settings, location=f"{location.rstrip('/')}/{path.name}")


def _check(reading: Reading, chunks: Sequence[Chunk], reader: str) -> list[int]:
    """Where the sentences of each chunk start, and where the last ones end [C + 1].

    Raises: StoreError that names the reader and both numbers if the arrays do not fit together.
    """
    import numpy as np

    sentences = len(reading.sentences)
    for name, found, expected in (
        ("chunk vectors", len(reading.chunk_vectors), len(chunks)),
        ("sentence vectors", len(reading.sentence_vectors), sentences),
        ("chunk numbers", len(reading.chunk_of_sentence), sentences),
        ("salience scores", len(reading.salience), sentences),
    ):
        if found != expected:
            raise StoreError(f"reader {reader!r} gave {found} {name}, not {expected}; nothing was stored")
    for name, array in (("chunk", reading.chunk_vectors), ("sentence", reading.sentence_vectors)):
        if not np.isfinite(array).all():
            raise StoreError(f"reader {reader!r} gave a {name} vector that is not a number; nothing was stored")
    holders = reading.chunk_of_sentence
    if sentences and (holders.min() < 0 or holders.max() >= len(chunks) or (np.diff(holders) < 0).any()):
        raise StoreError(f"reader {reader!r} gave sentences out of order, or in none of the {len(chunks)} chunks; nothing was stored")
    return [int(place) for place in np.searchsorted(holders, np.arange(len(chunks) + 1))]


def _holds(path: Path) -> bool:
    """Whether there is anything in a context. An empty one stays: another process may have it open, to read what comes."""
    try:
        return _on_disk(path, None).values > 0
    except StoreDamagedError:
        return True


def _on_disk(path: Path, budget: int | None) -> TierUse:
    from longdoc_stores.disk_tier import DiskTier

    disk = DiskTier(path, budget)
    try:
        return TierUse("disk", budget, disk.size(), max(len(disk) - 1, 0), 0)
    finally:
        disk.close()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a writer deletes meanwhile
        return 0
