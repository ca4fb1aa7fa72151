"""Footnotes of a page or of its columns: small print at the foot that begins with a mark."""

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
    paragraphs, notes = _below_columns(page, paragraphs, body)
    first = len(paragraphs)
    while first > 1 and _is_small(paragraphs[first - 1], body) and _is_low(paragraphs[first - 1], page):
        first -= 1
    # What is small and has no mark above the first that has one belongs to the text.
    while first < len(paragraphs) and not _MARK.match(paragraphs[first].lines[0].content):
        first += 1
    notes += paragraphs[first:]
    if not notes:
        return paragraphs
    notes = [replace(one, kind="footnote", level=None) for one in _apart(notes)]
    rest = paragraphs[:first]
    last = rest[-1]
    if last.kind in ("paragraph", "list_item") and last.grid is None and not _ENDED.search(last.lines[-1].content):
        return [*rest[:-1], *notes, last]
    return [*rest, *notes]


def _below_columns(page: PageText, paragraphs: list[Paragraph], body: BodyStyle) -> tuple[list[Paragraph], list[Paragraph]]:
    """The text without the footnotes of all columns but the last, and those; a sentence that they parted is put together again."""
    rest: list[Paragraph] = []
    notes: list[Paragraph] = []
    run: list[Paragraph] = []
    for one in paragraphs:
        last = run[-1] if run else rest[-1] if rest else None
        low = _is_small(one, body) and _is_low(one, page) and (run != [] or _MARK.match(one.lines[0].content) is not None)
        if low and last is not None and one.lines[0].top >= last.lines[-1].top:
            run.append(one)
            continue
        if run and not _is_small(one, body) and _stands_right(one, run):
            notes += run
            if one.kind == rest[-1].kind == "paragraph" and _goes_on(rest[-1], one):
                rest[-1] = replace(rest[-1], lines=[*rest[-1].lines, *one.lines])
                run = []
                continue
        else:
            rest += run
        run = []
        rest.append(one)
    return ([*rest, *run], notes) if notes else (paragraphs, notes)


def _stands_right(paragraph: Paragraph, notes: Sequence[Paragraph]) -> bool:
    """Whether it begins in the next column, above the notes of this one."""
    first = paragraph.lines[0]
    return first.top < notes[0].lines[0].top and first.x0 > max(line.x1 for note in notes for line in note.lines)


def _goes_on(before: Paragraph, paragraph: Paragraph) -> bool:
    if before.lines[-1].hyphen:
        return True
    return not _ENDED.search(before.lines[-1].content) and paragraph.lines[0].content[:1].islower()


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
