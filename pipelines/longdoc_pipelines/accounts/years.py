"""Fiscal years: when a company's year ends, and which year and quarter of it a period is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

from longdoc.dates import find_dates
from longdoc.types import Document
from longdoc_pipelines.accounts.periods import Period, fiscal_year

COVER = 6_000
"""Characters at the head of a filing in which its cover says when the year ended."""
NEAR = 10
"""Days around the end of a year on which it may end: the Saturday nearest to it."""

_ENDED = re.compile(r"(?:fiscal )?years? ended[:\s]*", re.IGNORECASE)


def year_end_of(document: Document, periods: Sequence[Period]) -> tuple[int, int] | None:
    """The month and day on which the company's year ends: those of columns of twelve months, of the cover, or counted back from columns
    of a few months."""
    whole = Counter(period.end[5:] for period in periods if period.months == 12 and period.end and len(period.end) == 10)
    if whole:
        month, day = whole.most_common(1)[0][0].split("-")
        return int(month), int(day)
    cover = document.text[:COVER]
    for found in _ENDED.finditer(cover):
        dates = [one for one in find_dates(cover[found.end() : found.end() + 40]) if len(one[2]) == 10]
        if dates:
            return int(dates[0][2][5:7]), int(dates[0][2][8:])
    parts = [period for period in periods if period.months in (6, 9) and period.end and len(period.end) == 10]
    if parts:
        longest = max(parts, key=lambda period: period.months or 0)
        last = longest.end or ""
        return (int(last[5:7]) - (longest.months or 0) - 1) % 12 + 1, int(last[8:])
    return None


def fiscal(period: Period, end: tuple[int, int] | None) -> Period:
    """The period with its fiscal year and quarter, where the end of the company's year tells them."""
    if end is None or period.end is None or len(period.end) != 10 or period.months == 12:
        return period
    day = date.fromisoformat(period.end)
    after = _days_after(day, end)
    if abs(after) <= NEAR:
        return Period(fiscal_year(period.end), period.end, period.months, 4 if period.months == 3 else period.quarter)
    # The year that is running: called by the year in which it will end.
    closes = date(day.year + (after > 0), end[0], min(end[1], 28))
    quarter = min(4, max(1, round((365 - (closes - day).days) / 91.3)))
    return Period(fiscal_year(closes.isoformat()), period.end, period.months, quarter)


def _days_after(day: date, end: tuple[int, int]) -> int:
    """Days since this calendar year's end of the fiscal year, negative before it; the nearest end within `NEAR` days counts."""
    ends = [date(day.year + step, end[0], min(end[1], 28)) for step in (-1, 0, 1)]
    nearest = min(ends, key=lambda one: abs((day - one).days))
    if abs((day - nearest).days) <= NEAR:
        return (day - nearest).days
    return (day - ends[1]).days


_NAMED = re.compile(r"fiscal (?:year )?((?:19|20)\d\d)\b[^.\n]{0,60}?\b(?:end(?:ed|ing|s)|consisted)\b", re.IGNORECASE)
_NAMED_AFTER = re.compile(
    r"\bended ([A-Z][a-z]+ \d{1,2}, (?:19|20)\d\d)[^.\n]{0,12}\((?:[\"“]?(?:the )?fiscal (?:year )?)((?:19|20)\d\d)", re.IGNORECASE
)
_TITLED = re.compile(r"(?:quarter|full[- ]year|year[- ]end)[\w ]{0,10} fiscal ((?:19|20)\d\d) results", re.IGNORECASE)


def named_ahead(document: Document, periods: Sequence[Period]) -> int:
    """By how many years the company calls its fiscal year before the one that it ends in: 1 where "fiscal 2022" ends in January 2023."""
    steps: Counter[int] = Counter()
    for found in _NAMED.finditer(document.text):
        dates = [one for one in find_dates(document.text[found.end() : found.end() + 40]) if len(one[2]) == 10]
        if dates:
            steps[fiscal_year(dates[0][2]) - int(found[1])] += 1
    for found in _NAMED_AFTER.finditer(document.text):
        steps[fiscal_year(find_dates(found[1])[0][2]) - int(found[2])] += 1
    newest = max((period.year for period in periods if period.end), default=None)
    titled = _TITLED.search(document.text, 0, COVER)
    if titled is not None and newest is not None and not steps:
        steps[newest - int(titled[1])] += 1
    return 1 if steps and steps.most_common(1)[0][0] == 1 else 0
