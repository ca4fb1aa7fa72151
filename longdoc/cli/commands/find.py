"""`longdoc search` and `longdoc ask`."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from typing import Annotated

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Engines, Output, Reading, expand
from longdoc.cli.run import Run, running
from longdoc.errors import UnansweredError, UsageError


@app.command()
@expand
def search(
    arguments: Annotated[list[str], typer.Argument(metavar='[PATH...] "QUERY"', help="Where (default: the whole corpus), then the query.")],
    common: Common,
    reading: Reading,
    output: Output,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many passages.")] = 10,
) -> None:
    """Find passages by words and by meaning."""
    from longdoc.cli.views.passages import SearchView

    paths, query = split(arguments, "query")
    with running("search", SearchView(query), common, output, reading) as (run, writer):
        writer.add(run.pipeline.search(query, where(run, paths), k, ingest=False))


@app.command()
@expand
def ask(
    arguments: Annotated[
        list[str], typer.Argument(metavar='[PATH...] "QUESTION"', help="Where (default: the whole corpus), then the question.")
    ],
    common: Common,
    reading: Reading,
    engines: Engines,
    output: Output,
) -> None:
    """Answer a question in the documents' own words, or say that they do not tell. With --engine a language model writes the answer."""
    from longdoc.cli.views.passages import AskView

    paths, question = split(arguments, "question")
    silent = suppress(UnansweredError) if engines.dry_run else nullcontext()
    with running("ask", AskView(), common, output, reading, engines) as (run, writer), silent:
        writer.add(run.pipeline.ask(question, where(run, paths), ingest=False))


def split(arguments: list[str], what: str) -> tuple[list[str], str]:
    """Paths, and the last argument.

    Raises: UsageError if the last argument is a file or folder, or blank.
    """
    *paths, last = arguments
    if not last.strip():
        raise UsageError(f"the {what} is empty")
    if os.path.exists(last):
        raise UsageError(f"the last argument is the {what}, but {last!r} is a file or folder: add the {what} after it")
    return paths, last


def where(run: Run, paths: list[str]) -> list[str] | None:
    """The paths, once what is new in them has been read; None, the whole corpus, if none was named."""
    if not paths:
        return None
    run.ingest(paths)
    return paths
