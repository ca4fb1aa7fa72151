"""Documents made of text alone, and the encoder, loaded once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from longdoc.model.encode import DocumentEncoder
from longdoc.model.reader import EmbeddedReader
from longdoc.types import Block, Chunk, Document, Section, Span

MakeDocument = Callable[..., Document]


@pytest.fixture(scope="session")
def make_document() -> MakeDocument:
    """A document of `text`: a block for every paragraph, a heading where a paragraph is one short line of capitals."""

    def make(text: str, kind: str | None = None) -> Document:
        blocks, headings = [], []
        for match in re.finditer(r"(?:[^\n]|\n(?!\n))+", text):
            span = Span(start=match.start(), end=match.end())
            is_heading = kind is None and match.group().isupper() and len(match.group()) < 60
            blocks.append(Block(kind="heading" if is_heading else kind or "paragraph", span=span))
            if is_heading:
                headings.append(span)
        ends = [heading.start for heading in headings[1:]] + [len(text)] * bool(headings)
        sections = tuple(
            Section(
                index=index,
                parent=None,
                level=1,
                number=None,
                title=text[heading.start : heading.end].capitalize(),
                heading=heading,
                span=Span(start=heading.start, end=end),
            )
            for index, (heading, end) in enumerate(zip(headings, ends, strict=True))
        )
        return Document(id="d", path="d.txt", format="txt", text=text, blocks=tuple(blocks), sections=sections, domain="legal")

    return make


@pytest.fixture(scope="session")
def chunks_of() -> Callable[[Document], tuple[Chunk, ...]]:
    """A chunk for every block."""
    return lambda document: tuple(
        Chunk(document_id=document.id, index=index, span=block.span) for index, block in enumerate(document.blocks)
    )


@pytest.fixture(scope="session")
def encoder() -> DocumentEncoder:
    return DocumentEncoder()


@pytest.fixture(scope="session")
def reader() -> EmbeddedReader:
    return EmbeddedReader()
