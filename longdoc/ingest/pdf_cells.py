"""The pieces that a PDF's table is put together from: words that stand close together, cells, rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from longdoc.figures import is_none, read_figure
from longdoc.ingest.columns import Extent
from longdoc.ingest.pdf_page import Line, PageText, Word

FIGURE_GAP = 0.45
"""A gap, in line heights, that parts two figures, or a label from a figure."""
WORD_GAP = 0.95
"""The same for words."""

SIGN = re.compile(r"\(?(?:US|C|A|HK|S)?[$€£¥]\(?")
DIGITS = re.compile(r"[(\[<>~+\u2212-]*(?:US|C|A|HK|S)?[$€£¥]?[(\u2212-]?\.?\d[\d.,]*[)%\]x*]*(?:\(\w{1,2}\))?|[\u2012-\u2015-]{1,2}[)%]*")
_TAIL = re.compile(r"[)%\]*†]+|\(\w\)|pts|bps|x")
_MAY_BE_FIGURE = re.compile(r"[\d\u2012-\u2015-]")
YEAR = re.compile(r"\(?(?:FY)?(?:19|20)\d\d\)?[,*]?(?:\(\w{1,2}\))?")


@dataclass(slots=True)
class GridCell:
    """Parts of a cell, one a line; column from 0, columns spanned."""

    column: int
    columns: int
    parts: list[Line]

    @property
    def x0(self) -> float:
        """Left edge."""
        return min(part.x0 for part in self.parts)

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(part.x1 for part in self.parts)


@dataclass(slots=True)
class GridRow:
    """Cells from left to right. `indent` is how deep its label is indented."""

    cells: list[GridCell]
    indent: int = 0


@dataclass(slots=True)
class Grid:
    """Rows, of which the first `header_rows` head the columns, None in a table of words, where geometry does not tell.

    Where it is no table after all but words that stand beside each other, as signatures do, `tabular` is False and each line is a row,
    parted at its wide gaps.
    """

    rows: list[GridRow]
    header_rows: int | None
    tabular: bool = True


@dataclass(slots=True)
class Piece:
    """Words of one line that stand close together."""

    words: list[Word]
    text: str
    figure: bool

    @property
    def extent(self) -> Extent:
        return self.words[0].x0, self.words[-1].x1


@dataclass(slots=True)
class Row:
    """A line of the page, or several at one height, as pieces from left to right."""

    line: Line
    pieces: list[Piece]
    cells: list[GridCell] = field(default_factory=list)

    @property
    def figures(self) -> int:
        return sum(piece.figure for piece in self.pieces[1:])

    @property
    def years(self) -> bool:
        """Whether all its figures are years, or days of a date."""
        figures = [piece.text for piece in self.pieces if piece.figure]
        return bool(figures) and all(YEAR.fullmatch(text) for text in figures)


def pieces_of(page: PageText, line: Line, width: float = 1.0) -> list[Piece]:
    """The line's words parted where a cell may end: at wide gaps, after a figure, before a currency sign that follows one.
    `width` is how much wider than usual its spaces are."""
    groups: list[list[Word]] = []
    figure = False
    for word, text in zip(line.words, page.said(line.words), strict=True):
        sign, digits = SIGN.fullmatch(text) is not None, DIGITS.fullmatch(text) is not None
        if not groups:
            groups.append([word])
        else:
            before = page.text[groups[-1][-1].start : groups[-1][-1].end]
            gap = (word.x0 - groups[-1][-1].x1) / (line.size * width)
            if SIGN.fullmatch(before):
                joins = digits or gap < FIGURE_GAP
            elif figure and _TAIL.fullmatch(text):
                joins = gap < 1.2
            elif figure and (sign or digits):
                joins = gap < FIGURE_GAP and not sign
            elif sign or digits or figure:
                joins = gap < 1.6 * FIGURE_GAP
            else:
                joins = gap < WORD_GAP
            if joins:
                groups[-1].append(word)
            else:
                groups.append([word])
        figure = digits or (figure and _TAIL.fullmatch(text) is not None)
    return [piece_of(page, group) for group in groups]


def piece_of(page: PageText, words: list[Word]) -> Piece:
    text = " ".join(page.said(words))
    # Most pieces are words, which is plain without a closer look.
    short = len(text) <= 40 and (_MAY_BE_FIGURE.search(text) is not None or len(text) <= 15)
    return Piece(words, text, short and (read_figure(text) is not None or is_none(text)))
