"""`longdoc train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, expand

train = typer.Typer(no_args_is_help=True, help="Train what reads documents.")
app.add_typer(train, name="train")


@train.command()
@expand
def clauses(
    common: Common,
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="Labelled documents, JSON lines (may be gzipped).")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the model goes; use it with --model DIR.")],
    labels: Annotated[str, typer.Option("--labels", metavar="NAME|FILE", help="Label set.")] = "cuad",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")] = 0,
) -> None:
    """Train the clause classifier."""
    from longdoc.cli.screen import Screen
    from longdoc.pipeline import Pipeline

    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    with Pipeline(common.store, config=common.config, progress=screen.progress) as pipeline:
        try:
            report = pipeline.train_clauses(data, out, labels, seed=seed)
        finally:
            screen.close()
    print(report)
