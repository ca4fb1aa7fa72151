"""Summaries: the plan of the domain, in order, without repetition, of a length that fits the document."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from longdoc.ingest.parse import parse_bytes
from longdoc.model.plans import PLANS
from longdoc.model.sentences import split
from longdoc.model.summarize import Candidate, section_topic, summarize, usual_length
from longdoc.protocols import Reading
from longdoc.types import Clause, Document, Span, Summary

FILING = """# Annual Report

## Item 1. Business

Alder Corporation is a manufacturer of industrial pumps that it sells to water utilities in forty countries.

## Item 1A. Risk Factors

The loss of a major customer could materially reduce our sales and our profit in any year.

A failure of our information systems could disrupt our operations and expose us to claims.

## Item 7. Results of Operations

Net sales were $1,942 million in 2021, an increase of 4.1 percent, driven by higher selling prices.

Operating income rose to $301 million, or 15.5 percent of net sales, from $280 million in 2020.

Operating income rose to $301 million, or 15.5 percent of net sales, from $280 million in 2020, as noted.

## Liquidity and Capital Resources

Net cash provided by operating activities was $388 million and capital expenditures were $96 million.

## Subsequent Events

On February 3, 2022 the Company completed the acquisition of a valve maker for $240 million in cash.
"""
PAPER = """# Tagging with rules

## Introduction

The problem of tagging words is difficult because large annotated corpora are expensive to make.

In this paper we present a tagger that learns its rules from raw text without labels.

## Method

We train the tagger on a corpus of newspaper text and select rules by their error count.

## Results

The tagger reaches an accuracy of 96.5%, which is 1.2 points better than the best statistical tagger.

## Limitations

A limitation of the tagger is that it does not handle unknown words at all.
"""
PLAIN = """# Garden diary

## Spring

The beds were dug over in March and the first peas went into the ground soon after that.

## Summer

Tomatoes and beans gave more fruit in July than the whole family was able to eat.
"""


def embed(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    vectors = np.full((len(texts), 512), 1e-6, dtype=np.float32)
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.lower()):
            vectors[row, int.from_bytes(hashlib.sha256(word[:6].encode()).digest()[:2], "big") % 512] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def read(text: str, domain: str, tokens: int | None = None) -> tuple[Document, Reading]:
    document = parse_bytes(text.encode(), "a.md", domain=domain).document
    sentences = split(document)
    vectors = embed([document.text[start:end] for start, end in sentences]).astype(np.float16)
    salience = np.full(len(sentences), 0.5, dtype=np.float32)
    size = len(text.split()) if tokens is None else tokens
    return document, Reading(sentences, np.zeros(len(sentences), dtype=np.int32), vectors[:1], vectors, salience, size)


def summary_of(text: str, domain: str, sentences: int | None = None, clauses: Sequence[Clause] = ()) -> Summary:
    document, reading = read(text, domain)
    return summarize(document, reading, (), embed, sentences, clauses)


@pytest.mark.parametrize(("text", "domain"), [(FILING, "financial"), (PAPER, "research")])
def test_topics_come_in_the_plans_order_and_every_one_that_is_there_is_told(text: str, domain: str) -> None:
    topics = [statement.topic for statement in summary_of(text, domain, 16).sentences]
    order = [topic.name for topic in PLANS[domain].topics]
    assert topics == sorted(topics, key=order.index)
    assert set(order) - set(topics) <= {"outlook"}


def test_results_carry_figures_and_are_not_told_twice() -> None:
    results = [statement.text for statement in summary_of(FILING, "financial", 16).sentences if statement.topic == "results"]
    assert len(results) == 2
    assert all("$" in text for text in results)


def test_a_short_summary_says_first_what_matters_most() -> None:
    assert [statement.topic for statement in summary_of(FILING, "financial", 2).sentences] == ["business", "results"]
    assert [statement.topic for statement in summary_of(PAPER, "research", 1).sentences] == ["contribution"]


def test_a_document_of_no_domain_gives_its_lead_and_a_sentence_of_each_section() -> None:
    statements = summary_of(PLAIN, "plain", 5).sentences
    assert [statement.topic for statement in statements] == ["lead", "Summer"]


def test_a_clause_that_was_found_for_a_label_leads_its_topic_there() -> None:
    text = "# Deal\n\nThe deal shall stay in place as long as both firms want it to go on.\n\nThe firms will meet in spring each year.\n"
    document, reading = read(text, "legal")
    span = Span(start=text.index("The deal"), end=text.index("\n\nThe firms"))
    clause = Clause(label="Cap On Liability", score=1.0, citation=document.cite(span))
    topics = {statement.topic for statement in summarize(document, reading, (), embed, 8, [clause]).sentences}
    assert "risk" not in topics  # the words of the topic are missing
    clause = clause.model_copy(update={"label": "Exclusivity"})
    statements = summarize(document, reading, (), embed, 8, [clause]).sentences
    assert next(statement.text for statement in statements if statement.topic == "duties") == document.quote(span)


def test_the_length_follows_the_size_of_the_document() -> None:
    assert [usual_length(tokens) for tokens in (0, 500, 2_000, 10_000, 100_000, 5_000_000)] == [5, 5, 7, 12, 16, 16]


def test_a_document_without_a_sentence_to_quote_says_so() -> None:
    summary = summary_of("# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", "financial")
    assert summary.sentences == ()
    assert "No sentence could be quoted" in (summary.note or "")


def test_text_that_is_not_english_is_said_so() -> None:
    document, reading = read(PLAIN, "plain")
    summary = summarize(document.model_copy(update={"language": "de"}), reading, (), embed)
    assert "not English (de)" in (summary.note or "")


def test_a_statement_in_a_numbered_list_is_told_under_the_heading_in_words_above_it() -> None:
    def topic(*headings: str) -> str:
        words: frozenset[str] = frozenset()
        return section_topic(Candidate(0, Span(start=0, end=1), "", headings, words, False, False, False, 0))

    assert topic("Retention Policy", "5. Holds", "2.") == "5. Holds"
    assert topic("Retention Policy") == "Retention Policy"
    assert topic("2.", "(a)") == "text"
