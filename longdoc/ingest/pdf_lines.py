"""An open PDF page through PDFium becomes words with boxes and lines with size and weight.

A box is asked for the first and the last character of each word only: that is what lines, columns and cells need, at a fifth of
the cost of all characters. What is done for every word is done for all words of a page at once.
"""

from __future__ import annotations

import ctypes
import re
import sys
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

from longdoc.ingest.pdf_page import Frame, Line, PageText, Word, WordColumns, Words, characters, finite
from longdoc.ingest.pdf_rtl import in_reading_order, is_right_to_left

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


def read_page(text_page: Any, shown: Frame, number: int) -> PageText:
    """Words and lines of an open page, whose own frame is `shown`."""
    text = characters(text_page)
    # A page may be shown on its side with upright text, or upright with text that runs up its side: lines follow the text.
    rotation = _rotation_of_text(text_page, text)
    frame = shown if rotation == shown.rotation else replace(shown, rotation=rotation)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    words = _words(text_page, codes, frame)
    if is_right_to_left(codes):
        text = in_reading_order(text_page, text, frame)
        # The first character of such a word stands at its right.
        words.sides[:2] = np.minimum(words.sides[0], words.sides[1]), np.maximum(words.sides[0], words.sides[1])
    lines = _lines(text_page, text, codes, words, number, frame.rotation) if len(words) else []
    return PageText(number, text, lines, frame.width, frame.height, (shown.width, shown.height))


