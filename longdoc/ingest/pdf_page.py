"""One PDF page through PDFium: its words with boxes, its lines with size and weight.

PDFium numbers a page's characters in the order of the content stream, adds the spaces and line ends that the layout
implies, and marks a hyphen at a line's end. A box is asked for the first and the last character of each word only:
that is what lines, columns and cells need, at a fifth of the cost of all characters.

Coordinates are points with the origin at the top left: y grows downwards.
"""

from __future__ import annotations

import ctypes
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import pi
from operator import le, sub
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from longdoc.ingest.ocr_words import Need

_HYPHEN = re.compile("[\x02\ufffe\u00ad]")
_WORD = re.compile(r"[^\s\x00-\x1f\x7f\ufffe\uffff\u00ad\u200b]+")
# "1.3Adaptimmune": a tab that left no space in the text, only a gap on the page.
_GLUED_NUMBER = re.compile(r"(?:\(?(?:\d{1,3}(?:\.\d{1,3})*\.?|[a-zA-Z]|[ivx]{1,5})[.)]|\d{1,3}(?:\.\d{1,3})+|[•●▪])(?=[A-Z“\"])")
ANGLE_SAMPLES = 15
SAME_HEIGHT = 1.0
"""Points by which words of a line may differ in height without a closer look."""

_HEAVY = re.compile(rb"bold|black|heavy|cmbx|demi", re.IGNORECASE)
# The same function with plain addresses for arguments: it is called twice a word, and this takes half the time.
_LOOSE_BOX = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(pdfium.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)
_PAIR = re.compile(r"[\ud800-\udfff]")


class Word(NamedTuple):
    """A run of characters without white space: its range in the page's characters and its box."""

    start: int
    end: int
    x0: float
    x1: float
    top: float
    bottom: float


@dataclass(slots=True)
class Line:
    """Words on one line, left to right. `hyphen`: PDFium saw a word broken at the line's end; `after_break`: a page
    number was taken out above it; `scattered`: its words do not follow each other in the page's characters. `content`, its words with
    single spaces, and `cells` are filled in once lines are in reading order. `widest` is the largest gap between two words,
    `ordered` that they come from left to right."""

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
    after_break: bool = False
    scattered: bool = False
    cells: list[list[Word]] = field(default_factory=list)
    content: str = ""
    widest: float = 0.0
    ordered: bool = True


@dataclass(slots=True)
class PageText:
    """A page's characters, one a code point of `text`, and its lines in the order of the content stream.

    Coordinates of lines, `width` and `height` are of the page held so that its text stands upright; `shown` is the size
    of the page as it is shown. `need` says why it is to be read from its picture (ocr_need.py); `ocr` and `confidence` are as in
    `Page`, and `boxes` as (start, end, x0, y0, x1, y1), of the page as shown, those of its words that were seen in the picture.
    """

    number: int
    text: str
    lines: list[Line]
    width: float
    height: float
    shown: tuple[float, float]
    has_pictures: bool = False
    need: Need | None = None
    ocr: str | None = None
    confidence: float | None = None
    boxes: list[tuple[int, int, float, float, float, float]] = field(default_factory=list)


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
    shown = frame_of(page)
    text = characters(text_page)
    # A page may be shown on its side with upright text, or upright with text that runs up its side: lines follow the text.
    frame = replace(shown, rotation=_rotation_of_text(text_page, text))
    words = _words(text_page, text, frame)
    return PageText(number, text, _lines(text_page, text, words, number), frame.width, frame.height, (shown.width, shown.height))


