"""Right-to-left text of a PDF's page in the order in which it is read.

PDFium turns a run of right-to-left letters round as a whole, whether the file has drawn it from left to right or not, and with it the
letters of one glyph that stands for several (lam-alef); and it mirrors brackets that the file's own map of characters has mirrored already.
Where letters stand on the page tells what was drawn (Unicode Standard Annex 9, rules L2 and L4).

Characters change places inside their word alone, so that words and whatever holds whole words lead back to where they stand.
"""

from __future__ import annotations

import ctypes
import re
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from longdoc.ingest.pdf_page import Frame

_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RUN = re.compile(f"[{_LETTERS}]{{2,}}")
_LETTER = re.compile(f"[{_LETTERS}]")
_BRACKETS = str.maketrans("()[]{}", ")(][}{")
_OPENING, _CLOSING = "([{", ")]}"


def is_right_to_left(codes: npt.NDArray[np.uint32]) -> bool:
    """Whether any of these code points is a letter of a right-to-left script."""
    if not len(codes) or codes.max() < 0x590:
        return False
    return bool(
        (((codes >= 0x590) & (codes <= 0x8FF)) | ((codes >= 0xFB1D) & (codes <= 0xFDFF)) | ((codes >= 0xFE70) & (codes <= 0xFEFC))).any()
    )


def in_reading_order(text_page: Any, text: str, frame: Frame) -> str:
    """The characters of a page held as `frame` holds it, as many as before, with right-to-left letters and brackets as they are read."""
    parts, position = [], 0
    for run in _RUN.finditer(text):
        parts += [text[position : run.start()], _turned(text_page, run, frame)]
        position = run.end()
    lines = "".join([*parts, text[position:]]).splitlines(keepends=True)
    return "".join(_mirrored(line) for line in lines)


def _turned(text_page: Any, run: re.Match[str], frame: Frame) -> str:
    """The letters of a run from right to left on the page, those of one glyph in the order that PDFium had before it turned them."""
    boxes = [_box(text_page, index, frame) for index in range(run.start(), run.end())]
    glyphs = [[letter for _, letter in group] for _, group in groupby(zip(boxes, run[0], strict=True), key=lambda pair: pair[0])]
    if boxes[0][0] < boxes[-1][0]:
        glyphs.reverse()
    return "".join("".join(reversed(glyph)) for glyph in glyphs)


def _box(text_page: Any, index: int, frame: Frame) -> tuple[float, float, float, float]:
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text_page, index, ctypes.byref(box))
    return frame.shown(box.left, box.bottom, box.right, box.top)


def _mirrored(line: str) -> str:
    """A line of mostly right-to-left letters whose brackets close before they open, with each as its counterpart."""
    letters = sum(character.isalpha() for character in line)
    if 2 * len(_LETTER.findall(line)) < letters or _open(line) or not _open(line.translate(_BRACKETS)):
        return line
    return line.translate(_BRACKETS)


def _open(line: str) -> bool:
    """Whether there are brackets, and every one that closes has one open."""
    depth = 0
    for character in line:
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth < 0:
            return False
    return any(character in _OPENING for character in line)
