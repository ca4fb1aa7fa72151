"""Cross-references such as "Section 5.2(a)" or "Exhibit B", with the section that each leads to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.ingest.numbering import read_number, roman
from longdoc.types import Block, Reference, Section, Span

_REFERENCE = re.compile(
    r"\b(?P<word>Sections?|Articles?|Items?|Exhibits?|Schedules?|Annex(?:es)?|Appendi(?:x|ces)|Notes?|Clauses?|Paragraphs?|Parts?)[\s\u00a0]+"
    r"(?P<number>\d{1,3}[A-Z]?(?:\.\d{1,3})*|[IVXLC]{1,7}\b|[A-Z](?:-\d{1,2})?\b)(?P<tail>(?:\s?\([A-Za-z0-9]{1,4}\))*)"
)
# "Section 13 of the Exchange Act" leads out of the document.
_ELSEWHERE = re.compile(r"\s+(?:of|to|under|in)\s+(?:the|such|that|any)\s+(?!Agreement\b|Parties\b)(?:[A-Z][\w&.]*)")
_INDEXED = ("section", "decimal", "single", "article", "item", "note", "annex", "part")


def find_references(text: str, blocks: Sequence[Block], sections: Sequence[Section]) -> tuple[Reference, ...]:
    """References in reading order; a section's own heading is none."""
    index = _index(sections)
    headings = {section.heading.start for section in sections}
    found = []
    for block in blocks:
        if not block.running or block.kind == "code":
            continue
        for match in _REFERENCE.finditer(text, block.span.start, block.span.end):
            if match.start() in headings:
                continue
            target = None if _ELSEWHERE.match(text, match.end()) else _target(match, index)
            found.append(Reference(span=Span(start=match.start(), end=match.end()), text=match[0], target=target))
    return tuple(found)


def _index(sections: Sequence[Section]) -> dict[str, int]:
    """Section by key: "5.2", "5.2(a)", "article 4", "item 1a", "exhibit b"; the longest wins over a table of contents."""
    keys: list[str] = []
    index: dict[str, int] = {}
    for section in sections:
        numbers = read_number(f"{section.number} X", heading=True) if section.number else []
        key = ""
        if numbers:
            key = numbers[0].key
            if numbers[0].kind not in _INDEXED:
                parent = keys[section.parent] if section.parent is not None else ""
                mark = f"({key.strip('()')})"
                key = parent + mark if parent else ""
        keys.append(key)
        if key and (key not in index or len(sections[index[key]].span) < len(section.span)):
            index[key] = section.index
    return index


def _target(match: re.Match[str], index: dict[str, int]) -> int | None:
    word = match["word"].lower()
    number = match["number"].lower()
    tail = re.sub(r"\s", "", match["tail"])
    value = number if number[0].isdigit() else str(roman(number) or number)
    if word.startswith("article"):
        candidates = [f"article {value}", value]
    elif word.startswith("item"):
        candidates = [f"item {number}"]
    elif word.startswith(("note", "part")):
        candidates = [f"{word.rstrip('s')} {value}"]
    elif word.startswith(("section", "clause", "paragraph")):
        candidates = [value, number, f"article {value}"]
    else:
        stem = {"appendices": "appendix", "annexes": "annex"}.get(word, word.rstrip("s") if word != "annex" else word)
        candidates = [f"{stem} {number}"]
    marks = re.findall(r"\([^)]*\)", tail)
    for kept in range(len(marks), -1, -1):
        for candidate in candidates:
            key = candidate + "".join(marks[:kept])
            if key in index:
                return index[key]
    return None
