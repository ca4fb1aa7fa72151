"""The context store: the tokens that a model has read of documents, any of them back in milliseconds.

A context is a sequence of blocks of tokens, each with its spans in the document's text, its states and one vector. The first and
the most recent tokens stay at full precision on the device; older ones are encoded into RAM, from there move to disk and on to
object storage as budgets fill, and a vector index finds the blocks nearest to a query wherever they are.

What `flush` has returned for is there after a crash, together with nothing that was appended later. One process writes a
context at a time, any number read it meanwhile; they see the last flush. Threads may share a ContextStore.

Axis legend: T tokens, D width, B blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreError
from longdoc.protocols import Packed
from longdoc_stores.blocks import OWN, Block, BlockInfo, Blocks, Hit
from longdoc_stores.context_head import Head
from longdoc_stores.context_index import saved_bytes
from longdoc_stores.context_reader import ContextReader, memory_taken
from longdoc_stores.context_settings import ContextSettings
from longdoc_stores.tiered import TierUse

if TYPE_CHECKING:
    from longdoc_stores.tokens import Array, Tail

__all__ = ["Block", "BlockInfo", "Blocks", "ContextSettings", "ContextStore", "Faults", "Hit", "TierUse"]

_SAVE_AT_FLUSH = 4096
_SAVE_AT_CLOSE = 256
_LARGEST_CODED = 65_504.0
"""What a codec that loses precision, a vector, and its index can hold: the largest float16."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What `check` found: damaged blocks, documents that lost one with the reason, and what is wrong with the index."""

    blocks: list[str]
    lost: dict[str, str]
    index: list[str]

    def __bool__(self) -> bool:
        return bool(self.blocks or self.index)


