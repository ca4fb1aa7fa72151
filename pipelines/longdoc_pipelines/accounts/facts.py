"""Lines from inline XBRL: where a filing carries its figures as data, concept, period and scale are told by it and need no reading."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date
from decimal import Decimal, InvalidOperation

from longdoc.types import Aside, Document, Span, Table
from longdoc_pipelines.accounts.concepts import BY_ELEMENT
from longdoc_pipelines.accounts.periods import Period, fiscal_year
from longdoc_pipelines.accounts.records import Amount, Line, Measure

_DAYS = 30.44


def lines_of_facts(document: Document) -> list[Line]:
    """A line for every concept that facts without dimensions report, in the order of choice."""
    grouped: dict[tuple[str, int], dict[Period, Amount]] = defaultdict(dict)
    starts = [table.span.start for table in document.tables]
    for fact in document.asides:
        known = BY_ELEMENT.get((fact.name or "").rpartition(":")[2]) if fact.kind == "fact" else None
        if known is None or fact.span is None or fact.attributes.get("dimensions"):
            continue
        amount = _amount(document, fact, starts)
        if amount is not None:
            concept, choice = known
            grouped[concept.name, choice].setdefault(amount.period, amount)
    lines = []
    for (name, choice), amounts in sorted(grouped.items(), key=lambda item: item[0][1]):
        first = next(iter(amounts.values()))
        concept = BY_ELEMENT_NAMES[name]
        label = " ".join(document.quote(first.label).split())
        lines.append(Line(label, label, name, choice, concept.kinds[0], _measure(name), tuple(amounts.values())))
    return lines


BY_ELEMENT_NAMES = {concept.name: concept for concept, _ in BY_ELEMENT.values()}


def _measure(concept: str) -> Measure:
    if concept.startswith("eps") or concept.endswith("per_share"):
        return "per_share"
    return "shares" if concept.startswith("shares") else "amount"


def _amount(document: Document, fact: Aside, starts: list[int]) -> Amount | None:
    period = _period(fact.attributes.get("period", ""))
    try:
        value = Decimal(fact.attributes.get("value", ""))
    except InvalidOperation:
        return None
    if period is None or fact.span is None:
        return None
    scale = Decimal(10) ** int(fact.attributes.get("scale", "0") or 0)
    unit = (fact.attributes.get("unit") or "").partition("/")[0] or None
    place, label = _cell(document, fact.span, starts)
    return Amount(period, value, scale, unit if unit != "shares" else None, (place,), label)


def _period(text: str) -> Period | None:
    """ "2023-09-30" is a day, "2022-09-25/2023-09-30" a stretch of time."""
    start, _, end = text.rpartition("/")
    try:
        last = date.fromisoformat(end)
        months = round((last - date.fromisoformat(start)).days / _DAYS) if start else 0
    except ValueError:
        return None
    return Period(fiscal_year(end), end, months)


def _cell(document: Document, span: Span, starts: list[int]) -> tuple[Span, Span]:
    """The table's cell that a fact stands in with the name of its row; of a fact in running text its own place for both."""
    position = bisect_right(starts, span.start) - 1
    table: Table | None = document.tables[position] if position >= 0 else None
    if table is not None and table.span.contains(span):
        for cell in table.cells:
            if cell[4] <= span.start and span.end <= cell[5]:
                first = next(other for other in table.cells if other[0] == cell[0])
                return Span(start=cell[4], end=cell[5]), Span(start=first[4], end=first[5])
    return span, span
