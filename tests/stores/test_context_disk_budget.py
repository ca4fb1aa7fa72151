"""The disk's budget holds for everything in the folder, the saved vector index included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from context_samples import SETTINGS, WIDTH, append, opened

from longdoc.errors import StoreFullError
from longdoc_stores.context_index import FILE, saved_bytes

BUDGET = 2 << 20


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def fill_up(folder: Path) -> int:
    """Documents that fitted, each flushed, before the disk's budget ended; the index is saved whenever it may be."""
    with opened(folder, replace(SETTINGS, disk_budget=BUDGET, block_size=16, first_tokens=0, recent_tokens=0)) as context:
        for number in range(10_000):
            try:
                append(context, f"document {number}", 160, seed=number)
                context.flush()
            except StoreFullError:
                context.drop(f"document {number}")
                return number
            assert on_disk(folder) <= BUDGET
    raise AssertionError("the disk's budget was never reached")


def test_a_saved_index_counts_and_is_left_out_where_it_would_go_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = fill_up(tmp_path / "without")
    monkeypatch.setattr("longdoc_stores.context._SAVE_AT_FLUSH", 50)
    documents = fill_up(tmp_path / "with")
    folder = tmp_path / "with" / "context"
    assert (folder / FILE).exists()
    assert on_disk(folder) <= BUDGET
    assert documents < without
    with opened(tmp_path / "with", replace(SETTINGS, disk_budget=BUDGET)) as context:
        assert len(context.documents()) == documents
        assert len(context.search(append(context, "query", 1)[0], 3)) == 3
        context.drop("query")


def test_what_a_saved_index_takes_is_not_underestimated(tmp_path: Path) -> None:
    with opened(tmp_path, replace(SETTINGS, block_size=1, first_tokens=0, recent_tokens=0)) as context:
        append(context, "document", 300)
    assert (tmp_path / "context" / FILE).stat().st_size <= saved_bytes(300, WIDTH)
