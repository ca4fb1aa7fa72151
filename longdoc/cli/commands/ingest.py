"""`longdoc ingest`."""

from __future__ import annotations

from longdoc.cli.app import app
from longdoc.cli.options import Common, Output, Paths, Reading, expand
from longdoc.cli.run import running


@app.command()
@expand
def ingest(paths: Paths, common: Common, reading: Reading, output: Output) -> None:
    """Read new and changed files into the corpus."""
    from longdoc.cli.views.ingest import IngestView

    with running("ingest", IngestView(), common, output, reading) as (run, writer):
        run.ingest(paths)
        writer.add(run.outcomes)
