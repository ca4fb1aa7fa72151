"""Where a span stands on its pages: boxes, and a picture of the page with the span marked."""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

import pypdfium2.raw as pdfium

from longdoc.errors import ChangedError, UnsupportedError, UsageError
from longdoc.ingest.parse import DEFAULT_LIMITS, read_once
from longdoc.ingest.pdf_file import PdfFile, load_page
from longdoc.ingest.pdf_page import Frame, frame_of
from longdoc.ingest.picture import PictureIngestor, as_pdf
from longdoc.types import Aside, Document, Record, Span

MARK = (255, 236, 110)
LARGEST_SIDE = 8000


class Box(Record):
    """A rectangle on a page (counted from 1) in points, the origin at the top left of the page as it is shown."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


def boxes(path: str, document: Document, span: Span, password: str | None = None) -> list[Box]:
    """One box for each line, or part of a line, that the span covers, in reading order.

    Raises: UnsupportedError for a format without pages; ChangedError if the file is no longer the one that was read;
    UsageError for a span outside the text.
    """
    with _open(path, document, span, password) as file:
        return _of_span(file, document, span)


def aside_boxes(path: str, document: Document, aside: Aside, password: str | None = None) -> list[Box]:
    """Boxes of what stands on a page beside the text: a header, a line number, a mark.

    Raises: as `boxes`.
    """
    with _open(path, document, Span(start=0, end=0), password) as file:
        return _boxes(file, aside.source)


def render_page(path: str, document: Document, span: Span, *, password: str | None = None, scale: float = 2.0) -> bytes:
    """A PNG picture of the page on which the span begins, with the span marked; `scale` is pixels a point.

    Raises: as `boxes`.
    """
    with _open(path, document, span, password) as file:
        marked = _of_span(file, document, span)
        first = document.page_at(span.start)
        number = marked[0].page if marked else first.number if first else 1
        return _picture(file, number, [box for box in marked if box.page == number], scale)


def _open(path: str, document: Document, span: Span, password: str | None) -> PdfFile:
    if document.format not in ("pdf", PictureIngestor.format):
        raise UnsupportedError(f"{path}: a {document.format} file has no pages to show; leave out --png to see the passage as text")
    if span.end > len(document.text):
        raise UsageError(f"{path}: {span.start}-{span.end} reaches past the text (the document has {len(document.text)} characters)")
    data = read_once(path, DEFAULT_LIMITS)
    if hashlib.sha256(data).hexdigest()[:32] != document.id:
        raise ChangedError(f"{path}: is no longer the file that was read; ingest it again")
    return PdfFile(as_pdf(data, path) if document.format == PictureIngestor.format else data, path, password)


def _of_span(file: PdfFile, document: Document, span: Span) -> list[Box]:
    """What was read from a picture stands among the page's own text where a page has both."""
    return sorted([*_seen(document, span), *_boxes(file, _runs(document, span))], key=lambda box: box.page)


def _boxes(file: PdfFile, runs: Iterable[tuple[int, int, int]]) -> list[Box]:
    found: list[Box] = []
    opened: tuple[int, Any, Any, Frame] | None = None
    try:
        for page, index, length in runs:
            if opened is None or opened[0] != page:
                _close(opened)
                handle = load_page(file.handle, page - 1)
                opened = (page, handle, pdfium.FPDFText_LoadPage(handle), frame_of(handle))
            found += _lines(opened, index, length)
    finally:
        _close(opened)
    return found


def _seen(document: Document, span: Span) -> Iterator[Box]:
    """Boxes of words that were read from a picture, joined as long as they stand on one line; the part of a word that is covered."""
    rows = document.word_boxes
    joined: tuple[int, list[float]] | None = None
    for place in range(bisect_right(rows, span.start, key=lambda row: row[1]), len(rows)):
        start, end, page, x0, y0, x1, y1 = rows[place]
        if start >= span.end:
            break
        width = (x1 - x0) / (end - start)
        x0, x1 = x0 + width * max(0, span.start - start), x1 - width * max(0, end - span.end)
        if joined is not None and joined[0] == page and _go_on(joined[1], x0, y0, x1, y1):
            joined = (page, [min(joined[1][0], x0), min(joined[1][1], y0), max(joined[1][2], x1), max(joined[1][3], y1)])
            continue
        if joined is not None:
            yield _box(*joined)
        joined = (page, [x0, y0, x1, y1])
    if joined is not None:
        yield _box(*joined)


