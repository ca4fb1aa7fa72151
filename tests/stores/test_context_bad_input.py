"""What a context store does with input, budgets, disks and folders that are no good: it says so, and loses nothing."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from context_samples import SETTINGS, WIDTH, append, opened, spans_of, states_of

from longdoc.errors import LongdocError, StoreDamagedError, StoreError, StoreFullError, StoreVersionError, UnknownNameError, UsageError
from longdoc_stores.context import ContextSettings, ContextStore
from longdoc_stores.context_head import Head
from longdoc_stores.disk_tier import DiskTier

BIG = 64 << 20


def holding(value: float, row: int = 3) -> torch.Tensor:
    states = states_of(0, 8)
    states[row, 5] = value
    return states


# Settings


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"device_budget": 10_000}, r"device_budget is 10,000 bytes, but 100 recent and 40 first tokens take [\d,]+; raise it"),
        ({"ram_budget": 10_000}, r"ram_budget is 10,000 bytes, but 2 blocks of 64 tokens take [\d,]+; raise it"),
        ({"disk_budget": 10_000}, r"disk_budget is 10,000 bytes, but 2 blocks of 64 tokens take [\d,]+; raise it"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_budget_too_small_for_its_blocks_is_refused_with_both_numbers(
    tmp_path: Path, changed: dict[str, Any], message: str, known: bool
) -> None:
    if not known:
        with opened(tmp_path) as context:
            append(context, "a", 1)
    with pytest.raises(UsageError, match=message if known or "disk_budget" not in changed else "a budget of 10,000 bytes is too small"):
        ContextStore(tmp_path / "context", WIDTH if known else None, replace(SETTINGS, **changed))
    assert (tmp_path / "context").exists() != known


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"block_size": 0}, "block_size is 0; it must be at least 1"),
        ({"first_tokens": -1}, "first_tokens is -1; it must be at least 0"),
        ({"dtype": "int32"}, "no dtype 'int32' for states; known: float32, float16, bfloat16"),
    ],
)
def test_settings_out_of_range_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(SETTINGS, **changed)


def test_a_codec_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no codec 'zip'; known: exact, int8, int4"):
        opened(tmp_path, replace(SETTINGS, codec="zip"))


def test_a_location_without_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="need a folder, too"):
        ContextStore(None, WIDTH, replace(SETTINGS, location=str(tmp_path)))


def test_a_width_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="the width of states is 0; it must be at least 1"):
        ContextStore(None, 0)


def test_an_opened_context_without_width_has_the_budgets_of_its_width(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        append(context, "a", 64)
    with ContextStore(tmp_path / "context", settings=SETTINGS) as again:
        assert again.width == WIDTH
        states = append(again, "b", 128)
        assert torch.equal(again.gather([1, 2]).states.flatten(0, 1), states)


# States, spans, vectors


@pytest.mark.parametrize(
    ("states", "spans", "message"),
    [
        (states_of(0, 8, 32), spans_of(0, 8), r"shape \(any, 64\), got torch.float32 \(8, 32\)"),
        (states_of(0, 8)[0], spans_of(0, 8), r"shape \(any, 64\), got torch.float32 \(64,\)"),
        (torch.ones(8, WIDTH, dtype=torch.int64), spans_of(0, 8), r"floating point vectors .* got torch.int64"),
        (np.full((8, WIDTH), "x"), spans_of(0, 8), "expected an array of numbers"),
        (np.full((8, WIDTH), None), spans_of(0, 8), "expected an array of numbers, got object"),
        (holding(float("nan")), spans_of(0, 8), "row 3 of 8 holds a value that is not a number or beyond"),
        (holding(float("inf"), 7), spans_of(0, 8), "row 7 of 8 holds a value that is not a number or beyond"),
        (holding(1e5), spans_of(0, 8), r"row 3 of 8 holds a value that is not a number or beyond \+-65,504; nothing was stored"),
        (states_of(0, 8), spans_of(0, 7), r"expected spans of shape \(8, 2\) and whole numbers, got torch.int32 \(7, 2\)"),
        (states_of(0, 8), spans_of(0, 8).flatten(), r"expected spans of shape \(8, 2\)"),
        (states_of(0, 8), spans_of(0, 8).float(), "whole numbers, got torch.float32"),
        (states_of(0, 8), spans_of(0, 8) > 3, "whole numbers, got torch.bool"),
        (states_of(0, 8), spans_of(0, 8).flip(1), r"span \[2, 0\] in row 0 of 8 ends before it starts"),
        (states_of(0, 8), spans_of(0, 8) - 4, r"span \[-4, -2\] in row 0 of 8 .*starts before|is not within 0 to"),
        (states_of(0, 8), spans_of(0, 8).long() + 2**31, r"in row 0 of 8 .*is not within 0 to 2,147,483,647"),
    ],
)
def test_states_and_spans_that_are_no_good_are_refused_and_nothing_is_added(states: Any, spans: Any, message: str) -> None:
    context = ContextStore(None, WIDTH, SETTINGS)
    append(context, "a", 70)
    for add in (context.append, context.append_block):
        with pytest.raises(StoreError, match=message):
            add("a", states, spans)
    recent = context.recent(1000)
    assert recent is not None
    assert recent.lengths.tolist() == [64, 6]


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(32, dtype=np.float32), r"shape \(any, 64\), got torch.float32 \(1, 32\)"),
        (np.full(WIDTH, np.nan, dtype=np.float32), "row 0 of 1 holds a value that is not a number"),
        (np.full(WIDTH, 70_000, dtype=np.float32), "row 0 of 1 .*65,504"),
        (np.ones((2, WIDTH), dtype=np.float32), r"got torch.float32 \(1, 2, 64\)"),
    ],
)
def test_a_vector_that_is_no_good_is_refused(vector: Any, message: str) -> None:
    context = ContextStore(None, WIDTH, SETTINGS)
    with pytest.raises(StoreError, match=message):
        context.append_block("a", states_of(0, 8), spans_of(0, 8), vector=vector)
    assert len(context) == 0


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"states": torch.ones(8)}, "a block has 'states' of its own; give the tensor another name"),
        ({"words": np.array(["a"] * 8)}, "expected an array of numbers"),
    ],
)
def test_extra_tensors_that_are_no_good_are_refused(extra: Any, message: str) -> None:
    context = ContextStore(None, WIDTH, SETTINGS)
    with pytest.raises(StoreError, match=message):
        context.append_block("a", states_of(0, 8), spans_of(0, 8), extra=extra)
    assert len(context) == 0


def test_large_states_are_kept_where_nothing_is_encoded() -> None:
    context = ContextStore(None, WIDTH, replace(SETTINGS, codec="exact"))
    context.append_block("a", holding(3e38), spans_of(0, 8))
    assert torch.equal(context.gather([0]).states[0], holding(3e38))
    assert context.search(np.ones(WIDTH, dtype=np.float32), 1)[0].score == pytest.approx(1, abs=1e-3)


def test_states_that_are_too_large_for_the_dtype_are_refused() -> None:
    context = ContextStore(None, WIDTH, replace(SETTINGS, codec="exact", dtype="float16"))
    with pytest.raises(StoreError, match="row 3 of 8"):
        context.append("a", holding(1e5), spans_of(0, 8))


def test_arrays_of_any_make_are_taken() -> None:
    context = ContextStore(None, WIDTH, SETTINGS)
    states = states_of(0, 8)
    fixed = states.numpy().copy()
    fixed.flags.writeable = False
    for each in (states.double(), states.clone().requires_grad_(), fixed, states.numpy().copy()[::-1][::-1], states.T.contiguous().T):
        number = context.append_block("a", each, spans_of(0, 8).long().numpy())
        assert torch.equal(context.gather([number]).states[0], states)


def test_what_the_caller_does_with_its_arrays_afterwards_changes_nothing() -> None:
    context = ContextStore(None, WIDTH, SETTINGS)
    states, spans = states_of(0, 70), spans_of(0, 70)
    context.append("a", states, spans)
    states.zero_()
    spans.zero_()
    recent = context.recent(70)
    assert recent is not None
    assert torch.equal(torch.cat([recent.states[0], recent.states[1, :6]]), states_of(0, 70))


@pytest.mark.parametrize("query", [np.ones(32), np.ones((1, WIDTH)), np.full(WIDTH, np.nan), np.full(WIDTH, np.inf)])
def test_a_query_that_is_no_good_is_refused(query: Any) -> None:
    context = ContextStore(None, WIDTH, SETTINGS)
    append(context, "a", 64)
    with pytest.raises(StoreError, match=r"a query vector of shape|not a number"):
        context.search(query)


def test_numbers_that_are_not_there_are_key_errors() -> None:
    context = ContextStore(None, WIDTH, SETTINGS)
    append(context, "a", 64)
    for ask in (lambda: context.gather([0, 7]), lambda: context.prefetch([7]), lambda: context.info(7)):
        with pytest.raises(KeyError, match="no block 7 in this context"):
            ask()
    with pytest.raises(UsageError, match="no block number"):
        context.gather([])


# Disks and folders


def test_a_full_disk_budget_refuses_a_document_whole_and_takes_others_once_one_is_forgotten(tmp_path: Path) -> None:
    with opened(tmp_path, replace(SETTINGS, disk_budget=1 << 21, codec="exact")) as context:
        documents = 0
        with pytest.raises(StoreFullError, match=r"[\d,]+ of [\d,]+ bytes"):  # noqa: PT012
            for documents in range(100):
                append(context, str(documents), 64 * 4 + 10, documents)
                context.flush()
        assert documents > 3
        names = [str(number) for number in range(documents)]
        assert context.documents()[:documents] == names
        context.forget(str(documents), *names[-3:])
        append(context, "one more", 64)
        context.flush()
        last = [*names[:-3], "one more"]
        assert context.documents() == last
    with opened(tmp_path, replace(SETTINGS, codec="exact")) as again:
        assert again.documents() == last
        for number in range(documents - 3):
            found = torch.cat([block.states for block in again.iterate(str(number))])
            assert torch.equal(found, states_of(number, 64 * 4 + 10))


def test_an_append_that_fails_half_way_adds_nothing_and_keeps_the_tokens_that_filled_no_block() -> None:
    context = ContextStore(None, WIDTH, replace(SETTINGS, first_tokens=0, recent_tokens=0, ram_budget=60_000, codec="exact"))
    append(context, "a", 70, 1)
    before = [info.number for info in context.blocks()]
    for _ in range(2):
        with pytest.raises(StoreFullError):
            append(context, "b", 64 * 10)
        with pytest.raises(StoreFullError):
            context.append_block("b", states_of(0, 640), spans_of(0, 640))
    assert [info.number for info in context.blocks()] == before
    recent = context.recent(1000)
    assert recent is not None
    assert torch.equal(torch.cat([recent.states[0], recent.states[1, :6]]), states_of(1, 70))
    assert len(context.search(np.ones(WIDTH, dtype=np.float32), 10)) == 1


def test_a_disk_that_fills_up_under_a_flush_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.pwrite

    def full(descriptor: int, data: Any, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(tmp_path) as context:
        states = append(context, "a", 70)
        monkeypatch.setattr(os, "pwrite", full)
        for _ in range(2):
            with pytest.raises(StoreFullError, match="the disk is full"):
                context.flush()
        recent = context.recent()
        assert recent is not None
        assert torch.equal(torch.cat([recent.states[0], recent.states[1, :6]]), states)
        monkeypatch.setattr(os, "pwrite", write)
        context.flush()
    with opened(tmp_path) as again:
        assert again.tokens == 70


def test_a_disk_that_fails_takes_the_context_back_to_the_last_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opened(tmp_path) as context:
        append(context, "a", 64)
        context.flush()
        append(context, "b", 70)
        context.drop("a")
        monkeypatch.setattr(os, "fsync", broken)
        with pytest.raises(StoreError, match="vanished"):
            context.flush()
        monkeypatch.undo()
        assert context.documents() == ["a"]
        assert len(context.search(np.ones(WIDTH, dtype=np.float32), 10)) == 1
        append(context, "c", 64)
        context.flush()
    with opened(tmp_path) as again:
        assert again.documents() == ["a", "c"]
        assert [block.info.document for block in again.iterate()] == ["a", "c"]


def test_a_folder_that_vanishes_is_said_to_have_and_what_memory_holds_can_be_flushed_when_it_is_back(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        append(context, "a", 64)
        context.flush()
        append(context, "b", 64)
        (tmp_path / "context").rename(tmp_path / "away")
        with pytest.raises(StoreError, match="vanished"):
            context.flush()
        (tmp_path / "away").rename(tmp_path / "context")
        context.flush()
    with opened(tmp_path) as again:
        assert again.documents() == ["a", "b"]


def head_becomes(folder: Path, key: str | None) -> None:
    connection = sqlite3.connect(folder / "context" / "index.sqlite")
    with connection:
        if key is None:
            connection.execute("DELETE FROM records WHERE CAST(key AS TEXT) LIKE 'head%'")
        else:
            connection.execute("UPDATE records SET key = ? WHERE CAST(key AS TEXT) LIKE 'head%'", (key.encode(),))
    connection.close()


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        ("head {}", StoreDamagedError, "the head of the context cannot be read"),
        ("head", StoreDamagedError, "is not the key of a block"),
        (Head(WIDTH, "float32", 1).key().replace('"format":1', '"format":2'), StoreVersionError, "has format 2, .* reads up to 1"),
        (Head(WIDTH, "float32", 1).key().replace("64", "'"), StoreDamagedError, "the head of the context cannot be read"),
        (None, StoreDamagedError, "the context has 0 heads"),
        (Head(32, "float32", 1).key(), StoreError, "holds states of 32 float32, not 64 float32; name another folder"),
        (Head(WIDTH, "float16", 1).key(), StoreError, "holds states of 64 float16, not 64 float32; name another folder"),
    ],
)
def test_a_head_that_is_damaged_newer_or_of_another_kind_is_refused(
    tmp_path: Path, key: str | None, error: type[LongdocError], message: str
) -> None:
    with opened(tmp_path) as context:
        append(context, "a", 64)
    head_becomes(tmp_path, key)
    with pytest.raises(error, match=message):
        opened(tmp_path)
    if key is not None and error is not StoreError:
        with pytest.raises(error, match=message):
            ContextStore(tmp_path / "context")


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, lambda path: DiskTier(path).close()])
def test_a_folder_without_a_context_cannot_be_opened_without_a_width(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "context")
    with pytest.raises(StoreError, match="no context there yet; say how wide its states are"):
        ContextStore(tmp_path / "context")


def test_a_closed_context_says_so(tmp_path: Path) -> None:
    context = opened(tmp_path)
    append(context, "a", 64)
    context.close()
    context.close()
    with pytest.raises(StoreError, match="closed"):
        append(context, "b", 64)
    with opened(tmp_path) as again:
        assert again.documents() == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "context").write_text("")
    with pytest.raises(StoreError):
        opened(tmp_path, ContextSettings())
    shutil.rmtree(tmp_path, ignore_errors=True)
