"""Which of several filings answers a question about accounts, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from longdoc.types import Answer, Document
from longdoc_pipelines.accounts import read_accounts
from longdoc_pipelines.answers.accounts import answer_from
from longdoc_pipelines.answers.cited import cite_result
from longdoc_pipelines.answers.lookup import look_up
from longdoc_pipelines.answers.question import Asked

MOST_FILINGS = 8
"""Filings with statements that are read for one question."""


def answer_from_filings(question: str, asked: Asked | None, paths: Iterable[str], document: Callable[[str], Document]) -> Answer | None:
    """The answer of the filing whose newest year is nearest to that asked for; of filings alike, the first. None where none can tell.

    A question that asks for no line item (`asked` None) may name a row of a table.
    """
    if asked is None:
        return _looked_up(question, paths, document)
    best: tuple[int, Answer] | None = None
    read = 0
    for path in paths:
        if read == MOST_FILINGS:
            break
        opened = document(path)
        accounts = read_accounts(opened) if opened.tables or opened.asides else None
        if accounts is None or not accounts.lines:
            continue
        read += 1
        result = answer_from(accounts, asked)
        if result is None:
            continue
        newest = max(amount.period.year for line in accounts.lines for amount in line.amounts) - accounts.named_ahead
        # A figure is told best by the filing of its own year; without a year, by the newest filing.
        far = abs(newest - max(asked.periods).year) if asked.periods else -newest
        if best is None or far < best[0]:
            best = far, cite_result(question, opened, result)
        if far == 0 and asked.periods:
            break
    return best[1] if best else None


def _looked_up(question: str, paths: Iterable[str], document: Callable[[str], Document]) -> Answer | None:
    for path in islice(paths, MOST_FILINGS):
        opened = document(path)
        result = look_up(question, opened) if opened.domain == "financial" else None
        if result is not None:
            return cite_result(question, opened, result)
    return None
