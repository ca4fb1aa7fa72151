"""Which filing a document is: the form that it is made on, and the last day of the period that it reports on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from longdoc.dates import find_dates
from longdoc.types import Document
from longdoc_pipelines.facts.cover import form, period

EARNINGS_RELEASE = "earnings release"
FORMS = ("10-K", "10-K/A", "10-KT", "10-Q", "10-Q/A", "8-K", "8-K/A", "20-F", "20-F/A", "40-F", "6-K", "S-1", "S-4", EARNINGS_RELEASE)
"""The forms that are told from a cover, and what a company hands to the press with its results."""
HEAD = 2500
"""Characters in which a release says what it announces."""

# A release may name the form that is to follow: the form of a cover stands in a line by itself, beside the commission's name or the act's.
_COVER_LINE = re.compile(r"[^\w\n]*form\s+[\w/-]+[^\n]{0,60}$", re.IGNORECASE | re.MULTILINE)
_FILED_UNDER = re.compile(r"securities\s+and\s+exchange\s+commission|securities\s+exchange\s+act\s+of\s+1934", re.IGNORECASE)
_ANNOUNCES = re.compile(r"\b(?:reports|reported|announces?|announced|for immediate release|business wire|pr\s?newswire)\b", re.IGNORECASE)
_RESULTS = re.compile(r"\b(?:results|earnings|net (?:sales|income|loss)|revenues?|sales)\b", re.IGNORECASE)
_SPAN_OF_TIME = re.compile(
    r"\b(?:quarter|full[- ]year|half[- ]year|fiscal\s+(?:year\s+)?(?:19|20)\d\d|year\s+ended|months\s+ended)\b", re.IGNORECASE
)
_TRANSCRIPT = re.compile(r"\b(?:operator:|conference call transcript|earnings call|prepared remarks)", re.IGNORECASE)


@dataclass(frozen=True)
class Filing:
    """`form` as the SEC spells it ("10-K", "8-K/A", "EX-99.1" for an exhibit) or "earnings release"; None for what is neither or does not
    say. `period_end` is the last day of the fiscal year or quarter."""

    form: str | None = None
    period_end: date | None = None


def filing_of(document: Document) -> Filing:
    """By what the submission says (EDGAR's own header), else by the cover, else by the first lines of a release."""
    stated = document.metadata.get("document_type") or document.metadata.get("form_type")
    if stated is not None and not (stated.upper().startswith("EX-99") and _is_release(document)):
        return Filing(stated.upper(), _period_end(document))
    on_cover = form(document)
    if on_cover and stated is None and _stands_on_a_cover(document, on_cover[0].citation.span.start):
        return Filing(on_cover[0].value.upper(), _period_end(document))
    return Filing(EARNINGS_RELEASE) if _is_release(document) else Filing()


def _stands_on_a_cover(document: Document, start: int) -> bool:
    line = document.text.rfind("\n", 0, start) + 1
    return _COVER_LINE.match(document.text, line) is not None and _FILED_UNDER.search(document.text, 0, start + HEAD) is not None


def _is_release(document: Document) -> bool:
    head = f"{document.title or ''}\n{document.text[:HEAD]}"
    said = all(pattern.search(head) for pattern in (_ANNOUNCES, _RESULTS, _SPAN_OF_TIME))
    return document.domain == "financial" and said and not _TRANSCRIPT.search(head)


def _period_end(document: Document) -> date | None:
    """The day on which the fiscal year or quarter ended; none for a report of an event."""
    stated = next((fact.normalised for fact in period(document) if fact.name != "Date of report"), None)
    if stated is None:
        dates = find_dates(document.metadata.get("period_of_report", ""))
        stated = dates[0][2] if dates else None
    return date.fromisoformat(stated) if stated is not None and len(stated) == 10 else None
