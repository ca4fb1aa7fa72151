"""One PDF page through PDFium: its words with boxes, its lines with size and weight.

PDFium numbers a page's characters in the order of the content stream, adds the spaces and line ends that the layout
implies, and marks a hyphen at a line's end. A box is asked for the first and the last character of each word only:
that is what lines, columns and cells need, at a fifth of the cost of all characters.

Coordinates are points with the origin at the top left of the page as it is shown: y grows downwards.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

HYPHEN_MARKS = "\x02\ufffe\u00ad"
_WORD = re.compile(r"[^\s\x00-\x1f\x7f\ufffe\uffff\u00ad\u200b]+")
# "1.3Adaptimmune": a tab that left no space in the text, only a gap on the page.
_GLUED_NUMBER = re.compile(r"(?:\(?(?:\d{1,3}(?:\.\d{1,3})*\.?|[a-zA-Z]|[ivx]{1,5})[.)]|\d{1,3}(?:\.\d{1,3})+|[•●▪])(?=[A-Z“\"])")
_PAIR = re.compile(r"[\ud800-\udfff]")


@dataclass(slots=True)
class Word:
    """A run of characters without white space: its range in the page's characters and its box."""

    start: int
    end: int
    x0: float
    x1: float
    top: float
    bottom: float


@dataclass(slots=True)
class Line:
    """Words on one line, left to right. `hyphen`: PDFium saw a word broken at the line's end."""

    words: list[Word]
    page: int
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    weight: int
    bold: bool
    hyphen: bool = False
    upright: bool = True
    cells: list[list[Word]] = field(default_factory=list)


@dataclass(slots=True)
class PageText:
    """A page's characters, one a code point of `text`, and its lines in the order of the content stream."""

    number: int
    text: str
    lines: list[Line]
    width: float
    height: float
    has_pictures: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """How a page's own coordinates are turned into those of the page as it is shown."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int

    @property
    def width(self) -> float:
        """Of the page as shown."""
        return self.right - self.left if self.rotation % 2 == 0 else self.top - self.bottom

    @property
    def height(self) -> float:
        """Of the page as shown."""
        return self.top - self.bottom if self.rotation % 2 == 0 else self.right - self.left

    def shown(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 with the origin at the top left, from left, bottom, right, top in the page's own coordinates."""
        if self.rotation == 0:
            return left - self.left, self.top - top, right - self.left, self.top - bottom
        if self.rotation == 1:
            return bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
        if self.rotation == 2:
            return self.right - right, bottom - self.bottom, self.right - left, top - self.bottom
        return self.top - top, self.right - right, self.top - bottom, self.right - left


def frame_of(page: Any) -> Frame:
    """The Frame of a raw page handle."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, box)
    return Frame(box.left, box.bottom, box.right, box.top, pdfium.FPDFPage_GetRotation(page))


def characters(text_page: Any) -> str:
    """The page's characters, one code point each, so that an index into the string is PDFium's own index."""
    count = pdfium.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text_page, 0, count, buffer)
    text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
    if written - 1 == count == len(text) and not _PAIR.search(text):
        return text
    # Characters without a Unicode value are left out of GetText, and those beyond U+FFFF take two places.
    codes = (pdfium.FPDFText_GetUnicode(text_page, index) for index in range(count))
    return "".join("\ufffd" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else chr(code) for code in codes)


def read_page(page: Any, text_page: Any, number: int) -> PageText:
    """Words and lines of an open page."""
    frame = frame_of(page)
    text = characters(text_page)
    words = _words(text_page, text, frame)
    return PageText(number, text, _lines(text_page, text, words, number), frame.width, frame.height)


def _words(text_page: Any, text: str, frame: Frame) -> list[Word]:
    first, last = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    box = pdfium.FPDFText_GetLooseCharBox
    upright = frame.rotation == 0
    left, top = frame.left, frame.top
    words = []
    for found in _WORD.finditer(text):
        start, end = found.span()
        box(text_page, start, first)
        box(text_page, end - 1, last)
        if upright:
            words.append(
                Word(start, end, first.left - left, last.right - left, top - max(first.top, last.top), top - min(first.bottom, last.bottom))
            )
        else:
            a = frame.shown(first.left, first.bottom, first.right, first.top)
            b = frame.shown(last.left, last.bottom, last.right, last.top)
            words.append(Word(start, end, a[0], b[2], min(a[1], b[1]), max(a[3], b[3])))
    return words


def _lines(text_page: Any, text: str, words: list[Word], number: int) -> list[Line]:
    lines: list[Line] = []
    group: list[Word] = []
    for word in words:
        if group:
            before = group[-1]
            between = text[before.end : word.start]
            height = before.bottom - before.top
            hyphen = between.strip() != "" and any(mark in between for mark in HYPHEN_MARKS)
            below = word.top - before.top
            if "\n" in between or "\r" in between or below > 0.6 * height or (hyphen and word.x0 < before.x0) or below < -1.5 * height:
                lines.append(_line(text_page, text, group, number, hyphen and "\n" not in between))
                group = []
        group.append(word)
    if group:
        lines.append(_line(text_page, text, group, number, False))
    return lines


def _line(text_page: Any, text: str, words: list[Word], number: int, hyphen: bool) -> Line:
    first = words[0]
    glued = _GLUED_NUMBER.match(text, first.start, first.end)
    if glued is not None and glued.end() < first.end:
        _part(text_page, words, glued.end())
    flags, name = ctypes.c_int(), ctypes.create_string_buffer(96)
    # The middle word tells a line's style better than its first, which may be a number, a bullet or a run-in caption.
    probe = words[len(words) // 2].start
    pdfium.FPDFText_GetFontInfo(text_page, probe, name, 96, flags)
    font = name.value.lower()
    heavy = b"bold" in font or b"black" in font or b"heavy" in font or b"cmbx" in font or b"demi" in font
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    x0, x1 = min(word.x0 for word in words), max(word.x1 for word in words)
    size = max(word.bottom - word.top for word in (words[0], words[len(words) // 2], words[-1]))
    upright = not (bottom - top > 4 * (x1 - x0) and sum(word.end - word.start for word in words) > 4)
    return Line(words, number, x0, x1, top, bottom, size, pdfium.FPDFText_GetFontWeight(text_page, probe), heavy, hyphen, upright)


def _part(text_page: Any, words: list[Word], position: int) -> None:
    """Split the first word where a number ends and the next character stands a gap away."""
    first = words[0]
    before, after = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text_page, position - 1, before)
    pdfium.FPDFText_GetLooseCharBox(text_page, position, after)
    if after.left - before.right > 0.1 * (first.bottom - first.top):
        split = first.x0 + before.right - before.left
        words[0:1] = [
            Word(first.start, position, first.x0, split, first.top, first.bottom),
            Word(position, first.end, first.x1 - max(1.0, first.x1 - split), first.x1, first.top, first.bottom),
        ]