class ContextStore(ContextReader):
    """A context of states of `width`, kept in `folder` (None: in memory, gone when closed).

    Without `width` it is that of the context that is there. Use it as a context manager: leaving it flushes, unless an exception is
    on its way.

    Raises: UsageError if a budget is too small for the blocks it must hold; StoreError if the folder cannot be used, holds a
    context of another width or dtype, or none where no `width` is given; StoreVersionError; StoreDamagedError.
    """

    def __enter__(self) -> ContextStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the context; what was not flushed is gone. Closing twice does nothing."""
        with self._lock:
            if self._closed:
                return
            try:
                self._save_index(1 if self._index.holds_what_is_gone() else max(_SAVE_AT_CLOSE, len(self._blocks) // 20))
            finally:
                self._closed = True
                self.store.close()

    def snapshot(self, location: str | Path) -> int:
        """Copy the flushed context to `location`, a path or an fsspec URL, which must hold no snapshot yet; the number of blocks.

        Raises: UsageError if there is one; StoreError if the location cannot be written, or a document was forgotten meanwhile.
        """
        from longdoc_stores.snapshot import snapshot

        return snapshot(self, location)

    @staticmethod
    def restore(location: str | Path, folder: Path | None, settings: ContextSettings | None = None) -> ContextStore:
        """The context of the snapshot at `location`, in `folder`, which must hold no context; all of it or nothing.

        Raises: see snapshot.restore.
        """
        from longdoc_stores.snapshot import restore

        return restore(location, folder, settings)

    def append(self, document: str, states: Array, spans: Array, *, section: Sequence[str] = ()) -> None:
        """Add the next tokens of a document: states [T, D] and their spans [T, 2] in its text.

        A block ends when it has `block_size` tokens, where document or section changes, and at `flush`; until then its tokens
        are seen by `recent` alone.

        Raises: StoreError for another width, or a state that is not a number or too large for the codec; StoreFullError;
        StoreBusyError if another process is writing. Nothing has been added then.
        """
        tail = self._checked(document, section, states, spans)
        if not len(tail.states):
            return
        with self._writing():
            if self._tail is not None and self._tail.continues(tail):
                tail = self._tail.joined(tail)
            else:
                self._seal()
            size = self.settings.block_size
            full = len(tail.states) // size * size
            for start in range(0, full, size):
                self._keep(*self._packed(tail.part(start, start + size)))
            self._tail = tail.part(full, len(tail.states)).copied() if len(tail.states) > full else None

    def append_block(
        self,
        document: str,
        states: Array,
        spans: Array,
        *,
        vector: Array | None = None,
        section: Sequence[str] = (),
        extra: Mapping[str, Array] | None = None,
    ) -> int:
        """Add a block of any length as it is; its number. `extra` holds more tensors; without `vector` [D] it is the mean state.

        Raises: as `append`.
        """
        import torch

        from longdoc_stores.tokens import check_extra, check_vectors, tensor_of

        block = self._checked(document, section, states, spans)
        own = None
        if vector is not None:
            own = check_vectors(tensor_of(vector)[None], self.width, torch.float32, _LARGEST_CODED)[0].to(self.settings.device)
        more = check_extra(extra or {}, OWN, self.settings.device)
        with self._writing():
            self._seal()
            info, value = self._packed(block, own, more)
            self._keep(info, value)
            return info.number

    def drop(self, document: str) -> int:
        """Remove a document; others see it until the next flush. The number of its blocks."""
        with self._writing():
            if self._tail is not None and self._tail.document == document:
                self._tail = None
            infos = self._blocks.of(document)
            for info in infos:
                self._remove(info.number)
            return len(infos)

    def forget(self, *documents: str) -> int:
        """Remove documents from every tier for good, the bytes on disk and the saved index included; the number of their blocks.

        What was appended before is flushed with it.
        """
        with self._writing():
            with self._index.held():
                dropped = sum([self.drop(document) for document in documents])
                if dropped:
                    self._index.delete()
                self.flush()
            return dropped

    def take(self, info: BlockInfo, value: Packed) -> None:
        """Add a block of another context under its own number, which must be larger than all here; how `restore` works.

        Raises: StoreError if it is not; StoreFullError.
        """
        with self._writing():
            self._seal()
            if info.number < self._blocks.next:
                raise StoreError(f"{self._place}: block {info.number} comes after block {self._blocks.next - 1}; blocks are taken in order")
            self._keep(info, value)

    def flush(self) -> None:
        """Make everything appended and forgotten so far durable, all of it together.

        Raises: StoreFullError: the last flush stands, nothing is lost; make room, then flush again. After any other StoreError
        the context may be as the last flush left it, without what came later.
        """
        with self._lock:
            if not self._changed:
                return
            with self._writing():
                self._seal()
                head = Head(self.width, self.settings.dtype, self._blocks.next)
                if head != self._head:
                    self.store.put_durable(head.key(), _nothing())
                    if self._head is not None:
                        self.store.delete(self._head.key())
                    self._head = head
                self.store.flush()
            self._changed = False
            self._save_index(_SAVE_AT_FLUSH)

    def let_go(self, document: str) -> None:
        """Keep of a document in memory only what was not flushed: it will not be read soon."""
        with self._lock:
            self.store.let_go(info.key for info in self._blocks.of(document))

    def check(self, repair: bool = False) -> Faults:
        """What is damaged in the durable tiers and in the saved index, after reading all of it.

        With `repair` a damaged block that is still in memory is written again, a document that has lost one is forgotten, to be
        read again, and a damaged index is deleted, to be built again from the blocks.
        """
        with self._lock:
            self._refresh()
            found = self.store.damaged()
            lost: dict[str, str] = {}
            for info in self._blocks.by_number.values():
                if info.key in found and not self.store.in_memory(info.key):
                    lost.setdefault(info.document, found[info.key])
            if repair:
                with self._writing():
                    self.store.sweep()
                    self.store.write_again(found)
                    self.forget(*lost)
            return Faults(list(found.values()), lost, self._index.check(self._blocks.by_number, repair))

    # Inside; the lock is held

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Be the one writer from now to the next flush. What is done inside is added whole or not at all."""
        with self._lock:
            self._begin()
            before, number = self._tail, self._blocks.next
            try:
                yield
            except BaseException:
                if self._changed and not self._is_writer():
                    self._undo()
                elif self._changed:
                    for added in range(number, self._blocks.next):
                        if added in self._blocks.by_number:
                            self._remove(added)
                    self._tail = before
                raise

    def _begin(self) -> None:
        """Keep other writers out, and start from what the last one left."""
        if self._closed:
            raise StoreError(f"{self._place}: this context is closed; open it again")
        if self._changed and not self._is_writer():
            self._undo()
            raise StoreError(f"{self._place}: the disk failed, and what came after the last flush is lost; append it again")
        if self._changed:
            return
        if self._disk is not None:
            self._disk.begin()
        try:
            self._refresh()
            self._changed = True
        except BaseException:
            if self._disk is not None:
                self._disk.roll_back()
            raise

    def _is_writer(self) -> bool:
        """False once the disk has undone what was not flushed, as it must after some errors, or has flushed it."""
        return self._disk is None or self._disk.writing

    def _undo(self) -> None:
        """Be as the last flush left it; what that is, is read when it is next needed."""
        self._changed = False
        self._tail = None
        self._seen = None
        self._index.reset()

    def _seal(self) -> None:
        if self._tail is not None:
            self._keep(*self._packed(self._tail))
            self._tail = None

    def _keep(self, info: BlockInfo, value: Packed) -> None:
        from longdoc_stores.packing import part

        self._make_room(info, value)
        try:
            self.store.put(info.key, value)
            self._index.add(info.number, part(value, "vector"))
            self._blocks.add(info, memory_taken(info, value))
        except BaseException:
            self._index.remove(info.number)
            self.store.delete(info.key)
            raise

    def _remove(self, number: int) -> None:
        self.store.delete(self._blocks.remove(number).key)
        self._index.remove(number)

    def _save_index(self, least: int) -> None:
        """Save the index if that many blocks changed. Where that fails, or another process saves or forgets, a later one does it."""
        if self._changed or not self._index.worth_saving(least):
            return
        with suppress(StoreError), self._index.held(wait=0.0):
            self._refresh()
            needed = saved_bytes(len(self._blocks), self.width)
            if self._disk is None or self._disk.budget is None or self._disk.size() + needed <= self._disk.budget:
                self._index.save(self._blocks.by_number)

    def _checked(self, document: str, section: Sequence[str], states: Array, spans: Array) -> Tail:
        import torch

        from longdoc_stores.codecs import dtype_named
        from longdoc_stores.tokens import Tail, check_states

        dtype = dtype_named(self.settings.dtype)
        largest = torch.finfo(dtype).max if self.settings.codec == "exact" else _LARGEST_CODED
        return Tail(document, tuple(section), *check_states(states, spans, self.width, dtype, self.settings.device, largest))


def _nothing() -> Packed:
    from longdoc_stores.packing import pack

    return pack({})
