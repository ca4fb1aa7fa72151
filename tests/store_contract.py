"""What every Store must do. An implementation's tests inherit StoreContract, a durable one's DurableStoreContract.

They give a `store` fixture with a budget of about BUDGET, and `another` object on the same place where it is durable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import torch

from longdoc.errors import StoreError, StoreFullError
from longdoc.protocols import Packed, Store
from longdoc_stores.packing import pack, unpack

BUDGET = 4 << 20
KEYS = ["a/b", "../up", "A", "a", "with space", "Übergröße", "\udcff", "x" * 1000, ".", "\n", "a\0b", "a\0", "%00", "'"]


def value(number: int, tokens: int = 64, width: int = 64, codec: str = "exact") -> Packed:
    """A value all its own: tokens * width * 4 bytes where it is exact."""
    return pack({"states": torch.randn(tokens, width, generator=torch.Generator().manual_seed(number))}, {"states": codec})


def constant(number: int, tokens: int = 64) -> Packed:
    """A value of 256 * tokens bytes, all of them `number`."""
    return pack({"bytes": torch.full((tokens, 256), number, dtype=torch.uint8)})


def same(left: Packed, right: Packed) -> bool:
    """Whether two values are the same bytes in the same layout."""
    return left.layout == right.layout and torch.equal(left.data.cpu(), right.data.cpu())


def fill(store: Store, tokens: int = 128) -> list[str]:
    """Put values until none fits; their keys."""
    keys: list[str] = []
    while True:
        try:
            store.put(f"fill-{len(keys)}", value(len(keys), tokens))
        except StoreFullError:
            return keys
        keys.append(f"fill-{len(keys)}")


LAYOUTS = {
    "exact": value(1),
    "int8": value(2, codec="int8"),
    "int4": value(3, codec="int4"),
    "several parts": pack(
        {"states": torch.randn(7, 65), "spans": torch.arange(14, dtype=torch.int32).view(7, 2), "vector": torch.randn(3).half()},
        {"states": "int8"},
    ),
    "bfloat16": pack({"states": torch.randn(2, 5, 3).bfloat16()}),
    "a scalar": pack({"count": torch.tensor(7)}),
    "truth values": pack({"mask": torch.tensor([True, False, True])}),
    "not a number": pack({"states": torch.tensor([[float("nan"), float("inf"), -0.0]])}),
    "no rows": pack({"states": torch.empty(0, 384), "vector": torch.randn(8)}, {"states": "int8"}),
    "nothing in it": pack({"states": torch.empty(0, 384)}),
    "no tensors": pack({}),
    "names of any kind": pack({"Ü/\n": torch.ones(1)}),
}


class StoreContract:
    """The contract of protocols.Store."""

    @pytest.fixture
    def store(self) -> Store:
        raise AssertionError("an implementation gives its own store")

    def taken(self, store: Store) -> int:
        """What the store takes, as seen from outside."""
        return store.size()

    def test_it_is_a_store(self, store: Store) -> None:
        assert isinstance(store, Store)
        assert store.name

    @pytest.mark.parametrize("which", LAYOUTS)
    def test_a_value_comes_back_bit_for_bit_with_its_layout(self, store: Store, which: str) -> None:
        store.put("key", LAYOUTS[which])
        found = store.get("key")
        assert same(found, LAYOUTS[which])
        assert {name: tensor.shape for name, tensor in unpack(found).items()} == {
            name: tensor.shape for name, tensor in unpack(LAYOUTS[which]).items()
        }

    def test_a_value_that_is_a_part_of_a_larger_buffer_comes_back(self, store: Store) -> None:
        whole = torch.arange(200_000, dtype=torch.int64).view(torch.uint8)
        part = Packed(LAYOUTS["exact"].layout, whole[64 : 64 + LAYOUTS["exact"].nbytes])
        store.put("key", part)
        assert same(store.get("key"), part)

    def test_the_last_value_put_is_the_one_that_is_there(self, store: Store) -> None:
        store.put("key", value(1, tokens=100))
        store.put("key", value(2, tokens=10))
        store.put("key", value(3, tokens=50))
        assert same(store.get("key"), value(3, tokens=50))
        assert list(store.keys()) == ["key"]

    def test_a_value_read_before_is_unharmed_by_what_comes_after(self, store: Store) -> None:
        store.put("key", value(1))
        store.flush()
        before = store.get("key")
        store.put("key", value(2))
        store.flush()
        assert same(store.get("key"), value(2))
        store.delete("key")
        store.flush()
        assert same(before, value(1))

    def test_a_key_that_is_not_there_is_a_key_error(self, store: Store) -> None:
        with pytest.raises(KeyError):
            store.get("key")
        assert "key" not in store

    def test_a_deleted_key_is_gone(self, store: Store) -> None:
        store.put("key", value(1))
        assert "key" in store
        store.delete("key")
        assert "key" not in store
        assert list(store.keys()) == []
        with pytest.raises(KeyError):
            store.get("key")

    def test_a_deleted_key_can_be_put_again(self, store: Store) -> None:
        store.put("key", value(1))
        store.delete("key")
        store.put("key", value(2))
        assert same(store.get("key"), value(2))

    def test_deleting_what_is_not_there_does_nothing(self, store: Store) -> None:
        store.put("other", value(1))
        store.delete("key")
        assert list(store.keys()) == ["other"]

    @pytest.mark.parametrize("key", KEYS)
    def test_any_text_is_a_key(self, store: Store, key: str) -> None:
        store.put(key, value(1))
        store.put("other", value(2))
        store.flush()
        assert same(store.get(key), value(1))
        assert key in store
        assert sorted(store.keys()) == sorted([key, "other"])
        store.delete(key)
        assert list(store.keys()) == ["other"]

    def test_keys_that_differ_in_little_are_not_the_same(self, store: Store) -> None:
        for number, key in enumerate(KEYS):
            store.put(key, value(number))
        assert all(same(store.get(key), value(number)) for number, key in enumerate(KEYS))

    def test_an_empty_key_is_refused(self, store: Store) -> None:
        with pytest.raises(ValueError, match="empty"):
            store.put("", value(1))

    def test_many_values_are_kept_apart(self, store: Store) -> None:
        for number in range(200):
            store.put(str(number), value(number, tokens=1 + number % 5))
            if number % 7 == 0:
                store.flush()
        assert sorted(store.keys()) == sorted(map(str, range(200)))
        assert all(same(store.get(str(number)), value(number, tokens=1 + number % 5)) for number in range(200))

    def test_the_budget_is_never_exceeded(self, store: Store) -> None:
        assert store.budget is not None
        for round_number in range(3):
            keys = fill(store)
            assert self.taken(store) <= store.budget
            store.flush()
            assert self.taken(store) <= store.budget
            for key in keys[round_number::2]:
                store.delete(key)
                assert self.taken(store) <= store.budget
            store.flush()
            assert self.taken(store) <= store.budget

    def test_most_of_the_budget_can_be_used(self, store: Store) -> None:
        assert store.budget is not None
        keys = fill(store)
        assert sum(store.get(key).nbytes for key in keys) > 0.75 * store.budget

    def test_a_value_that_does_not_fit_changes_nothing_and_both_numbers_are_named(self, store: Store) -> None:
        keys = fill(store)
        size = store.size()
        with pytest.raises(StoreFullError, match=r"[\d,]+ bytes does not fit, [\d,]+ of [\d,]+ bytes"):
            store.put("one more", value(1, tokens=256))
        with pytest.raises(StoreFullError):
            store.put(keys[0], value(1, tokens=1024))
        assert "one more" not in store
        assert sorted(store.keys()) == sorted(keys)
        assert all(same(store.get(key), value(number, tokens=128)) for number, key in enumerate(keys))
        assert store.size() == size
        store.flush()
        assert all(same(store.get(key), value(number, tokens=128)) for number, key in enumerate(keys))

    def test_a_value_larger_than_the_whole_budget_is_refused(self, store: Store) -> None:
        assert store.budget is not None
        store.put("key", value(1))
        with pytest.raises(StoreFullError):
            store.put("key", value(2, tokens=store.budget // 256 + 1))
        assert same(store.get("key"), value(1))

    def test_what_is_deleted_makes_room(self, store: Store) -> None:
        keys = fill(store)
        for key in keys[: len(keys) // 2]:
            store.delete(key)
        store.flush()
        again = int(0.45 * len(keys))
        for number in range(again):
            store.put(f"new-{number}", value(number, tokens=128))
        store.flush()
        assert len(list(store.keys())) == len(keys) - len(keys) // 2 + again

    def test_the_size_of_an_emptied_store_goes_back(self, store: Store) -> None:
        store.put("first", value(1))
        store.flush()
        before = store.size()
        keys = fill(store)
        store.flush()
        assert store.size() > before + 0.9 * sum(store.get(key).nbytes for key in keys)
        for key in keys:
            store.delete(key)
        store.flush()
        assert store.size() <= before + 100_000

    def test_threads_may_read_while_one_writes(self, store: Store) -> None:
        keys = [f"key-{number}" for number in range(4)]
        for key in keys:
            store.put(key, constant(0))
        store.flush()
        done = threading.Event()
        problems: list[str] = []

        def read(turn: int) -> None:
            while not done.is_set():
                turn += 1
                key = keys[turn % len(keys)]
                try:
                    found = unpack(store.get(key))["bytes"]
                except (KeyError, StoreError) as error:
                    problems.append(repr(error))
                    return
                if not bool((found == found[0, 0]).all()):
                    problems.append(f"{key} holds a mixture")
                    return

        readers = [threading.Thread(target=read, args=(turn,)) for turn in range(3)]
        for reader in readers:
            reader.start()
        try:
            for number in range(150):
                store.put(keys[number % len(keys)], constant(number % 251, tokens=32 + number % 64))
                if number % 5 == 4:
                    store.flush()
        finally:
            done.set()
            for reader in readers:
                reader.join()
        assert problems == []

    def test_flushing_and_closing_twice_does_nothing(self, store: Store) -> None:
        store.flush()
        store.put("key", value(1))
        store.flush()
        store.flush()
        assert same(store.get("key"), value(1))
        store.close()
        store.close()


class DurableStoreContract(StoreContract):
    """What a durable Store must do besides."""

    @pytest.fixture
    def another(self, store: Store) -> Iterator[Callable[[], Store]]:
        raise AssertionError("an implementation gives its own")

    def test_it_says_that_it_is_durable(self, store: Store) -> None:
        assert store.durable

    def test_what_was_flushed_is_there_after_reopening(self, store: Store, another: Callable[[], Store]) -> None:
        for which, each in LAYOUTS.items():
            store.put(which, each)
        for number, key in enumerate(KEYS):
            store.put(key, value(number))
        store.put("deleted", value(1))
        store.delete("deleted")
        store.flush()
        size = store.size()
        store.close()
        reopened = another()
        assert sorted(reopened.keys()) == sorted([*LAYOUTS, *KEYS])
        assert all(same(reopened.get(which), each) for which, each in LAYOUTS.items())
        assert all(same(reopened.get(key), value(number)) for number, key in enumerate(KEYS))
        assert reopened.size() <= size + 100_000

    def test_another_object_sees_what_was_flushed(self, store: Store, another: Callable[[], Store]) -> None:
        reader = another()
        store.put("key", value(1))
        store.flush()
        assert same(reader.get("key"), value(1))
        assert list(reader.keys()) == ["key"]
        store.put("key", value(2))
        store.flush()
        assert same(reader.get("key"), value(2))
        store.delete("key")
        store.flush()
        assert "key" not in reader
        with pytest.raises(KeyError):
            reader.get("key")

    def test_the_budget_counts_what_was_there_before(self, store: Store, another: Callable[[], Store]) -> None:
        fill(store)
        store.flush()
        store.close()
        with pytest.raises(StoreFullError):
            another().put("one more", value(1, tokens=256))
