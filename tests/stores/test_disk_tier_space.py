from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from disk_samples import anywhere, on_disk, opened, secret, segment_files
from store_contract import fill, same, value

from longdoc.errors import StoreFullError
from longdoc_stores import disk_tier
from longdoc_stores.disk_tier import DiskTier


@pytest.mark.parametrize("how", ["delete", "overwrite", "delete before the flush", "close without a flush", "delete all"])
def test_nothing_of_a_deleted_value_is_left_in_the_folder(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "store"
    with opened(folder) as tier:
        for number in range(9):
            tier.put(f"document {number}", secret(number)[1])
        if how == "delete before the flush":
            tier.delete("document 4")
        if how != "close without a flush":
            tier.flush()
        if how == "delete":
            tier.delete("document 4")
        if how == "overwrite":
            tier.put("document 4", value(1))
        if how == "delete all":
            for number in range(9):
                tier.delete(f"document {number}")
        if how not in ("delete before the flush", "close without a flush"):
            assert anywhere(folder, secret(4)[0])
            tier.flush()
        if how == "close without a flush":
            tier.close()
        assert anywhere(folder, secret(4)[0]) == []
        if how in ("delete", "delete all"):
            assert anywhere(folder, b"document 4") == []
        if how in ("delete", "overwrite", "delete before the flush"):
            assert all(same(tier.get(f"document {number}"), secret(number)[1]) for number in range(9) if number != 4)
            assert anywhere(folder, secret(3)[0])


@pytest.mark.parametrize("moment", ["before the bytes are overwritten", "before the log of the index is emptied"])
def test_what_a_killed_writer_left_undeleted_is_deleted_when_the_store_is_opened(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "store"
    with opened(folder) as tier:
        for number in range(9):
            tier.put(f"document {number}", secret(number)[1])
        tier.flush()
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), moment], capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    assert anywhere(folder, b"document 4")
    with opened(folder) as again:
        assert anywhere(folder, secret(4)[0]) == []
        assert anywhere(folder, b"document 4") == []
        assert len(again) == 8
        assert again.check() == {}


KILLED = """
import os, signal, sys
from pathlib import Path
from longdoc_stores.database import Database
from longdoc_stores.disk_tier import DiskTier
from longdoc_stores.segments import Segments

tier = DiskTier(Path(sys.argv[1]))
tier.delete("document 4")
def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)
if "bytes" in sys.argv[2]:
    Segments.zero = die
else:
    Database.empty_log = die
tier.flush()
"""


def test_a_reader_in_the_way_does_not_stop_the_writer(tier: DiskTier) -> None:
    tier.put("document 4", secret(4)[1])
    tier.put("other", value(1))
    tier.flush()
    reader = sqlite3.connect(tier.folder / "index.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM records").fetchone()
    tier.delete("document 4")
    tier.flush()
    assert anywhere(tier.folder, secret(4)[0]) == []
    reader.rollback()
    reader.close()
    tier.flush()
    assert anywhere(tier.folder, b"document 4") == []


@pytest.mark.slow
def test_the_files_never_exceed_the_budget_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budget, most = 2 << 20, 0
    tier = DiskTier(tmp_path / "store", budget)

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal most
            try:
                return function(*arguments, **named)
            finally:
                most = max(most, on_disk(tier.folder))

        return call

    for name in ("pwrite", "fsync", "ftruncate", "unlink"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    for name in ("run", "rows"):
        monkeypatch.setattr(disk_tier.Database, name, watched(getattr(disk_tier.Database, name)))
    held: list[str] = []
    for number in range(600):
        key = f"{number}-" + "k" * (number % 300)
        try:
            tier.put(key, value(number, tokens=1 + number * 37 % 90))
            held.append(key)
        except StoreFullError:
            for old in held[: len(held) // 5 : 2]:
                tier.delete(old)
                held.remove(old)
            tier.flush()
        if number % 10 == 9:
            tier.flush()
    assert sorted(tier.keys()) == sorted(held)
    assert 0.7 * budget < most <= budget
    assert tier.check() == {}
    tier.close()


def test_most_of_the_space_of_scattered_deletions_comes_back(tmp_path: Path) -> None:
    with opened(tmp_path / "store", budget=8 << 20) as tier:
        keys = fill(tier, tokens=32)
        tier.flush()
        for key in keys[::4]:
            tier.delete(key)
        tier.flush()
        again = 0
        for _ in range(3):
            with suppress(StoreFullError):
                while True:
                    tier.put(f"new-{again}", value(again, tokens=32))
                    again += 1
            tier.flush()
        assert again > 0.8 * len(keys[::4])


def test_a_segment_with_nothing_alive_is_removed(tier: DiskTier) -> None:
    for number in range(30):
        tier.put(str(number), value(number))
    tier.flush()
    assert len(segment_files(tier)) == 5
    for number in range(6, 12):
        tier.delete(str(number))
    tier.flush()
    assert len(segment_files(tier)) == 4


def test_a_store_that_is_overwritten_for_long_stays_small(tier: DiskTier) -> None:
    for number in range(400):
        tier.put(str(number * 7 % 10), value(number))
        if number % 8 == 7:
            tier.flush()
    assert sum(path.stat().st_size for path in segment_files(tier)) <= 2 * 10 * 16_384
    assert all(same(tier.get(str(number * 7 % 10)), value(number)) for number in range(390, 400))


def test_segment_numbers_are_not_used_twice(tier: DiskTier, reopen: Callable[[], DiskTier]) -> None:
    tier.put("key", value(1))
    tier.flush()
    (first,) = segment_files(tier)
    tier.delete("key")
    tier.flush()
    assert segment_files(tier) == []
    tier.close()
    again = reopen()
    again.put("key", value(2))
    again.flush()
    assert segment_files(again) != [first]


def test_opening_reads_no_values_and_makes_no_segments(tier: DiskTier, reopen: Callable[[], DiskTier]) -> None:
    assert segment_files(tier) == []
    assert reopen().size() == on_disk(tier.folder)
