"""The date that a document bears: of the period or day that it speaks of, not of the file.

In this order: what a filing's tags or a message's header state; the date that the first pages give by its usual words ("for the fiscal
year ended", "date of report", "dated as of", "effective"); the first whole date in the first lines. Dates of the file itself (when a
PDF was made, when a copy was saved) say nothing of what it holds and are not looked at. Where none of this is there the date is unknown.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from longdoc.dates import find_dates
from longdoc.types import Document

DATED_VERSION = 1
"""Changes whenever the code could give another date for the same document."""
FRONT, FIRST_LINES = 6_000, 1_200
"""Characters in which a date stands by its usual words, and in which it may stand by itself."""
NEAR = 80
"""Characters between those words and the date."""
_STATED = ("period_of_report", "filed", "date")
_PERIOD = r"(?:fiscal\s+|financial\s+)?(?:year|quarter(?:ly\s+period)?|period|(?:three|six|nine|twelve)\s+months)\s+ended"
_CUES = (
    re.compile(rf"\b{_PERIOD}\b|\bdate\s+of\s+(?:earliest\s+event\s+reported|report)\b", re.IGNORECASE),
    re.compile(r"\beffective\s+(?:date|as\s+of)\b|\beffective\s*:", re.IGNORECASE),
    re.compile(
        r"\b(?:dated|made|entered\s+into|executed|as)\s+(?:and\s+entered\s+into\s+)?(?:as\s+)?(?:of|on)\b|\bdated?\s*:?", re.IGNORECASE
    ),
)


def document_date(document: Document) -> str | None:
    """YYYY-MM-DD, YYYY-MM where no day is named, or None."""
    for name in _STATED:
        stated = _stated(document.metadata.get(name, ""))
        if stated is not None:
            return stated
    front = document.text[:FRONT]
    dates = find_dates(front)
    for cue in _CUES:
        for found in cue.finditer(front):
            near = [iso for start, _, iso in dates if found.end() <= start <= found.end() + NEAR]
            if near:
                return near[0]
    return next((iso for start, _, iso in dates if start < FIRST_LINES and len(iso) == len("YYYY-MM-DD")), None)


def _stated(value: str) -> str | None:
    """The date of a tag (ISO 8601) or of a header (RFC 5322)."""
    if not value:
        return None
    found = find_dates(value)
    if found:
        return found[0][2]
    try:
        return parsedate_to_datetime(value).date().isoformat()
    except (TypeError, ValueError, OverflowError):
        return None
