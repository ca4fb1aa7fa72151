"""The pages of a PDF that need it are read from their picture, and what was read takes the place of their text, or stands beside it.

An OCR program that scanned the file may have left a text that is not shown. Some pages are read anew to see whether it fits; where it
does not, all are. Text that means nothing gives way only to one that does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from longdoc.ingest.garbled import is_garbled
from longdoc.ingest.ocr import PictureText, engines_of, how_to_read, read_picture
from longdoc.ingest.ocr_straight import looks_like_text
from longdoc.ingest.ocr_words import UNSURE, Kind, OcrEngine
from longdoc.ingest.page_numbers import named
from longdoc.ingest.pdf_file import PdfFile
from longdoc.ingest.pdf_page import PageText, frame_of
from longdoc.protocols import Limits, OcrOptions

MOST_PIXELS = 30_000_000
"""Of a page's picture; a larger page is made with fewer dots an inch."""
SAMPLES = 3
"""Pages with an invisible text that are read anew to see whether it fits."""
FITS = 0.5
"""Share of the words seen that the invisible text must have."""
FEWEST_WORDS = 12
"""Words below which a picture on a page is a figure, and a comparison says nothing."""

_WORD = re.compile(r"\w{3,}")

Map = list[tuple[int, int, int, int]]
Boxes = list[tuple[int, int, int, float, float, float, float]]


def read_needed(file: PdfFile, pages: Sequence[PageText], limits: Limits) -> list[str]:
    """Read the pages of an open file that have a `need`, in place; what a person should know of those that stay unread or doubtful.

    A page without text that stays unread keeps `has_pictures`. Raises: MissingExtraError for an engine that is named and not installed.
    """
    wanted = [page for page in pages if page.need is not None]
    if not wanted:
        return []
    engines = engines_of(limits.ocr)
    if not engines:
        return _left_unread(file, wanted, len(pages), limits.ocr)
    notes = _Notes()
    unfit = _has_unfit_layer(file, [page for page in wanted if page.need is not None and page.need.kind == "invisible"], engines, limits)
    for page in wanted:
        if page.need is None or (page.need.kind == "invisible" and not unfit):
            continue
        picture, dpi = picture_of(file, page.number, limits.ocr.dpi)
        if page.need.box is not None:
            picture = _only(picture, page.need.box, dpi)
            if not looks_like_text(picture):
                continue
        start = len(page.text) + 1 if page.need.kind == "part" else 0
        read = read_picture(picture, engines, number=page.number, dpi=dpi, seconds=limits.seconds, start=start)
        _take(page, read, notes)
    return notes.told()


def picture_of(file: PdfFile, number: int, dpi: int) -> tuple[Image.Image, float]:
    """A grey picture of a page as it is shown, without annotations, and its dots an inch."""
    page = pdfium.FPDF_LoadPage(file.handle, number - 1)
    try:
        frame = frame_of(page)
        scale = min(dpi / 72, (MOST_PIXELS / max(frame.width * frame.height, 1.0)) ** 0.5)
        width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        pdfium.FPDF_RenderPageBitmap(bitmap.raw, page, 0, 0, width, height, 0, 0)
        return bitmap.to_pil().convert("L"), scale * 72
    finally:
        pdfium.FPDF_ClosePage(page)


def split_map(source_map: Map, pages: Sequence[PageText]) -> tuple[Map, Boxes]:
    """The rows of a source map that lead to characters of the file, and boxes instead of those that lead to words seen in a picture."""
    seen = {page.number: page.boxes for page in pages if page.boxes}
    if not seen:
        return source_map, []
    kept: Map = []
    boxes: Boxes = []
    for start, number, index, length in source_map:
        words = seen.get(number)
        if words is None:
            kept.append((start, number, index, length))
            continue
        own = min(length, words[0][0] - index)
        if own > 0:
            kept.append((start, number, index, own))
        for begin, end, *box in words:
            first, last = max(begin, index), min(end, index + length)
            if first < last:
                x0, y0, x1, y1 = (round(side, 2) for side in box)
                boxes.append((start + first - index, start + last - index, number, x0, y0, x1, y1))
    return kept, boxes


class _Notes:
    """Pages that a person should know of."""

    def __init__(self) -> None:
        self.unsure: list[int] = []
        self.empty: list[int] = []
        self.garbled: list[int] = []
        self.problems: list[str] = []

    def told(self) -> list[str]:
        """As sentences."""
        told = list(self.problems)
        if self.empty:
            told.append(f"{named(self.empty)}: pictures in which OCR found no text")
        if self.unsure:
            told.append(f"{named(self.unsure)} read by OCR with a confidence below {UNSURE:g}: compare with the picture before use")
        if self.garbled:
            told.append(f"{named(self.garbled)}: the text in the file means nothing, and OCR could not read the page either")
        return told


