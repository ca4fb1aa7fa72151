"""Values that cannot be compared, or are more than one."""

from __future__ import annotations

from typing import Any

import pytest
from judging import TEXT, clause, document, evidence, loaded, verdict

from longdoc_pipelines.review.likeness import Likeness


def judged(label: str, text: str, values: dict[str, str], test: dict[str, Any]) -> Any:
    rule = {"label": label, "values": values, "test": test}
    found = document(f"AGREEMENT\n\n1. The Clause\n\n{text}\n")
    return verdict(evidence(loaded(rule), found, [clause(found, label, text)]))


@pytest.mark.parametrize(
    ("label", "text", "values", "test", "part"),
    [
        (
            "Expiration Date",
            "This Agreement continues for three (3) years.",
            {"expiry": "date"},
            {"expiry": {"after": "as_of"}},
            "the expiry is 3 years, a length of time and no date",
        ),
        (
            "Expiration Date",
            "This Agreement lasts until it is ended by a party.",
            {"expiry": "date"},
            {"expiry": {"after": "as_of"}},
            "the expiry is not stated, or could not be read",
        ),
        (
            "Cap On Liability",
            "Liability shall not exceed EUR 5,000.",
            {"cap": "amount"},
            {"cap": {"max": "USD 9,000"}},
            "the cap is EUR 5,000, in another currency than the test",
        ),
        (
            "Notice Period To Terminate Renewal",
            "It renews for two years unless a party gives ten (10) business days' notice.",
            {"notice": "duration"},
            {"notice": {"max": "60 days"}},
            "the notice is given as 'ten (10) business days', which no calendar turns into days",
        ),
    ],
)
def test_what_cannot_be_compared_is_for_a_person_and_says_why(
    label: str, text: str, values: dict[str, str], test: dict[str, Any], part: str
) -> None:
    finding = judged(label, text, values, test)
    assert finding.verdict == "needs_review"
    assert part in finding.reason


@pytest.mark.parametrize(
    ("text", "read", "expected", "part"),
    [
        ("Pay by the later of 30 days after the invoice and 90 days after delivery.", "P90D", "violation", "is 90 days"),
        ("Pay by the earlier of 90 days after the invoice and 30 days after delivery.", "P30D", "compliant", "is 30 days"),
        ("Pay by the later of 30 days after the invoice. It lasts 90 days.", "P30D", "compliant", "is 30 days"),
        ("Pay within 30 to 60 days of the invoice.", "P60D", "needs_review", "But 30 days is stated too."),
        ("Pay between thirty and sixty days after the invoice.", "P60D", "needs_review", "But 30 days is stated too."),
        ("Pay within 10 to 20 days of the invoice.", "P20D", "compliant", "is 20 days"),
    ],
)
def test_of_several_periods_the_one_that_counts_is_tested(text: str, read: str, expected: str, part: str) -> None:
    finding = judged("Warranty Duration", text, {"payment": "duration"}, {"payment": {"max": "45 days"}})
    assert ([value.normalised for value in finding.values], finding.verdict) == ([read], expected)
    assert part in finding.reason


@pytest.mark.parametrize(
    ("kind", "text", "test", "expected"),
    [
        ("amount", "Buy for $50,000 in the first year and $150,000 in each further one.", {"min": "USD 100,000"}, "needs_review"),
        ("amount", "Buy for $150,000 in the first year and $250,000 in each further one.", {"min": "USD 100,000"}, "compliant"),
        ("amount", "At most the greater of $50,000 and $150,000.", {"min": "USD 100,000"}, "compliant"),
        ("percentage", "A share of 5% to 10% of sales.", {"max": "7%"}, "needs_review"),
        ("percentage", "A share of 5-10% of sales.", {"max": "7%"}, "needs_review"),
        ("percentage", "The lesser of 2% and 20% of sales.", {"max": "7%"}, "compliant"),
    ],
)
def test_a_further_sum_that_would_decide_otherwise_is_for_a_person(kind: str, text: str, test: dict[str, Any], expected: str) -> None:
    assert judged("Minimum Commitment", text, {"minimum": kind}, {"minimum": test}).verdict == expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ({"contains": "Alder"}, "compliant"),
        ({"in": ["Birch Retail"]}, "compliant"),
        ({"contains": "Cedar"}, "violation"),
        ({"not_in": ["Birch Retail"]}, "violation"),
        ({"not_in": ["Cedar"]}, "compliant"),
    ],
)
def test_of_the_parties_one_is_meant_and_none_that_is_ruled_out(test: dict[str, Any], expected: str) -> None:
    found = document("AGREEMENT\n\nThis Agreement is between Alder Systems, Inc. and Birch Retail LLC of Ohio.\n")
    clauses = [clause(found, "Parties", name) for name in ("Alder Systems, Inc.", "Birch Retail LLC")]
    finding = verdict(evidence(loaded({"label": "Parties", "values": {"party": "party"}, "test": {"party": test}}), found, clauses))
    assert (finding.verdict, finding.leans) == (expected, None)


def test_a_text_that_forbids_is_little_like_one_that_allows() -> None:
    like = Likeness(evidence(loaded({"label": "Insurance"}), document(TEXT)).reader.embed)
    free = "Reseller may assign this Agreement freely and without the consent of Supplier."
    bound = "Reseller shall not assign this Agreement without the consent of Supplier."
    assert like.of(free, bound) < 0.8 * like.of(free, free) + 1e-6
    assert like.of(bound, bound) > 0.99


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Must the reseller keep records?", "Reseller shall keep records of all sales.", "compliant"),
        ("Must the reseller keep records?", "Reseller need not keep records of sales.", "needs_review"),
        ("Must the reseller keep records?", "Reseller shall keep records for no less than a year.", "compliant"),
        ("How long are records kept?", "Records are not kept for more than a year.", "compliant"),
        ("Is the reseller not bound to keep records?", "Reseller need not keep records.", "compliant"),
    ],
)
def test_a_passage_that_negates_what_a_question_asks_is_for_a_person(question: str, text: str, expected: str) -> None:
    found = document(f"AGREEMENT\n\n1. Records\n\n{text}\n")
    finding = verdict(evidence(loaded({"question": question}), found, [clause(found, "R-1?", text)]))
    assert finding.verdict == expected
    assert ("the answer may be no" in finding.reason) is (expected == "needs_review")
