"""benchmarks/needle_tasks.py: the answers are where they are said to be, and can be found by reading the tokens alone."""

from __future__ import annotations

import importlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
LENGTH = 400
task_names = pytest.mark.parametrize("task", ["single", "multi-key", "multi-value", "tracking"])


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("needle_tasks")


def oracle(tasks: Any, tokens: list[int], prompt: tuple[int, int]) -> list[int]:
    """The answers, by reading: the symbols that follow the key, or the one that follows it, and so on."""
    following: dict[int, list[int]] = {}
    for left, right in pairwise(tokens):
        if right in tasks.SYMBOLS:
            following.setdefault(left, []).append(right)
    if prompt[0] != tasks.TRACK:
        return following[prompt[1]]
    found = [prompt[1]]
    while found[-1] in following:
        found += following[found[-1]]
    return found[1:]


@task_names
@pytest.mark.parametrize("crowd", [1, 4])
def test_an_oracle_that_reads_the_tokens_answers_everything(tasks: Any, task: str, crowd: int) -> None:
    things = max(1, tasks.most(task, LENGTH) // crowd)
    for seed in range(5):
        haystack = tasks.plant(task, LENGTH, things, things, np.random.default_rng(seed))
        assert len(haystack.questions) == things
        for question in haystack.questions:
            read = oracle(tasks, haystack.tokens.tolist(), question.prompt)
            assert (read if question.ordered else sorted(read)) == list(question.answers if question.ordered else sorted(question.answers))
            assert tasks.score(question, read) == 1


@task_names
def test_answers_stand_where_the_question_says(tasks: Any, task: str) -> None:
    haystack = tasks.plant(task, LENGTH, tasks.most(task, LENGTH), 1000, np.random.default_rng(0))
    assert len(haystack.tokens) == LENGTH
    assert haystack.tokens[0] == tasks.BEGIN
    for question in haystack.questions:
        assert haystack.tokens[list(question.places)].tolist() == list(question.answers)
        assert list(question.places) == sorted(question.places)
        assert len(question.answers) == tasks.ANSWERS[task]


@task_names
def test_symbols_are_planted_in_pairs_and_all_else_is_noise(tasks: Any, task: str) -> None:
    things = tasks.most(task, LENGTH)
    tokens = tasks.plant(task, LENGTH, things, 1, np.random.default_rng(0)).tokens
    symbols = np.isin(tokens, tasks.SYMBOLS)
    assert symbols.sum() == 2 * things * tasks.ANSWERS[task]
    assert np.isin(tokens[1:][~symbols[1:]], tasks.NOISE).all()


def test_pairs_lie_anywhere_in_the_haystack(tasks: Any) -> None:
    dice = np.random.default_rng(0)
    places = [tasks.plant("single", 100, 1, 1, dice).questions[0].places[0] for _ in range(2000)]
    assert min(places) == 2
    assert max(places) == 98
    assert np.mean(places) == pytest.approx(50, abs=2)


def test_the_same_seed_plants_the_same(tasks: Any) -> None:
    one, other = (tasks.plant("tracking", LENGTH, 5, 3, np.random.default_rng(7)) for _ in range(2))
    assert one.tokens.tolist() == other.tokens.tolist()
    assert one.questions == other.questions


def test_a_score_is_the_share_of_answers_given(tasks: Any) -> None:
    question = tasks.Question((tasks.ALL, 104), (200, 300, 400, 500), (1, 2, 3, 4), False)
    assert tasks.score(question, [500, 200, 300, 400]) == 1
    assert tasks.score(question, [200, 200, 7, 400]) == 0.5
    assert tasks.score(question, []) == 0
