"""Defined terms: `"Services" means ...`, `(the "Company")`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.ingest.abbreviations import ends_abbreviated
from longdoc.types import Block, Definition, Span

_QUOTED = r"[\"“]\s*([^\"“”\n]{1,80}?)\s*[\"”]"
_MEANS = re.compile(
    _QUOTED + r"(?:\s*(?:,|or|and)\s*(?:the\s+)?[\"“][^\"“”\n]{1,80}[\"”])*\s*(?:\([^()\n]{0,80}\)\s*)?,?\s*"
    r"(?:(?:shall|will|as used herein,?)\s+)?"
    r"(?:means?\b|ha(?:s|ve)\s+the\s+(?:respective\s+)?meanings?|refers?\s+to|is\s+defined|are\s+defined|includes?\b)"
)
_PARENTHESIS = re.compile(r"\((?=[^()\n]{0,120}[\"“])[^()\n]{1,160}\)")
_TERM = re.compile(_QUOTED)
_DEFINING = re.compile(
    r"^\((?:(?:each|any|all|both|either|such|hereinafter|hereafter|herein|collectively|individually|together|referred|called|as|the|this|a|an"
    r"|or|and|to|in|of|with|its|being|sometimes|also|known|defined|below|above|interchangeably|singly|jointly|respectively|plural|it|they)"
    r"\b[\s,]*)*[\"“]",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.;?!])[\"”)]?\s")
LONGEST = 1200


def find_definitions(text: str, blocks: Sequence[Block]) -> tuple[Definition, ...]:
    """Defined terms in reading order, each with the sentence or clause that defines it."""
    found = []
    for block in blocks:
        if block.kind not in ("paragraph", "list_item"):
            continue
        start, end = block.span.start, block.span.end
        for match in _MEANS.finditer(text, start, end):
            found.append((match.start(), match[1], Span(start=match.start(), end=_sentence_end(text, match.end(), end))))
        for match in _PARENTHESIS.finditer(text, start, end):
            if not _DEFINING.match(match[0]):
                continue
            span = Span(start=_sentence_start(text, start, match.start()), end=match.end())
            for term in _TERM.finditer(text, match.start(), match.end()):
                found.append((term.start(), term[1], span))
    found.sort(key=lambda row: row[0])
    return tuple(Definition(term=term.rstrip(",."), span=span) for _, term, span in found if any(map(str.isalpha, term)))


def _sentence_start(text: str, start: int, position: int) -> int:
    begin = max(start, position - LONGEST)
    for boundary in _SENTENCE_END.finditer(text, begin, position):
        if not ends_abbreviated(text, begin, boundary.start()):
            begin = boundary.end()
    return begin


def _sentence_end(text: str, position: int, end: int) -> int:
    last = min(end, position + LONGEST)
    ends = (boundary.start() for boundary in _SENTENCE_END.finditer(text, position, last))
    return next((found for found in ends if not ends_abbreviated(text, position, found)), last)
