"""What the cover of a filing, or the head of a company's release, says: the company, and the period or day that it reports on."""

from __future__ import annotations

import re

from longdoc.dates import find_dates
from longdoc.types import Document, KeyFact
from longdoc_pipelines.facts.making import cited

COVER = 8_000
"""Characters that a cover takes at most."""
LONGEST_NAME = 90

_CHARTER = re.compile(r"\(\s*exact name of (?:the )?(?:registrant|company|issuer)[^()]{0,60}(?:charter|\))", re.IGNORECASE)
_FILE_NUMBER = re.compile(
    r"commission\s+file\s+(?:number|no\.?):?\s*[\d-]{5,12}[ \t]*\n+[ \t]*(?P<name>[^\n]{3,90}?)[ \t]*\n", re.IGNORECASE
)
_LISTED = re.compile(
    r"(?<![\w.])(?P<name>(?:(?:&|[A-Z][\w&.,’'-]*)\s+){0,6}[A-Z][\w&.’'-]*\.?)\s*\((?:NYSE|NASDAQ|Nasdaq|ASX|LSE|"
    r"TSX)[^()\n]{0,40}:\s*[A-Z.]{1,6}[^()\n]{0,30}\)"
)
_PERIOD = re.compile(
    r"for\s+the\s+(?P<kind>fiscal\s+year|year|quarterly\s+period|quarter|six\s+months|"
    r"period)\s+ended:?\s*(?P<rest>[^\n]{6,40}(?:\n[^\n]{1,24})?)",
    re.IGNORECASE,
)
_REPORTED = re.compile(r"date\s+of\s+(?:earliest\s+event\s+)?report(?:ed)?[^\n:]{0,60}:?\s*(?P<rest>[^\n]{6,40})", re.IGNORECASE)
_FORM = re.compile(r"\bform\s+(?P<form>10-K(?:/A)?|10-Q(?:/A)?|8-K(?:/A)?|20-F|40-F|6-K|S-1|S-4)\b", re.IGNORECASE)
_FILED_IN = re.compile(r"united\s+states\s+securities\s+and\s+exchange\s+commission|securities\s+exchange\s+act\s+of\s+1934", re.IGNORECASE)


def cover_facts(document: Document) -> list[KeyFact]:
    """Company, form and period, as far as the cover says them."""
    return [*company(document), *form(document), *period(document)]


def is_filing(document: Document) -> bool:
    """Whether it has the cover of a registrant's filing."""
    return _CHARTER.search(document.text, 0, COVER) is not None and _FILED_IN.search(document.text, 0, COVER) is not None


def company(document: Document) -> list[KeyFact]:
    """The registrant: what stands above "(Exact name of registrant ...)", or below the file number; in a release the listed company that
    is named first."""
    text = document.text[:COVER]
    charter = _CHARTER.search(text)
    if charter is not None:
        above = text[: charter.start()].rstrip()
        begin = above.rfind("\n") + 1
        line = above[begin:]
        start = begin + len(line) - len(line.lstrip(" \t_-—|"))
        if 2 < len(above) - start <= LONGEST_NAME and any(map(str.isalpha, above[start:])) and not re.search(r"\d{3,}-\d", above[start:]):
            return [cited(document, "Company", start, len(above))]
    if not _FILED_IN.search(text):
        listed = _LISTED.search(text)
        return [cited(document, "Company", listed.start("name"), listed.end("name"))] if listed else []
    numbered = _FILE_NUMBER.search(text)
    if numbered is not None and numbered["name"][0].isalnum() and not re.match(r"(?i)state|exact|delaware", numbered["name"]):
        return [cited(document, "Company", numbered.start("name"), numbered.end("name"))]
    return []


def form(document: Document) -> list[KeyFact]:
    """The form that it is filed on."""
    if not _FILED_IN.search(document.text[:COVER]):
        return []
    found = _FORM.search(document.text, 0, COVER)
    return [cited(document, "Form", found.start("form"), found.end("form"))] if found else []


def period(document: Document) -> list[KeyFact]:
    """The fiscal year or quarter by its last day; for a report of events the day of the first."""
    text = document.text[:COVER]
    found = _PERIOD.search(text)
    name = "Period ended"
    if found is not None:
        kind = found["kind"].lower()
        name = "Fiscal year ended" if "year" in kind else "Quarter ended" if "quarter" in kind else name
    else:
        found, name = _REPORTED.search(text), "Date of report"
    dates = find_dates(found["rest"]) if found is not None else []
    if found is None or not dates or len(dates[0][2]) != 10:
        return []
    start, end, iso = dates[0]
    return [cited(document, name, found.start("rest") + start, found.start("rest") + end, "date", iso)]
