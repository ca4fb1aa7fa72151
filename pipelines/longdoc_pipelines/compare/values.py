"""Values that two versions of a passage state differently: sums, shares, periods and dates; in a row of a table its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from longdoc.dates import find_dates
from longdoc.model.values import amounts, percentages, periods
from longdoc.types import ChangedValue, Document, Span, Value
from longdoc_pipelines.compare.units import LABEL

_FIGURE = re.compile(r"\(?[$€£¥]?\s?\(?\d[\d,]*(?:\.\d+)?\)?%?")


class _Read(NamedTuple):
    kind: str
    normalised: str
    start: int
    end: int


def changed_values(before: Document, one: Span, after: Document, other: Span, row: bool) -> tuple[ChangedValue, ...]:
    """The values that differ, kind by kind in the order in which they stand."""
    ours, theirs = (_values(document.quote(span), row) for document, span in ((before, one), (after, other)))
    found = []
    for kind in dict.fromkeys(value.kind for value in (*ours, *theirs)):
        left, right = ([value for value in listed if value.kind == kind] for listed in (ours, theirs))
        matcher = SequenceMatcher(None, [value.normalised for value in left], [value.normalised for value in right], autojunk=False)
        for operation, low, high, begin, end in matcher.get_opcodes():
            if operation == "equal":
                continue
            for number in range(max(high - low, end - begin)):
                was = _value(before, one, left[low + number]) if low + number < high else None
                now = _value(after, other, right[begin + number]) if begin + number < end else None
                found.append(ChangedValue(before=was, after=now))
    return tuple(found)


def _values(text: str, row: bool) -> list[_Read]:
    return sorted(_figures(text) if row else _stated(text), key=lambda value: value.start)


def _stated(text: str) -> Iterator[_Read]:
    for kind, found in (
        ("amount", amounts(text)),
        ("percentage", percentages(text)),
        ("duration", periods(text)),
        ("date", find_dates(text)),
    ):
        for start, end, normalised in found:
            yield _Read(kind, normalised, start, end)


def _figures(text: str) -> Iterator[_Read]:
    """The figures of a row, brackets as a minus; its first cell is its label."""
    label = LABEL.match(text)
    for found in _FIGURE.finditer(text, label.end() if label else 0):
        plain = re.sub(r"[^\d.]", "", found[0])
        sign = "-" if found[0].lstrip("$€£¥ ").startswith("(") else ""
        yield _Read("number", f"{sign}{plain}{'%' if found[0].endswith('%') else ''}", found.start(), found.end())


def _value(document: Document, span: Span, read: _Read) -> Value:
    citation = document.cite(Span(start=span.start + read.start, end=span.start + read.end))
    return Value.model_validate({"kind": read.kind, "normalised": read.normalised, "citation": citation})
