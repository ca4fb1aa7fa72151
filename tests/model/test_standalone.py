"""Sentences that stand alone: who is meant stands in brackets behind the word, from the document's own definitions, where it is certain."""

from __future__ import annotations

import pytest

from longdoc.model.parties import find_parties
from longdoc.model.standalone import names_of, stand_alone
from longdoc.types import Document, Span, Statement

CONTRACT = """SUPPLY AGREEMENT

This Supply Agreement (the "Agreement") is made by and between Acme Tools, Inc., a Delaware corporation ("Licensor"), and Birch LLC, an
Ohio company ("Licensee").

Licensee shall pay the royalties within thirty days. It shall not deduct any tax from them.

Licensor and Licensee shall meet each year. They shall keep minutes.

In no event shall Licensor be liable for lost profits. It shall insure the goods against fire.

Licensee Products remain with the other side. The Licensor may end this licence for cause.

Upon a breach by Licensee, Licensor may claim damages. It may also end the licence.

This Agreement is governed by the laws of Ohio.
"""
FILING = "We sold the division in May.\n\nThe Company employs 400 people.\n\nOur plant is in Ohio.\n"


def standing(text: str, sentence: str, company: str | None = None) -> Statement:
    document = Document(id="d", path="a.txt", format="txt", text=text, domain="legal")
    start = text.index(sentence)
    statement = Statement(text=sentence, citation=document.cite(Span(start=start, end=start + len(sentence))))
    place = text.index(company) if company else 0
    registrant = document.cite(Span(start=place, end=place + len(company))) if company else None
    made = stand_alone(document, statement, names_of(document, find_parties(document), registrant))
    assert made.citation == statement.citation
    assert made.own_words == sentence
    for inserted in made.inserted:
        assert made.text[inserted.start : inserted.end] == f"[{' '.join(inserted.citation.quote.split())}]"
        assert document.quote(inserted.citation.span) == inserted.citation.quote
    return made


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Licensee shall pay the royalties within thirty days.", "Licensee [Birch LLC] shall pay the royalties within thirty days."),
        ("It shall not deduct any tax from them.", "It [Birch LLC] shall not deduct any tax from them."),
        ("The Licensor may end this licence for cause.", "The Licensor [Acme Tools, Inc.] may end this licence for cause."),
        ("This Agreement is governed by the laws of Ohio.", "This Agreement [Supply Agreement] is governed by the laws of Ohio."),
    ],
)
def test_who_is_meant_is_put_behind_the_first_words(sentence: str, text: str) -> None:
    assert standing(CONTRACT, sentence).text == text


@pytest.mark.parametrize(
    "sentence",
    [
        "Licensor and Licensee shall meet each year.",
        "They shall keep minutes.",
        "It shall insure the goods against fire.",
        "It may also end the licence.",
        "Licensee Products remain with the other side.",
    ],
)
def test_a_sentence_is_left_as_it_is_where_nothing_is_certain(sentence: str) -> None:
    assert standing(CONTRACT, sentence).inserted == ()


def test_we_and_the_company_are_the_registrant_of_a_filing() -> None:
    text = f"ALDER CORPORATION\n\n{FILING}"
    company = "ALDER CORPORATION"
    assert standing(text, "We sold the division in May.", company).text == "We [ALDER CORPORATION] sold the division in May."
    assert standing(text, "The Company employs 400 people.", company).text == "The Company [ALDER CORPORATION] employs 400 people."
    assert standing(text, "Our plant is in Ohio.", company).inserted == ()
    assert standing(text, "We sold the division in May.").inserted == ()
