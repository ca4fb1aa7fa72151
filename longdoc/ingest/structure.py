"""Blocks become a Document: headings, the section tree, title, domain, language, definitions and cross-references."""

from __future__ import annotations

from longdoc.ingest.addresses import Addresses
from longdoc.ingest.amends import find_amended
from longdoc.ingest.contents import find_contents
from longdoc.ingest.definitions import find_definitions
from longdoc.ingest.domain import detect_domain
from longdoc.ingest.headings import mark_headings
from longdoc.ingest.language import detect_language, language_warnings, section_languages
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
    listed, contents = find_contents(parsed.text, parsed.blocks)
    blocks = mark_headings(parsed, listed, contents)
    title = find_title(parsed, blocks)
    chosen: Domain = detect_domain(parsed.text, title, path) if domain == "auto" else domain  # type: ignore[assignment]
    firm = parsed.format in ("docx", "html", "markdown")
    sections = find_sections(parsed.text, blocks, parsed.pages, firm_levels=firm, lists=chosen != "research")
    addresses = Addresses(sections)
    amends = find_amended(parsed.text, title)
    language = detect_language(parsed.text)
    others = section_languages(parsed.text, sections, language)
    if others:
        sections = tuple(
            section.model_copy(update={"language": others[section.index]}) if section.index in others else section for section in sections
        )
    warnings = [*parsed.warnings, *language_warnings(parsed.text, sections, language, others)]
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
        definitions=find_definitions(parsed.text, blocks, addresses),
        references=find_references(parsed.text, blocks, addresses, title, amends is not None),
        metadata=dict(parsed.metadata),
        warnings=tuple(warnings),
        source_map=parsed.source_map,
        word_boxes=parsed.word_boxes,
        tables=tables_of_blocks(parsed.text, blocks, parsed.tables, sure=parsed.format not in ("pdf", "txt")),
        asides=parsed.asides,
        amends=amends,
    )
