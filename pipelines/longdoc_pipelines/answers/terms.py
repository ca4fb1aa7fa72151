"""When an agreement ends whose term is a length of time: the day on which it takes effect, or is made, and that length."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from longdoc.types import Clause, Value

_LENGTH = re.compile(r"P(\d+)([YM])")
_OTHER_START = re.compile(
    r"\b(?:following|after|from|with|upon|of|on)\s+(?:the\s+)?(?!the\b|this\b|effective\b|agreement\b|execution\b|signature\b|signing\b)(\w+)\s+date\b",
    re.IGNORECASE,
)
"""A term that runs from another day than that on which the agreement takes effect: "after the Launch Date"."""


def end_of_term(term: Clause, starts: Iterable[Clause]) -> tuple[str, str, Clause] | None:
    """The ISO date on which a term ends, the calculation, and the clause with the day that it begins; None where no such day is known, or
    the term runs from another."""
    length = _LENGTH.fullmatch(term.value.normalised) if term.value is not None else None
    if length is None or _OTHER_START.search(term.citation.quote):
        return None
    months = int(length[1]) * (12 if length[2] == "Y" else 1)
    for clause in starts:
        day = _day(clause.value)
        if day is not None:
            place = day.year * 12 + day.month - 1 + months
            year, month = divmod(place, 12)
            end = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
            return end.isoformat(), f"{day.isoformat()} + {months} months = {end.isoformat()}", clause
    return None


def _day(value: Value | None) -> date | None:
    if value is None or value.kind != "date" or len(value.normalised) != len("2000-01-01"):
        return None
    return date.fromisoformat(value.normalised)
