from __future__ import annotations

import errno
import os
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from disk_samples import opened, segment_files
from store_contract import same, value

from longdoc.errors import StoreDamagedError, StoreError, StoreFullError
from longdoc_stores.disk_tier import DiskTier


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_flipped_byte_is_damage_of_one_value_and_repair_deletes_it(tier: DiskTier, place: int) -> None:
    tier.put("hit", value(1))
    tier.put("spared", value(2))
    tier.flush()
    (path,) = segment_files(tier)
    data = bytearray(path.read_bytes())
    data[place if place >= 0 else value(1).nbytes + place] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreDamagedError, match=f"{path}: bytes 0 to 16,384: the checksum of 'hit' does not match"):
        tier.get("hit")
    assert list(tier.check()) == ["hit"]
    assert "checksum" in tier.check(repair=True)["hit"]
    assert tier.check() == {}
    assert list(tier.keys()) == ["spared"]
    assert same(tier.get("spared"), value(2))


@pytest.mark.parametrize("length", [0, 1, 16_384, 20_000])
def test_a_truncated_segment_is_damage(tier: DiskTier, reopen: Callable[[], DiskTier], length: int) -> None:
    tier.put("first", value(1))
    tier.put("last", value(2))
    tier.flush()
    os.truncate(segment_files(tier)[0], length)
    with pytest.raises(StoreDamagedError, match="ends before byte 32,768, it was cut short"):
        tier.get("last")
    again = reopen()
    again.put("after", value(3))
    again.put("last", value(4))
    again.flush()
    assert same(again.get("after"), value(3))
    assert same(again.get("last"), value(4))
    assert list(again.check(repair=True)) == ([] if length >= 16_384 else ["first"])
    assert again.check() == {}


def test_a_missing_segment_is_damage(tier: DiskTier, reopen: Callable[[], DiskTier]) -> None:
    for number in range(20):
        tier.put(str(number), value(number))
    tier.flush()
    missing, *kept = segment_files(tier)
    missing.unlink()
    again = reopen()
    with pytest.raises(StoreDamagedError, match=f"{missing}: the file is missing; run `longdoc doctor --repair`"):
        again.get("0")
    damaged = again.check(repair=True)
    assert 0 < len(damaged) < 20
    assert sorted(again.keys()) == sorted({str(number) for number in range(20)} - set(damaged))
    again.put("0", value(50))
    again.flush()
    assert same(again.get("0"), value(50))
    assert again.check() == {}
    assert kept


@pytest.mark.parametrize("column", ["checksum = checksum + 1", "offset = offset + 64", "segment = 77", "layout = X'5b5d'", "length = 64"])
def test_a_wrong_row_is_damage(tier: DiskTier, reopen: Callable[[], DiskTier], column: str) -> None:
    tier.put("key", value(1))
    tier.put("other", value(2))
    tier.flush()
    connection = sqlite3.connect(tier.folder / "index.sqlite")
    connection.execute(f"UPDATE records SET {column} WHERE key = ?", (b"key",))
    connection.commit()
    connection.close()
    again = reopen()
    with pytest.raises(StoreDamagedError):
        again.get("key")
    assert list(again.check(repair=True)) == ["key"]
    assert again.check() == {}
    assert same(again.get("other"), value(2))


def test_values_that_changed_places_are_damage(tier: DiskTier) -> None:
    tier.put("one", value(1))
    tier.put("two", value(2))
    tier.flush()
    (path,) = segment_files(tier)
    data = path.read_bytes()
    path.write_bytes(data[16_384:32_768] + data[:16_384])
    assert sorted(tier.check()) == ["one", "two"]


def test_compaction_leaves_what_is_damaged_where_it_is(tier: DiskTier) -> None:
    for number in range(6):
        tier.put(str(number), value(number))
    tier.flush()
    (path,) = segment_files(tier)
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    for number in range(1, 5):
        tier.delete(str(number))
    tier.flush()
    assert list(tier.check()) == ["0"]
    assert same(tier.get("5"), value(5))
    tier.check(repair=True)
    tier.flush()
    assert same(tier.get("5"), value(5))


def test_a_folder_that_vanished_is_said_to_have_vanished(tier: DiskTier) -> None:
    tier.put("key", value(1))
    tier.flush()
    reader = DiskTier(tier.folder)
    shutil.rmtree(tier.folder)
    with pytest.raises(StoreError, match=f"{tier.folder}.*vanished"):
        reader.get("key")
    with pytest.raises(StoreError, match="vanished"):
        tier.put("key", value(2))
    with pytest.raises(StoreError, match="vanished"):
        tier.size()
    tier.close()
    reader.close()


