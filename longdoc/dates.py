"""Dates as contracts and filings write them, and the ISO 8601 date that each stands for."""

from __future__ import annotations

import re
from calendar import monthrange

_MONTH_NAMES = "january february march april may june july august september october november december"
MONTHS = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_ORDINAL_NAMES = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth "
    "twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)
_ORDINALS = _ORDINAL_NAMES.split()
_SPELLED = "|".join(name.replace("-", r"[\s-]") for name in reversed(_ORDINALS))
_DAY = rf"(?P<{{0}}>[0-9]{{{{1,2}}}}|{_SPELLED})"

_DAY_FIRST = re.compile(
    rf"{_DAY.format('day')}\s?(?:st|nd|rd|t\s?h)?\s*(?:\([0-9]+(?:st|nd|rd|t\s?h)?\)\s*)?(?:day\s+)?(?:of\s+)?"
    rf"(?P<month>{MONTHS})\s*,?\s*(?:in\s+the\s+year\s+|of\s+)?(?P<year>[12][0-9]{{3}})\b",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?P<month>{MONTHS})\s*{_DAY.format('day')}\s?(?:st|nd|rd|t\s?h)?\s*,?\s*(?P<year>[12][0-9]{{3}})\b", re.IGNORECASE
)
_MONTH_ONLY = re.compile(rf"(?P<month>{MONTHS})\s*,?\s*(?P<year>[12][0-9]{{3}})\b", re.IGNORECASE)
_NUMBERS = re.compile(
    r"(?<![0-9./-])(?P<month>[0-9]{1,2})\s?(?P<mark>[/.-])\s?(?P<day>[0-9]{1,2})\s?(?P=mark)\s?(?P<year>[12][0-9]{3}|[0-9]{2})"
    r"(?![0-9./-]*[0-9])"
)
_ISO = re.compile(r"(?<![0-9-])(?P<year>[12][0-9]{3})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?![0-9-])")
_FORMS = (_ISO, _DAY_FIRST, _MONTH_FIRST, _NUMBERS, _MONTH_ONLY)


def find_dates(text: str) -> list[tuple[int, int, str]]:
    """(start, end, ISO date) of every date in `text`, in order; a month without a day gives YYYY-MM.

    Two-digit years up to 49 are of this century; 5/8/2014 is read as in the United States, month first, unless the first
    number cannot be a month.
    """
    found: list[tuple[int, int, str | None]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            start, end = match.span()
            if not any(start < other_end and other_start < end for other_start, other_end, _ in found):
                found.append((start, end, _iso(match)))
    return sorted((start, end, iso) for start, end, iso in found if iso is not None)


def _iso(match: re.Match[str]) -> str | None:
    parts = match.groupdict()
    year = int(parts["year"])
    if year < 100:
        year += 2000 if year < 50 else 1900
    month = int(parts["month"]) if parts["month"].isdigit() else _month(parts["month"])
    if "day" not in parts:
        return f"{year:04d}-{month:02d}"
    day = int(parts["day"]) if parts["day"].isdigit() else _ORDINALS.index("-".join(re.split(r"[\s-]", parts["day"].lower()))) + 1
    if month > 12 and "mark" in parts:
        month, day = day, month
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:
        return None
    return f"{year:04d}-{month:02d}-{day:02d}"


def _month(name: str) -> int:
    return next(number for number, full in enumerate(_MONTH_NAMES.split(), 1) if full.startswith(name.lower().rstrip(".")[:3]))
