"""`ingest`: what became of each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from longdoc.cli import records
from longdoc.cli.text import markdown, printable
from longdoc.cli.views.parts import grid, markdown_table
from longdoc.types import Outcome

COLOUR = {"ok": "green", "partial": "yellow", "failed": "red", "skipped": "dim"}


class IngestView:
    """The item is a list of outcomes."""

    columns = records.INGEST

    def lines(self, item: Sequence[Outcome]) -> Iterator[records.Line]:
        """One record a file."""
        yield from map(records.of_outcome, item)

    def table(self, item: Sequence[Outcome], width: int) -> Iterator[Table]:
        """One row a file, with the reason where all is not well."""
        table = grid("outcome", ("pages", {"justify": "right"}), ("tokens", {"justify": "right"}), ("file", {"overflow": "fold"}), "")
        for outcome in item:
            table.add_row(
                Text(outcome.outcome, style=COLOUR[outcome.outcome]),
                "" if outcome.pages is None else f"{outcome.pages:,}",
                "" if outcome.tokens is None else f"{outcome.tokens:,}",
                Text(printable(outcome.path)),
                Text(note(outcome), style="dim"),
            )
        if item:
            yield table

    def markdown(self, item: Sequence[Outcome]) -> Iterator[str]:
        """One row a file."""
        rows = [
            [outcome.outcome, str(outcome.pages or ""), str(outcome.tokens or ""), markdown(outcome.path), markdown(note(outcome))]
            for outcome in item
        ]
        yield from markdown_table(("outcome", "pages", "tokens", "file", "note"), rows)


def note(outcome: Outcome) -> str:
    """Why it is not simply well, or that nothing had to be done."""
    reason = printable(outcome.reason or "").removeprefix(f"{printable(outcome.path)}: ")
    return reason or ("unchanged" if outcome.cached else "")
