"""Key facts as a person reads them: grouped by name, lengths of time in words, large sums in millions, the year before and the change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import PurePath

from longdoc.types import Coverage, KeyFact, Summary

PLURALS = {"Party": "Parties", "Data set": "Data sets"}
PERIODS = ("Fiscal year ended", "Quarter ended", "Period ended", "Date of report")
LONGEST = 240
LONGEST_CELL = 90
"""Characters of a value, and of one in a table of documents."""
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
_SUM = re.compile(r"([A-Z]{3}) (-?[\d.]+)")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_STEPS = ((Decimal(10**9), "billion"), (Decimal(10**6), "million"))


def grouped(facts: Iterable[KeyFact]) -> list[tuple[str, list[KeyFact]]]:
    """Facts by name, in the order in which the names first come; a name that has several is a plural."""
    groups: dict[str, list[KeyFact]] = {}
    for fact in facts:
        groups.setdefault(fact.name, []).append(fact)
    return [(heading(name, len(group)), group) for name, group in groups.items()]


def heading(name: str, count: int) -> str:
    """The name of so many facts."""
    return PLURALS.get(name, name) if count > 1 else name


def name_of(summary: Summary) -> str:
    """What a document is called: a filing by its company, form and period, since its title is often but "FORM 10-K"; others by their title,
    or by the name of their file."""
    facts = {fact.name: fact for fact in summary.facts}
    if "Company" in facts and "Form" in facts:
        ended = next((f"{name.lower()} {fact.value}" for name, fact in facts.items() if name in PERIODS), None)
        return ", ".join(part for part in (facts["Company"].value, facts["Form"].value, ended) if part)
    return " ".join((summary.title or "").split()) or PurePath(summary.path).name


def shown(fact: KeyFact) -> str:
    """What a person reads, without the year before."""
    if fact.normalised is not None and fact.kind == "jurisdiction":
        return fact.normalised
    if fact.normalised is not None and fact.kind == "duration":
        return readable(fact.normalised)
    if fact.normalised is not None and fact.kind == "figure":
        return money(fact.normalised)
    return _cut(fact.value, LONGEST)


def in_a_cell(fact: KeyFact) -> str:
    """The same, fit for a table of documents."""
    return _cut(shown(fact), LONGEST_CELL)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " …"


def since(fact: KeyFact) -> str:
    """The year before and the change: "before: $31.7 billion, +3.5 %"; empty where there is none."""
    if fact.before is None:
        return ""
    change = "" if fact.change is None else f", {fact.change:+.1f} %"
    return f"{fact.before.period or 'before'}: {money(fact.before.normalised)}{change}"


def money(normalised: str) -> str:
    """A sum in words: "$32.77 billion", "$8.89", "EUR 12.3 million" where there is no sign."""
    found = _SUM.fullmatch(normalised)
    if found is None:
        return normalised
    number = Decimal(found[2])
    before = _SIGNS.get(found[1], f"{found[1]} ")
    sign = "-" if number < 0 else ""
    for step, word in _STEPS:
        if abs(number) >= step:
            rounded = (abs(number) / step).quantize(Decimal("0.01"), ROUND_HALF_UP)
            return f"{sign}{before}{f'{rounded:,f}'.rstrip('0').rstrip('.')} {word}"
    # An amount per share may have three decimals; of cents there are always two.
    decimals = max(2, -int(number.as_tuple().exponent)) if number % 1 else 0
    return f"{sign}{before}{abs(number):,.{decimals}f}"


def readable(value: str) -> str:
    """A normalised value for a person: an ISO 8601 duration in words, all else as it is."""
    parts = _DURATION.fullmatch(value)
    if parts is None or not any(parts.groups()):
        return value
    units = zip(parts.groups(), ("year", "month", "week", "day"), strict=True)
    return ", ".join(f"{number} {unit}{'' if number == '1' else 's'}" for number, unit in units if number)


def told(coverage: Coverage) -> str:
    """What was read and what not, in a line."""
    pages = "" if coverage.pages is None else f" of {_count(coverage.pages, 'page')}"
    part = f" in {coverage.section!r}" if coverage.section is not None else ""
    said = [f"Read {_count(coverage.tokens, 'token')}{pages}{part}"]
    if coverage.pages_by_ocr:
        said.append(f"{_pages(coverage.pages_by_ocr)} by OCR")
    if coverage.pages_without_text:
        said.append(f"no text on {_pages(coverage.pages_without_text)}")
    if coverage.language is not None:
        said.append(f"the text is not English ({coverage.language})")
    if coverage.unquoted:
        said.append(f"never quoted: {', '.join(coverage.unquoted)}")
    return "; ".join(said) + "."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _pages(numbers: Sequence[int]) -> str:
    """Page numbers, neighbours as ranges, the first few of many."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges[:8]]
    more = f" and {len(ranges) - 8} more" if len(ranges) > 8 else ""
    return f"{'page' if len(numbers) == 1 else 'pages'} {', '.join(parts)}{more}"
