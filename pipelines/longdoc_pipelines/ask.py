"""A question answered in the documents' own words, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from longdoc.protocols import Reader, Source
from longdoc.types import Answer
from longdoc_pipelines.search import search
from longdoc_pipelines.sources import source_of

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry


def ask(corpus: Corpus, reader: Reader, question: str, entries: Sequence[Entry], k: int = 12) -> Answer:
    """The answer that the best `k` passages of `entries` hold; `found` is false where they hold none.

    Raises: UsageError if the question is blank or `k` is below 1.
    """
    by_path = {entry.path: entry for entry in entries}

    @cache
    def source(path: str) -> Source:
        return source_of(corpus, reader, by_path[path])

    answer = reader.answer(question, search(corpus, reader, question, entries, k), source)
    cited = {passage.citation.path for passage in answer.passages}
    documents = {path: corpus.document(by_path[path]) for path in cited}
    # The reader quotes parts of passages without seeing the documents; page and headings are those of the part.
    passages = [
        passage.model_copy(update={"citation": documents[passage.citation.path].cite(passage.citation.span)}) for passage in answer.passages
    ]
    return answer.model_copy(update={"passages": tuple(passages)})
