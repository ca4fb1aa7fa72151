"""What was answered once is not asked again; what failed is; a budget is never passed; a dry run asks nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_engine import ScriptedEngine, said

from longdoc.engines.journal import Journalled
from longdoc.engines.spending import Budgeted, Estimated
from longdoc.protocols import Engine, Request

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class Shelf(dict[str, str]):
    """Answers in memory; `documents` says what they go with."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[str | None] = []

    def put(self, key: str, document: str | None, value: str) -> None:
        self[key] = value
        self.documents.append(document)


def ask(text: str, **more: object) -> Request:
    return replace(Request(({"role": "user", "content": text},), max_tokens=10), **more)


def counting() -> ScriptedEngine:
    return ScriptedEngine(lambda request: {"n": len(said(request))} if request.schema else f"about {said(request)}")


def test_an_answer_is_asked_for_once_and_comes_back_whole() -> None:
    engine, shelf = counting(), Shelf()
    requests = [ask("one", document="d1"), ask("three", schema=SCHEMA)]
    first = dict(Journalled(engine, shelf).generate(requests))
    second = Journalled(engine, shelf)
    again = dict(second.generate(requests))
    assert len(engine.requests) == 2
    assert (second.known, second.asked) == (2, 0)
    assert {number: replace(answer, seconds=0.0) for number, answer in first.items()} == again
    assert again[1].parsed == {"n": 5}
    assert shelf.documents == ["d1", None]


@pytest.mark.parametrize(
    "other",
    [
        ask("two"),
        ask("one", schema=SCHEMA),
        ask("one", max_tokens=11),
        ask("one", temperature=0.5),
        ask("one", seed=1),
        ask("one", adapter="tuned"),
    ],
)
def test_whatever_an_answer_depends_on_makes_it_another(other: Request) -> None:
    engine, shelf = counting(), Shelf()
    dict(Journalled(engine, shelf).generate([ask("one")]))
    dict(Journalled(engine, shelf).generate([other]))
    assert len(engine.requests) == 2
    dict(Journalled(ScriptedEngine(lambda request: "other", name="scripted:two"), shelf).generate([ask("one")]))
    assert len(shelf) == 3


def test_a_request_that_failed_is_asked_again_and_the_same_request_twice_is_asked_once() -> None:
    left = [ValueError("the server is tired"), "well", "unused"]
    engine, shelf = ScriptedEngine(lambda request: left.pop(0)), Shelf()
    journal = Journalled(engine, shelf)
    failed = dict(journal.generate([ask("one"), ask("one")]))
    assert [failed[number].error for number in (0, 1)] == ["the server is tired"] * 2
    assert not shelf
    assert dict(journal.generate([ask("one")]))[0].text == "well"
    assert left == ["unused"]


def test_answers_that_came_before_a_stop_are_kept() -> None:
    engine, shelf = counting(), Shelf()
    answers = Journalled(engine, shelf).generate([ask("one"), ask("two"), ask("three")])
    next(answers)
    answers.close()
    assert len(shelf) == 1
    dict(Journalled(engine, shelf).generate([ask("one"), ask("two"), ask("three")]))
    assert [said(request) for request in engine.requests] == ["one", "two", "three"]


def test_nothing_is_asked_that_could_pass_the_budget() -> None:
    engine = counting()
    budgeted = Budgeted(engine, 50)
    found = dict(budgeted.generate([ask("x" * 40), ask("y" * 40), ask("z" * 40)]))  # 10 + 8 for the template + 10 written each
    assert [found[number].error is None for number in range(3)] == [True, False, False]
    assert "the budget of 50 tokens (--max-tokens) does not hold it: this request may take 28 tokens, 28 are" in str(found[1].error)
    assert len(engine.requests) == 1
    assert (budgeted.spent.requests, budgeted.spent.prompt, budgeted.spent.written) == (1, 10, 12)
    assert dict(budgeted.generate([ask("x" * 40)]))[0].error is None
    assert dict(budgeted.generate([ask("x" * 40)]))[0].error is not None


def test_a_dry_run_asks_nothing_and_counts_what_it_would_at_its_dearest() -> None:
    engine = counting()
    dry = Estimated(engine)
    found = dict(dry.generate([ask("x" * 40), ask("y" * 80)]))
    assert [answer.error for answer in found.values()] == [Estimated.DRY] * 2
    assert (dry.spent.requests, dry.spent.prompt, dry.spent.written) == (2, 10 + 20 + 16, 20)
    assert not engine.requests


@pytest.mark.parametrize(
    "wrap", [lambda engine: Journalled(engine, Shelf()), lambda engine: Budgeted(engine, 9), Estimated], ids=["journal", "budget", "dry"]
)
def test_a_wrapped_engine_is_an_engine(wrap: object) -> None:
    inner = counting()
    engine = wrap(inner)  # type: ignore[operator]
    assert isinstance(engine, Engine)
    assert (engine.name, engine.context_length, engine.enforces_schema) == ("scripted:one", 8_192, True)
    assert engine.count_tokens("x" * 9) == 3
    engine.close()
    assert inner.closed
