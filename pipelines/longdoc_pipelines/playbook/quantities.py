"""Values as a playbook writes them and as a document states them, compared in code.

Twelve months are a year; beside days a year counts as 365 and a month of what is left of one as 30. Sums of different currencies cannot be
compared, nor can a date that a document gives as a length of time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from longdoc.dates import find_dates
from longdoc.model.places import PARTS, find_places
from longdoc.model.values import amounts, percentages, periods
from longdoc_pipelines.playbook.schema import Comparison, ValueKind

_DAYS = {"D": 1, "W": 7}
_MONTHS = {"M": 1, "Y": 12}
_UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_WORDS = {
    "max": "at most", "min": "at least", "before": "before", "after": "after", "equals": "", "in": "", "not_in": "other than",
    "contains": "with",
}  # fmt: skip
_ISO_PERIOD = re.compile(r"P(T)?(\d+(?:\.\d+)?)([YMWDH])")
_RELATIVE = re.compile(r"as_of\s*(?:(?P<sign>[+-])\s*(?P<period>.+))?", re.IGNORECASE)
_BUSINESS = re.compile(r"\b(?:business|working|banking|trading)\b", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"(?:0?[1-9]|1[0-2])[/.-](?:0?[1-9]|1[0-2])[/.-][0-9]+")
"""05/04/2026 is a day of April or of May."""
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
        return None if kind != "yes_no" else not _yes(operand)  # what no passage says is a no
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
    if stated is None or limit is None or not _comparable(stated, limit):
        return None
    return stated[0] <= limit[0] if operator == "max" else stated[0] >= limit[0]


def _loosely(words: str) -> str:
    """Words as a regular expression: a line may break between them, and an apostrophe may be curly."""
    return r"\s+".join(re.escape(word).replace("'", "['’]") for word in words.replace("’", "'").split())


def _equal(kind: ValueKind, normalised: str, operand: Any, as_of: date) -> bool | None:
    if kind in ("duration", "amount", "percentage"):
        stated, wanted = measure(kind, normalised), measure(kind, operand_text(kind, operand))
        return None if stated is None or wanted is None or not _comparable(stated, wanted) else stated[0] == wanted[0]
    if kind == "date":
        days, wanted_date = _days(normalised), as_date(operand, as_of)
        if days is None or wanted_date is None:
            return None
        return days[0] == wanted_date if days[0] == days[1] else None if days[0] <= wanted_date <= days[1] else False
    if kind == "yes_no":
        return (normalised.casefold() == "yes") is _yes(operand)
    stated_text, wanted_text = _plain(normalised), _plain(str(operand))
    if kind == "jurisdiction":
        return _under(normalised, _place(operand))
    if kind == "party":
        return re.search(rf"(?<!\w){re.escape(wanted_text)}(?!\w)", stated_text) is not None
    return stated_text == wanted_text


def _under(stated: str, wanted: str) -> bool:
    """Whether a law is the one wanted, or that of a part of the country wanted; England's is that of England and Wales."""
    same = {"england": "england and wales", "wales": "england and wales"}
    named = [stated, *stated.split(",")]
    named += [country for country, parts in PARTS.items() if stated.strip() in parts]
    return same.get(_plain(wanted), _plain(wanted)) in (same.get(_plain(one), _plain(one)) for one in named)


def _comparable(one: tuple[Decimal, str], other: tuple[Decimal, str]) -> bool:
    """Sums without a currency can be compared with any."""
    return one[1] == other[1] or not one[1] or not other[1]


def _yes(operand: Any) -> bool:
    return operand is True or str(operand).casefold() in ("yes", "true")


def _days(normalised: str) -> tuple[date, date] | None:
    """The first and the last day that a date may be: those of a month that is given without a day; None if it is no date."""
    try:
        if len(normalised) == 7:
            first = date.fromisoformat(f"{normalised}-01")
            return first, first.replace(day=monthrange(first.year, first.month)[1])
        return (day := date.fromisoformat(normalised)), day
    except ValueError:
        return None


