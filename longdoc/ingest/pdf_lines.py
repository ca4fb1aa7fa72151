"""An open PDF page through PDFium becomes words with boxes and lines with size and weight.

A box is asked for the first and the last character of each word only: that is what lines, columns and cells need, at a fifth of
the cost of all characters. What is done for every word is done for all words of a page at once.
"""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import repeat
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from longdoc.ingest.pdf_page import Frame, Line, PageText, Word, WordColumns, Words, characters, finite, frame_of

_HYPHEN = re.compile("[\x02\ufffe\u00ad]")
_APART = re.compile(r"[\s\x00-\x1f\x7f\ufffe\uffff\u00ad\u200b]")
# "1.3Adaptimmune": a tab that left no space in the text, only a gap on the page.
_GLUED_NUMBER = re.compile(r"(?:\(?(?:\d{1,3}(?:\.\d{1,3})*\.?|[a-zA-Z]|[ivx]{1,5})[.)]|\d{1,3}(?:\.\d{1,3})+|[•●▪])(?=[A-Z“\"])")
_HEAVY = re.compile(rb"bold|black|heavy|cmbx|demi", re.IGNORECASE)
_SLOPED = re.compile(rb"ital|obliq|slant|cmti|cmsl|cmbxti", re.IGNORECASE)
ANGLE_SAMPLES = 15
SAME_HEIGHT = 1.0
"""Points by which words of a line may differ in height without a closer look."""
FEWEST_BOXES = 4096
ASLANT = 0.09
"""Radians, five degrees: letters that are turned by more, and not by a quarter, are no part of the text."""

