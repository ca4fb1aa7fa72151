"""Pages that are read from their picture, by rapidocr: what is read, where it stands, and what is said of what cannot be read."""

import io
import socket
from pathlib import Path

import pytest
from PIL import Image

from ingest import ocr_samples, samples
from longdoc.errors import EmptyFileError, MissingExtraError, NeedsOcrError
from longdoc.ingest import ocr_rapid, ocr_tesseract, parse_bytes
from longdoc.ingest.garbled import is_garbled
from longdoc.ingest.ocr import check
from longdoc.ingest.render import boxes, render_page
from longdoc.protocols import Limits, OcrOptions
from longdoc.types import Document, Span

RAPID = Limits(ocr=OcrOptions("rapidocr", dpi=120))


def read(data: bytes, limits: Limits = RAPID) -> Document:
    return parse_bytes(data, "sample.pdf", limits=limits).document


def words(document: Document) -> str:
    return " ".join(document.text.split())


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr_rapid, "is_installed", lambda: False)
    monkeypatch.setattr(ocr_tesseract, "is_installed", lambda: False)


def test_a_scan_is_read_with_its_structure_and_says_by_what_and_how_surely() -> None:
    document = read(ocr_samples.scan([ocr_samples.note()]))
    as_text = read(ocr_samples.note_pdf())
    assert document.text == as_text.text
    assert document.blocks == as_text.blocks
    page = document.pages[0]
    assert page.ocr == "rapidocr"
    assert page.confidence is not None
    assert page.confidence > 0.9
    assert document.warnings == ()
    assert document.source_map == ()


def test_the_models_come_from_the_wheel_and_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    seen = ocr_rapid.RapidOcr().read(ocr_samples.note(), dpi=ocr_samples.DPI, seconds=60)
    assert [word.text for word in seen.lines[0]] == ["Agreement", "on", "Grain"]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_words_of_a_scan_have_their_boxes_whichever_way_it_is_turned(tmp_path: Path, turned: int) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(ocr_samples.scan([ocr_samples.note().rotate(turned, expand=True)]))
    document = parse_bytes(path.read_bytes(), str(path), limits=RAPID).document
    assert words(document) == ocr_samples.NOTE
    start = document.text.index("12,500")
    found = boxes(str(path), document, Span(start=start, end=start + len("12,500")))
    assert len(found) == 1
    # Where the font puts it: 20 points from the left edge and "The Buyer pays " before it.
    x0, y0, x1, y1 = 94, 37, 127, 53
    width, height = ocr_samples.SIZE
    wanted = {0: (x0, y0, x1, y1), 90: (y0, width - x1, y1, width - x0), 180: (width - x1, height - y1, width - x0, height - y0)}
    wanted[270] = (height - y1, x0, height - y0, x1)
    for side, true in zip((found[0].x0, found[0].y0, found[0].x1, found[0].y1), wanted[turned], strict=True):
        assert abs(side - true) < 6


