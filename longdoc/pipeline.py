"""The facade: everything that longdoc does, on one corpus folder."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, cast, overload

from longdoc.arguments import PathLike, Paths, SettingArguments, SummaryArguments, failure, named, unread
from longdoc.config import Settings, load_settings
from longdoc.errors import UnansweredError, UsageError
from longdoc.labels import LabelSet, load_labels
from longdoc.protocols import Limits, Progress, Reader
from longdoc.reviewing import Reviewing
from longdoc.searching import Searching
from longdoc.training import Training
from longdoc.types import Answer, Clause, Comparison, Document, Filled, Outcome, Overview, Span, Summary

if TYPE_CHECKING:
    from longdoc.engines.forms import Form
    from longdoc_pipelines.language_model import LanguageModel
    from longdoc_pipelines.remote import Remote
    from longdoc_pipelines.stages import ReaderChoice
    from longdoc_stores.corpus import Corpus, Entry
    from longdoc_stores.records import Problem, Status

T = TypeVar("T")


class Pipeline(Training, Reviewing, Searching):
    """A corpus folder with what reads, searches and answers from it. Use it as a context manager.

    Settings not given come from LONGDOC_* variables, then `config` (default: ./longdoc.toml if it exists), then defaults.
    `progress` is told where long work stands, `on_outcome` what became of each file as soon as it is known. A file that
    cannot be read is an `Outcome`, not an exception, unless `raise_on_error` is set. Nothing is opened or loaded before
    it is needed.

    With an `engine` a language model writes summaries and answers and quotes clauses (longdoc/engines/); `cancelled` is asked while
    it does, and with `dry_run` it is asked nothing: `language_model.spent` tells what it would cost.

    Methods that take paths (files and folders) ingest what is new first, unless `ingest=False`, and answer about the
    documents named and no others.
    """

    def __init__(
        self,
        store: PathLike | None = None,
        *,
        config: PathLike | None = None,
        password: str | None = None,
        progress: Callable[[Progress], None] | None = None,
        on_outcome: Callable[[Outcome], None] | None = None,
        raise_on_error: bool = False,
        dry_run: bool = False,
        cancelled: Callable[[], bool] | None = None,
        **settings: Unpack[SettingArguments],
    ) -> None:
        given: dict[str, Any] = {"store": store, **settings}
        flags = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in given.items()}
        self.settings: Settings = load_settings(flags, Path(config) if config is not None else None)
        self.outcomes: list[Outcome] = []
        """What became of each file since the latest call that ingested."""
        self._password = password
        self._progress = progress
        self._on_outcome = on_outcome
        self._raise_on_error = raise_on_error
        self._dry_run, self._cancelled = dry_run, cancelled
        self._thread: ThreadPoolExecutor | None = None
        self._corpus: Corpus | None = None
        self._embedded: Reader | None = None
        self._reader: Reader | None = None
        self._model: LanguageModel | None = None
        self._everything = self._sheets = None
        self._seconds_read = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the corpus; it opens again when it is next needed."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        if self._model is not None:
            self._model.close()
            self._model = self._reader = None
        if self._corpus is not None:
            self._corpus.close()
            self._corpus = self._everything = self._sheets = None

    @property
    def corpus(self) -> Corpus:
        """The open corpus; the folder is made if it is not there."""
        if self._corpus is None:
            from longdoc_stores.context_settings import ContextSettings
            from longdoc_stores.corpus import Corpus

            chosen = self.settings
            budgets = ContextSettings(ram_budget=chosen.ram_budget, disk_budget=chosen.disk_budget, location=chosen.archive)
            self._corpus = Corpus(chosen.store, budgets=budgets)
        return self._corpus

    @property
    def remote(self) -> Remote:
        """The copies of inputs that lie at fsspec addresses."""
        from longdoc_pipelines.remote import Remote

        return Remote(self.settings.store)

    @property
    def reader(self) -> Reader:
        """What gives results: `embedded`, or with an engine the language model beside it."""
        if self._reader is None:
            engine = self.settings.engine is not None
            self._reader = self.language_model.reader(self.embedded, cancelled=self._cancelled) if engine else self.embedded
        return self._reader

    @property
    def embedded(self) -> Reader:
        """What reads documents and finds passages, with its weights loaded."""
        if self._embedded is None:
            from longdoc.registry import load

            choice = self._choice()
            self._embedded = load("readers", choice.name)(threads=choice.threads, model=choice.model)
        return self._embedded

    def _choice(self) -> ReaderChoice:
        """What the embedded reader is loaded from, here and in workers."""
        from longdoc_pipelines.stages import ReaderChoice

        settings = self.settings
        own = None if settings.model is None or settings.engine is not None else Path(settings.model)
        return ReaderChoice(settings.reader, int(settings.resolved().threads), own)

    @property
    def language_model(self) -> LanguageModel:
        """The engine that the settings name, loaded, with its journal, its budget and its metrics.

        Raises: ConfigError if they name none; what the engine raises.
        """
        if self._model is None:
            from longdoc_pipelines.language_model import LanguageModel

            self._model = LanguageModel(self.settings, lambda: self.corpus, dry_run=self._dry_run)
        return self._model

    def ingest(self, paths: Paths, password: str | None = None, *, labels: LabelSet | None = None) -> list[Outcome]:
        """Read what is new below `paths`; one Outcome per file, in the order of `paths`, inside a folder by name. What workers read is
        also searched for `labels`, where they will be wanted.

        Raises: UsageError if no path is given; with `raise_on_error` the InputError of the first file that fails.
        """
        from longdoc_pipelines.files import in_order_of
        from longdoc_pipelines.ingest import ingest
        from longdoc_pipelines.outcomes import failure_of

        self.outcomes, began = [], time.monotonic()
        uncopied: list[Outcome] = []
        wanted = self.remote.fetch(named(paths), lambda path, error: uncopied.append(failure_of(path, error, "fetch", skipped=False)))
        untold = {outcome.path for outcome in uncopied}
        secret = password if password is not None else self._password
        more: dict[str, Any] = {"password": secret, "progress": self._progress, "choice": self._choice(), "labels": labels}
        run = ingest(self.corpus, wanted, self.embedded, self.settings, **more)
        with closing(cast("Generator[Outcome, None, None]", run)) as outcomes:
            for outcome in chain(uncopied, map(self.remote.outcome, outcomes)):
                if outcome.stage != "fetch" and outcome.path in untold:
                    continue  # that its old copy is gone
                self._tell(outcome)
                if self._raise_on_error and outcome.outcome == "failed":
                    raise failure(outcome)
        self.outcomes.sort(key=in_order_of([self.remote.shown(path) for path in wanted]))
        self._seconds_read += time.monotonic() - began
        return list(self.outcomes)

    def documents(self, paths: Paths | None = None) -> list[Entry]:
        """What the corpus holds of the documents named, in path order; None: all of them. Reads no file."""
        found = self._existing().select(()) if paths is None else self.corpus.select([self.remote.local(path) for path in named(paths)])
        return [self.remote.entry(entry) for entry in found]

    def document(self, path: PathLike, *, ingest: bool = True) -> Document:
        """The text and structure of one file.

        Raises: the InputError that says why it cannot be read.
        """
        return self.corpus.document(self._one(path, ingest))

    def summarize(self, path: PathLike, **wishes: Unpack[SummaryArguments]) -> Summary:
        """A summary of one document, with the wishes of `summarize_many`.

        Raises: the InputError that says why it cannot be read; UsageError if it has no such section.
        """
        entry = self._one(path, ingest=True)
        return next(self.summarize_many([entry.path], ingest=False, **wishes))

    def summarize_many(self, paths: Paths, *, ingest: bool = True, **wishes: Unpack[SummaryArguments]) -> Iterator[Summary]:
        """A summary of each document, in path order: of at most `sentences` sentences, or of a `length` ("short", "medium", "long"), by
        default as its own length asks for; about `focus` alone; of one `section` alone, named by its number ("Item 7") or its heading.

        Raises: UsageError for wishes that cannot be, and for a section that none of them has, with the headings nearest to it.
        """
        from longdoc_pipelines.summarize import summarize

        entries = self._select(paths, ingest)
        yield from summarize(self.corpus, self.reader, entries, on_failure=self._tell, embedded=self.embedded, **wishes)

    def overview(self, paths: Paths, *, ingest: bool = True) -> list[Overview]:
        """What the documents hold together, in what they differ, and which of them stand out."""
        from longdoc_pipelines.overview import overview

        entries = self._select(paths, ingest)
        return overview(self.corpus, self.reader, entries, self.embedded)

    @overload
    def extract(
        self,
        paths: Paths,
        labels: LabelSet | PathLike | None = None,
        *,
        only: Sequence[str] = (),
        min_score: float | None = None,
        ingest: bool = True,
    ) -> Iterator[Clause]: ...

    @overload
    def extract(self, paths: Paths, *, schema: Form, ingest: bool = True) -> Iterator[Filled]: ...

    def extract(
        self,
        paths: Paths,
        labels: LabelSet | PathLike | None = None,
        *,
        schema: Form | None = None,
        only: Sequence[str] = (),
        min_score: float | None = None,
        ingest: bool = True,
    ) -> Iterator[Clause] | Iterator[Filled]:
        """The passages that carry a label, in path order; or with `schema`, a pydantic model or a JSON schema, an instance of it from each
        document, every value with its place, which takes an engine.

        `labels` is a label set, the name of a shipped one or a YAML file (default: the setting, which chooses by domain);
        `only` names the labels wanted. Without `min_score` what a person would want to see; 0 gives every candidate, at
        most 50 a label and document.

        Raises: UnknownNameError for a label or label set that does not exist; ConfigError for a schema that cannot be used, or without
        an engine.
        """
        from longdoc_pipelines.extract import extract

        if schema is not None:
            from longdoc_pipelines.fill import fill

            return fill(self.corpus, self.reader, self._select(paths, ingest), schema, self._tell)
        chosen = self.label_set(labels)
        entries = self._select(paths, ingest)
        return extract(self.corpus, self.reader, entries, chosen, min_score=min_score, only=only, on_skip=self._tell)

    def ask(self, question: str, paths: Paths | None = None, *, ingest: bool = True) -> Answer:
        """An answer in the documents' own words, or one that says that there is none; without paths from all documents."""
        from longdoc_pipelines.ask import ask

        entries = self._select(paths, ingest)
        return ask(self.corpus, self.reader, question, entries)

    def compare(self, before: PathLike, after: PathLike, *, ingest: bool = True) -> Comparison:
        """In what two documents differ: passages added, removed, moved and changed, each with its place in both.

        Raises: the InputError that says why one of them cannot be read.
        """
        from longdoc_pipelines.compare import compare

        return compare(self.document(before, ingest=ingest), self.document(after, ingest=ingest))

    def render(self, path: PathLike, span: Span, *, scale: float = 2.0, ingest: bool = True) -> bytes:
        """A PNG of the page where `span` begins, with the span marked, at `scale` pixels per point.

        Raises: UnsupportedError for a format without pages.
        """
        from longdoc.ingest.draw import draw_page

        document = self.document(path, ingest=ingest)
        return draw_page(self._local(document.path), document, span, password=self._password, scale=scale)

    def label_set(self, labels: LabelSet | PathLike | None = None) -> LabelSet | None:
        """The label set of that name or file, or that of the settings; None stands for a choice by domain."""
        if isinstance(labels, LabelSet):
            return labels
        name = os.fspath(labels) if labels is not None else self.settings.labels
        return None if name == "auto" else load_labels(name)

    def label_sets(self, documents: Iterable[Entry], labels: LabelSet | PathLike | None = None) -> list[LabelSet]:
        """The label sets that `extract` looks for in these documents."""
        from longdoc_pipelines.extract import label_set_of

        chosen = self.label_set(labels)
        found = [chosen] if chosen is not None else [label_set_of(document) for document in documents]
        return list({label_set.fingerprint: label_set for label_set in found if label_set is not None}.values())

    def status(self) -> Status:
        """What the corpus holds, what failed, and the last run.

        Raises: UsageError if there is no corpus yet.
        """
        return self._existing().status()

    def forget(self, paths: Paths) -> list[str]:
        """Remove everything derived from the documents named; gives their paths.

        Raises: UsageError if there is no corpus yet.
        """
        from longdoc_pipelines.containers import Containers

        listed = named(paths)
        gone = [self.remote.shown(path) for path in self._existing().forget([self.remote.local(path) for path in listed])]
        Containers(self.settings.store, Limits()).sweep(self.corpus)
        self.remote.forget(listed)
        return gone

    def retry(self, password: str | None = None) -> list[Outcome]:
        """Ingest again the files that failed; none is no error.

        Raises: UsageError if there is no corpus yet.
        """
        failed = [failure.path for failure in self.status().failures]
        found = self.ingest(list(dict.fromkeys(map(self.remote.fetched, failed))), password) if failed else []
        again = set(map(self.remote.shown, failed))
        return [outcome for outcome in found if outcome.path in again]

    def check(self, repair: bool = False) -> list[Problem]:
        """What is wrong in the corpus folder, mended where possible if `repair` is set.

        Raises: UsageError if there is no corpus yet.
        """
        return self._existing().check(repair)

    async def aingest(self, paths: Paths, password: str | None = None) -> list[Outcome]:
        """`ingest` in a thread; a pipeline has one thread, its async twins run one after the other."""
        return await self._in_thread(lambda: self.ingest(paths, password))

    async def asummarize(self, path: PathLike, **wishes: Unpack[SummaryArguments]) -> Summary:
        """`summarize` in a thread."""
        return await self._in_thread(lambda: self.summarize(path, **wishes))

    async def aextract(self, paths: Paths, labels: LabelSet | PathLike | None = None, *, min_score: float | None = None) -> list[Clause]:
        """`extract` in a thread, all clauses at once."""
        return await self._in_thread(lambda: list(self.extract(paths, labels, min_score=min_score)))

    async def aask(self, question: str, paths: Paths | None = None) -> Answer:
        """`ask` in a thread."""
        return await self._in_thread(lambda: self.ask(question, paths))

    async def _in_thread(self, call: Callable[[], T]) -> T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="longdoc")
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _existing(self) -> Corpus:
        if self._corpus is None and not self.settings.store.exists():
            raise UsageError(f"{self.settings.store}: there is no corpus; ingest something first, or name another with store (--store)")
        return self.corpus

    def _tell(self, outcome: Outcome) -> None:
        if self._dry_run and outcome.details.get("error") == UnansweredError.__name__:
            return  # nothing was asked
        self.outcomes.append(outcome)
        if self._on_outcome is not None:
            self._on_outcome(outcome)

    def _select(self, paths: Paths | None, ingest: bool, labels: LabelSet | None = None) -> list[Entry]:
        if paths is None:
            return self.documents()
        wanted = named(paths)
        if ingest:
            self.ingest(wanted, labels=None if self.settings.engine is not None else labels)
        return self.documents(wanted)

    def _local(self, path: str) -> str:
        """Where the bytes of a document lie: a copy of it, if it lies at an address or in another file."""
        from longdoc_pipelines.containers import Containers

        return Containers(self.settings.store, Limits()).local(self.remote.local(path), self.corpus)

    def _one(self, path: PathLike, ingest: bool) -> Entry:
        entries = self._select([path], ingest)
        # A message is a document and a folder of its attachments at once.
        entries = [entry for entry in entries if entry.path == os.fspath(path)] or entries
        if len(entries) > 1:
            raise UsageError(f"{os.fspath(path)}: holds {len(entries)} documents, name one of them")
        if not entries:
            raise next((failure(outcome) for outcome in self.outcomes if outcome.outcome == "failed"), unread(path))
        return entries[0]
