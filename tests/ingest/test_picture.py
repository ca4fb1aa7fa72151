"""Pictures of pages as files: PNG, JPEG, TIFF."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from ingest import ocr_samples
from ingest.contract import IngestorContract
from longdoc.errors import DamagedError, LimitError, UnsupportedError
from longdoc.ingest import parse_bytes, parse_file
from longdoc.ingest.picture import PictureIngestor
from longdoc.ingest.render import boxes, render_page
from longdoc.protocols import Limits, OcrOptions
from longdoc.types import Document, Span

RAPID = Limits(ocr=OcrOptions("rapidocr", dpi=120))


def read(data: bytes) -> Document:
    return parse_bytes(data, "sample.png", limits=RAPID).document


def words(document: Document) -> str:
    return " ".join(document.text.split())


class TestPictureContract(IngestorContract):
    ingestor = PictureIngestor
    suffix = ".png"

    def sample(self) -> bytes:
        return ocr_samples.encoded(ocr_samples.note(), "PNG", dpi=(200, 200))

    def running_text(self) -> str:
        return ocr_samples.NOTE


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_picture_is_a_page_of_the_size_that_it_tells(kind: str) -> None:
    document = read(ocr_samples.encoded(ocr_samples.note(), kind, dpi=(200, 200)))
    assert words(document) == ocr_samples.NOTE
    assert (round(document.pages[0].width), round(document.pages[0].height)) == ocr_samples.SIZE
    assert document.title == ocr_samples.LINES[0]


def test_every_picture_of_a_tiff_is_a_page() -> None:
    note = ocr_samples.note()
    data = ocr_samples.encoded(note, "TIFF", save_all=True, append_images=[note, note], dpi=(200, 200))
    document = read(data)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert words(document) == " ".join([ocr_samples.NOTE] * 3)


def test_transparent_paper_is_white_and_turned_photographs_are_upright() -> None:
    letters = ocr_samples.note().point(lambda value: 255 - value)
    clear = Image.merge("LA", (Image.new("L", letters.size, 0), letters))
    assert words(read(ocr_samples.encoded(clear, "PNG", dpi=(200, 200)))) == ocr_samples.NOTE
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = ocr_samples.note().rotate(90, expand=True)
    document = read(ocr_samples.encoded(turned, "JPEG", exif=exif, dpi=(200, 200)))
    assert document.pages[0].width > document.pages[0].height


def test_a_citation_in_a_picture_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "note.png"
    path.write_bytes(ocr_samples.encoded(ocr_samples.note(), "PNG", dpi=(200, 200)))
    document = parse_file(str(path), limits=RAPID).document
    start = document.text.index("Notice")
    span = Span(start=start, end=start + 6)
    assert boxes(str(path), document, span)[0].page == 1
    assert render_page(str(path), document, span).startswith(b"\x89PNG")


def test_a_picture_that_claims_a_million_times_its_size_is_refused_unopened() -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (header, b"IDAT" + body, b"IEND")
    )
    with pytest.raises(LimitError, match=r"3600000000 pixels.*limit"):
        read(data)


def test_a_cut_picture_is_damaged() -> None:
    data = ocr_samples.encoded(ocr_samples.note(), "PNG")
    with pytest.raises(DamagedError, match=r"sample\.png: the picture is damaged"):
        read(data[: len(data) // 2])


def test_more_pictures_than_the_limit_are_refused_with_both_numbers() -> None:
    note = ocr_samples.note()
    data = ocr_samples.encoded(note, "TIFF", save_all=True, append_images=[note, note])
    with pytest.raises(LimitError, match="has 3 pages, the limit is 2"):
        parse_bytes(data, "sample.tif", limits=Limits(pages=2, ocr=RAPID.ocr))


def test_a_picture_without_text_is_no_document() -> None:
    with pytest.raises(UnsupportedError, match=r"sample\.png: a picture; .*OCR found no text"):
        read(ocr_samples.encoded(Image.linear_gradient("L"), "PNG"))


def test_other_pictures_are_refused_with_what_to_do() -> None:
    with pytest.raises(UnsupportedError, match="save it as PNG"):
        parse_bytes(ocr_samples.encoded(ocr_samples.note(), "GIF"), "sample.gif")
