from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from vector_samples import FEW, IDS, MANY, WIDE, D, Floats, clustered, compare, recall_at_10, slow_search, vectors

from longdoc.errors import UsageError
from longdoc_stores.vector_index import EXACT_UP_TO, LARGEST, VectorIndex

# Exact.


def test_search_gives_what_comparing_with_every_vector_gives(index: VectorIndex, held: dict[int, Floats]) -> None:
    assert index.kind == "exact"
    compare(index, held, 10)


def test_a_search_among_some_ids_finds_the_best_of_those(index: VectorIndex, held: dict[int, Floats]) -> None:
    compare(index, held, 10, set(list(held)[::7]))


def test_ids_that_are_not_held_do_not_disturb_a_search_among_some(index: VectorIndex, held: dict[int, Floats]) -> None:
    compare(index, held, 10, {*list(held)[::7], 3, 1 << 50})
    assert index.search(vectors(2), 5, np.array([3]))[1].shape == (2, 0)


def test_asking_for_more_than_there_is_gives_what_there_is(index: VectorIndex, held: dict[int, Floats]) -> None:
    compare(index, held, 1000)
    compare(index, held, 50, set(list(held)[:3]))


def test_removed_vectors_are_not_found(index: VectorIndex, held: dict[int, Floats]) -> None:
    gone = list(held)[:150]
    assert index.remove(np.array([*gone, 5])) == 150
    assert index.remove(np.array(gone)) == 0
    compare(index, {number: vector for number, vector in held.items() if number not in gone}, 10)


def test_an_id_added_again_has_the_new_vector(index: VectorIndex, held: dict[int, Floats]) -> None:
    first = next(iter(held))
    new = vectors(1, seed=2)
    index.add(np.array([first]), new)
    assert len(index) == len(held)
    np.testing.assert_array_equal(index.vectors([first]), new)
    compare(index, held | {first: new[0]}, 10)


def test_equal_scores_come_by_id() -> None:
    index = VectorIndex(D)
    index.add(np.array([9, 2, 5]), np.repeat(vectors(1), 3, axis=0))
    assert index.search(vectors(1), 3)[1].tolist() == [[2, 5, 9]]


def test_an_exact_index_says_that_it_finds_everything(index: VectorIndex) -> None:
    recall = index.recall(sample=20, k=5)
    assert (recall.recall, recall.sample, recall.k, recall.kind, recall.size) == (1.0, 20, 5, "exact", 200)


def test_an_empty_index_finds_nothing_and_can_be_saved(tmp_path: Path) -> None:
    index = VectorIndex(D)
    index.save(tmp_path / "index")
    loaded = VectorIndex.load(tmp_path / "index")
    scores, found = loaded.search(vectors(2), 3)
    assert scores.shape == found.shape == (2, 0)
    assert loaded.remove(np.array([1])) == 0
    assert loaded.recall().sample == 0
    loaded.add(np.array([1]), vectors(1))
    assert loaded.ids().tolist() == [1]


