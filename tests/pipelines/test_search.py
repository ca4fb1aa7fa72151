"""Search: words and vectors fused, within the documents named and no others; every passage is exact."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_reader import CONTRACT, RECIPE, ModelReader, fill

from longdoc.errors import UsageError
from longdoc_pipelines.fusion import blend, fuse, with_pairs
from longdoc_pipelines.search import search
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import ChunkHit, Entry


@pytest.fixture
def entries(corpus: Corpus, reader: ModelReader, tmp_path: Path) -> list[Entry]:
    return fill(corpus, reader, tmp_path / "docs", contract__txt=CONTRACT, recipe__md=RECIPE)


def test_the_passage_that_answers_comes_first_and_is_exact(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    passages = search(corpus, reader, "monthly fee of the provider", entries)
    assert "$12,500" in passages[0].citation.quote
    for entry in entries:
        text = corpus.document(entry).text
        for passage in passages:
            span = passage.citation.span
            assert passage.citation.path != entry.path or text[span.start : span.end] == passage.citation.quote


def test_ranks_count_from_one_and_scores_fall_from_at_most_one(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    passages = search(corpus, reader, "bake the loaf", entries)
    assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1


def test_only_the_documents_named_are_searched(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    passages = search(corpus, reader, "bake the loaf in a hot oven", entries[:1])
    assert {passage.citation.path for passage in passages} == {entries[0].path}


def test_k_limits_the_list_and_must_be_positive(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    assert len(search(corpus, reader, "agreement", entries, k=1)) == 1
    with pytest.raises(UsageError, match="at least 1, got 0"):
        search(corpus, reader, "agreement", entries, k=0)


def test_an_empty_query_is_refused_and_no_documents_give_no_passages(corpus: Corpus, reader: ModelReader, entries: list[Entry]) -> None:
    with pytest.raises(UsageError, match="query is empty"):
        search(corpus, reader, " \n", entries)
    assert search(corpus, reader, "agreement", []) == []


def test_what_both_lists_have_beats_what_one_has_first(entries: list[Entry]) -> None:
    entry = entries[0]
    words = [ChunkHit(entry, 5, 9.0), ChunkHit(entry, 7, 8.0)]
    vectors = [ChunkHit(entry, 2, 0.9), ChunkHit(entry, 7, 0.8)]
    fused = fuse([words, vectors])
    assert [chunk for _, chunk, _ in fused] == [7, 2, 5]
    assert fuse([words, words])[0][2] == pytest.approx(1.0)


def test_scores_are_blended_each_list_within_its_own_range(entries: list[Entry]) -> None:
    entry = entries[0]
    words = [ChunkHit(entry, 5, 8.0), ChunkHit(entry, 7, 6.0)]
    vectors = [ChunkHit(entry, 2, 0.9), ChunkHit(entry, 7, 0.8), ChunkHit(entry, 9, 0.7)]
    blended = [(chunk, round(score, 3)) for _, chunk, score in blend(words, vectors)]
    assert blended == [(7, 0.625), (2, 0.5), (5, 0.5), (9, 0.0)]
    assert [(chunk, score) for _, chunk, score in blend(words[:1], vectors[:1])] == [(2, 0.5), (5, 0.5)]
    assert blend([], []) == []


def test_neighbours_of_the_query_that_are_neighbours_in_the_text_raise_its_score() -> None:
    texts = ["the cap on liability", "liability without a cap", "capped, liability", "nothing of it"]
    raised = with_pairs("cap on liability", texts, [0.5] * 4)
    assert raised[0] == raised[2] == max(raised)  # stop words and endings apart
    assert raised[1] == raised[3] == min(raised)
    assert max(with_pairs("cap on liability", texts[:1], [1.0])) == pytest.approx(1.0)
    assert with_pairs("liability", texts, [0.5] * 4) == [pytest.approx(0.5 / 1.2)] * 4
