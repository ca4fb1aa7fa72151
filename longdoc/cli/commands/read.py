"""`longdoc summarize` and `longdoc extract`."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Engines, Output, Paths, Reading, expand
from longdoc.cli.run import running
from longdoc.errors import ConfigError

HINT = "longdoc show PATH:PLACE prints a passage in its surroundings; with --png FILE it draws the page of a PDF"


@app.command()
@expand
def summarize(
    paths: Paths,
    common: Common,
    reading: Reading,
    engines: Engines,
    output: Output,
    sentences: Annotated[
        int | None, typer.Option("--sentences", min=1, metavar="N", help="At most so many a document (default: by its length).")
    ] = None,
) -> None:
    """Summarize each document in its own sentences, each with its page; then the folder. With --engine a language model writes them."""
    from longdoc.cli.views.summarize import Summarized, SummarizeView

    with running("summarize", SummarizeView(), common, output, reading, engines) as (run, writer):
        entries = {entry.path: entry for entry in run.ingest(paths)}
        for summary in run.each(run.pipeline.summarize_many(paths, sentences=sentences, ingest=False), len(entries)):
            writer.add(Summarized(entries[summary.path], summary))
        if len(entries) > 1 and not engines.dry_run:
            writer.add(run.pipeline.overview(paths, ingest=False))
    run.screen.hint(HINT)


@app.command()
@expand
def extract(
    paths: Paths,
    common: Common,
    reading: Reading,
    engines: Engines,
    output: Output,
    labels: Annotated[
        str | None,
        typer.Option("--labels", metavar="NAME|FILE", help="Label set, a name or a YAML file (default: by domain)."),
    ] = None,
    label: Annotated[list[str] | None, typer.Option("--label", metavar="NAME", help="Only this label; may be repeated.")] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="A JSON schema to fill in, instead of labels; takes --engine.")
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            "--min-score", min=0.0, max=1.0, metavar="SCORE", help="Lowest score shown, 0 for every candidate (default: by label)."
        ),
    ] = None,
) -> None:
    """Find the passages that carry a label: clauses, disclosures, results.

    With --engine and --schema a language model fills in a form from each document, every value with its place.
    """
    from longdoc.cli.views.extract import ExtractView, Found

    if schema is not None:
        _fill(paths, common, reading, engines, output, schema)
        return

    with running("extract", ExtractView(), common, output, reading, engines, labels=labels) as (run, writer):
        run.pipeline.label_set()  # a bad --labels is told before anything is read
        entries = run.ingest(paths)
        run.label_sets = run.pipeline.label_sets(entries)
        waiting = iter(entries)
        clauses = run.pipeline.extract(paths, only=tuple(label or ()), min_score=min_score, ingest=False)
        for path, found in run.each(groupby(clauses, key=lambda clause: clause.citation.path), len(entries)):
            for entry in waiting:
                if entry.path == path:
                    writer.add(Found(entry, list(found)))
                    break
                writer.add(Found(entry, []))
        for entry in waiting:
            writer.add(Found(entry, []))
    run.screen.hint(HINT)


def _fill(paths: list[str], common: Common, reading: Reading, engines: Engines, output: Output, schema: Path) -> None:
    """`extract --schema`."""
    from longdoc.cli import records
    from longdoc.cli.views.parts import RowsView

    form = _json(schema)
    with running("extract", RowsView(records.FILLED), common, output, reading, engines) as (run, writer):
        entries = run.ingest(paths)
        for filled in run.each(run.pipeline.extract(paths, schema=form, ingest=False), len(entries)):
            writer.add(list(records.of_filled(filled)))
    run.screen.hint(HINT)


def _json(file: Path) -> dict[str, Any]:
    """The object in a file. Raises: ConfigError if there is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--schema {file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigError(f"--schema {file}: is not valid JSON ({error})") from error
    if not isinstance(found, dict):
        raise ConfigError(f"--schema {file}: holds no JSON object")
    return found
