"""Passages that state more than one value: the later of two days, thirty to sixty days, a sum for the first year and one for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from longdoc.model.values import NUMBER_WORDS, amounts, number_of, percentages, periods
from longdoc.types import Document, Span, Value
from longdoc_pipelines.playbook.quantities import measure

_READERS = {"duration": periods, "amount": amounts, "percentage": percentages}
_CHOICE = re.compile(
    r"\b(?:(?P<more>later|latest|greater|greatest|higher|highest|longer|longest|larger|largest)"
    r"|(?:earlier|earliest|lesser|least|lower|lowest|shorter|shortest|smaller|smallest))\s+(?:to\s+occur\s+)?of\b",
    re.IGNORECASE,
)
_SENTENCE_ENDS = re.compile(r"[.;](?=\s|$)")
_FIGURE = rf"(?:[0-9][0-9,]*(?:\.[0-9]+)?|(?:{NUMBER_WORDS})(?:[\s-](?:{NUMBER_WORDS}))*)"
_RANGE = re.compile(
    rf"(?:\bbetween\s+(?P<between>{_FIGURE})(?:\s*\([0-9]+\))?\s+and|(?<![\w.])(?P<from>{_FIGURE})(?:\s*\([0-9]+\))?\s*(?:%\s*)?(?:to|or|-|–|—))\s*$",
    re.IGNORECASE,
)
_REACH = 60


def with_others(document: Document, passage: Span, value: Value) -> list[Value]:
    """The value that counts, and behind it others that the passage states of the same thing. Of "the later of" several it is the largest,
    of "the lesser of" several the smallest; the first number of a range is another, and so is every further sum or share, since
    nothing tells which of them is meant."""
    if value.kind not in _READERS or not passage.contains(value.citation.span):
        return [value]
    text = document.quote(passage)
    place = (value.citation.span.start - passage.start, value.citation.span.end - passage.start)
    listed = [_made(document, passage, value, one) for one in _READERS[value.kind](text)]
    chosen = _chosen(text, place, passage, listed)
    if chosen is not None:
        return [chosen]
    further = list(_start_of_range(document, passage, text, value, place))
    if value.kind != "duration":
        further += [one for one in listed if one.normalised != value.normalised]
    return [value, *further]


def _made(document: Document, passage: Span, value: Value, found: tuple[int, int, str]) -> Value:
    span = Span(start=passage.start + found[0], end=passage.start + found[1])
    return Value(kind=value.kind, normalised=found[2], citation=document.cite(span))


def _chosen(text: str, place: tuple[int, int], passage: Span, listed: list[Value]) -> Value | None:
    """The largest or smallest of the values behind "the later of" or "the lesser of", if this is one of them."""
    for choice in _CHOICE.finditer(text):
        end = next((match.start() for match in _SENTENCE_ENDS.finditer(text, choice.end())), len(text))
        if not choice.end() <= place[0] <= end:
            continue
        among = [one for one in listed if choice.end() <= one.citation.span.start - passage.start <= end]
        measured = [(measure(one.kind, one.normalised), one) for one in among]  # type: ignore[arg-type]
        sizes = [(size, one) for size, one in measured if size is not None]
        if len(sizes) > 1 and len({size[1] for size, _ in sizes}) == 1:
            return (max if choice["more"] else min)(sizes, key=lambda one: one[0][0])[1]
    return None


def _start_of_range(document: Document, passage: Span, text: str, value: Value, place: tuple[int, int]) -> Iterator[Value]:
    """The first number of "30 to 60 days", whose unit stands behind the second."""
    before = max(0, place[0] - _REACH)
    found = _RANGE.search(text[before : place[0]])
    number = number_of(found["between"] or found["from"]) if found else None
    if found is not None and number is not None:
        normalised = re.sub(r"[0-9]+(?:\.[0-9]+)?", f"{number:f}", value.normalised, count=1)
        span = Span(start=passage.start + before + found.start(), end=passage.start + place[1])
        yield Value(kind=value.kind, normalised=normalised, citation=document.cite(span))
