"""What a context store promises: precision, forgetting, an index that is right, repair of damage."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from context_samples import SETTINGS, WIDTH, append, check_search, infos_of, opened, spans_of, states_of, vector_of

from longdoc.errors import StoreDamagedError
from longdoc_stores.context import ContextStore
from longdoc_stores.context_index import FILE
from longdoc_stores.packing import error_bounds


def exact(context: ContextStore, number: int, states: torch.Tensor) -> bool:
    return torch.equal(context.gather([number]).states[0, : len(states)], states)


# Precision


def test_the_first_and_recent_tokens_are_exact_in_blocks_of_any_length(tmp_path: Path) -> None:
    """Where many short blocks take more than full ones would."""
    with opened(tmp_path) as context:
        kept = [states_of(number, 1 + number % 3) for number in range(300)]
        for states in kept:
            context.append_block("a", states, spans_of(0, len(states)), extra={"wide": torch.ones(len(states), 500)})
        context.flush()
        recent = context.recent()
        assert recent is not None
        assert recent.lengths.sum() >= SETTINGS.recent_tokens
        for row, info in enumerate(recent.infos):
            assert torch.equal(recent.states[row, : info.tokens], kept[info.number])
        assert all(exact(context, number, kept[number]) for number in range(20))
        assert context.value(context.info(100)).layout[1].codec == "int8"


def test_older_tokens_are_within_the_bound_of_their_codec(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        states = append(context, "a", 64 * 20)
        found = context.gather([5]).states[0]
        stored = context.value(context.info(5))
        assert stored.layout[1].codec == "int8"
        assert not torch.equal(found, states[5 * 64 : 6 * 64])
        assert bool(((found - states[5 * 64 : 6 * 64]).abs() <= error_bounds(stored)["states"]).all())


def test_an_explicit_device_budget_is_never_exceeded(tmp_path: Path) -> None:
    budget = 256 << 10
    with opened(tmp_path, replace(SETTINGS, device_budget=budget)) as context:
        for number in range(400):
            append(context, "a", 1, number, section=(str(number % 2),))
            assert context.tiers()[0].bytes <= budget
        assert len(context) == 399


def test_removing_the_newest_document_makes_older_tokens_the_recent_ones(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        for document in "abc":
            append(context, document, 128)
        context.drop("c")
        assert [info.document for info in infos_of(context.recent())] == ["b", "b"]
        context.drop("a")
        append(context, "d", 64)
        assert [info.document for info in infos_of(context.recent())] == ["b", "d"]


# Forgetting


def test_forgetting_leaves_no_byte_of_states_on_disk(tmp_path: Path) -> None:
    settings = replace(SETTINGS, codec="exact")
    with opened(tmp_path, settings) as context:
        secret = append(context, "secret", 640)
        append(context, "other", 64, 1)
        context.flush()
        context.search(vector_of(secret), 1)
        pattern = secret[200:202].numpy().tobytes()
        everything = [path for path in (tmp_path / "context").rglob("*") if path.is_file()]
        assert any(pattern in path.read_bytes() for path in everything)
        assert context.forget("secret") == 10
        for path in (tmp_path / "context").rglob("*"):
            content = path.read_bytes()
            assert pattern not in content
            assert b"secret" not in content


# The index


def saved(folder: Path, monkeypatch: pytest.MonkeyPatch, documents: str = "abc") -> dict[str, torch.Tensor]:
    """A context of a block a document whose index was saved."""
    monkeypatch.setattr("longdoc_stores.context._SAVE_AT_CLOSE", 1)
    with opened(folder) as context:
        kept = {document: append(context, document, 64, ord(document)) for document in documents}
    assert (folder / "context" / FILE).exists()
    return kept


def test_an_index_that_one_saved_is_right_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = saved(tmp_path, monkeypatch)
    with opened(tmp_path) as first, opened(tmp_path) as second:
        monkeypatch.setattr(second._index, "_read", lambda numbers: _ends(first, numbers, 2))
        check_search(second, kept)
        first.drop("a")
        kept["d"] = append(first, "d", 64, 4)
        del kept["a"]
        first.flush()
        monkeypatch.undo()
        check_search(second, kept)
        check_search(first, kept)
    with opened(tmp_path) as third:
        check_search(third, kept)


def _ends(context: ContextStore, numbers: list[int], most: int) -> np.ndarray:
    assert len(numbers) <= most, "the saved index was not used"
    return context._vectors(numbers)


@pytest.mark.parametrize("harm", ["deleted", "truncated", "foreign", "another context's", "another width's"])
def test_a_saved_index_that_is_no_good_is_built_again_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    kept = saved(tmp_path, monkeypatch)
    path = tmp_path / "context" / FILE
    if harm == "deleted":
        path.unlink()
    elif harm == "truncated":
        path.write_bytes(path.read_bytes()[:-10])
    elif harm == "foreign":
        path.write_bytes(b"no index")
    elif harm == "another context's":
        saved(tmp_path / "other", monkeypatch, "xyz")
        shutil.copy(tmp_path / "other" / "context" / FILE, path)
    else:
        with ContextStore(tmp_path / "other", 8, SETTINGS) as other:
            other.append("a", states_of(1, 64, 8), spans_of(0, 64))
        shutil.copy(tmp_path / "other" / FILE, path)
    with opened(tmp_path) as context:
        faults = context.check().index
        assert bool(faults) == (harm != "deleted")
        check_search(context, kept)
        assert not context.check(repair=True).blocks
        assert not context.check()


def test_numbers_given_again_after_a_crash_have_the_vectors_of_the_new_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = saved(tmp_path, monkeypatch)
    crashing = opened(tmp_path)
    append(crashing, "lost", 64, 99)
    crashing.search(np.ones(WIDTH, dtype=np.float32), 3)
    crashing.close()
    with opened(tmp_path) as context:
        kept["d"] = append(context, "d", 64, 100)
        check_search(context, kept)
    with opened(tmp_path) as context:
        assert context.blocks()[-1].number == 3
        check_search(context, kept)


def test_numbers_of_forgotten_blocks_are_not_given_again(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        append(context, "a", 128)
        context.forget("a")
    with opened(tmp_path) as context:
        append(context, "b", 64)
        assert [info.number for info in context.blocks()] == [2]


# Damage


def test_a_damaged_block_costs_its_document_and_no_other(tmp_path: Path) -> None:
    with opened(tmp_path, replace(SETTINGS, recent_tokens=0, first_tokens=0)) as context:
        for document in "abc":
            append(context, document, 64, ord(document))
    (segment,) = (tmp_path / "context").glob("*.segment")
    content = bytearray(segment.read_bytes())
    content[100] ^= 255
    segment.write_bytes(content)
    with opened(tmp_path) as context:
        with pytest.raises(StoreDamagedError):
            list(context.iterate())
        with pytest.raises(StoreDamagedError):
            context.gather([0])
        assert set(context.check().lost) == {"a"}
        assert set(context.check(repair=True).lost) == {"a"}
        assert context.documents() == ["b", "c"]
        assert not context.check()


def test_a_damaged_block_that_memory_holds_is_written_again(tmp_path: Path) -> None:
    with opened(tmp_path) as context:
        states = append(context, "a", 64)
        context.flush()
        (segment,) = (tmp_path / "context").glob("*.segment")
        segment.write_bytes(bytes(len(segment.read_bytes())))
        faults = context.check(repair=True)
        assert len(faults.blocks) == 1
        assert not faults.lost
        assert not context.check()
        assert exact(context, 0, states)
    with opened(tmp_path) as again:
        assert len(list(again.iterate())) == 1
