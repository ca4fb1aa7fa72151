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
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import chain
from typing import Any

from longdoc.config import Settings
from longdoc.errors import ChangedError, InputError, LimitError, NotFoundError, StoreError
from longdoc.ingest import OpenedFile, ParsedFile
from longdoc.ingest.ocr import check as check_ocr
from longdoc.ingest.ocr import is_waiting
from longdoc.labels import LabelSet
from longdoc.protocols import Done, Executor, Job, Limits, OcrOptions, Progress, Reader, Reading
from longdoc.types import Chunk, Document, Outcome
from longdoc_pipelines.containers import Containers, Listing, record_of
from longdoc_pipelines.extract import EXTRACT_VERSION
from longdoc_pipelines.files import Found, container_of, shown, walk
from longdoc_pipelines.interrupts import finish_first
from longdoc_pipelines.keys import result_key
from longdoc_pipelines.ledger import Ledger, Task
from longdoc_pipelines.outcomes import joined, outcome_of, reason_of
from longdoc_pipelines.scan import content_hash, document_key, doubtful, look, refuse_unsupported_member, same
from longdoc_pipelines.sheets import Kept
from longdoc_pipelines.stages import ReaderChoice, ReadFile
from longdoc_pipelines.workers import executor_of, reader_of_workers
from longdoc_stores.corpus import Corpus
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
            run.ledger.counts[outcome.outcome] += 1
            yield outcome
        run.ledger.finished = True
    finally:
        run.close()


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
        self.ledger = Ledger(corpus)
        self.reader = reader
        self.settings = settings
        self.password = password
        self.progress = progress
        self.choice = choice
        self.labels = labels
        ocr = OcrOptions(settings.ocr, settings.ocr_dpi, settings.ocr_languages)
        check_ocr(ocr)
        self.limits = limits_of(settings, ocr)
        self.containers = Containers(corpus.folder, self.limits)
        self.found: set[str] = set()
        """Absolute paths of the files that there are, members of containers too."""
        self.deeper: list[Found] = []
        """Members of the containers opened last, next to be ingested."""
        self.to_read: deque[Task] = deque()
        self.away: ReaderChoice | None = None
        """What the workers read with; None: reading is done here."""
        self.in_flight: dict[str, list[Task]] = {}
        self.scanned = self.done = self.tokens = self.total = 0

    def close(self) -> None:
        """Close the journal's line and let other writers in."""
        self.ledger.close(lambda: self.containers.sweep(self.corpus))

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
        while self.ledger.settled or self.to_read:
            if self.ledger.settled:
                outcome = self.ledger.settled.popleft()
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
                    self.ledger.fail(Task(record_of(item), item), item.problem, "unpack")
                else:
                    self.ledger.report(item.path, item.problem, "scan", skipped=item.skipped)
                continue
            try:
                task = self._scan(item)
            except InputError as error:
                self.ledger.report(item.path, error, "scan", skipped=False)
                continue
            if task is None:
                continue
            waiting = self.in_flight.setdefault(task.key, [])
            waiting.append(task)
            if len(waiting) == 1:
                self.ledger.begin()
                yield Job(task.key, self._arguments(item.path, task))

    def _arguments(self, path: str, task: Task) -> dict[str, Any]:
        """What the stages are called with for that file."""
        arguments: dict[str, Any] = {
            "path": path,
            "password": self.password,
            "domain": self.settings.domain,
            "limits": self.limits,
            "expected_sha256": task.file.sha256,
        }
        if task.item.inside is not None:
            arguments |= {"source": task.item.inside.source, "metadata": dict(task.item.inside.metadata)}
        if self.away is None:
            return arguments
        if self.documents.facts(task.key) is not None:
            arguments["known"] = ParsedFile(self.documents.document(task.key), self.documents.chunks(task.key))
        return arguments | {"reader": self.away, "labels": self.labels}

    def _scan(self, item: Found) -> Task | None:
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
            self.ledger.fail(Task(file, item), error, "scan")
            return None
        metadata = item.inside.metadata if item.inside is not None else ()
        task = Task(replace(file, document_key=document_key(str(file.sha256), item.path, self.settings, metadata=metadata)), item)
        facts = self.documents.facts(task.key)
        if facts is not None and is_waiting(facts.warnings, self.limits.ocr):
            key = document_key(str(file.sha256), item.path, self.settings, anew=True, metadata=metadata)
            task, facts = replace(task, file=replace(task.file, document_key=key)), self.documents.facts(key)
        if task.key in self.ledger.refused:
            self.ledger.refuse_copy(task)
            return None
        listing = self.containers.listing(file.sha256)
        if facts is None:
            if listing is None or listing.own_text or not listing.whole:
                return task
            self._opened(task, listing)
            return None
        if listing is not None:
            self._descend(task, listing)
        tokens = self.documents.tokens(task.key, self.reader.reading_fingerprint)
        if tokens is not None:
            self.ledger.known(task, facts, tokens)
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
            if task.key in self.ledger.refused:
                self.ledger.refuse_copy(task)
            elif done.error is not None:
                self.ledger.fail(task, done.error, done.stage or "parse")
            else:
                self._take(task, done.value)

    def _take(self, task: Task, value: OpenedFile | ReadFile) -> None:
        """What a worker has made of a file. What lies in it is stored first: a document that is there has all of its own."""
        listing = self.containers.keep(str(task.file.sha256), OpenedFile(value.parsed, value.members, value.problem))
        if value.parsed is not None:
            self._read(task, value.parsed, value if isinstance(value, ReadFile) else None)
            if listing is not None:
                self._descend(task, listing)
        elif listing is not None:
            self._opened(task, listing)

    # Containers

    def _opened(self, task: Task, listing: Listing) -> None:
        """A file that only holds others: its members are ingested next."""
        known = self.corpus.file(task.file.path)
        try:
            self.containers.check(task.item, listing)
        except LimitError as error:
            self.ledger.fail(task, error, "unpack")
            return
        self.deeper += self.containers.found(task.item, listing, self.found)
        reason = None if listing.problem is None else reason_of(listing.problem)
        file = replace(task.file, outcome="ok" if reason is None else "partial", stage="unpack", reason=reason)
        cached = reason is None and known is not None and known.sha256 == file.sha256 and known.good
        self.ledger.commit(file, known)
        details = {"members": len(listing.held)}
        self.ledger.settled.append(
            Outcome(path=file.reached, outcome=file.outcome, stage="unpack", reason=reason, cached=cached, details=details)
        )

    def _descend(self, task: Task, listing: Listing) -> None:
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
                self.ledger.report(path, NotFoundError(f"{shown(path)}: no such file in {shown(container)}"), "scan", skipped=False)

    def _read(self, task: Task, parsed: ParsedFile | None, done: ReadFile | None) -> None:
        """Commit one document, read here unless `done` has a reading; `parsed` is None where the corpus has it and only that is new."""
        facts = self.documents.facts(task.key)
        tokens = self.documents.tokens(task.key, self.reader.reading_fingerprint)
        if facts is not None and tokens is not None:
            self.ledger.known(task, facts, tokens)
            return
        self.ledger.begin()
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
            kept = Kept.of(document, chunks) if parsed is not None and facts is None else None
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a reader is a plug-in, and one bad file never stops a run: what is raised is its outcome
            self.ledger.fail(task, error, "read")
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
                if kept is not None:
                    kept.put(self.corpus, task.key)
                self._keep(task.key, done)
        except InputError as error:
            self.ledger.fail(task, error, "read")
            return
        self.ledger.settled.append(outcome_of(file, document, reading))

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

    def _gone(self, paths: Sequence[str]) -> Iterator[Outcome]:
        """Documents of files that were at or below `paths` and are there no longer."""
        for path in paths:
            for file in self.corpus.files_below(path):
                if file.path in self.found or os.path.isfile(file.path):
                    continue
                self.found.add(file.path)
                if not file.missing:
                    self.ledger.begin()
                    self.corpus.mark_missing(file.path)
                if file.good and file.path != os.path.abspath(path):
                    shown_path = reached(path, file.path, file.real)
                    error = NotFoundError(f"{shown_path}: no longer there; `longdoc forget` removes what was read of it")
                    self.ledger.report(shown_path, error, "scan", skipped=True)
        yield from self._settle()

    def _count(self, tokens: int, path: str) -> None:
        self.tokens += tokens
        self._tell(Progress("read", self.tokens, None, "tokens", path))

    def _tell(self, progress: Progress) -> None:
        if self.progress is not None:
            self.progress(progress)


def limits_of(settings: Settings, ocr: OcrOptions) -> Limits:
    """What the stages may take, as the settings say it."""
    return Limits(
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
