"""HTML: visible text only, headings, lists, layout and data tables."""

import pytest

from ingest import samples
from ingest.contract import IngestorContract
from longdoc.errors import LimitError
from longdoc.ingest import parse_bytes
from longdoc.ingest.html import HtmlIngestor
from longdoc.types import Document

SAMPLE = (samples.DATA / "html" / "annual-report.html").read_bytes()


def read(data: bytes) -> Document:
    return parse_bytes(data, "sample.html").document


class TestHtmlContract(IngestorContract):
    ingestor = HtmlIngestor
    suffix = ".html"

    def sample(self) -> bytes:
        return SAMPLE

    def running_text(self) -> str:
        return """RIDGEWAY PUMPS, INC. PART I Item 1. Business Ridgeway Pumps, Inc. (the “Company”) makes pumps for waterworks. It employed
        412 people at the end of the fiscal year. Item 1A. Risk Factors Steel is our largest cost. A strike would delay deliveries; see
        Item 1. Two customers make up a third of net sales. One plant has no second site. PART II Item 8. Financial Statements 2023 2022
        Net sales 81.4 77.9 Loss on disposal (1.2) (0.4)"""


def test_hidden_parts_scripts_and_inline_xbrl_headers_are_not_read() -> None:
    text = read(SAMPLE).text
    assert "hidden facts" not in text
    assert "script text" not in text


def test_a_data_table_has_a_line_a_row_without_empty_layout_cells() -> None:
    document = read(SAMPLE)
    tables = [document.quote(block.span) for block in document.blocks if block.kind == "table"]
    assert tables == ["2023\t2022\nNet sales\t$81.4\t$77.9\nLoss on disposal\t(1.2)\t(0.4)"]


def test_a_table_that_only_places_a_bullet_is_a_list_item() -> None:
    document = read(SAMPLE)
    items = [document.quote(block.span) for block in document.blocks if block.kind == "list_item"]
    assert items == ["• Two customers make up a third of net sales.", "One plant has no second site."]


def test_parts_and_items_of_a_filing_nest() -> None:
    document = read(SAMPLE)
    assert document.heading_path(document.text.index("Steel")) == ("PART I", "Item 1A. Risk Factors")
    assert document.domain == "financial"
    assert document.pages == ()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (b"<html><body><p>caf\xe9 prices</p></body></html>", "café prices"),
        (b'<html><head><meta charset="iso-8859-2"></head><body><p>\xb3\xf3d\xbc</p></body></html>', "łódź"),
        ("<html><body><p>one<br>line</p><p>a <b>bold</b> word</p></body></html>".encode("utf-16"), "one line\n\na bold word"),
        (b"<html><body><p>never closed<div>but read</body>", "never closed\n\nbut read"),
    ],
)
def test_encodings_and_sloppy_markup_are_read(source: bytes, text: str) -> None:
    assert read(source).text == text


def test_deep_nesting_is_read_and_what_is_too_deep_is_refused() -> None:
    assert read(b"<html><body>" + b"<div>" * 1500 + b"bottom" + b"</div>" * 1500 + b"</body></html>").text == "bottom"
    with pytest.raises(LimitError, match="2048 levels"):
        read(b"<html><body>" + b"<div>" * 5000 + b"bottom" + b"</div>" * 5000 + b"</body></html>")


def test_deep_nesting_in_a_table_cell_is_read() -> None:
    nested = b"<span>" * 1500 + b"deep" + b"</span>" * 1500
    assert "deep" in read(b"<html><body><table><tr><td>" + nested + b"</td><td>b</td></tr></table></body></html>").text


def test_links_back_to_the_contents_are_no_part_of_the_text():
    source = """<html><body><h2 id="toc">Table of Contents</h2><p><a href="#risk">Risk factors</a></p>
    <p><a href="#toc">Table of Contents</a></p><h2 id="risk">Risk Factors</h2><p>Prices may fall.</p>
    <p><a href="#toc">Back to top</a></p><p>See the <a href="#n">index</a>-linked note.</p></body></html>"""
    document = parse_bytes(source.encode(), "filing.html").document
    assert document.text.count("Table of Contents") == 1
    assert "Back to top" not in document.text
    assert "Risk factors" in document.text
    assert "See the index-linked note." in document.text
