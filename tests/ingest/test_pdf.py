"""PDF: reading order, furniture, paragraphs, tables, headings, repair, encryption, scans."""

import re
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from ingest import samples
from ingest.contract import IngestorContract
from longdoc.errors import DamagedError, EmptyFileError, EncryptedError, LimitError
from longdoc.ingest import parse_bytes
from longdoc.ingest.pdf import PdfIngestor
from longdoc.ingest.pdf_page import finite
from longdoc.protocols import Limits
from longdoc.types import Document, Span


def read(data: bytes, password: str | None = None) -> Document:
    return parse_bytes(data, "sample.pdf", password=password).document


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.quote(block.span)) for block in document.blocks]


class TestPdfContract(IngestorContract):
    ingestor = PdfIngestor
    suffix = ".pdf"

    def sample(self) -> bytes:
        return samples.report()

    def running_text(self) -> str:
        return " ".join(f"{page + 1}. {samples.PARTS[page]} " + " ".join(samples.paragraphs(4, 4 * page)) for page in range(4))


def test_coordinates_that_are_no_numbers_are_made_some() -> None:
    assert finite(np.array([np.nan, np.inf, -np.inf, 1e30, 72.5])).tolist() == [0.0, 1e6, -1e6, 1e6, 72.5]


def test_headers_footers_and_page_numbers_are_not_in_the_text() -> None:
    document = read(samples.report())
    assert "Quarterly Review" not in document.text
    assert not re.search(r"Page \d of", document.text)
    assert [page.number for page in document.pages] == [1, 2, 3, 4]


def test_lines_are_joined_to_paragraphs_and_larger_bold_lines_are_headings() -> None:
    document = read(samples.report())
    assert kinds(document)[:3] == [
        ("heading", "1. Grain"),
        ("paragraph", samples.paragraphs(4)[0]),
        ("paragraph", samples.paragraphs(4)[1]),
    ]
    assert [section.number for section in document.sections] == ["1.", "2.", "3.", "4."]


def test_columns_drawn_row_by_row_are_read_one_after_the_other() -> None:
    text = read(samples.two_columns_row_by_row()).text
    assert text.startswith("A Title Across Both Columns")
    order = re.findall(r"(left|right)(\d+)", text)
    lefts = [int(number) for side, number in order if side == "left"]
    assert order == [("left", str(number)) for number in lefts] + [("right", str(place)) for place in range(len(order) - len(lefts))]
    assert lefts == sorted(lefts)


def test_a_table_keeps_its_rows_with_tabs_between_cells() -> None:
    tables = [quote for kind, quote in kinds(read(samples.table())) if kind == "table"]
    assert tables == ["2023\t2022\nNet sales\t81.4\t77.9\nCost of sales\t(52.0)\t(49.3)\nNet income\t$ 9.1\t$ 8.8"]


def test_a_word_broken_at_a_line_end_is_joined_and_a_compound_keeps_its_hyphen() -> None:
    text = read(samples.hyphens()).text
    assert "notice of termination to the other" in text
    assert "The long-term supply stays long-term in force" in text


def test_a_paragraph_that_goes_over_the_page_stays_one_block_and_keeps_its_pages() -> None:
    document = read(samples.hyphens())
    joined = "in force and then ends. Nothing else follows"
    assert joined in document.text
    start = document.text.index(joined)
    assert document.page_at(start).number == 1
    assert document.page_at(start + joined.index("then")).number == 2
    assert len(document.blocks) == 1


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_source_map_leads_every_character_back_to_its_page(degrees: int) -> None:
    data = samples.rotated(samples.hyphens(), degrees)
    document = read(data)
    pages = [page.get_textpage() for page in pypdfium2.PdfDocument(data)]
    mapped = set()
    for start, number, index, length in document.source_map:
        source = pages[number - 1].get_text_range(index, length).replace("\ufffe", "-").replace("\x02", "-")
        assert source == document.text[start : start + length]
        mapped.update(range(start, start + length))
    assert all(position in mapped or character.isspace() for position, character in enumerate(document.text))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_reads_as_the_upright_one(degrees: int) -> None:
    assert read(samples.rotated(samples.table(), degrees)).text == read(samples.table()).text


