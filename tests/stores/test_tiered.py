"""Every composition of tiers is a Store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from store_contract import BUDGET, DurableStoreContract, StoreContract, same, value

from longdoc.errors import StoreFullError, UsageError
from longdoc.protocols import Store
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.memory_tier import MemoryTier
from longdoc_stores.object_tier import ObjectTier
from longdoc_stores.tiered import Level, TieredStore

IN_MEMORY: dict[str, Callable[[], TieredStore]] = {
    "RAM": lambda: TieredStore([Level(MemoryTier(BUDGET))]),
    "recent, RAM": lambda: TieredStore([Level(MemoryTier(BUDGET // 4), caches=False), Level(MemoryTier(3 * BUDGET // 4))]),
    "device, RAM": lambda: TieredStore([Level(MemoryTier(BUDGET // 4)), Level(MemoryTier(3 * BUDGET // 4))]),
}


def ram(budget: int, caches: bool = True) -> Level:
    return Level(MemoryTier(budget), caches=caches)


def disk(folder: Path, budget: int | None = BUDGET) -> Level:
    return Level(DiskTier(folder / "disk", budget))


def objects(folder: Path, budget: int | None = BUDGET) -> Level:
    return Level(ObjectTier(str(folder / "objects"), budget))


DURABLE: dict[str, Callable[[Path], TieredStore]] = {
    "RAM, disk": lambda folder: TieredStore([ram(BUDGET // 4), disk(folder)]),
    "recent, RAM, disk": lambda folder: TieredStore([ram(BUDGET // 8, caches=False), ram(BUDGET // 8), disk(folder)]),
    "RAM, disk, object": lambda folder: TieredStore([ram(BUDGET // 8), disk(folder, BUDGET // 2), objects(folder, BUDGET // 2)]),
}


@pytest.mark.parametrize("kind", IN_MEMORY)
class TestTiersInMemory(StoreContract):
    @pytest.fixture
    def store(self, kind: str) -> TieredStore:
        return IN_MEMORY[kind]()


@pytest.mark.parametrize("kind", DURABLE)
class TestDurableTiers(DurableStoreContract):
    """The contract, where memory and disk are not filled up: what memory has taken beyond the disk's room, a flush refuses."""

    @pytest.fixture
    def another(self, kind: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
        made: list[TieredStore] = []

        def open_one() -> Store:
            made.append(DURABLE[kind](tmp_path))
            return made[-1]

        yield open_one
        for store in made:
            store.close()

    @pytest.fixture
    def store(self, another: Callable[[], Store]) -> Store:
        return another()

    def filled(self, store: Store) -> list[str]:
        """Put and flush until that is refused, then take back what the flush refused."""
        keys: list[str] = []
        flushed = 0
        with suppress(StoreFullError):
            while True:
                for _ in range(8):
                    store.put(f"fill-{len(keys)}", value(len(keys), 128))
                    keys.append(f"fill-{len(keys)}")
                store.flush()
                flushed = len(keys)
        for key in keys[flushed:]:
            store.delete(key)
        store.flush()
        return keys[:flushed]

    def test_the_budget_is_never_exceeded(self, store: Store) -> None:
        assert isinstance(store, TieredStore)

        def check() -> None:
            for level in store.levels:
                assert level.store.budget is None or level.store.size() <= level.store.budget

        for turn in range(2):
            keys = self.filled(store)
            check()
            for key in keys[turn::2]:
                store.delete(key)
                check()
            store.flush()
            check()

    def test_most_of_the_budget_can_be_used(self, store: Store) -> None:
        assert isinstance(store, TieredStore)
        durable = sum(level.store.budget or 0 for level in store.levels if level.store.durable)
        assert sum(store.get(key, use=False).nbytes for key in self.filled(store)) > 0.75 * durable

    def test_a_value_that_does_not_fit_changes_nothing_and_both_numbers_are_named(self, store: Store) -> None:
        keys = self.filled(store)
        with pytest.raises(StoreFullError, match=r"[\d,]+ bytes does not fit, [\d,]+ of [\d,]+ bytes"):
            store.put("one more", value(1, tokens=2 * BUDGET // 256))
        with pytest.raises(StoreFullError):
            store.put(keys[0], value(1, tokens=2 * BUDGET // 256))
        assert "one more" not in store
        assert sorted(store.keys()) == sorted(keys)
        assert all(same(store.get(key), value(number, tokens=128)) for number, key in enumerate(keys))

    def test_what_is_deleted_makes_room(self, store: Store) -> None:
        keys = self.filled(store)
        for key in keys[: len(keys) // 2]:
            store.delete(key)
        store.flush()
        for number in range(len(keys) // 3):
            store.put(f"new-{number}", value(number, tokens=128))
        store.flush()
        assert len(list(store.keys())) == len(keys) - len(keys) // 2 + len(keys) // 3

    def test_the_size_of_an_emptied_store_goes_back(self, store: Store) -> None:
        store.put("first", value(1))
        store.flush()
        before = store.size()
        for key in self.filled(store):
            store.delete(key)
        store.flush()
        assert store.size() <= before + 100_000

    def test_the_budget_counts_what_was_there_before(self, store: Store, another: Callable[[], Store]) -> None:
        self.filled(store)
        store.close()
        again = another()
        with pytest.raises(StoreFullError):  # noqa: PT012 - where memory takes it, the flush does not
            again.put("much more", value(1, tokens=1600))
            again.flush()

    def test_another_object_sees_what_was_flushed(self, store: Store, another: Callable[[], Store]) -> None:
        """Once it has reread: memory knows nothing of other objects."""
        reader = another()
        assert isinstance(reader, TieredStore)
        for number in range(2):
            store.put("key", value(number))
            store.flush()
            assert reader.reread() == {"key"}
            if number == 0:
                assert same(reader.get("key", use=False), value(number))
        store.delete("key")
        store.flush()
        assert reader.reread() == set()
        assert "key" not in reader
        with pytest.raises(KeyError):
            reader.get("key")


def test_a_store_of_no_tiers_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one tier"):
        TieredStore([])


def test_memory_below_a_durable_tier_is_refused(tmp_path: Path) -> None:
    tiers = [disk(tmp_path), ram(BUDGET)]
    with pytest.raises(UsageError, match=r"memory below a durable tier in \['disk', 'ram'\]; name the tiers hottest first"):
        TieredStore(tiers)
    tiers[0].store.close()