def test_a_folder_that_vanished_before_the_flush_is_no_success(tier: DiskTier) -> None:
    tier.put("key", value(1))
    shutil.rmtree(tier.folder)
    with pytest.raises(StoreError, match="vanished"):
        tier.flush()


def test_another_store_in_the_same_place_is_not_written_to(tier: DiskTier) -> None:
    tier.folder.rename(tier.folder.with_name("moved"))
    other = DiskTier(tier.folder)
    with pytest.raises(StoreError, match="another store has taken the place"):
        tier.put("key", value(2))
    assert list(other.keys()) == []
    other.close()


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
def test_a_device_that_fails_is_said_to_fail(tier: DiskTier, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def fail(*_: Any) -> int:
        raise OSError(code, os.strerror(code))

    tier.put("key", value(1))
    tier.flush()
    monkeypatch.setattr(os, "preadv", fail)
    with pytest.raises(StoreError, match=f"cannot read: {os.strerror(code)}") as caught:
        tier.get("key")
    assert not isinstance(caught.value, StoreDamagedError)
    assert list(tier.check(repair=True)) == ["key"]
    monkeypatch.undo()
    assert same(tier.get("key"), value(1))


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """No file of this process may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_put_that_the_disk_refuses_changes_nothing(tier: DiskTier, small_files: Callable[[int], None]) -> None:
    tier.put("flushed", value(1))
    tier.flush()
    tier.put("key", value(2))
    size = tier.size()
    small_files(80_000)
    with pytest.raises(StoreFullError, match="cannot write 65,536 bytes: the file would be larger"):
        tier.put("key", value(3, tokens=256))
    assert tier.size() == size
    assert same(tier.get("key"), value(2))
    tier.put("small", value(4, tokens=1))
    tier.flush()
    assert {key: tier.get(key).nbytes for key in tier.keys()} == {"flushed": 16_384, "key": 16_384, "small": 256}  # noqa: SIM118


def test_a_full_disk_is_said_to_be_full_with_what_is_free(tier: DiskTier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StoreFullError, match=r"cannot write 16,384 bytes: the disk is full, [\d,]+ bytes are free; free some space"):
        tier.put("key", value(1))
    assert list(tier.keys()) == []
    monkeypatch.undo()
    tier.put("key", value(1))
    tier.flush()
    assert same(tier.get("key"), value(1))


def test_a_disk_without_room_for_the_index_loses_nothing(tier: DiskTier, monkeypatch: pytest.MonkeyPatch) -> None:
    tier.put("key", value(1))
    monkeypatch.setattr("longdoc_stores.disk_writer.free_bytes", lambda folder: 1000)
    with pytest.raises(StoreFullError, match=r"the index needs [\d,]+ bytes, the disk has 1,000 left; free some space and flush again"):
        tier.flush()
    assert same(tier.get("key"), value(1))
    monkeypatch.undo()
    tier.flush()
    tier.close()
    with opened(tier.folder) as again:
        assert same(again.get("key"), value(1))


def test_a_disk_that_is_full_when_data_is_made_durable_leaves_the_last_flush(tier: DiskTier, monkeypatch: pytest.MonkeyPatch) -> None:
    tier.put("key", value(1))
    tier.flush()
    tier.put("key", value(2))
    tier.put("new", value(3))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFullError, match="the disk is full"):
        tier.flush()
    monkeypatch.undo()
    assert list(tier.keys()) == ["key"]
    assert same(tier.get("key"), value(1))
    tier.put("new", value(4))
    tier.flush()
    assert same(tier.get("new"), value(4))
    assert tier.check() == {}


def test_an_index_that_cannot_be_written_leaves_the_last_flush(tier: DiskTier, small_files: Callable[[int], None]) -> None:
    for number in range(50):
        tier.put(f"{number}", value(number, tokens=1))
    tier.flush()
    for number in range(2000):
        tier.put(f"new-{number}" + "x" * 200, value(number, tokens=1))
    small_files(200_000)
    with pytest.raises(StoreError, match="index"):
        tier.flush()
    assert len(tier) == 50
    small_files(10 << 20)
    tier.put("new", value(1))
    tier.flush()
    assert len(tier) == 51
    assert tier.check() == {}


def test_a_device_that_fails_while_compacting_leaves_what_was_flushed(tier: DiskTier, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        tier.put(str(number), value(number))
    tier.flush()
    for number in range(4):
        tier.delete(str(number))

    def fail(*_: Any) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "preadv", fail)
    with pytest.raises(StoreError, match="cannot read: Input/output error"):
        tier.flush()
    monkeypatch.undo()
    assert sorted(tier.keys()) == ["4", "5"]
    tier.put("6", value(6))
    tier.flush()
    assert tier.check() == {}
    assert sorted(tier.keys()) == ["4", "5", "6"]
    assert all(same(tier.get(key), value(int(key))) for key in "456")
