"""`longdoc config`."""

from __future__ import annotations

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Output, Reading, expand
from longdoc.cli.run import running

config = typer.Typer(no_args_is_help=True, help="Settings.")
app.add_typer(config, name="config")


@config.command()
@expand
def show(common: Common, reading: Reading, output: Output) -> None:
    """Every setting, its value and where it comes from: flag, environment, file or default."""
    from longdoc.cli.views.parts import RowsView
    from longdoc.config import Settings, explain_settings

    view = RowsView(("name", "value", "source", "meaning"))
    flags = {"store": common.store, **reading.settings()}
    origins = explain_settings(flags, common.config)
    with running("config", view, common, output, reading, uses_model=False) as (_, writer):
        writer.add([{**origin.model_dump(mode="json"), "meaning": Settings.model_fields[origin.name].description} for origin in origins])
