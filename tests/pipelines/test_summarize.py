"""Summaries of many documents: cited, kept, at the path asked for; and what a folder holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from model_reader import CONTRACT, RECIPE, ModelReader, fill

from longdoc.errors import UsageError
from longdoc_pipelines.overview import overview, readable
from longdoc_pipelines.summarize import summarize
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import Entry

OTHER = CONTRACT.replace("Birch Retail LLC", "Cedar Farms Ltd").replace("State of New York", "State of Texas")


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


@pytest.fixture
def reader() -> ModelReader:
    return ModelReader()


@pytest.fixture
def entries(corpus: Corpus, reader: ModelReader, tmp_path: Path) -> list[Entry]:
    return fill(corpus, reader, tmp_path / "docs", contract__txt=CONTRACT, recipe__md=RECIPE, other__txt=OTHER)


def test_every_statement_stands_in_its_document(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    for entry, summary in zip(entries, summarize(corpus, reader, entries), strict=True):
        document = corpus.document(entry)
        assert summary.path == entry.path
        assert summary.sentences
        for statement in summary.sentences:
            assert statement.citation == document.cite(statement.citation.span)
            assert statement.text == " ".join(statement.citation.quote.split())


def test_a_summary_is_made_once_for_each_length_and_reader(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    first = list(summarize(corpus, reader, entries))
    assert list(summarize(corpus, reader, entries)) == first
    assert len(reader.summarized) == len(entries)
    short = list(summarize(corpus, reader, entries, sentences=1))
    assert [len(summary.sentences) for summary in short] == [1, 1, 1]
    assert len(reader.summarized) == 2 * len(entries)


def test_the_same_content_at_two_paths_has_its_own_path_in_each_summary(
    corpus: Corpus, reader: ModelReader, entries: list[Entry], tmp_path: Path
) -> None:
    copy = fill(corpus, reader, tmp_path / "copies", contract__txt=CONTRACT)
    first, second = summarize(corpus, reader, [entries[0], *copy])
    assert reader.summarized == [entries[0].path]
    assert second.path == copy[0].path
    assert {statement.citation.path for statement in second.sentences} == {copy[0].path}
    assert [statement.text for statement in second.sentences] == [statement.text for statement in first.sentences]


def test_no_sentence_at_all_is_refused(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    with pytest.raises(UsageError, match="at least 1 sentence, got 0"):
        list(summarize(corpus, reader, entries, sentences=0))


def test_an_overview_counts_names_and_compares_with_citations(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    statements = overview(corpus, reader, entries)
    assert statements[0].text.startswith("2 contracts: ")
    assert "contract.txt" in statements[0].text
    assert "other.txt" in statements[0].text
    law = next(statement for statement in statements if statement.text.startswith("Governing Law: "))
    assert law.text == "Governing Law: New York in contract.txt, other.txt."
    for statement in statements:
        assert statement.citations
        for citation in statement.citations:
            entry = next(entry for entry in entries if entry.path == citation.path)
            assert citation == corpus.document(entry).cite(citation.span)


def test_one_document_has_no_overview(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    assert overview(corpus, reader, entries[:1]) == []


@pytest.mark.parametrize(
    ("value", "words"), [("P2Y", "2 years"), ("P1Y6M", "1 year, 6 months"), ("P90D", "90 days"), ("New York", "New York"), ("P", "P")]
)
def test_durations_are_told_in_words(value: str, words: str) -> None:
    assert readable(value) == words
