"""A store made of stores, hottest first: what does not fit is moved to the next colder tier, never dropped.

A value lies in at most one tier of memory, and besides in at most one durable tier. What is put goes into the hottest tier; a
tier that is full gives away the values that are not pinned in the order of their last use, oldest first, where being put is a
use and being read with `use=False` (a scan) is none. A value that is read from a colder tier is copied or moved into the nearest
hotter tier of memory that `caches`. What is moved is encoded with the codecs of its new tier, unless it is encoded already.

    put -> [device] -> [RAM] -> [disk] -> [object storage]        flush() copies what is in memory alone to the first durable tier

The first durable tier lists everything that is durable: a value that moved on leaves an empty one in its place. So its flush
decides for all: what a killed writer put into a colder tier, or had not yet deleted there, is not listed, and is none. A durable
tier that gives room back at its flush alone passes new values on until then.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise

from longdoc.errors import StoreDamagedError, StoreError, StoreFullError, UsageError
from longdoc.protocols import Packed
from longdoc_stores.levels import Checkable, Level, TierUse, elsewhere, is_elsewhere
from longdoc_stores.prefetch import Prefetcher

__all__ = ["Level", "TierUse", "TieredStore"]


class TieredStore:
    """The Store made of `levels`, hottest first: tiers of memory, then durable ones.

    `ahead` is how many values `prefetch` may have on their way before it waits.

    Raises: UsageError if there is no level, or one of memory below a durable one.
    """

    name = "tiers"

    def __init__(self, levels: Sequence[Level], *, ahead: int = 64) -> None:
        if not levels:
            raise UsageError("a tiered store needs at least one tier")
        if any(warm.store.durable and not cold.store.durable for warm, cold in pairwise(levels)):
            raise UsageError(f"memory below a durable tier in {[level.store.name for level in levels]}; name the tiers hottest first")
        self.levels = tuple(levels)
        self.durable = self.levels[-1].store.durable
        budgets = [level.store.budget for level in self.levels]
        self.budget = None if None in budgets else sum(budget for budget in budgets if budget is not None)
        self.misses = 0
        self._memory = [number for number, level in enumerate(self.levels) if not level.store.durable]
        self._first = len(self._memory) if self.durable else None
        self._below = () if self._first is None else self.levels[self._first + 1 :]
        self._upper = self.levels[: len(self.levels) - len(self._below)]  # together these list all keys
        self._hits = Counter[int]()
        self._pins = Counter[str]()
        self._lock = threading.RLock()
        # Order of last use, oldest first; of a durable tier it is made when something must leave it.
        self._order: list[dict[str, None] | None] = [
            None if level.store.durable else dict.fromkeys(level.store.keys()) for level in self.levels
        ]
        self._unsaved = dict.fromkeys(key for number in self._memory for key in self.levels[number].store.keys())  # noqa: SIM118
        """What may not be in the last flush."""
        self._leaving: dict[str, None] = {}
        """What is to be deleted below the first durable tier once that has been flushed."""
        self._removals = 0
        self._prefetcher = Prefetcher(lambda key: self._get(key, use=True, count=False), ahead)

    def get(self, key: str, *, use: bool = True) -> Packed:
        """The value, from the hottest tier that holds it; `use=False` (a scan) leaves every value where it is, and is not counted.

        Raises: KeyError; StoreDamagedError; StoreError.
        """
        return self._get(key, use, count=use)

    def put(self, key: str, value: Packed) -> None:
        """Set the value of `key`, in the hottest tier that can hold it.

        Raises: StoreFullError if the last tier is full; what was there is there still.
        """
        if not key:
            raise ValueError("a key must not be empty")
        with self._lock, self._pinned(key):
            held = [number for number, level in enumerate(self._upper) if key in level.store]
            moved = self._is_below(key)
            number = self._place(0, key, value)
            for other in held:
                if other != number and not (other == self._first and number > other):
                    self._remove(other, key)
            if moved and number < len(self._upper):
                self._leaving[key] = None
            self._removals += bool(held)
            if self.durable:
                self._unsaved[key] = None

    def delete(self, key: str) -> None:
        """Remove `key` from every tier."""
        with self._lock:
            self._removals += 1
            if self._is_below(key):
                self._leaving[key] = None
            for number in range(len(self._upper)):
                self._remove(number, key)
            self._unsaved.pop(key, None)

    def keys(self) -> Iterator[str]:
        """All keys, each once."""
        with self._lock:
            return iter(dict.fromkeys(key for level in self._upper for key in level.store.keys()))  # noqa: SIM118 - no mapping

    def __contains__(self, key: str) -> bool:
        return any(key in level.store for level in self._upper)

    def put_durable(self, key: str, value: Packed) -> None:
        """Set the value of `key`, which memory does not hold, in the first durable tier; nothing happens if no tier is durable.

        Raises: StoreFullError.
        """
        with self._lock:
            if self._first is not None:
                self.levels[self._first].store.put(key, value)

    def in_memory(self, key: str) -> bool:
        """Whether a tier of memory holds `key`."""
        return any(key in self.levels[number].store for number in self._memory)

    def reread(self) -> set[str]:
        """The keys of the durable tiers, after another process or a roll-back has changed them; memory lets go of all others."""
        with self._lock:
            if self._first is None:
                return set()
            keys = set(self.levels[self._first].store.keys())
            for number in self._memory:
                for key in set(self.levels[number].store.keys()) - keys:
                    self._remove(number, key)
            self._order = [None if level.store.durable else order for level, order in zip(self.levels, self._order, strict=True)]
            self._unsaved.clear()
            self._leaving.clear()
            self._removals += 1
            return keys

    def damaged(self) -> dict[str, str]:
        """Key -> what is wrong, of every value in the durable tiers that cannot be read or does not pass its checksum."""
        if self._first is None:
            return {}
        store = self.levels[self._first].store
        found = store.check() if isinstance(store, Checkable) else {}
        for key in list(store.keys()) if self._below else ():
            try:
                if key not in found and self._is_below(key):
                    self._from_below(key)
            except KeyError:
                found[key] = f"{key!r} is in no tier below {store.name!r}; run `longdoc doctor --repair`"
            except StoreError as error:
                found[key] = str(error)
        return found

    def write_again(self, keys: Iterable[str]) -> None:
        """Replace the durable copies of these keys by what memory holds; delete those that it does not hold."""
        with self._lock:
            for key in keys if self._first is not None else ():
                value = self._held_in_memory(key)
                if self._below:
                    self._leaving[key] = None
                self._remove(self._first or 0, key)
                self._removals += 1
                if value is not None:
                    self._place(self._first or 0, key, value)

    def sweep(self) -> None:
        """Delete what killed writers left below the first durable tier. Only the one writer may call this."""
        with self._lock:
            for level in self._below:
                for key in list(level.store.keys()):
                    if not self._is_below(key):
                        level.store.delete(key)

    def size(self) -> int:
        """Bytes in all tiers together."""
        return sum(level.store.size() for level in self.levels)

    def fit(self) -> None:
        """Move out of the tiers of memory what is more than their budgets, after these were made smaller; pinned values last.

        Raises: StoreFullError if the last tier is full.
        """
        with self._lock:
            for number in self._memory[: len(self.levels) - 1]:
                store = self.levels[number].store
                while store.budget is not None and store.size() > store.budget:
                    if not (self._evict(number) or self._evict(number, pinned=True)):
                        break

    def let_go(self, keys: Iterable[str]) -> None:
        """Drop from memory what the last flush holds of these keys and is not pinned: it will not be read soon."""
        with self._lock:
            for key in [key for key in keys if self.durable and not self._pins[key] and key not in self._unsaved]:
                for number in self._memory:
                    self._remove(number, key)

    def pin(self, key: str) -> None:
        """Keep `key` in the tier where it is, or comes to be, until it is unpinned as often."""
        with self._lock:
            self._pins[key] += 1

    def unpin(self, key: str) -> None:
        """Take one pin away."""
        with self._lock:
            self._pins[key] -= 1
            if self._pins[key] <= 0:
                del self._pins[key]

    def prefetch(self, keys: Iterable[str]) -> None:
        """Bring values nearer in the background, in this order; waits while too many are on their way.

        A value that cannot be read is left to the `get` that asks for it, which says why.
        """
        self._prefetcher.request(keys)

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        self._prefetcher.wait()

    def flush(self) -> None:
        """Copy what lies in memory alone to the first durable tier, and make all of it durable together.

        Raises: StoreFullError: nothing is lost, and the last flush stands. StoreError: see the first durable tier; what memory
        holds stays there.
        """
        with self._lock:
            if self._first is None:
                return
            first = self.levels[self._first].store
            for key in self._unsaved:
                value = None if key in first else self._held_in_memory(key)
                if value is not None:
                    self._place(self._first, key, value)
            for level in reversed(self.levels[self._first :]):
                level.store.flush()
            self._unsaved.clear()
            for key in list(self._leaving):
                for level in self._below:
                    level.store.delete(key)
                del self._leaving[key]
            for level in self._below:
                level.store.flush()

    def close(self) -> None:
        """Stop prefetching and close every tier, without a flush."""
        self._prefetcher.close()
        for level in self.levels:
            level.store.close()

    def uses(self) -> list[TierUse]:
        """Each tier with what it holds and the reads it answered, hottest first."""
        counts = [len(list(level.store.keys())) for level in self.levels]
        if self._first is not None:
            counts[self._first] = max(counts[self._first] - sum(counts[self._first + 1 :]), 0)
        return [
            TierUse(level.store.name, level.store.budget, level.store.size(), counts[number], self._hits[number])
            for number, level in enumerate(self.levels)
        ]

    def _get(self, key: str, use: bool, count: bool) -> Packed:
        removals = self._removals
        found = self._find(key)
        if found is None:
            with self._lock:  # it may have moved to a tier that was looked at before
                found = self._find(key)
        with self._lock:
            if found is None:
                self.misses += count
                raise KeyError(key)
            number, value = found
            self._hits[number] += count
            if use and removals == self._removals:  # what was read is what is there
                self._used(number, key)
                self._warm(number, key, value)
        return value

    def _find(self, key: str) -> tuple[int, Packed] | None:
        for number, level in enumerate(self._upper):
            try:
                value = level.store.get(key)
            except KeyError:
                continue
            try:
                return self._from_below(key) if is_elsewhere(value) else (number, value)
            except KeyError:
                return None
        return None

    def _from_below(self, key: str) -> tuple[int, Packed]:
        for number, level in enumerate(self._below, start=len(self._upper)):
            with suppress(KeyError):
                return number, level.store.get(key)
        raise KeyError(key)

    # Moving; the lock is held

    def _is_below(self, key: str) -> bool:
        """Whether the first durable tier says that a colder one holds `key`."""
        if not self._below or self._first is None:
            return False
        with suppress(KeyError, StoreDamagedError):
            return is_elsewhere(self.levels[self._first].store.get(key))
        return False

    def _place(self, number: int, key: str, value: Packed) -> int:
        """Put into this level, or the next colder one that can hold it; the number of the level."""
        level = self.levels[number]
        coded = level.coded(value)
        while True:
            try:
                level.store.put(key, coded)
            except StoreFullError:
                if number + 1 == len(self.levels):
                    raise
                if not (level.could_hold(coded) and self._give_way(number)):
                    return self._place(number + 1, key, value)
                continue
            self._used(number, key)
            if self._first is not None and number > self._first:
                self._leaving[key] = None
                self.levels[self._first].store.put(key, elsewhere())
                del self._leaving[key]
            return number

    def _give_way(self, number: int) -> bool:
        """Evict a value; whether there is more room now."""
        store = self.levels[number].store
        before = store.size()
        return self._evict(number) and store.size() < before

    def _evict(self, number: int, pinned: bool = False) -> bool:
        """Move the value used longest ago, of those not pinned or of all, out of a level that is not the last; False if none may leave."""
        level = self.levels[number]
        order = self._order[number]
        if order is None:
            order = self._order[number] = dict.fromkeys(sorted(level.store.keys()))
        while (key := next((key for key in order if pinned or key not in self._pins), None)) is not None:
            try:
                value = level.store.get(key)
            except (KeyError, StoreDamagedError):
                del order[key]  # gone with another process, or to be reported by `damaged`
                continue
            if is_elsewhere(value):
                del order[key]
                continue
            if not (self._first is not None and number + 1 == self._first and self._is_saved(key)):
                self._place(number + 1, key, value)
            if number != self._first:
                self._remove(number, key)
            order.pop(key, None)
            return True
        return False

    def _is_saved(self, key: str) -> bool:
        """Whether the first durable tier has, or had until another process deleted it, what memory holds of `key`."""
        return key not in self._unsaved or key in self.levels[self._first or 0].store

    def _warm(self, number: int, key: str, value: Packed) -> None:
        target = next((hotter for hotter in reversed(self._memory) if hotter < number and self.levels[hotter].caches), None)
        if target is None or any(key in level.store for level in self.levels[: min(number, len(self._memory))]):
            return
        coded = self.levels[target].coded(value)
        if (number in self._memory and key not in self.levels[number].store) or not self.levels[target].could_hold(coded):
            return
        with self._pinned(key):
            try:
                while True:
                    try:
                        self.levels[target].store.put(key, coded)
                        break
                    except StoreFullError:
                        if not self._evict(target):
                            return
            except StoreError:
                return  # nothing colder has room either; the value stays where it is
            self._used(target, key)
            if number in self._memory:
                self._remove(number, key)

    def _held_in_memory(self, key: str) -> Packed | None:
        return next((self.levels[number].store.get(key) for number in self._memory if key in self.levels[number].store), None)

    def _used(self, number: int, key: str) -> None:
        order = self._order[number]
        if order is not None and (number not in self._memory or key in self.levels[number].store):
            order.pop(key, None)
            order[key] = None

    def _remove(self, number: int, key: str) -> None:
        self.levels[number].store.delete(key)
        order = self._order[number]
        if order is not None:
            order.pop(key, None)

    @contextmanager
    def _pinned(self, key: str) -> Iterator[None]:
        self.pin(key)
        try:
            yield
        finally:
            self.unpin(key)