# The same functions without the lock that Python gives back around a call, and without conversions: they are called for every word or
# line, and this takes a third of the time.
_LOOSE_BOX = ctypes.PYFUNCTYPE(None)(ctypes.cast(pdfium.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0)
_TEXT_OBJECT = ctypes.PYFUNCTYPE(ctypes.c_void_p)(ctypes.cast(pdfium.FPDFText_GetTextObject, ctypes.c_void_p).value or 0)
_ANGLE = ctypes.PYFUNCTYPE(ctypes.c_float, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(pdfium.FPDFText_GetCharAngle, ctypes.c_void_p).value or 0
)
_FONT = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(ctypes.cast(pdfium.FPDFTextObj_GetFont, ctypes.c_void_p).value or 0)


def read_page(page: Any, text_page: Any, number: int) -> PageText:
    """Words and lines of an open page."""
    shown = frame_of(page)
    text = characters(text_page)
    # A page may be shown on its side with upright text, or upright with text that runs up its side: lines follow the text.
    frame = replace(shown, rotation=_rotation_of_text(text_page, text))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    words = _words(text_page, codes, frame)
    lines = _lines(text_page, text, codes, words, number, frame.rotation) if len(words.starts) else []
    return PageText(number, text, lines, frame.width, frame.height, (shown.width, shown.height))


def _rotation_of_text(text_page: Any, text: str) -> int:
    """Quarter turns clockwise that most of some characters spread over the page need to stand upright."""
    step = max(1, len(text) // ANGLE_SAMPLES)
    turns = [0, 0, 0, 0]
    for index in range(step // 2, len(text), step):
        if not text[index].isspace():
            turns[round(-pdfium.FPDFText_GetCharAngle(text_page, index) / (pi / 2)) % 4] += 1
    return turns.index(max(turns))


@cache
def _apart() -> npt.NDArray[np.bool_]:
    """For every code up to U+FFFF whether it parts words."""
    return np.fromiter((_APART.match(chr(code)) is not None for code in range(0x10000)), dtype=np.bool_, count=0x10000)


@cache
def _targets(count: int) -> tuple[Any, list[ctypes.c_void_p]]:
    """Room for `count` boxes, and the address of each."""
    room = (pdfium.FS_RECTF * count)()
    first, size = ctypes.addressof(room), ctypes.sizeof(pdfium.FS_RECTF)
    return room, [ctypes.c_void_p(first + size * place) for place in range(count)]


def _words(text_page: Any, codes: npt.NDArray[np.uint32], frame: Frame) -> WordColumns:
    inside = np.zeros(len(codes) + 2, dtype=np.int8)
    inside[1:-1] = ~_apart()[np.where(codes > 0xFFFF, ord("A"), codes)]
    edges = np.diff(inside)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    indices = np.empty(2 * len(starts), dtype=np.int64)
    indices[0::2], indices[1::2] = starts, ends - 1
    # Sizes are doubled so that few rooms are ever made.
    room, targets = _targets(max(FEWEST_BOXES, 1 << len(indices).bit_length()))
    ctypes.memset(room, 0, ctypes.sizeof(pdfium.FS_RECTF) * len(indices))
    deque(map(_LOOSE_BOX, repeat(text_page), indices.tolist(), targets), maxlen=0)
    # FS_RECTF is left, top, right, bottom; a word has one for its first and one for its last character.
    sides = finite(np.frombuffer(room, dtype=np.float32, count=4 * len(indices)).astype(np.float64))
    first = frame.shown(sides[0::8], sides[3::8], sides[2::8], sides[1::8])
    last = frame.shown(sides[4::8], sides[7::8], sides[6::8], sides[5::8])
    return WordColumns(starts, ends, first[0], last[2], np.minimum(first[1], last[1]), np.maximum(first[3], last[3]))


def _lines(text_page: Any, text: str, codes: npt.NDArray[np.uint32], words: WordColumns, number: int, rotation: int) -> list[Line]:
    # What stands between a word and the next; nothing does after the last word of a line.
    parted = codes[words.ends[:-1]]
    single = words.starts[1:] - words.ends[:-1] == 1
    breaks = list(_breaks(text, words, single & ((parted == 0x20) | (parted == 0xA0))))
    begins = np.fromiter((0, *(place for place, _ in breaks)), dtype=np.int64)
    lasts = np.append(begins[1:], len(words.starts)) - 1
    gaps, ordered, plain = (np.ones(len(words.starts), dtype=kind) for kind in (np.float64, np.bool_, np.bool_))
    gaps[:-1] = words.x0[1:] - words.x1[:-1]
    ordered[:-1] = words.x0[:-1] <= words.x0[1:]
    plain[:-1] = single & (parted == 0x20)
    gaps[lasts], ordered[lasts], plain[lasts] = 0.0, True, True
    x0, x1 = np.minimum.reduceat(words.x0, begins), np.maximum.reduceat(words.x1, begins)
    top, bottom = np.minimum.reduceat(words.top, begins), np.maximum.reduceat(words.bottom, begins)
    counts = lasts - begins + 1
    # The middle word tells a line's style better than its first, which may be a number, a bullet or a run-in caption.
    middles = begins + counts // 2
    heights = words.bottom - words.top
    size = np.maximum(np.maximum(heights[begins], heights[middles]), heights[lasts])
    angles = np.fromiter(map(_ANGLE, repeat(text_page), words.starts[middles].tolist()), dtype=np.float64, count=len(middles))
    aslant = np.abs((angles + pi / 4) % (pi / 2) - pi / 4) > ASLANT
    turned = ~aslant & (np.round(-angles / (pi / 2)) % 2 != rotation % 2)
    size = np.where(turned, x1 - x0, size)
    upright = ~aslant & ~turned & ~((bottom - top > 4 * (x1 - x0)) & (np.add.reduceat(words.ends - words.starts, begins) > 4))
    fonts = _Fonts(text_page)
    lines = [
        Line(
            words=Words(words, begin, count, first, last),
            page=number,
            x0=left,
            x1=right,
            top=upper,
            bottom=lower,
            size=high,
            weight=style[0],
            bold=style[1],
            italic=style[2],
            hyphen=hyphen,
            upright=stands,
            turned=on_side,
            widest=gap,
            ordered=in_order,
            plain=is_plain,
        )
        for begin, count, first, last, left, right, upper, lower, high, style, hyphen, stands, on_side, gap, in_order, is_plain in zip(
            begins.tolist(),
            counts.tolist(),
            _at(words, begins),
            _at(words, lasts),
            x0.tolist(),
            x1.tolist(),
            top.tolist(),
            bottom.tolist(),
            size.tolist(),
            map(fonts.style, words.starts[middles].tolist()),
            (*(hyphen for _, hyphen in breaks), False),
            upright.tolist(),
            turned.tolist(),
            np.maximum.reduceat(gaps, begins).tolist(),
            np.logical_and.reduceat(ordered, begins).tolist(),
            np.logical_and.reduceat(plain, begins).tolist(),
            strict=True,
        )
    ]
    for line in lines:
        first = line.words[0]
        glued = _GLUED_NUMBER.match(text, first.start, first.end)
        if glued is not None and glued.end() < first.end:
            _part(text_page, line, glued.end())
    return lines


def _at(words: WordColumns, places: npt.NDArray[np.int64]) -> Iterator[Word]:
    columns = (words.starts, words.ends, words.x0, words.x1, words.top, words.bottom)
    return map(Word._make, zip(*(column[places].tolist() for column in columns), strict=True))


def _breaks(text: str, words: WordColumns, spaced: npt.NDArray[np.bool_]) -> Iterator[tuple[int, bool]]:
    """Places of words that begin a line, and whether the word before was broken there.

    Most words follow the one before after a single space (`spaced`) at the same height; only the others are looked at closely.
    """
    steps = words.top[1:] - words.top[:-1]
    for place in np.flatnonzero(~(spaced & (np.abs(steps) < SAME_HEIGHT))).tolist():
        between = text[words.ends[place] : words.starts[place + 1]]
        below, height = steps[place], words.bottom[place] - words.top[place]
        broken = "\n" in between or "\r" in between
        hyphen = _HYPHEN.search(between) is not None
        if broken or below > 0.6 * height or (hyphen and words.x0[place + 1] < words.x0[place]) or below < -1.5 * height:
            yield place + 1, hyphen and "\n" not in between


class _Fonts:
    """Weight of characters, and whether their font's name says that it is bold and italic; asked once for each font of a page."""

    def __init__(self, text_page: Any) -> None:
        self._text_page = text_page
        self._known: dict[int, tuple[int, bool, bool]] = {}
        self._flags, self._name = ctypes.c_int(), ctypes.create_string_buffer(96)

    def style(self, index: int) -> tuple[int, bool, bool]:
        """Of the character at `index`."""
        font = _FONT(_TEXT_OBJECT(self._text_page, index)) or 0
        found = self._known.get(font)
        if found is None:
            pdfium.FPDFText_GetFontInfo(self._text_page, index, self._name, 96, self._flags)
            name = self._name.value
            found = (
                pdfium.FPDFText_GetFontWeight(self._text_page, index),
                _HEAVY.search(name) is not None,
                _SLOPED.search(name) is not None,
            )
            self._known[font] = found
        return found


def _part(text_page: Any, line: Line, position: int) -> None:
    """Split the line's first word where a number ends and the next character stands a gap away."""
    first = line.words[0]
    before, after = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text_page, position - 1, before)
    pdfium.FPDFText_GetLooseCharBox(text_page, position, after)
    if after.left - before.right > 0.1 * (first.bottom - first.top):
        split = first.x0 + before.right - before.left
        line.words = [
            Word(first.start, position, first.x0, split, first.top, first.bottom),
            Word(position, first.end, first.x1 - max(1.0, first.x1 - split), first.x1, first.top, first.bottom),
            *line.words[1:],
        ]
        line.plain = False
