"""Verdicts: is the clause there, what does it say, is that what the playbook wants."""

from __future__ import annotations

from typing import Any

import pytest
from judging import CAP, DAY, GOVERNED, LAW, NOTICE, RENEWAL, TEXT, clause, document, evidence, loaded, verdict

from longdoc.protocols import Chance
from longdoc_pipelines.review.judge import Terms


@pytest.mark.parametrize(
    ("requirement", "there", "expected"),
    [
        ("required", True, "compliant"),
        ("required", False, "missing"),
        ("preferred", True, "compliant"),
        ("preferred", False, "fallback"),
        ("forbidden", True, "violation"),
        ("forbidden", False, "compliant"),
    ],
)
def test_presence_decides_where_there_is_no_test(requirement: str, there: bool, expected: str) -> None:
    found = document(TEXT)
    clauses = [clause(found, "Cap On Liability", CAP)] if there else []
    finding = verdict(evidence(loaded({"label": "Cap On Liability", "requirement": requirement}), found, clauses))
    assert finding.verdict == expected
    assert [citation.quote for citation in finding.citations] == ([CAP] if there else [])
    assert (finding.searched is not None) is not there


def test_a_value_that_fails_its_test_is_a_violation_that_names_both() -> None:
    found = document(TEXT)
    finding = verdict(evidence(loaded(GOVERNED), found, [clause(found, "Governing Law", LAW)]))
    assert finding.verdict == "violation"
    assert finding.reason == "The governing law is Nevada; wanted: governing law New York or Delaware."
    assert [(value.kind, value.normalised, value.citation.quote) for value in finding.values] == [("jurisdiction", "Nevada", "Nevada")]
    assert finding.test == "governing_law: {in: [New York, Delaware]}"


def test_a_value_that_passes_its_test_is_compliant() -> None:
    found = document(TEXT.replace("Nevada", "New York"))
    finding = verdict(evidence(loaded(GOVERNED), found, [clause(found, "Governing Law", LAW.replace("Nevada", "New York"))]))
    assert finding.verdict == "compliant"


def test_a_conditional_rule_is_not_applicable_where_the_clause_is_not_there() -> None:
    assert verdict(evidence(loaded(RENEWAL), document(TEXT))).verdict == "not_applicable"


def test_a_conditional_rule_tests_the_value_where_the_clause_is_there() -> None:
    found = document(TEXT)
    finding = verdict(evidence(loaded(RENEWAL), found, [clause(found, "Notice Period To Terminate Renewal", NOTICE)]))
    assert finding.verdict == "violation"
    assert "the notice period is 90 days" in finding.reason.lower()


def test_a_clause_whose_value_cannot_be_read_is_for_a_person() -> None:
    said = "This Agreement is governed by the law agreed in Schedule 9."
    found = document(TEXT.replace(LAW, said))
    finding = verdict(evidence(loaded(GOVERNED), found, [clause(found, "Governing Law", said)]))
    assert (finding.verdict, finding.leans) == ("needs_review", "violation")
    assert "not stated, or could not be read" in finding.reason


def test_passages_that_disagree_lower_the_confidence() -> None:
    other = "Any claim under Schedule 2 is governed by the laws of the State of New York."
    found = document(f"{TEXT}\n4. Schedule\n\n{other}\n")
    clauses = [clause(found, "Governing Law", LAW), clause(found, "Governing Law", other, 0.8)]
    alone = verdict(evidence(loaded(GOVERNED), found, clauses[:1]))
    both = verdict(evidence(loaded(GOVERNED), found, clauses))
    assert both.confidence < 0.75 < alone.confidence
    assert (both.verdict, both.leans) == ("needs_review", "violation")
    assert "But New York is stated too." in both.reason


def test_below_the_threshold_a_person_is_asked_and_told_what_it_leans_to() -> None:
    found = document(TEXT)
    known = evidence(loaded({"label": "Insurance"}), found, chances={"Insurance": 0.4})
    finding = verdict(known)
    assert (finding.verdict, finding.leans, finding.confidence) == ("needs_review", "missing", 0.6)
    assert finding.reason.startswith("Leans to missing: ")
    assert verdict(known, Terms(DAY, review_below=0.0)).verdict == "missing"


@pytest.mark.parametrize(("where", "expected"), [("rule", "needs_review"), ("playbook", "missing")])
def test_a_rules_own_threshold_goes_before_the_playbooks(where: str, expected: str) -> None:
    own = {"review_below": 0.9} if where == "rule" else {}
    known = evidence(loaded({"label": "Insurance", **own}, review_below=0.5), document(TEXT), chances={"Insurance": 0.2})
    assert verdict(known).verdict == expected


def test_a_rare_clause_is_told_although_it_is_likelier_that_it_is_not_there() -> None:
    found = document(TEXT)
    clauses = [clause(found, "Most Favored Nation", CAP, 0.2)]
    known = evidence(
        loaded({"label": "Most Favored Nation", "requirement": "forbidden"}), found, clauses, {"Most Favored Nation": Chance(0.3, 0.05)}
    )
    finding = verdict(known)
    assert (finding.verdict, finding.leans, finding.confidence) == ("needs_review", "violation", 0.3)


def test_what_was_searched_in_vain_is_told() -> None:
    found = document(TEXT)
    finding = verdict(evidence(loaded({"label": "Insurance"}), found))
    assert finding.verdict == "missing"
    assert finding.searched is not None
    assert finding.searched.sections == len(found.sections) > 2
    assert finding.reason.startswith(f"Nothing on 'Insurance' was found in {len(found.sections)} sections.")


