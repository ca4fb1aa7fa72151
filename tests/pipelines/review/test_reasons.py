"""What a reason says of words, and of figures that may be left out."""

from __future__ import annotations

from typing import Any

import pytest
from judging import RENEWAL, clause, document, evidence, loaded, verdict

from longdoc_pipelines.playbook.words import where

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
