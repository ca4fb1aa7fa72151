"""Object storage below the disk: what lies there is listed on the disk, whose flush decides for both."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_contract import same, value

from longdoc.errors import StoreDamagedError
from longdoc.protocols import Packed
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.memory_tier import MemoryTier
from longdoc_stores.object_tier import ObjectTier
from longdoc_stores.tiered import Level, TieredStore


def three(folder: Path) -> TieredStore:
    return TieredStore([Level(MemoryTier(1 << 16)), Level(DiskTier(folder / "disk", 1 << 20)), Level(ObjectTier(str(folder / "objects")))])


def fill(store: TieredStore, values: int) -> dict[str, Packed]:
    kept = {f"{number:03}": value(number) for number in range(values)}
    for key, packed in kept.items():
        store.put(key, packed)
    return kept


def objects(store: TieredStore) -> set[str]:
    return set(store.levels[-1].store.keys())


def test_what_the_disk_does_not_hold_lies_below_and_is_found_after_reopening(tmp_path: Path) -> None:
    store = three(tmp_path)
    kept = fill(store, 120)
    store.flush()
    store.close()
    again = three(tmp_path)
    assert objects(again)
    assert sorted(again.keys()) == sorted(kept)
    assert all(same(again.get(key), packed) for key, packed in kept.items())
    assert sum(use.values for use in again.uses()[1:]) == 120
    again.close()


def test_what_was_not_flushed_is_not_there_although_objects_are_written_at_once(tmp_path: Path) -> None:
    store = three(tmp_path)
    fill(store, 120)
    store.close()
    again = three(tmp_path)
    assert objects(again)
    assert list(again.keys()) == []
    with pytest.raises(KeyError):
        again.get(next(iter(objects(again))))
    again.sweep()
    assert not objects(again)
    again.close()


def test_an_object_is_deleted_when_that_is_flushed_and_not_before(tmp_path: Path) -> None:
    store = three(tmp_path)
    kept = fill(store, 120)
    store.flush()
    before = objects(store)
    for key in before:
        store.delete(key)
        assert key not in store
    assert objects(store) == before
    store.close()
    again = three(tmp_path)
    assert all(same(again.get(key), kept[key]) for key in before)
    for key in before:
        again.delete(key)
    again.flush()
    assert not objects(again)
    again.close()


def test_a_lost_or_damaged_object_is_found(tmp_path: Path) -> None:
    store = three(tmp_path)
    fill(store, 120)
    store.flush()
    first = min(objects(store))
    store.levels[-1].store.delete(first)
    file = next((tmp_path / "objects").iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    found = store.damaged()
    assert first in found
    assert len(found) == 2
    (damaged,) = set(found) - {first}
    with pytest.raises(StoreDamagedError):
        store.get(damaged, use=False)
    store.write_again(found)
    store.flush()
    assert store.damaged() == {}
    assert first not in store
    store.close()
