"""A filing's figures: revenue, net income, earnings per share, cash and debt, each with the year before, as its statements print them.

    Revenue 2018: 32,765 (USD 32765000000); 2017: 31,657; +3.5 %

They are taken from statements that compare years, so that a single column (a forecast, a pro forma) tells nothing. Total debt is what the
balance sheet has of it, long and short, added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from longdoc.types import Document, Earlier, KeyFact
from longdoc_pipelines.accounts import Accounts, Amount, read_accounts
from longdoc_pipelines.facts.making import flat

FIGURES = (
    ("Revenue", "revenue"),
    ("Operating income", "operating_income"),
    ("Net income", "net_income"),
    ("EPS (diluted)", "eps_diluted"),
    ("Cash", "cash"),
)
DEBT = ("long_term_debt", "short_term_debt")
YEAR = range(350, 381)
"""Days from one year's end to the next, of 52 or 53 weeks too."""


def financial_facts(document: Document) -> list[KeyFact]:
    """The figures that the statements hold, in the order in which a person wants them."""
    accounts = read_accounts(document)
    facts = [fact for name, concept in FIGURES for fact in _figure(document, name, [amount for _, amount in accounts.series(concept)])]
    return [*facts, *_debt(document, accounts)]


def _figure(document: Document, name: str, amounts: Sequence[Amount]) -> Iterator[KeyFact]:
    """The newest amount with that of the year before; none where there are not two columns."""
    if len({amount.period for amount in amounts}) < 2:
        return
    newest = amounts[0]
    before = next((amount for amount in amounts[1:] if _year_before(amount, newest)), None)
    yield KeyFact(
        name=name,
        value=_printed(document, newest),
        normalised=_normalised(newest),
        kind="figure",
        citation=document.cite(newest.cells[0]),
        others=tuple(document.cite(cell) for cell in (*newest.cells[1:], newest.label)),
        period=str(newest.period),
        before=_earlier(document, before) if before is not None else None,
        change=_change(before, newest) if before is not None else None,
    )


def _earlier(document: Document, amount: Amount) -> Earlier:
    return Earlier(
        value=_printed(document, amount), normalised=_normalised(amount), period=str(amount.period), citation=document.cite(amount.cells[0])
    )


def _debt(document: Document, accounts: Accounts) -> Iterator[KeyFact]:
    """All debt of one balance sheet, each of its lines once."""
    long = accounts.series(DEBT[0])
    if not long:
        return
    sheet = next((table for table in document.tables if table.span.contains(long[0][1].cells[0])), None)
    lines = {
        amount.label: line
        for line in accounts.lines
        if line.concept in DEBT and line.statement == "balance" and line.measure == "amount" and sheet is not None
        for amount in line.amounts[:1]
        if sheet.span.contains(amount.cells[0])
    }
    totals = []
    for _, amount in long:
        parts = [one for line in lines.values() for one in line.amounts if one.period == amount.period]
        if parts and all(part.value >= 0 for part in parts):
            ordered = sorted(parts, key=lambda part: -part.value)
            cells = tuple(cell for part in ordered for cell in part.cells)
            total = sum((part.value for part in parts), Decimal(0))
            totals.append(Amount(amount.period, total, amount.scale, amount.unit, cells, amount.label))
    yield from _figure(document, "Total debt", totals)


def _printed(document: Document, amount: Amount) -> str:
    """The cells as they are printed; of a sum all of them."""
    return " + ".join(flat(document.quote(cell)) for cell in amount.cells)


def _normalised(amount: Amount) -> str:
    number = format(amount.value, "f")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{amount.unit} {number}" if amount.unit else number


def _year_before(before: Amount, newest: Amount) -> bool:
    """Whether one period is the other a year earlier."""
    one, other = before.period, newest.period
    if (one.months or 0) != (other.months or 0):
        return False
    if one.end and other.end and len(one.end) == len(other.end) == 10:
        return (date.fromisoformat(other.end) - date.fromisoformat(one.end)).days in YEAR
    return other.year - one.year == 1


def _change(before: Amount, newest: Amount) -> float | None:
    """Growth in percent; None from nothing, and where it turns from loss to profit or back."""
    if before.value <= 0 or newest.value < 0:
        return None
    return round(float((newest.value - before.value) / before.value * 100), 1)
