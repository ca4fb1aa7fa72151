"""`bench_engine`: what it asks, and the figures that it makes of the answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from checkpoints import checkpoint

from longdoc.engines.metrics import Spread
from longdoc.errors import EngineError, UsageError
from longdoc.protocols import Progress, Request, Response
from longdoc_pipelines.bench_engine import EngineSpeed, Workload, bench_engine

WORK = Workload(requests=4, length=200, write=10, rounds=3)
MODES = [("in turn", "own"), ("in turn", "shared"), ("at once", "own"), ("at once", "shared")]


class Clocked:
    """Answers each request after one second of its own clock, in the order given; keeps what it is asked. Words are its tokens."""

    name, context_length, enforces_schema = "local:clocked", 1000, True

    def __init__(self, error: Callable[[int], str | None] = lambda number: None) -> None:
        self.now, self.calls, self._error = 0.0, list[list[Request]](), error

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        before = sum(map(len, self.calls))
        self.calls.append(list(requests))
        for number in range(len(requests)):
            self.now += 1.0
            error = self._error(before + number)
            if error is not None:
                yield number, Response("", error=error)
            else:
                yield number, Response("", None, 200, 150 if number else 0, 10, seconds=1.0, first_token_seconds=0.25)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def close(self) -> None:
        raise AssertionError("it is the caller's")


def run(monkeypatch: pytest.MonkeyPatch, engine: Clocked, work: Workload = WORK, **more: Any) -> EngineSpeed:
    clock = SimpleNamespace(perf_counter=lambda: engine.now)
    monkeypatch.setattr("longdoc_pipelines.bench_engine.time", clock)
    monkeypatch.setattr("longdoc.engines.metrics.time", clock)
    return bench_engine(engine, work, **more)


def documents(call: Sequence[Request]) -> list[str]:
    return [request.messages[0]["content"].rpartition("\n\n")[0] for request in call]


def test_every_mode_is_measured_in_every_round_after_a_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, told = Clocked(), list[Progress]()
    found = run(monkeypatch, engine, progress=told.append)
    assert [(row.asked, row.prefix) for row in found.rows] == MODES
    round_of_calls = [1] * 8 + [4, 4]
    assert [len(call) for call in engine.calls] == [1, 1, 1, 1, 2, 2, *round_of_calls * 3]
    assert [row.figures.requests for row in found.rows] == [12] * 4, "what warms up is not counted"
    assert (told[-1].done, told[-1].total) == (WORK.asked, WORK.asked) == (56, 56)
    assert len(told) == 56


def test_seconds_and_rates_are_those_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(monkeypatch, Clocked())
    for row in found.rows:
        at_once = row.asked == "at once"
        assert row.answered == Spread.of([1.0, 2.0, 3.0, 4.0] * 3 if at_once else [1.0] * 12), "waiting for others included"
        assert row.figures.first_token == Spread.of([0.25] * 12)
        assert row.tokens_in == (200.0,) * 3
        assert row.tokens_out == (10.0,) * 3
        assert row.figures.cached_share == (0.5625 if at_once else 0.0)
        assert (row.error, row.figures.errors) == (None, 0)


def test_documents_are_never_the_same_but_where_they_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Clocked()
    run(monkeypatch, engine)
    shared, own = list[str](), list[str]()
    for start in range(6, len(engine.calls), 10):
        a_round = engine.calls[start : start + 10]
        in_turn, at_once = [call[0] for call in a_round[:8]], a_round[8:]
        own += [*documents(in_turn[:4]), *documents(at_once[0])]
        for some in (documents(in_turn[4:]), documents(at_once[1])):
            assert len(set(some)) == 1
            shared.append(some[0])
    everything = [*own, *shared, *(text for call in engine.calls[:6] for text in dict.fromkeys(documents(call)))]
    assert len({text.split()[0] for text in own + shared}) == len(own + shared) == 30, "no two begin alike"
    assert len(set(everything)) == len(everything) - 1, "the two that warm up a mode in turn share one"
    assert len({request.messages[0]["content"] for call in engine.calls for request in call}) == 56, "and each question is another"


@pytest.mark.parametrize("length", [64, 200, 700])
def test_documents_are_as_long_as_is_wanted(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    engine = Clocked()
    found = run(monkeypatch, engine, Workload(2, length, 10, 1))
    assert found.length == pytest.approx(length, rel=0.05)
    for call in engine.calls:
        for text in documents(call):
            assert engine.count_tokens(text) == pytest.approx(length, rel=0.1)
            assert not re.search(r"[{}]", text), "every place is filled"
    assert {request.max_tokens for call in engine.calls for request in call} == {10}


def test_drawing_is_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Clocked(), Clocked()
    run(monkeypatch, one)
    run(monkeypatch, other)
    assert one.calls == other.calls


def test_requests_that_fail_are_counted_and_the_first_reason_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(monkeypatch, Clocked(lambda number: f"no. {number}" if number >= 8 and number % 2 else None))
    for row, first in zip(found.rows, (9, 13, 17, 21), strict=True):
        assert (row.figures.requests, row.figures.errors, row.error) == (12, 6, f"no. {first}")
        assert row.answered == Spread.of([1.0, 3.0] * 3 if row.asked == "at once" else [1.0] * 6)
        assert row.tokens_out == (5.0,) * 3


def test_an_engine_that_answers_nothing_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Clocked(lambda number: "the model is not loaded")
    with pytest.raises(EngineError, match="local:clocked answers nothing: the model is not loaded"):
        run(monkeypatch, engine)
    assert len(engine.calls) == 2, "nothing more is asked"


def test_requests_are_asked_of_the_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Clocked()
    run(monkeypatch, engine, adapter="leases")
    assert {request.adapter for call in engine.calls for request in call} == {"leases"}


def test_more_than_the_engine_reads_is_refused_with_both_numbers() -> None:
    engine = Clocked()
    with pytest.raises(UsageError, match=r"a document of 900 tokens, .* answer of 10 may take 1,038; local:clocked reads at most 1,000"):
        bench_engine(engine, Workload(length=900, write=10))
    assert engine.calls == []


@pytest.mark.parametrize(("name", "least"), [("requests", 2), ("length", 64), ("write", 1), ("rounds", 1)])
def test_a_workload_that_measures_nothing_is_refused(name: str, least: int) -> None:
    with pytest.raises(UsageError, match=f"{name} is {least - 1}; {least} is the least that can be measured"):
        Workload(**{name: least - 1})
    assert getattr(Workload(**{name: least}), name) == least


def test_no_more_tokens_are_taken_than_a_workload_says(tmp_path: Path) -> None:
    from longdoc.engines.local import load_model
    from longdoc.engines.metrics import Metered

    work = Workload(requests=3, length=512, write=6, rounds=1)
    engine = Metered(load_model(checkpoint(tmp_path / "tiny"), device="cpu"))
    found = bench_engine(engine, work)
    spent = engine.figures()
    assert spent.requests == work.asked == 20
    assert spent.prompt_tokens + spent.completion_tokens <= work.dearest
    assert (found.engine, spent.errors) == ("local:tiny", 0)
    shares = [row.figures.cached_share for row in found.rows]
    assert shares[:3] == [0.0, 0.0, 0.0]
    assert shares[3] is not None
    assert 0.45 < shares[3] < 2 / 3, "two of three did not read the document again"
    for row in found.rows:
        assert row.figures.first_token is not None
        assert row.answered is not None
        assert 0 < row.figures.first_token.p50 <= row.answered.p99
