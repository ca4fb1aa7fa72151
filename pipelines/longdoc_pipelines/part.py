"""One section of a document, found by its heading, as a source of its own."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

import numpy as np

from longdoc.errors import UsageError
from longdoc.protocols import Source
from longdoc.types import Document, Section
from longdoc_pipelines.coverage import heading_of

MOST_NEAR = 6
_LABEL = re.compile(r"^(?:item|section|article|part|note|clause|chapter|§)\s+", re.IGNORECASE)


def find_section(document: Document, wanted: str) -> Section:
    """The section that `wanted` names: by its number ("Item 7", "5.2"), its heading, or words of it; of several the outermost, then the
    longest.

    Raises: UsageError with the headings that come nearest, if there is none.
    """
    sought = _folded(wanted)
    ranked: list[tuple[int, int, int, int]] = []
    for section in document.sections:
        rank = _rank(section, sought)
        if rank is not None:
            ranked.append((rank, section.level, -len(section.span), section.index))
    if sought and ranked:
        return document.sections[min(ranked)[3]]
    headings = list(dict.fromkeys(heading_of(section) for section in document.sections if heading_of(section)))
    near = _near(sought, headings)
    if not headings:
        raise UsageError(f"{document.path}: has no headings, so that there is no section {wanted!r}")
    raise UsageError(f"{document.path}: no section {wanted!r}. Near it: {'; '.join(heading[:70] for heading in near)}")


def only(source: Source, section: Section) -> Source:
    """What is known of `section` alone: its sentences and chunks, and its share of the tokens read."""
    reading, span = source.reading, section.span
    chunks = [(index, chunk) for index, chunk in enumerate(source.chunks) if chunk.span.overlaps(span)]
    place = {index: row for row, (index, _) in enumerate(chunks)}
    inside = (reading.sentences[:, 0] >= span.start) & (reading.sentences[:, 1] <= span.end)
    rows = np.flatnonzero(inside & np.isin(reading.chunk_of_sentence, list(place)))
    restricted = replace(
        reading,
        sentences=reading.sentences[rows],
        chunk_of_sentence=np.array([place[int(index)] for index in reading.chunk_of_sentence[rows]], dtype=np.int32),
        chunk_vectors=reading.chunk_vectors[[index for index, _ in chunks]],
        sentence_vectors=reading.sentence_vectors[rows],
        salience=reading.salience[rows],
        tokens=max(1, round(reading.tokens * len(span) / max(1, len(source.document.text)))),
        extra={},
    )
    return Source(source.document, restricted, [chunk for _, chunk in chunks])


def _rank(section: Section, sought: str) -> int | None:
    """How well the section is named so: 0 for its number or whole heading, then its title, its beginning, and words of it."""
    number = _folded(section.number or "")
    title = _folded(section.title)
    whole = f"{number} {title}".strip()
    bare_sought, bare_number = _LABEL.sub("", sought), _LABEL.sub("", number)
    if sought in (number, whole, title) or (
        number and bare_sought == bare_number and (sought == bare_sought or _label(sought) == _label(number))
    ):
        return 0
    if whole.startswith(sought + " ") or title.startswith(sought + " "):
        return 1
    if len(sought) >= 4 and re.search(rf"\b{re.escape(sought)}", whole):
        return 2
    return None


def _label(text: str) -> str:
    found = _LABEL.match(text)
    return found.group().strip() if found else ""


def _near(sought: str, headings: list[str]) -> list[str]:
    folded = {heading: _folded(heading) for heading in headings}
    words = set(sought.split())
    scored = sorted(
        headings,
        key=lambda heading: -(len(words & set(folded[heading].split())) + difflib.SequenceMatcher(None, sought, folded[heading]).ratio()),
    )
    return scored[:MOST_NEAR]


def _folded(text: str) -> str:
    return re.sub(r"[\s.:,;–—-]+(?=\s|$)", " ", " ".join(text.casefold().split())).strip()
