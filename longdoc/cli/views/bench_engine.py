"""`bench engine`: how fast a language model answers, in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from longdoc.cli.records import Line
from longdoc.cli.text import markdown, printable
from longdoc.cli.views.parts import grid, markdown_table, plural

if TYPE_CHECKING:
    from longdoc.engines.metrics import Spread
    from longdoc_pipelines.bench_engine import EngineRow, EngineSpeed

HEADER = ("asked", "document", "first P50", "P90", "P99", "±", "answered P50", "P90", "P99", "±", "in/s", "out/s", "cached", "failed")
LEGEND = (
    "seconds of requests, ± standard deviation. first: to the first token since the request's turn came, as the engine tells",
    "answered: since requests were asked, waiting included. in/s, out/s: tokens of prompts and answers, median of rounds",
    "cached: share of the prompts' tokens that the engine had read before",
)
PERCENTILES = ("p50", "p90", "p99", "mean", "spread")


class EngineView:
    """The item is an EngineSpeed."""

    columns = (
        "kind", "asked", "document", "requests", "errors", "prompt_tokens", "cached_tokens", "completion_tokens", "cached_share",
        *(f"first_token_{name}" for name in PERCENTILES), *(f"answered_{name}" for name in PERCENTILES),
        *(f"tokens_{way}_per_second{end}" for way in ("in", "out") for end in ("", "_least", "_most")),
    )  # fmt: skip

    def lines(self, item: EngineSpeed) -> Iterator[Line]:
        """What was asked of whom, then a record a mode."""
        yield {
            "kind": "setup",
            "engine": item.engine,
            **asdict(item.workload),
            "length": item.length,
            "machine": asdict(item.machine),
        }
        for row in item.rows:
            figures = row.figures
            yield {
                "kind": "mode",
                "asked": row.asked,
                "document": row.prefix,
                "requests": figures.requests,
                "errors": figures.errors,
                "error": row.error,
                "prompt_tokens": figures.prompt_tokens,
                "cached_tokens": figures.cached_tokens,
                "completion_tokens": figures.completion_tokens,
                "cached_share": _rounded(figures.cached_share),
                **_percentiles("first_token", figures.first_token),
                **_percentiles("answered", row.answered),
                **_rates("tokens_in_per_second", row.tokens_in),
                **_rates("tokens_out_per_second", row.tokens_out),
            }

    def table(self, item: EngineSpeed, width: int) -> Iterator[Table | Text]:
        """Setup, modes, what the columns mean, machine."""
        for line in setup_of(item):
            yield Text(printable(line))
        yield Text()
        table = grid(*HEADER[:2], *((title, {"justify": "right"}) for title in HEADER[2:]))
        for row in item.rows:
            table.add_row(*map(Text, cells(row)))
        yield table
        yield Text()
        for line in failures(item):
            yield Text(printable(line))
        for line in LEGEND:
            yield Text(line, style="dim")
        yield Text(printable(f"asked from {item.machine}"), style="dim")

    def markdown(self, item: EngineSpeed) -> Iterator[str]:
        """The same."""
        for line in setup_of(item):
            yield markdown(line)
            yield ""
        yield from markdown_table(HEADER, [[markdown(cell) for cell in cells(row)] for row in item.rows])
        for line in failures(item):
            yield markdown(line)
            yield ""
        yield markdown(". ".join(LEGEND) + ".")
        yield ""
        yield markdown(f"Asked from {item.machine}.")


def setup_of(item: EngineSpeed) -> Iterator[str]:
    """Whom and what, in two lines."""
    work = item.workload
    yield item.engine
    yield (
        f"{plural(work.rounds, 'round')} of {plural(work.requests, 'request')} about drawn documents of {plural(item.length, 'token')}, "
        f"for answers of at most {plural(work.write, 'token')}"
    )


def failures(item: EngineSpeed) -> Iterator[str]:
    """Why requests failed, where some did."""
    for row in item.rows:
        if row.error is not None:
            yield f"{row.asked}, {row.prefix} document: {row.figures.errors} of {row.figures.requests} failed: {row.error}"


def cells(row: EngineRow) -> tuple[str, ...]:
    """A row of HEADER."""
    share = row.figures.cached_share
    return (
        row.asked,
        row.prefix,
        *_spread(row.figures.first_token),
        *_spread(row.answered),
        _number(median(row.tokens_in)),
        _number(median(row.tokens_out)),
        "-" if share is None else f"{share:.0%}",
        f"{row.figures.errors:,}",
    )


def _spread(of: Spread | None) -> Sequence[str]:
    return ["-"] * 4 if of is None else [_number(value) for value in (of.p50, of.p90, of.p99, of.spread)]


def _number(value: float) -> str:
    """With three digits, thousandths at the least."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _percentiles(name: str, of: Spread | None) -> dict[str, float | None]:
    return {f"{name}_{one}": None if of is None else _rounded(getattr(of, one)) for one in PERCENTILES}


def _rates(name: str, values: Sequence[float]) -> dict[str, float | None]:
    return {name: _rounded(median(values)), f"{name}_least": _rounded(min(values)), f"{name}_most": _rounded(max(values))}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
