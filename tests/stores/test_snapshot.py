"""A context copied whole to another place and opened from there."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from context_samples import SETTINGS, WIDTH, append, opened, spans_of, states_of

from longdoc.errors import LongdocError, StoreDamagedError, StoreError, StoreFullError, StoreVersionError, UsageError
from longdoc_stores import snapshot as module
from longdoc_stores.context import ContextStore
from longdoc_stores.locations import Location
from longdoc_stores.snapshot import MANIFEST, restore, snapshot

LARGE = replace(SETTINGS, ram_budget=64 << 20, device_budget=64 << 20)


@pytest.fixture
def context(tmp_path: Path) -> ContextStore:
    """A context with documents, short and full blocks, an extra tensor, blocks forgotten, and some encoded already."""
    made = opened(tmp_path)
    for number, document in enumerate("abc"):
        append(made, document, 300, number, section=(document.upper(), "1"))
    made.append_block("d", states_of(9, 5), spans_of(0, 5), vector=states_of(1, 1)[0], extra={"salience": torch.arange(5)})
    made.forget("b")
    return made


def contents(context: ContextStore) -> list[tuple[object, ...]]:
    return [
        (block.info, block.spans.tolist(), block.states.tolist(), block.vector.tolist(), {k: v.tolist() for k, v in block.extra.items()})
        for block in context.iterate()
    ]


@pytest.mark.parametrize("where", ["a folder", "memory"])
@pytest.mark.parametrize("target", ["a folder", "memory"])
def test_what_comes_back_is_bit_for_bit_what_was_there(context: ContextStore, tmp_path: Path, where: str, target: str) -> None:
    location = str(tmp_path / "snapshot") if where == "a folder" else f"memory://{tmp_path.name}-{target[-6:]}"
    before = contents(context)
    assert snapshot(context, location) == len(before) == 11
    context.close()
    folder = tmp_path / "restored" if target == "a folder" else None
    with restore(location, folder, LARGE) as restored:
        assert contents(restored) == before
        assert restored.documents() == ["a", "c", "d"]
        append(restored, "e", 64)
        assert restored.info(16).document == "e"
    if folder is not None:
        with ContextStore(folder, WIDTH, SETTINGS) as again:
            assert len(again) == 12


def test_smaller_budgets_encode_more_and_nothing_twice(context: ContextStore, tmp_path: Path) -> None:
    before = {info.number: context.value(info) for info in context.blocks()}
    snapshot(context, tmp_path / "snapshot")
    with restore(tmp_path / "snapshot", tmp_path / "restored", replace(SETTINGS, recent_tokens=0, codec="int4")) as restored:
        for info in restored.blocks():
            old, new = before[info.number], restored.value(info)
            if old.layout[1].codec == "int8":
                assert new.layout == old.layout
                assert torch.equal(new.data, old.data)
        assert {restored.value(info).layout[1].codec for info in restored.blocks()} >= {"int4", "int8"}


def test_without_settings_block_size_codec_and_dtype_are_those_of_the_snapshot(tmp_path: Path) -> None:
    settings = replace(SETTINGS, dtype="bfloat16", codec="int4")
    with opened(tmp_path, settings) as context:
        append(context, "a", 200)
        snapshot(context, tmp_path / "snapshot")
    with restore(tmp_path / "snapshot", None) as restored:
        assert (restored.settings.block_size, restored.settings.codec, restored.settings.dtype) == (64, "int4", "bfloat16")
        assert restored.tokens == 200
    with restore(tmp_path / "snapshot", None, SETTINGS) as restored:
        assert restored.settings.dtype == "bfloat16"


def test_a_snapshot_holds_what_was_appended_before_it(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        append(context, "a", 10)
        assert snapshot(context, tmp_path / "snapshot") == 1
    with restore(tmp_path / "snapshot", None) as restored:
        assert restored.tokens == 10


def test_an_empty_context_can_be_copied(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        assert snapshot(context, tmp_path / "snapshot") == 0
    with restore(tmp_path / "snapshot", tmp_path / "restored") as restored:
        assert restored.blocks() == []


def test_several_shards_come_back(context: ContextStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD_BYTES", 20_000)
    before = contents(context)
    snapshot(context, tmp_path / "snapshot")
    assert len(list((tmp_path / "snapshot").glob("*.bin"))) > 2
    with restore(tmp_path / "snapshot", None, LARGE) as restored:
        assert contents(restored) == before


def test_files_can_be_read_by_their_owner_alone(context: ContextStore, tmp_path: Path) -> None:
    snapshot(context, tmp_path / "snapshot")
    assert stat.S_IMODE((tmp_path / "snapshot").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "snapshot").iterdir()} == {0o600}


# What is no snapshot


def test_a_location_with_a_snapshot_is_not_written_over(context: ContextStore, tmp_path: Path) -> None:
    snapshot(context, tmp_path / "snapshot")
    with pytest.raises(UsageError, match="holds a snapshot already; name an empty location"):
        snapshot(context, tmp_path / "snapshot")


def test_a_folder_with_a_context_is_not_restored_into(context: ContextStore, tmp_path: Path) -> None:
    snapshot(context, tmp_path / "snapshot")
    with opened(tmp_path / "other") as other:
        append(other, "mine", 64)
    with pytest.raises(StoreError, match="holds a context of 1 blocks; restore into an empty folder"):
        restore(tmp_path / "snapshot", tmp_path / "other" / "context", SETTINGS)
    with opened(tmp_path / "other") as other:
        assert other.documents() == ["mine"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.write_text('{"name": "an app"}\n')


def another_kind(path: Path) -> None:
    path.write_text('\n{"kind": "cake", "format": 1}')


def newer(path: Path) -> None:
    manifest = json.loads(path.read_bytes().partition(b"\n")[2])
    body = json.dumps(manifest | {"format": 2, "shards": "in a way of the future"}).encode()
    path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


@pytest.mark.parametrize(
    ("name", "harm", "error", "message"),
    [
        (MANIFEST, Path.unlink, StoreError, "no snapshot there .*it was not finished"),
        (MANIFEST, cut, StoreDamagedError, "cut short or no snapshot's"),
        (MANIFEST, flip, StoreDamagedError, "checksum of manifest.json|cut short or no snapshot's"),
        (MANIFEST, foreign, StoreDamagedError, "cut short or no snapshot's"),
        (MANIFEST, another_kind, StoreDamagedError, "is of a 'cake', not of a longdoc context snapshot"),
        (MANIFEST, newer, StoreVersionError, "has format 2, this longdoc reads up to 1; upgrade longdoc"),
        ("blocks-00001.bin", Path.unlink, StoreDamagedError, "blocks-00001.bin is missing; take the snapshot again"),
        ("blocks-00001.bin", cut, StoreDamagedError, r"blocks-00001.bin has \d+ of \d+ bytes"),
        ("blocks-00001.bin", flip, StoreDamagedError, "the checksum of blocks-00001.bin does not match"),
    ],
)
def test_what_is_not_whole_is_refused_and_nothing_is_restored(
    context: ContextStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    harm: Callable[[Path], None],
    error: type[LongdocError],
    message: str,
) -> None:
    monkeypatch.setattr(module, "SHARD_BYTES", 20_000)
    snapshot(context, tmp_path / "snapshot")
    harm(tmp_path / "snapshot" / name)
    with pytest.raises(error, match=message):
        restore(tmp_path / "snapshot", tmp_path / "restored", SETTINGS)
    with ContextStore(tmp_path / "restored", WIDTH, SETTINGS) as empty:
        assert empty.blocks() == []


@pytest.mark.parametrize("failing", [MANIFEST, "blocks-00001.bin"])
def test_an_interrupted_snapshot_is_none_and_can_be_taken_again(
    context: ContextStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write = Location.write

    def full(place: Location, name: str, data: bytes) -> None:
        if name == failing:
            raise StoreFullError("no room")
        write(place, name, data)

    monkeypatch.setattr(module, "SHARD_BYTES", 20_000)
    monkeypatch.setattr(Location, "write", full)
    with pytest.raises(StoreFullError, match="no room"):
        snapshot(context, tmp_path / "snapshot")
    monkeypatch.undo()
    with pytest.raises(StoreError, match="no snapshot there"):
        restore(tmp_path / "snapshot", None)
    before = contents(context)
    snapshot(context, tmp_path / "snapshot")
    with restore(tmp_path / "snapshot", None, LARGE) as restored:
        assert contents(restored) == before


def test_a_full_disk_is_said_to_be_full_and_leaves_no_half_file(
    context: ContextStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    context.flush()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFullError, match=r"cannot write blocks-00000\.bin: No space left on device; free some space"):
        snapshot(context, tmp_path / "snapshot")
    assert list((tmp_path / "snapshot").iterdir()) == []


def test_a_location_of_a_kind_that_nobody_knows_is_refused(context: ContextStore) -> None:
    with pytest.raises(StoreError, match="cake://somewhere: not an address that fsspec knows"):
        snapshot(context, "cake://somewhere")
    with pytest.raises(StoreError, match="cake://somewhere: not an address that fsspec knows"):
        restore("cake://somewhere", None)


def test_a_location_that_is_not_there_holds_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no snapshot there"):
        restore(tmp_path / "nowhere", None)


def test_a_context_that_does_not_fit_into_the_budgets_is_not_restored(context: ContextStore, tmp_path: Path) -> None:
    snapshot(context, tmp_path / "snapshot")
    with pytest.raises(StoreFullError):
        restore(tmp_path / "snapshot", None, replace(SETTINGS, first_tokens=0, recent_tokens=0, ram_budget=40_000))
