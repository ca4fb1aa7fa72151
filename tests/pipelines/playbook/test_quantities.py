"""Values that a playbook asks for, compared with what a document states."""

from __future__ import annotations

from datetime import date

import pytest

from longdoc_pipelines.playbook.quantities import as_date, asked, holds, measure, operand_problem, readable
from longdoc_pipelines.playbook.schema import Comparison

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("kind", "stated", "comparison", "expected"),
    [
        ("duration", "P60D", {"max": "60 days"}, True),
        ("duration", "P61D", {"max": "60 days"}, False),
        ("duration", "P2M", {"max": "60 days"}, True),
        ("duration", "P3M", {"max": "60 days"}, False),
        ("duration", "P1Y", {"min": "12 months"}, True),
        ("duration", "PT48H", {"max": "3 days"}, True),
        ("duration", "PT72H", {"max": "48 hours"}, False),
        ("duration", "perpetual", {"min": "5 years"}, True),
        ("duration", "perpetual", {"max": "5 years"}, False),
        ("duration", None, {"max": "60 days"}, None),
        ("duration", "P1Y", {"max": "12 months"}, True),
        ("duration", "P12M", {"min": "365 days"}, True),
        ("duration", "P1.5Y", {"equals": "18 months"}, True),
        ("duration", "P30D", {"min": "10 days", "max": "20 days"}, False),
        ("amount", "USD 1000000", {"min": "USD 1 million"}, True),
        ("amount", "USD 999999.99", {"min": "USD 1 million"}, False),
        ("amount", "EUR 5", {"max": "USD 7"}, None),
        ("amount", "EUR 5", {"max": 7}, True),
        ("amount", "EUR 5", {"equals": "USD 5"}, None),
        ("percentage", "12.5%", {"max": "10%"}, False),
        ("percentage", "10%", {"max": 10}, True),
        ("date", "2027-01-05", {"after": "as_of + 30 days"}, True),
        ("date", "2026-12-01", {"after": "as_of + 30 days"}, False),
        ("date", "2026-10", {"before": "as_of"}, True),
        ("date", "2026-11", {"before": "as_of"}, None),
        ("date", "2026-11-23", {"equals": "as_of"}, True),
        ("date", "2026-11", {"equals": "as_of"}, None),
        ("date", "2026-10", {"equals": "as_of"}, False),
        ("date", "P3Y", {"after": "as_of"}, None),
        ("date", "perpetual", {"after": "as_of"}, None),
        ("jurisdiction", "New York", {"in": ["New York", "Delaware"]}, True),
        ("jurisdiction", "Nevada", {"in": ["New York", "Delaware"]}, False),
        ("jurisdiction", "British Columbia, Canada", {"in": ["Canada"]}, True),
        ("jurisdiction", "England and Wales", {"in": ["England"]}, True),
        ("jurisdiction", "England", {"in": ["England and Wales"]}, True),
        ("jurisdiction", "Scotland", {"in": ["United Kingdom"]}, True),
        ("jurisdiction", "Scotland", {"in": ["England"]}, False),
        ("jurisdiction", "Ohio", {"not_in": ["United States"]}, False),
        ("jurisdiction", "China", {"in": ["People's Republic of China"]}, True),
        ("jurisdiction", "Nevada", {"not_in": ["Nevada"]}, False),
        ("party", "Alder Systems, Inc. (Provider)", {"in": ["alder systems"]}, True),
        ("party", "Alder Systems, Inc. (Provider)", {"in": ["der"]}, False),
        ("yes_no", "yes", {"equals": True}, True),
        ("yes_no", None, {"equals": True}, False),
        ("yes_no", None, {"equals": "no"}, True),
        ("yes_no", "yes", {"equals": "no"}, False),
        ("text", "on a time and materials basis", {"contains": "time and materials"}, True),
        ("text", "counterparty", {"contains": "party"}, False),
        ("text", "the controls were not\neffective", {"contains": "not effective"}, True),
        ("text", "management’s plans", {"contains": "management's plans"}, True),
        ("text", None, {"present": False}, True),
        ("text", "something", {"present": False}, False),
    ],
)
def test_a_value_is_compared_by_what_it_means(kind: str, stated: str | None, comparison: dict[str, object], expected: bool | None) -> None:
    assert holds(kind, stated, Comparison.model_validate(comparison), DAY) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "operator", "operand", "part"),
    [
        ("duration", "max", "10 business days", "no business days"),
        ("duration", "max", "soon", "is no duration"),
        ("duration", "max", "-60 days", "is no duration"),
        ("duration", "max", "30 days or 60 days", "is no duration"),
        ("amount", "max", float("nan"), "is no amount"),
        ("amount", "max", "-5", "is no amount"),
        ("date", "before", "05/04/2026", "is no date"),
        ("date", "after", "as_of + 9999 years", "is no date"),
        ("duration", "contains", "x", "says nothing about a duration"),
        ("jurisdiction", "max", "60 days", "it may have in, not_in, equals, present"),
        ("amount", "min", "a lot", "is no amount"),
        ("percentage", "max", "much", "is no percentage"),
        ("date", "before", "someday", "as_of + 90 days"),
        ("yes_no", "equals", "maybe", "neither yes nor no"),
    ],
)
def test_an_operand_that_cannot_be_compared_is_told(kind: str, operator: str, operand: object, part: str) -> None:
    problem = operand_problem(kind, operator, operand)  # type: ignore[arg-type]
    assert problem is not None
    assert part in problem


@pytest.mark.parametrize(
    ("operand", "expected"),
    [
        ("as_of", DAY),
        ("as_of + 90 days", date(2027, 2, 21)),
        ("as_of - 1 year", date(2025, 11, 23)),
        ("as_of + 3 months", date(2027, 2, 23)),
        ("as_of + 1.5 months", None),
        ("as_of - 24 hours", None),
        ("2026-12-31", date(2026, 12, 31)),
        (date(2026, 12, 31), date(2026, 12, 31)),
        ("as_of + soon", None),
    ],
)
def test_dates_of_a_playbook_may_hang_on_the_day_of_the_run(operand: object, expected: date | None) -> None:
    assert as_date(operand, DAY) == expected


def test_a_month_after_the_last_day_of_one_is_the_last_day_of_the_next() -> None:
    assert as_date("as_of + 3 months", date(2026, 11, 30)) == date(2027, 2, 28)
    assert as_date("as_of - 1 year", date(2028, 2, 29)) == date(2027, 2, 28)


def test_values_are_said_as_people_say_them() -> None:
    said = [readable(*one) for one in (("duration", "P60D"), ("duration", "P1Y"), ("duration", "PT48H"), ("amount", "USD 1500000"))]
    assert said == ["60 days", "1 year", "48 hours", "USD 1,500,000"]
    assert asked(Comparison.model_validate({"in": ["New York", "Delaware", "England"]})) == "New York, Delaware or England"
    assert asked(Comparison.model_validate({"min": "30 days", "max": "60 days"})) == "at most 60 days and at least 30 days"
    assert asked(Comparison.model_validate({"equals": False})) == "no"
    assert asked(Comparison.model_validate({"after": "as_of + 90 days"}), DAY) == "after as_of + 90 days (2027-02-21)"


def test_a_value_that_is_no_number_has_no_measure() -> None:
    assert measure("duration", "soon") is None
    assert measure("amount", "USD many") is None
    assert measure("jurisdiction", "Nevada") is None
