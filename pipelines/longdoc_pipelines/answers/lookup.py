"""A figure that a question names as a table does: the row whose name is all but the whole question, in the column of its period.

A row answers where every word of its name is in the question and they are most of what the question asks with. Where rows of several
tables would answer and their figures differ, none does: what tells them apart is not in the question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from longdoc import tables
from longdoc.model.answer import folded, question_terms
from longdoc.tables import Cell
from longdoc.types import AnswerKind, Document, Table
from longdoc_pipelines.accounts import Amount, Line
from longdoc_pipelines.accounts.columns import columns_of
from longdoc_pipelines.answers.accounts import Result
from longdoc_pipelines.answers.question import When, when
from longdoc_pipelines.answers.reckon import Term
from longdoc_pipelines.answers.subjects import names_in
from longdoc_pipelines.answers.writing import decimals_of, money, number, plain

FEWEST_WORDS = 2
MOST = 0.6
"""The share of the question's words that a row's name must hold."""
REACH = 300

_WANTS = re.compile(r"\b(?:what (?:is|was|were|are)|how (?:much|many|large|high)|give|state)\b", re.IGNORECASE)
_WORDS_WANTED = re.compile(
    r"\b(?:why|how did|drove|driv\w+|reasons?|explain|describe|compare[ds]?|nature|percent(?:age)? of|as a percent"
    r"|change|growth|excluding|exclude)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:[.&'’-][^\W_]+)*")
_OF_PERIODS = (
    "fiscal year full quarter q1 q2 q3 q4 fy first second third fourth month months ended usd million billion "
    "thousand non gaap value figure"
)
_PERIOD_WORDS = frozenset(_OF_PERIODS.split())


def look_up(question: str, document: Document) -> Result | None:
    """The figure of the row that the question names; None where there is none, or several that differ."""
    periods, _ = when(question)
    if not _WANTS.search(question) or _WORDS_WANTED.search(question) or len(periods) > 1:
        return None
    asked = _asked(question)
    if len(asked) < FEWEST_WORDS:
        return None
    found = [hit for table in document.tables for hit in _rows(document, table, asked, periods[0] if periods else None)]
    if not found:
        return None
    most = max(words for words, _, _ in found)
    best = [(cell, term) for words, cell, term in found if words == most]
    if len({term.amount.value for _, term in best}) > 1 and periods:
        return None
    cell, term = max(best, key=lambda one: (one[1].amount.period.year, one[1].amount.period.months or 0))
    if len({other.amount.value for _, other in best if other.amount.period == term.amount.period}) > 1:
        return None
    return _result(cell, term, periods)


def _asked(question: str) -> set[str]:
    """The words that a question asks with, folded: without names of companies and what tells the period."""
    names = {folded(word) for name in names_in(question) for word in _WORD.findall(name)}
    return {
        term
        for term in question_terms(question)
        if term not in names and term not in _PERIOD_WORDS and not term[:1].isdigit() and not re.match(r"fy\d", term)
    }


def _rows(document: Document, table: Table, asked: set[str], wanted: When | None) -> Iterable[tuple[int, Cell, Term]]:
    if not _could_hold(document, table, asked):
        return
    sheet = tables.read(document, table)
    above = document.text[max(0, table.span.start - REACH) : table.span.start]
    columns = columns_of(document, table, sheet, above, balance=False)
    for row in sheet.rows:
        first = row[0]
        if first.header or first.column != 0:
            continue
        name = first.label.rpartition(" > ")[2]
        words = {
            folded(word) for word in _WORD.findall(re.sub(r"\([^)]*\)", "", name)) if word.lower() not in ("and", "of", "the", "for", "in")
        }
        if len(words) < FEWEST_WORDS or not words <= asked or len(words) < MOST * len(asked):
            continue
        for cell in row[1:]:
            period = columns.get(cell.column)
            if (
                cell.figure is None
                or period is None
                or (wanted is not None and not _fits(period.year, period.months, period.quarter, wanted))
            ):
                continue
            amount = Amount(period, cell.figure * cell.scale, cell.scale, cell.unit, (cell.span,), first.span)
            yield len(words), cell, Term(Line(name, first.label, None, 0, "income", "amount", (amount,)), amount)
            if wanted is not None:
                break


def _could_hold(document: Document, table: Table, asked: set[str]) -> bool:
    text = document.quote(table.span).casefold()
    return sum(word in text for word in asked) >= FEWEST_WORDS


def _fits(year: int, months: int | None, quarter: int | None, wanted: When) -> bool:
    if year != wanted.year:
        return False
    return months in (12, None, 0) if wanted.quarter is None else quarter == wanted.quarter


def _result(cell: Cell, term: Term, periods: tuple[When, ...]) -> Result:
    amount, name = term.amount, term.line.name
    kind: AnswerKind = "percentage" if cell.kind == "percent" else "amount"
    digits = max(0, -int(cell.figure.normalize().as_tuple().exponent)) if cell.figure is not None else 0
    if cell.kind == "percent":
        written, unit = f"{number(amount.value, digits)} %", "percent"
    elif cell.kind == "amount" and amount.unit:
        scale = int(amount.scale)
        written, unit = money(amount.value, amount.unit, scale, decimals_of(amount.value, Decimal(scale), scale)), amount.unit
    else:
        written, unit = number(amount.value, digits if amount.scale == 1 else 0), None
    period = str(periods[0]) if periods else str(amount.period)
    return Result(f"{name}, {period}: {written}.", kind, plain(amount.value), unit, period, None, (term,))
