from __future__ import annotations

import math

import numpy as np
import pytest
from corpus_samples import make_document
from hypothesis import given, settings
from hypothesis import strategies as st

from longdoc_stores.lexical import Bm25, Words, analyse, normalise, query_words, score, unpack


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("What is the governing law?", ["govern", "law"]),
        ("capital expenditures", ["capit", "expenditur"]),
        ("net sales of 1,577 in FY18", ["1577", "2018", "net", "sale"]),
        ("the who", ["the", "who"]),
        ("Café CAFE", ["cafe"]),
        ("", []),
        ('" OR * NEAR(', ["near"]),
        ("law \udcff", ["law"]),
    ],
)
def test_a_query_is_its_stems_without_stop_words(query: str, words: list[str]) -> None:
    assert query_words(query) == words


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1,577", "1577"),
        ("$12,345,678.90", "$12345678.90"),
        ("items 1,2,3", "items 1,2,3"),
        ("1,5770", "1,5770"),
        ("FY2018", "2018"),
        ("FY18", "2018"),
        ("FY 2018 results", "2018 results"),
        ("fy'18", "2018"),
        ("DEFY18", "DEFY18"),
        ("FY20182", "FY20182"),
    ],
)
def test_figures_and_fiscal_years_have_one_spelling(text: str, same: str) -> None:
    assert normalise(text) == same


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text_is_a_query(text: str) -> None:
    assert isinstance(query_words(text), list)


TEXT = "# Fees\nThe fee is 100. The fee is due.\nLate fees bear interest.\n# Term\nTwo years from signature.\n"


def words_of(text: str) -> Words:
    return analyse(*make_document(text))


def slow_score(texts: list[list[tuple[list[str], list[str]]]], query: list[str], bm25: Bm25) -> dict[tuple[int, int], float]:
    """The formula in the docstring of lexical.py, word by word; texts[document][chunk] = (heading stems, text stems)."""
    chunks = {(document, chunk): pair for document, pairs in enumerate(texts) for chunk, pair in enumerate(pairs)}
    sizes = {place: bm25.heading_weight * len(heading) + len(text) for place, (heading, text) in chunks.items()}
    mean = sum(sizes.values()) / len(sizes)
    scores: dict[tuple[int, int], float] = {}
    for word in query:
        holding = [place for place, (heading, text) in chunks.items() if word in heading + text]
        rarity = math.log(1 + (len(chunks) - len(holding) + 0.5) / (len(holding) + 0.5))
        for place in holding:
            heading, text = chunks[place]
            times = bm25.heading_weight * heading.count(word) + text.count(word)
            norm = bm25.k1 * (1 - bm25.b + bm25.b * sizes[place] / mean)
            scores[place] = scores.get(place, 0.0) + rarity * times * (bm25.k1 + 1) / (times + norm)
    return scores


def test_scores_are_those_of_the_formula() -> None:
    bm25 = Bm25(heading_weight=0.5)
    first, second = words_of(TEXT), words_of("Fee and interest. Interest of five percent.\n")
    stems = [
        [
            (["fee"], ["the", "fee", "is", "100", "the", "fee", "is", "due"]),
            (["fee"], ["late", "fee", "bear", "interest"]),
            (["term"], ["two", "year", "from", "signatur"]),
        ],
        [([], ["fee", "and", "interest", "interest", "of", "five", "percent"])],
    ]
    query = ["fee", "interest", "nowhere", "term"]
    lengths, starts = np.concatenate([first.lengths, second.lengths]), (0, len(first.lengths))
    postings = []
    for word in query:
        holding = [(start, words.postings[word]) for start, words in zip(starts, (first, second), strict=True) if word in words.postings]
        postings.append(unpack(np.array([start for start, _ in holding], dtype=np.int64), [data.tobytes() for _, data in holding]))
    scores = score(postings, lengths, bm25)
    got = {(place >= starts[1], place - starts[place >= starts[1]]): float(scores[place]) for place in np.flatnonzero(scores).tolist()}
    assert got == pytest.approx(slow_score(stems, query, bm25))


def test_lengths_count_heading_and_text_apart() -> None:
    assert words_of(TEXT).lengths.tolist() == [[1, 8], [1, 4], [1, 4]]


def test_a_document_without_chunks_has_no_words() -> None:
    words = words_of("")
    assert (dict(words.postings), words.lengths.shape) == ({}, (0, 2))
    assert len(score([], words.lengths, Bm25())) == 0


def test_a_word_a_thousand_times_does_not_spill_into_its_neighbours() -> None:
    document, chunks = make_document("fee " * 1000 + "\nfee\n")
    packed = analyse(document, chunks).postings["fee"]
    assert (packed >> np.uint32(12)).tolist() == [0, 1]
    assert (packed & np.uint32(255)).tolist() == [255, 1]
    assert (packed >> np.uint32(8) & np.uint32(15)).tolist() == [0, 0]
