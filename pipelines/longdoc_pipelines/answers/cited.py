"""Answers with their places: each figure with its cell and the name of its row, and the row as a passage."""

from __future__ import annotations

from decimal import Decimal

from longdoc.figures import read_figure
from longdoc.types import Answer, Document, Part, Passage, Span
from longdoc_pipelines.answers.accounts import Result
from longdoc_pipelines.answers.reckon import Term
from longdoc_pipelines.answers.writing import plain

LONGEST_ROW = 600
"""Characters between a row's name and its figure beyond which they are cited apart."""


def cite_result(question: str, document: Document, result: Result) -> Answer:
    """The answer with a passage for every line that it is made of."""
    rows: dict[int, Span] = {}
    for span in (span for term in result.terms for span in _rows(term)):
        # Two figures of one line are one passage: the row up to the farther.
        rows[span.start] = max(rows.get(span.start, span), span, key=lambda one: one.end)
    passages = tuple(Passage(rank=rank, score=1.0, citation=document.cite(span)) for rank, span in enumerate(rows.values(), start=1))
    return Answer(
        question=question,
        found=True,
        text=result.text,
        passages=passages,
        kind=result.kind,
        value=result.value,
        unit=result.unit,
        period=result.period,
        calculation=result.calculation,
        parts=tuple(part for term in result.terms for part in _parts(document, term)),
    )


def _rows(term: Term) -> list[Span]:
    """A line from its name to its figure; figure and name apart where they are far from each other."""
    start, end = term.amount.label.start, max(cell.end for cell in term.amount.cells)
    if start <= end <= start + LONGEST_ROW:
        return [Span(start=start, end=end)]
    return list(dict.fromkeys((term.amount.label, *term.amount.cells)))


def _parts(document: Document, term: Term) -> list[Part]:
    amount = term.amount
    whole = plain(amount.value)
    period = str(amount.period) if amount.period.end is None or amount.period.months == 0 else f"{amount.period} (to {amount.period.end})"
    label = document.cite(amount.label)
    return [
        Part(
            name=term.line.name,
            period=period,
            value=whole if len(amount.cells) == 1 else _figure(document, cell, amount.scale) or whole,
            unit=amount.unit,
            citation=document.cite(cell),
            label=label,
        )
        for cell in amount.cells
    ]


def _figure(document: Document, cell: Span, scale: Decimal) -> str | None:
    figure = read_figure(document.quote(cell))
    return plain(figure.value * scale) if figure else None
