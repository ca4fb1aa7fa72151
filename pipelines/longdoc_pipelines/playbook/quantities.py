"""Values as a playbook writes them and as a document states them, compared in code.

A month counts as 30 days and a year as 365 where two units meet; equal units are compared as they stand. Sums of different currencies
cannot be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from longdoc.dates import find_dates
from longdoc.model.places import find_places
from longdoc.model.values import amounts, percentages, periods
from longdoc_pipelines.playbook.schema import Comparison, ValueKind

_DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}
_UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_WORDS = {
    "max": "at most", "min": "at least", "before": "before", "after": "after", "equals": "", "in": "", "not_in": "other than",
    "contains": "with",
}  # fmt: skip
_ISO_PERIOD = re.compile(r"P(T)?(\d+(?:\.\d+)?)([YMWDH])")
_RELATIVE = re.compile(r"as_of\s*(?:(?P<sign>[+-])\s*(?P<period>.+))?", re.IGNORECASE)
_BUSINESS = re.compile(r"\b(?:business|working|banking|trading)\b", re.IGNORECASE)
OPERATORS: dict[ValueKind, tuple[str, ...]] = {
    "duration": ("max", "min", "equals", "in", "not_in", "present"),
    "amount": ("max", "min", "equals", "in", "not_in", "present"),
    "percentage": ("max", "min", "equals", "in", "not_in", "present"),
    "date": ("before", "after", "equals", "present"),
    "jurisdiction": ("in", "not_in", "equals", "present"),
    "party": ("in", "not_in", "equals", "contains", "present"),
    "yes_no": ("equals", "present"),
    "text": ("contains", "equals", "in", "not_in", "present"),
}
"""The operators that make sense for a value of each kind."""


def holds(kind: ValueKind, normalised: str | None, comparison: Comparison, as_of: date) -> bool | None:
    """Whether a value passes; None where it is not stated, or cannot be compared with what is asked."""
    answers = [_holds(kind, normalised, operator, operand, as_of) for operator, operand in comparison.given()]
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def _holds(kind: ValueKind, normalised: str | None, operator: str, operand: Any, as_of: date) -> bool | None:
    if operator == "present":
        return (normalised is not None) is bool(operand)
    if normalised is None:
        return None
    if operator in ("in", "not_in"):
        equal = [_equal(kind, normalised, one, as_of) for one in operand]
        inside = True if True in equal else None if None in equal else False
        return inside if operator == "in" or inside is None else not inside
    if operator == "equals":
        return _equal(kind, normalised, operand, as_of)
    if operator == "contains":
        wanted = (operand,) if isinstance(operand, str) else operand
        return any(re.search(rf"(?<!\w){_loosely(one)}(?!\w)", normalised, re.IGNORECASE) for one in wanted)
    if operator in ("before", "after"):
        return _ordered(normalised, operator, as_date(operand, as_of))
    stated, limit = measure(kind, normalised), measure(kind, operand_text(kind, operand))
    if stated is None or limit is None:
        return None
    if stated[1] != limit[1] and limit[1] and stated[1]:
        return None  # two currencies
    return stated[0] <= limit[0] if operator == "max" else stated[0] >= limit[0]


def _loosely(words: str) -> str:
    """Words as a regular expression: a line may break between them, and an apostrophe may be curly."""
    return r"\s+".join(re.escape(word).replace("'", "['’]") for word in words.replace("’", "'").split())


def _equal(kind: ValueKind, normalised: str, operand: Any, as_of: date) -> bool | None:
    if kind in ("duration", "amount", "percentage"):
        stated, wanted = measure(kind, normalised), measure(kind, operand_text(kind, operand))
        return None if stated is None or wanted is None else stated[0] == wanted[0] and (not wanted[1] or stated[1] == wanted[1])
    if kind == "date":
        wanted_date = as_date(operand, as_of)
        return wanted_date is not None and normalised == wanted_date.isoformat()
    if kind == "yes_no":
        return normalised.casefold() == ("yes" if operand in (True, "yes", "Yes", "true") else "no")
    stated_text, wanted_text = _plain(normalised), _plain(_place(operand) if kind == "jurisdiction" else str(operand))
    if kind == "jurisdiction":
        return any(part == wanted_text for part in (stated_text, *(piece.strip() for piece in stated_text.split(","))))
    if kind == "party":
        return wanted_text in stated_text
    return stated_text == wanted_text


def _ordered(normalised: str, operator: str, limit: date | None) -> bool | None:
    """A month without a day lies before or after a date only if all of its days do."""
    if limit is None:
        return None
    month = normalised if len(normalised) == 7 else None
    first = date.fromisoformat(f"{month}-01" if month else normalised)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1) if month else first
    before, after = last < limit, first > limit
    if month and not before and not after:
        return None
    return before if operator == "before" else after


def measure(kind: ValueKind, normalised: str | None) -> tuple[Decimal, str] | None:
    """A value as (number, unit): durations in days, sums with their currency, shares in percent; None if it is none of these."""
    if normalised is None:
        return None
    if kind == "duration":
        if normalised == "perpetual":
            return Decimal("Infinity"), "days"
        found = _ISO_PERIOD.fullmatch(normalised)
        if found is None:
            return None
        number = Decimal(found[2])
        return (number / 24 if found[1] else number * _DAYS[found[3]]), "days"
    if kind == "amount":
        currency, _, number_text = normalised.rpartition(" ")
        return _number(number_text, currency)
    return _number(normalised.rstrip("%"), "%") if kind == "percentage" else None


def _number(text: str, unit: str) -> tuple[Decimal, str] | None:
    try:
        return Decimal(text.replace(",", "")), unit
    except InvalidOperation:
        return None


def operand_text(kind: ValueKind, operand: Any) -> str | None:
    """What a playbook writes ("60 days", "USD 1 million", 10, "10%"), normalised as values read from documents are."""
    text = str(operand).strip()
    if kind == "duration":
        return None if _BUSINESS.search(text) else _first(periods(text)) or ("perpetual" if text.lower() == "perpetual" else None)
    if kind == "amount":
        return _first(amounts(text)) or (text if _number(text, "") else None)
    return _first(percentages(text)) or (f"{text}%" if _number(text, "") else None)


def as_date(operand: Any, as_of: date) -> date | None:
    """A date of a playbook: ISO 8601, in words, "as_of", or "as_of + 90 days"; None if it is none."""
    if isinstance(operand, date):
        return operand
    text = str(operand).strip()
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        found = find_dates(text)
        return date.fromisoformat(found[0][2]) if found and len(found[0][2]) == 10 else None
    if relative["period"] is None:
        return as_of
    length = measure("duration", operand_text("duration", relative["period"]))
    if length is None or not length[0].is_finite():
        return None
    return as_of + timedelta(days=int(length[0]) * (1 if relative["sign"] == "+" else -1))


def readable(kind: str, normalised: str) -> str:
    """A value as a person says it: "60 days" for P60D, "USD 1,500" for USD 1500."""
    if kind == "duration":
        found = _ISO_PERIOD.fullmatch(normalised)
        if found is None:
            return normalised
        unit = "hour" if found[3] == "H" else _UNITS[found[3]]
        return f"{found[2]} {unit}{'' if found[2] == '1' else 's'}"
    if kind == "amount":
        currency, _, number = normalised.rpartition(" ")
        measured = _number(number, currency)
        return f"{currency} {measured[0]:,}".strip() if measured else normalised
    return normalised


def asked(comparison: Comparison) -> str:
    """A comparison as a person says it: "at most 60 days"."""
    said = []
    for operator, operand in comparison.given():
        listed = [str(one) for one in (operand if isinstance(operand, tuple) else (operand,))]
        words = f"{', '.join(listed[:-1])} or {listed[-1]}" if len(listed) > 1 else listed[0]
        if operator == "present":
            said.append("stated" if operand else "not stated")
        else:
            said.append(f"{_WORDS[operator]} {words}".strip())
    return " and ".join(said)


def operand_problem(kind: ValueKind, operator: str, operand: Any) -> str | None:
    """Why an operand cannot be compared with a value of `kind`; None if it can."""
    if operator not in OPERATORS[kind]:
        return f"{operator!r} says nothing about a {kind}; it may have {', '.join(OPERATORS[kind])}"
    if operator in ("present", "contains"):
        return None
    for one in operand if isinstance(operand, tuple) else (operand,):
        if kind in ("duration", "amount", "percentage") and measure(kind, operand_text(kind, one)) is None:
            shown = {"duration": '"60 days" (no business days)', "amount": '"USD 1,000,000" or a number', "percentage": '"10%"'}[kind]
            return f"{one!r} is no {kind}; write it as {shown}"
        if kind == "date" and as_date(one, date(2000, 1, 1)) is None:
            return f'{one!r} is no date; write 2026-12-31, as_of, or "as_of + 90 days"'
        if kind == "yes_no" and one not in (True, False, "yes", "no"):
            return f"{one!r} is neither yes nor no"
    return None


def _place(operand: Any) -> str:
    places = find_places(str(operand))
    return places[0][2] if places and places[0][0] == 0 and places[0][1] == len(str(operand)) else str(operand)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _first(found: Iterable[tuple[int, int, str]]) -> str | None:
    return next((normalised for _, _, normalised in found), None)
