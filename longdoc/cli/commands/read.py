"""`longdoc summarize` and `longdoc extract`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longdoc import __version__
from longdoc.arguments import SummaryArguments
from longdoc.cli.app import app
from longdoc.cli.options import Common, Engines, Output, Paths, Reading, expand
from longdoc.cli.run import Run, running
from longdoc.errors import ConfigError

if TYPE_CHECKING:
    from longdoc_pipelines.reports.summaries.base import SummaryHeading

HINT = "longdoc show PATH:PLACE prints a passage in its surroundings; with --png FILE it draws the page of a PDF"


class Length(StrEnum):
    """How long a summary is."""

    short = "short"
    medium = "medium"
    long = "long"


@app.command()
@expand
def summarize(
    paths: Paths,
    common: Common,
    reading: Reading,
    engines: Engines,
    output: Output,
    length: Annotated[
        Length | None, typer.Option("--length", help="How long; medium follows the document's length, short is half, long twice that.")
    ] = None,
    sentences: Annotated[
        int | None, typer.Option("--sentences", min=1, metavar="N", help="At most so many a document, instead of --length.")
    ] = None,
    focus: Annotated[str | None, typer.Option("--focus", metavar="TEXT", help="Only what the document says of this.")] = None,
    section: Annotated[
        str | None, typer.Option("--section", metavar="NAME", help='Only this part: "Item 7", "5.2" or words of its heading.')
    ] = None,
) -> None:
    """Summarize each document in its own sentences, each with its page, under its key facts; then the folder.

    With --engine a language model writes the sentences; all options here hold for it too. Formats also: html, docx.
    """
    from longdoc.cli.views.summarize import Summarized, SummarizeView
    from longdoc_pipelines.reports.formats import SUMMARIES, open_summaries
    from longdoc_pipelines.summarize import Wishes

    wishes: SummaryArguments = {"sentences": sentences, "length": length.value if length else None, "focus": focus, "section": section}
    Wishes(**wishes)  # what cannot be is told before anything is read
    with running("summarize", SummarizeView(), common, output, reading, engines, reports=SUMMARIES) as (run, writer):
        entries = {entry.path: entry for entry in run.ingest(paths)}
        if not engines.dry_run:
            heading = _heading(run, wishes)
            writer.open(lambda name, target: open_summaries(name, target, heading))
        for summary in run.each(run.pipeline.summarize_many(paths, ingest=False, **wishes), len(entries)):
            writer.add(Summarized(entries[summary.path], summary))
        if len(entries) > 1 and not engines.dry_run:
            writer.add(run.pipeline.overview(paths, ingest=False))
        writer.closing = [outcome for outcome in run.outcomes if outcome.outcome != "ok"]
    run.screen.hint(HINT)


def _heading(run: Run, wishes: SummaryArguments) -> SummaryHeading:
    """What reports of summaries are told first."""
    from longdoc_pipelines.reports.summaries.base import SummaryHeading

    said = [f"{name} {value!r}" if isinstance(value, str) else f"{value} {name}" for name, value in wishes.items() if value is not None]
    reader = run.pipeline.reader
    return SummaryHeading(
        package=f"longdoc {__version__}",
        model=reader.name,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        document=lambda path: run.pipeline.document(path, ingest=False),
        wishes=", ".join(said),
    )


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
