"""`longdoc summarize` and `longdoc extract`."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Output, Paths, Reading, expand
from longdoc.cli.run import running

HINT = "longdoc show PATH:PLACE prints a passage in its surroundings; with --png FILE it draws the page of a PDF"


@app.command()
@expand
def summarize(
    paths: Paths,
    common: Common,
    reading: Reading,
    output: Output,
    sentences: Annotated[
        int | None, typer.Option("--sentences", min=1, metavar="N", help="At most so many a document (default: by its length).")
    ] = None,
) -> None:
    """Summarize each document in its own sentences, each with its page; then the folder."""
    from longdoc.cli.views.summarize import Summarized, SummarizeView

    with running("summarize", SummarizeView(), common, output, reading) as (run, writer):
        entries = {entry.path: entry for entry in run.ingest(paths)}
        for summary in run.each(run.pipeline.summarize_many(paths, sentences=sentences, ingest=False), len(entries)):
            writer.add(Summarized(entries[summary.path], summary))
        if len(entries) > 1:
            writer.add(run.pipeline.overview(paths, ingest=False))
    run.screen.hint(HINT)


@app.command()
@expand
def extract(
    paths: Paths,
    common: Common,
    reading: Reading,
    output: Output,
    labels: Annotated[
        str | None,
        typer.Option("--labels", metavar="NAME|FILE", help="Label set, a name or a YAML file (default: by domain)."),
    ] = None,
    label: Annotated[list[str] | None, typer.Option("--label", metavar="NAME", help="Only this label; may be repeated.")] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            "--min-score", min=0.0, max=1.0, metavar="SCORE", help="Lowest score shown, 0 for every candidate (default: by label)."
        ),
    ] = None,
) -> None:
    """Find the passages that carry a label: clauses, disclosures, results."""
    from longdoc.cli.views.extract import ExtractView, Found

    with running("extract", ExtractView(), common, output, reading, labels=labels) as (run, writer):
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
