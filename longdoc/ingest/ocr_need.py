"""Which pages of a PDF must be read from their picture, and why.

missing    no text; a scan, or letters drawn as shapes
thin       next to no text on a scan, as where a court stamps its number on one
garbled    text that means nothing (garbled.py)
invisible  text that is not shown (render mode 3), over a scan: what an OCR program left; whether it fits is for ocr.py to find out
part       text on a part of the page, a scan on another
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pypdfium2.raw as pdfium

from longdoc.ingest.garbled import is_garbled
from longdoc.ingest.ocr_words import Need
from longdoc.ingest.pdf_page import Frame, PageText

DRAWN_LETTERS = 200
"""Paths on a page without text from which on they are taken to be letters drawn as shapes."""
LARGE = 0.1
"""Share of the page from which on a picture may be a strip of a scan."""
WHOLE = 0.65
"""Share of the page that pictures cover where it is a scan."""
PART = 0.15
THIN = 200
"""Characters that may stand on a scan as its stamp."""
MOST_OBJECTS = 2000
SAMPLES = 12


# Called for every object of a page: without conversions and without giving back Python's lock around a call.
_OBJECT = ctypes.PYFUNCTYPE(ctypes.c_void_p)(ctypes.cast(pdfium.FPDFPage_GetObject, ctypes.c_void_p).value or 0)
_KIND = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(ctypes.cast(pdfium.FPDFPageObj_GetType, ctypes.c_void_p).value or 0)


def need_of(page: Any, text_page: Any, found: PageText, frame: Frame, has_images: bool) -> Need | None:
    """None for a page whose own text will do; `has_images` False where the file holds no picture at all."""
    if not found.lines:
        return Need("missing") if _is_drawn(page, frame) else None
    if is_garbled(found.text):
        return Need("garbled")
    if not has_images:
        return None
    pictures = [box for box in _pictures(page, frame) if _area(box) > LARGE * frame.width * frame.height]
    if not pictures:
        return None
    covered = min(1.0, sum(map(_area, pictures)) / max(frame.width * frame.height, 1.0))
    if covered >= WHOLE:
        if _is_invisible(text_page, found.text):
            return Need("invisible")
        return Need("thin") if len("".join(found.text.split())) <= THIN else None
    # Words of a page whose text runs up its side are told in another frame than its pictures.
    upright = abs(found.width - frame.width) < 1 and abs(found.height - frame.height) < 1
    bare = [box for box in pictures if _area(box) > PART * frame.width * frame.height and not _holds_text(box, found)]
    return Need("part", max(bare, key=_area)) if bare and upright else None


def _is_drawn(page: Any, frame: Frame) -> bool:
    """Whether a page without text is a scan or drawn letters, not just blank with a rule or a logo on it."""
    paths = sum(kind == pdfium.FPDF_PAGEOBJ_PATH for _, kind in _objects(page))
    # Scans are often cut into strips, so a tenth of the page is enough.
    large = any(_area(box) > LARGE * frame.width * frame.height for box in _pictures(page, frame, forms=True))
    return large or paths > DRAWN_LETTERS


def _objects(page: Any) -> Iterator[tuple[int | None, int]]:
    """Address and kind of the page's objects."""
    objects = list(map(_OBJECT, repeat(page), range(min(pdfium.FPDFPage_CountObjects(page), MOST_OBJECTS))))
    return zip(objects, map(_KIND, objects), strict=True)


def _pictures(page: Any, frame: Frame, forms: bool = False) -> Iterator[tuple[float, float, float, float]]:
    """Boxes of the page's pictures, as shown; with `forms` also of drawings that are used as one."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for element, kind in _objects(page):
        if kind != pdfium.FPDF_PAGEOBJ_IMAGE and not (forms and kind == pdfium.FPDF_PAGEOBJ_FORM):
            continue
        if pdfium.FPDFPageObj_GetBounds(ctypes.cast(element or 0, pdfium.FPDF_PAGEOBJECT), left, bottom, right, top):
            x0, y0, x1, y1 = frame.shown(left.value, bottom.value, right.value, top.value)
            yield max(x0, 0.0), max(y0, 0.0), min(x1, frame.width), min(y1, frame.height)


def _area(box: tuple[float, float, float, float]) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _holds_text(box: tuple[float, float, float, float], page: PageText) -> bool:
    """Whether the page's own text stands on the picture, but for a caption or a stamp."""
    inside = sum(box[0] < (line.x0 + line.x1) / 2 < box[2] and box[1] < (line.top + line.bottom) / 2 < box[3] for line in page.lines)
    return inside > 2


def _is_invisible(text_page: Any, text: str) -> bool:
    """Whether most of some characters spread over the page are drawn in render mode 3."""
    step = max(1, len(text) // SAMPLES)
    seen = hidden = 0
    for index in range(step // 2, len(text), step):
        element = None if text[index].isspace() else pdfium.FPDFText_GetTextObject(text_page, index)
        if element:
            seen += 1
            hidden += pdfium.FPDFTextObj_GetTextRenderMode(element) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
    return hidden * 2 > seen > 0