def test_a_skewed_scan_is_straightened_and_its_boxes_lean_back(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(ocr_samples.scan([ocr_samples.skewed(ocr_samples.note(), 3)]))
    document = parse_bytes(path.read_bytes(), str(path), limits=RAPID).document
    assert words(document) == ocr_samples.NOTE
    first, last = (boxes(str(path), document, span_of(document, word))[0] for word in ("The", "barley"))
    # Both stand on one line that climbs by 3 degrees.
    climb = (first.y1 - last.y1) / (last.x0 - first.x0)
    assert 0.03 < climb < 0.075


def span_of(document: Document, quote: str) -> Span:
    start = document.text.index(quote)
    return Span(start=start, end=start + len(quote))


def test_a_citation_on_a_scan_is_marked_in_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(ocr_samples.scan([ocr_samples.note()]))
    document = parse_bytes(path.read_bytes(), str(path), limits=RAPID).document
    picture = Image.open(io.BytesIO(render_page(str(path), document, span_of(document, "Buyer pays"), scale=2.0)))
    row = [picture.getpixel((place, 2 * 46)) for place in range(picture.width)]
    yellow = [place / 2 for place, (red, _, blue) in enumerate(row) if blue < 150 < red]
    assert 38 < min(yellow) < 48
    assert 84 < max(yellow) < 96


def test_a_scan_below_a_text_is_read_and_stands_after_it() -> None:
    document = read(ocr_samples.mixed())
    assert words(document) == f"This page begins with a text of its own. {ocr_samples.NOTE} {ocr_samples.NOTE}"
    own = len("This page begins with a text of its own.")
    assert [row[0] for row in document.source_map] == [0]
    assert all(start > own for start, *_ in document.word_boxes)


def test_a_stamp_on_a_scan_does_not_hide_the_scan() -> None:
    document = read(ocr_samples.stamped())
    assert all(line in words(document) for line in ocr_samples.LINES)


def test_an_invisible_text_that_does_not_fit_the_picture_gives_way_and_one_that_does_stays() -> None:
    wrong = read(ocr_samples.with_layer("nobody can see these words nor find out what they want to say about other matters"))
    assert words(wrong) == f"{ocr_samples.NOTE} {ocr_samples.NOTE}"
    assert wrong.pages[0].ocr == "rapidocr"
    right = read(ocr_samples.with_layer(f"{ocr_samples.NOTE} {ocr_samples.NOTE}"))
    assert right.pages[0].ocr is None
    assert right.word_boxes == ()


@pytest.mark.parametrize("first", [36, 0xE021], ids=["shifted alphabet", "private use"])
def test_a_text_that_means_nothing_is_read_from_the_picture(first: int) -> None:
    data = ocr_samples.with_bad_map(first)
    assert words(read(data)) == f"{ocr_samples.NOTE} {ocr_samples.NOTE}"
    untouched = read(data, Limits(ocr=OcrOptions("off")))
    assert len(untouched.warnings) == 1
    assert untouched.warnings[0].startswith("the text of page 1 means nothing")


def test_a_page_on_which_nothing_was_found_is_named_and_a_blank_one_is_not() -> None:
    blank = Image.new("L", ocr_samples.note().size, 255)
    document = read(ocr_samples.scan([ocr_samples.note(), blank, Image.linear_gradient("L")]))
    assert [page.has_text for page in document.pages] == [True, False, False]
    assert document.warnings == ("page 3: pictures in which OCR found no text",)


def test_a_scan_of_nothing_but_pictures_is_refused() -> None:
    with pytest.raises(NeedsOcrError, match="pages 1-2: pictures in which OCR found no text"):
        read(ocr_samples.scan([Image.linear_gradient("L"), Image.radial_gradient("L")]))


def test_a_scan_of_blank_pages_is_empty() -> None:
    with pytest.raises(EmptyFileError):
        read(ocr_samples.scan([Image.new("L", (400, 300), 255)]))


@pytest.mark.usefixtures("nothing_installed")
def test_without_an_engine_it_is_said_how_many_pages_were_not_read_and_what_to_install() -> None:
    with pytest.raises(
        NeedsOcrError, match=r"2 of 2 pages are pictures and were not read \(pages 1-2\).*pip install 'longdoc\[ocr\]'.*tesseract-ocr"
    ):
        read(samples.with_scans("ss"), Limits())
    document = read(samples.with_scans("tsbtss"), Limits())
    assert [page.has_text for page in document.pages] == [True, False, False, True, False, False]
    assert document.warnings[0].startswith("3 of 6 pages are pictures and were not read (pages 2, 5-6): for OCR install pip")
    mixed = read(ocr_samples.mixed(), Limits())
    assert mixed.warnings[0].startswith("a picture with text on page 1 was not read")


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(("engine", "message"), [("rapidocr", r"longdoc\[ocr\]"), ("tesseract", "tesseract-ocr")])
def test_an_engine_that_is_named_and_missing_is_told_of_before_any_file(engine: str, message: str) -> None:
    with pytest.raises(MissingExtraError, match=message):
        check(OcrOptions(engine))


@pytest.mark.parametrize(
    ("text", "garbled"),
    [
        ("The Buyer pays the price within thirty days after delivery of the goods. " * 4, False),
        ("Der Käufer zahlt den Preis binnen dreißig Tagen nach Lieferung der Ware an das Werk. " * 4, False),
        ("Strč prst skrz krk, řekl vlk, a pak šel domů, kde ho čekala večeře a teplá postel. " * 4, False),
        ("Net sales 1,204.5 1,099.3 (12) % $ 4.2 $ 3.9 Total ........ 88 Notes (a) (b) * ** " * 6, False),
        ("买方应在交货后三十天内付款。WBC NEU LYM MON EOS BAS RBC HGB HCT MCV PLT " * 8, False),
        ("dim Zn = bn + dim Bn, da dn dim Zd = bd + dim Bd wobei dim Bd gleich " * 6, False),
        ("Wkh Ex|hu sd|v wkh sulfh zlwklq wkluw| gd|v diwhu gholyhu| ri wkh jrrgv " * 4, True),
        ("\ufffd" * 60, True),
        ("\ue041\ue042 \ue043" * 20, True),
        ("7KH %X\\HU SD\\V ; WKH SULFH ; ZLWKLQ WKLUW\\ GD\\V DIWHU GHOLYHU\\ RI WKH JRRGV " * 6, True),
    ],
)
def test_text_that_nobody_wrote_is_told_from_any_that_somebody_did(text: str, garbled: bool) -> None:
    assert is_garbled(text) == garbled
