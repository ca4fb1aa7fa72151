"""What benchmarks/needles.py and needle_model.py compute beside the models: lessons, positions, shares; and that training goes on."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("needle_model")


@pytest.fixture
def needles(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("needles")


@pytest.mark.parametrize("task", ["single", "multi-key", "tracking"])
def test_one_token_is_right_where_answers_have_an_order(model: Any, task: str) -> None:
    tokens, answers = model.lesson(task, 60, 1.0, np.random.default_rng(0))
    assert answers
    for place, right in answers:
        assert right == (tokens[place + 1],)


def test_any_answer_that_is_missing_is_right_where_they_have_none(model: Any) -> None:
    tokens, answers = model.lesson("multi-value", 60, 1.0, np.random.default_rng(0))
    assert [len(right) for _, right in answers] == [4, 3, 2, 1] * (len(answers) // 4)
    for place, right in answers:
        assert right[0] == tokens[place + 1]
        assert not set(right) & set(tokens[place - 3 + len(right) : place + 1])


def test_positions_leap_but_never_go_back_nor_out_of_reach(model: Any) -> None:
    plain, leaping = (model.positions(50, 100, leaps, np.random.default_rng(0)) for leaps in (False, True))
    assert plain.tolist() == [list(range(100))] * 50
    steps = leaping.diff(dim=1)
    assert int(steps.min()) == 1
    assert 0 < int((steps > 1).sum(dim=1).max()) <= 3
    assert 1000 < int(leaping.max()) < model.REACH


def test_training_goes_on_where_it_was_stopped(model: Any) -> None:
    whole, first, second = (model.Training(3) for _ in range(3))
    whole.learn()
    whole.learn()
    first.learn()
    second.restore(first.state())
    second.learn()
    weights = whole.model.state_dict()
    for name, weight in second.model.state_dict().items():
        torch.testing.assert_close(weight, weights[name], msg=name)


def test_an_index_that_names_all_keys_has_all_mass(needles: Any) -> None:
    draw = torch.Generator().manual_seed(0)
    keys, query = torch.randn(1, 2, 64, 16, generator=draw), torch.randn(1, 4, 1, 16, generator=draw)
    index = needles.SignIndex()
    index.append(keys)
    assert needles.chosen(query, 0.25, keys, index, 64) == [(1.0, pytest.approx(1.0), pytest.approx(1.0))] * 4
    for recall, mass, best in needles.chosen(query, 0.25, keys, index, 8):
        assert 0 < recall <= 1
        assert mass <= best < 1


def test_means_leave_out_what_is_not_there(needles: Any) -> None:
    assert needles.mean_of([1.0, None, 0.5]) == 0.75
    assert needles.mean_of([None]) is None
    assert needles.mean_and_error([0.0, 1.0, 1.0, 0.0]) == (50.0, pytest.approx(28.87, abs=0.01))