class Model(RuleBasedStateMachine):
    """An index beside a dict; vectors of small whole numbers, so that scores are exact and often equal."""

    exact_up_to = EXACT_UP_TO

    def __init__(self) -> None:
        super().__init__()
        self.index = VectorIndex(3, codes="float32", exact_up_to=self.exact_up_to)
        self.held: dict[int, Floats] = {}

    @rule(ids=st.lists(st.integers(0, 60), unique=True, max_size=25), seed=st.integers(0, 1000))
    def add(self, ids: list[int], seed: int) -> None:
        rows = np.random.default_rng(seed).integers(-3, 4, size=(len(ids), 3)).astype(np.float32)
        self.index.add(np.array(ids, dtype=np.int64), rows)
        self.held.update(zip(ids, rows, strict=True))

    @rule(ids=st.lists(st.integers(0, 60), max_size=25))
    def remove(self, ids: list[int]) -> None:
        assert self.index.remove(np.array(ids, dtype=np.int64)) == len(self.held.keys() & set(ids))
        for number in ids:
            self.held.pop(number, None)

    @rule()
    def save_and_load(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.index.save(Path(folder) / "index")
            self.index = VectorIndex.load(Path(folder) / "index")

    @rule(k=st.integers(1, 70), among=st.none() | st.sets(st.integers(0, 60)), seed=st.integers(0, 1000))
    def search(self, k: int, among: set[int] | None, seed: int) -> None:
        query = np.random.default_rng(seed).integers(-3, 4, size=3).astype(np.float32)
        expected = slow_search(self.held, query, k, among)
        scores, found = self.index.search(query[None], k, None if among is None else np.array(sorted(among), dtype=np.int64))
        assert scores.shape == found.shape == (1, len(expected))
        assert len(set(found[0].tolist())) == len(expected)
        assert among is None or among >= set(found[0].tolist())
        assert scores[0].tolist() == [float(self.held[number] @ query) for number in found[0].tolist()]
        if self.index.kind == "exact" or (among is not None and len(among) <= self.exact_up_to):
            assert scores[0].tolist() == [score for _, score in expected]

    @invariant()
    def holds_what_the_dict_holds(self) -> None:
        ids = sorted(self.held)
        assert len(self.index) == len(ids)
        assert self.index.ids().tolist() == ids
        assert self.index.vectors(ids).tolist() == [self.held[number].tolist() for number in ids]
        assert self.index.kind == "exact" or len(ids) > self.exact_up_to // 2


class ModelWithLists(Model):
    exact_up_to = 20


TestAnExactIndexIsADict = Model.TestCase
TestAnExactIndexIsADict.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestAnIndexWithListsIsADict = ModelWithLists.TestCase
TestAnIndexWithListsIsADict.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


# Approximate.


# int8 alone, with all lists looked through, finds 0.976 of what is exact among these narrow vectors.
@pytest.mark.parametrize(("codes", "least"), [("float32", 0.98), ("float16", 0.98), ("int8", 0.965)])
def test_lists_find_the_neighbours_without_looking_through_all(codes: Any, least: float) -> None:
    index = VectorIndex(WIDE, codes=codes, exact_up_to=FEW)
    index.add(IDS, clustered(MANY))
    assert index.kind == "ivf"
    assert index.probes < 100
    assert recall_at_10(index, IDS, clustered(MANY)) >= least
    assert index.recall().recall >= 0.98


def test_the_recall_that_an_index_states_is_about_what_is_measured(large: VectorIndex) -> None:
    recall = large.recall()
    assert recall.kind == "ivf"
    assert recall.size == MANY
    assert recall.recall == pytest.approx(recall_at_10(large, IDS, clustered(MANY)), abs=0.015)
    assert recall == large.recall()


def test_an_index_turns_approximate_when_it_outgrows_its_limit_and_back() -> None:
    index = VectorIndex(WIDE, exact_up_to=FEW)
    index.add(IDS[:FEW], clustered(MANY)[:FEW])
    assert index.kind == "exact"
    index.add(IDS[FEW : FEW + 1], clustered(MANY)[FEW : FEW + 1])
    assert index.kind == "ivf"
    index.remove(IDS[: FEW // 2])
    assert index.kind == "ivf"
    index.remove(IDS[FEW // 2 : FEW // 2 + 1])
    assert index.kind == "exact"
    assert index.ids().tolist() == sorted(IDS[FEW // 2 + 1 : FEW + 1].tolist())


@pytest.mark.parametrize(("codes", "least"), [("float16", 0.965), ("int8", 0.95)])
def test_recall_holds_while_an_index_grows_from_one_kind_of_text_to_another(codes: Any, least: float) -> None:
    drawn = clustered(MANY)
    order = np.argsort(-drawn @ drawn[0])
    index = VectorIndex(WIDE, codes=codes, exact_up_to=FEW)
    for batch in np.array_split(order, 20):
        index.add(IDS[batch], drawn[batch])
    assert recall_at_10(index, IDS, drawn) >= least
    # Most queries are then of the kind that is gone.
    index.remove(IDS[order[: MANY // 2]])
    left = order[MANY // 2 :]
    assert recall_at_10(index, IDS[left], drawn[left]) >= least


def test_int8_vectors_do_not_change_when_lists_are_made_again() -> None:
    index = VectorIndex(WIDE, codes="int8", exact_up_to=FEW)
    drawn = clustered(MANY)
    # All within the range of the first.
    drawn[0], drawn[1] = 1.0, -1.0
    index.add(IDS[:1000], drawn[:1000])
    before = index.vectors(IDS[:1000])
    np.testing.assert_allclose(before, drawn[:1000], atol=0.02)
    index.add(IDS[1000:], drawn[1000:])
    np.testing.assert_array_equal(index.vectors(IDS[:1000]), before)


def test_a_filter_of_few_finds_exactly_the_best_of_those() -> None:
    drawn = clustered(MANY)
    index = VectorIndex(WIDE, codes="float32", exact_up_to=FEW)
    index.add(IDS, drawn)
    # Far from most queries, where no search without a filter would look.
    far = np.argsort(drawn @ clustered(1, seed=7)[0])[:FEW]
    assert recall_at_10(index, IDS[far], drawn[far], IDS[far]) == 1.0


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_filter_of_many_keeps_recall(large: VectorIndex, share: float) -> None:
    drawn = clustered(MANY)
    near = np.argsort(-drawn @ clustered(1, seed=7)[0])[-int(share * MANY) :]
    assert recall_at_10(large, IDS[near], drawn[near], IDS[near]) >= 0.975


def test_removed_vectors_are_not_found_in_lists(large: VectorIndex) -> None:
    queries = clustered(20, seed=7)
    gone = np.unique(large.search(queries, 10)[1])
    assert large.remove(gone) == len(gone)
    assert len(large) == MANY - len(gone)
    assert not np.isin(large.search(queries, 300)[1], gone).any()
    assert large.search(queries, 10, gone)[1].shape == (20, 0)
    with pytest.raises(KeyError, match="1 of the 2"):
        large.vectors([int(gone[0]), int(large.ids()[0])])


def test_as_many_are_found_as_were_asked_for_even_if_the_lists_hold_fewer(large: VectorIndex) -> None:
    scores, found = large.search(clustered(3, seed=7), MANY + 5)
    assert found.shape == scores.shape == (3, MANY)
    assert all(sorted(row.tolist()) == sorted(IDS.tolist()) for row in found)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_the_same_vectors_make_the_same_index(large: VectorIndex) -> None:
    again = VectorIndex(WIDE, exact_up_to=FEW)
    again.add(IDS, clustered(MANY))
    assert again.probes == large.probes
    for one, other in zip(large.search(clustered(50, seed=7), 10), again.search(clustered(50, seed=7), 10), strict=True):
        np.testing.assert_array_equal(one, other)


def test_vectors_that_are_all_equal_can_be_searched() -> None:
    index = VectorIndex(D, exact_up_to=10)
    index.add(np.arange(40), np.ones((40, D), dtype=np.float32))
    index.add(np.arange(40, 80), np.zeros((40, D), dtype=np.float32))
    assert index.search(np.ones((1, D)), 40)[1][0].tolist() == list(range(40))


def test_nothing_is_printed() -> None:
    program = (
        "import numpy as np; from longdoc_stores.vector_index import VectorIndex; index = VectorIndex(8, exact_up_to=10, codes='int8');"
        "index.add(np.arange(30), np.eye(30, 8)); index.search(np.eye(8), 5)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


# Saved and loaded.


def with_row_1(value: float) -> Floats:
    rows = vectors(3, seed=5)
    rows[1, 4] = value
    return rows


@pytest.mark.parametrize(
    ("ids", "rows", "message"),
    [
        ([1], np.zeros((1, 9)), r"\(1, 8\), got \(1, 9\)"),
        ([1, 2], np.zeros((1, 8)), r"\(2, 8\), got \(1, 8\)"),
        ([1], np.zeros(8), r"\(1, 8\), got \(8,\)"),
        ([1, 1], vectors(2), "twice: 1"),
        ([1, -1], vectors(2), "row 1 has -1"),
        ([1.5], vectors(1), "whole numbers"),
        ([1, 2, 3], with_row_1(np.nan), "row 1 of 3 vectors has NaN"),
        ([1, 2, 3], with_row_1(np.inf), "row 1 of 3"),
        ([1, 2, 3], with_row_1(-LARGEST * 2), "row 1 of 3"),
    ],
)
def test_what_cannot_be_held_is_refused_and_changes_nothing(
    ids: list[Any], rows: npt.NDArray[Any], message: str, index: VectorIndex, held: dict[int, Floats]
) -> None:
    index.add(np.array([1]), vectors(1, seed=6))
    with pytest.raises(UsageError, match=message):
        index.add(np.array(ids), rows)
    compare(index, held | {1: vectors(1, seed=6)[0]}, 10)


def test_queries_that_cannot_be_compared_are_refused(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match=r"\(any, 8\), got \(1, 9\)"):
        index.search(np.zeros((1, 9), dtype=np.float32), 1)
    with pytest.raises(ValueError, match="row 1 of 3 queries has NaN"):
        index.search(with_row_1(np.nan), 1)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="float32, float16, int8"):
        VectorIndex(D, codes="pq")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="dimension of 0"):
        VectorIndex(0)
    with pytest.raises(UsageError, match="got 0"):
        VectorIndex(D, exact_up_to=0)
