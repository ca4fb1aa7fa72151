"""A contract's facts: each where the contract says it, none where the clause says something else."""

from __future__ import annotations

import pytest

from longdoc.ingest.parse import parse_bytes
from longdoc.labels import load_labels
from longdoc.model.values import read_value
from longdoc.types import Clause, Document, KeyFact, Span
from longdoc_pipelines.facts.legal import legal_facts

HEAD = """SERVICES AGREEMENT

This Services Agreement is made on March 1, 2021 by and between Alder Systems, Inc., a Delaware corporation ("Provider"), and Birch
Retail LLC, a New York limited liability company ("Customer").

"""
LABELS = load_labels("cuad")


def facts(text: str, **passages: str) -> list[KeyFact]:
    """The facts of a contract in which these passages (label with underscores = words) were found with certainty."""
    document = parse_bytes((HEAD + text).encode(), "contract.txt", domain="legal").document
    clauses = [clause(document, LABELS.label(name.replace("_", " ")).name, words) for name, words in passages.items()]
    found = legal_facts(document, clauses)
    for fact in found:
        assert document.cite(fact.citation.span) == fact.citation
    return found


def clause(document: Document, label: str, words: str, score: float = 0.9) -> Clause:
    start = document.text.index(words)
    span = Span(start=start, end=start + len(words))
    value = read_value(document, span, LABELS.label(label).answer, label)
    return Clause(label=label, score=score, citation=document.cite(span), value=value)


def said(found: list[KeyFact], name: str) -> list[tuple[str, str | None]]:
    return [(fact.value, fact.normalised) for fact in found if fact.name == name]


def test_parties_have_their_roles_and_dates_are_normalised() -> None:
    found = facts("", agreement_date="March 1, 2021")
    assert said(found, "Party") == [
        ("Alder Systems, Inc. (Provider)", "Alder Systems, Inc."),
        ("Birch Retail LLC (Customer)", "Birch Retail LLC"),
    ]
    assert said(found, "Agreement date") == [("March 1, 2021", "2021-03-01")]


def test_an_effective_date_must_be_called_so() -> None:
    assert said(facts("", effective_date="March 1, 2021"), "Effective date") == []
    named = 'The services begin on April 5, 2021 (the "Effective Date").\n'
    assert said(facts(named), "Effective date") == [("April 5, 2021", "2021-04-05")]
    told = "This Agreement becomes effective on April 5, 2021.\n"
    assert said(facts(told, effective_date="April 5, 2021"), "Effective date") == [("April 5, 2021", "2021-04-05")]


def test_a_contract_ends_on_a_day_or_after_a_term_but_not_after_a_notice() -> None:
    day = "This Agreement continues until December 31, 2025."
    assert said(facts(day, expiration_date=day), "Expiration date") == [("December 31, 2025", "2025-12-31")]
    named = "Launch Date: May 1, 2021\n\nExpiration Date: August 31, 2023\n"
    assert said(facts(named), "Expiration date") == [("August 31, 2023", "2023-08-31")]
    term = "The initial term of this Agreement is three (3) years from the Effective Date."
    assert said(facts(term, expiration_date=term), "Term") == [("three (3) years", "P3Y")]
    notice = "Either party may end this Agreement upon ninety (90) days' notice."
    assert said(facts(notice, expiration_date=notice), "Term") == []


def test_a_renewal_is_told_apart_from_the_notice_against_it() -> None:
    text = "This Agreement renews for successive one-year terms unless a party gives ninety (90) days' notice before the end of a term."
    found = facts(text, renewal_term=text, notice_period_to_terminate_renewal=text)
    assert said(found, "Renewal") == [("one-year", "P1Y")]
    assert said(found, "Notice of non-renewal") == [("ninety (90) days", "P90D")]
    first = "This Agreement shall be for a term of one year from its date."
    assert said(facts(first, renewal_term=first), "Renewal") == []


@pytest.mark.parametrize(
    ("clause_text", "cap"),
    [
        ("In no event shall the liability of a party exceed $250,000.", ("$250,000", "USD 250000")),
        (
            "Total liability shall not exceed the greater of $2,000,000 and the fees paid in the twelve months before the claim.",
            ("the greater of $2,000,000 and the fees paid in the twelve months before the claim", None),
        ),
        (
            "Its liability is limited to the fees paid under this Agreement.",
            ("the fees paid under this Agreement", None),
        ),
    ],
)
def test_a_cap_on_liability_is_a_sum_or_a_measure(clause_text: str, cap: tuple[str, str | None]) -> None:
    assert said(facts(clause_text, cap_on_liability=clause_text), "Liability cap") == [cap]


def test_a_cap_that_was_found_in_part_is_told_to_the_end_of_its_sentence() -> None:
    found = "The liability of either Party shall not exceed the greater of $5,000,000 and two times the Fees paid under this"
    text = f"{found}\nAgreement in the year before. Nothing else is limited."
    whole = "the greater of $5,000,000 and two times the Fees paid under this Agreement in the year before"
    assert said(facts(text, cap_on_liability=found), "Liability cap") == [(whole, None)]


def test_that_some_damages_are_excluded_is_no_cap_and_an_unclear_scale_is_no_sum() -> None:
    excluded = "Neither party is liable for indirect damages arising from the loss of a $500,000 machine."
    assert said(facts(excluded, cap_on_liability=excluded), "Liability cap") == []
    unclear = "Its liability shall not exceed $5 m in any year."
    assert said(facts(unclear, cap_on_liability=unclear), "Liability cap") == []


def test_sums_are_told_by_their_names_unless_a_name_has_two_sums() -> None:
    text = "Customer shall pay an annual license fee of $40,000. The purchase price is $900,000.\n\n"
    assert said(facts(text), "Annual license fee") == [("$40,000", "USD 40000")]
    assert said(facts(text), "Purchase price") == [("$900,000", "USD 900000")]
    assert said(facts(text + "The purchase price is $800,000 if paid early.\n"), "Purchase price") == []
    assert said(facts("There is no annual fee of $100.\n"), "Annual fee") == []


def test_the_law_is_a_place_and_a_doubtful_clause_tells_none() -> None:
    text = "This Agreement is governed by the laws of the State of Oregon."
    assert said(facts(text, governing_law=text), "Governing law") == [("Oregon", "Oregon")]
    document = parse_bytes((HEAD + text).encode(), "contract.txt", domain="legal").document
    assert said(legal_facts(document, [clause(document, "Governing Law", text, 0.3)]), "Governing law") == []
