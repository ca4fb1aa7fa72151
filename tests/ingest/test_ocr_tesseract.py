"""Tesseract as the engine of OCR."""

import pytest

from ingest import ocr_samples
from longdoc.errors import ConfigError
from longdoc.ingest import parse_bytes
from longdoc.ingest.ocr import check
from longdoc.protocols import Limits, OcrOptions
from longdoc.types import Document

pytestmark = pytest.mark.system


def read(data: bytes) -> Document:
    return parse_bytes(data, "sample.pdf", limits=Limits(ocr=OcrOptions("tesseract"))).document


def words(document: Document) -> str:
    return " ".join(document.text.split())


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_scan_is_read_whichever_way_it_is_turned(turned: int) -> None:
    document = read(ocr_samples.scan([ocr_samples.long_note().rotate(turned, expand=True)]))
    assert words(document) == f"{ocr_samples.NOTE} {ocr_samples.NOTE}"
    assert document.pages[0].ocr == "tesseract"


def test_grain_does_not_hide_the_text() -> None:
    assert words(read(ocr_samples.scan([ocr_samples.noisy(ocr_samples.long_note())]))) == f"{ocr_samples.NOTE} {ocr_samples.NOTE}"


def test_a_scan_gives_the_blocks_that_its_text_gives() -> None:
    as_text = read(ocr_samples.note_pdf())
    as_picture = read(ocr_samples.scan([ocr_samples.note()]))
    assert as_picture.text == as_text.text
    assert as_picture.blocks == as_text.blocks


def test_a_language_that_is_not_installed_is_told_of_before_any_file() -> None:
    with pytest.raises(ConfigError, match=r"no language 'tlh', only .*eng.*tesseract-ocr-tlh"):
        check(OcrOptions("tesseract", languages="eng+tlh"))
