"""Ask: the sentence that answers, quoted exactly, or the statement that there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from model_reader import CONTRACT, RECIPE, fill

from longdoc.errors import UsageError
from longdoc.protocols import Reader
from longdoc.registry import load
from longdoc_pipelines.ask import ask
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import Entry


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


@pytest.fixture
def reader() -> Reader:
    """The real one: whether a sentence answers is decided by its vectors."""
    return load("readers", "embedded")()


@pytest.fixture
def entries(corpus: Corpus, reader: Reader, tmp_path: Path) -> list[Entry]:
    return fill(corpus, reader, tmp_path / "docs", contract__txt=CONTRACT, recipe__md=RECIPE)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What monthly fee does the customer pay?", "$12,500"),
        ("Which laws govern the agreement?", "State of New York"),
        ("How long is the loaf in the oven?", "forty minutes"),
    ],
)
def test_a_question_is_answered_in_the_documents_own_words(
    corpus: Corpus, reader: Reader, entries: list[Entry], question: str, words: str
) -> None:
    answer = ask(corpus, reader, question, entries)
    assert answer.found
    assert words in answer.text
    best = answer.passages[0].citation
    document = corpus.document(next(entry for entry in entries if entry.path == best.path))
    assert best == document.cite(best.span)
    assert " ".join(best.quote.split()) in answer.text


def test_a_question_that_nothing_answers_is_not_answered(corpus: Corpus, reader: Reader, entries: list[Entry]) -> None:
    answer = ask(corpus, reader, "Who won the chess championship of Iceland?", entries)
    assert (answer.found, answer.passages) == (False, ())
    assert answer.text == "Not found in these documents."


def test_without_documents_nothing_is_found(corpus: Corpus, reader: Reader) -> None:
    assert not ask(corpus, reader, "Which laws govern?", []).found


def test_an_empty_question_is_refused(corpus: Corpus, reader: Reader, entries: list[Entry]) -> None:
    with pytest.raises(UsageError, match="empty"):
        ask(corpus, reader, "", entries)
