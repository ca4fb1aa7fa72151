"""The words that introduce a list, for an item of it: "(iii) is developed independently" says nothing without them."""

from __future__ import annotations

import re

from longdoc.types import Document, Span

REACH = 4000
"""Characters before an item in which its list may begin."""
LONGEST = 800
"""Characters of what introduces a list; what is longer is no such thing."""
_ITEM = re.compile(r"[\s•●▪◦\uf0b7*–-]*\(?(?:[a-z]{1,2}|[ivxlc]{1,5}|[A-Z]|[0-9]{1,2}(?:\.[0-9]{1,2}){0,4})[.)]?\s|\s*[•●▪◦\uf0b7]")
_GOES_ON = re.compile(r"[;:,]\s*(?:and|or|and/or)?\s*$", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[a-z)\]\"”’0-9]{2})[.!?][\"”’)]?\s+(?=[A-Z“\"(]|[0-9]+[.)]|$)|\n\s*\n|\n(?=\(?[0-9a-zA-Z]{1,3}[.)])")
_WHOLE = re.compile(r"\b(?:agrees?|follows|witness\w*|therefore|following terms\w*)\s*:$|\bre\s*:$|\bto\s*:$", re.IGNORECASE)
"""Introduces a contract, or a letter, and no list."""
_OPENS = re.compile(r":(?=\s|\(|[•●▪◦\uf0b7-])")


def lead_in(document: Document, span: Span) -> Span | None:
    """What introduces the list that the passage `span` is an item of; None where it is none, or holds the words itself."""
    text, start = document.text, span.start
    before = text[max(0, start - REACH) : start]
    if not (_ITEM.match(text, start) or _GOES_ON.search(before)):
        return None
    opened = [match.end() for match in _OPENS.finditer(before)]
    if not opened:
        return None
    between = before[opened[-1] :]
    if any(not match.group().isspace() for match in _ENDS.finditer(between)):  # the list was over before
        return None
    if _WHOLE.search(before[: opened[-1]]):
        return None
    begins = max((match.end() for match in _ENDS.finditer(before, 0, opened[-1] - 1)), default=0)
    begins += len(before[begins : opened[-1]]) - len(before[begins : opened[-1]].lstrip())
    if opened[-1] - begins > LONGEST or len(before[begins : opened[-1]].split()) < 3:
        return None
    first = start - len(before)
    return Span(start=first + begins, end=first + opened[-1])
