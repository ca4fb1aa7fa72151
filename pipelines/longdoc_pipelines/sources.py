"""Documents as a reader wants them, and what becomes of one that it gives no answer about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from longdoc.errors import UnansweredError
from longdoc.protocols import Reader, Source
from longdoc.types import Outcome

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry


def source_of(corpus: Corpus, reader: Reader, entry: Entry) -> Source:
    """A document with what `reader` has read of it."""
    return Source(corpus.document(entry), corpus.reading(entry, reader.reading_fingerprint), corpus.chunks(entry))


@contextmanager
def unanswered(entry: Entry, stage: str, tell: Callable[[Outcome], None] | None) -> Iterator[None]:
    """Around the work on one document: an UnansweredError is told as its outcome, so that the others go on; without `tell` it is raised."""
    try:
        yield
    except UnansweredError as error:
        if tell is None:
            raise
        details = {"error": type(error).__name__}
        tell(Outcome(path=entry.path, outcome="failed", stage=stage, reason=str(error), document_id=entry.document_id, details=details))
