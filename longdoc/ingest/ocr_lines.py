"""Words seen in a picture become the characters and lines of a page, as if the file had held them.

An engine gives lines, or parts of lines, in an order of its own. They are put in rows and columns here: a white strip with prose on
both sides parts columns, which are read one after the other; without one, what stands on one height is one row, so that tables keep theirs.

An engine's boxes hold the ink: a line without descenders is lower than its neighbour. From the letters that stand in it follow the size
of the type and the line that it stands on, which what follows tells headings and paragraphs by; sizes that are about the page's usual
one are made so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from longdoc.ingest.ocr_words import SeenWord
from longdoc.ingest.pdf_page import Line, Word

X_HEIGHT, ASCENT, DESCENT = 0.46, 0.69, 0.21
"""Of Latin type, by its size: of small letters, of letters and figures that reach higher, of what hangs below the line."""
ABOVE, BELOW = 0.7, 0.21
"""Where a line's box begins and ends beside the line it stands on, by its size, as PDFium tells it of fonts."""
SAME_SIZE = 0.2
"""Share by which sizes that were measured differ though they are one."""
FEWEST_COLUMN_LINES = 6
MOST_CROSSING = 0.34
"""Share of a page's lines that may run across a white strip between columns: titles and the like."""
WORDS_OF_PROSE = 3.5
SPECK = 0.5
"""Confidence below which signs alone are dirt, not text."""

_FIGURE = re.compile(r"[\d.,$%()-]+")
_LETTER = re.compile(r"[^\W_]")
_HIGH = re.compile(r"[^\Wa-z_]|[bdfhklt!?()\[\]{}/\\|\"'&%$#@*“”‘’]")
_LOW = re.compile(r"[gjpqyQ()\[\]{}/\\|$@_]")

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Composed:
    """`text` with a space between words and a line end between lines, the lines in reading order, the word that begins at each offset."""

    text: str
    lines: list[Line]
    seen: dict[int, SeenWord]


@dataclass(frozen=True, slots=True)
class _Strip:
    """Words on one line, or a part of it, with the box of their ink, the size of their type and the height that they stand on."""

    words: list[SeenWord]
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    base: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def compose(seen: Sequence[Sequence[SeenWord]], page: int, scale: float, start: int = 0) -> Composed:
    """Lines in points, `scale` points a pixel; offsets count from `start`."""
    strips = _in_reading_order([strip for words in seen if (strip := _strip(words)) is not None])
    sizes = _even([strip.size for strip in strips])
    parts: list[str] = []
    lines: list[Line] = []
    places: dict[int, SeenWord] = {}
    for strip, size in zip(strips, sizes, strict=True):
        words: list[Word] = []
        top, bottom = scale * (strip.base - ABOVE * size), scale * (strip.base + BELOW * size)
        for word in strip.words:
            end = start + len(word.text)
            words.append(Word(start, end, scale * word.x0, scale * word.x1, top, bottom))
            places[start] = word
            parts += [word.text, " "]
            start = end + 1
        parts[-1] = "\n"
        gaps = [after.x0 - before.x1 for before, after in pairwise(words)]
        lines.append(
            Line(
                words=words,
                page=page,
                x0=words[0].x0,
                x1=max(word.x1 for word in words),
                top=top,
                bottom=bottom,
                size=bottom - top,
                weight=0,
                bold=False,
                widest=max(gaps, default=0.0),
            )
        )
    return Composed("".join(parts), lines, places)


def _strip(words: Sequence[SeenWord]) -> _Strip | None:
    kept = [word for word in words if word.confidence >= SPECK or _LETTER.search(word.text)]
    if not kept:
        return None
    kept.sort(key=lambda word: word.x0)
    # A bracket or a rule beside the line may be much higher than its words.
    usual = median(word.y1 - word.y0 for word in kept)
    common = [word for word in kept if word.y1 - word.y0 <= 1.6 * usual]
    top, bottom = min(word.y0 for word in common), max(word.y1 for word in common)
    sizes, bases = zip(*_type_of(common), strict=True)
    return _Strip(kept, kept[0].x0, max(word.x1 for word in kept), top, bottom, median(sizes), median(bases))


