"""The reading half of a ContextStore: opening it, learning what others flush, and every way to read blocks.

Locks are taken in this order: the context's, the index's between processes, the tiers'. Threads that read ahead take the
context's alone, and only when a block is gone.

Axis legend: T tokens, D width, B blocks.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreDamagedError, StoreError, UsageError
from longdoc.protocols import Packed
from longdoc_stores.block_list import BlockList
from longdoc_stores.blocks import Block, BlockInfo, Blocks, ForgottenError, Hit, as_batch, as_block, block_key
from longdoc_stores.context_head import Head, read_keys
from longdoc_stores.context_index import ContextIndex, query_of
from longdoc_stores.context_settings import ContextSettings, check_budgets, memory_of, open_tiers
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.prefetch import ahead
from longdoc_stores.tiered import TierUse

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from longdoc_stores.tokens import Array, Tail

_BLOCK_MEMORY = 1024
"""Bytes of Python objects per block, beside the tiers."""


class ContextReader:
    """What can be asked of a context; see ContextStore."""

    def __init__(self, folder: Path | None, width: int | None = None, settings: ContextSettings | None = None) -> None:
        self.folder = folder
        self.settings = settings or ContextSettings()
        self._lock = threading.RLock()
        self._tail: Tail | None = None
        self._changed = False
        self._closed = False
        self._seen: int | None = None
        self._head: Head | None = None
        if width is not None:
            check_budgets(self.settings, width, folder)
        if width is None and not (folder and folder.is_dir()):
            raise StoreError(f"{self._place}: no context there yet; say how wide its states are to begin one")
        self._disk = DiskTier(folder, self.settings.disk_budget) if folder is not None else None
        try:
            self.width = self._agreed_width(width)
            tiers = open_tiers(self.settings, self.width, self._disk)
        except BaseException:
            if self._disk is not None:
                self._disk.close()
            raise
        self.store, self._near, self._ram = tiers.store, tiers.near, tiers.ram
        self._near_least = tiers.near.budget or 0 if tiers.near is not None else 0
        self._blocks = self._no_blocks()
        self._index = ContextIndex(folder, self.width, self._vectors)
        try:
            self._refresh()
        except BaseException:
            self.store.close()
            raise

    def __len__(self) -> int:
        """Blocks."""
        with self._lock:
            self._refresh()
            return len(self._blocks)

    def __bool__(self) -> bool:
        """True, of an empty context too."""
        return True

    @property
    def tokens(self) -> int:
        """Tokens in blocks."""
        return sum(info.tokens for info in self.blocks())

    def documents(self) -> list[str]:
        """Names of the documents, in the order in which they began."""
        with self._lock:
            self._refresh()
            return self._blocks.documents()

    def blocks(self, document: str | None = None) -> list[BlockInfo]:
        """What is known of the blocks of a document (None: of all), in order; none for a document that is not there."""
        with self._lock:
            self._refresh()
            return list(self._blocks.by_number.values()) if document is None else self._blocks.of(document)

    def info(self, number: int) -> BlockInfo:
        """What is known of a block. Raises: KeyError if it is not there."""
        with self._lock:
            self._refresh()
            return self._info(number)

    def of(self, hits: Sequence[Hit]) -> list[tuple[Hit, str, int]]:
        """The document of each block found, and how many of its blocks come before; without what was forgotten meanwhile."""
        with self._lock:
            self._refresh()
            known = self._blocks.by_number
            documents = [(hit, known[hit.number].document) for hit in hits if hit.number in known]
            return [(hit, document, hit.number - self._blocks.first(document)) for hit, document in documents]

    def recent(self, tokens: int | None = None) -> Blocks | None:
        """The newest blocks that together hold at least so many tokens (default: the setting), in order; None if there are none.

        The tokens that fill no block yet are the last of them.
        """
        wanted = self.settings.recent_tokens if tokens is None else tokens
        while True:
            with self._lock:
                self._refresh()
                last = [] if self._tail is None or wanted <= 0 else [self._packed(self._tail)]
                infos = self._blocks.newest(wanted - sum(info.tokens for info, _ in last))
            try:
                blocks = [(info, self._get(info)) for info in infos] + last
            except ForgottenError:
                continue  # by another process, since the list was made
            return as_batch([info for info, _ in blocks], [value for _, value in blocks], self.settings.device) if blocks else None

    def gather(self, numbers: Sequence[int], *, out: Blocks | None = None) -> Blocks:
        """These blocks, in this order, on the device.

        `out` is what an earlier call gave and nobody needs any more: its states are overwritten where they have the size, which
        saves the time to get fresh memory.

        Raises: KeyError for a number that is not there, or no more; StoreDamagedError.
        """
        if not len(numbers):
            raise UsageError("gather was given no block number")
        with self._lock:
            self._refresh()
            infos = [self._info(number) for number in numbers]
        return as_batch(infos, [self._get(info) for info in infos], self.settings.device, out)

    def search(
        self,
        query: Array,
        k: int = 10,
        *,
        documents: Iterable[str] | None = None,
        section: Sequence[str] = (),
        blocks: Sequence[int] | None = None,
    ) -> list[Hit]:
        """The `k` blocks whose vectors have the largest inner product with `query` [D], best first.

        `documents` restricts the search to those named, `section` to the blocks whose heading path begins with it, `blocks` to those
        numbers, whatever else is given.

        Raises: StoreError if the query is of another width or not a number.
        """
        from longdoc_stores.tokens import tensor_of

        vector = query_of(tensor_of(query).float().cpu().numpy(), self.width)
        named = None if documents is None else list(documents)
        with self._lock:
            while True:
                self._refresh()
                wanted = self._blocks.wanted(named, tuple(section)) if blocks is None else blocks
                try:
                    return self._index.search(vector, k, wanted, self._blocks.by_number)
                except ForgottenError:
                    continue  # by another process, while its vector was to be read

    def block(self, info: BlockInfo) -> Block:
        """One block. Raises: KeyError if it is not there any more; StoreDamagedError."""
        return as_block(info, self._get(info))

    def value(self, info: BlockInfo) -> Packed:
        """A block as it is stored, in the hottest tier that holds it.

        Raises: KeyError if it is not there any more; StoreDamagedError.
        """
        return self._get(info, use=False)

    def iterate(self, document: str | None = None, *, ahead_by: int = 8) -> Generator[Block, None, None]:
        """The blocks of a document (None: of all), in order, read ahead in the background; no block changes its tier.

        The blocks are those that there are at the first step; one that is forgotten before its turn is left out.

        Raises: StoreDamagedError when a damaged block is reached.
        """

        def load(info: BlockInfo) -> Block | None:
            try:
                return as_block(info, self._get(info, use=False))
            except ForgottenError:
                return None

        for block in ahead(load, self.blocks(document), ahead_by):
            if block is not None:
                yield block

    def prefetch(self, numbers: Iterable[int]) -> None:
        """Bring blocks nearer in the background; waits while too many are on their way.

        Raises: KeyError for a number that is not there.
        """
        with self._lock:
            self._refresh()
            keys = [self._info(number).key for number in numbers]
        self.store.prefetch(keys)

    def tiers(self) -> list[TierUse]:
        """What blocks lie in which tier, and how many reads each answered, hottest first."""
        with self._lock:
            heads = int(self._head is not None)
            return [
                replace(use, values=max(use.values - heads, 0)) if level.store is self._disk else use
                for use, level in zip(self.store.uses(), self.store.levels, strict=True)
            ]

    def _get(self, info: BlockInfo, use: bool = True) -> Packed:
        try:
            return self.store.get(info.key, use=use)
        except KeyError as error:
            with self._lock:
                self._refresh()
                if self._blocks.by_number.get(info.number) != info:
                    raise ForgottenError(f"{self._place}: block {info.number} of {info.document} was forgotten") from error
            message = f"{self._place}: {info.document} lost its block {info.number}; run `longdoc doctor --repair`"
            raise StoreDamagedError(message) from error

    # Inside; the lock is held

    def _agreed_width(self, width: int | None) -> int:
        """The width that is asked for or there.

        Raises: StoreError if they differ, or neither is known; UsageError if a budget is too small.
        """
        head = read_keys(self._disk.keys(), self._place)[0] if self._disk is not None else None
        found = width if head is None else head.width
        if found is None:
            raise StoreError(f"{self._place}: no context there yet; say how wide its states are to begin one")
        if head is not None and (width not in (None, head.width) or head.dtype != self.settings.dtype):
            raise StoreError(
                f"{self._place}: holds states of {head.width} {head.dtype}, not {width or head.width} {self.settings.dtype}; "
                "name another folder, or open it as that"
            )
        if width is None:
            check_budgets(self.settings, found, self.folder)
        return found

    def _refresh(self) -> None:
        """Learn what another process has flushed since; nothing while this one writes."""
        if self._changed or self._closed:
            return
        version = self._disk.version() if self._disk is not None else 0
        if version == self._seen:
            return
        if self._disk is not None:
            head, infos = read_keys(self.store.reread(), self._place)
            self._blocks.forget_pins()
            self._blocks = self._no_blocks()
            for info in infos:
                self._blocks.add(info)
            if head is not None:
                self._blocks.next = max(head.next, self._blocks.next)
            self._head = head
            self._index.recheck()
            self._make_room()
        self._seen = version

    def _make_room(self, info: BlockInfo | None = None, value: Packed | None = None) -> None:
        """Give the index and the list of blocks, with one more, their part of the RAM budget, and the first and recent tokens room.

        Raises: StoreFullError if what must leave RAM for that finds no room.
        """
        beside = (len(self._blocks) + 1) * (self.width * 4 + 8 + _BLOCK_MEMORY)
        self._ram.budget = max(self.settings.ram_budget - beside, 0)
        if self._near is not None and self.settings.device_budget is None:
            more = 2 * memory_taken(info, value) if info is not None and value is not None else 0
            self._near.budget = max(self._near_least, self._blocks.pinned_bytes + more)
        self.store.fit()

    def _packed(self, tail: Tail, vector: torch.Tensor | None = None, extra: Mapping[str, torch.Tensor] | None = None) -> _Value:
        """The block that these tokens make."""
        import torch

        from longdoc_stores.packing import pack
        from longdoc_stores.tokens import mean_vector

        own = mean_vector(tail.states) if vector is None else vector
        number, tokens = self._blocks.next, len(tail.states)
        key = block_key(number, tail.document, tail.section, tokens)
        value = pack({"spans": tail.spans, "states": tail.states, "vector": own.to(torch.float16), **(extra or {})})
        return BlockInfo(number, tail.document, tail.section, tokens, key), value

    def _info(self, number: int) -> BlockInfo:
        found = self._blocks.by_number.get(int(number))
        if found is None:
            raise ForgottenError(f"{self._place}: no block {number} in this context")
        return found

    def _vectors(self, numbers: Sequence[int]) -> npt.NDArray[np.float32]:
        import torch

        from longdoc_stores.packing import part

        vectors = [part(self._get(self._info(number), use=False), "vector").float().cpu() for number in numbers]
        found: npt.NDArray[np.float32] = torch.stack(vectors).numpy()
        return found

    @property
    def _place(self) -> str:
        return str(self.folder or "context in memory")

    def _no_blocks(self) -> BlockList:
        return BlockList(self.settings.first_tokens, self.settings.recent_tokens, self.store.pin, self.store.unpin)


def memory_taken(info: BlockInfo, value: Packed) -> int:
    """Bytes that a block takes of a tier of memory, at most."""
    return memory_of(value.nbytes, info.key, len(value.layout))


_Value = tuple[BlockInfo, Packed]
