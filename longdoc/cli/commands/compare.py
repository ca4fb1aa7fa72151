"""`longdoc compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Output, Reading, expand
from longdoc.cli.run import running


@app.command()
@expand
def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The earlier version.", show_default=False)],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The later version.", show_default=False)],
    common: Common,
    reading: Reading,
    output: Output,
    values: Annotated[bool, typer.Option("--values", help="Only differences that change a date, period, sum, share or figure.")] = False,
) -> None:
    """Tell in what two documents differ: passages added, removed, moved and changed, with the place in each."""
    from longdoc.cli.views.compare import CompareView

    with running("compare", CompareView(), common, output, reading, uses_model=False) as (run, writer):
        run.ingest([before, after])
        compared = run.pipeline.compare(before, after, ingest=False)
        if values:
            compared = compared.model_copy(update={"differences": tuple(one for one in compared.differences if one.values)})
        writer.add(compared)
