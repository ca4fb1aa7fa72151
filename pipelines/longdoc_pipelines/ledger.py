"""What has become of a run's files: their records in the catalogue, outcomes on the way to the caller, a line in the run journal."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from longdoc.errors import ChangedError, InputError, NotFoundError, UnreadableError, UnsupportedError
from longdoc.types import Outcome
from longdoc_pipelines.containers import exists
from longdoc_pipelines.files import Found
from longdoc_pipelines.interrupts import finish_first
from longdoc_pipelines.outcomes import failure_of, joined, reason_of
from longdoc_pipelines.scan import doubtful
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import DocumentFacts, FileRecord


@dataclass(frozen=True, slots=True)
class Task:
    """A file that is to be parsed or read."""

    file: FileRecord
    item: Found

    @property
    def key(self) -> str:
        """That of the document that it gives."""
        return str(self.file.document_key)


class Ledger:
    """Writes what is known of files, and queues an Outcome each in `settled`. The first thing that is new makes it the corpus's writer."""

    def __init__(self, corpus: Corpus) -> None:
        self.settled: deque[Outcome] = deque()
        self.refused: dict[str, tuple[str, Exception, str]] = {}
        """By the key of a document that was never made: path, error and stage of the first file that failed so."""
        self.counts: Counter[str] = Counter()
        self.finished = False
        self._corpus = corpus
        self._number: int | None = None
        self._held = ExitStack()

    def begin(self) -> None:
        """Be the writer from now on, and open a line of the run journal."""
        if self._number is None:
            self._held.enter_context(self._corpus.writing())
            self._number = self._corpus.begin_run()

    def close(self, tidy: Callable[[], object]) -> None:
        """Close the journal's line and let other writers in; `tidy` is called before, if anything was written."""
        with self._held:
            if self._number is not None:
                tidy()
                self._corpus.end_run(self._number, self.finished, dict(self.counts))

    def known(self, task: Task, facts: DocumentFacts, tokens: int | None) -> None:
        """The corpus has all of it: only what is known of the file may be new."""
        known = self._corpus.file(task.file.path)
        file = replace(task.file, outcome="partial" if facts.warnings else "ok", stage="read", reason=joined(facts.warnings))
        moved = [] if known else [copy for copy in self._corpus.copies(task.key) if copy.good and not exists(copy.path)]
        self.commit(file, known, gone=[copy.path for copy in moved])
        self.settled.append(
            Outcome(
                path=file.reached,
                outcome=file.outcome,
                stage=file.stage,
                reason=file.reason,
                pages=facts.pages,
                tokens=tokens,
                document_id=facts.document_id,
                cached=True,
                details={"moved_from": moved[0].reached} if moved else {},
            )
        )

    def fail(self, task: Task, error: Exception, stage: str) -> None:
        """Record a failure. Where the content is not known, the document that the file had stays until it is."""
        if task.file.document_key is not None and not isinstance(error, ChangedError | NotFoundError | UnreadableError):
            self.refused.setdefault(task.key, (task.file.reached, error, stage))
        known = self._corpus.file(task.file.path)
        skipped = isinstance(error, UnsupportedError) and not task.item.named
        file = replace(task.file, outcome="skipped" if skipped else "failed", stage=stage, reason=reason_of(error))
        if isinstance(error, ChangedError) or file.sha256 is None:
            file = replace(file, sha256=None, document_key=known.document_key if known else None)
        self.commit(file, known)
        self.report(file.reached, error, stage, skipped)

    def refuse_copy(self, task: Task) -> None:
        """Fail a file as the first one of the same content failed."""
        path, error, stage = self.refused[task.key]
        if isinstance(error, InputError):
            error = type(error)(str(error).replace(path, task.file.reached))
        self.fail(task, error, stage)

    def commit(self, file: FileRecord, known: FileRecord | None, gone: Sequence[str] = ()) -> None:
        """Write a file's record where it says anything new."""
        as_known = known is not None and replace(file, reached=known.reached, checked_ns=known.checked_ns) == known
        if gone or not as_known or (file.sha256 is not None and known is not None and doubtful(known)):
            self.begin()
            with finish_first():
                self._corpus.commit(file, gone=gone)

    def report(self, path: str, error: Exception, stage: str, skipped: bool) -> None:
        """Queue the outcome of a file that was not read."""
        self.settled.append(failure_of(path, error, stage, skipped))
