from __future__ import annotations

import errno
import os
import resource
import shutil
import stat
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from store_contract import BUDGET, DurableStoreContract, same, value

from longdoc.errors import MissingExtraError, StoreDamagedError, StoreError, StoreFullError, StoreVersionError, UsageError
from longdoc.protocols import Store
from longdoc_stores.object_tier import ObjectTier


class ObjectTierContract(DurableStoreContract):
    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        raise AssertionError("a kind of location gives its own")

    @pytest.fixture
    def store(self, location: str) -> ObjectTier:
        return ObjectTier(location, BUDGET)

    @pytest.fixture
    def another(self, location: str, store: ObjectTier) -> Callable[[], Store]:
        return lambda: ObjectTier(location, BUDGET)

    def test_a_put_is_durable_without_a_flush(self, store: ObjectTier, another: Callable[[], Store]) -> None:
        store.put("key", value(1))
        assert same(another().get("key"), value(1))
        store.delete("key")
        assert "key" not in another()


class TestObjectTierInAFolder(ObjectTierContract):
    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        return str(tmp_path / "store")

    def taken(self, store: Store) -> int:
        assert isinstance(store, ObjectTier)
        found = sum(path.stat().st_size for path in Path(store.location).iterdir())
        assert store.size() == found
        return found


class TestObjectTierAtAFileAddress(ObjectTierContract):
    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        return (tmp_path / "with space" / "store").as_uri().replace("%20", " ")


class TestObjectTierInMemory(ObjectTierContract):
    """As an object store does: no folders, and an object is there when it is whole."""

    @pytest.fixture
    def location(self) -> Iterator[str]:
        location = f"memory://{uuid.uuid4().hex}/store"
        yield location
        system, root = fsspec.core.url_to_fs(location)
        if system.exists(root):
            system.rm(root, recursive=True)


@pytest.fixture
def tier(tmp_path: Path) -> ObjectTier:
    return ObjectTier(str(tmp_path / "store"))


def files_of(tier: ObjectTier) -> list[Path]:
    return sorted(Path(tier.location).iterdir())


@pytest.mark.parametrize("place", [0, 8, 20, 45, 60, 70, -1])
def test_a_flipped_byte_is_damage(tier: ObjectTier, place: int) -> None:
    tier.put("key", value(1))
    tier.put("spared", value(2))
    path = next(path for path in files_of(tier) if b"key" in path.read_bytes())
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreDamagedError, match=f"{path}: the checksum does not match; run `longdoc doctor --repair`"):
        tier.get("key")
    assert list(tier.check()) == ["key"]
    assert list(tier.check(repair=True)) == ["key"]
    assert tier.check() == {}
    assert list(tier.keys()) == ["spared"]


@pytest.mark.parametrize("length", [0, 5, 30, 47, 100, 16_000])
def test_an_object_cut_short_is_damage(tier: ObjectTier, length: int) -> None:
    tier.put("key", value(1))
    (path,) = files_of(tier)
    path.write_bytes(path.read_bytes()[:length])
    again = ObjectTier(tier.location)
    with pytest.raises(StoreDamagedError, match="checksum"):
        again.get("key")
    assert len(again.check(repair=True)) == 1
    assert files_of(again) == []


def test_the_object_of_another_key_is_damage(tier: ObjectTier) -> None:
    tier.put("key", value(1))
    (path,) = files_of(tier)
    content = path.read_bytes()
    tier.delete("key")
    tier.put("other", value(1))
    files_of(tier)[0].write_bytes(content)
    with pytest.raises(StoreDamagedError, match="'key', not 'other'"):
        tier.get("other")


def test_an_object_of_a_newer_longdoc_is_not_read_and_not_repaired_away(tier: ObjectTier) -> None:
    tier.put("key", value(1))
    (path,) = files_of(tier)
    path.write_bytes(path.read_bytes().replace(b"LDBLOCK1", b"LDBLOCK2", 1))
    with pytest.raises(StoreVersionError, match="newer longdoc"):
        tier.get("key")
    assert list(tier.check(repair=True)) == ["key"]
    assert path.exists()


