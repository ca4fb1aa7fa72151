"""How a Pipeline searches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from longdoc.arguments import Paths
from longdoc.labels import LabelSet
from longdoc.protocols import Reader
from longdoc.types import Domain, Passage

if TYPE_CHECKING:
    from longdoc_pipelines.sheets import Sheets
    from longdoc_stores.corpus import Corpus, Entry

T = TypeVar("T")


class Searching(ABC):
    """The part of Pipeline that searches."""

    _sheets: Sheets | None
    _everything: tuple[tuple[int, int], tuple[Entry, ...]] | None

    @property
    @abstractmethod
    def corpus(self) -> Corpus:
        """See Pipeline."""

    @property
    @abstractmethod
    def embedded(self) -> Reader:
        """See Pipeline."""

    @abstractmethod
    def documents(self, paths: Paths | None = None) -> list[Entry]:
        """See Pipeline."""

    @abstractmethod
    def _select(self, paths: Paths | None, ingest: bool, labels: LabelSet | None = None) -> list[Entry]: ...

    @abstractmethod
    def _existing(self) -> Corpus: ...

    @abstractmethod
    async def _in_thread(self, call: Callable[[], T]) -> T: ...

    def everything(self) -> tuple[Entry, ...]:
        """All documents of the corpus, in path order; the same tuple as long as nothing in it changes, which makes searches quick."""
        changes = self._existing().catalogue.changes()
        if self._everything is None or self._everything[0] != changes:
            self._everything = changes, tuple(self.documents())
        return self._everything[1]

    def search(
        self,
        query: str,
        paths: Paths | None = None,
        k: int = 10,
        *,
        domain: Domain | None = None,
        section: str | None = None,
        since: str | None = None,
        ingest: bool = True,
    ) -> list[Passage]:
        """The `k` passages that fit best; without paths among all documents of the corpus. Neighbouring passages of a section are one, and
        the sentence that answers is marked.

        `domain` restricts it to documents of that profile, `section` to what stands under a heading with these words ("Item 7"), `since`
        (YYYY-MM-DD, YYYY-MM or YYYY) to documents that bear a date from then on; one whose date is unknown is left out.

        Raises: UsageError for a blank query, `k` below 1, or a filter that cannot be meant.
        """
        from longdoc_pipelines.filters import Filters
        from longdoc_pipelines.results import results
        from longdoc_pipelines.sheets import Sheets

        filters = Filters(domain, section, since)
        entries = self.everything() if paths is None else self._select(paths, ingest)
        if self._sheets is None:
            self._sheets = Sheets(self.corpus)
        return results(self.corpus, self.embedded, query, entries, k, filters, self._sheets)

    async def asearch(self, query: str, paths: Paths | None = None, k: int = 10) -> list[Passage]:
        """`search` in a thread."""
        return await self._in_thread(lambda: self.search(query, paths, k))
