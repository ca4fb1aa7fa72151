"""One command's run: the pipeline that it calls, the writer of its results, the screen, and the exit code."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from longdoc import __version__
from longdoc.cli.options import Common, Engines, Output, Reading
from longdoc.cli.output import Writer
from longdoc.cli.screen import Screen
from longdoc.cli.upload import reachable
from longdoc.errors import InputError
from longdoc.protocols import Progress

if TYPE_CHECKING:
    from longdoc.cli.formats import View
    from longdoc.labels import LabelSet
    from longdoc.pipeline import Pipeline
    from longdoc.types import Outcome
    from longdoc_stores.corpus import Entry

T = TypeVar("T")


@dataclass
class Run:
    """What a command works with. `label_sets` are those that its results were found with, `uses_model` whether a model was, `writes`
    whether a language model may have been; `playbook` and `closing` are what JSON says of a review."""

    command: str
    pipeline: Pipeline
    screen: Screen
    uses_model: bool
    writes: bool = False
    paths: Sequence[str] = ()
    label_sets: Sequence[LabelSet] = ()
    playbook: dict[str, Any] | None = None
    closing: dict[str, Any] | None = None

    def ingest(self, paths: Sequence[str], labels: LabelSet | None = None) -> list[Entry]:
        """Read what is new, with the candidates of `labels`, tell of it, and give the documents named."""
        self.paths = paths
        self.pipeline.ingest(paths, labels=labels)
        self.screen.close()
        fresh = [outcome for outcome in self.outcomes if not outcome.cached]
        if any(outcome.outcome != "skipped" for outcome in fresh):
            self.screen.say(tally(fresh, len(self.outcomes) - len(fresh)))
        return self.pipeline.documents(paths)

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """What became of the files named."""
        return self.pipeline.outcomes

    def each(self, items: Iterable[T], total: int) -> Iterator[T]:
        """`items`, with a bar unless they are being printed to the same terminal."""
        for done, item in enumerate(items, start=1):
            if not sys.stdout.isatty():
                self.screen.progress(Progress(self.command, done, total, "documents"))
            yield item

    def envelope(self) -> dict[str, Any]:
        """What JSON carries beside the records."""
        content: dict[str, Any] = {"command": self.command, "package": {"name": "longdoc", "version": __version__}}
        if self.uses_model:
            reader = self.pipeline.reader if self.writes else self.pipeline.embedded
            content["model"] = {"name": reader.name, "fingerprint": reader.fingerprint}
        content["label_sets"] = [
            {"name": labels.name, "version": labels.version, "fingerprint": labels.fingerprint} for labels in self.label_sets
        ]
        if self.playbook is not None:
            content["playbook"] = self.playbook
        content |= self.closing or {}
        if self.command != "ingest":
            content["outcomes"] = [record(outcome) for outcome in self.outcomes]
        return content

    def manifest(self, started: datetime) -> dict[str, Any]:
        """What a folder of results says of how it was made."""
        return {
            **self.envelope(),
            "paths": list(self.paths),
            "outcomes": [record(outcome) for outcome in self.outcomes],
            "settings": self.pipeline.settings.model_dump(mode="json"),
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }


@contextmanager
def running(
    command: str,
    view: View,
    common: Common,
    output: Output,
    reading: Reading | None = None,
    engines: Engines | None = None,
    *,
    labels: str | None = None,
    uses_model: bool = True,
    reports: Mapping[str, tuple[str, str]] | None = None,
) -> Iterator[tuple[Run, Writer]]:
    """A Run and the Writer for its results, which may be `reports` too (formats.py); leaves with exit code 3 if an input failed."""
    from longdoc.pipeline import Pipeline

    kinds = {name: suffix for name, (_, suffix) in (reports or {}).items()}
    started = datetime.now(UTC)
    screen = Screen(quiet=common.quiet, verbose=common.verbose)
    opened = Pipeline(
        common.store,
        config=common.config,
        password=reading.secret() if reading else None,
        progress=screen.progress,
        on_outcome=lambda outcome: screen.outcome(outcome, named=outcome.path in run.paths),
        labels=labels,
        dry_run=engines is not None and engines.dry_run,
        **(reading.settings() if reading else {}),
        **(engines.settings() if engines else {}),
    )
    with opened as pipeline, _language_model(pipeline, engines if uses_model else None, screen), reachable(output) as output:
        run = Run(command, pipeline, screen, uses_model, writes=engines is not None)
        writer = Writer(command, output, view, run.envelope, kinds)
        try:
            with writer:
                yield run, writer
        finally:
            screen.close()
        writer.manifest(run.manifest(started))
    if any(outcome.outcome == "failed" for outcome in run.outcomes):
        raise typer.Exit(InputError.exit_code)


@contextmanager
def _language_model(pipeline: Pipeline, engines: Engines | None, screen: Screen) -> Iterator[None]:
    """Around a command that a language model may write for: where text goes is said before, what was spent after."""
    if engines is None or pipeline.settings.engine is None:
        yield
        return
    if pipeline.settings.base_url is not None and not engines.dry_run:
        screen.say(f"text of the documents is sent to {pipeline.settings.base_url}")
    model = pipeline.language_model  # what is wrong with it is told before anything is read
    port = engines.metrics_port
    with model.metered.serve(port) if port is not None else nullcontext():
        try:
            yield
        finally:
            screen.close()
            spent = model.spent
            asked = "1 request" if spent.requests == 1 else f"{spent.requests:,} requests"
            amount = f"{asked}, {spent.prompt:,} tokens read, {spent.written:,} written"
            known = f"; {model.known:,} answers were known" if model.known else ""
            screen.say(f"dry run, nothing was asked: at most {amount} in the first round" if engines.dry_run else f"{amount}{known}")
            for note in model.notes:
                screen.say(note)
            if engines.metrics_file is not None:
                model.metered.textfile(engines.metrics_file)


def record(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the JSONL contract has it."""
    from longdoc.cli.records import of_outcome

    return of_outcome(outcome)


def tally(fresh: Sequence[Outcome], unchanged: int) -> str:
    """`3 files: 2 ok, 1 failed; 5 unchanged`."""
    counts = Counter(outcome.outcome for outcome in fresh)
    listed = ", ".join(f"{counts[kind]} {kind}" for kind in ("ok", "partial", "failed", "skipped") if counts[kind])
    return f"{len(fresh)} {'file' if len(fresh) == 1 else 'files'}: {listed}" + (f"; {unchanged} unchanged" if unchanged else "")
