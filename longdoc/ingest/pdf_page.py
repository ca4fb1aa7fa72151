"""What is known of a PDF's page: its characters, words with boxes, lines with size and weight, and how it is turned.

PDFium numbers a page's characters in the order of the content stream, adds the spaces and line ends that the layout
implies, and marks a hyphen at a line's end.

Coordinates are points with the origin at the top left: y grows downwards.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from longdoc.ingest.ocr_words import Need

Side = TypeVar("Side", float, npt.NDArray[np.float64])
"""A coordinate, or one of many boxes at once."""

FARTHEST = 1e6
"""Points from the origin that a coordinate is taken for at most."""
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
class WordColumns:
    """A page's words as columns of equal length: ranges of characters and boxes."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    x0: npt.NDArray[np.float64]
    x1: npt.NDArray[np.float64]
    top: npt.NDArray[np.float64]
    bottom: npt.NDArray[np.float64]

    def words(self, begin: int, end: int) -> list[Word]:
        """The words from `begin` to before `end`."""
        columns = (self.starts, self.ends, self.x0, self.x1, self.top, self.bottom)
        return list(map(Word._make, zip(*(column[begin:end].tolist() for column in columns), strict=True)))


class Words(Sequence[Word]):
    """A line's words. Of most lines only the first and last are ever looked at; the others are made when they are."""

    __slots__ = ("_begin", "_columns", "_count", "_first", "_last", "_made")

    def __init__(self, columns: WordColumns, begin: int, count: int, first: Word, last: Word) -> None:
        self._columns, self._begin, self._count, self._first, self._last = columns, begin, count, first, last
        self._made: list[Word] | None = None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Word: ...
    @overload
    def __getitem__(self, place: slice) -> list[Word]: ...
    def __getitem__(self, place: int | slice) -> Word | list[Word]:
        if place == 0:
            return self._first
        if place == -1:
            return self._last
        return self._all()[place]

    def __iter__(self) -> Iterator[Word]:
        return iter(self._all())

    def _all(self) -> list[Word]:
        if self._made is None:
            self._made = self._columns.words(self._begin, self._begin + self._count)
        return self._made


@dataclass(slots=True)
class Line:
    """Words on one line, left to right. `hyphen`: PDFium saw a word broken at the line's end; `after_break`: a page
    number was taken out above it; `turned`: it stands on its side, where others are upright; `spaced`: there is white space within
    its words (pdf_letters.py); `scattered`: its words do not follow each
    other in the page's characters. `content`, its words with single spaces, and `cells` are filled in once lines are in reading order.
    `widest` is the largest gap between two words, `ordered` that they come from left to right, `plain` that they stand in the page's
    characters with just a space between them."""

    words: Sequence[Word]
    page: int
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    weight: int
    bold: bool
    hyphen: bool = False
    italic: bool = False
    upright: bool = True
    turned: bool = False
    after_break: bool = False
    scattered: bool = False
    spaced: bool = False
    cells: list[Sequence[Word]] = field(default_factory=list)
    content: str = ""
    widest: float = 0.0
    ordered: bool = True
    plain: bool = False


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
    spaced: bool = False

    def said(self, words: Sequence[Word]) -> list[str]:
        """The texts of words, without the space that parts letters in some."""
        texts = [self.text[word.start : word.end] for word in words]
        return ["".join(text.split()) for text in texts] if self.spaced else texts


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

    def shown(self, left: Side, bottom: Side, right: Side, top: Side) -> tuple[Side, Side, Side, Side]:
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
    left, bottom, right, top = finite(np.array([box.left, box.bottom, box.right, box.top])).tolist()
    return Frame(left, bottom, right, top, pdfium.FPDFPage_GetRotation(page))


def finite(sides: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Coordinates as they can be reckoned with: a damaged font, matrix or page box gives some that are no numbers, or out of all bounds."""
    return np.clip(np.nan_to_num(sides), -FARTHEST, FARTHEST)


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
