"""Verdicts: is the clause there, what does it say, is that what the playbook wants."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from judging import DAY, clause, document, evidence, loaded, verdict

from longdoc.protocols import Chance
from longdoc.types import Correction
from longdoc_pipelines.playbook.words import where
from longdoc_pipelines.review.dressing import dressed
from longdoc_pipelines.review.judge import Terms, judge
from longdoc_pipelines.review.likeness import Likeness

LAW = "This Agreement is governed by the laws of the State of Nevada."
CAP = "In no event shall either party's liability exceed USD 500,000."
NOTICE = "It renews for one year unless a party gives ninety (90) days' notice of non-renewal."
TEXT = f"SERVICES AGREEMENT\n\n1. Law\n\n{LAW}\n\n2. Liability\n\n{CAP}\n\n3. Renewal\n\n{NOTICE}\n"
GOVERNED: dict[str, Any] = {
    "label": "Governing Law",
    "values": {"governing_law": "jurisdiction"},
    "test": {"governing_law": {"in": ["New York", "Delaware"]}},
}
RENEWAL: dict[str, Any] = {
    "label": "Notice Period To Terminate Renewal",
    "requirement": "conditional",
    "values": {"notice_period": "duration"},
    "test": {"notice_period": {"max": "60 days"}},
}


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


# What a rule is for


@pytest.mark.parametrize(
    ("applies", "terms", "expected"),
    [
        ({"side": ["customer"]}, Terms(DAY, "customer"), "compliant"),
        ({"side": ["customer"]}, Terms(DAY, "vendor"), "not_applicable"),
        ({"side": ["customer"]}, Terms(DAY), "compliant"),
        ({"agreement_type": ["license"]}, Terms(DAY), "not_applicable"),
        ({"agreement_type": ["license", "services"]}, Terms(DAY), "compliant"),
        ({"agreement_type": ["vices"]}, Terms(DAY), "not_applicable"),
        ({"not_agreement_type": ["service"]}, Terms(DAY), "not_applicable"),
        ({"not_agreement_type": ["lease"]}, Terms(DAY), "compliant"),
        ({"agreement_type": ["license"], "not_agreement_type": ["lease"]}, Terms(DAY), "compliant"),
        ({"agreement_type": ["service"], "not_agreement_type": ["agreement"]}, Terms(DAY), "compliant"),
        ({"jurisdiction": ["Nevada"]}, Terms(DAY), "compliant"),
        ({"jurisdiction": ["England"]}, Terms(DAY), "not_applicable"),
        ({"domain": ["financial"]}, Terms(DAY), "not_applicable"),
    ],
)
def test_a_rule_is_for_what_it_applies_to(applies: dict[str, Any], terms: Terms, expected: str) -> None:
    found = document(TEXT)
    clauses = [clause(found, "Cap On Liability", CAP), clause(found, "Governing Law", LAW)]
    rule = {"label": "Cap On Liability"}
    for playbook in (loaded({**rule, "applies_to": applies}), loaded(rule, applies_to=applies)):
        assert verdict(evidence(playbook, found, clauses, kind="Services Agreement"), terms).verdict == expected


FILING = """UNITED STATES SECURITIES AND EXCHANGE COMMISSION

FORM {}

REPORT PURSUANT TO SECTION 13 OF THE SECURITIES EXCHANGE ACT OF 1934

For the fiscal year ended June 30, 2023

Risk Factors

