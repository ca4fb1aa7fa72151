"""What moves where between tiers, when, and that nothing is lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from store_contract import same, value

from longdoc.errors import StoreDamagedError, StoreError, StoreFullError
from longdoc.protocols import Packed
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.memory_tier import MemoryTier
from longdoc_stores.packing import error_bounds, unpack
from longdoc_stores.tiered import Level, TieredStore

COST = 16_384 + 2048
"""A little more than what a tier of memory takes for a value of 64 tokens."""


def memory(values: int, name: str = "ram") -> MemoryTier:
    """A tier for so many values."""
    return MemoryTier(values * COST, name=name)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[DiskTier]:
    tier = DiskTier(tmp_path / "disk")
    yield tier
    tier.close()


def put(store: TieredStore, keys: str) -> None:
    for key in keys:
        store.put(key, value(ord(key)))


def holds(store: TieredStore) -> list[str]:
    """The keys of each tier."""
    return ["".join(sorted(level.store.keys())) for level in store.levels]


def is_whole(store: TieredStore, keys: str) -> bool:
    return sorted(store.keys()) == sorted(keys) and all(same(store.get(key, use=False), value(ord(key))) for key in keys)


# Eviction


def test_what_was_used_longest_ago_leaves_first_and_goes_one_tier_down() -> None:
    store = TieredStore([Level(memory(2)), Level(memory(2)), Level(memory(10))])
    put(store, "abcdef")
    assert holds(store) == ["ef", "cd", "ab"]
    assert is_whole(store, "abcdef")


def test_what_is_let_go_of_is_durable_alone_and_comes_back_when_it_is_read(disk: DiskTier) -> None:
    store = TieredStore([Level(memory(9)), Level(disk)])
    put(store, "ab")
    store.flush()
    put(store, "cd")
    store.pin("a")
    store.let_go("abcd")
    assert holds(store) == ["acd", "ab"]  # pinned, or not in the last flush
    assert same(store.get("b"), value(ord("b")))
    assert holds(store) == ["abcd", "ab"]
    store.unpin("a")
    store.flush()
    store.let_go("abcd")
    assert holds(store) == ["", "abcd"]
    assert is_whole(store, "abcd")


def test_memory_lets_go_of_nothing_that_is_there_alone() -> None:
    store = TieredStore([Level(memory(9))])
    put(store, "ab")
    store.let_go("ab")
    assert is_whole(store, "ab")


def test_being_read_and_being_put_again_is_a_use() -> None:
    store = TieredStore([Level(memory(3)), Level(memory(10))])
    put(store, "abc")
    store.get("a")
    put(store, "b")
    put(store, "d")
    assert holds(store) == ["abd", "c"]
    put(store, "e")
    assert holds(store) == ["bde", "ac"]


def test_a_scan_is_no_use_moves_nothing_and_is_not_counted() -> None:
    store = TieredStore([Level(memory(2)), Level(memory(10))])
    put(store, "abc")
    for key in "abcabc":
        store.get(key, use=False)
    assert holds(store) == ["bc", "a"]
    assert [use.hits for use in store.uses()] == [0, 0]
    put(store, "d")
    assert holds(store) == ["cd", "ab"]


def test_a_pinned_value_stays_until_it_is_unpinned_as_often() -> None:
    store = TieredStore([Level(memory(2)), Level(memory(10))])
    put(store, "a")
    store.pin("a")
    store.pin("a")
    put(store, "bcd")
    assert holds(store) == ["ad", "bc"]
    store.unpin("a")
    put(store, "e")
    assert holds(store) == ["ae", "bcd"]
    store.unpin("a")
    put(store, "f")
    assert holds(store) == ["ef", "abcd"]


def test_where_everything_is_pinned_new_values_go_to_the_next_tier() -> None:
    store = TieredStore([Level(memory(2)), Level(memory(10))])
    for key in "abc":
        store.pin(key)
    put(store, "abc")
    assert holds(store) == ["ab", "c"]


def test_a_value_larger_than_a_tier_goes_past_it_and_drives_nothing_out() -> None:
    store = TieredStore([Level(memory(2)), Level(memory(10))])
    put(store, "ab")
    for tokens in (140, 3 * 64):
        store.put("large", value(1, tokens=tokens))
        assert holds(store) == ["ab", "large"]
        assert same(store.get("large"), value(1, tokens=tokens))
    assert holds(store) == ["ab", "large"]


def test_a_full_last_tier_refuses_and_nothing_is_lost() -> None:
    store = TieredStore([Level(memory(2)), Level(memory(2))])
    put(store, "abcd")
    for key in "ea":
        with pytest.raises(StoreFullError, match=r"tier 'ram': a value of [\d,]+ bytes does not fit, [\d,]+ of [\d,]+ bytes are taken"):
            store.put(key, value(1, tokens=128 if key == "a" else 64))
    assert is_whole(store, "abcd")
    store.delete("a")
    put(store, "e")
    assert is_whole(store, "bcde")


def test_a_budget_that_is_made_smaller_moves_out_the_oldest(disk: DiskTier) -> None:
    ram = memory(4)
    store = TieredStore([Level(ram), Level(disk)])
    put(store, "abcd")
    ram.budget = 2 * COST
    store.fit()
    assert holds(store) == ["cd", "ab"]
    assert is_whole(store, "abcd")


# Promotion


def test_a_value_read_from_colder_memory_moves_up_and_the_oldest_makes_room() -> None:
    store = TieredStore([Level(memory(2)), Level(memory(10))])
    put(store, "abc")
    assert same(store.get("a"), value(ord("a")))
    assert holds(store) == ["ac", "b"]
    assert [use.hits for use in store.uses()] == [0, 1]


def test_a_value_read_from_disk_is_copied_into_the_nearest_memory_that_caches(disk: DiskTier) -> None:
    store = TieredStore([Level(memory(2)), Level(memory(2)), Level(memory(1), caches=False), Level(disk)])
    put(store, "abcdefg")
    assert holds(store) == ["fg", "de", "c", "ab"]
    store.get("a")
    assert holds(store) == ["fg", "ae", "d", "abc"]


def test_where_nothing_colder_has_room_a_value_is_read_where_it_is() -> None:
    store = TieredStore([Level(memory(1)), Level(memory(1))])
    put(store, "ab")
    assert same(store.get("a"), value(ord("a")))
    assert is_whole(store, "ab")


def test_reading_writes_nothing_to_disk_even_when_another_object_deleted_it(tmp_path: Path, disk: DiskTier) -> None:
    writer = TieredStore([Level(memory(2)), Level(disk)])
    put(writer, "abcd")
    writer.flush()
    reader = TieredStore([Level(memory(2)), Level(DiskTier(tmp_path / "disk"))])
    for key in "abc":
        reader.get(key)
    for key in "abc":
        writer.delete(key)
    writer.flush()
    reader.get("d")  # moves what is gone out of the reader's memory
    put(writer, "e")
    writer.flush()
    assert reader.reread() == {"d", "e"}
    assert holds(reader) == ["d", "de"]
    reader.close()


# Codecs


def test_values_are_encoded_once_on_their_way_down(disk: DiskTier) -> None:
    store = TieredStore([Level(memory(1)), Level(memory(1), {"states": "int8"}), Level(disk, {"states": "int4"})])
    put(store, "a")
    assert same(store.get("a"), value(ord("a")))
    put(store, "b")
    assert store.get("a", use=False).layout[0].codec == "int8"
    for key in "cdefgh":
        put(store, key)
    stored = store.get("a", use=False)
    assert "a" in disk
    assert stored.layout[0].codec == "int8"
    exact = unpack(value(ord("a")))["states"]
    assert bool(((unpack(stored)["states"] - exact).abs() <= error_bounds(stored)["states"]).all())
    store.get("a")
    assert same(store.get("a"), stored)


def test_a_flush_encodes_for_the_disk_and_leaves_memory_exact(disk: DiskTier) -> None:
    store = TieredStore([Level(memory(2)), Level(disk, {"states": "int4"})])
    put(store, "a")
    store.flush()
    assert same(store.get("a"), value(ord("a")))
    assert disk.get("a").layout[0].codec == "int4"


# Flush


def test_a_flush_writes_what_memory_alone_holds_and_only_that(tmp_path: Path, disk: DiskTier, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TieredStore([Level(memory(3)), Level(disk)])
    written: list[str] = []
    kept = DiskTier.put
    monkeypatch.setattr(DiskTier, "put", lambda tier, key, packed: (written.append(key), kept(tier, key, packed))[1])
    put(store, "abcd")
    assert written == ["a"]
    store.flush()
    assert sorted(written) == list("abcd")
    store.flush()
    put(store, "b")
    store.flush()
    assert sorted(written) == list("abbcd")
    assert sorted(DiskTier(tmp_path / "disk").keys()) == list("abcd")


class Failing(DiskTier):
    """A disk whose flush fails as often as asked; with `undoes` it loses what was not flushed, as after an error of the device."""

    fails = 0
    undoes = False

    def flush(self) -> None:
        if self.fails:
            self.fails -= 1
            if self.undoes:
                self.roll_back()
            raise StoreError("the device failed")
        super().flush()


@pytest.mark.parametrize("undoes", [False, True])
def test_a_failing_flush_loses_nothing_that_is_in_memory(tmp_path: Path, undoes: bool) -> None:
    disk = Failing(tmp_path / "disk")
    disk.undoes = undoes
    store = TieredStore([Level(memory(10)), Level(disk)])
    put(store, "a")
    store.flush()
    put(store, "bc")
    store.delete("a")
    disk.fails = 2
    for _ in range(2):
        with pytest.raises(StoreError, match="the device failed"):
            store.flush()
        assert same(store.get("b"), value(ord("b")))
    other = DiskTier(tmp_path / "disk")
    assert list(other.keys()) == ["a"]
    store.flush()
    assert {"b", "c"} <= set(other.keys())
    other.close()
    store.close()


def test_a_flush_that_finds_no_room_can_be_done_again_once_there_is_some(tmp_path: Path) -> None:
    disk = DiskTier(tmp_path / "disk", 1 << 20)
    store = TieredStore([Level(memory(200)), Level(disk)])
    keys = [f"{number:03}" for number in range(100)]
    for number, key in enumerate(keys):
        store.put(key, value(number))
    with pytest.raises(StoreFullError):
        store.flush()
    assert sorted(store.keys()) == keys
    for key in keys[20:]:
        store.delete(key)
    store.flush()
    store.close()
    again = DiskTier(tmp_path / "disk", 1 << 20)
    assert all(same(again.get(key), value(number)) for number, key in enumerate(keys[:20]))
    again.close()


# Prefetch and threads


def test_prefetching_brings_values_nearer_and_counts_no_hits(disk: DiskTier) -> None:
    store = TieredStore([Level(memory(3)), Level(disk)])
    put(store, "abcdef")
    store.prefetch(["a", "not there", "b"])
    store.settle()
    assert holds(store)[0] == "abf"
    assert [use.hits for use in store.uses()] == [0, 0]
    assert store.misses == 0
    store.close()


def test_an_error_while_prefetching_is_left_to_whoever_reads_the_value(disk: DiskTier, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TieredStore([Level(memory(1)), Level(disk)])
    put(store, "abc")

    def damaged(tier: DiskTier, key: str) -> Packed:
        raise StoreDamagedError(f"{key} is damaged")

    monkeypatch.setattr(DiskTier, "get", damaged)
    store.prefetch("ab")
    store.settle()
    with pytest.raises(StoreDamagedError, match="a is damaged"):
        store.get("a")
    store.close()


def test_threads_that_read_and_write_lose_nothing(disk: DiskTier) -> None:
    store = TieredStore([Level(memory(3)), Level(memory(3)), Level(disk)])
    keys = "abcdefghij"
    put(store, keys)
    problems: list[str] = []

    def read(start: int) -> None:
        generator = torch.Generator().manual_seed(start)
        for turn in torch.randint(len(keys), (300,), generator=generator).tolist():
            try:
                if not same(store.get(keys[turn]), value(ord(keys[turn]))):
                    problems.append(f"{keys[turn]} holds another's value")
            except KeyError:
                problems.append(f"{keys[turn]} was not found")

    readers = [threading.Thread(target=read, args=(start,)) for start in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(60):
        put(store, keys[turn % 5])
        if turn % 10 == 0:
            store.flush()
            store.prefetch(keys)
    for reader in readers:
        reader.join()
    store.settle()
    assert problems == []
    assert is_whole(store, keys)
    store.close()
