"""The shipped playbooks: no problems in them, right on their own examples, and what a lawyer would say on documents with known faults."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from longdoc import Pipeline, registry
from longdoc.protocols import Reader
from longdoc.types import Finding, Review, Verdict
from longdoc_pipelines.playbook import Loaded, Rule, check, load_playbook, shipped
from longdoc_pipelines.playbook.loading import read_playbook_text
from longdoc_pipelines.playbook.schema import Example
from longdoc_pipelines.review.examples import run_examples

DOCUMENTS = Path(__file__).parents[2] / "data" / "review"
PLAYBOOKS = ("data_processing", "filing_disclosure", "mutual_nda", "research_paper", "vendor_services")
ONE = "research_paper"
ONE_QUICKLY = [name if name == ONE else pytest.param(name, marks=pytest.mark.slow) for name in PLAYBOOKS]
VERDICT_OF_POSITION: dict[str, Verdict] = {"preferred": "compliant", "fallback": "fallback", "walk_away": "violation"}


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The embedded reader, whose encoder is loaded once a test worker."""
    made: Reader = registry.load("readers", "embedded")()
    return made


@cache
def reviews(folder: Path, playbook: str, *names: str) -> dict[str, Review]:
    """Name of a document -> its review, with the others at its side."""
    with Pipeline(folder / "store") as pipeline:
        return {Path(review.path).name: review for review in pipeline.review([DOCUMENTS / name for name in names], playbook)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One corpus for all reviews, so that a document is read once."""
    return tmp_path_factory.mktemp("review")


def likeliest(review: Review) -> dict[str, Verdict]:
    """Rule -> verdict, or what it leans to where a person is asked."""
    return {finding.rule: finding.leans or finding.verdict for finding in review.findings}


def finding(review: Review, rule: str) -> Finding:
    return next(one for one in review.findings if one.rule == rule)


def test_every_playbook_but_the_benchmark_is_tested_here() -> None:
    assert sorted({*PLAYBOOKS, "cuad_benchmark"}) == shipped()


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_shipped_playbook_has_neither_errors_nor_warnings(name: str) -> None:
    loaded, problems = check(*read_playbook_text(name))
    assert problems == []
    assert loaded is not None
    assert loaded.playbook.playbook == name


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_rule_says_why_it_matters_on_what_it_rests_and_who_is_told(name: str) -> None:
    rules = load_playbook(name).playbook.rules
    assert [rule.id for rule in rules if not (rule.rationale and rule.references and rule.escalation)] == []


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_rule_has_examples_with_at_least_two_verdicts(name: str) -> None:
    # A rule whose examples all get the same verdict could give that verdict to everything.
    rules = load_playbook(name).playbook.rules
    assert [rule.id for rule in rules if len({example.verdict for example in rule.examples}) < 2] == []


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_label_of_a_shipped_playbook_is_used_by_a_rule(name: str) -> None:
    loaded = load_playbook(name)
    used = {label for rule in loaded.playbook.rules for label in labels_of(rule)}
    assert {label.name for label in loaded.playbook.labels} - used == set()


def labels_of(rule: Rule) -> set[str]:
    """The labels that a rule is about, reads a value from or knows a position by."""
    return {
        rule.about,
        *(spec.label for spec in rule.values.values() if spec.label is not None),
        *(stance.label for _, stance in rule.positions.given() if stance.label is not None),
    }


@pytest.mark.parametrize("name", ONE_QUICKLY)
def test_every_example_gets_the_verdict_that_it_names(name: str, reader: Reader) -> None:
    tried = list(run_examples(load_playbook(name), reader))
    assert len(tried) >= 30
    assert [(one.rule.id, one.number, one.example.verdict, one.finding.verdict) for one in tried if not one.right] == []


@pytest.mark.parametrize("name", ONE_QUICKLY)
def test_no_model_language_is_taken_for_another_position(name: str, reader: Reader) -> None:
    loaded = load_playbook(name)
    wrong = [
        (one.rule.id, one.example.verdict, one.finding.verdict)
        for one in run_examples(with_positions_as_examples(loaded), reader)
        if one.finding.test is not None and not one.right  # one sentence alone may be too little for the clause to be found
    ]
    assert wrong == []


def with_positions_as_examples(loaded: Loaded) -> Loaded:
    """The playbook with the model language of its positions in place of its examples."""
    rules = []
    for rule in loaded.playbook.rules:
        given = [(VERDICT_OF_POSITION[name], stance.text) for name, stance in rule.positions.given() if stance.text is not None]
        examples = tuple(Example(text=text, verdict=verdict) for verdict, text in given)
        rules.append(rule.model_copy(update={"examples": examples}))
    return Loaded(loaded.playbook.model_copy(update={"rules": tuple(rules)}), loaded.base, loaded.own)


# Documents


def test_a_good_nda_passes_every_rule_without_a_question_to_a_person(folder: Path) -> None:
    review = reviews(folder, "mutual_nda", "nda-good.txt", "nda-bad.txt")["nda-good.txt"]
    assert {one.rule: one.verdict for one in review.findings if one.verdict != "compliant"} == {}


def test_a_bad_nda_breaks_the_five_rules_that_it_was_written_to_break(folder: Path) -> None:
    review = reviews(folder, "mutual_nda", "nda-good.txt", "nda-bad.txt")["nda-bad.txt"]
    assert {one.rule for one in review.findings if one.failed} == {"NDA-07", "NDA-09", "NDA-13", "NDA-14", "NDA-17"}
    assert [one.rule for one in review.findings if one.verdict == "needs_review"] == []
    assert finding(review, "NDA-15").verdict == "not_applicable"
    assert finding(review, "NDA-20").verdict == "fallback"


@pytest.mark.parametrize(
    ("rule", "value", "quoted"),
    [
        ("NDA-07", "P9M", "survive for a period of nine (9) months"),
        ("NDA-09", "P120D", "within one hundred twenty (120) days"),
        ("NDA-13", "Panama", "the laws of the Republic of Panama"),
        ("NDA-14", None, "any business that competes"),
        ("NDA-17", None, "retain in their unaided memory"),
    ],
)
def test_a_violation_shows_the_passage_and_the_value_that_decided(folder: Path, rule: str, value: str | None, quoted: str) -> None:
    found = finding(reviews(folder, "mutual_nda", "nda-good.txt", "nda-bad.txt")["nda-bad.txt"], rule)
    assert quoted in found.citations[0].quote
    assert [one.normalised for one in found.values] == ([value] if value else [])


def test_a_good_services_agreement_has_no_violation(folder: Path) -> None:
    verdicts = likeliest(reviews(folder, "vendor_services", "services-agreement.txt")["services-agreement.txt"])
    assert {rule: verdict for rule, verdict in verdicts.items() if verdict != "compliant"} == {}


def test_an_amendment_overrides_the_cap_and_the_notice_of_what_it_amends(folder: Path) -> None:
    both = reviews(folder, "vendor_services", "services-agreement.txt", "services-agreement-amendment.txt")
    original, amendment = both["services-agreement.txt"], both["services-agreement-amendment.txt"]
    changed = {one.rule: [value.normalised for value in one.values] for one in original.findings if one.amended_by == amendment.path}
    assert changed == {"VS-02": ["P2M"], "VS-04": ["P180D"]}
    assert {one.rule for one in original.findings if one.failed} == {"VS-02", "VS-04"}
    assert {one.rule for one in amendment.findings if one.verdict != "not_applicable"} == {"VS-02", "VS-04"}


def test_without_its_amendment_the_agreement_is_read_as_it_stands(folder: Path) -> None:
    alone = reviews(folder, "vendor_services", "services-agreement.txt")["services-agreement.txt"]
    assert [finding(alone, rule).values[0].normalised for rule in ("VS-02", "VS-04")] == ["P24M", "P30D"]
    assert {finding(alone, rule).verdict for rule in ("VS-02", "VS-04")} == {"compliant"}


def test_a_processor_that_trains_its_models_and_tells_of_breaches_late_is_found_out(folder: Path) -> None:
    review = reviews(folder, "data_processing", "data-processing-agreement.txt")["data-processing-agreement.txt"]
    expected = dict.fromkeys((one.rule for one in review.findings), "compliant")
    expected |= {"DPA-10": "violation", "DPA-15": "violation", "DPA-19": "fallback"}
    assert likeliest(review) == expected
    assert {one.rule for one in review.findings if one.failed} == {"DPA-10", "DPA-15"}


def test_an_annual_report_in_trouble_is_flagged_for_each_of_its_troubles(folder: Path) -> None:
    review = reviews(folder, "filing_disclosure", "annual-report.txt")["annual-report.txt"]
    expected = dict.fromkeys((one.rule for one in review.findings), "compliant")
    expected |= dict.fromkeys(("FD-02", "FD-04", "FD-05", "FD-09", "FD-11"), "violation")
    expected |= {"FD-16": "fallback", "FD-20": "missing", "FD-23": "fallback"}
    expected |= dict.fromkeys(("FD-19", "FD-21"), "not_applicable")  # it is no quarterly report, and has no measures of its own
    assert likeliest(review) == expected
    assert {one.rule for one in review.findings if one.failed} == {"FD-02", "FD-04", "FD-05", "FD-09", "FD-11"}
    assert finding(review, "FD-20").verdict == "needs_review"  # there is an Item 9A, in which it should stand


def test_a_filing_in_order_is_not_asked_for_what_other_forms_need(folder: Path) -> None:
    both = reviews(folder, "filing_disclosure", "quarterly-report.txt", "results-release.txt")
    verdicts = {name: likeliest(review) for name, review in both.items()}
    judged = {name: {rule for rule, one in of.items() if one != "not_applicable"} for name, of in verdicts.items()}
    for_all = {"FD-02", "FD-11", "FD-13", "FD-22", "FD-23"}
    of_a_quarter = {"FD-05", "FD-07", "FD-08", "FD-09", "FD-15", "FD-19", "FD-20"}
    assert judged == {"quarterly-report.txt": for_all | of_a_quarter, "results-release.txt": for_all | {"FD-21"}}
    assert {one for of in verdicts.values() for one in of.values()} == {"compliant", "not_applicable"}


@pytest.mark.parametrize(
    ("rule", "quoted"),
    [
        ("FD-07", "filed a complaint against us"),
        ("FD-09", "concluded that our disclosure controls and procedures were effective"),
        ("FD-20", "no change in our internal control over financial reporting"),
    ],
)
def test_a_filings_verdict_shows_the_disclosure_and_not_what_speaks_of_it(folder: Path, rule: str, quoted: str) -> None:
    found = finding(reviews(folder, "filing_disclosure", "quarterly-report.txt", "results-release.txt")["quarterly-report.txt"], rule)
    assert quoted in " ".join(found.citations[0].quote.split())


def test_a_paper_on_people_without_approval_consent_and_interests_is_sent_back(folder: Path) -> None:
    review = reviews(folder, "research_paper", "paper.txt")["paper.txt"]
    expected = dict.fromkeys((one.rule for one in review.findings), "compliant")
    expected |= {"RP-05": "violation", "RP-06": "violation", "RP-10": "missing"}
    expected |= dict.fromkeys(("RP-07", "RP-16", "RP-17"), "fallback")
    assert likeliest(review) == expected
    assert {one.rule for one in review.findings if one.failed} == {"RP-05", "RP-06", "RP-10"}


def test_what_is_missing_tells_what_was_searched(folder: Path) -> None:
    searched = finding(reviews(folder, "research_paper", "paper.txt")["paper.txt"], "RP-10").searched
    assert searched is not None
    assert (searched.pages, searched.unread) == (None, ())
    assert searched.sections >= 15


def test_a_playbook_for_filings_says_nothing_about_a_contract(folder: Path) -> None:
    review = reviews(folder, "filing_disclosure", "nda-good.txt")["nda-good.txt"]
    assert {one.verdict for one in review.findings} == {"not_applicable"}


def test_a_report_that_speaks_plainly_is_understood(folder: Path) -> None:
    example = Path(__file__).parents[3] / "examples" / "documents" / "annual-report.html"
    with Pipeline(folder / "store") as pipeline:
        (review,) = pipeline.review(example, "filing_disclosure")
    found = likeliest(review)
    assert {rule for rule, verdict in found.items() if verdict in ("violation", "missing")} == {"FD-17"}  # it has no Item 1C
    assert {found[rule] for rule in ("FD-05", "FD-09", "FD-10", "FD-12", "FD-20", "FD-23")} == {"compliant"}