def test_a_page_that_could_not_be_read_makes_missing_less_sure() -> None:
    found = document(TEXT)
    page = {"span": {"start": 0, "end": len(found.text)}}
    pages = [{"number": number, "has_text": number != 2, **page} for number in (1, 2)]
    torn = type(found).model_validate({**found.model_dump(), "pages": pages})
    finding = verdict(evidence(loaded({"label": "Insurance"}), torn))
    assert (finding.verdict, finding.leans) == ("needs_review", "missing")
    assert finding.searched is not None
    assert finding.searched.unread == (2,)
    assert finding.reason.endswith("was found in 4 sections on 2 pages; page 2 could not be read.")


def test_pages_that_could_not_be_read_are_told_in_ranges_and_the_usual_headings_by_name() -> None:
    found = document("1. Insurance\n\nNothing is said here of what one would look for.\n\n2. Law\n\nThe law of Nevada governs.")
    middle = found.text.index("2. Law")
    spans = [(0, middle), (middle, len(found.text)), *[(len(found.text), len(found.text))] * 5]
    pages = [
        {"number": number, "has_text": number not in (3, 4, 5, 7), "span": {"start": start, "end": end}}
        for number, (start, end) in enumerate(spans, start=1)
    ]
    torn = type(found).model_validate({**found.model_dump(), "pages": pages})
    finding = verdict(evidence(loaded({"label": "Insurance"}, review_below=0.0), torn))
    assert finding.reason == (
        "Nothing on 'Insurance' was found in 2 sections on 7 pages, among them 1. Insurance (page 1); pages 3-5 and 7 could not be read."
    )
    assert finding.searched is not None
    assert finding.searched.usual == ("1. Insurance (page 1)",)


# Positions

POSITIONS: dict[str, Any] = {
    "label": "Cap On Liability",
    "values": {"cap": "amount"},
    "positions": {
        "preferred": {"test": {"cap": {"max": "USD 100,000"}}},
        "fallback": {"test": {"cap": {"max": "USD 1,000,000"}}},
        "walk_away": {"test": {"cap": {"min": "USD 5,000,000"}}},
    },
}


@pytest.mark.parametrize(
    ("amount", "expected", "position"),
    [
        ("50,000", "compliant", "preferred"),
        ("500,000", "fallback", "fallback"),
        ("9,000,000", "violation", "walk_away"),
        ("2,000,000", None, None),
    ],
)
def test_a_position_is_told_by_its_test(amount: str, expected: str | None, position: str | None) -> None:
    said = CAP.replace("500,000", amount)
    found = document(TEXT.replace(CAP, said))
    finding = verdict(evidence(loaded(POSITIONS), found, [clause(found, "Cap On Liability", said)]))
    if expected is None:
        assert (finding.verdict, finding.leans) == ("needs_review", "violation")
    else:
        assert (finding.verdict, finding.position) == (expected, position)


WORDED: dict[str, Any] = {
    "label": "Cap On Liability",
    "positions": {
        "preferred": {"text": "In no event shall either party's liability exceed the fees paid in the preceding twelve months."},
        "walk_away": {"text": "Supplier's liability under this Agreement is unlimited in every respect whatsoever."},
    },
}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("In no event shall either party's liability exceed the fees paid in the preceding twelve months.", "compliant"),
        ("Supplier's liability under this Agreement is unlimited in every respect whatsoever.", "violation"),
    ],
)
def test_a_position_is_told_by_its_wording_and_the_likeness_is_given(said: str, expected: str) -> None:
    found = document(TEXT.replace(CAP, said))
    finding = verdict(evidence(loaded(WORDED), found, [clause(found, "Cap On Liability", said)]))
    assert finding.verdict == expected
    assert finding.likeness == pytest.approx(1.0, abs=1e-3)


def test_wording_like_no_position_is_for_a_person() -> None:
    found = document(TEXT)
    finding = verdict(evidence(loaded(WORDED), found, [clause(found, "Cap On Liability", CAP)]))
    assert (finding.verdict, finding.leans) == ("needs_review", "violation")
    assert "none of the playbook's positions" in finding.reason


def test_a_position_may_be_told_by_a_label_of_its_own() -> None:
    rule = {"label": "Cap On Liability", "positions": {"walk_away": {"label": "Uncapped Liability"}}}
    found = document(TEXT)
    capped = clause(found, "Cap On Liability", CAP)
    assert verdict(evidence(loaded(rule), found, [capped])).verdict == "compliant"
    finding = verdict(evidence(loaded(rule), found, [capped, clause(found, "Uncapped Liability", NOTICE)]))
    assert (finding.verdict, finding.position) == ("violation", "walk_away")


@pytest.mark.parametrize(
    ("fitted", "heading", "sure"), [(False, "2. Insurance", 0.72), (False, "2. Law", 0.96), (True, "2. Insurance", 0.96)]
)
def test_a_heading_that_says_that_a_clause_is_there_makes_missing_less_sure(fitted: bool, heading: str, sure: float) -> None:
    chances = {"Insurance": Chance(0.04, 0.5, fitted)}
    found = document(f"AGREEMENT\n\n1. Term\n\nIt lasts.\n\n{heading}\n\nEach party keeps what it has.\n")
    known = evidence(loaded({"label": "Insurance"}), found, chances=chances)
    finding = verdict(known)
    assert finding.confidence == pytest.approx(sure)
    assert finding.verdict == ("missing" if sure > 0.75 else "needs_review")
    forbidden = evidence(loaded({"label": "Insurance", "requirement": "forbidden"}), found, chances=chances)
    assert verdict(forbidden).confidence == pytest.approx(0.96)
