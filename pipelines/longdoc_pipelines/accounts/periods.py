"""Periods of accounts: which day or stretch of time a column of a statement is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from longdoc.dates import find_dates

_YEAR = re.compile(r"\b(?:FY\s?)?((?:19|20)\d\d)\b", re.IGNORECASE)
_NUMBERS = {
    "three": 3,
    "six": 6,
    "nine": 9,
    "twelve": 12,
    "thirteen": 13,
    "twenty-six": 26,
    "thirty-nine": 39,
    "fifty-two": 52,
    "fifty-three": 53,
}
_LENGTH = re.compile(r"\b(three|six|nine|twelve|\d{1,2})[\s-]months?\b", re.IGNORECASE)
_WEEKS = re.compile(r"\b(thirteen|fourteen|twenty-six|thirty-nine|fifty-two|fifty-three|\d{2})[\s-]weeks?\b", re.IGNORECASE)
_QUARTER = re.compile(
    r"\b(?:(first|second|third|fourth)\s+(?:fiscal\s+)?quarter|q([1-4])\b|([1-4])q(?=\d|\b)|quarter(?:ly)?\b)", re.IGNORECASE
)
_WHOLE = re.compile(r"\b(?:fiscal\s+)?years?\b|\bannual\b|\bFY", re.IGNORECASE)
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_OPEN_DAY = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December)\s+(\d{1,2})\b(?!\s*,?\s*(?:19|20)\d\d)",
    re.IGNORECASE,
)
LATE = 7
"""Days into January that a year may end and still be called by the year before: the Sunday nearest the end of December."""


@dataclass(frozen=True, slots=True)
class Period:
    """What a column is about.

    `year` is the fiscal year that it belongs to, as far as the column tells: the one printed, or that in which it ends. `end` is the last
    day (ISO 8601) or None; `months` how long it is, 0 for a day, None where nothing says so. `quarter` is from 1 to 4 where it is named.
    """

    year: int
    end: str | None = None
    months: int | None = None
    quarter: int | None = None

    def __str__(self) -> str:
        if self.months == 0:
            return self.end or f"end of {self.year}"
        if self.quarter is not None and self.months == 3:
            return f"Q{self.quarter} of {self.year}"
        if self.months in (3, 6, 9):
            return f"{self.months} months to {self.end or self.year}"
        return f"{self.year}"


def fiscal_year(end: str) -> int:
    """The year that a fiscal year ending on an ISO date is called by."""
    year, month, day = (int(part) for part in f"{end}-28".split("-")[:3])
    return year - 1 if month == 1 and day <= LATE else year


def period_of(heading: str, above: str, balance: bool) -> Period | None:
    """The period of a column with this heading; `above` is what stands over all columns ("Years ended December 31"). None if neither
    names a year."""
    months = 0 if balance else months_of(heading) or months_of(above)
    quarter = quarter_of(heading) or (None if months_of(heading) else quarter_of(above))
    if quarter is not None and months is None:
        months = 3
    dates = find_dates(heading)
    years = [int(year) for year in _YEAR.findall(heading)]
    if dates:
        end = dates[-1][2]
        return Period(fiscal_year(end), end, months, quarter if months == 3 else None)
    if not years:
        return None
    day = _OPEN_DAY.search(heading) or (None if _OPEN_DAY.search(heading) else _single_day(above))
    ends = find_dates(f"{day[1]} {day[2]}, {years[-1]}") if day else []
    return Period(years[-1], ends[0][2] if ends else None, months, quarter if months == 3 else None)


def _single_day(above: str) -> re.Match[str] | None:
    """The day of the year that stands above all columns, if it is one only."""
    days = list(_OPEN_DAY.finditer(above))
    return days[-1] if days and len({day.group().casefold() for day in days}) == 1 else None


def months_of(text: str) -> int | None:
    """How many months a heading speaks of; None if it does not say."""
    found = _LENGTH.search(text)
    if found:
        return _NUMBERS.get(found[1].casefold()) or (int(found[1]) if found[1].isdigit() else None)
    found = _WEEKS.search(text)
    if found:
        weeks = _NUMBERS.get(found[1].casefold()) or (int(found[1]) if found[1].isdigit() else 0)
        return next((months for least, months in ((50, 12), (38, 9), (25, 6), (12, 3)) if weeks >= least), None)
    if _QUARTER.search(text):
        return 3
    return 12 if _WHOLE.search(text) else None


def quarter_of(text: str) -> int | None:
    """The quarter that a text names, 1 to 4."""
    found = _QUARTER.search(text)
    if found is None:
        return None
    return _ORDER.get((found[1] or "").casefold()) or (int(found[2] or found[3]) if found[2] or found[3] else None)
