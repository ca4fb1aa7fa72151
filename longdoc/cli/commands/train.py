"""`longdoc train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, expand

Data = Annotated[Path, typer.Option("--data", metavar="FILE", help="Labelled documents or corrected results of extract (JSONL, CSV).")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the model goes; use it with --model DIR.")]
Labels = Annotated[str, typer.Option("--labels", metavar="NAME|FILE", help="Label set.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")]

train = typer.Typer(no_args_is_help=True, help="Train what reads documents.")
app.add_typer(train, name="train")


@train.command()
@expand
def clauses(
    common: Common,
    data: Data,
    out: Out,
    labels: Labels = "cuad",
    seed: Seed = 0,
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


@train.command()
@expand
def presence(
    common: Common,
    data: Data,
    out: Out,
    labels: Labels = "cuad",
    model: Annotated[
        Path | None, typer.Option("--model", metavar="DIR", help="The clause weights to fit for (default: the shipped).")
    ] = None,
) -> None:
    """Fit when a clause is there at all, on documents that the clause weights have not seen."""
    from longdoc.cli.screen import Screen
    from longdoc.pipeline import Pipeline

    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    with Pipeline(common.store, config=common.config, progress=screen.progress, model=model) as pipeline:
        try:
            written = pipeline.train_presence(data, out, labels)
        finally:
            screen.close()
    print(written)


@train.command()
@expand
def encoder(
    common: Common,
    data: Data,
    out: Out,
    labels: Labels = "cuad",
    base: Annotated[str, typer.Option("--base", metavar="shipped|minilm|DIR", help="Where training starts.")] = "shipped",
    texts: Annotated[
        list[Path] | None, typer.Option("--texts", metavar="FILE", help="Unlabelled sentences that keep search as good; may be repeated.")
    ] = None,
    lora: Annotated[int, typer.Option("--lora", metavar="RANK", min=0, help="Train low-rank updates only; 8 is usual.")] = 0,
    epochs: Annotated[int, typer.Option("--epochs", metavar="N", min=1, help="Passes over the documents.")] = 4,
    seed: Seed = 0,
) -> None:
    """Train the encoder and the clause classifier on it. Run again after a stop, it goes on where it was."""
    from dataclasses import replace

    from longdoc.cli.screen import Screen
    from longdoc.model.train_encoder import RECIPE
    from longdoc.pipeline import Pipeline

    recipe = replace(RECIPE, epochs=epochs, lora=lora)
    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    with Pipeline(common.store, config=common.config, progress=screen.progress) as pipeline:
        try:
            report = pipeline.train_encoder(data, out, labels, base=base, texts=texts or (), recipe=recipe, seed=seed)
        finally:
            screen.close()
    print(report)


@train.command()
@expand
def salience(
    common: Common,
    data: Annotated[list[Path], typer.Option("--data", metavar="FILE", help="Documents with summaries, JSON lines; may be repeated.")],
    out: Out,
    judges: Annotated[list[Path] | None, typer.Option("--judge", metavar="FILE", help="The same, only to measure on.")] = None,
    model: Annotated[Path | None, typer.Option("--model", metavar="DIR", help="A folder with the encoder to train for.")] = None,
    seed: Seed = 0,
) -> None:
    """Train the head that tells which sentences speak for a document."""
    from longdoc.cli.screen import Screen
    from longdoc.pipeline import Pipeline

    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    with Pipeline(common.store, config=common.config, progress=screen.progress, model=model) as pipeline:
        try:
            report = pipeline.train_salience(data, out, judges=judges or (), seed=seed)
        finally:
            screen.close()
    print(report)