def test_bookmarks_make_headings_and_labels_are_kept_beside_the_number() -> None:
    document = read(samples.outlined())
    assert [(section.title, section.level) for section in document.sections] == [("Opening remarks", 1), ("What was found", 1)]
    assert [(page.number, page.label) for page in document.pages] == [(1, "i"), (2, "ii")]


def test_an_encrypted_pdf_asks_for_its_password() -> None:
    locked = samples.encrypted(samples.report(1), "grain")
    with pytest.raises(EncryptedError, match="give its password"):
        read(locked)
    with pytest.raises(EncryptedError, match="not the right one"):
        read(locked, password="chaff")
    assert read(locked, password="grain").text == read(samples.report(1)).text


@pytest.mark.parametrize("pack", [False, True])
def test_a_truncated_pdf_is_partial_and_keeps_its_first_pages(pack: bool) -> None:
    whole = samples.report(8)
    expected = read(whole)
    data = samples.packed(whole) if pack else whole
    cut = read(data[: int(len(data) * 0.7)])
    assert 1 <= sum(page.has_text for page in cut.pages) <= 8
    assert cut.text[:400] == expected.text[:400]
    assert any("ends early" in warning for warning in cut.warnings)


@pytest.mark.parametrize("damage", ["something before it", "its mark overwritten", "its first line lost"])
def test_a_pdf_whose_beginning_is_not_its_own_is_read_and_told_of(damage: str) -> None:
    whole = samples.report(1)
    data = {
        "something before it": b"Content-Type: application/pdf\r\n" * 60 + whole,
        "its mark overwritten": bytes(8) + whole[8:],
        "its first line lost": whole.split(b"\n", 1)[1],
    }[damage]
    document = read(data)
    assert document.text == read(whole).text
    assert "the first bytes are not those of a PDF: what is behind them was read" in document.warnings


def test_a_pdf_without_any_readable_page_is_damaged() -> None:
    with pytest.raises(DamagedError, match=r"sample\.pdf: not readable as PDF"):
        read(b"%PDF-1.7\n" + bytes(range(256)) * 20)


def test_a_blank_document_is_empty() -> None:
    with pytest.raises(EmptyFileError):
        read(samples.with_scans("bb"))


def test_more_pages_than_the_limit_are_refused_with_both_numbers() -> None:
    with pytest.raises(LimitError, match="has 4 pages, the limit is 3"):
        parse_bytes(samples.report(), "sample.pdf", limits=Limits(pages=3))


def test_pages_that_are_all_alike_keep_their_text() -> None:
    def draw(canvas: samples.Canvas) -> None:
        for page in range(4):
            if page:
                canvas.showPage()
            samples.put(canvas, ["Form of proxy", "I hereby appoint the chairman", "Signed"], 72, 80, pitch=30)

    assert read(samples.pdf(draw)).text.count("hereby appoint") == 4


def test_title_and_author_come_from_the_file() -> None:
    def draw(canvas: samples.Canvas) -> None:
        canvas.setTitle("Harbour Dues")
        canvas.setAuthor("A. Clerk")
        samples.put(canvas, ["Dues are paid on entry."], 72, 80)

    document = read(samples.pdf(draw))
    assert document.title == "Harbour Dues"
    assert document.metadata["author"] == "A. Clerk"


def test_the_file_on_disk_and_its_bytes_give_the_same_document(tmp_path: Path) -> None:
    from longdoc.ingest import parse_file

    file = tmp_path / "report.pdf"
    file.write_bytes(samples.report(1))
    assert parse_file(str(file)).document == parse_bytes(samples.report(1), str(file)).document
    assert Span(start=0, end=len(parse_file(str(file)).document.text))
