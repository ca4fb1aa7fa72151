"""Files in, documents in the corpus: scan, parse and read in worker processes, commit one by one in this one.

Few files are read in this process, with all its threads: a worker takes seconds to load a reader. So are documents so long that one
worker would be at them when all others have ended. Both depend on what there is, not on what is left to do, so that a run that was
killed and begun again reads every document as it would have.

Every step is keyed by content and settings, so that what is there is not done again: a file of unchanged size, times and
inode is not even opened, content that is known under another name is neither parsed nor read, a new reader reads again but
parses nothing. A failure is recorded but never taken for a result: the next run tries again.

A file that is gone is reported and its document no longer selected, but kept until `forget`: an unmounted disk must not cost a
day's reading. Found again at another path it has moved, and its old record goes.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from longdoc.config import Settings
from longdoc.errors import ChangedError, InputError, LimitError, NotFoundError, StoreError, UnreadableError, UnsupportedError
from longdoc.ingest import OpenedFile, ParsedFile
from longdoc.ingest.ocr import check as check_ocr
from longdoc.ingest.ocr import is_waiting
from longdoc.labels import LabelSet
from longdoc.protocols import Done, Executor, Job, Limits, OcrOptions, Progress, Reader, Reading
from longdoc.types import Chunk, Document, Outcome
from longdoc_pipelines.containers import Containers, Listing, exists, record_of
from longdoc_pipelines.extract import EXTRACT_VERSION
from longdoc_pipelines.files import Found, container_of, shown, walk
from longdoc_pipelines.interrupts import finish_first
from longdoc_pipelines.keys import result_key
from longdoc_pipelines.outcomes import failure_of, joined, outcome_of, reason_of
from longdoc_pipelines.scan import content_hash, document_key, doubtful, look, refuse_unsupported_member, same
from longdoc_pipelines.sheets import keep_sheet
from longdoc_pipelines.stages import ReaderChoice, ReadFile
from longdoc_pipelines.workers import executor_of, reader_of_workers
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import DocumentFacts, FileRecord
from longdoc_stores.selection import reached

OPEN = "longdoc.ingest:open_file"
READ_FILE = "longdoc_pipelines.stages:read_file"


def ingest(
    corpus: Corpus,
    paths: Sequence[str],
    reader: Reader,
    settings: Settings,
    *,
    password: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | None = None,
    choice: ReaderChoice | None = None,
    labels: LabelSet | None = None,
) -> Iterator[Outcome]:
    """Bring the corpus up to date with the files at and below `paths`; one Outcome a file, as each is done.

    The corpus is written to from the first thing that is new: where nothing is, another process may write meanwhile.
    `executor` runs the stages (default: the one that the settings name, with as many workers as they say). A failed outcome's
    details name the class of its error under "error". Close the iterator, or exhaust it, to let other writers in.

    With `choice`, from which any process can load the same reader as `reader`, files are read where they are parsed, unless they are
    few; its threads are shared out among the workers. What is read so is also searched for the candidates of `labels`, so that `extract`
    and `review` by them are look-ups.

    Raises: StoreBusyError if another process writes; StoreError. An interrupt finishes the commit in hand first.
    """
    run = _Run(corpus, reader, settings, password, progress, choice, labels)
    try:
        for outcome in run.outcomes(paths, executor):
            run.counts[outcome.outcome] += 1
            yield outcome
        run.finished = True
    finally:
        run.close()


@dataclass(frozen=True, slots=True)
class _Task:
    """A file that is to be parsed or read."""

    file: FileRecord
    item: Found

    @property
    def key(self) -> str:
        return str(self.file.document_key)


class _Run:
    def __init__(
        self,
        corpus: Corpus,
        reader: Reader,
        settings: Settings,
        password: str | None,
        progress: Callable[[Progress], None] | None,
        choice: ReaderChoice | None,
        labels: LabelSet | None,
    ) -> None:
        self.corpus = corpus
        self.documents = corpus.documents
        self.reader = reader
        self.settings = settings
        self.password = password
        self.progress = progress
        self.choice = choice
        self.labels = labels
        ocr = OcrOptions(settings.ocr, settings.ocr_dpi, settings.ocr_languages)
        check_ocr(ocr)
        self.limits = Limits(
            seconds=settings.timeout,
            memory=settings.memory_limit,
            pages=settings.max_pages,
            file_size=settings.max_file_size,
            characters=settings.max_characters,
            members=settings.max_members,
            unpacked=settings.max_unpacked,
            ratio=settings.max_ratio,
            depth=settings.max_depth,
            ocr=ocr,
        )
        self.containers = Containers(corpus.folder, self.limits)
        self.found: set[str] = set()
        """Absolute paths of the files that there are, members of containers too."""
        self.deeper: list[Found] = []
        """Members of the containers opened last, next to be ingested."""
        self.settled: deque[Outcome] = deque()
        self.to_read: deque[_Task] = deque()
        self.away: ReaderChoice | None = None
        """What the workers read with; None: reading is done here."""
        self.in_flight: dict[str, list[_Task]] = {}
        self.refused: dict[str, tuple[str, Exception, str]] = {}
        self.scanned = self.done = self.tokens = self.total = 0
        self.counts: Counter[str] = Counter()
        self.finished = False
        self.number: int | None = None
        self.held = ExitStack()

    def begin(self) -> None:
        """Be the writer from now on, and open a line of the run journal."""
        if self.number is None:
            self.held.enter_context(self.corpus.writing())
            self.number = self.corpus.begin_run()

    def close(self) -> None:
        """Close the journal's line and let other writers in."""
        with self.held:
            if self.number is not None:
                self.containers.sweep(self.corpus)
                self.corpus.end_run(self.number, self.finished, dict(self.counts))

    def outcomes(self, paths: Sequence[str], executor: Executor | None) -> Iterator[Outcome]:
        wave = list(walk(paths))
        running: Executor | None = None
        with ExitStack() as stack:
            # First the files that there are, then what lies in them, then what lies in that.
            while wave:
                self.total += len(wave)
                self.found.update(os.path.abspath(item.path) for item in wave if item.problem is None or item.inside is not None)
                self.away = reader_of_workers(self.choice, self.settings, len(wave))
                jobs = self._jobs(wave)
                first = next(jobs, None)
                yield from self._settle()
                if first is not None:
                    running = running or stack.enter_context(closing(executor or executor_of(self.settings, self.limits)))
                    for done in running.map(READ_FILE if self.away else OPEN, chain((first,), jobs)):
                        self._done(done)
                        yield from self._settle()
                yield from self._settle()
                wave, self.deeper = sorted(self.deeper, key=lambda item: item.path.split(os.sep)), []
        self._not_inside(paths)
        yield from self._gone(paths)

    def _settle(self) -> Iterator[Outcome]:
        """What is known by now, and the documents that only wait to be read."""
        while self.settled or self.to_read:
            if self.settled:
                outcome = self.settled.popleft()
                self.done += 1
                self._tell(Progress("ingest", self.done, self.total, "files", outcome.path))
                yield outcome
            else:
                self._read(self.to_read.popleft(), None, None)

    # Scan

    def _jobs(self, found: Sequence[Found]) -> Iterator[Job]:
        """Jobs for the executor; what needs none is settled or queued on the way. The executor asks when it has room."""
        for item in found:
            self.scanned += 1
            self._tell(Progress("scan", self.scanned, self.total, "files", shown(item.path)))
            if item.problem is not None:
                if item.inside is not None:
                    self._fail(_Task(record_of(item), item), item.problem, "unpack")
                else:
                    self._report(item.path, item.problem, "scan", skipped=item.skipped)
                continue
            try:
                task = self._scan(item)
            except InputError as error:
                self._report(item.path, error, "scan", skipped=False)
                continue
            if task is None:
                continue
            waiting = self.in_flight.setdefault(task.key, [])
            waiting.append(task)
            if len(waiting) == 1:
                self.begin()
                yield Job(task.key, self._arguments(item.path, task))

    def _arguments(self, path: str, task: _Task) -> dict[str, Any]:
        """What the stages are called with for that file."""
        arguments: dict[str, Any] = {
            "path": path,
            "password": self.password,
            "domain": self.settings.domain,
            "limits": self.limits,
            "expected_sha256": task.file.sha256,
        }
        if task.item.inside is not None:
            arguments["source"] = task.item.inside.source
        if self.away is None:
            return arguments
        if self.documents.facts(task.key) is not None:
            arguments["known"] = ParsedFile(self.documents.document(task.key), self.documents.chunks(task.key))
        return arguments | {"reader": self.away, "labels": self.labels}

    def _scan(self, item: Found) -> _Task | None:
        """The file as a task for the executor, None if it needs none."""
        known = self.corpus.file(os.path.abspath(item.path))
        file = record_of(item) if item.inside is not None else look(item.path)
        unchanged = known is not None and known.sha256 is not None and same(known, file) and not doubtful(known)
        try:
            if item.inside is not None:
                refuse_unsupported_member(item.inside.source, item.path)
            elif known is not None and unchanged:
                file = replace(file, sha256=known.sha256, checked_ns=known.checked_ns)
            else:
                file = replace(file, sha256=content_hash(item.path, file.size, self.limits.file_size))
        except InputError as error:
            self._fail(_Task(file, item), error, "scan")
            return None
        task = _Task(replace(file, document_key=document_key(str(file.sha256), item.path, self.settings)), item)
        facts = self.documents.facts(task.key)
        if facts is not None and is_waiting(facts.warnings, self.limits.ocr):
            key = document_key(str(file.sha256), item.path, self.settings, anew=True)
            task, facts = replace(task, file=replace(task.file, document_key=key)), self.documents.facts(key)
        if task.key in self.refused:
            self._refuse_copy(task)
            return None
        listing = self.containers.listing(file.sha256)
        if facts is None:
            if listing is None or listing.own_text or not listing.whole:
                return task
            self._opened(task, listing)
            return None
        if listing is not None:
            self._descend(task, listing)
        if self.documents.tokens(task.key, self.reader.reading_fingerprint) is not None:
            self._known(task, facts)
        elif self.away is not None:
            return task
        else:
            self.to_read.append(task)
        return None

    # Parse and read

    def _done(self, done: Done) -> None:
        if isinstance(done.error, StoreError):
            # Not this file's fault, and every other one would meet it too.
            raise done.error
        for task in self.in_flight.pop(done.key):
            if task.key in self.refused:
                self._refuse_copy(task)
            elif done.error is not None:
                self._fail(task, done.error, done.stage or "parse")
            else:
                self._take(task, done.value)

    def _take(self, task: _Task, value: OpenedFile | ReadFile) -> None:
        """What a worker has made of a file. What lies in it is stored first: a document that is there has all of its own."""
        listing = self.containers.keep(str(task.file.sha256), OpenedFile(value.parsed, value.members))
        if value.parsed is not None:
            self._read(task, value.parsed, value if isinstance(value, ReadFile) else None)
            if listing is not None:
                self._descend(task, listing)
        elif listing is not None:
            self._opened(task, listing)

    # Containers

    def _opened(self, task: _Task, listing: Listing) -> None:
        """A file that only holds others: its members are ingested next."""
        known = self.corpus.file(task.file.path)
        try:
            self.containers.check(task.item, listing)
        except LimitError as error:
            self._fail(task, error, "unpack")
            return
        self.deeper += self.containers.found(task.item, listing, self.found)
        file = replace(task.file, outcome="ok", stage="unpack")
        cached = known is not None and known.sha256 == file.sha256 and known.good
        self._commit(file, known)
        details = {"members": len(listing.held)}
        self.settled.append(Outcome(path=file.reached, outcome="ok", stage="unpack", cached=cached, details=details))

    def _descend(self, task: _Task, listing: Listing) -> None:
        """What is attached to a document is ingested next."""
        try:
            self.containers.check(task.item, listing)
        except LimitError as error:
            self.deeper += self.containers.refused(task.item, listing, error, self.found)
            return
        self.deeper += self.containers.found(task.item, listing, self.found)

    def _not_inside(self, paths: Sequence[str]) -> None:
        """Tell of members that were asked for and that are in no container."""
        for path in paths:
            container = container_of(path)
            top = os.path.abspath(path)
            if container is not None and top not in self.found and not any(found.startswith(top + os.sep) for found in self.found):
                self._report(path, NotFoundError(f"{shown(path)}: no such file in {shown(container)}"), "scan", skipped=False)

    def _refuse_copy(self, task: _Task) -> None:
        """Fail a file as the first one of the same content failed."""
        path, error, stage = self.refused[task.key]
        if isinstance(error, InputError):
            error = type(error)(str(error).replace(path, task.file.reached))
        self._fail(task, error, stage)

    def _read(self, task: _Task, parsed: ParsedFile | None, done: ReadFile | None) -> None:
        """Commit one document, read here unless `done` has a reading; `parsed` is None where the corpus has it and only that is new."""
        facts = self.documents.facts(task.key)
        if facts is not None and self.documents.tokens(task.key, self.reader.reading_fingerprint) is not None:
            self._known(task, facts)
            return
        self.begin()
        if parsed is not None:
            chunks = parsed.chunks
            # The same content may lie elsewhere too, so that what is stored of it names no path.
            warnings = tuple(warning.removeprefix(f"{task.file.reached}: ") for warning in parsed.document.warnings)
            document = parsed.document.model_copy(update={"path": task.file.reached, "warnings": warnings})
        else:
            document = self.documents.document(task.key).model_copy(update={"path": task.file.reached})
            chunks = self.documents.chunks(task.key)
        try:
            reading = self._reading(document, chunks, done)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a reader is a plug-in; what it raises becomes the file's outcome
            self._fail(task, error, "read")
            return
        try:
            if task.item.inside is None and not same(look(task.file.reached), task.file):
                raise ChangedError(f"{task.file.reached}: changed while it was read; run the command again")
            file = replace(task.file, outcome="partial" if document.warnings else "ok", stage="read", reason=joined(document.warnings))
            with finish_first():
                self.corpus.commit(
                    file,
                    parsed=(document, chunks) if parsed is not None and facts is None else None,
                    reading=(self.reader.reading_fingerprint, reading),
                )
                if parsed is not None and facts is None:
                    keep_sheet(self.corpus, task.key, document, chunks)
                self._keep(task.key, done)
        except InputError as error:
            self._fail(task, error, "read")
            return
        self.settled.append(outcome_of(file, document, reading))

    def _reading(self, document: Document, chunks: Sequence[Chunk], done: ReadFile | None) -> Reading:
        """What a worker has read, or else what the reader here reads now."""
        if done is None or done.reading is None:
            return self.reader.read(document, chunks, progress=lambda tokens: self._count(tokens, document.path))
        self._count(done.reading.tokens, document.path)
        return done.reading

    def _keep(self, key: str, done: ReadFile | None) -> None:
        """Store the candidates that a worker has found, as `extract` would."""
        if done is not None and done.candidates is not None and self.labels is not None:
            name = result_key("extract", EXTRACT_VERSION, key, self.reader.fingerprint, self.labels.fingerprint)
            self.corpus.put_result(name, key, "extract", done.candidates)

    # Outcomes

    def _known(self, task: _Task, facts: DocumentFacts) -> None:
        """The corpus has all of it: only what is known of the file may be new."""
        known = self.corpus.file(task.file.path)
        file = replace(task.file, outcome="partial" if facts.warnings else "ok", stage="read", reason=joined(facts.warnings))
        moved = [] if known else [copy for copy in self.corpus.copies(task.key) if copy.good and not exists(copy.path)]
        self._commit(file, known, gone=[copy.path for copy in moved])
        self.settled.append(
            Outcome(
                path=file.reached,
                outcome=file.outcome,
                stage=file.stage,
                reason=file.reason,
                pages=facts.pages,
                tokens=self.documents.tokens(task.key, self.reader.reading_fingerprint),
                document_id=facts.document_id,
                cached=True,
                details={"moved_from": moved[0].reached} if moved else {},
            )
        )

    def _fail(self, task: _Task, error: Exception, stage: str) -> None:
        """Record a failure. Where the content is not known, the document that the file had stays until it is."""
        if task.file.document_key is not None and not isinstance(error, ChangedError | NotFoundError | UnreadableError):
            self.refused.setdefault(task.key, (task.file.reached, error, stage))
        known = self.corpus.file(task.file.path)
        skipped = isinstance(error, UnsupportedError) and not task.item.named
        file = replace(task.file, outcome="skipped" if skipped else "failed", stage=stage, reason=reason_of(error))
        if isinstance(error, ChangedError) or file.sha256 is None:
            file = replace(file, sha256=None, document_key=known.document_key if known else None)
        self._commit(file, known)
        self._report(file.reached, error, stage, skipped)

    def _commit(self, file: FileRecord, known: FileRecord | None, gone: Sequence[str] = ()) -> None:
        as_known = known is not None and replace(file, reached=known.reached, checked_ns=known.checked_ns) == known
        if gone or not as_known or (file.sha256 is not None and known is not None and doubtful(known)):
            self.begin()
            with finish_first():
                self.corpus.commit(file, gone=gone)

    def _report(self, path: str, error: Exception, stage: str, skipped: bool) -> None:
        self.settled.append(failure_of(path, error, stage, skipped))

    def _gone(self, paths: Sequence[str]) -> Iterator[Outcome]:
        """Documents of files that were at or below `paths` and are there no longer."""
        for path in paths:
            for file in self.corpus.files_below(path):
                if file.path in self.found or os.path.isfile(file.path):
                    continue
                self.found.add(file.path)
                if not file.missing:
                    self.begin()
                    self.corpus.mark_missing(file.path)
                if file.good and file.path != os.path.abspath(path):
                    shown_path = reached(path, file.path, file.real)
                    error = NotFoundError(f"{shown_path}: no longer there; `longdoc forget` removes what was read of it")
                    self._report(shown_path, error, "scan", skipped=True)
        yield from self._settle()

    def _count(self, tokens: int, path: str) -> None:
        self.tokens += tokens
        self._tell(Progress("read", self.tokens, None, "tokens", path))

    def _tell(self, progress: Progress) -> None:
        if self.progress is not None:
            self.progress(progress)
