"""Summaries of many documents: cited, kept, at the path asked for; and what a folder holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_reader import CONTRACT, RECIPE, ModelReader, fill

from longdoc.errors import UsageError
from longdoc.model.summarize import usual_length
from longdoc.types import Outcome
from longdoc_pipelines.facts.shown import readable
from longdoc_pipelines.overview import overview
from longdoc_pipelines.summarize import Wishes, summarize
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import Entry

PLACES = ("attic boiler cellar drain engine fence garage hall inlet jetty", "kitchen lift motor nursery office porch quay roof stairs tank")
ACTS = ("wax oil paint mend test seal dust lock heat cool", "light drain sweep scrub polish rinse label count weigh inspect")
DUTIES = list(zip(range(6, 26), " ".join(PLACES).split(), " ".join(ACTS).split(), strict=True))
OTHER = CONTRACT.replace("Birch Retail LLC", "Cedar Farms Ltd").replace("State of New York", "State of Texas")


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
            assert statement.own_words == " ".join(statement.citation.quote.split())
            for inserted in statement.inserted:
                assert document.cite(inserted.citation.span) == inserted.citation


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


def test_a_length_and_a_number_of_sentences_contradict_each_other(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    with pytest.raises(UsageError, match="contradict each other"):
        list(summarize(corpus, reader, entries, sentences=3, length="short"))
    with pytest.raises(UsageError, match="short, medium, long, got 'tiny'"):
        Wishes(length="tiny")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="focus of a summary is empty"):
        Wishes(focus=" ")


def test_short_and_long_are_half_and_twice_what_is_usual() -> None:
    usual = usual_length(40_000)
    assert Wishes().most(40_000) is Wishes(length="medium").most(40_000) is None
    assert (Wishes(length="short").most(40_000), Wishes(length="long").most(40_000)) == (round(usual / 2), 2 * usual)
    assert Wishes(length="short").most(10) == 3


def test_a_long_summary_says_more_of_each_topic_and_a_short_one_less(corpus: Corpus, reader: ModelReader, tmp_path: Path) -> None:
    said = "\n\n".join(f"{number}. Duty {number}\n\nProvider shall clean the {place} and {act} it." for number, place, act in DUTIES)
    entry = fill(corpus, reader, tmp_path / "long", duties__txt=CONTRACT + said)
    counts = [len(next(summarize(corpus, reader, entry, length=length)).sentences) for length in ("short", "medium", "long")]
    assert counts == sorted(set(counts))


def test_a_focus_chooses_what_is_said_of_it_and_nothing_else(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    (summary,) = summarize(corpus, reader, entries[:1], focus="monthly fee invoice")
    assert [statement.own_words.split()[0] for statement in summary.sentences] == ["Customer"]
    assert summary.sentences[0].topic == "monthly fee invoice"
    (nothing,) = summarize(corpus, reader, entries[:1], focus="volcanic eruptions")
    assert (nothing.sentences, nothing.note) == ((), "No sentence speaks of 'volcanic eruptions'.")


def test_a_section_is_summarized_alone_and_told(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    document = corpus.document(entries[0])
    (summary,) = summarize(corpus, reader, entries[:1], section="Fees")
    section = next(section for section in document.sections if section.title == "Fees")
    assert summary.sentences
    assert all(section.span.contains(statement.citation.span) for statement in summary.sentences)
    assert summary.coverage is not None
    assert summary.coverage.section == "3. Fees"
    (same,) = summarize(corpus, reader, entries[:1], section="3.")
    assert same.sentences == summary.sentences


def test_a_section_that_is_not_there_is_an_error_with_the_headings_near_it(
    corpus: Corpus, reader: ModelReader, entries: list[Entry]
) -> None:
    with pytest.raises(UsageError, match=r"no section 'Terminations and such'. Near it: 4. Termination; "):
        list(summarize(corpus, reader, entries[:1], section="Terminations and such"))


def test_of_several_documents_those_without_the_section_are_told_and_left_out(
    corpus: Corpus, reader: ModelReader, entries: list[Entry]
) -> None:
    told: list[Outcome] = []
    made = list(summarize(corpus, reader, entries, section="Baking", on_failure=told.append))
    assert [summary.path for summary in made] == [entries[1].path]
    assert [(outcome.path, outcome.outcome) for outcome in told] == [(entries[0].path, "skipped"), (entries[2].path, "skipped")]
    with pytest.raises(UsageError, match="no section 'Volcanoes'"):
        list(summarize(corpus, reader, entries, section="Volcanoes", on_failure=told.append))


def test_a_summary_has_the_facts_of_its_document_and_what_was_read(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    contract, recipe, _ = summarize(corpus, reader, entries)
    assert {"Party", "Governing law"} <= {fact.name for fact in contract.facts}
    for fact in contract.facts:
        assert corpus.document(entries[0]).cite(fact.citation.span) == fact.citation
    assert recipe.facts == ()
    assert contract.coverage is not None
    assert (contract.coverage.tokens, contract.coverage.pages, contract.coverage.section) == (entries[0].tokens, None, None)


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
