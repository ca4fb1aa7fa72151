"""How benchmarks/ask.py judges answers: figures in their units and digits, verdicts, and what counts as wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from longdoc import Answer

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
import ask as benchmark


def said(text: str, kind: str | None = "amount") -> Answer:
    return Answer.model_validate({"question": "?", "found": True, "text": text, "kind": kind})


@pytest.mark.parametrize(
    ("question", "gold", "text", "verdict"),
    [
        ("Answer in USD millions.", "$1577.00", "Capital expenditures, FY2018: $1,577 million.", "right"),
        ("Answer in USD billions.", "$8.70", "Plant, FY2018: $8.74 billion.", "right"),
        ("Answer in USD millions.", "$382.00", "Cash flow, FY2020: $381.60 million.", "right"),
        ("Answer in USD millions.", "$382.00", "Cash flow, FY2020: $382 thousand.", "wrong"),
        ("Which was most?", "It made the most from operations ($1.8 bn)", "Cash flow from operations $1,824 million in FY2023", "right"),
        ("What rate?", "4.2%", "Margin, FY2015: 4.2 %.", "right"),
        ("What rate?", "4.2%", "Margin, FY2015: 4.2.", "wrong"),
        ("What rate?", "4.2%", "Margin, FY2015: 4.4 %.", "wrong"),
        ("How long?", "-3.7", "Cash conversion cycle: −3.70 days.", "right"),
        ("Did it fall?", "Yes, by 42%.", "Yes: cash fell by 41.7 %.", "right"),
        ("Did it fall?", "Yes, by 42%.", "No: cash rose.", "wrong"),
    ],
)
def test_figures_and_verdicts_are_compared_as_people_do(question: str, gold: str, text: str, verdict: str) -> None:
    assert benchmark.judge(question, gold, said(text)) == verdict


def test_passages_are_right_if_they_hold_the_answer_and_never_wrong() -> None:
    gold = "It realised $13.2 billion in cash proceeds."
    assert benchmark.judge("How much?", gold, said("Cash proceeds of $13.2 billion were received.", None)) == "right"
    assert benchmark.judge("How much?", gold, said("Proceeds were received.", None)) == "passages only"
    assert benchmark.judge("How much?", gold, Answer(question="?", found=False, text="Not found.")) == "not found"


@pytest.mark.parametrize(
    ("label", "gold", "answer", "verdict"),
    [
        ("Governing Law", "Nevada", {"text": "Nevada: the laws of Nevada", "kind": "jurisdiction", "value": "Nevada"}, "right"),
        ("Governing Law", "Nevada", {"text": "Ohio: the laws of Ohio", "kind": "jurisdiction", "value": "Ohio"}, "wrong"),
        ("Expiration Date", "12/31/14", {"text": "2014-12-31: until then", "kind": "date", "value": "2014-12-31"}, "right"),
        ("Expiration Date", "", {"text": "2014-12-31: until then", "kind": "date", "value": "2014-12-31"}, "wrong"),
        ("Insurance", "Yes", {"text": "No.", "found": False}, "missed"),
        ("Insurance", "No", {"text": "No.", "found": False}, "right"),
        ("Insurance", "No", {"text": "Yes: it insures", "kind": "yes_no", "value": "yes"}, "wrong"),
    ],
)
def test_contracts_are_judged_by_the_lawyers_answers(label: str, gold: str, answer: dict[str, object], verdict: str) -> None:
    assert benchmark.judge_contract(label, gold, Answer.model_validate({"question": "?", "found": True, **answer})) == verdict
