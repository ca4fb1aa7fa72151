"""Presentations: a slide a page, in the order that a person reads."""

from __future__ import annotations

import pytest

from ingest import office_samples as samples
from ingest.contract import IngestorContract
from longdoc.errors import LimitError
from longdoc.ingest import parse_bytes
from longdoc.ingest.pptx import PptxIngestor
from longdoc.protocols import Limits

SLIDES = (
    "Quarterly review\n\nUpper left\n\nUpper right\n\nLower box\n\nSay hello to the board",
    "Fees\n\nFloor\tFee\nGround\t300",
    "Sales\nNorth\t19.2\nSouth\t21.4",
)


class TestPptx(IngestorContract):
    ingestor = PptxIngestor
    suffix = ".pptx"

    def sample(self) -> bytes:
        return samples.slides()

    def running_text(self) -> str:
        return "\n".join(SLIDES)


def test_slides_are_pages_with_their_title_tables_charts_and_notes() -> None:
    document = parse_bytes(samples.slides(), "a.pptx").document
    assert [document.quote(page.span) for page in document.pages] == list(SLIDES)
    assert [(page.number, page.width, page.height) for page in document.pages] == [(number, 720, 540) for number in (1, 2, 3)]
    assert [section.title for section in document.sections] == ["Quarterly review", "Fees"]
    assert [block.kind for block in document.blocks if "hello" in document.quote(block.span)] == ["footnote"]
    assert len(document.tables) == 2


def test_more_slides_than_the_limit_are_refused_with_both_numbers() -> None:
    with pytest.raises(LimitError, match="has 3 pages, the limit is 2"):
        parse_bytes(samples.slides(), "a.pptx", limits=Limits(pages=2))
