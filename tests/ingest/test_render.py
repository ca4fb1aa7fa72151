"""Boxes of a span, and a picture of its page with the span marked."""

import io
from pathlib import Path

import pytest
from PIL import Image

from ingest import samples
from longdoc.errors import ChangedError, EncryptedError, UnsupportedError, UsageError
from longdoc.ingest import parse_file
from longdoc.ingest.draw import PagePictures
from longdoc.ingest.render import boxes, render_page
from longdoc.types import Document, Span


def prepare(folder: Path, data: bytes, password: str | None = None) -> tuple[str, Document]:
    path = folder / "sample.pdf"
    path.write_bytes(data)
    return str(path), parse_file(str(path), password=password).document


def span_of(document: Document, quote: str) -> Span:
    start = document.text.index(quote)
    return Span(start=start, end=start + len(quote))


def test_a_span_over_two_pages_has_a_box_a_line_where_it_was_drawn(tmp_path: Path) -> None:
    path, document = prepare(tmp_path, samples.hyphens())
    found = boxes(
        path, document, span_of(document, "termination to the other in writing. The long-term supply stays long-term in force and then")
    )
    assert [box.page for box in found] == [1, 1, 1, 2]
    for box, top in zip(found, (690, 703, 716, 80), strict=True):
        assert top - 2 < box.y0 < top + 4 < box.y1 < top + 18
        assert 70 <= box.x0 < box.x1 < 300


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_boxes_of_a_turned_page_are_turned_with_it(tmp_path: Path, degrees: int) -> None:
    path, document = prepare(tmp_path, samples.rotated(samples.table(), degrees))
    page = document.pages[0]
    found = boxes(path, document, span_of(document, "Net sales\t81.4\t77.9"))
    assert all(0 <= box.x0 < box.x1 <= page.width and 0 <= box.y0 < box.y1 <= page.height for box in found)
    wide = max(box.x1 for box in found) - min(box.x0 for box in found)
    high = max(box.y1 for box in found) - min(box.y0 for box in found)
    assert (wide > high) == (degrees == 180)


def test_the_picture_shows_the_mark_and_the_letters_under_it(tmp_path: Path) -> None:
    path, document = prepare(tmp_path, samples.report(2))
    span = span_of(document, document.quote(document.blocks[1].span)[:60])
    picture = Image.open(io.BytesIO(render_page(path, document, span, scale=2.0)))
    assert picture.size == (1224, 1584)
    box = boxes(path, document, span)[0]
    marked = picture.crop((int(box.x0 * 2), int(box.y0 * 2), int(box.x1 * 2), int(box.y1 * 2)))
    colours = {colour for _, colour in marked.getcolors(1 << 20)}
    assert (255, 236, 110) in colours
    assert min(sum(colour) for colour in colours) < 100
    assert picture.getpixel((5, 5)) == (255, 255, 255)


def test_an_encrypted_file_needs_its_password_again(tmp_path: Path) -> None:
    path, document = prepare(tmp_path, samples.encrypted(samples.report(1), "grain"), "grain")
    span = span_of(document, "Grain")
    with pytest.raises(EncryptedError):
        boxes(path, document, span)
    assert boxes(path, document, span, password="grain")


def test_a_file_that_changed_is_not_shown(tmp_path: Path) -> None:
    path, document = prepare(tmp_path, samples.report(1))
    Path(path).write_bytes(samples.report(2))
    with pytest.raises(ChangedError, match="ingest it again"):
        render_page(path, document, Span(start=0, end=5))


def test_a_format_without_pages_and_a_span_outside_the_text_are_refused(tmp_path: Path) -> None:
    path, document = prepare(tmp_path, samples.report(1))
    with pytest.raises(UsageError, match="reaches past the text"):
        boxes(path, document, Span(start=0, end=len(document.text) + 1))
    note = tmp_path / "note.txt"
    note.write_text("Grain is dear.")
    with pytest.raises(UnsupportedError, match="no pages to show"):
        render_page(str(note), parse_file(str(note)).document, Span(start=0, end=5))


def test_a_page_is_drawn_in_a_worker_as_it_would_be_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, document = prepare(tmp_path, samples.report(2))
    span = span_of(document, document.quote(document.blocks[1].span)[:60])
    expected = render_page(path, document, span, scale=1.0)
    monkeypatch.setattr("longdoc.ingest.render.render_page", None)
    with PagePictures() as pictures:
        assert pictures.draw(path, document, span, scale=1.0) == expected
        with pytest.raises(UsageError, match="reaches past the text"):
            pictures.draw(path, document, Span(start=0, end=len(document.text) + 1))
        Path(path).write_bytes(samples.report(1))
        with pytest.raises(ChangedError, match="ingest it again"):
            pictures.draw(path, document, span)