def _rotation_of_text(text_page: Any, text: str) -> int:
    """Quarter turns clockwise that most of some characters spread over the page need to stand upright."""
    step = max(1, len(text) // ANGLE_SAMPLES)
    turns = [0, 0, 0, 0]
    for index in range(step // 2, len(text), step):
        if not text[index].isspace():
            turns[round(-pdfium.FPDFText_GetCharAngle(text_page, index) / (pi / 2)) % 4] += 1
    return turns.index(max(turns))


def _words(text_page: Any, text: str, frame: Frame) -> list[Word]:
    places = [found.span() for found in _WORD.finditer(text)]
    if not places:
        return []
    rectangles = (pdfium.FS_RECTF * (2 * len(places)))()
    handle, target, size = ctypes.cast(text_page, ctypes.c_void_p).value, ctypes.addressof(rectangles), ctypes.sizeof(pdfium.FS_RECTF)
    for start, end in places:
        _LOOSE_BOX(handle, start, target)
        _LOOSE_BOX(handle, end - 1, target + size)
        target += 2 * size
    # FS_RECTF is left, top, right, bottom; a word has one for its first and one for its last character.
    sides = array("f", bytes(rectangles))
    if frame.rotation == 0:
        left, top = frame.left, frame.top
        columns = (
            [start for start, _ in places],
            [end for _, end in places],
            [side - left for side in sides[0::8]],
            [side - left for side in sides[6::8]],
            [top - (one if one > other else other) for one, other in zip(sides[1::8], sides[5::8], strict=True)],
            [top - (one if one < other else other) for one, other in zip(sides[3::8], sides[7::8], strict=True)],
        )
        return list(map(Word._make, zip(*columns, strict=True)))
    words = []
    boxes = zip(*(sides[place::8] for place in range(8)), strict=True)
    for (start, end), (l0, t0, r0, b0, l1, t1, r1, b1) in zip(places, boxes, strict=True):
        one, other = frame.shown(l0, b0, r0, t0), frame.shown(l1, b1, r1, t1)
        words.append(Word(start, end, one[0], other[2], min(one[1], other[1]), max(one[3], other[3])))
    return words


def _lines(text_page: Any, text: str, words: list[Word], number: int) -> list[Line]:
    lines: list[Line] = []
    font = _Font()
    begin = 0
    for place, hyphen in _breaks(text, words):
        lines.append(_line(text_page, text, words[begin:place], number, hyphen, font))
        begin = place
    if words:
        lines.append(_line(text_page, text, words[begin:], number, False, font))
    return lines


def _breaks(text: str, words: list[Word]) -> Iterator[tuple[int, bool]]:
    """Places of words that begin a line, and whether the word before was broken there.

    Most words follow the one before after a single space at the same height; only the others are looked at closely.
    """
    if not words:
        return
    starts, ends, _, _, tops, _ = zip(*words, strict=True)
    steps = map(sub, tops[1:], tops)
    gaps = zip(starts[1:], ends, steps, strict=False)
    for place, (start, end, below) in enumerate(gaps, 1):
        if -SAME_HEIGHT < below < SAME_HEIGHT and start - end == 1 and text[end] in " \u00a0":
            continue
        before, word, between = words[place - 1], words[place], text[end:start]
        height = before.bottom - before.top
        broken = "\n" in between or "\r" in between
        hyphen = _HYPHEN.search(between) is not None
        if broken or below > 0.6 * height or (hyphen and word.x0 < before.x0) or below < -1.5 * height:
            yield place, hyphen and "\n" not in between


def _line(text_page: Any, text: str, words: list[Word], number: int, hyphen: bool, font: _Font) -> Line:
    first = words[0]
    glued = _GLUED_NUMBER.match(text, first.start, first.end)
    if glued is not None and glued.end() < first.end:
        _part(text_page, words, glued.end())
    # The middle word tells a line's style better than its first, which may be a number, a bullet or a run-in caption.
    middle, last = words[len(words) // 2], words[-1]
    starts, ends, lefts, rights, tops, bottoms = zip(*words, strict=True)
    x0, x1, top, bottom = min(lefts), max(rights), min(tops), max(bottoms)
    return Line(
        words=words,
        page=number,
        x0=x0,
        x1=x1,
        top=top,
        bottom=bottom,
        size=max(first.bottom - first.top, middle.bottom - middle.top, last.bottom - last.top),
        weight=pdfium.FPDFText_GetFontWeight(text_page, middle.start),
        bold=font.is_heavy(text_page, middle.start),
        hyphen=hyphen,
        upright=not (bottom - top > 4 * (x1 - x0) and sum(ends) - sum(starts) > 4),
        widest=max(map(sub, lefts[1:], rights), default=0.0),
        ordered=all(map(le, lefts, lefts[1:])),
    )


class _Font:
    """Asks for a character's font; one buffer serves all lines of a page."""

    def __init__(self) -> None:
        self._flags, self._name = ctypes.c_int(), ctypes.create_string_buffer(96)

    def is_heavy(self, text_page: Any, index: int) -> bool:
        """Whether the font's name says that it is bold."""
        pdfium.FPDFText_GetFontInfo(text_page, index, self._name, 96, self._flags)
        return _HEAVY.search(self._name.value) is not None


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
