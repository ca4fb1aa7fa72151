"""What is pinned to a PDF's pages: comments, marked passages, stamps, and fields of forms with their values. Links are left alone."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from longdoc.types import Aside, AsideKind, Span

MOST_ON_A_PAGE = 2000
MARKS = {
    pdfium.FPDF_ANNOT_HIGHLIGHT: "highlight",
    pdfium.FPDF_ANNOT_UNDERLINE: "underline",
    pdfium.FPDF_ANNOT_SQUIGGLY: "underline",
    pdfium.FPDF_ANNOT_STRIKEOUT: "strikeout",
}
"""Annotations that mark a passage."""
NOTES = {
    pdfium.FPDF_ANNOT_TEXT: "note",
    pdfium.FPDF_ANNOT_FREETEXT: "text",
    pdfium.FPDF_ANNOT_STAMP: "stamp",
    pdfium.FPDF_ANNOT_CARET: "caret",
    pdfium.FPDF_ANNOT_INK: "ink",
}
TOLERANCE = 4.0
"""Points within which a character is looked for."""
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(Z|[+-]\d\d)?'?(\d\d)?")


Point = tuple[float, float, float, float]
"""x, y in the page's own coordinates, and how far around it a character may stand."""


@dataclass(slots=True)
class Pinned:
    """An annotation or field: `first` and `last` are the page's characters that it marks or stands at, once it was located by its
    `points`."""

    kind: AsideKind
    text: str
    page: int
    name: str | None
    author: str | None
    date: str | None
    attributes: dict[str, str]
    points: tuple[Point, ...]
    first: int | None = None
    last: int | None = None

    def locate(self, text_page: Any) -> None:
        """Find its characters."""
        places = [int(pdfium.FPDFText_GetCharIndexAtPos(text_page, *point)) for point in self.points]
        known = [place for place in places if place >= 0]
        if known:
            self.first, self.last = min(known), max(known)

    def aside(self, first: int | None, last: int | None) -> Aside:
        """As an aside whose characters stand at these offsets of the canonical text."""
        source = () if self.first is None or self.last is None else ((self.page, self.first, self.last - self.first + 1),)
        return Aside(
            kind=self.kind,
            text=self.text,
            page=self.page,
            span=Span(start=first, end=last + 1) if self.kind == "annotation" and first is not None and last is not None else None,
            anchor=first,
            name=self.name,
            author=self.author,
            date=self.date,
            attributes=self.attributes,
            source=source,
        )


class FormFields:
    """The form of an open document; a context manager. No script of it is run."""

    def __init__(self, document: Any) -> None:
        self._info = pdfium.FPDF_FORMFILLINFO(version=2)
        self._document = document
        self._handle: Any = None

    def __enter__(self) -> FormFields:
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle:
            pdfium.FPDFDOC_ExitFormFillEnvironment(self._handle)

    def field(self, annotation: Any) -> tuple[str, str]:
        """Full name and value of a field."""
        if self._handle is None:
            self._handle = pdfium.FPDFDOC_InitFormFillEnvironment(self._document, self._info)
        if not self._handle:
            return _string(annotation, b"T"), _string(annotation, b"V")
        name, value = (
            wide_string(lambda buffer, size, call=call: call(self._handle, annotation, buffer, size))
            for call in (pdfium.FPDFAnnot_GetFormFieldName, pdfium.FPDFAnnot_GetFormFieldValue)
        )
        return name, value


def read_annotations(page: Any, number: int, form: FormFields) -> list[Pinned]:
    """What is pinned to an open page."""
    found: list[Pinned] = []
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), MOST_ON_A_PAGE)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if kind == pdfium.FPDF_ANNOT_WIDGET:
                name, value = form.field(annotation)
                if name or value:
                    found.append(Pinned("form_field", value, number, name or None, None, None, {}, _middle(annotation)))
            elif kind in MARKS or kind in NOTES:
                words = _string(annotation, b"Contents")
                if words or kind in MARKS:
                    said = (_string(annotation, b"T") or None, iso_date(_string(annotation, b"M")))
                    points = _ends(annotation) if kind in MARKS else _middle(annotation)
                    found.append(Pinned("annotation", words, number, None, *said, {"type": MARKS.get(kind) or NOTES[kind]}, points))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def _ends(annotation: Any) -> tuple[Point, ...]:
    """Points in the first and the last line that a mark covers."""
    quads = []
    for index in range(min(pdfium.FPDFAnnot_CountAttachmentPoints(annotation), MOST_ON_A_PAGE)):
        quad = pdfium.FS_QUADPOINTSF()
        if pdfium.FPDFAnnot_GetAttachmentPoints(annotation, index, quad):
            xs, ys = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
            quads.append((min(xs), max(xs), (min(ys) + max(ys)) / 2))
    if not quads:
        return _middle(annotation)
    return tuple((x, y, TOLERANCE, TOLERANCE) for left, right, y in (quads[0], quads[-1]) for x in (left + 1, right - 1))


def _middle(annotation: Any) -> tuple[Point, ...]:
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, box)
    wide, high = abs(box.right - box.left) / 2, abs(box.top - box.bottom) / 2
    return (((box.left + box.right) / 2, (box.bottom + box.top) / 2, max(TOLERANCE, wide), max(TOLERANCE, high)),)


def _string(annotation: Any, key: bytes) -> str:
    return wide_string(lambda buffer, size: pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def wide_string(call: Any) -> str:
    """A string of PDFium's: asked for its size in bytes first."""
    size = int(call(None, 0))
    if size <= 2:
        return ""
    room = ctypes.create_string_buffer(size)
    call(ctypes.cast(room, ctypes.POINTER(ctypes.c_ushort)), size)
    text = room.raw[: size - 2].decode("utf-16-le", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\x00", "").strip()


def iso_date(text: str) -> str | None:
    """A PDF date (ISO 32000, 7.9.4) as ISO 8601, None if it is none."""
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone, offset = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if hour is None or day is None:
        return date
    shift = "" if zone is None else "Z" if zone == "Z" else f"{zone}:{offset or '00'}"
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{shift}"