def _go_on(line: list[float], x0: float, y0: float, x1: float, y1: float) -> bool:
    """Whether a box stands on the same line, at its right."""
    height = min(y1 - y0, line[3] - line[1])
    return min(line[3], y1) - max(line[1], y0) > 0.4 * height and x0 > line[2] - (y1 - y0)


def _close(opened: tuple[int, Any, Any, Frame] | None) -> None:
    if opened is not None:
        pdfium.FPDFText_ClosePage(opened[2])
        pdfium.FPDF_ClosePage(opened[1])


def _runs(document: Document, span: Span) -> Iterator[tuple[int, int, int]]:
    """The parts of the source map that the span covers, as (page, first character, how many)."""
    starts = [row[0] for row in document.source_map]
    for place in range(max(0, bisect_right(starts, span.start) - 1), len(starts)):
        start, page, index, length = document.source_map[place]
        if start >= span.end:
            return
        begin, end = max(start, span.start), min(start + length, span.end)
        if begin < end:
            yield page, index + begin - start, end - begin


def _lines(opened: tuple[int, Any, Any, Frame], index: int, length: int) -> Iterator[Box]:
    """Boxes of characters, joined as long as they stand on one line."""
    number, _, text_page, frame = opened
    rectangle = pdfium.FS_RECTF()
    joined: list[float] | None = None
    for position in range(index, index + length):
        if pdfium.FPDFText_GetUnicode(text_page, position) in (0, 9, 10, 13, 32, 160):
            continue
        pdfium.FPDFText_GetLooseCharBox(text_page, position, rectangle)
        x0, y0, x1, y1 = frame.shown(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        if joined is not None and min(joined[3], y1) - max(joined[1], y0) > 0.4 * (y1 - y0) and x0 > joined[2] - (y1 - y0):
            joined = [min(joined[0], x0), min(joined[1], y0), max(joined[2], x1), max(joined[3], y1)]
            continue
        if joined is not None:
            yield _box(number, joined)
        joined = [x0, y0, x1, y1]
    if joined is not None:
        yield _box(number, joined)


def _box(number: int, sides: list[float]) -> Box:
    x0, y0, x1, y1 = (round(side, 2) for side in sides)
    return Box(page=number, x0=x0, y0=y0, x1=x1, y1=y1)


def _picture(file: PdfFile, number: int, marked: list[Box], scale: float) -> bytes:
    import pypdfium2
    from PIL import Image, ImageChops, ImageDraw

    page = pdfium.FPDF_LoadPage(file.handle, number - 1)
    try:
        frame = frame_of(page)
        scale = min(scale, LARGEST_SIDE / max(frame.width, frame.height, 1.0))
        width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_BGR)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        pdfium.FPDF_RenderPageBitmap(bitmap.raw, page, 0, 0, width, height, 0, pdfium.FPDF_ANNOT)
        picture = bitmap.to_pil().convert("RGB")
    finally:
        pdfium.FPDF_ClosePage(page)
    layer = Image.new("RGB", picture.size, (255, 255, 255))
    draw = ImageDraw.Draw(layer)
    for box in marked:
        draw.rectangle((box.x0 * scale - 1, box.y0 * scale - 1, box.x1 * scale + 1, box.y1 * scale + 1), fill=MARK)
    # Multiplying keeps black letters black, as a marker pen does.
    output = io.BytesIO()
    ImageChops.multiply(picture, layer).save(output, format="PNG")
    return output.getvalue()
