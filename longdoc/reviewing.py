"""How a Pipeline reviews documents by a playbook, and takes what people decide."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from longdoc.arguments import PathLike, Paths
from longdoc.errors import UsageError
from longdoc.labels import LabelSet
from longdoc.protocols import Progress, Reader
from longdoc.types import Correction, Outcome, Review

if TYPE_CHECKING:
    from longdoc_pipelines.playbook import Loaded
    from longdoc_pipelines.remote import Remote
    from longdoc_pipelines.review.session import Reviews
    from longdoc_stores.audit import AuditEntry
    from longdoc_stores.corpus import Corpus, Entry

T = TypeVar("T")


class Reviewing(ABC):
    """The part of Pipeline that reviews."""

    outcomes: list[Outcome]
    _progress: Callable[[Progress], None] | None
    _password: str | None
    _dry_run: bool
    _seconds_read: float

    @property
    @abstractmethod
    def corpus(self) -> Corpus:
        """See Pipeline."""

    @property
    @abstractmethod
    def reader(self) -> Reader:
        """See Pipeline."""

    @property
    @abstractmethod
    def remote(self) -> Remote:
        """See Pipeline."""

    @property
    @abstractmethod
    def embedded(self) -> Reader:
        """See Pipeline."""

    @abstractmethod
    def _select(self, paths: Paths | None, ingest: bool, labels: LabelSet | None = None) -> list[Entry]: ...

    @abstractmethod
    def _local(self, path: str) -> str: ...

    @abstractmethod
    def _tell(self, outcome: Outcome) -> None: ...

    def _tell_instead(self, outcome: Outcome) -> None:
        """The outcome of a document that was read and could not be reviewed: a file has one."""
        self.outcomes[:] = [one for one in self.outcomes if one.path != outcome.path]
        self._tell(outcome)

    @abstractmethod
    def _existing(self) -> Corpus: ...

    @abstractmethod
    async def _in_thread(self, call: Callable[[], T]) -> T: ...

    def playbook(self, playbook: Loaded | PathLike) -> Loaded:
        """The playbook of that name or file, checked.

        Raises: UnknownNameError if it is neither; PlaybookError with every error and its line.
        """
        from longdoc_pipelines.playbook import Loaded, load_playbook

        return playbook if isinstance(playbook, Loaded) else load_playbook(os.fspath(playbook))

    def review(
        self,
        paths: Paths,
        playbook: Loaded | PathLike,
        *,
        as_of: date | None = None,
        side: str | None = None,
        review_below: float | None = None,
        ingest: bool = True,
    ) -> Reviews:
        """The documents against a playbook: an iterator of Review, one a document, in path order.

        `playbook` is the name of a shipped one or a YAML file. `as_of` is the day on which terms and waivers are looked at (default:
        today), `side` the side on which we stand, `review_below` the confidence below which a person is asked (0: never), in place of
        the playbook's own. Once exhausted, the iterator's `changes` tell how the run differs from the last one, and `closing` the rest.

        Raises: as `playbook`; UsageError for a threshold outside 0..1.
        """
        from longdoc_pipelines.review.judge import Terms
        from longdoc_pipelines.review.session import Reviews

        if review_below is not None and not 0.0 <= review_below <= 1.0:
            raise UsageError(f"the confidence below which a person is asked lies between 0 and 1, got {review_below}")
        loaded = self.playbook(playbook)
        terms = Terms(as_of or date.today(), side or loaded.playbook.side, review_below)
        entries = self._select(paths, ingest, loaded.base)
        seconds_read, self._seconds_read = self._seconds_read, 0.0
        return Reviews(
            self.corpus,
            self.reader,
            entries,
            loaded,
            terms,
            embedded=self.embedded,
            record=not self._dry_run,
            password=self._password,
            local=self._local,
            on_failure=self._tell_instead,
            progress=self._progress,
            outcomes=lambda: self.outcomes,
            seconds_read=seconds_read,
        )

    async def areview(
        self,
        paths: Paths,
        playbook: Loaded | PathLike,
        *,
        as_of: date | None = None,
        side: str | None = None,
        review_below: float | None = None,
    ) -> list[Review]:
        """`review` in a thread, all reviews at once."""
        return await self._in_thread(lambda: list(self.review(paths, playbook, as_of=as_of, side=side, review_below=review_below)))

    def correct(self, corrections: Iterable[Correction], on_conflict: Callable[[Correction, Correction], None] | None = None) -> int:
        """Take what people decided: it stands in place of the machine's verdicts from now on; how many were new. Of two decisions about the
        same the later one stands; `on_conflict` is told (what stands, what does not) where their verdicts differ.

        Raises: UsageError, and takes none, if there is no corpus yet, or one is of a document and rule that no review has looked at.
        """
        from longdoc_pipelines.review.corrections import all_completed

        corpus = self._existing()
        found = all_completed(corpus, corrections)
        with corpus.writing(sweep=False):
            return corpus.verdicts.correct(found, on_conflict)

    def withdraw(self, path: PathLike, rule: str, *, by: str, playbook: str = "") -> None:
        """Take a decision back: the machine's verdict stands again.

        Raises: UsageError if there is none, or the rule is in several playbooks and none is named.
        """
        from longdoc_pipelines.review.corrections import withdrawn

        withdrawn(self._existing(), os.fspath(path), rule, by=by, playbook=playbook)

    def training_data(self, playbook: Loaded | PathLike, file: PathLike) -> int:
        """Write what people decided by a playbook's rules as rows for `train_clauses`; how many there are.

        Raises: UsageError if there is no corpus yet, or the file cannot be written; as `playbook`.
        """
        from longdoc_pipelines.review.corrections import write_training

        return write_training(self._existing(), self.playbook(playbook), Path(file))

    def corrections(self, paths: Paths | None = None) -> list[Correction]:
        """What people decided about the documents named, or all; with the path at which a document lies now."""
        corpus = self._existing()
        now = {entry.document_id: entry.path for entry in corpus.select()}
        listed = [one.model_copy(update={"path": now.get(one.document_id, one.path)}) for one in corpus.verdicts.corrections()]
        if paths is None:
            return listed
        wanted = {entry.document_id for entry in self._select(paths, ingest=False)}
        return [one for one in listed if one.document_id in wanted]

    def audit(self) -> Sequence[AuditEntry]:
        """The audit log, checked.

        Raises: StoreDamagedError if an entry does not fit the chain; UsageError if there is no corpus yet.
        """
        from longdoc.errors import StoreDamagedError

        log = self._existing().verdicts.audit
        broken = log.broken()
        if broken is not None:
            raise StoreDamagedError(f"{self.corpus.folder}: the audit log was tampered with or damaged at entry {broken}; restore a backup")
        return list(log.entries())
