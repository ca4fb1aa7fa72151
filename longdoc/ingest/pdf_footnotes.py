"""Footnotes of a page: small print at its foot that begins with a mark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from longdoc.ingest.pdf_page import PageText
from longdoc.ingest.pdf_paragraphs import BodyStyle, Paragraph

SMALLER = 0.92
"""Height of a footnote's letters at most, of the body's."""
_MARK = re.compile(r"(?:[1-9]\d{0,2}|[*\u2020\u2021\u00a7\u00b6]{1,3}|\(\d{1,2}\)|[a-z](?=\s?[A-Z]))\.?\s*(?=[\"“‘'(\[A-Z])")
_ENDED = re.compile(r"[.;:?!][\"”’')\]]*(?:\[?\d{1,3}\]?)?$")


def mark_footnotes(page: PageText, paragraphs: list[Paragraph], body: BodyStyle) -> list[Paragraph]:
    """The paragraphs with footnotes marked. They stand behind the page's last paragraph, or before it where its sentence has not ended:
    it goes on over the page, and is not to be cut in two."""
    first = len(paragraphs)
    while first > 1 and _is_small(paragraphs[first - 1], body) and _is_low(paragraphs[first - 1], page):
        first -= 1
    # What is small and has no mark above the first that has one belongs to the text.
    while first < len(paragraphs) and not _MARK.match(paragraphs[first].lines[0].content):
        first += 1
    if first == len(paragraphs):
        return paragraphs
    notes = [replace(one, kind="footnote", level=None) for one in _apart(paragraphs[first:])]
    rest = paragraphs[:first]
    last = rest[-1]
    if last.kind in ("paragraph", "list_item") and last.grid is None and not _ENDED.search(last.lines[-1].content):
        return [*rest[:-1], *notes, last]
    return [*rest, *notes]


def _apart(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """One paragraph a footnote; one without a mark goes on with the note before it."""
    found: list[Paragraph] = []
    for one in paragraphs:
        groups: list[list[int]] = []
        for place, line in enumerate(one.lines):
            if not groups or _MARK.match(line.content):
                groups.append([])
            groups[-1].append(place)
        for group in groups:
            lines = [one.lines[place] for place in group]
            if found and not _MARK.match(lines[0].content):
                found[-1] = replace(found[-1], lines=[*found[-1].lines, *lines])
            else:
                found.append(replace(one, lines=lines))
    return found


def _is_small(paragraph: Paragraph, body: BodyStyle) -> bool:
    plain = paragraph.grid is None and paragraph.kind in ("paragraph", "list_item", "heading")
    return plain and max(line.size for line in paragraph.lines[-1:] + paragraph.lines[:1]) <= SMALLER * body.size


def _is_low(paragraph: Paragraph, page: PageText) -> bool:
    return paragraph.lines[0].top > 0.45 * page.height
