"""What an engine did, counted and shown to Prometheus."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev
from types import SimpleNamespace
from urllib.request import urlopen

import numpy as np
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from longdoc.engines.metrics import EngineFigures, Metered, Spread
from longdoc.errors import ConfigError, EngineError, MissingExtraError
from longdoc.protocols import Engine, Request, Response

SECRET = "the tenant owes 4,200 dollars"
REQUEST = Request(({"role": "user", "content": SECRET},))
GIVEN = (
    Response(SECRET, None, 100, 0, 11, seconds=1.5, first_token_seconds=0.5),
    Response(SECRET, None, 100, 90, 1, seconds=0.03, first_token_seconds=0.03),
    Response(SECRET, None, 100, 80, 5, seconds=2.0),
    Response("", error="cancelled"),
    Response(SECRET, None, 70, 0, 3, seconds=0.7, first_token_seconds=0.2, error=f"the answer is no whole JSON: {SECRET}"),
)


class Scripted:
    """Gives what it is told to, then raises what it is told to."""

    name, context_length, enforces_schema = "local:tiny", 4096, True

    def __init__(self, given: Sequence[Response] = GIVEN, raised: EngineError | None = None) -> None:
        self._given, self._raised, self.closed = given, raised, False

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        yield from enumerate(self._given[: len(requests)])
        if self._raised is not None:
            raise self._raised

    def count_tokens(self, text: str) -> int:
        return len(text)

    def close(self) -> None:
        self.closed = True


def asked(count: int = 5, raised: EngineError | None = None) -> Metered:
    """An engine that was asked so many requests."""
    engine = Metered(Scripted(raised=raised))
    for number, response in engine.generate([REQUEST] * count):
        assert response is GIVEN[number]
    return engine


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    """The one sample of that name and with these labels among others."""
    (found,) = [number for (own, given), number in samples(text).items() if own == name and set(labels.items()) <= given]
    return found


def buckets(text: str, name: str, **labels: str) -> dict[str, float]:
    return {
        dict(given)["le"]: number
        for (own, given), number in samples(text).items()
        if own == f"{name}_bucket" and set(labels.items()) <= given
    }


def written(engine: Metered, folder: Path) -> str:
    engine.textfile(folder / "longdoc.prom")
    assert [path.name for path in folder.iterdir()] == ["longdoc.prom"], "nothing is left beside it"
    return (folder / "longdoc.prom").read_text()


def test_it_is_the_engine_that_it_wraps() -> None:
    inner = Scripted()
    engine = Metered(inner)
    assert isinstance(engine, Engine)
    assert (engine.name, engine.context_length, engine.enforces_schema) == ("local:tiny", 4096, True)
    assert engine.count_tokens("four") == 4
    engine.close()
    assert inner.closed


def test_figures_count_tokens_of_all_requests_and_seconds_of_those_without_an_error() -> None:
    figures = asked().figures()
    assert (figures.requests, figures.errors) == (5, 2)
    assert (figures.prompt_tokens, figures.cached_tokens, figures.completion_tokens) == (370, 170, 20)
    assert figures.cached_share == pytest.approx(170 / 370)
    assert figures.first_token == Spread.of([0.5, 0.03])
    assert figures.request == Spread.of([1.5, 0.03, 2.0])
    assert figures.seconds > 0
    assert figures.tokens_in == pytest.approx(370 / figures.seconds)
    assert figures.tokens_out == pytest.approx(20 / figures.seconds)


def test_of_nothing_there_are_no_figures() -> None:
    assert Metered(Scripted()).figures() == EngineFigures(0, 0, 0, 0, 0, 0.0, None, None)
    assert Metered(Scripted()).figures().tokens_in is None
    assert Metered(Scripted()).figures().cached_share is None


@pytest.mark.parametrize("values", [[3.0], [4.0, 1.0], [0.5, 9.0, 2.5, 7.0, 1.0], list(range(100, 0, -1))])
def test_percentiles_are_interpolated(values: list[float]) -> None:
    found = Spread.of(values)
    assert found is not None
    assert (found.p50, found.p90, found.p99) == pytest.approx(tuple(np.percentile(values, (50, 90, 99))))
    assert (found.mean, found.spread) == pytest.approx((fmean(values), stdev(values) if len(values) > 1 else 0.0))


def test_a_file_holds_the_conventions_metrics(tmp_path: Path) -> None:
    text = written(asked(), tmp_path)
    model = {
        "gen_ai_operation_name": "chat",
        "gen_ai_provider_name": "local",
        "gen_ai_request_model": "tiny",
        "gen_ai_response_model": "tiny",
    }
    usage, duration = "gen_ai_client_token_usage", "gen_ai_client_operation_duration_seconds"
    assert value(text, f"{usage}_sum", gen_ai_token_type="input", **model) == 370
    assert value(text, f"{usage}_count", gen_ai_token_type="input", **model) == 4
    assert value(text, f"{usage}_sum", gen_ai_token_type="output", **model) == 20
    assert value(text, f"{duration}_sum", error_type="", **model) == pytest.approx(3.53)
    assert value(text, f"{duration}_count", error_type="", **model) == 3
    assert value(text, f"{duration}_count", error_type="cancelled", **model) == 1
    assert value(text, f"{duration}_sum", error_type="_OTHER", **model) == pytest.approx(0.7)
    assert value(text, "gen_ai_server_time_to_first_token_seconds_sum", **model) == pytest.approx(0.53)
    assert value(text, "gen_ai_server_time_per_output_token_seconds_sum", **model) == pytest.approx(1.0 / 10)
    assert value(text, "gen_ai_server_time_per_output_token_seconds_count", **model) == 1
    assert value(text, "longdoc_engine_cached_tokens_total", **model) == 170


def test_buckets_are_those_of_the_conventions_and_count_what_is_at_most_so_much(tmp_path: Path) -> None:
    text = written(asked(), tmp_path)
    found = buckets(text, "gen_ai_client_operation_duration_seconds", error_type="")
    bounds = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
    assert found == {**{str(bound): (bound >= 0.03) + (bound >= 1.5) + (bound >= 2.0) for bound in bounds}, "+Inf": 3}
    tokens = buckets(text, "gen_ai_client_token_usage", gen_ai_token_type="output")
    assert [float(bound) for bound in tokens][:-1] == [
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    ]  # fmt: skip
    assert [*tokens.values()][:3] == [1, 2, 4], "1; and 3; and 5 and 11"
    assert [*map(float, buckets(text, "gen_ai_server_time_to_first_token_seconds"))][:-1] == [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ]  # fmt: skip
    assert [*map(float, buckets(text, "gen_ai_server_time_per_output_token_seconds"))][:-1] == [
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5,
    ]  # fmt: skip


def test_what_the_engine_raises_befalls_all_requests_that_have_no_answer(tmp_path: Path) -> None:
    engine = Metered(Scripted(GIVEN[:2], EngineError(f"no server; {SECRET}")))
    with pytest.raises(EngineError, match="no server"):
        list(engine.generate([REQUEST] * 4))
    assert (engine.figures().requests, engine.figures().errors) == (4, 2)
    assert value(written(engine, tmp_path), "gen_ai_client_operation_duration_seconds_count", error_type="EngineError") == 2


def test_an_adapter_is_the_model_that_answers(tmp_path: Path) -> None:
    engine = Metered(Scripted())
    list(engine.generate([Request(REQUEST.messages, adapter="leases")]))
    text = written(engine, tmp_path)
    assert value(text, "gen_ai_client_operation_duration_seconds_count", gen_ai_response_model="leases", gen_ai_request_model="tiny") == 1


def test_nothing_of_a_prompt_or_an_answer_is_shown_and_nothing_is_registered_for_all(tmp_path: Path) -> None:
    before = {family.name for family in REGISTRY.collect()}
    text = written(asked(), tmp_path)
    assert not any(word in text for word in SECRET.split() if len(word) > 3)
    assert {family.name for family in REGISTRY.collect()} == before


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"metrics file .*absent/a\.prom: cannot be written \(No such file or directory\); name a file in"
    ):
        asked().textfile(tmp_path / "absent" / "a.prom")


def test_metrics_are_served_to_this_machine_until_it_is_closed() -> None:
    threads = set(threading.enumerate())
    engine = asked(1)
    endpoint = engine.serve(0)
    address = f"http://127.0.0.1:{endpoint.port}/metrics"
    with urlopen(address) as answer:
        assert value(answer.read().decode(), "gen_ai_client_token_usage_sum", gen_ai_token_type="input") == 100
    list(engine.generate([REQUEST] * 3))
    with urlopen(address) as answer:
        assert value(answer.read().decode(), "gen_ai_client_token_usage_sum", gen_ai_token_type="input") == 400
    with pytest.raises(ConfigError, match=f"metrics are served at port {endpoint.port} already"):
        engine.serve(0)
    with pytest.raises(ConfigError, match=f"metrics port {endpoint.port}: cannot be had .*; choose another, or 0"):
        asked(0).serve(endpoint.port)
    with pytest.raises(ConfigError, match="metrics port 70000: cannot be had"):
        asked(0).serve(70_000)
    endpoint.close()
    assert set(threading.enumerate()) == threads
    with pytest.raises(OSError, match="refused"):
        urlopen(address)
    endpoint.close()
    engine.close()


def test_closing_the_engine_closes_what_it_serves() -> None:
    threads = set(threading.enumerate())
    engine = asked(1)
    engine.serve(0)
    assert set(threading.enumerate()) != threads
    engine.close()
    assert set(threading.enumerate()) == threads


def test_a_second_endpoint_can_follow_a_closed_one() -> None:
    engine = asked(1)
    with engine.serve(0):
        pass
    with engine.serve(0) as again, urlopen(f"http://127.0.0.1:{again.port}/") as answer:
        assert b"gen_ai_client_token_usage" in answer.read()


def test_seconds_are_those_in_which_the_engine_was_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, however many wait, and without what is done between two answers."""
    now = 0.0

    class Slow(Scripted):
        def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
            nonlocal now
            now += 1.0
            if len(requests) == 2:  # while this one is waited for, so is another
                list(engine.generate(requests[:1]))
            now += 10.0
            yield 0, GIVEN[0]

    monkeypatch.setattr("longdoc.engines.metrics.time", SimpleNamespace(perf_counter=lambda: now))
    engine = Metered(Slow())
    for _ in engine.generate([REQUEST] * 2):
        now += 1000.0
    assert engine.figures().seconds == 1.0 + 1.0 + 10.0 + 10.0
    assert engine.figures().requests == 2


def test_seconds_go_on_while_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now, seen = 100.0, []

    class Asked(Scripted):
        def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
            nonlocal now
            now += 7.0
            seen.append(engine.figures().seconds)
            yield 0, GIVEN[0]

    monkeypatch.setattr("longdoc.engines.metrics.time", SimpleNamespace(perf_counter=lambda: now))
    engine = Metered(Asked())
    list(engine.generate([REQUEST]))
    assert seen == [7.0]


def test_figures_need_no_prometheus_and_a_file_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    engine = asked()
    assert engine.figures().requests == 5
    for export in (lambda: engine.textfile(tmp_path / "a.prom"), lambda: engine.serve(0)):
        with pytest.raises(MissingExtraError, match=r"metrics for Prometheus need prometheus-client: pip install 'longdoc\[metrics\]'"):
            export()
    assert list(tmp_path.iterdir()) == []
