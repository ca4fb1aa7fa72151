"""`bench attention`: patterns of attention in a table."""

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
    from longdoc_pipelines.bench_attention import Comparison, Row

HEADER = ("pattern", "queries", "mass kept", "lowest head", "error", "pairs read", "recall", "seconds", "x dense")
LEGEND = (
    "mass kept: share of exact attention in the keys read, a mean over layers, heads and queries; - where no keys are chosen",
    "error: |output - dense| / |dense|. recall: share of the blocks with the most mass that the index found. x dense: time over dense's",
)


class AttentionView:
    """The item is a Comparison."""

    columns = (
        "kind", "pattern", "queries", "mass_kept", "lowest_head", "error", "density", "recall", "seconds", "seconds_least",
        "seconds_most", "times_dense",
    )  # fmt: skip

    def lines(self, item: Comparison) -> Iterator[Line]:
        """What was compared on, then a record a pattern."""
        setup = {name: value for name, value in asdict(item).items() if name != "rows"}
        yield {"kind": "setup", **setup, "layers": list(item.layers)}
        for row in item.rows:
            yield {
                "kind": "pattern",
                "pattern": row.pattern,
                "queries": row.queries,
                **{name: _rounded(getattr(row, name)) for name in ("mass_kept", "lowest_head", "error", "density", "recall")},
                "seconds": _rounded(median(row.seconds)),
                "seconds_least": _rounded(min(row.seconds)),
                "seconds_most": _rounded(max(row.seconds)),
                "times_dense": _rounded(row.times_dense),
            }

    def table(self, item: Comparison, width: int) -> Iterator[Table | Text]:
        """Setup, rows, what the columns mean, machine."""
        for line in setup_of(item):
            yield Text(printable(line))
        yield Text()
        table = grid(*HEADER[:2], *((title, {"justify": "right"}) for title in HEADER[2:]))
        for row in item.rows:
            table.add_row(*map(Text, cells(row)))
        yield table
        yield Text()
        for line in LEGEND:
            yield Text(line, style="dim")
        yield Text(printable(f"on {item.machine}"), style="dim")

    def markdown(self, item: Comparison) -> Iterator[str]:
        """The same."""
        for line in setup_of(item):
            yield markdown(line)
            yield ""
        yield from markdown_table(HEADER, [[markdown(cell) for cell in cells(row)] for row in item.rows])
        yield markdown(f"{LEGEND[0]}. {LEGEND[1]}.")
        yield ""
        yield markdown(f"On {item.machine}.")


def setup_of(item: Comparison) -> Iterator[str]:
    """What was compared on, in two lines."""
    yield item.source
    heads = f"{plural(item.heads, 'query head')} on {plural(item.key_heads, 'key head')} of {item.head_size} channels"
    yield f"{plural(item.tokens, 'token')}; {_layers(item.layers)}; {heads}; retrieval and tiered_cache read {item.top_k:,} tokens"


def cells(row: Row) -> tuple[str, ...]:
    """A row of HEADER."""
    return (
        row.pattern,
        row.queries,
        _share(row.mass_kept),
        _share(row.lowest_head),
        "not finite" if row.error is None else f"{row.error:.4f}",
        _share(row.density),
        _share(row.recall),
        f"{median(row.seconds):.3f}",
        f"{row.times_dense:.2f}",
    )


def _layers(numbers: Sequence[int]) -> str:
    if len(numbers) > 1 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"layers {numbers[0]} to {numbers[-1]}"
    return f"{'layer' if len(numbers) == 1 else 'layers'} {', '.join(map(str, numbers))}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
