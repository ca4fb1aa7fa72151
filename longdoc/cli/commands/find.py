"""`longdoc search` and `longdoc ask`."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Annotated, cast

import typer

from longdoc.cli.app import app
from longdoc.cli.options import Common, Engines, Output, Reading, Searching, expand
from longdoc.cli.run import Run, running
from longdoc.errors import UnansweredError, UsageError
from longdoc.types import Domain


@app.command()
@expand
def search(
    arguments: Annotated[list[str], typer.Argument(metavar='[PATH...] "QUERY"', help="Where (default: the whole corpus), then the query.")],
    common: Common,
    reading: Searching,
    output: Output,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many passages.")] = 10,
    section: Annotated[
        str | None, typer.Option("--section", metavar="HEADING", help='Only under a heading with these words: "Item 7", liability.')
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only documents that bear a date from then on: 2023, 2023-06, 2023-06-30.")
    ] = None,
) -> None:
    """Find passages by words and by meaning. The sentence that answers is marked in each."""
    from longdoc.cli.views.passages import SearchView

    paths, query = split(arguments, "query")
    domain = None if reading.domain in (None, "auto") else reading.domain
    # What is new is read by the profile that fits it, whichever documents are then looked at.
    with running("search", SearchView(query), common, output, replace(reading, domain=None)) as (run, writer):
        given = where(run, paths)
        found = run.pipeline.search(query, given, k, domain=cast("Domain | None", domain), section=section, since=since, ingest=False)
        writer.add(found)


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
