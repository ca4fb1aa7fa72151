"""What benchmarks/summaries.py and summary_rivals.py compute beside the model: rivals, the oracle, cuts."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
SENTENCES = [
    "The harbour was closed in winter.",
    "Pumps move water from the river to the town.",
    "The town pays for water that pumps move from the river.",
    "Pumps need oil.",
]


@pytest.fixture
def rivals(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("summary_rivals")


def test_graph_rivals_prefer_a_sentence_that_shares_words_to_one_that_shares_none(rivals: Any) -> None:
    idf = rivals.inverse_frequency([SENTENCES, ["Something else is said here."]])
    for order in (rivals.textrank(SENTENCES), rivals.lexrank(idf)(SENTENCES)):
        assert sorted(order) == [0, 1, 2, 3]
        assert order[0] in (1, 2)
        assert order[-1] == 0


def test_the_centroid_takes_the_nearest_first_and_then_what_is_new(rivals: Any) -> None:
    vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.79, 0.613], [0.0, 1.0]])
    order = rivals.centroid(lambda _: vectors, novelty=0.6)(SENTENCES)
    assert order[0] in (1, 2)
    assert order[-1] in (1, 2)


def test_the_oracle_takes_what_raises_the_score_and_stops_when_it_is_enough(rivals: Any) -> None:
    reference = ["Pumps move water from the river. Pumps need oil."]
    assert set(rivals.oracle(SENTENCES, reference, lambda rows: len(rows) >= 4)) == {1, 3}
    assert rivals.oracle(SENTENCES, reference, lambda rows: len(rows) >= 1) == [1]
