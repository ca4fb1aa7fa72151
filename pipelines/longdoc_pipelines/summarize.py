"""Summaries of many documents, kept in the corpus, and what a folder holds as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from longdoc.errors import UsageError
from longdoc.model.summarize import SUMMARY_VERSION
from longdoc.protocols import Reader
from longdoc.types import Outcome, Summary
from longdoc_pipelines.keys import result_key
from longdoc_pipelines.sources import source_of, unanswered

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry


def summarize(
    corpus: Corpus,
    reader: Reader,
    entries: Sequence[Entry],
    sentences: int | None = None,
    on_failure: Callable[[Outcome], None] | None = None,
) -> Iterator[Summary]:
    """A summary of each document, in the order of `entries`, of at most `sentences` statements (default: by its length); `on_failure`
    is told of a document that a language model gives no answer about, and the others go on.

    Raises: UsageError if `sentences` is below 1; without `on_failure` UnansweredError.
    """
    if sentences is not None and sentences < 1:
        raise UsageError(f"a summary has at least 1 sentence, got {sentences}")
    for entry in entries:
        with unanswered(entry, "summarize", on_failure):
            yield one_summary(corpus, reader, entry, sentences)


def one_summary(corpus: Corpus, reader: Reader, entry: Entry, sentences: int | None = None) -> Summary:
    """The summary of one document, from the corpus if it has been made before."""
    key = result_key("summary", SUMMARY_VERSION, entry.document_key, reader.fingerprint, sentences)
    kept = corpus.result(key)
    if kept is not None:
        return at_path(Summary.model_validate_json(kept), entry.path)
    summary = reader.summarize(source_of(corpus, reader, entry), sentences=sentences)
    corpus.put_result(key, entry.document_key, "summary", summary.model_dump_json())
    return summary


def at_path(summary: Summary, path: str) -> Summary:
    """The same summary for a document that has been moved, or that is there twice."""
    if summary.path == path:
        return summary
    moved = [
        statement.model_copy(update={"citation": statement.citation.model_copy(update={"path": path})}) for statement in summary.sentences
    ]
    return summary.model_copy(update={"path": path, "sentences": tuple(moved)})