def _take(page: PageText, read: PictureText, notes: _Notes) -> None:
    """Put what was read in the place of the page's text, or beside it."""
    kind: Kind = page.need.kind if page.need is not None else "missing"
    words = len(read.composed.seen)
    if read.problem is not None:
        notes.problems.append(f"page {page.number} not read by OCR: {read.problem}")
        page.has_pictures = not page.lines
        return
    if _keeps_its_own(page, kind, read):
        if kind == "garbled" and not words:
            notes.garbled.append(page.number)
        return
    if kind == "part":
        _append(page, read)
    else:
        page.text, page.lines = read.composed.text, list(read.composed.lines)
        page.width, page.height = read.width, read.height
    page.ocr, page.confidence = read.engine, read.confidence
    page.boxes += [(start, start + len(word.text), *read.boxes[start]) for start, word in sorted(read.composed.seen.items())]
    if not words and kind == "missing" and not read.blank:
        notes.empty.append(page.number)
        page.has_pictures = True
    if read.is_unsure:
        notes.unsure.append(page.number)


def _keeps_its_own(page: PageText, kind: Kind, read: PictureText) -> bool:
    """Whether what was read is no better than what the page has."""
    words = len(read.composed.seen)
    if kind == "garbled":
        return not words or read.is_unsure or is_garbled(read.composed.text) or _fits(page, read)
    if kind == "invisible":
        return words < FEWEST_WORDS or read.is_unsure or _fits(page, read)
    if kind == "part":
        return words < FEWEST_WORDS
    return kind == "thin" and not words


def _append(page: PageText, read: PictureText) -> None:
    """Words of a picture among the page's own lines, before the first that stands below it."""
    first = read.composed.lines[0].top
    place = next((place for place, line in enumerate(page.lines) if line.top > first), len(page.lines))
    page.lines[place:place] = read.composed.lines
    page.text = f"{page.text}\n{read.composed.text}"


def _has_unfit_layer(file: PdfFile, pages: list[PageText], engines: Sequence[OcrEngine], limits: Limits) -> bool:
    """Whether the invisible text of one of some pages says something else than the picture."""
    for page in pages[:: max(1, -(-len(pages) // SAMPLES))]:
        picture, dpi = picture_of(file, page.number, limits.ocr.dpi)
        read = read_picture(picture, engines, number=page.number, dpi=dpi, seconds=limits.seconds)
        if len(read.composed.seen) >= FEWEST_WORDS and not read.is_unsure and not _fits(page, read):
            return True
    return False


def _fits(page: PageText, read: PictureText) -> bool:
    there, seen = (Counter(_WORD.findall(text.lower())) for text in (page.text, read.composed.text))
    return (there & seen).total() >= FITS * seen.total()


def _only(picture: Image.Image, box: tuple[float, float, float, float], dpi: float) -> Image.Image:
    """The picture with nothing on it but what stands in `box`, given in points."""
    place = tuple(round(side * dpi / 72) for side in box)
    part = picture.crop((place[0], place[1], place[2], place[3]))
    blank = Image.new("L", picture.size, 255)
    blank.paste(part, (place[0], place[1]))
    return blank


def _left_unread(file: PdfFile, pages: Sequence[PageText], count: int, options: OcrOptions) -> list[str]:
    """What is said where there is no engine."""
    missing: list[int] = []
    garbled: list[int] = []
    partly: list[int] = []
    for page in pages:
        kind = page.need.kind if page.need is not None else ""
        if kind == "missing":
            page.has_pictures = True
            missing.append(page.number)
        elif kind == "thin":
            missing.append(page.number)
        elif kind == "garbled":
            garbled.append(page.number)
        elif kind == "part" and page.need is not None and page.need.box is not None:
            picture, dpi = picture_of(file, page.number, options.dpi)
            if looks_like_text(_only(picture, page.need.box, dpi)):
                partly.append(page.number)
    how = how_to_read(options)
    told = []
    if missing:
        told.append(f"{len(missing)} of {count} pages are pictures and were not read ({named(missing)}): {how}")
    if garbled:
        told.append(f"the text of {named(garbled)} means nothing (fonts without a map to Unicode): {how}")
    if partly:
        told.append(f"a picture with text on {named(partly)} was not read: {how}")
    return told
