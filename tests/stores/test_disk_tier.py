from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from disk_samples import on_disk, opened, segment_files
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from store_contract import BUDGET, DurableStoreContract, constant, same, value

from longdoc.errors import StoreBusyError, StoreDamagedError, StoreError, StoreVersionError, UsageError
from longdoc.protocols import Packed, Store
from longdoc_stores import disk_tier, segments
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.packing import pack


class TestDiskTier(DurableStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[DiskTier]:
        with opened(tmp_path / "store", budget=BUDGET) as tier:
            yield tier

    @pytest.fixture
    def another(self, store: DiskTier) -> Iterator[Callable[[], Store]]:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(opened(store.folder, budget=BUDGET))

    def taken(self, store: Store) -> int:
        assert isinstance(store, DiskTier)
        found = on_disk(store.folder)
        assert store.size() == found
        return found


class DiskTierModel(RuleBasedStateMachine):
    """A DiskTier against two dicts: what was flushed, and what is there now. A second object reads all the while."""

    keys = st.sampled_from(["a", "b", "c", "A", "a/b", "\udcff"])

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.folder = Path(self.home.name) / "store"
        self.tier = self.open()
        self.reader = self.open()
        self.flushed: dict[str, Packed] = {}
        self.current: dict[str, Packed] = {}

    def open(self) -> DiskTier:
        return DiskTier(self.folder, 1 << 20, segment_size=4096)

    @rule(key=keys, number=st.integers(0, 250), tokens=st.integers(0, 12))
    def put(self, key: str, number: int, tokens: int) -> None:
        self.tier.put(key, constant(number, tokens))
        self.current[key] = constant(number, tokens)

    @rule(key=keys)
    def delete(self, key: str) -> None:
        self.tier.delete(key)
        self.current.pop(key, None)

    @rule()
    def flush(self) -> None:
        self.tier.flush()
        self.flushed = dict(self.current)
        sizes = [segment.stat().st_size for segment in segment_files(self.tier)]
        live = sum(segments.aligned(each.nbytes) for each in self.current.values())
        assert sum(sizes) <= max(2 * live + 64 * len(sizes), 0)

    @rule()
    def close_and_reopen(self) -> None:
        self.tier.close()
        self.tier = self.open()
        self.current = dict(self.flushed)

    @rule()
    def flush_and_reopen(self) -> None:
        self.flush()
        self.close_and_reopen()

    @rule()
    def reopen_the_reader(self) -> None:
        self.reader.close()
        self.reader = self.open()

    @rule()
    def write_through_the_other_one(self) -> None:
        self.flush()
        self.tier, self.reader = self.reader, self.tier

    @invariant()
    def both_hold_what_they_should(self) -> None:
        for tier, model in ((self.tier, self.current), (self.reader, self.flushed)):
            assert sorted(tier.keys()) == sorted(model)
            for key, expected in model.items():
                assert same(tier.get(key), expected), key

    @invariant()
    def nothing_is_damaged_and_the_size_is_right(self) -> None:
        assert self.reader.check() == {}
        assert self.tier.size() == on_disk(self.folder) <= 1 << 20

    def teardown(self) -> None:
        self.tier.close()
        self.reader.close()
        self.home.cleanup()


TestDiskTierModel = DiskTierModel.TestCase
TestDiskTierModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_what_was_not_flushed_is_gone_after_reopening(tier: DiskTier, reopen: Callable[[], DiskTier]) -> None:
    tier.put("kept", value(1))
    tier.put("overwritten", value(2))
    tier.put("deleted", value(3))
    tier.flush()
    size = tier.size()
    tier.put("new", value(4))
    tier.put("overwritten", value(5))
    tier.delete("deleted")
    tier.close()
    again = reopen()
    assert sorted(again.keys()) == ["deleted", "kept", "overwritten"]
    assert same(again.get("overwritten"), value(2))
    assert again.size() <= size
    again.put("new", value(6))
    again.flush()
    assert same(again.get("new"), value(6))


def test_others_see_nothing_before_the_flush(tier: DiskTier, reopen: Callable[[], DiskTier]) -> None:
    tier.put("key", value(1))
    tier.flush()
    reader = reopen()
    version = reader.version()
    tier.put("key", value(2))
    tier.put("new", value(3))
    assert same(reader.get("key"), value(1))
    assert "new" not in reader
    assert reader.version() == version
    tier.flush()
    assert reader.version() != version
    assert same(reader.get("key"), value(2))


def test_a_second_writer_is_told_which_folder_is_busy(tier: DiskTier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_tier, "BUSY_SECONDS", 0.05)
    other = DiskTier(tier.folder)
    tier.put("key", value(1))
    with pytest.raises(StoreBusyError, match=f"{tier.folder}.*another process"):
        other.put("key", value(2))
    with pytest.raises(StoreBusyError):
        other.begin()
    tier.flush()
    other.put("key", value(2))
    other.flush()
    assert same(tier.get("key"), value(2))
    other.close()


def test_who_begins_is_the_writer_until_the_flush(tier: DiskTier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_tier, "BUSY_SECONDS", 0.05)
    other = DiskTier(tier.folder)
    tier.begin()
    tier.begin()
    with pytest.raises(StoreBusyError):
        other.put("key", value(2))
    tier.flush()
    other.put("key", value(2))
    other.close()


def test_a_store_may_be_written_by_turns(tier: DiskTier, reopen: Callable[[], DiskTier]) -> None:
    other = reopen()
    for number in range(40):
        writer, reader = (tier, other) if number % 2 else (other, tier)
        writer.put(f"key-{number % 7}", value(number))
        writer.delete(f"key-{(number + 3) % 7}")
        writer.flush()
        assert sorted(writer.keys()) == sorted(reader.keys())
        assert same(reader.get(f"key-{number % 7}"), value(number))
    assert tier.check() == {}


def test_a_newer_store_is_not_opened(tier: DiskTier) -> None:
    connection = sqlite3.connect(tier.folder / "index.sqlite")
    connection.execute("UPDATE meta SET value = '2' WHERE name = 'schema_version'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreVersionError, match=f"{tier.folder}: the store has version 2, this longdoc reads up to 1; upgrade"):
        DiskTier(tier.folder)


def test_an_index_that_is_no_database_is_damage(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StoreDamagedError, match=r"the index is damaged.*; move the store folder away"):
        DiskTier(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="cannot make the folder"):
        DiskTier(tmp_path / "store")


def test_a_budget_too_small_for_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="100,000 bytes is too small for a disk tier, the least is 1,048,576"):
        DiskTier(tmp_path / "store", 100_000)


def test_a_closed_tier_says_that_it_is_closed(tier: DiskTier) -> None:
    tier.put("key", value(1))
    tier.flush()
    tier.close()
    for use in (lambda: tier.get("key"), lambda: tier.put("key", value(1)), tier.begin):
        with pytest.raises(StoreError, match="closed"):
            use()


@pytest.mark.parametrize("mask", [0o000, 0o777])
def test_only_the_owner_can_read_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        tier = DiskTier(tmp_path / "store")
        tier.put("key", value(1))
        tier.flush()
        assert same(tier.get("key"), value(1))
    finally:
        os.umask(before)
    for path in [tier.folder, *tier.folder.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    tier.close()


READER = """
import sys
from pathlib import Path
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.packing import unpack

tier = DiskTier(Path(sys.argv[1]))
print("ready", flush=True)
turns = 0
seen = [0, 0, 0, 0]
while "done" not in tier:
    for number in range(4):
        found = unpack(tier.get(f"key-{number}"))["turn"]
        assert bool((found == found[0]).all()), "a mixture"
        assert int(found[0]) >= seen[number], "an older value than before"
        seen[number] = int(found[0])
    turns += 1
print(turns)
"""


def test_a_reading_process_gets_right_answers_while_another_overwrites_and_compacts(tier: DiskTier) -> None:
    def turn(number: int) -> Packed:
        return pack({"turn": torch.full((2000 + number * 61 % 3000,), number)})

    for number in range(4):
        tier.put(f"key-{number}", turn(0))
    tier.flush()
    reader = subprocess.Popen([sys.executable, "-c", READER, str(tier.folder)], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    for number in range(1, 400):
        tier.put(f"key-{number % 4}", turn(number))
        if number % 3 == 0:
            tier.flush()
    tier.put("done", turn(0))
    tier.flush()
    output, _ = reader.communicate()
    assert reader.returncode == 0
    assert int(output) > 0
