"""Extract: label sets by domain, thresholds, the labels wanted, and candidates that are found once."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_reader import CONTRACT, RECIPE, ModelReader, fill

from longdoc.errors import UnknownNameError, UsageError
from longdoc.labels import Label, LabelSet
from longdoc.types import Outcome
from longdoc_pipelines.extract import extract
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import Entry

MINE = LabelSet(name="mine", labels=(Label(name="Word", description="any"), Label(name="Governing Law", description="law")))


@pytest.fixture
def entries(corpus: Corpus, reader: ModelReader, tmp_path: Path) -> list[Entry]:
    return fill(corpus, reader, tmp_path / "docs", contract__txt=CONTRACT, recipe__md=RECIPE)


def test_the_domain_chooses_the_label_set_and_what_has_none_is_reported(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    skipped: list[Outcome] = []
    clauses = list(extract(corpus, reader, entries, on_skip=skipped.append))
    assert {clause.citation.path for clause in clauses} == {entries[0].path}
    assert "Governing Law" in {clause.label for clause in clauses}
    assert [(outcome.path, outcome.outcome, outcome.stage) for outcome in skipped] == [(entries[1].path, "skipped", "extract")]
    assert "--labels" in (skipped[0].reason or "")


def test_a_label_set_that_is_named_serves_every_document(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    skipped: list[Outcome] = []
    clauses = list(extract(corpus, reader, entries, MINE, on_skip=skipped.append))
    assert {clause.citation.path for clause in clauses} == {entry.path for entry in entries}
    assert not skipped


def test_clauses_come_by_document_then_label_then_score(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    clauses = list(extract(corpus, reader, entries[:1], MINE, min_score=0))
    assert [clause.label for clause in clauses] == ["Word"] * 50 + ["Governing Law"] * 2
    scores = [clause.score for clause in clauses[:50]]
    assert scores == sorted(scores, reverse=True)


def test_without_a_score_the_readers_own_threshold_holds_for_each_label(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    labels = [clause.label for clause in extract(corpus, reader, entries[:1], MINE)]
    assert labels == ["Word", "Governing Law", "Governing Law"]
    assert len(list(extract(corpus, reader, entries[:1], MINE, min_score=0.85))) == 8


def test_only_names_the_labels_wanted_whatever_their_case(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    assert {clause.label for clause in extract(corpus, reader, entries, only=["governing law"])} == {"Governing Law"}
    with pytest.raises(UnknownNameError, match="did you mean 'Governing Law'"):
        list(extract(corpus, reader, entries, only=["Governing Laws"]))


def test_candidates_are_found_once_a_document_label_set_and_reader(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    first = list(extract(corpus, reader, entries, MINE))
    again = list(extract(corpus, reader, entries, MINE))
    assert again == first
    assert len(reader.extracted) == len(entries)
    list(extract(corpus, reader, entries, MINE.model_copy(update={"version": 2})))
    assert len(reader.extracted) == 2 * len(entries)


def test_a_score_outside_zero_to_one_is_refused(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    with pytest.raises(UsageError, match="between 0 and 1, got 50"):
        list(extract(corpus, reader, entries, min_score=50))
