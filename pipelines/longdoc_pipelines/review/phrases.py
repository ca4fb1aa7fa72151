"""The words in which a finding gives its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.types import Citation, Position, Searched, Value
from longdoc_pipelines.playbook.quantities import readable
from longdoc_pipelines.playbook.schema import Rule
from longdoc_pipelines.review.conditions import Told


def about(rule: Rule) -> str:
    """The label or question of a rule, quoted."""
    return repr(rule.label) if rule.label is not None else repr(rule.question)


def extent(searched: Searched, rule: Rule) -> str:
    """How far was searched, and what could not be read."""
    sections = f"{searched.sections} section{'s' * (searched.sections != 1)}" if searched.sections else "the whole text"
    pages = f" on {searched.pages} page{'s' * (searched.pages != 1)}" if searched.pages else ""
    unread = (
        f", of which page{'s' * (len(searched.unread) > 1)} {', '.join(map(str, searched.unread))} could not be read"
        if searched.unread
        else ""
    )
    nearest = f"; the nearest passage has a score of {searched.score:.2f}" if searched.nearest else ""
    return f"searched {sections}{pages}{unread} for {about(rule)}{nearest}"


def stated(told_of: Told) -> str:
    """`the notice period is 90 days (page 3)`; what is not stated is said to be so."""
    if not told_of.values:
        names = dict.fromkeys(one.removeprefix("not ").partition(":")[0].replace("_", " ") for one in told_of.decided)
        return f"the {' and the '.join(names)} {'are' if len(names) > 1 else _is(*names)} not stated, or could not be read"
    named = [(name.replace("_", " "), value) for name, value in told_of.values]
    said = dict.fromkeys(f"the {name} {_is(name)} {shown(value)}{page(value.citation)}" for name, value in named)
    return " and ".join(said)


def _is(name: str) -> str:
    return "are" if re.search(r"[^sui]s$", name) else "is"


def shown(value: Value) -> str:
    """A value as a person reads it."""
    if value.kind in ("text", "party"):
        return repr(re.sub(r"\s+", " ", value.normalised)[:80])
    return "stated" if value.kind == "yes_no" else readable(value.kind, value.normalised)


def wanted(told_of: Told) -> str:
    """What a condition asks for."""
    return " and ".join(told_of.wanted)


def page(citation: Citation) -> str:
    """`(page 3)`, nothing where there is none."""
    return f" (page {citation.page})" if citation.page is not None else ""


def where(citation: Citation | None) -> str:
    """`on page 3`, nothing where there is none."""
    return f" on page {citation.page}" if citation is not None and citation.page is not None else ""


def named(position: Position) -> str:
    """A position as it is written."""
    return position.replace("_", "-")


def any_of(words: Sequence[str]) -> str:
    """Words of which one is enough."""
    return " or ".join(words)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
