"""What an engine did, counted: the one place that knows how.

    engine = Metered(engine)
    ...
    engine.figures().first_token.p99
    engine.textfile("longdoc.prom")        # or engine.serve(9464)

Names, units and buckets are those of OpenTelemetry's conventions for generative AI
(https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics), written as Prometheus writes them: dots as underscores, seconds as a
suffix. Labels hold names of the engine, its model and an adapter; nothing of a prompt, an answer or a key.

`error.type` is "cancelled", the class of what an engine raised, or "_OTHER" for a request that failed alone.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from longdoc.errors import ConfigError, LongdocError, MissingExtraError
from longdoc.protocols import Engine, Request, Response

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import CollectorRegistry

_TOKENS = tuple(float(4**power) for power in range(14))
_SECONDS = tuple(0.01 * 2**power for power in range(14))
_FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_EACH = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_MODEL = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model")
_PATIENCE, _TURN = 5.0, 0.05
"""Seconds that a reader of the endpoint may keep it waiting; seconds after which the endpoint sees that it is closed."""


@dataclass(frozen=True, slots=True)
class _Metric:
    """A histogram of the conventions: `suffix` is its unit as Prometheus appends it (a count has none)."""

    name: str
    suffix: str
    says: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...]


_USAGE = _Metric("gen_ai.client.token.usage", "", "Tokens of prompts and answers.", (*_MODEL, "gen_ai.token.type"), _TOKENS)
_DURATION = _Metric("gen_ai.client.operation.duration", "_seconds", "Seconds of a request.", (*_MODEL, "error.type"), _SECONDS)
_TO_FIRST = _Metric("gen_ai.server.time_to_first_token", "_seconds", "Seconds to the first token of an answer.", _MODEL, _FIRST)
_PER_TOKEN = _Metric("gen_ai.server.time_per_output_token", "_seconds", "Seconds of each token after the first.", _MODEL, _EACH)
_METRICS = (_USAGE, _DURATION, _TO_FIRST, _PER_TOKEN)
_CACHED = "longdoc_engine_cached_tokens"
"""The conventions have no metric for tokens that were read before."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some values: percentiles, interpolated; mean; `spread`, the standard deviation (0 of one value)."""

    p50: float
    p90: float
    p99: float
    mean: float
    spread: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """None if there are no values."""
        if not values:
            return None
        ranked = sorted(values)

        def percentile(share: float) -> float:
            place = share * (len(ranked) - 1)
            below = int(place)
            above = min(below + 1, len(ranked) - 1)
            return ranked[below] + (place - below) * (ranked[above] - ranked[below])

        return cls(percentile(0.5), percentile(0.9), percentile(0.99), fmean(ranked), stdev(ranked) if len(ranked) > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """What an engine did: `requests`, `errors` among them, tokens of all; `seconds` in which it was waited for; of requests without an
    error the seconds to the first token, where that is known, and in all."""

    requests: int
    errors: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    first_token: Spread | None
    request: Spread | None

    @property
    def tokens_in(self) -> float | None:
        """Tokens of prompts a second, those that had been read before among them; None if nobody waited."""
        return self.prompt_tokens / self.seconds if self.seconds else None

    @property
    def tokens_out(self) -> float | None:
        """Tokens of answers a second."""
        return self.completion_tokens / self.seconds if self.seconds else None

    @property
    def cached_share(self) -> float | None:
        """Of the tokens of prompts those that had been read before, in 0..1; None if there were none."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else None


@dataclass(slots=True)
class _Histogram:
    counts: list[int]
    total: float = 0.0

    def add(self, value: float, buckets: Sequence[float]) -> None:
        self.counts[bisect_left(buckets, value)] += 1
        self.total += value


@dataclass(slots=True)
class _Record:
    """All that was observed; `histograms` by metric and the values of its labels."""

    requests: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    waiting: int = 0
    since: float = 0.0
    seconds: float = 0.0
    first: list[float] = field(default_factory=list)
    request: list[float] = field(default_factory=list)
    histograms: dict[tuple[_Metric, tuple[str, ...]], _Histogram] = field(default_factory=dict)
    cached: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def observe(self, metric: _Metric, value: float, labels: tuple[str, ...]) -> None:
        found = self.histograms.get((metric, labels))
        if found is None:
            found = self.histograms[metric, labels] = _Histogram([0] * (len(metric.buckets) + 1))
        found.add(value, metric.buckets)


class Metered:
    """`engine`, counted. Threads may share it as far as they may share the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.context_length, self.enforces_schema = engine.name, engine.context_length, engine.enforces_schema
        self._lock = Lock()
        self._record = _Record()
        self._endpoint: Endpoint | None = None

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """See Engine."""
        started, left = time.perf_counter(), set(range(len(requests)))
        answers = iter(self._engine.generate(requests, cancelled=cancelled))
        while True:
            try:
                with self._waiting():
                    number, response = next(answers)
            except StopIteration:
                return
            except LongdocError as error:
                seconds = time.perf_counter() - started
                for number in left:
                    self._count(requests[number], Response("", seconds=seconds, error=str(error)), type(error).__name__)
                raise
            left.discard(number)
            self._count(requests[number], response, "cancelled" if response.error == "cancelled" else "_OTHER")
            yield number, response

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """Stop the endpoint, and close the engine."""
        if self._endpoint is not None:
            self._endpoint.close()
        self._engine.close()

    def figures(self) -> EngineFigures:
        """What it did so far."""
        with self._lock:
            own = self._record
            seconds = own.seconds + (time.perf_counter() - own.since if own.waiting else 0.0)
            return EngineFigures(
                own.requests,
                own.errors,
                own.prompt_tokens,
                own.cached_tokens,
                own.completion_tokens,
                seconds,
                Spread.of(own.first),
                Spread.of(own.request),
            )

    def textfile(self, path: str | Path) -> None:
        """Write the metrics to `path`, whole or not at all, for the textfile collector of Prometheus' node exporter (name it *.prom).

        Raises: MissingExtraError without prometheus-client; ConfigError if it cannot be written.
        """
        registry = self.registry()
        from prometheus_client import write_to_textfile

        try:
            write_to_textfile(str(path), registry)
        except OSError as error:
            raise ConfigError(f"metrics file {path}: cannot be written ({error.strerror}); name a file in a folder of yours") from error

    def serve(self, port: int) -> Endpoint:
        """Serve the metrics at http://127.0.0.1:`port`/metrics (0: any port that is free) until it or this engine is closed.

        Raises: MissingExtraError without prometheus-client; ConfigError if the port cannot be had or another is served.
        """
        if self._endpoint is not None and self._endpoint.open:
            raise ConfigError(f"metrics port {port}: metrics are served at port {self._endpoint.port} already; close that first")
        self._endpoint = Endpoint(port, self.registry())
        return self._endpoint

    def registry(self) -> CollectorRegistry:
        """A registry of prometheus-client that holds these metrics alone, as they are whenever it is asked.

        Raises: MissingExtraError.
        """
        try:
            from prometheus_client import CollectorRegistry
        except ImportError as error:
            raise MissingExtraError("metrics for Prometheus need prometheus-client: pip install 'longdoc[metrics]'") from error
        made = CollectorRegistry()
        made.register(self)
        return made

    def collect(self) -> Iterator[Any]:
        """See prometheus_client.registry.Collector."""
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        with self._lock:
            observed = {key: (list(one.counts), one.total) for key, one in self._record.histograms.items()}
            cached = dict(self._record.cached)
        for metric in _METRICS:
            family = HistogramMetricFamily(_written(metric.name) + metric.suffix, metric.says, labels=[*map(_written, metric.labels)])
            for (other, labels), (counts, total) in observed.items():
                if other is metric:
                    bounds = [*map(str, metric.buckets), "+Inf"]
                    family.add_metric(labels, [(bound, sum(counts[: n + 1])) for n, bound in enumerate(bounds)], total)
            yield family
        counter = CounterMetricFamily(_CACHED, "Tokens of prompts that had been read before.", labels=[*map(_written, _MODEL)])
        for labels, count in cached.items():
            counter.add_metric(labels, count)
        yield counter

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """While somebody waits for the engine: seconds count once, however many do."""
        own = self._record
        with self._lock:
            if not own.waiting:
                own.since = time.perf_counter()
            own.waiting += 1
        try:
            yield
        finally:
            with self._lock:
                own.waiting -= 1
                if not own.waiting:
                    own.seconds += time.perf_counter() - own.since

    def _count(self, request: Request, response: Response, error: str) -> None:
        kind, _, model = self.name.partition(":")
        labels = ("chat", kind, model, request.adapter or model)
        failed, first, written = response.error is not None, response.first_token_seconds, response.completion_tokens
        with self._lock:
            own = self._record
            own.requests += 1
            own.errors += failed
            own.prompt_tokens += response.prompt_tokens
            own.cached_tokens += response.cached_tokens
            own.completion_tokens += written
            own.observe(_DURATION, response.seconds, (*labels, error if failed else ""))
            if response.prompt_tokens:
                own.observe(_USAGE, response.prompt_tokens, (*labels, "input"))
                own.observe(_USAGE, written, (*labels, "output"))
                own.cached[labels] += response.cached_tokens
            if failed:
                return
            own.request.append(response.seconds)
            if first is not None:
                own.first.append(first)
                own.observe(_TO_FIRST, first, labels)
                if written > 1:
                    own.observe(_PER_TOKEN, (response.seconds - first) / (written - 1), labels)


class Endpoint:
    """Metrics over HTTP, for this machine alone; made by Metered.serve."""

    def __init__(self, port: int, registry: CollectorRegistry) -> None:
        self._server = _server(port, registry)
        self.port, self.open = int(self._server.server_port), True
        self._thread = Thread(target=self._server.serve_forever, args=(_TURN,), name="longdoc-metrics", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop it, and wait until its threads are gone; closing twice does nothing."""
        if self.open:
            self.open = False
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def _server(port: int, registry: CollectorRegistry) -> WSGIServer:
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    from prometheus_client import make_wsgi_app

    class Server(ThreadingMixIn, WSGIServer):
        """Waits for its threads when it is closed, which prometheus-client's own does not."""

    class Handler(WSGIRequestHandler):
        timeout = _PATIENCE

        def log_message(self, format: str, *values: Any) -> None:
            """Say nothing."""

    try:
        return make_server("127.0.0.1", port, make_wsgi_app(registry), Server, Handler)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"metrics port {port}: cannot be had ({error}); choose another, or 0 for any that is free") from error


def _written(name: str) -> str:
    return name.replace(".", "_")