def _ordered(normalised: str, operator: str, limit: date | None) -> bool | None:
    """A month without a day lies before or after a date only if all of its days do."""
    days = _days(normalised)
    if limit is None or days is None:
        return None
    before = [day < limit if operator == "before" else day > limit for day in days]
    return before[0] if before[0] is before[1] else None


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
        number, unit = Decimal(found[2]), found[3]
        if unit in _MONTHS:
            years, months = divmod(number * _MONTHS[unit], 12)
            return years * 365 + months * 30, "days"
        return (number / 24 if found[1] else number * _DAYS[unit]), "days"
    if kind == "amount":
        currency, _, number_text = normalised.rpartition(" ")
        return _number(number_text, currency)
    return _number(normalised.rstrip("%"), "%") if kind == "percentage" else None


def _number(text: str, unit: str) -> tuple[Decimal, str] | None:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return (number, unit) if number.is_finite() and number >= 0 else None


def operand_text(kind: ValueKind, operand: Any) -> str | None:
    """What a playbook writes ("60 days", "USD 1 million", 10, "10%"), normalised as values read from documents are; None if it is more or
    less than one such value."""
    text = str(operand).strip()
    if kind == "duration":
        return _whole(text, periods(text))
    if kind == "amount":
        return _whole(text, amounts(text)) or (text if _number(text, "") else None)
    return _whole(text, percentages(text)) or (f"{text}%" if _number(text, "") else None)


def as_date(operand: Any, as_of: date) -> date | None:
    """A date of a playbook: ISO 8601, in words, "as_of", or "as_of + 90 days"; None if it is none. Months and years are those of the
    calendar: a month after January 31 is the last day of February."""
    if isinstance(operand, date):
        return operand
    text = str(operand).strip()
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        found = _whole(text, find_dates(text)) if not _AMBIGUOUS.fullmatch(text) else None
        return date.fromisoformat(found) if found is not None and len(found) == 10 else None
    if relative["period"] is None:
        return as_of
    length = _ISO_PERIOD.fullmatch(operand_text("duration", relative["period"]) or "")
    if length is None or length[1] or "." in length[2]:
        return None
    steps = int(length[2]) * (1 if relative["sign"] == "+" else -1)
    try:
        if length[3] in _DAYS:
            return as_of + timedelta(days=steps * _DAYS[length[3]])
        year, month = divmod(as_of.year * 12 + as_of.month - 1 + steps * _MONTHS[length[3]], 12)
        return date(year, month + 1, min(as_of.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return None  # beyond the calendar


def readable(kind: str, normalised: str) -> str:
    """A value as a person says it: "60 days" for P60D, "USD 1,500" for USD 1500."""
    if kind in ("duration", "date"):  # a date may be given as a length of time
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


def asked(comparison: Comparison, as_of: date | None = None) -> str:
    """A comparison as a person says it: "at most 60 days"; with `as_of` the day that one counted from it falls on."""
    said = []
    for operator, operand in comparison.given():
        given = operand if isinstance(operand, tuple) else (operand,)
        listed = [("yes" if one else "no") if isinstance(one, bool) else f"{one}{_falls_on(one, as_of)}" for one in given]
        words = f"{', '.join(listed[:-1])} or {listed[-1]}" if len(listed) > 1 else listed[0]
        if operator == "present":
            said.append("stated" if operand else "not stated")
        else:
            said.append(f"{_WORDS[operator]} {words}".strip())
    return " and ".join(said)


def _falls_on(operand: Any, as_of: date | None) -> str:
    day = as_date(operand, as_of) if as_of is not None and _RELATIVE.fullmatch(str(operand).strip()) else None
    return f" ({day.isoformat()})" if day is not None else ""


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


def _whole(text: str, found: Iterable[tuple[int, int, str]]) -> str | None:
    """The value that is all of the text."""
    return next((normalised for start, end, normalised in found if (start, end) == (0, len(text))), None)
