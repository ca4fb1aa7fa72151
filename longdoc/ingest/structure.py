"""Blocks become a Document: headings, the section tree, title, domain, language, definitions and cross-references."""

from __future__ import annotations

from longdoc.ingest.definitions import find_definitions
from longdoc.ingest.domain import detect_domain
from longdoc.ingest.headings import mark_headings
from longdoc.ingest.language import detect_language, language_name
from longdoc.ingest.references import find_references
from longdoc.ingest.run_in import split_run_in
from longdoc.ingest.sections import find_sections
from longdoc.ingest.tables import tables_of_blocks
from longdoc.ingest.title import find_title
from longdoc.protocols import Parsed
from longdoc.types import Document, Domain


def build_document(parsed: Parsed, *, identifier: str, path: str, domain: str = "auto") -> Document:
    """The Document of what an ingestor read. `domain` "auto" detects it."""
    parsed = split_run_in(parsed)
    blocks = mark_headings(parsed)
    sections = find_sections(parsed.text, blocks, firm_levels=parsed.format in ("docx", "html", "markdown"))
    title = find_title(parsed, blocks)
    language = detect_language(parsed.text)
    warnings = list(parsed.warnings)
    if language not in (None, "en"):
        warnings.append(f"the text is in {language_name(language)}; the shipped model was trained on English, expect little of its results")
    chosen: Domain = detect_domain(parsed.text, title, path) if domain == "auto" else domain  # type: ignore[assignment]
    return Document(
        id=identifier,
        path=path,
        format=parsed.format,
        text=parsed.text,
        title=title,
        domain=chosen,
        language=language,
        pages=parsed.pages,
        blocks=blocks,
        sections=sections,
        definitions=find_definitions(parsed.text, blocks),
        references=find_references(parsed.text, blocks, sections),
        metadata=dict(parsed.metadata),
        warnings=tuple(warnings),
        source_map=parsed.source_map,
        word_boxes=parsed.word_boxes,
        tables=tables_of_blocks(parsed.text, blocks, parsed.tables, sure=parsed.format not in ("pdf", "txt")),
        asides=parsed.asides,
    )
