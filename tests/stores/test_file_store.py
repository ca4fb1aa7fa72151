from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from store_contract import StoreContract

from longdoc.errors import StoreDamagedError, StoreError
from longdoc_stores.file_store import FileStore


class TestFileStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> FileStore:
        return FileStore(tmp_path / "store")


class FileStoreModel(RuleBasedStateMachine):
    """A FileStore against a dict."""

    keys = st.sampled_from(["a", "b", "A", "a/b", "\udcff"])

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.store = FileStore(Path(self.folder.name) / "store")
        self.model: dict[str, bytes] = {}

    @rule(key=keys, value=st.binary(max_size=64))
    def put(self, key: str, value: bytes) -> None:
        self.store.put(key, value)
        self.model[key] = value

    @rule(key=keys)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @rule(key=keys)
    def get(self, key: str) -> None:
        if key in self.model:
            assert self.store.get(key) == self.model[key]
        else:
            with pytest.raises(KeyError):
                self.store.get(key)

    @rule(keep=st.sets(keys))
    def sweep(self, keep: set[str]) -> None:
        gone = self.model.keys() - keep
        assert self.store.sweep(keep) == len(gone)
        self.model = {key: value for key, value in self.model.items() if key in keep}

    @rule()
    def reopen(self) -> None:
        self.store = FileStore(self.store.folder)

    @invariant()
    def the_keys_are_those_of_the_model(self) -> None:
        assert sorted(self.store.keys()) == sorted(self.model)

    def teardown(self) -> None:
        self.folder.cleanup()


TestFileStoreModel = FileStoreModel.TestCase
TestFileStoreModel.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", [0, 8, 20, 41, -1])
def test_a_changed_byte_is_damage(store: FileStore, place: int) -> None:
    store.put("key", b"value")
    (path,) = files_in(store.folder)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreDamagedError, match="checksum"):
        store.get("key")


@pytest.mark.parametrize("length", [0, 5, 30, 46])
def test_a_file_cut_short_is_damage(store: FileStore, length: int) -> None:
    store.put("key", b"value")
    (path,) = files_in(store.folder)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(StoreDamagedError, match="doctor"):
        store.get("key")


def test_the_file_of_another_key_is_damage(store: FileStore) -> None:
    store.put("key", b"value")
    (path,) = files_in(store.folder)
    content = path.read_bytes()
    store.delete("key")
    store.put("other", b"value")
    files_in(store.folder)[0].write_bytes(content)
    with pytest.raises(StoreDamagedError, match="'key', not 'other'"):
        store.get("other")


def test_a_write_that_fails_leaves_the_old_value_and_no_scrap(store: FileStore, small_files: None) -> None:
    store.put("key", b"old")
    with pytest.raises(StoreError, match="cannot write: the file would be larger"):
        store.put("key", b"x" * 100_000)
    assert store.get("key") == b"old"
    assert len(files_in(store.folder)) == 1


def test_a_full_disk_is_said_to_be_full(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=f"^{store.folder}.*the disk is full; free some space"):
        store.put("key", b"value")
    assert files_in(store.folder) == []


def test_what_a_killed_writer_left_is_swept(store: FileStore) -> None:
    store.put("kept", b"value")
    store.put("never referred to", b"value")
    (store.folder / "00").mkdir(exist_ok=True)
    (store.folder / "00" / ".tmp-1-half").write_bytes(b"hal")
    assert len(store.strays(["kept"])) == 2
    assert store.sweep(["kept"]) == 2
    assert list(store.keys()) == ["kept"]
    assert len(files_in(store.folder)) == 1


@pytest.mark.parametrize("mask", [0o000, 0o777])
def test_only_the_owner_can_read_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        store = FileStore(tmp_path / "store")
        store.put("key", b"value")
        assert store.get("key") == b"value"
    finally:
        os.umask(before)
    for path in [store.folder, *store.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_an_empty_key_is_refused(store: FileStore) -> None:
    with pytest.raises(ValueError, match="empty"):
        store.put("", b"value")


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 50,000 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
