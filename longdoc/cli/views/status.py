"""`status`: the corpus at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from longdoc.cli.records import Line
from longdoc.cli.text import markdown, printable
from longdoc.cli.views.parts import grid, indent, plural

if TYPE_CHECKING:
    from longdoc_stores.records import Status, Tier


class StatusView:
    """The item is a Status."""

    columns = ("folder", "documents", "pages", "tokens", "chunks", "schema_version")

    def lines(self, item: Status) -> Iterator[Line]:
        """One record."""
        yield asdict(item)

    def table(self, item: Status, width: int) -> Iterator[Table | Text | Padding]:
        """Facts, then the files that failed and those that are gone."""
        facts = grid("", "")
        facts.show_header = False
        for name, value in rows(item):
            facts.add_row(Text(name, style="dim"), Text(value))
        yield facts
        for failure in item.failures:
            yield Text.assemble(("failed   ", "red"), printable(failure.path), ("  " + printable(failure.reason or failure.stage), "dim"))
        for path in item.missing:
            yield Text.assemble(("missing  ", "yellow"), printable(path))
        if item.failures:
            yield indent(Text("longdoc retry tries what failed again", style="dim"))
        if item.missing:
            yield indent(Text("longdoc forget PATH removes what was read of a missing file", style="dim"))

    def markdown(self, item: Status) -> Iterator[str]:
        """A list."""
        for name, value in rows(item):
            yield f"- {name}: {markdown(value)}"
        for failure in item.failures:
            yield f"- failed: {markdown(failure.path)}: {markdown(failure.reason or failure.stage)}"
        for path in item.missing:
            yield f"- missing: {markdown(path)}"


def rows(status: Status) -> Iterator[tuple[str, str]]:
    """Name and value of each fact."""
    yield "corpus", printable(status.folder)
    counts = {"document": status.documents, "page": status.pages, "token": status.tokens, "chunk": status.chunks}
    yield "holds", ", ".join(plural(count, noun) for noun, count in counts.items() if count) or "nothing yet"
    yield "files", ", ".join(f"{count:,} {outcome}" for outcome, count in status.outcomes.items() if count) or "none"
    yield "on disk", ", ".join(f"{name} {megabytes(size)}" for name, size in status.bytes.items())
    for tier in status.tiers:
        yield f"in {tier.name}", tier_facts(tier)
    if status.last_run is not None:
        run = status.last_run
        ended = f", ended {run.ended_at}" if run.ended_at else ""
        files = ", ".join(f"{count:,} {name}" for name, count in run.counts.items() if count)
        yield "last run", f"{run.state}, started {run.started_at}{ended}" + (f": {files}" if files else "")


def tier_facts(tier: Tier) -> str:
    """`1,024 blocks, 1.5 MB of 256.0 MB; answered 80 % of all reads`."""
    limit = f" of {megabytes(tier.budget)}" if tier.budget is not None else ""
    answered = f"; answered {tier.hit_rate:.0%} of all reads" if tier.hit_rate is not None else ""
    return f"{plural(tier.blocks, 'block')}, {megabytes(tier.bytes)}{limit}{answered}"


def megabytes(size: int) -> str:
    """`1.5 MB`."""
    return f"{size / 1e6:,.1f} MB"
