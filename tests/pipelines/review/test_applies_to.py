"""What a rule and a playbook are for: documents, forms, laws, and where a condition holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from judging import CAP, DAY, LAW, NOTICE, TEXT, clause, document, evidence, loaded, verdict

from longdoc_pipelines.review.judge import Terms


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
