"""`longdoc status`, `longdoc forget` and `longdoc retry`: the corpus itself."""

from __future__ import annotations

from longdoc.cli.app import app
from longdoc.cli.options import Common, Output, Paths, Reading, expand
from longdoc.cli.run import running


@app.command()
@expand
def status(common: Common, output: Output) -> None:
    """What the corpus holds, what failed, and the last run."""
    from longdoc.cli.views.status import StatusView

    with running("status", StatusView(), common, output, uses_model=False) as (run, writer):
        writer.add(run.pipeline.status())


@app.command()
@expand
def retry(common: Common, reading: Reading, output: Output) -> None:
    """Try again the files that failed."""
    from longdoc.cli.views.ingest import IngestView

    with running("retry", IngestView(), common, output, reading) as (run, writer):
        tried = run.pipeline.retry()
        if not tried:
            run.screen.say("nothing to try again")
        writer.add(tried)


@app.command()
@expand
def forget(paths: Paths, common: Common, output: Output) -> None:
    """Remove from the corpus everything that was derived from these files."""
    from longdoc.cli.views.parts import RowsView

    with running("forget", RowsView(("path",)), common, output, uses_model=False) as (run, writer):
        forgotten = run.pipeline.forget(paths)
        writer.add([{"path": path} for path in forgotten])
        run.screen.say(f"forgot {len(forgotten)} {'document' if len(forgotten) == 1 else 'documents'}")
