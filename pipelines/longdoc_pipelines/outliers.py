"""Documents that stand out among those of their kind: another law, another currency, a term far from the others', a fact missing.

    "Governing law: 9 New York, 1 Delaware (msa.pdf)."

What is told is a matter of counting; whether it is wrong is for a person to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from statistics import median

from longdoc.types import Citation, KeyFact, Overview, Summary
from longdoc_pipelines.facts.shown import shown

FEWEST = 4
"""Documents of a kind from which one can stand out."""
SHARE = 0.6
"""Part of the documents that must have the usual value."""
FAR = 3.0
"""Times longer or shorter than the median that a length of time stands out from."""
YEARS = 10
"""Years from the median that a date stands out from."""
MOST_ODD = 3
"""More documents than these are no exception."""

CATEGORIES = ("Governing law", "Form")
LENGTHS = ("Term", "Renewal", "Notice of non-renewal")
DATES = ("Agreement date", "Effective date", "Expiration date")
EXPECTED = ("Governing law", "Party", "Agreement date", "Company", "Revenue", "Net income", "Task")
_DAYS = {"Y": 365.25, "M": 30.44, "W": 7.0, "D": 1.0}


def outliers(summaries: Sequence[Summary]) -> list[Overview]:
    """What stands out among documents of one kind, each with the facts that it rests on; nothing among fewer than four."""
    if len(summaries) < FEWEST:
        return []
    found = [*_categories(summaries), *_currencies(summaries), *_lengths(summaries), *_dates(summaries), *_missing(summaries)]
    return [Overview(text=text, citations=tuple(citations), topic="outlier") for text, citations in found if citations]


Told = tuple[str, list[Citation]]


def _one_each(summaries: Sequence[Summary], name: str) -> list[tuple[Summary, KeyFact]]:
    """The documents that have exactly one fact of that name."""
    found = [(summary, [fact for fact in summary.facts if fact.name == name]) for summary in summaries]
    return [(summary, facts[0]) for summary, facts in found if len(facts) == 1]


def _categories(summaries: Sequence[Summary]) -> Iterator[Told]:
    for name in CATEGORIES:
        told = [(summary, shown(fact), fact.citation) for summary, fact in _one_each(summaries, name)]
        yield from _unusual(name, told)


def _currencies(summaries: Sequence[Summary]) -> Iterator[Told]:
    told = []
    for summary in summaries:
        sums = [(found[1], fact) for fact in summary.facts if (found := re.match(r"([A-Z]{3}) -?\d", fact.normalised or ""))]
        if sums:
            usual = Counter(currency for currency, _ in sums).most_common(1)[0][0]
            told.append((summary, usual, next(fact.citation for currency, fact in sums if currency == usual)))
    yield from _unusual("Currency", told)


def _unusual(name: str, told: Sequence[tuple[Summary, str, Citation]]) -> Iterator[Told]:
    """The documents whose value is another than most have."""
    counts = Counter(value for _, value, _ in told)
    if len(told) < FEWEST or len(counts) < 2:
        return
    usual, times = counts.most_common(1)[0]
    odd = [one for one in told if one[1] != usual]
    if times < SHARE * len(told) or len(odd) > MOST_ODD:
        return
    parts = [f"{times} {usual}"]
    for value in dict.fromkeys(value for _, value, _ in odd):
        files = [_file(summary) for summary, other, _ in odd if other == value]
        parts.append(f"{len(files)} {value} ({', '.join(files)})")
    yield f"{name}: {', '.join(parts)}.", [citation for _, _, citation in odd]


def _lengths(summaries: Sequence[Summary]) -> Iterator[Told]:
    for name in LENGTHS:
        told = [(summary, fact, days) for summary, fact in _one_each(summaries, name) if (days := _days(fact.normalised)) is not None]
        yield from _far(name, told, lambda days, middle: days > FAR * middle or days * FAR < middle)


def _dates(summaries: Sequence[Summary]) -> Iterator[Told]:
    for name in DATES:
        dated = [(summary, fact, re.match(r"\d{4}(?=-)", fact.normalised or "")) for summary, fact in _one_each(summaries, name)]
        told = [(summary, fact, float(year.group())) for summary, fact, year in dated if year is not None]
        yield from _far(name, told, lambda year, middle: abs(year - middle) > YEARS)


def _far(name: str, told: Sequence[tuple[Summary, KeyFact, float]], is_far: Callable[[float, float], bool]) -> Iterator[Told]:
    """The documents whose length or year is far from the median."""
    if len(told) < FEWEST:
        return
    middle = median(value for _, _, value in told)
    odd = [one for one in told if is_far(one[2], middle)]
    rest = sorted((one for one in told if not is_far(one[2], middle)), key=lambda one: one[2])
    if not odd or len(odd) > MOST_ODD or len(rest) < SHARE * len(told):
        return
    parts = [f"{shown(fact)} in {_file(summary)}" for summary, fact, _ in odd]
    lowest, highest = shown(rest[0][1]), shown(rest[-1][1])
    others = f"{lowest} in the {len(rest)} others" if lowest == highest else f"{lowest} to {highest} in the {len(rest)} others"
    yield f"{name}: {', '.join(parts)}; {others}.", [fact.citation for _, fact, _ in odd]


def _missing(summaries: Sequence[Summary]) -> Iterator[Told]:
    """The one or two documents in which a fact was not found that all others have."""
    for name in EXPECTED:
        have = [next(fact for fact in summary.facts if fact.name == name) for summary in summaries if _has(summary, name)]
        without = [summary for summary in summaries if not _has(summary, name)]
        if 0 < len(without) <= 2 and len(have) >= FEWEST:
            files = " and ".join(_file(summary) for summary in without)
            yield f"{name}: none found in {files}, but in all {len(have)} others.", [fact.citation for fact in have[:MOST_ODD]]


def _has(summary: Summary, name: str) -> bool:
    return any(fact.name == name for fact in summary.facts)


def _days(length: str | None) -> float | None:
    """An ISO 8601 length in days, None for one without end."""
    found = re.findall(r"([\d.]+)([YMWD])", length or "") if (length or "").startswith("P") else []
    return sum(float(number) * _DAYS[unit] for number, unit in found) if found else None


def _file(summary: Summary) -> str:
    return PurePath(summary.path).name