def test_what_is_no_object_of_a_store_is_left_alone(tier: ObjectTier) -> None:
    stranger = Path(tier.location) / "README"
    stranger.write_text("not ours")
    (Path(tier.location) / "folder").mkdir()
    tier.put("key", value(1))
    assert list(tier.keys()) == ["key"]
    assert tier.check(repair=True) == {}
    assert stranger.read_text() == "not ours"


def test_a_key_longer_than_what_is_read_at_first_is_listed(tier: ObjectTier) -> None:
    key = "k" * 10_000
    tier.put(key, value(1))
    assert list(ObjectTier(tier.location).keys()) == [key]


def test_a_folder_that_vanished_is_no_missing_key(tier: ObjectTier) -> None:
    tier.put("key", value(1))
    shutil.rmtree(tier.location)
    for use in (lambda: tier.get("key"), lambda: tier.delete("key"), tier.size, lambda: list(tier.keys())):
        with pytest.raises(StoreError, match=f"{tier.location}: has vanished"):
            use()
    with pytest.raises(StoreError, match=f"{tier.location}: cannot write .*check that it is there"):
        tier.put("key", value(1))


def test_a_write_that_fails_leaves_the_old_value_and_no_scrap(tier: ObjectTier) -> None:
    tier.put("key", value(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(StoreFullError, match=f"{tier.location}: cannot write: File too large; free some space"):
            tier.put("key", value(2, tokens=1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert same(tier.get("key"), value(1))
    assert len(files_of(tier)) == 1


def test_a_full_disk_is_said_to_be_full(tier: ObjectTier, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFullError, match=r"cannot write: No space left on device; free some space"):
        tier.put("key", value(1))
    monkeypatch.undo()
    assert files_of(tier) == []
    assert "key" not in tier


def test_what_a_killed_writer_left_is_counted_reported_and_repaired_away(tier: ObjectTier) -> None:
    tier.put("key", value(1))
    size = tier.size()
    scrap = Path(tier.location) / ".tmp-1-half"
    scrap.write_bytes(b"hal")
    assert tier.size() == size + 3
    assert list(tier.keys()) == ["key"]
    assert list(tier.check(repair=True)) == [".tmp-1-half"]
    assert not scrap.exists()


CRASH = """
import os, signal, sys, torch
from longdoc_stores.object_tier import ObjectTier
from longdoc_stores.packing import pack
tier = ObjectTier(sys.argv[1])
tier.put("key", pack({"x": torch.ones(1000)}))
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
tier.put("key", pack({"x": torch.zeros(1000)}))
"""


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_the_old_value(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path / "store")], capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    tier = ObjectTier(str(tmp_path / "store"))
    assert bool(tier.get("key").data.any())
    assert len(tier.check(repair=True)) == 1
    assert tier.check() == {}


def test_only_the_owner_can_look_into_the_folder(tier: ObjectTier) -> None:
    assert stat.S_IMODE(Path(tier.location).stat().st_mode) == 0o700


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="cannot make the folder"):
        ObjectTier(str(tmp_path / "store"))


def test_a_protocol_without_its_package_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtraError, match=r"s3://bucket/place: a package for s3:// is not installed \(.*s3fs"):
        ObjectTier("s3://bucket/place")


def test_a_protocol_that_does_not_exist_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="nowhere://place: no such kind of location"):
        ObjectTier("nowhere://place")


def test_what_another_one_deletes_makes_room(tmp_path: Path) -> None:
    tier, other = (ObjectTier(str(tmp_path / "store"), 40_000) for _ in range(2))
    tier.put("one", value(1))
    tier.put("two", value(2))
    with pytest.raises(StoreFullError, match=r"of 40,000 bytes"):
        tier.put("three", value(3))
    other.delete("one")
    tier.put("three", value(3))
    assert sorted(other.keys()) == ["three", "two"]