def _type_of(words: Sequence[SeenWord]) -> Iterator[tuple[float, float]]:
    """Size and base line, by what reaches up and down in a word, or in all words of a line where they share its box."""
    sharing: dict[tuple[float, float], str] = {}
    for word in words:
        sharing[word.y0, word.y1] = sharing.get((word.y0, word.y1), "") + word.text
    for (top, bottom), text in sharing.items():
        below = DESCENT if _LOW.search(text) else 0.0
        size = (bottom - top) / ((ASCENT if _HIGH.search(text) else X_HEIGHT) + below)
        yield size, bottom - below * size


def _even(sizes: Sequence[float]) -> list[float]:
    """Each size, or that of most lines where it is about the same."""
    usual = median(sizes) if sizes else 0.0
    return [usual if abs(size - usual) <= SAME_SIZE * usual else size for size in sizes]


def _in_reading_order(strips: list[_Strip]) -> list[_Strip]:
    gutter = _gutter(strips)
    if gutter is None:
        return _by_rows(strips)
    ordered: list[_Strip] = []
    left: list[_Strip] = []
    right: list[_Strip] = []
    for strip in sorted(strips, key=lambda strip: strip.middle):
        if strip.x1 <= gutter:
            left.append(strip)
        elif strip.x0 >= gutter:
            right.append(strip)
        else:
            ordered += [*_in_reading_order(left), *_in_reading_order(right), strip]
            left, right = [], []
    return [*ordered, *_in_reading_order(left), *_in_reading_order(right)]


def _gutter(strips: list[_Strip]) -> float | None:
    """The white strip between two columns of prose that the fewest lines cross, None where there is none."""
    if len(strips) < 2 * FEWEST_COLUMN_LINES:
        return None
    begin, end = min(strip.x0 for strip in strips), max(strip.x1 for strip in strips)
    best: tuple[int, float] | None = None
    for position in sorted({strip.x0 - 1.0 for strip in strips}):
        if not begin + 0.2 * (end - begin) < position < end - 0.2 * (end - begin):
            continue
        left = [strip for strip in strips if strip.x1 <= position]
        right = [strip for strip in strips if strip.x0 >= position]
        crossing = len(strips) - len(left) - len(right)
        if crossing <= MOST_CROSSING * len(strips) and (best is None or crossing < best[0]) and _is_prose(left) and _is_prose(right):
            best = (crossing, position)
    return best[1] if best is not None else None


def _is_prose(strips: list[_Strip]) -> bool:
    """Enough lines with several words each, few of them figures: the sides of a table are not so."""
    if len(strips) < FEWEST_COLUMN_LINES:
        return False
    words = [word.text for strip in strips for word in strip.words]
    return len(words) >= WORDS_OF_PROSE * len(strips) and sum(_FIGURE.fullmatch(word) is not None for word in words) * 6 <= len(words)


def _by_rows(strips: list[_Strip]) -> list[_Strip]:
    """From top to bottom, what shares a row from left to right."""
    rows: list[list[_Strip]] = []
    for strip in sorted(strips, key=lambda strip: strip.middle):
        row = rows[-1] if rows else None
        if row is not None and _share_row(row[0], strip):
            row.append(strip)
        else:
            rows.append([strip])
    return [strip for row in rows for strip in sorted(row, key=lambda strip: strip.x0)]


def _share_row(one: _Strip, other: _Strip) -> bool:
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    apart = one.x1 <= other.x0 + 2 or other.x1 <= one.x0 + 2
    return apart and overlap >= 0.5 * min(one.bottom - one.top, other.bottom - other.top)
