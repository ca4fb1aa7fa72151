"""`longdoc doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Engines, Output, Reading, expand
from longdoc.cli.run import running
from longdoc.errors import StoreError


@app.command()
@expand
def doctor(
    common: Common,
    reading: Reading,
    engines: Engines,
    output: Output,
    repair: Annotated[bool, typer.Option("--repair", help="Repair the corpus where that is possible.")] = False,
) -> None:
    """Check Python, packages, the model, SQLite, the corpus and the disk; exit code 4 if something essential is broken.

    With --engine the language model is tried too: the context it reads, output by a schema, speed.
    """
    from longdoc.cli.checks import examine
    from longdoc.cli.views.parts import RowsView

    with running("doctor", RowsView(("check", "state", "detail")), common, output, reading, engines, uses_model=False) as (run, writer):
        found = examine(run.pipeline, repair)
        writer.add(found)
    if any(check["state"] == "broken" for check in found):
        raise typer.Exit(StoreError.exit_code)
