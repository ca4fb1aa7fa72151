"""What the benchmarks of search, encoder and clauses compute beside the models: metrics, fusion, windows, sums."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from longdoc_stores.corpus import Corpus

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Any:
    return load("search", monkeypatch)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Any:
    return load("encoder", monkeypatch)


@pytest.fixture
def clauses(monkeypatch: pytest.MonkeyPatch) -> Any:
    return load("clauses", monkeypatch)


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module(name)


def test_ndcg_weighs_what_is_found_by_its_place(search: Any) -> None:
    worth = {7: 3.0, 8: 1.0}
    ideal = 3 / math.log2(2) + 1 / math.log2(3)
    assert search.ndcg([7, 8, 9], worth, 10) == pytest.approx(1)
    assert search.ndcg([8, 9, 7], worth, 10) == pytest.approx((1 + 3 / 2) / ideal)
    assert search.ndcg([9, 7], worth, 1) == 0
    assert search.ndcg([7], worth, 1) == pytest.approx(1)
    assert search.ndcg([7], {}, 10) == 0


def test_recall_is_the_share_found_among_the_first(search: Any) -> None:
    worth = {1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 0.0}
    assert search.recall([1, 9, 5, 2, 3], worth, 4) == 0.5
    assert search.recall([9, 5], worth, 10) == 0
    assert search.recall([1], {}, 10) == 0


def test_average_precision_is_the_mean_of_the_precision_at_each_passage_wanted(search: Any) -> None:
    worth = {1: 1.0, 2: 1.0}
    assert search.average_precision([1, 9, 2], worth, 10) == pytest.approx((1 + 2 / 3) / 2)
    assert search.average_precision([9, 1, 2], worth, 2) == pytest.approx(1 / 4)
    assert search.average_precision([9], worth, 10) == 0


def test_the_search_of_the_package_ranks_each_query_among_its_own_passages(search: Any, tmp_path: Path) -> None:
    passages = ["the rent is due", "the loan is due", "the cat sleeps", "the rent of the cat"]
    vectors = np.eye(4, 8, dtype=np.float32)
    task = search.Task("name", ("recall@10",), passages, ["rent", "cat"], [{0: 1.0}, {2: 1.0}], [[0, 1, 3], [1, 2]])
    with Corpus(tmp_path / "corpus") as corpus:
        ranked = search.by_search(corpus, task, lambda texts: np.zeros((len(texts), 8), np.float32), vectors)
    assert [set(ranking) for ranking in ranked] == [{0, 1, 3}, {1, 2}]
    assert (ranked[0][0], ranked[1][0]) == (0, 2)


def test_rankings_are_fused_by_rank_alone(search: Any) -> None:
    assert search.fused([5, 6, 7], [6, 5, 8]) == [5, 6, 7, 8]
    assert search.fused([5, 6], [6]) == [6, 5]


def test_a_limited_task_keeps_what_its_queries_want(search: Any) -> None:
    worth = [{4: 2.0}, {1: 1.0, 3: 1.0}]
    among, sources = [[0, 3, 4], [1, 3]], [7, 7, 8, 8, 9]
    task = search.Task("name", ("recall@10",), list("abcde"), ["first", "second"], worth, among, sources).limited(1, 2)
    assert task.passages == ["a", "b", "e"]
    assert task.worth == [{2: 2.0}]
    assert task.score("recall@10", [2], 0) == 1
    assert task.among == [[0, 2]]
    assert task.sources == [7, 7, 9]


def test_the_paired_difference_has_its_standard_error(search: Any) -> None:
    difference, error = search.paired([0.5, 0.7, 0.9], [0.5, 0.5, 0.5])
    assert difference == pytest.approx(0.2)
    assert error == pytest.approx(0.2 / math.sqrt(3))
    assert search.paired([1.0], [0.5]) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("tokens", "sizes"),
    [(0, [112]), (1, [113]), (400, [512]), (401, [512, 241]), (672, [512, 512]), (673, [512, 512, 241]), (1000, [512, 512, 512, 296])],
)
def test_windows_share_their_overlap_and_reach_the_end(encoder: Any, tokens: int, sizes: list[int]) -> None:
    # Room for 400 tokens of text beside a question of 108 and 4 marks; the next window begins 272 tokens later.
    assert encoder.windows(tokens, 108, 128) == sizes


def test_an_overlap_without_room_for_more_text_is_refused(encoder: Any) -> None:
    with pytest.raises(SystemExit, match="400 tokens of text cannot overlap by 400"):
        encoder.windows(1000, 108, 400)


def test_macro_f1_is_the_mean_over_labels_that_occur_often(clauses: Any) -> None:
    often, rare = clauses.Counts(true=10, said=10, right=5), clauses.Counts(true=9, said=1, right=0)
    shown = clauses.summed_up([often, clauses.Counts(true=20, said=20, right=20), rare])
    assert shown["macro_f1"] == pytest.approx((0.5 + 1) / 2)
    assert (shown["macro_labels"], shown["labels"]) == (2, 3)
    assert shown["f1"] == pytest.approx(2 * 25 / (39 + 31))
    assert clauses.summed_up([rare])["macro_f1"] is None


def test_the_corpus_of_the_scale_benchmark_is_one_that_a_search_accepts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scale = load("search_scale", monkeypatch)
    with Corpus(tmp_path / "corpus") as corpus:
        scale.fill(corpus, 4)
        scale.fill(corpus, 4)
        entries = tuple(corpus.select())
        found = scale.results(corpus, scale.RandomReader(), "n2", entries, 3)
        assert [len(entries), "n2 " in found[0].citation.quote] == [4, True]
        assert corpus.check(repair=False) == []
