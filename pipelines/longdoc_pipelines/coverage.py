"""What a summary was made from, and what not: pages without text or read by OCR, another language, parts that are never quoted."""

from __future__ import annotations

from longdoc.model.wording import quotable_section
from longdoc.protocols import Source
from longdoc.types import Coverage, Document, Section

MOST_NAMED = 6
"""Parts that are named as never quoted; of more only the first are."""
_LONGEST = 60


def coverage_of(source: Source, section: Section | None = None) -> Coverage:
    """Of the whole document, or of one `section` of it."""
    document, tokens = source.document, source.reading.tokens
    pages = document.pages
    if section is not None:
        pages = tuple(page for page in pages if page.span.overlaps(section.span))
        tokens = round(tokens * len(section.span) / max(1, len(document.text)))
    return Coverage(
        tokens=tokens,
        pages=len(pages) if document.pages else None,
        pages_without_text=tuple(page.number for page in pages if not page.has_text and page.ocr is None),
        pages_by_ocr=tuple(page.number for page in pages if page.ocr is not None),
        language=document.language if document.language not in (None, "en") else None,
        unquoted=unquoted(document) if section is None else (),
        section=heading_of(section) if section is not None else None,
    )


def unquoted(document: Document) -> tuple[str, ...]:
    """Headings of the parts that are never quoted, the outermost of each, as far as there are few."""
    found: list[str] = []
    end = 0
    if any(block.kind == "contents" for block in document.blocks):
        found.append("table of contents")
    for section in document.sections:
        heading = heading_of(section)
        if section.span.start >= end and not quotable_section((heading,)):
            end = section.span.end
            found.append(heading[:_LONGEST])
    return tuple(dict.fromkeys(found))[:MOST_NAMED]


def heading_of(section: Section) -> str:
    """Number and title."""
    return " ".join(part for part in (section.number, section.title) if part)
