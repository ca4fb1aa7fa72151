"""Waivers, what people decide, and what amendments change."""

from __future__ import annotations

from datetime import date

import pytest
from judging import CAP, DAY, GOVERNED, LAW, TEXT, clause, document, evidence, loaded, verdict

from longdoc.types import Correction
from longdoc_pipelines.review.dressing import dressed
from longdoc_pipelines.review.judge import Terms, judge
from longdoc_pipelines.review.likeness import Likeness

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
