"""Answers: the sentence among the passages that holds the question's words and meaning, or none."""

from __future__ import annotations

import numpy as np
import pytest

from longdoc.model.answer import Judgement, best_sentences, counts, coverage, fits, folded, question_terms, sentences_of
from longdoc.types import Citation, Passage, Span


def test_names_and_numbers_of_a_question_count_double_and_common_words_do_not_count() -> None:
    assert question_terms("What did Birch pay in 2019 for the goods?") == {"birch": 2.0, "pay": 1.0, "2019": 2.0, "good": 1.0}


@pytest.mark.parametrize(("one", "other"), [("terminated", "termination"), ("3M's", "3M"), ("fees", "Fee"), ("liability", "liabilities")])
def test_inflections_of_a_word_meet(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_headings_and_the_files_name_cover_words_of_the_question() -> None:
    span = Span(start=0, end=20)
    citation = Citation(document_id="x", path="docs/Birch_2019.pdf", span=span, quote="Sales were $5 million.", heading_path=("Revenue",))
    terms = question_terms("What revenue did Birch have in 2019?")
    assert coverage(terms, citation, citation.quote) == 1.0
    assert coverage({}, citation, citation.quote) == 0.0


def test_a_table_is_taken_row_by_row() -> None:
    table = "Net sales      1,942   1,873\nCost of sales  1,204   1,166\nGross profit     738     707"
    assert [table[start:end] for start, end in sentences_of(table)] == table.split("\n")


def test_a_heading_goes_with_the_sentence_after_it_and_a_line_of_contents_is_no_sentence() -> None:
    text = "9.2 Termination. Customer may terminate this agreement at any time. Supplier may not terminate it before the second year."
    assert [text[start:end][:15] for start, end in sentences_of(text)] == ["9.2 Termination", "Supplier may no"]
    assert sentences_of("Article 9. Termination . . . . . . . . . . . . . . . 6") == []


def test_a_long_heading_goes_with_the_sentence_after_it_too() -> None:
    text = (
        "ARTICLE 2 CONFIDENTIALITY Section 2.1 Confidentiality Obligation. Each party keeps it secret for two years. It ends then at once."
    )
    assert [text[start:end].split()[-1] for start, end in sentences_of(text)] == ["years.", "once."]


def test_a_hanging_indent_does_not_cut_a_sentence_in_two() -> None:
    text = "The total liability of either\n      Party under this agreement shall not exceed two million dollars in all."
    assert sentences_of(text) == [(0, len(text))]


@pytest.mark.parametrize(
    ("question", "sentence", "fitting"),
    [
        ("When must the supplier report?", "It reports within forty-eight (48) hours.", True),
        ("How long does it last?", "It lasts for three years.", True),
        ("When must the supplier report?", "It pays the costs of a report.", False),
        ("When must the supplier report?", "It pays for three years of monitoring.", False),
        ("How much is the fee?", "The fee is $40.", True),
        ("How much is the fee?", "The fee is agreed in an order.", False),
        ("Who reports?", "It reports within 48 hours.", False),
    ],
)
def test_a_sentence_fits_that_names_the_time_or_amount_asked_for(question: str, sentence: str, fitting: bool) -> None:
    assert fits(question, sentence) is fitting


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("At year end we had approximately 9,200 full-time and part-time employees.", True),
        ("We employed nearly 125,000 people in three countries.", True),
        ("Employees who attain 25 years of service receive shares.", False),
        ("An employee was hired in 2016 to lead the plan.", False),
        ("Our employees have a wide array of benefits.", False),
    ],
)
def test_how_many_is_told_by_a_number_of_them(sentence: str, told: bool) -> None:
    assert counts("How many employees does the company have?", sentence) is told


def test_a_question_that_asks_for_no_number_is_told_by_none() -> None:
    assert not counts("Who are the employees?", "We had 9,200 employees.")


def test_a_list_of_exhibits_answers_after_what_says_something() -> None:
    texts = (
        "Employment Agreement with J. Doe (incorporated by reference to Exhibit 10.2 of Form 10-K).",
        "The employment agreement with J. Doe ends in May 2030 and is renewed by both.",
    )
    passages = [
        Passage(rank=rank, score=0.5, citation=Citation(document_id="x", path="x", span=Span(start=0, end=len(text)), quote=text))
        for rank, text in enumerate(texts, start=1)
    ]
    alike = np.ones((3, 1), dtype=np.float32)
    best = best_sentences("What is the employment agreement with J. Doe?", passages, lambda texts: alike, Judgement())
    assert [one.passage.rank for one in best] == [2, 1]
