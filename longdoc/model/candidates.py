"""Short spans that could answer a label by themselves: dates, names of parties and the short names given to them, titles.

Many more are proposed than are right; the span scorer tells them apart by their words and what stands beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longdoc.types import Document

OPENING = 6000
"""Characters at the start of a document in which titles and parties are sought."""
CLOSING = 4000
"""Characters at the end, where signatures and their dates stand."""

MONTHS = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_BLANK = r"(?:_[_\s]*|\[[^\]\n]{0,20}\]|\*{2,}|\.{4,})"
_YEAR = rf"(?:[12][0-9]{{3}}|[12][0-9]\s?{_BLANK}|{_BLANK})"
_DAY = rf"(?:[0-9]{{1,2}}\s?(?:st|nd|rd|th)?|{_BLANK})"
DATE = re.compile(
    rf"(?:(?:this\s+)?{_DAY}\s*(?:day\s+)?(?:of\s+)?(?:{MONTHS}|{_BLANK})\s*,?\s*(?:in\s+the\s+year\s+|of\s+)?{_YEAR}"
    rf"|{MONTHS}\s+{_DAY}\s*,?\s*{_YEAR}"
    rf"|{MONTHS}\s*,?\s*[12][0-9]{{3}}"
    r"|\b[0-9]{1,2}\s?[/.-]\s?[0-9]{1,2}\s?[/.-]\s?(?:[12][0-9]{3}|[0-9]{2})\b"
    r"|\b[12][0-9]{3}-[0-9]{2}-[0-9]{2}\b"
    rf"|(?:this\s+)?(?:{_DAY}|the)?\s*day\s+of\s*,?\s*(?:{MONTHS}|{_BLANK})?\s*,?\s*(?:{_YEAR})?"
    rf"|\[\s*(?:●|•|\*+|date|_+)\s*\]|_{{4,}}(?:\s*,\s*{_YEAR})?)",
    re.IGNORECASE,
)

_SUFFIX = (
    r"(?:Inc|Incorporated|Corp|Corporation|Co|Company|LLC|L\.\s?L\.\s?C|LLP|L\.\s?L\.\s?P|LP|L\.\s?P|Ltd|Limited|PLC|plc|N\.\s?A|N\.\s?V|S\.\s?A"
    r"|B\.\s?V|GmbH|AG|KG|AB|ASA|A/S|AS|Oy|S\.\s?p\.\s?A|SpA|SE|SA|BV|NV|Pty|Pte|Trust|Bank|Partnership|Partners|Association|University|Institute"
    r"|Foundation|Fund|Authority|Holdings|Group)"
)
_ABBREVIATED = r"(?:Inc|Corp|Co|Cos|Ltd|No|Nos|St|Dr|Mr|Ms|Mrs|Jr|Sr|Bros|Assn|Dept|Intl|Mfg|Pty|Pte|Cia|[A-Z](?:\.[A-Z])*)\."
_NAME_WORD = rf"(?:{_ABBREVIATED}|[A-Z0-9](?:[\w'’&/\-]|\.(?=\w))*|\b[a-z]{{1,2}}-?[A-Z](?:[\w'’&/\-]|\.(?=\w))*|\be-[a-z][\w\-]*|&)"
_NAME_LINK = r"(?:of|and|the|for|de|du|la|van|von|der|di|in|\&|d/b/a|f/k/a|dba)"
NAME = re.compile(rf"{_NAME_WORD}(?:[ \t]+(?:{_NAME_LINK}[ \t]+){{0,2}}{_NAME_WORD}|,[ \t]*{_SUFFIX}\b\.?){{0,9}}")
_AND = re.compile(r"\s+and\s+(?:the\s+)?")
_QUOTED = re.compile(r"[\"“”]\s*([^\"“”\n]{2,70}?)\s*[,.]?\s*[\"“”]")
_BRACKETED = re.compile(r"\(([^()\n]{2,120})\)")
_TITLE_WORD = re.compile(
    r"\b(?:agreement|contract|addendum|amendment|lease|license|letter|memorandum|plan|policy|terms|deed|indenture|note|order|guaranty|statement"
    r"|arrangement|undertaking|appendix|charter|schedule|understanding)\b",
    re.IGNORECASE,
)
_TITLE_RUN = re.compile(
    r"[A-Z][\w'’&/.\-]*(?:[ \t]+(?:(?:of|and|for|the|to|in|on|or|with|by|a|an|&|-|–)[ \t]+)*[\[(]?[A-Z0-9][\w'’&/.\-)\]]*){0,14}"
)
_LINE = re.compile(r"[^\n]+?(?=\s{3,}|\n|$)")
_AMONG = re.compile(r"\b(?:between|among|amongst)\b", re.IGNORECASE)
_COMMON = (
    "the this and of by between among whereas now agreement exhibit section article page source january february march april may june july "
    "august september october november december recitals witnesseth table contents background"
)
_NOT_NAMES = frozenset(_COMMON.split())


@dataclass(frozen=True)
class Candidates:
    """spans [R, 2] in order, and how each was found: "date", "name", "quoted", "bracketed", "title" or "line"."""

    spans: npt.NDArray[np.int64]
    sources: tuple[str, ...]


def propose(document: Document) -> Candidates:
    """All short spans worth scoring, each once."""
    text = document.text
    found: dict[tuple[int, int], str] = {}
    areas = _areas(text)
    for start, end in areas:
        proposals = (
            ("title", _titles(text, start, end)),
            ("quoted", _inside(_QUOTED, text, start, end)),
            ("bracketed", _inside(_BRACKETED, text, start, end)),
            ("name", _names(text, start, end)),
        )
        for source, spans in proposals:
            for span in spans:
                found.setdefault(span, source)
    for match in DATE.finditer(text):
        found.setdefault(_trim(text, match.start(), match.end()), "date")
    kept = sorted(span for span in found if span[0] < span[1])
    return Candidates(np.array(kept, dtype=np.int64).reshape(-1, 2), tuple(found[span] for span in kept))


def _areas(text: str) -> list[tuple[int, int]]:
    """The opening, and the place where the parties are named if a table of contents pushes it further down."""
    areas = [(0, min(OPENING, len(text)))]
    among = _AMONG.search(text, OPENING)
    if among and not _AMONG.search(text, 0, OPENING):
        areas.append((max(OPENING, among.start() - 500), min(len(text), among.start() + 3000)))
    return areas


def _inside(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text, start, end):
        yield _trim(text, match.start(1), match.end(1))


def _titles(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Capitalised runs that name a kind of document, and short lines that do."""
    for match in _TITLE_RUN.finditer(text, start, end):
        words = list(_TITLE_WORD.finditer(text, match.start(), match.end()))
        if words:
            yield match.start(), words[-1].end()
            if match.end() > words[-1].end():
                yield _trim(text, match.start(), match.end())
            if text[match.start() : match.start() + 5].lower() == "this ":
                yield match.start() + 5, words[-1].end()
    lines = [_trim(text, match.start(), match.end()) for match in _LINE.finditer(text, start, min(end, start + 3000))]
    for number, (left, right) in enumerate(lines):
        if right - left <= 150 and _TITLE_WORD.search(text, left, right):
            yield left, right
            if number and right - lines[number - 1][0] <= 200:
                yield lines[number - 1][0], right


def _names(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Capitalised runs, whole and cut at "and", each also without a leading article."""
    for match in NAME.finditer(text, start, end):
        edges = [match.start(), *(edge for found in _AND.finditer(text, match.start(), match.end()) for edge in found.span()), match.end()]
        wholes = {(edges[0], edges[-1]), *zip(edges[::2], edges[1::2], strict=True)}
        for left, right in sorted(_trim(text, *whole) for whole in wholes):
            words = re.findall(r"\w+", text[left:right].lower())
            if right - left < 2 or all(word in _NOT_NAMES or word.isdigit() for word in words):
                continue
            yield left, right
            if text[left : left + 4].lower() == "the ":
                yield left + 4, right


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace() or text[start] in ",;:"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;:"):
        end -= 1
    return start, end
