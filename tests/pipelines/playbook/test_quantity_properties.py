"""What holds of every quantity and every condition, whatever their numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from longdoc.types import Citation, Span, Value
from longdoc_pipelines.playbook.conditions import told
from longdoc_pipelines.playbook.quantities import OPERATORS, as_date, holds, measure, operand_problem, operand_text
from longdoc_pipelines.playbook.schema import Comparison, Condition

DAY = date(2026, 11, 23)
NUMBERS = some.integers(0, 5000)
PERIODS = some.builds("P{}{}".format, NUMBERS, some.sampled_from("DWMY"))
CURRENCIES = some.sampled_from(["USD", "EUR", "GBP"])
WORDS = some.text(max_size=40)


def compared(kind: Any, stated: str | None, operator: str, operand: object) -> bool | None:
    return holds(kind, stated, Comparison.model_validate({operator: operand}), DAY)


@given(NUMBERS, NUMBERS, some.sampled_from(["days", "weeks", "months", "years"]))
def test_periods_of_one_unit_are_ordered_as_their_numbers(stated: int, limit: int, unit: str) -> None:
    normalised, operand = f"P{stated}{unit[0].upper()}", f"{limit} {unit}"
    assert compared("duration", normalised, "max", operand) is (stated <= limit)
    assert compared("duration", normalised, "min", operand) is (stated >= limit)
    assert compared("duration", normalised, "equals", operand) is (stated == limit)


@given(some.integers(0, 400))
def test_twelve_months_are_a_year(years: int) -> None:
    assert compared("duration", f"P{years}Y", "equals", f"{12 * years} months") is True
    assert compared("duration", f"P{12 * years}M", "max", f"{years} years") is True


@given(some.integers(1, 2000), some.integers(1, 2000))
def test_a_longer_number_of_months_is_never_counted_as_fewer_days(one: int, other: int) -> None:
    days = [measure("duration", f"P{months}M") for months in sorted((one, other))]
    assert days[0] is not None
    assert days[1] is not None
    assert days[0][0] <= days[1][0]


@given(CURRENCIES, CURRENCIES, NUMBERS, NUMBERS, some.sampled_from(["max", "min", "equals"]))
def test_sums_are_compared_in_one_currency_only(one: str, other: str, stated: int, limit: int, operator: str) -> None:
    answer = compared("amount", f"{one} {stated}", operator, f"{other} {limit}")
    assert (answer is None) is (one != other)
    assert compared("amount", f"{one} {stated}", operator, limit) is not None


@given(some.dates(), some.dates(), some.booleans())
def test_a_date_is_before_after_or_equal(stated: date, limit: date, whole: bool) -> None:
    normalised = stated.isoformat() if whole else stated.isoformat()[:7]
    answers = [compared("date", normalised, operator, limit) for operator in ("before", "equals", "after")]
    if whole:
        assert answers == [stated < limit, stated == limit, stated > limit]
    elif (stated.year, stated.month) != (limit.year, limit.month):
        assert answers == [stated < limit, False, stated > limit]
    else:
        assert answers[1] is None
        assert True not in answers


@given(PERIODS, some.sampled_from(["before", "after", "equals"]))
def test_a_date_that_is_given_as_a_length_of_time_cannot_be_compared(period: str, operator: str) -> None:
    assert compared("date", period, operator, "as_of") is None
    assert compared("date", period, "present", True) is True


@given(some.sampled_from(sorted(OPERATORS)), some.one_of(some.none(), WORDS), some.data())
def test_no_text_breaks_a_comparison(kind: Any, stated: str | None, data: some.DataObject) -> None:
    operator = data.draw(some.sampled_from(OPERATORS[kind]))
    operand: object = data.draw(some.booleans() if operator == "present" else WORDS)
    operand = [operand] if operator in ("in", "not_in") else operand
    assert compared(kind, stated, operator, operand) in (True, False, None)


@given(some.sampled_from(["duration", "amount", "percentage"]), some.one_of(WORDS, some.floats(), some.integers(), some.booleans()))
def test_what_lint_lets_through_can_be_compared(kind: Any, operand: object) -> None:
    if operand_problem(kind, "max", operand) is None:
        limit = measure(kind, operand_text(kind, operand))
        assert limit is not None
        assert limit[0] >= Decimal(0)


@given(some.dates(), some.integers(0, 10**7), some.sampled_from(["days", "weeks", "months", "years"]), some.sampled_from("+-"))
def test_a_day_counted_from_the_run_lies_on_its_side_or_beyond_the_calendar(day: date, number: int, unit: str, sign: str) -> None:
    found = as_date(f"as_of {sign} {number} {unit}", day)
    if found is not None:
        assert (found >= day) if sign == "+" else (found <= day)


# Conditions: what is told with an unknown value is told of every value that it might have

ATOMS = some.builds(lambda name, limit: {name: {"max": f"{limit} days"}}, some.sampled_from("abc"), some.sampled_from([10, 20, 30]))
CONDITIONS = some.recursive(
    ATOMS,
    lambda parts: some.one_of(
        some.builds(lambda listed: {"all": listed}, some.lists(parts, min_size=1, max_size=3)),
        some.builds(lambda listed: {"any": listed}, some.lists(parts, min_size=1, max_size=3)),
        some.builds(lambda part: {"not": part}, parts),
    ),
    max_leaves=6,
)
VALUES = some.fixed_dictionaries({name: some.sampled_from([None, 5, 15, 25, 35]) for name in "abc"})


def said(condition: dict[str, Any], values: dict[str, int | None]) -> bool | None:
    def read(name: str) -> tuple[Any, list[Value]]:
        days = values[name]
        place = Citation(document_id="d", path="d.txt", span=Span(start=0, end=1), quote="x")
        return "duration", [] if days is None else [Value(kind="duration", normalised=f"P{days}D", citation=place)]

    return told(Condition.model_validate(condition), read, DAY).holds


def plain(condition: dict[str, Any], values: dict[str, int]) -> bool:
    """The slow twin, with every value known."""
    ((word, inner),) = condition.items()
    if word == "not":
        return not plain(inner, values)
    if word in ("all", "any"):
        return (all if word == "all" else any)(plain(one, values) for one in inner)
    return values[word] <= int(inner["max"].split()[0])


@given(CONDITIONS, VALUES)
def test_what_is_told_of_known_values_is_right_and_of_unknown_ones_never_wrong(
    condition: dict[str, Any], values: dict[str, int | None]
) -> None:
    answer = said(condition, values)
    known = {name: value for name, value in values.items() if value is not None}
    if len(known) == len(values):
        assert answer is plain(condition, known)
    elif answer is not None:
        for guess in (5, 15, 25, 35):
            assert plain(condition, {name: known.get(name, guess) for name in values}) is answer


@given(CONDITIONS, VALUES)
def test_a_condition_and_its_negation_never_both_hold(condition: dict[str, Any], values: dict[str, int | None]) -> None:
    answer = said(condition, values)
    assert said({"not": condition}, values) is (None if answer is None else not answer)
