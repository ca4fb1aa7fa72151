"""A question answered: with a figure, a date, a party or yes where it asks for one, else in the documents' own words, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from longdoc.labels import LabelSet, load_labels
from longdoc.model.answer import NOT_FOUND
from longdoc.protocols import Reader, Source
from longdoc.types import Answer, Clause, Document
from longdoc_pipelines.answers.contracts import answer_from_contracts
from longdoc_pipelines.answers.filings import answer_from_filings
from longdoc_pipelines.answers.question import understand, when, without_escape
from longdoc_pipelines.answers.stated import with_value
from longdoc_pipelines.answers.subjects import is_about, names_in, without_names
from longdoc_pipelines.extract import LABELS_OF_DOMAIN, candidates
from longdoc_pipelines.search import check, find_chunks, search
from longdoc_pipelines.sources import source_of

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

NEAR = 100
"""The documents of so many of the best chunks are looked at for what they are about, and for figures."""
ALL = 40
"""Of so few documents all are."""


def ask(corpus: Corpus, reader: Reader, question: str, entries: Sequence[Entry], k: int = 12) -> Answer:
    """The answer that `entries` hold; `found` is false where they hold none, as when they are about somebody else, or another year, than
    the question.

    What asks for a figure of accounts is answered from statements with the calculation shown, what asks for a usual point of a contract
    from its clauses (answers/), all else by the best `k` passages, with the value that the first of them states. A
    reader that asks a language model is given the passages alone.

    Raises: UsageError if the question is blank or `k` is below 1.
    """
    check(question, k, "question")
    by_path = {entry.path: entry for entry in entries}
    document = cache(lambda path: corpus.document(by_path[path]))
    # A language model is asked label by label; it reads and reckons by itself.
    if not reader.label_by_label and entries:
        about = _about(corpus, reader, question, entries, document)
        answer = _definite(corpus, reader, question, about, by_path, document)
        if answer is not None:
            return answer
        if not about or not _knows_years(question, about, document):
            return Answer(question=question, found=False, text=NOT_FOUND)
        names = names_in(question)
        entries = [by_path[path] for path in about] if names else entries
        put = without_names(without_escape(question), names)
        told = _from_passages(corpus, reader, put, entries, k, document).model_copy(update={"question": question})
        return with_value(told, document)
    return _from_passages(corpus, reader, question, entries, k, document)


def _about(corpus: Corpus, reader: Reader, question: str, entries: Sequence[Entry], document: Callable[[str], Document]) -> list[str]:
    """The paths of the documents that are about whom the question is about, among many those that fit it best, the best first."""
    names = names_in(question)
    near = [entry.path for entry in entries]
    if len(entries) > 1:
        best = [entry.path for entry, _, _ in find_chunks(corpus, reader, question, entries, NEAR)]
        near = list(dict.fromkeys([*best, *(near if len(entries) <= ALL else [])]))
    return [path for path in near if is_about(document(path), names)] if names else near


def _definite(
    corpus: Corpus, reader: Reader, question: str, paths: Sequence[str], by_path: dict[str, Entry], document: Callable[[str], Document]
) -> Answer | None:
    """The answer to a question that asks for something definite, None where it does not or the documents do not tell."""
    asked = understand(question)
    answer = answer_from_filings(question, asked, paths, document)
    if answer is not None:
        return answer

    def clauses(path: str, labels: LabelSet, label: str) -> list[Clause]:
        return candidates(corpus, reader, by_path[path], labels, only={label.casefold()}, document=document(path))

    contracts = [path for path in paths if by_path[path].domain == "legal"]
    return answer_from_contracts(question, contracts, document, reader, load_labels(LABELS_OF_DOMAIN["legal"]), clauses)


def _knows_years(question: str, paths: Sequence[str], document: Callable[[str], Document]) -> bool:
    """Whether any of the years that a question names stands in the documents; True where it names none."""
    years = {str(one.year) for one in when(question)[0]}
    return not years or any(year in document(path).text for path in paths for year in years)


def _from_passages(
    corpus: Corpus, reader: Reader, question: str, entries: Sequence[Entry], k: int, document: Callable[[str], Document]
) -> Answer:
    by_path = {entry.path: entry for entry in entries}

    @cache
    def source(path: str) -> Source:
        return source_of(corpus, reader, by_path[path])

    answer = reader.answer(question, search(corpus, reader, question, entries, k), source)
    # The reader quotes parts of passages without seeing the documents; page and headings are those of the part.
    passages = [
        passage.model_copy(update={"citation": document(passage.citation.path).cite(passage.citation.span)}) for passage in answer.passages
    ]
    return answer.model_copy(update={"passages": tuple(passages)})
