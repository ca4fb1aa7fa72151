"""`longdoc train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, expand
from longdoc.cli.screen import Screen

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
    from longdoc.labels import load_labels
    from longdoc.model.train import train_clauses

    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    try:
        report = train_clauses(data, out, labels=load_labels(labels), seed=seed, progress=screen.progress)
    finally:
        screen.close()
    print(report)
