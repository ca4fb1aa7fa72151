"""A language model as pipelines use it: the engine that the settings name, with its journal in the corpus, its budget and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from longdoc.engines.choose import open_engine
from longdoc.engines.journal import Journalled
from longdoc.engines.metrics import Metered
from longdoc.engines.prompts import Prompts
from longdoc.engines.reader import EngineReader
from longdoc.engines.spending import Budgeted, Estimated, Spent
from longdoc.protocols import Engine, Reader

if TYPE_CHECKING:
    from longdoc.config import Settings
    from longdoc_stores.corpus import Corpus

_NO_LIMIT = 1 << 62


class LanguageModel:
    """The engine, wrapped: what was answered before comes from the corpus, the rest is counted against the budget and measured."""

    def __init__(self, settings: Settings, corpus: Callable[[], Corpus], *, dry_run: bool = False) -> None:
        self._settings = settings
        self.prompts = Prompts(settings.prompts)
        self.bare = open_engine(settings)
        """The engine itself."""
        self.metered = Metered(self.bare)
        spending = Estimated(self.bare) if dry_run else Budgeted(self.metered, settings.max_tokens or _NO_LIMIT)
        self.spent: Spent = spending.spent
        self._readers: list[EngineReader] = []
        self._journal = Journalled(spending, KeptInCorpus(corpus))
        self.engine: Engine = self._journal

    def reader(self, embedded: Reader, cancelled: Callable[[], bool] | None = None) -> EngineReader:
        """A reader that writes with it."""
        made = EngineReader(self.engine, embedded, self.prompts, adapter=self._settings.adapter, cancelled=cancelled)
        self._readers.append(made)
        return made

    @property
    def known(self) -> int:
        """Requests that had been answered before."""
        return self._journal.known

    @property
    def notes(self) -> list[str]:
        """Sentences for a person: what the engine had to do without, and which documents speak to a language model."""
        return [*getattr(self.bare, "notes", ()), *(note for reader in self._readers for note in reader.writing.notes)]

    def close(self) -> None:
        """Free the engine."""
        self.engine.close()


class KeptInCorpus:
    """Answers among the corpus's results: `longdoc forget` removes them with the document that they are about."""

    def __init__(self, corpus: Callable[[], Corpus]) -> None:
        self._corpus = corpus
        self._keys: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """See Kept."""
        return self._corpus().result(key)

    def put(self, key: str, document: str | None, value: str) -> None:
        """See Kept."""
        if document is not None and document not in self._keys:
            self._keys = {entry.document_id: entry.document_key for entry in self._corpus().select()}
        self._corpus().put_result(key, None if document is None else self._keys.get(document), "answer", value)