def _rotation_of_text(text_page: Any, text: str) -> int:
    """Quarter turns clockwise that most of some characters spread over the page need to stand upright."""
    step = max(1, len(text) // ANGLE_SAMPLES)
    turns = [0, 0, 0, 0]
    for index in range(step // 2, len(text), step):
        if not text[index].isspace():
            turns[round(-_ANGLE(text_page, index) / (pi / 2)) % 4] += 1
    return turns.index(max(turns))


@cache
def _in_words() -> npt.NDArray[np.int8]:
    """For every code point 1 if it stands in words, 0 if it parts them."""
    inside = np.ones(sys.maxunicode + 1, dtype=np.int8)
    inside[[code for code in range(0x10000) if _APART.match(chr(code))]] = 0
    return inside


@cache
def _targets(count: int) -> tuple[Any, list[ctypes.c_void_p]]:
    """Room for `count` boxes, and the address of each."""
    room = (pdfium.FS_RECTF * count)()
    first, size = ctypes.addressof(room), ctypes.sizeof(pdfium.FS_RECTF)
    return room, [ctypes.c_void_p(first + size * place) for place in range(count)]


def _words(text_page: Any, codes: npt.NDArray[np.uint32], frame: Frame) -> WordColumns:
    inside = np.zeros(len(codes) + 2, dtype=np.int8)
    inside[1:-1] = _in_words()[codes]
    # Where words begin and where they have ended, in turns.
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    indices = edges - np.arange(len(edges)) % 2
    # Sizes are doubled so that few rooms are ever made.
    room, targets = _targets(max(FEWEST_BOXES, 1 << len(indices).bit_length()))
    ctypes.memset(room, 0, ctypes.sizeof(pdfium.FS_RECTF) * len(indices))
    deque(map(_LOOSE_BOX, repeat(text_page), indices.tolist(), targets), maxlen=0)
    # FS_RECTF is left, top, right, bottom; a word has one for its first and one for its last character.
    sides = finite(np.frombuffer(room, dtype=np.float32, count=4 * len(indices)).astype(np.float64))
    first = frame.shown(sides[0::8], sides[3::8], sides[2::8], sides[1::8])
    last = frame.shown(sides[4::8], sides[7::8], sides[6::8], sides[5::8])
    boxes = np.array((first[0], last[2], np.minimum(first[1], last[1]), np.maximum(first[3], last[3])))
    return WordColumns(edges.reshape(-1, 2).T, boxes)


def _lines(text_page: Any, text: str, codes: npt.NDArray[np.uint32], words: WordColumns, number: int, rotation: int) -> list[Line]:
    # What stands between a word and the next; nothing does after the last word of a line.
    (starts, ends), (x0, x1, top, bottom) = words.ranges, words.sides
    parted = codes[ends[:-1]]
    single = starts[1:] - ends[:-1] == 1
    plainly = single & (parted == 0x20)
    breaks = list(_breaks(text, words, plainly | (single & (parted == 0xA0))))
    begins = np.fromiter((0, *(place for place, _ in breaks)), dtype=np.int64, count=1 + len(breaks))
    lasts = np.append(begins[1:], len(words)) - 1
    gaps, ordered, plain = (np.empty(len(words), dtype=kind) for kind in (np.float64, np.bool_, np.bool_))
    gaps[:-1] = x0[1:] - x1[:-1]
    ordered[:-1] = x0[:-1] <= x0[1:]
    plain[:-1] = plainly
    gaps[lasts], ordered[lasts], plain[lasts] = 0.0, True, True
    left, upper = np.minimum.reduceat(words.sides[0::2], begins, axis=1)
    right, lower = np.maximum.reduceat(words.sides[1::2], begins, axis=1)
    counts = lasts - begins + 1
    # The middle word tells a line's style better than its first, which may be a number, a bullet or a run-in caption.
    middles = begins + counts // 2
    size = (bottom - top)[np.array((begins, middles, lasts))].max(axis=0)
    telling = starts[middles].tolist()
    angles = np.fromiter(map(_ANGLE, repeat(text_page), telling), dtype=np.float64, count=len(middles))
    aslant = np.abs((angles + pi / 4) % (pi / 2) - pi / 4) > ASLANT
    turned = ~aslant & (np.round(-angles / (pi / 2)) % 2 != rotation % 2)
    size = np.where(turned, right - left, size)
    upright = ~aslant & ~turned & ~((lower - upper > 4 * (right - left)) & (np.add.reduceat(ends - starts, begins) > 4))
    weights, bolds, italics = zip(*_styles(text_page, telling), strict=True)
    # A column for each field of a Line, so that none is made by a call of its own in Python.
    edges = words.words(np.concatenate((begins, lasts)))
    firsts = edges[: len(begins)]
    lines = list(
        map(
            Line,
            map(Words, repeat(words), begins.tolist(), counts.tolist(), firsts, edges[len(begins) :]),
            repeat(number),
            left.tolist(),
            right.tolist(),
            upper.tolist(),
            lower.tolist(),
            size.tolist(),
            weights,
            bolds,
            (*(hyphen for _, hyphen in breaks), False),
            italics,
            upright.tolist(),
            turned.tolist(),
            np.maximum.reduceat(gaps, begins).tolist(),
            np.logical_and.reduceat(ordered, begins).tolist(),
            np.logical_and.reduceat(plain, begins).tolist(),
        )
    )
    for line, first in zip(lines, firsts, strict=True):
        glued = _GLUED_NUMBER.match(text, first.start, first.end)
        if glued is not None and glued.end() < first.end:
            _part(text_page, line, glued.end())
    return lines


def _breaks(text: str, words: WordColumns, spaced: npt.NDArray[np.bool_]) -> Iterator[tuple[int, bool]]:
    """Places of words that begin a line, and whether the word before was broken there.

    Most words follow the one before after a single space (`spaced`) at the same height; only the others are looked at closely.
    """
    (starts, ends), (x0, _, top, bottom) = words.ranges, words.sides
    steps = top[1:] - top[:-1]
    places = np.flatnonzero(~(spaced & (np.abs(steps) < SAME_HEIGHT)))
    for place, end, start, below, height, back in zip(
        places.tolist(),
        ends[places].tolist(),
        starts[places + 1].tolist(),
        steps[places].tolist(),
        (bottom - top)[places].tolist(),
        (x0[places + 1] < x0[places]).tolist(),
        strict=True,
    ):
        between = text[end:start]
        hyphen = _HYPHEN.search(between) is not None
        if "\n" in between or "\r" in between or below > 0.6 * height or (hyphen and back) or below < -1.5 * height:
            yield place + 1, hyphen and "\n" not in between


def _styles(text_page: Any, indices: list[int]) -> list[tuple[int, bool, bool]]:
    """Weight of characters, and whether their font's name says that it is bold and italic; asked once for each font of a page."""
    fonts = list(map(_FONT, map(_TEXT_OBJECT, repeat(text_page), indices)))
    known: dict[int | None, tuple[int, bool, bool]] = {}
    flags, name = ctypes.c_int(), ctypes.create_string_buffer(96)
    for font, index in zip(fonts, indices, strict=True):
        if font not in known:
            pdfium.FPDFText_GetFontInfo(text_page, index, name, 96, flags)
            heavy, sloped = _HEAVY.search(name.value) is not None, _SLOPED.search(name.value) is not None
            known[font] = pdfium.FPDFText_GetFontWeight(text_page, index), heavy, sloped
    return [known[font] for font in fonts]


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
