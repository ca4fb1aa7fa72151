"""Which other document a document amends: "First Amendment to Services Agreement dated March 1, 2021", "amends and restates the Lease".

The rule is one for ingest and for reviews, which link an amendment to the document that it amends when both are at hand.
"""

from __future__ import annotations

import re

from longdoc.dates import find_dates
from longdoc.types import Amended, Span

HEAD = 6_000
"""Characters in which an amendment names what it amends."""
OPENING = 1_500
NEAR = 160
"""Characters after a title in which its date stands."""

_AMENDS = re.compile(r"\b(?:amendment|addendum|supplement|side letter|change order|modification)\b", re.IGNORECASE)
_RESTATES = re.compile(r"\bamend(?:ed|ment)\s+and\s+restate(?:d|ment)\b", re.IGNORECASE)
_WORD = r"(?:[A-Z][\w&’'/.-]*|of|and|for|the|in|on|&|by)"
_DOCUMENT = (
    r"(?:AGREEMENT|Agreement|CONTRACT|Contract|LEASE|Lease|INDENTURE|Indenture|LICEN[CS]E|Licen[cs]e|DEED|Deed|PLAN|Plan|POLICY|Policy"
    r"|GUARANTY|Guaranty|NOTE|Note|CHARTER|Charter|UNDERTAKING|Undertaking)"
)
_TITLE = (
    rf"(?P<title>(?:{_WORD}\s{{1,3}}){{0,12}}?{_DOCUMENT}(?:\s(?:No\.?|Number)\s?[\w-]+)?)"
    rf"(?![\w-]|\s{{1,3}}(?:of\s|and\s)?{_WORD}?\s?{_DOCUMENT})"
)
_TO = r"(?i:(?:\s*\([^()\n]{0,60}\))?,?\s+(?:is\s+(?:made\s+)?)?(?:to|of)\s+(?:(?:the|that\s+certain|a\s+certain|that)\s+)?[\"“]?)"
_NAMED = re.compile(
    r"(?i:\b(?:amendment|addendum|supplement|side\s+letter|change\s+order|modification)\b(?:\s+(?:no\.?|number|\#)\s*\w+)?(?:\s+agreement)?)"
    + _TO
    + _TITLE
)
_VERB = re.compile(
    r"(?i:\b(?:hereby\s+)?(?:amends?|supplements?|modifies|replaces)(?:\s+and\s+(?:restates?|supplements?|modifies))?"
    r"(?:,?\s+in\s+(?:its|their)\s+entirety,?)?|\bamendment\s+and\s+restatement\s+of)\s+(?:the|that\s+certain|that|a\s+certain)\s+" + _TITLE
)
_RESTATED_TITLE = re.compile(rf"(?i:\bamended\s+and\s+restated)\s+{_TITLE}")
_THIS = re.compile(
    r"\bthis\s+(?:[A-Za-z]+\s+){0,2}(?:Amendment|Addendum|Supplement|Side Letter|Change Order|Modification)\b", re.IGNORECASE
)
_DATED = re.compile(r"(?i)\b(?:dated|made|entered\s+into|executed|effective|as\s+of)\b")


def amends_by_title(title: str) -> bool:
    """Whether a title is that of an amendment, which leaves in force what it does not change; one that restates stands for itself."""
    if not _AMENDS.search(title):
        return False
    return not _RESTATES.search(title) or _AMENDS.search(_RESTATES.sub("", title)) is not None


def find_amended(text: str, title: str | None) -> Amended | None:
    """What the document says that it amends or restates, None if it does neither."""
    head = text[:HEAD]
    opening = head[:OPENING]
    named = title or ""
    restates = _RESTATES.search(named) is not None and not amends_by_title(named)
    if not restates and not amends_by_title(named) and not _THIS.search(opening):
        return None
    found: tuple[int, int, str] | None = None
    for pattern in (_VERB, _NAMED, _RESTATED_TITLE) if restates else (_NAMED, _VERB):
        for match in pattern.finditer(head):
            name = " ".join(match["title"].split())
            iso, end = _date_after(head, match.end("title"))
            if iso is not None:
                return Amended(span=Span(start=match.start(), end=end), title=name, date=iso)
            if found is None:
                found = (match.start(), match.end("title"), name)
    if found is not None:
        return Amended(span=Span(start=found[0], end=found[1]), title=found[2])
    place = _AMENDS.search(head)
    return None if place is None or restates else Amended(span=Span(start=place.start(), end=place.end()))


def _date_after(text: str, start: int) -> tuple[str | None, int]:
    """The date that a title is followed by, before anything else is named, and where it ends."""
    near = text[start : start + NEAR].split("\n\n")[0]
    for begin, end, iso in find_dates(near):
        if _DATED.search(near, 0, begin) and ". " not in near[:begin] and len(iso) >= 7:
            return iso, start + end
    return None, start
