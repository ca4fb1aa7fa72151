"""Who makes a contract: names with the short names that the contract gives them, and nobody else."""

from __future__ import annotations

import pytest

from longdoc.model.parties import find_parties
from longdoc.types import Clause, Document, Span


def document(text: str) -> Document:
    return Document(id="d", path="contract.txt", format="txt", text=text, domain="legal")


def named(text: str, *clauses: Clause) -> list[tuple[str, str | None]]:
    made = document(text)
    parties = find_parties(made, clauses)
    assert all(" ".join(made.quote(party.span).split()) == party.name for party in parties)
    return [(party.name, party.role) for party in parties]


def found(text: str, name: str, score: float) -> Clause:
    start = text.index(name)
    return Clause(label="Parties", score=score, citation=document(text).cite(Span(start=start, end=start + len(name))))


@pytest.mark.parametrize(
    ("text", "parties"),
    [
        (
            'This Agreement is made by and between Acme Tools, Inc., a Delaware corporation (the "Supplier"), and Birch LLC ("Birch").',
            [("Acme Tools, Inc.", "Supplier"), ("Birch LLC", "Birch")],
        ),
        (
            "THIS LEASE is between Oak Research and Engineering Company, having offices at 1 Elm Rd (“Oak”); and Pine University (“Pine”).",
            [("Oak Research and Engineering Company", "Oak"), ("Pine University", "Pine")],
        ),
        (
            'between Elm Foods, LLC ("Elm"), a Delaware limited liability company with offices at 4 Ash Lane and FIR CORPORATION ("Fir").',
            [("Elm Foods, LLC", "Elm"), ("FIR CORPORATION", "Fir")],
        ),
        (
            'among Larch plc ("Larch"), Yew GmbH ("Yew") and Hazel S.A. ("Hazel" and together with Larch and Yew, the "Group").',
            [("Larch plc", "Larch"), ("Yew GmbH", "Yew"), ("Hazel S.A.", "Hazel")],
        ),
    ],
)
def test_a_party_is_what_a_parenthesis_behind_its_name_gives_a_short_name(text: str, parties: list[tuple[str, str | None]]) -> None:
    assert named(text) == parties


def test_dates_acts_and_the_agreement_itself_are_no_parties() -> None:
    text = (
        'This Supply Agreement (the "Agreement") is made on May 1, 2020 (the "Effective Date") between Acme, Inc. ("Acme") and Birch Ltd. '
        '("Birch") (each a "Party" and together the "Parties").\n\nWHEREAS, Birch is registered under the Investment Company Act of 1940 '
        '("1940 Act") and owned by Cedar Corporation ("Cedar");'
    )
    assert named(text) == [("Acme, Inc.", "Acme"), ("Birch Ltd.", "Birch")]


def test_a_part_of_a_party_is_none() -> None:
    text = (
        'Agreement by Acme, Inc. ("Acme"), approved by the Board of Directors of the Company (the "Board") and its committee ("Committee").'
    )
    assert named(text) == [("Acme, Inc.", "Acme")]


def test_a_person_is_a_party_where_the_extractor_vouches_for_the_name() -> None:
    text = 'Agreement between Golf Makers Incorporated ("Company") and Jo Sample ("Sample").'
    assert named(text) == [("Golf Makers Incorporated", "Company")]
    assert named(text, found(text, "Jo Sample", 0.9)) == [("Golf Makers Incorporated", "Company"), ("Jo Sample", "Sample")]


def test_a_name_without_a_short_name_needs_a_sure_clause_and_a_legal_form() -> None:
    text = "Agreement of Acme Tools, Inc. and Birch Retail LLC about the common stock of Cedar Holdings, Inc. and others."
    sure = [found(text, name, 0.9) for name in ("Acme Tools, Inc.", "Birch Retail LLC", "Cedar Holdings, Inc.")]
    assert named(text, *sure) == [("Acme Tools, Inc.", None), ("Birch Retail LLC", None)]
    assert named(text, found(text, "Acme Tools, Inc.", 0.6)) == []
