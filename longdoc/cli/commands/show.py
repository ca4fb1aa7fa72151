"""`longdoc show`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Output, Reading, expand
from longdoc.cli.run import running
from longdoc.errors import UsageError

if TYPE_CHECKING:
    from longdoc.types import Span


@app.command()
@expand
def show(
    passage: Annotated[
        str, typer.Argument(metavar="PATH:START-END", help="A passage, as search and extract print it; with --tables a PATH will do.")
    ],
    common: Common,
    reading: Reading,
    output: Output,
    context: Annotated[int, typer.Option("--context", min=0, metavar="N", help="Characters shown on each side.")] = 400,
    tables: Annotated[
        bool, typer.Option("--tables", help="Print the document's tables; as JSON or CSV a line is a cell with its figure.")
    ] = False,
    png: Annotated[Path | None, typer.Option("--png", metavar="FILE", help="Draw its page with the passage marked (PDF).")] = None,
) -> None:
    """Print a passage in its surroundings, or the tables of a document."""
    from longdoc.cli.output import write_bytes
    from longdoc.cli.views.show import ShowView, excerpt

    if tables:
        _show_tables(passage, common, reading, output)
        return
    path, span = parse_place(passage)
    with running("show", ShowView(), common, output, reading) as (run, writer):
        run.ingest([path])
        document = run.pipeline.document(path, ingest=False)
        writer.add(excerpt(document, span, context))
        if png is not None:
            write_bytes(png, run.pipeline.render(path, span, ingest=False))
            run.screen.say(f"wrote {png}")


def _show_tables(passage: str, common: Common, reading: Reading, output: Output) -> None:
    """`show --tables`: all tables of PATH, or those that PATH:START-END touches."""
    from longdoc.cli.views.tables import TablesView, tables_of

    path, span = parse_place(passage) if re.search(r":\d+-\d+$", passage) else (passage, None)
    with running("show", TablesView(), common, output, reading) as (run, writer):
        run.ingest([path])
        found = list(tables_of(run.pipeline.document(path, ingest=False), span))
        for table in found:
            writer.add(table)
        if not found:
            run.screen.say(f"{passage}: no tables")


def parse_place(text: str) -> tuple[str, Span]:
    """Path and span of `PATH:START-END`.

    Raises: UsageError if it has another form.
    """
    from longdoc.types import Span

    match = re.fullmatch(r"(.+):(\d+)-(\d+)", text, flags=re.DOTALL)
    if match is None or int(match[2]) >= int(match[3]):
        raise UsageError(f"{text!r}: a passage is named PATH:START-END with START below END, as in contract.pdf:1200-1350")
    return match[1], Span(start=int(match[2]), end=int(match[3]))
