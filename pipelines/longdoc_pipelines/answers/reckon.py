"""Expressions over line items, reckoned from a document's accounts, with the calculation as text and the figures that it is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from longdoc_pipelines.accounts import Accounts, Amount, Line, Period
from longdoc_pipelines.accounts.concepts import BY_NAME
from longdoc_pipelines.answers.formulas import STAND_INS, Average, Change, Item, Join, Node, Number
from longdoc_pipelines.answers.question import When

_SIGNS = {"+": "+", "-": "−", "*": "×", "/": "/"}
_SUMMED = frozenset({"short_term_debt"})
"""Concepts that a balance sheet may show in several lines, which are added up."""
_ABSOLUTE = frozenset(
    {
        "capex", "dividends_paid", "share_repurchases", "interest_expense", "cost_of_revenue", "sga", "research_and_development",
        "operating_expenses", "depreciation_and_amortization",
    }
)  # fmt: skip
"""What is paid or spent: told without a sign, whether or not the statement prints it in parentheses."""


_WHOLE = re.compile(r"\bcurrent (?:portion|maturities|installments)\b|\btotal\b", re.IGNORECASE)
"""Words of a line of short-term debt that holds the part of long-term debt that falls due."""
SAME_STATEMENT = 3_000
"""Characters between lines of one statement."""


class MissingError(LookupError):
    """No statement tells an item for a period, or the sum cannot be done."""


@dataclass(frozen=True, slots=True)
class Term:
    """A figure that went into a calculation."""

    line: Line
    amount: Amount


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What an expression comes to, how, and in what scale and currency its figures are printed."""

    value: Decimal
    text: str
    when: When


@dataclass(slots=True)
class Reckoner:
    """Works out expressions; `terms` are the figures used, in the order of use, and `scale` that in which they are written."""

    accounts: Accounts
    terms: list[Term] = field(default_factory=list)
    scale: Decimal | None = None
    unit: str | None = None

    def reckon(self, node: Node, when: When) -> Reckoned:
        """The value of an expression in a period.

        Raises: MissingError where the accounts do not tell an item of it.
        """
        value, text, _ = self._node(node, when)
        return Reckoned(value, text, when)

    def _node(self, node: Node, when: When) -> tuple[Decimal, str, bool]:
        """Value, text, and whether the text is one term."""
        if isinstance(node, Number):
            return Decimal(node.value), str(node.value), True
        if isinstance(node, Item):
            return self._item(node, when)
        if isinstance(node, Average | Change):
            now, now_text, now_one = self._item(node.item, when)
            before, before_text, before_one = self._item(node.item, earlier(when))
            if isinstance(node, Average):
                return (now + before) / 2, f"(({before_text} + {now_text}) / 2)", True
            now_text, before_text = _closed(now_text, now_one), _closed(before_text, before_one)
            return now - before, f"({now_text} − {before_text})", True
        return self._join(node, when)

    def _join(self, node: Join, when: When) -> tuple[Decimal, str, bool]:
        left, left_text, left_one = self._node(node.left, when)
        right, right_text, right_one = self._node(node.right, when)
        try:
            value = {"+": left + right, "-": left - right, "*": left * right}.get(node.sign) if node.sign != "/" else left / right
        except (InvalidOperation, ZeroDivisionError) as error:
            raise MissingError(f"{right_text} is nothing to divide by") from error
        assert value is not None
        chain = node.sign in "*/" and isinstance(node.left, Join) and node.left.sign in "*/"
        loose = node.sign in "+-" and isinstance(node.left, Join) and node.left.sign in "+-"
        first = left_text if chain or loose else _closed(left_text, left_one)
        return value, f"{first} {_SIGNS[node.sign]} {_closed(right_text, right_one)}", False

    def _item(self, item: Item, when: When) -> tuple[Decimal, str, bool]:
        found = self._find(item.concept, when)
        if not found:
            if item.concept in STAND_INS:
                return self._node(STAND_INS[item.concept], when)
            raise MissingError(f"no statement tells {item.concept} of {when}")
        values, texts = [], []
        for term in found:
            value = term.amount.value
            if item.magnitude or item.concept in _ABSOLUTE:
                value = abs(value)
            elif item.concept == "income_tax" and self._costs_are_negative(when):
                value = -value
            if term not in self.terms:
                self.terms.append(term)
            self.scale = self.scale or term.amount.scale
            self.unit = self.unit or term.amount.unit
            values.append(value)
            texts.append(printed(value / self.scale))
        return sum(values, Decimal(0)), " + ".join(texts), len(texts) == 1

    def _costs_are_negative(self, when: When) -> bool:
        cost = self._find("cost_of_revenue", when) or self._find("sga", when)
        return bool(cost) and cost[0].amount.value < 0

    def _find(self, concept: str, when: When) -> list[Term]:
        """The lines that a concept stands in: one, or the several of one statement that are added up."""
        step = self.accounts.named_ahead
        for year in dict.fromkeys((when.year + step, when.year)):
            wanted = When(year, when.quarter)
            first = self.accounts.find(concept, lambda period, wanted=wanted: fits(period, wanted, BY_NAME[concept].flow))  # type: ignore[misc]
            if first is None:
                continue
            return self._with_parts(Term(*first)) if concept in _SUMMED else [Term(*first)]
        return []

    def _with_parts(self, first: Term) -> list[Term]:
        """A line with the others of its statement that are of the same concept, unless it says that they are in it."""
        line, amount = first.line, first.amount
        if line.choice == 0 and _WHOLE.search(line.name):
            return [first]
        found = {line.name: first}
        for other in self.accounts.lines:
            if other.concept == line.concept and other.statement == line.statement:
                for one in other.amounts:
                    if one.period == amount.period and _near(one, amount):
                        found.setdefault(other.name, Term(other, one))
        return list(found.values())


def _near(one: Amount, other: Amount) -> bool:
    return abs(one.label.start - other.label.start) < SAME_STATEMENT


def earlier(when: When) -> When:
    """The same period a year before."""
    return When(when.year - 1, when.quarter)


def fits(period: Period, when: When, flow: bool) -> bool:
    """Whether a column is of the period that is asked for."""
    if period.year != when.year:
        return False
    if when.quarter is None:
        return period.months in (12, None) if flow else period.months == 0 and period.quarter in (None, 4)
    if flow:
        return period.months == 3 and period.quarter == when.quarter
    return period.months == 0 and (period.quarter == when.quarter or (when.quarter == 4 and period.quarter is None))


def _closed(text: str, one: bool) -> str:
    return text if one else f"({text})"


def printed(value: Decimal) -> str:
    """A figure as statements print it, a minus before it where it is below zero."""
    plain = value.normalize()
    exponent = plain.as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else 0
    return f"{'−' if value < 0 else ''}{abs(value):,.{digits}f}"