The loss of a customer could harm our results."""


@pytest.mark.parametrize(
    ("form", "applies", "reason"),
    [
        ("10-K", {"form": ["10-K"]}, None),
        ("10-K", {"form": ["10-k", "10-Q"], "period_from": date(2023, 6, 30)}, None),
        ("10-Q", {"form": ["10-K", "20-F"]}, "The rule is for reports on Form 10-K or 20-F; this document is a report on Form 10-Q."),
        ("8-K", {"form": ["earnings release"]}, "The rule is for earnings releases; this document is a report on Form 8-K."),
        (
            "10-K",
            {"period_from": date(2023, 12, 15)},
            "The rule is for periods that end on 2023-12-15 or later; this report's ended on 2023-06-30.",
        ),
    ],
)
def test_a_rule_for_filings_is_for_its_forms_and_periods(form: str, applies: dict[str, Any], reason: str | None) -> None:
    found = document(FILING.format(form), domain="financial")
    clauses = [clause(found, "Risk Factors", "The loss of a customer could harm our results.")]
    playbook = loaded({"label": "Risk Factors", "requirement": "required", "applies_to": applies}, domain="financial", label_set="filing")
    finding = verdict(evidence(playbook, found, clauses))
    assert finding.verdict == ("compliant" if reason is None else "not_applicable")
    assert reason in (None, finding.reason)


def test_a_document_that_is_no_filing_is_judged_by_the_rules_for_every_form() -> None:
    found = document("Risk Factors\n\nThe loss of a customer could harm our results.", domain="financial")
    playbook = loaded(
        {"label": "Risk Factors", "requirement": "required", "applies_to": {"form": ["10-K"]}}, domain="financial", label_set="filing"
    )
    assert verdict(evidence(playbook, found)).verdict == "missing"


def test_a_filing_that_reads_like_a_contract_is_a_filing_all_the_same() -> None:
    found = document(FILING.format("8-K"), domain="legal")
    playbook = loaded({"label": "Risk Factors", "requirement": "required"}, domain="financial", label_set="filing")
    assert verdict(evidence(playbook, found)).verdict == "missing"


@pytest.mark.parametrize(("minimum", "expected"), [("USD 100,000", "missing"), ("USD 900,000", "not_applicable")])
def test_a_rule_holds_only_when_its_condition_does(minimum: str, expected: str) -> None:
    rule = {
        "label": "Insurance",
        "values": {"cap": {"read": "amount", "label": "Cap On Liability"}},
        "when": {"cap": {"min": minimum}},
    }
    found = document(TEXT)
    finding = verdict(evidence(loaded(rule), found, [clause(found, "Cap On Liability", CAP)]))
    assert finding.verdict == expected


def test_a_plain_document_that_names_no_parties_is_no_contract() -> None:
    policy = document("Records are kept for seven years.", domain="plain")
    playbook = loaded({"label": "Insurance"})
    finding = verdict(evidence(playbook, policy, nameless=True))
    assert finding.verdict == "not_applicable"
    assert "Names no parties" in finding.reason
    assert verdict(evidence(playbook, policy)).verdict == "missing"
    assert verdict(evidence(playbook, document(TEXT), nameless=True)).verdict == "missing"


def test_a_document_of_another_domain_is_not_reviewed_and_said_to_be_so() -> None:
    paper = document(TEXT, domain="research")
    finding = verdict(evidence(loaded({"label": "Insurance"}), paper))
    assert finding.verdict == "not_applicable"
    assert "Reads as a research document, the playbook is for legal ones" in finding.reason


def test_a_rule_for_a_law_is_for_a_person_where_no_law_was_found() -> None:
    found = document(TEXT)
    rule = loaded({"label": "Insurance", "applies_to": {"jurisdiction": ["Nevada", "Texas"]}})
    finding = verdict(evidence(rule, found))
    assert finding.verdict == "needs_review"
    assert "it is for contracts under the law of Nevada or Texas, and no governing law was found" in finding.reason
    assert verdict(evidence(rule, found, [clause(found, "Governing Law", LAW)])).verdict == "missing"


def excluded(when: dict[str, Any]) -> Any:
    return loaded({"label": "Insurance", "values": {"exclusive": {"read": "yes_no", "label": "Exclusivity"}}, "when": {"exclusive": when}})


@pytest.mark.parametrize(
    ("when", "there", "expected"),
    [
        ({"equals": True}, True, "missing"),
        ({"equals": True}, False, "not_applicable"),
        ({"equals": False}, True, "not_applicable"),
        ({"equals": "no"}, False, "missing"),
        ({"present": True}, False, "not_applicable"),
    ],
)
def test_a_clause_that_is_not_there_answers_no(when: dict[str, Any], there: bool, expected: str) -> None:
    found = document(TEXT)
    finding = verdict(evidence(excluded(when), found, [clause(found, "Exclusivity", NOTICE)] if there else []))
    assert finding.verdict == expected
    if not there and expected == "not_applicable":
        assert "there is no passage on 'Exclusivity'" in finding.reason


def test_whether_a_rule_is_for_a_document_is_as_sure_as_the_clause_that_tells() -> None:
    found = document(TEXT)
    clauses = [clause(found, "Exclusivity", NOTICE)]
    sure, unsure = (verdict(evidence(excluded({"equals": True}), found, clauses, {"Exclusivity": p})) for p in (0.98, 0.6))
    assert unsure.confidence == pytest.approx(sure.confidence * 0.6 / 0.98, abs=1e-3)
    assert (sure.verdict, unsure.leans) == ("missing", "missing")


@pytest.mark.parametrize(("there", "expected"), [(True, "needs_review"), (False, "not_applicable")])
def test_a_rule_for_documents_with_a_value_is_not_for_those_without_its_clause(there: bool, expected: str) -> None:
    rule = {"label": "Insurance", "values": {"cap": {"read": "amount", "label": "Cap On Liability"}}, "when": {"cap": {"min": "USD 1"}}}
    found = document(TEXT.replace("USD 500,000", "a year's fees"))
    clauses = [clause(found, "Cap On Liability", "In no event shall either party")] if there else []
    finding = verdict(evidence(loaded(rule), found, clauses))
    assert finding.verdict == expected
    assert ("no passage on 'Cap On Liability'" in finding.reason) is not there


# Values that cannot be compared, or are more than one


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


# Waivers and people


def test_a_waiver_that_is_over_is_told_of() -> None:
    waiver = {"document": "contract.txt", "owner": "J. Roe", "expires": date(2026, 6, 30)}
    finding = verdict(evidence(loaded({"label": "Insurance", "waivers": [waiver]}), document(TEXT)))
    assert finding.verdict == "missing"
    assert finding.reason.endswith("The waiver that J. Roe answered for ended on 2026-06-30.")


def test_a_waiver_may_name_a_file_with_brackets_as_it_stands() -> None:
    waiver = {"document": "msa [signed].txt", "owner": "J. Roe", "expires": date(2027, 6, 30)}
    known = evidence(loaded({"label": "Insurance", "waivers": [waiver]}), document(TEXT, "contracts/msa [signed].txt"))
    assert verdict(known).verdict == "not_applicable"


@pytest.mark.parametrize(("day", "expected"), [(date(2027, 6, 30), "not_applicable"), (date(2027, 7, 1), "missing")])
def test_a_waiver_holds_to_its_last_day_and_names_its_owner(day: date, expected: str) -> None:
    waiver = {"document": "contr*.txt", "owner": "J. Roe", "expires": date(2027, 6, 30), "reason": "agreed in 2024"}
    finding = verdict(evidence(loaded({"label": "Insurance", "waivers": [waiver]}), document(TEXT)), Terms(day))
    assert finding.verdict == expected
    if expected == "not_applicable":
        assert finding.waiver == "J. Roe answers for it until 2027-06-30, agreed in 2024"


def test_a_waiver_for_another_file_is_none() -> None:
    waiver = {"document": "other.txt", "owner": "J. Roe", "expires": date(2027, 6, 30)}
    assert verdict(evidence(loaded({"label": "Insurance", "waivers": [waiver]}), document(TEXT))).verdict == "missing"


@pytest.mark.parametrize("version", ["own", "earlier"])
def test_a_persons_verdict_stands_and_keeps_the_machines(version: str) -> None:
    known = evidence(loaded({"label": "Insurance"}), document(TEXT))
    (rule,) = known.loaded.playbook.rules
    decided = Correction(
        document_id=known.document.id,
        path="contract.txt",
        rule="R-1",
        rule_version=rule.version if version == "own" else "earlier",
        verdict="not_applicable",
        was="missing",
        by="Mei",
        at="2026-11-20T10:00:00+00:00",
        note="covered by the master agreement",
    )
    plain = judge(rule, known, Terms(DAY), Likeness(known.reader.embed))
    finding = dressed(plain, rule, known.loaded.playbook, Terms(DAY), decided)
    assert (finding.verdict, finding.machine, finding.confidence, finding.worth) == ("not_applicable", "missing", 1.0, 0.0)
    assert finding.reason.startswith("Mei decided on 2026-11-20: covered by the master agreement.")
    assert ("The rule has changed since." in finding.reason) is (version == "earlier")


def test_what_a_look_is_worth_grows_with_doubt_and_severity() -> None:
    def worth(severity: str, chance: float) -> float:
        return verdict(evidence(loaded({"label": "Insurance", "severity": severity}), document(TEXT), chances={"Insurance": chance})).worth

    assert worth("critical", 0.3) > worth("low", 0.3) > worth("low", 0.1) > 0


# Amendments


def test_an_amendment_overrides_what_it_amends_and_says_so() -> None:
    rule = loaded(GOVERNED)
    changed = "Section 1 is replaced: this Agreement is governed by the laws of the State of Delaware."
    base, later = document(TEXT), document(f"FIRST AMENDMENT\n\n{changed}\n", "amendment.txt")
    amendment = evidence(rule, later, [clause(later, "Governing Law", changed)], amends="contract.txt")
    finding = verdict(evidence(rule, base, [clause(base, "Governing Law", LAW)], amendments=[amendment]))
    assert (finding.verdict, finding.amended_by) == ("compliant", "amendment.txt")
    assert finding.reason.startswith("As amended by amendment.txt: ")
    assert [citation.path for citation in finding.citations] == ["amendment.txt"]


def test_the_clause_of_an_amendment_is_asked_for_the_values_of_another_label_first() -> None:
    rule = {
        "label": "Cap On Liability",
        "values": {"cap": {"read": "amount", "label": "Price Restrictions"}},
        "test": {"cap": {"min": 900_000}},
    }
    raised = "The total liability of either party shall not exceed one million dollars ($1,000,000)."
    base, later = document(TEXT), document(f"FIRST AMENDMENT\n\n{raised}\n", "amendment.txt")
    amendment = evidence(loaded(rule), later, [clause(later, "Cap On Liability", raised)], amends="contract.txt")
    own = [clause(base, label, CAP) for label in ("Cap On Liability", "Price Restrictions")]
    assert verdict(evidence(loaded(rule), base, own)).verdict == "violation"
    finding = verdict(evidence(loaded(rule), base, own, amendments=[amendment]))
    assert (finding.verdict, finding.values[0].normalised) == ("compliant", "USD 1000000")


def test_what_would_do_of_several_is_said_with_or() -> None:
    rule = {
        "label": "Cap On Liability",
        "values": {"caps": "amount"},
        "test": {"any": [{"caps": {"present": False}}, {"caps": {"max": 10}}]},
    }
    found = document(TEXT)
    finding = verdict(evidence(loaded(rule), found, [clause(found, "Cap On Liability", CAP)]))
    assert finding.reason == "The caps are USD 500,000; wanted: caps not stated, or caps at most 10."


def test_a_period_that_is_no_notice_does_not_speak_against_one_that_is() -> None:
    told = "Supplier shall notify Customer of an incident without undue delay and in any event within forty-eight (48) hours."
    costs = "Supplier shall bear the cost of twelve months of credit monitoring."
    late = "Supplier shall notify Customer within ninety (90) days."
    found = document(f"AGREEMENT\n\n1. Incidents\n\n{told} {costs} {late}\n")
    rule = {"label": "Insurance", "values": {"breach_notice": "duration"}, "test": {"breach_notice": {"max": "72 hours"}}}
    told_of = [clause(found, "Insurance", told), clause(found, "Insurance", costs, 0.8)]
    assert "stated too" not in verdict(evidence(loaded(rule), found, told_of)).reason
    assert "But 90 days is stated too" in verdict(evidence(loaded(rule), found, [*told_of, clause(found, "Insurance", late, 0.8)])).reason


def test_what_an_amendment_does_not_touch_stays() -> None:
    rule = loaded({"label": "Cap On Liability"})
    base, later = document(TEXT), document("FIRST AMENDMENT\n\nThe fees are doubled.\n", "amendment.txt")
    amendment = evidence(rule, later, amends="contract.txt")
    finding = verdict(evidence(rule, base, [clause(base, "Cap On Liability", CAP)], amendments=[amendment]))
    assert (finding.verdict, finding.amended_by) == ("compliant", None)
    of_amendment = verdict(amendment)
    assert of_amendment.verdict == "not_applicable"
    assert "Amends contract.txt and leaves this as it is." in of_amendment.reason


DUTY = "The Recipient shall protect the Confidential Information with no less than a reasonable degree of care, and shall tell nobody."
CARE: dict[str, Any] = {
    "label": "Insurance",
    "values": {"wording": "text"},
    "test": {"wording": {"contains": ["reasonable care", "reasonable degree"]}},
}


def told_of_words(rule: dict[str, Any], text: str = DUTY) -> Any:
    found = document(f"AGREEMENT\n\n1. Care\n\n{text}\n")
    return verdict(evidence(loaded(rule), found, [clause(found, "Insurance", text)]))


def test_words_that_decide_are_told_with_those_around_them() -> None:
    finding = told_of_words(CARE)
    assert finding.verdict == "compliant"
    assert finding.reason == "It says “… Information with no less than a reasonable degree of care, and shall tell nobody.”."


def test_words_that_are_wanted_and_not_there_are_named() -> None:
    finding = told_of_words({**CARE, "test": {"wording": {"contains": ["utmost", "strictly", "absolute", "whatever"]}}})
    assert finding.verdict == "violation"
    assert finding.reason == "It says nothing of “utmost”, “strictly”, “absolute” or the like."


def test_a_rule_that_asks_for_a_passage_alone_says_only_that_it_is_there() -> None:
    finding = told_of_words({"label": "Insurance", "values": {"there": "yes_no"}, "test": {"there": {"present": True}}})
    assert finding.reason == "There is such a passage under '1. Care'."


def test_a_figure_that_may_be_left_out_is_told_to_be_left_out() -> None:
    either = {"any": [{"period": {"present": False}}, {"period": {"max": "30 days"}}]}
    finding = told_of_words({"label": "Insurance", "values": {"period": "duration"}, "test": either})
    assert (finding.verdict, finding.reason) == ("compliant", "No period is stated.")


def test_words_of_a_passage_that_is_not_there_are_not_said() -> None:
    """Whether they are is no question for a person: the passage was looked for in vain."""
    rule = {**CARE, "values": {"wording": {"read": "text", "label": "Warranty Duration"}}}
    found = document(f"AGREEMENT\n\n1. Care\n\n{DUTY}\n")
    finding = verdict(evidence(loaded(rule), found, [clause(found, "Insurance", DUTY)]))
    assert (finding.verdict, finding.reason.partition(";")[0].rstrip(".")) == ("violation", "There is no passage on 'Warranty Duration'")


def test_what_is_forbidden_only_in_some_words_is_told_by_what_it_says() -> None:
    rule = {**CARE, "requirement": "forbidden", "test": {"not": {"wording": {"contains": ["not", "nobody"]}}}}
    assert told_of_words(rule).verdict == "compliant"
    assert told_of_words(rule).reason == (
        "There is a passage on 'Insurance' under '1. Care', but it says “… degree of care, and shall tell nobody.”."
    )
    other = told_of_words(rule, "The Recipient may tell everyone.")
    assert (other.verdict, other.reason) == (
        "violation",
        "Forbidden, and there: a passage on 'Insurance' under '1. Care'; it says nothing of “not” or “nobody”.",
    )


@pytest.mark.parametrize(("heading", "expected"), [("12. Care", " under '12. Care'"), ("(a)", ""), ("4.", "")])
def test_without_pages_the_heading_tells_where_a_passage_is_if_it_has_a_word(heading: str, expected: str) -> None:
    text = "The Vendor is insured."
    found = document(f"{text}\n")
    cited = found.cite(clause(found, "Insurance", text).citation.span).model_copy(update={"heading_path": (heading,)})
    assert where(cited) == expected


def test_a_value_that_the_best_passage_does_not_state_is_read_in_a_lesser_one_and_shown() -> None:
    best, lesser = "It renews for successive one (1) year terms.", "A party stops that by ninety (90) days' notice before its end."
    found = document(f"SERVICES AGREEMENT\n\n{best}\n\n{lesser}\n")
    clauses = [clause(found, "Notice Period To Terminate Renewal", text, score) for text, score in ((best, 0.8), (lesser, 0.2))]
    finding = verdict(evidence(loaded(RENEWAL), found, clauses))
    assert finding.verdict == "violation"
    assert [value.normalised for value in finding.values] == ["P90D"]
    assert finding.citations[0].quote == best
    assert finding.citations[1].quote in lesser


@pytest.mark.parametrize("hidden", ["[* * *] days", "[***] days", "_____ days", "[●] days"])
def test_a_figure_that_a_blank_or_a_black_bar_may_hide_is_for_a_person(hidden: str) -> None:
    either = {"any": [{"period": {"present": False}}, {"period": {"max": "30 days"}}]}
    rule = {"label": "Insurance", "values": {"period": "duration"}, "test": either}
    assert told_of_words(rule, f"Either party may end this Agreement on {hidden} notice.").verdict == "needs_review"
    assert told_of_words(rule, "Either party may end this Agreement on notice.").verdict == "compliant"
