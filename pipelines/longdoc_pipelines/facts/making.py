"""Pieces that all kinds of facts share."""

from __future__ import annotations

from collections.abc import Iterable

from longdoc.types import Document, KeyFact, Span, Value

KINDS = ("date", "duration", "amount", "percentage", "number", "party", "jurisdiction")


def from_value(name: str, value: Value) -> KeyFact:
    """The fact that a clause's value states."""
    kind = value.kind if value.kind in KINDS else "text"
    return KeyFact.model_validate(
        {"name": name, "value": flat(value.citation.quote), "normalised": value.normalised, "kind": kind, "citation": value.citation}
    )


def cited(document: Document, name: str, start: int, end: int, kind: str = "text", normalised: str | None = None) -> KeyFact:
    """The fact that the characters from `start` to `end` state as they stand."""
    citation = document.cite(Span(start=start, end=end))
    return KeyFact.model_validate(
        {"name": name, "value": flat(citation.quote), "normalised": normalised, "kind": kind, "citation": citation}
    )


def distinct(facts: Iterable[KeyFact]) -> list[KeyFact]:
    """Each fact once; what is said again is a further place of the first."""
    kept: dict[tuple[str, str], KeyFact] = {}
    for fact in facts:
        key = (fact.name, (fact.normalised or fact.value).casefold())
        first = kept.get(key)
        if first is None:
            kept[key] = fact
        elif fact.citation.span != first.citation.span:
            kept[key] = first.model_copy(update={"others": (*first.others, fact.citation)})
    return list(kept.values())


def flat(text: str) -> str:
    """On one line."""
    return " ".join(text.split())
