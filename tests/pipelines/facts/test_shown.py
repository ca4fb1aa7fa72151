"""Facts and coverage as a person reads them."""

from __future__ import annotations

import pytest

from longdoc.types import Citation, Coverage, KeyFact, Span
from longdoc_pipelines.facts.shown import grouped, money, shown, told

PLACE = Citation(document_id="d", path="a.txt", span=Span(start=0, end=4), quote="text")


def fact(name: str, value: str, normalised: str | None = None, kind: str = "text") -> KeyFact:
    return KeyFact.model_validate({"name": name, "value": value, "normalised": normalised, "kind": kind, "citation": PLACE})


@pytest.mark.parametrize(
    ("normalised", "words"),
    [
        ("USD 32765000000", "$32.77 billion"),
        ("USD -481000000", "-$481 million"),
        ("USD 8.89", "$8.89"),
        ("USD 0.705", "$0.705"),
        ("EUR 12500", "€12,500"),
        ("CHF 7000000", "CHF 7 million"),
        ("1.5", "1.5"),
    ],
)
def test_a_sum_is_told_in_millions_with_its_currency(normalised: str, words: str) -> None:
    assert money(normalised) == words


def test_a_place_and_a_length_of_time_are_told_in_words_and_all_else_as_it_stands() -> None:
    assert shown(fact("Governing law", "STATE OF NEW YORK", "New York", "jurisdiction")) == "New York"
    assert shown(fact("Term", "three (3) years", "P3Y", "duration")) == "3 years"
    assert shown(fact("Agreement date", "May 1, 2020", "2020-05-01", "date")) == "May 1, 2020"


def test_facts_of_one_name_stand_together_under_a_plural() -> None:
    facts = [fact("Party", "Acme"), fact("Form", "10-K"), fact("Party", "Birch")]
    assert [(name, [one.value for one in group]) for name, group in grouped(facts)] == [("Parties", ["Acme", "Birch"]), ("Form", ["10-K"])]


def test_coverage_says_in_a_line_what_was_read_and_what_not() -> None:
    coverage = Coverage(
        tokens=12_345,
        pages=12,
        pages_without_text=(3, 4, 5, 9),
        pages_by_ocr=(1,),
        language="de",
        unquoted=("References",),
        section="7 Costs",
    )
    assert told(coverage) == (
        "Read 12,345 tokens of 12 pages in '7 Costs'; page 1 by OCR; no text on pages 3-5, 9; the text is not English (de); "
        "never quoted: References."
    )
    assert told(Coverage(tokens=1)) == "Read 1 token."
