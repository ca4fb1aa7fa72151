"""What every report of summaries is told, and what it must do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from longdoc.types import Citation, Document, Outcome, Overview, Summary

if TYPE_CHECKING:
    from typing import Self

TOPICS = {"documents": "What is here", "difference": "What differs", "outlier": "What stands out", "told": "What they say"}
"""Headings of an overview's kinds of statements."""
AROUND = 160
"""Characters shown on each side of a quote."""
LONGEST_QUOTE = 1_500


@dataclass(frozen=True, slots=True)
class SummaryHeading:
    """What is known before the first document: what made the report, when (ISO 8601, UTC), and how to see a document by its path; `wishes`
    says in words how the summaries were to be, empty where nothing was asked for."""

    package: str
    model: str
    made: str
    document: Callable[[str], Document]
    wishes: str = ""


@dataclass(frozen=True, slots=True)
class InContext:
    """A quote with what stands before and behind it, each on one line; an ellipsis tells where it was cut."""

    before: str
    quote: str
    behind: str


class SummaryReport(Protocol):
    """One format. A target that exists is replaced when the report is whole."""

    def __init__(self, target: Path, heading: SummaryHeading) -> None: ...

    def __enter__(self) -> Self: ...

    def add(self, item: Summary | Sequence[Overview]) -> None:
        """Write one document's summary, or what the folder holds."""
        ...

    def finish(self, closing: Sequence[Outcome]) -> None:
        """Write the rest, with the files in `closing` that were not read whole, and make the report appear under its name."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Remove what was written, unless it was finished."""
        ...


def in_context(document: Document, citation: Citation) -> InContext:
    """What a reader of the report sees of a place."""
    start, end = citation.span.start, citation.span.end
    before = document.text[max(0, start - AROUND) : start]
    behind = document.text[end : end + AROUND]
    # A paragraph's end is where a reader stops.
    before = re.split(r"\n[ \t]*\n", before)[-1]
    behind = re.split(r"\n[ \t]*\n", behind)[0]
    cut_before = len(before) == AROUND
    cut_behind = len(behind) == AROUND
    quote = citation.quote if len(citation.quote) <= LONGEST_QUOTE else citation.quote[:LONGEST_QUOTE] + " …"
    left = before.split(" ", 1)[-1] if cut_before else before
    right = behind.rsplit(" ", 1)[0] if cut_behind else behind
    return InContext(
        ("… " if cut_before else "") + _flat(left) + (" " if left[-1:].isspace() else ""),
        _flat(quote),
        (" " if right[:1].isspace() else "") + _flat(right) + (" …" if cut_behind else ""),
    )


def place(citation: Citation) -> str:
    """`p. 12`, with the printed label where it differs, or the characters where the format has no pages."""
    if citation.page is None:
        return f"{citation.span.start}-{citation.span.end}"
    label = citation.page_label
    return f"p. {citation.page}" if label in (None, str(citation.page)) else f"p. {citation.page} ({label})"


def topic_heading(topic: str | None) -> str:
    """A topic as a heading."""
    return "" if topic is None else topic[:1].upper() + topic[1:]


def _flat(text: str) -> str:
    return " ".join(text.split())
