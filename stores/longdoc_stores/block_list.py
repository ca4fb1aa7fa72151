"""The blocks of a context in order, by number and by document, and which of them are the first and the most recent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from longdoc_stores.blocks import BlockInfo


class BlockList:
    """What is known of all blocks without reading one. `pin` and `unpin` are told the keys of the first and most recent tokens."""

    def __init__(self, first_tokens: int, recent_tokens: int, pin: Callable[[str], None], unpin: Callable[[str], None]) -> None:
        self.next = 0
        self.by_number: dict[int, BlockInfo] = {}
        self.pinned_bytes = 0
        """What the blocks take, together, that are pinned and were added with their bytes."""
        self._documents: dict[str, dict[int, None]] = {}
        self._pin_key = pin
        self._unpin_key = unpin
        self._first_wanted = first_tokens
        self._recent_wanted = recent_tokens
        # As few blocks as hold the tokens wanted: the first ones of by_number, and the last ones.
        self._first: dict[int, BlockInfo] = {}
        self._recent: deque[BlockInfo] = deque()
        self._first_tokens = self._recent_tokens = 0
        self._bytes: dict[int, int] = {}
        self._pins: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.by_number)

    def add(self, info: BlockInfo, size: int = 0) -> None:
        """A block that comes after all others, and the bytes that it takes while it is pinned."""
        self.by_number[info.number] = info
        self._documents.setdefault(info.document, {})[info.number] = None
        self.next = max(self.next, info.number + 1)
        self._bytes[info.number] = size
        self._fill_first()
        self._recent.append(info)
        self._recent_tokens += info.tokens
        self._pin(info)
        while self._recent and self._recent_tokens - self._recent[0].tokens >= self._recent_wanted:
            oldest = self._recent.popleft()
            self._recent_tokens -= oldest.tokens
            self._unpin(oldest)
        if info.number not in self._pins:
            self._bytes.pop(info.number, None)

    def remove(self, number: int) -> BlockInfo:
        """Let go of a block; what was known of it."""
        info = self.by_number.pop(number)
        of_document = self._documents[info.document]
        del of_document[number]
        if not of_document:
            del self._documents[info.document]
        if self._first.pop(number, None):
            self._first_tokens -= info.tokens
            self._unpin(info)
            self._fill_first()
        if self._recent and number >= self._recent[0].number:
            self._recent.remove(info)
            self._recent_tokens -= info.tokens
            self._unpin(info)
            for older in islice(reversed(self.by_number.values()), len(self._recent), None):
                if self._recent_tokens >= self._recent_wanted:
                    break
                self._recent.appendleft(older)
                self._recent_tokens += older.tokens
                self._pin(older)
        return info

    def forget_pins(self) -> None:
        """Unpin everything; the list is used no more."""
        for info in (*self._first.values(), *self._recent):
            self._unpin(info)

    def documents(self) -> list[str]:
        """Names of the documents, in the order in which they began."""
        return list(self._documents)

    def of(self, document: str) -> list[BlockInfo]:
        """The blocks of a document, in order."""
        return [self.by_number[number] for number in self._documents.get(document, ())]

    def first(self, document: str) -> int:
        """The number of a document's first block, -1 if it has none."""
        return next(iter(self._documents.get(document, ())), -1)

    def newest(self, tokens: int) -> list[BlockInfo]:
        """As few of the newest blocks as hold so many tokens together, or all, in order."""
        found: list[BlockInfo] = []
        for info in reversed(self.by_number.values()):
            if tokens <= 0:
                break
            found.append(info)
            tokens -= info.tokens
        return found[::-1]

    def wanted(self, documents: Iterable[str] | None, section: Sequence[str]) -> list[int] | None:
        """Numbers of the blocks of these documents (None: all) whose heading path begins with `section`; None for all there are."""
        if documents is None and not section:
            return None
        depth = len(section)
        chosen = self._documents if documents is None else dict.fromkeys(documents)
        numbers = [number for document in chosen for number in self._documents.get(document, ())]
        return [number for number in numbers if self.by_number[number].section[:depth] == tuple(section)] if depth else numbers

    def _fill_first(self) -> None:
        if self._first_tokens >= self._first_wanted:
            return
        for info in islice(self.by_number.values(), len(self._first), None):
            if self._first_tokens >= self._first_wanted:
                break
            self._first[info.number] = info
            self._first_tokens += info.tokens
            self._pin(info)

    def _pin(self, info: BlockInfo) -> None:
        self._pin_key(info.key)
        pins = self._pins[info.number] = self._pins.get(info.number, 0) + 1
        if pins == 1:
            self.pinned_bytes += self._bytes.get(info.number, 0)

    def _unpin(self, info: BlockInfo) -> None:
        self._unpin_key(info.key)
        self._pins[info.number] -= 1
        if not self._pins[info.number]:
            del self._pins[info.number]
            self.pinned_bytes -= self._bytes.pop(info.number, 0)
