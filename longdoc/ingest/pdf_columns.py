"""Columns of prose on a page whose rows run through them, or whose lines came in no order.

A page is cut by white strips from top to bottom, and each part again: the X-Y cut of Nagy and Seth, "Hierarchical representation of
optically scanned documents" (1984). A strip may be as short as the rows that it parts, so that a title, a table or a figure over all
columns stays whole, and parts of a page with one, two and three columns may stand above each other. Columns of a table are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from longdoc.ingest.pdf_page import Line, Word

GUTTER_GAP = 0.9
"""A gap between words, in line heights, that may part columns."""
FEWEST_COLUMN_LINES = 8
CROSSING = 2
"""What a line across a strip weighs against the rows that stand beside it."""
FEWEST_WORDS = 3
"""Words of a line of prose at least, but for the last one of a paragraph."""
PROSE = 0.75
"""Share of a column's words that stand in such lines at least."""
OPENING_SMALL = 0.3
"""Share of a column's lines that begin in the middle of a sentence at least."""
ALIGNED = 0.5
"""Share of the right column's lines that begin at the same place at least."""
CLOSE = 0.8
"""White space, in line heights, below which a line still belongs to the column above or below it."""
MOST_TRIES = 4
DEEPEST = 6
_NUMBER = re.compile(r"[\d.,$%()-]+")


class _Piece(NamedTuple):
    """Words of a line that stand close together."""

    words: Sequence[Word]
    x0: float
    x1: float
    top: float
    bottom: float
    size: float


@dataclass(frozen=True, slots=True)
class _Strip:
    """White space at `position` between the heights `top` and `bottom`."""

    position: float
    top: float
    bottom: float


def is_straddled(lines: Sequence[Line]) -> bool:
    """Whether there are enough rows of words with a wide gap in them for columns to be looked for."""
    rows = 0
    for line in lines:
        if line.widest > GUTTER_GAP * line.size and len(line.words) >= 2 * FEWEST_WORDS:
            rows += len(line.words) >= FEWEST_WORDS * len(_pieces(line))
    return rows >= FEWEST_COLUMN_LINES


def in_columns(lines: Sequence[Line], text: str) -> list[Line] | None:
    """The lines in reading order, those that run through several columns cut; None where there are no columns of prose."""
    return _cut(lines, text, 0)


def by_rows(lines: Sequence[Line]) -> list[Line]:
    """From top to bottom, and from left to right at one height."""
    return sorted(lines, key=lambda line: (round(line.top + line.bottom) // 4, line.x0))


def _cut(lines: Sequence[Line], text: str, depth: int) -> list[Line] | None:
    strip = _find_strip(lines, text) if depth < DEEPEST else None
    if strip is None:
        return None
    ordered: list[Line] = []
    side: tuple[list[Line], list[Line]] = ([], [])
    across: list[Line] = []

    def close(*parts: list[Line]) -> None:
        for part in parts:
            ordered.extend(_cut(part, text, depth + 1) or part)
            part.clear()

    for line in by_rows(lines):
        inside = strip.top <= (line.top + line.bottom) / 2 <= strip.bottom
        halves = _halves(line, strip.position) if inside else ()
        if halves:
            close(across)
        else:
            close(*side)
            across.append(line)
        for half in halves:
            side[half.x0 >= strip.position].append(half)
    close(*side, across)
    return ordered


def _halves(line: Line, position: float) -> Sequence[Line]:
    """What of a line stands left and right of a position; nothing if it stands across."""
    if line.x1 <= position or line.x0 >= position:
        return (line,)
    left = [word for word in line.words if word.x1 <= position]
    right = [word for word in line.words if word.x0 >= position]
    if not left or len(left) + len(right) < len(line.words) or right[0].x0 - left[-1].x1 <= GUTTER_GAP * line.size:
        return ()
    return _part(line, left, False), _part(line, right, line.hyphen)


def _part(line: Line, words: list[Word], hyphen: bool) -> Line:
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    widest = max((after.x0 - before.x1 for before, after in pairwise(words)), default=0.0)
    x0, x1 = words[0].x0, words[-1].x1
    return Line(words, line.page, x0, x1, top, bottom, line.size, line.weight, line.bold, hyphen, scattered=line.scattered, widest=widest)


def _pieces(line: Line) -> list[_Piece]:
    wide = GUTTER_GAP * line.size
    if line.widest <= wide:
        return [_Piece(line.words, line.x0, line.x1, line.top, line.bottom, line.size)]
    groups: list[list[Word]] = [[line.words[0]]]
    for before, word in pairwise(line.words):
        if word.x0 - before.x1 > wide:
            groups.append([])
        groups[-1].append(word)
    return [_Piece(group, group[0].x0, group[-1].x1, line.top, line.bottom, line.size) for group in groups]


def _find_strip(lines: Sequence[Line], text: str) -> _Strip | None:
    """The strip between columns of prose that the most lines stand beside."""
    if len(lines) < FEWEST_COLUMN_LINES:
        return None
    pieces = sorted((piece for line in lines for piece in _pieces(line)), key=lambda piece: piece.top + piece.bottom)
    x0, x1, top, bottom, size = np.array([piece[1:] for piece in pieces]).T
    beside, after = _beside(x0, x1, top, bottom)
    begin, end = x1, np.where(after, x0[beside], x1)
    few = np.array([len(piece.words) < FEWEST_WORDS for piece in pieces])
    open_ = end - begin > GUTTER_GAP * size
    closed = _rows_of_tables(open_ & few & few[beside], (top + bottom) / 2, size)
    for _ in range(MOST_TRIES):
        if open_.sum() < FEWEST_COLUMN_LINES:
            break
        positions = begin[open_] + 0.5
        covered = (begin[open_] < positions[:, None]) & (positions[:, None] < end[open_])
        position = float(positions[covered.sum(axis=1).argmax()])
        rows = open_ & (begin < position) & (position < end)
        found = _stretch(rows, CROSSING * ((x0 < position) & (x1 > position)) + len(pieces) * closed)
        if found is not None and _are_columns(pieces, rows, position, found, end, text):
            return _grown(pieces, closed, position, found)
        open_ &= ~rows
    return None


def _beside(
    x0: npt.NDArray[np.float64], x1: npt.NDArray[np.float64], top: npt.NDArray[np.float64], bottom: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """For each piece the next one at its right, and whether there is any."""
    shared = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    right: npt.NDArray[np.bool_] = (shared > 0.3 * (bottom - top)) & (x0 >= x1[:, None])
    nearest = np.where(right, x0, np.inf)
    return nearest.argmin(axis=1), np.isfinite(nearest.min(axis=1))


def _rows_of_tables(short: npt.NDArray[np.bool_], middle: npt.NDArray[np.float64], size: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Of the pieces that are as short as the one beside them, those that have another such row close above or below."""
    apart = np.abs(middle[:, None] - middle) / size
    return short & ((apart > 0.5) & (apart < 2.5) & short).any(axis=1)


def _stretch(rows: npt.NDArray[np.bool_], against: npt.NDArray[np.int64]) -> tuple[int, int] | None:
    """First and last piece of the stretch of the page with the most rows beside the strip and the least against it."""
    best, total, start = (0, (0, 0)), 0, 0
    for place, weight in enumerate((rows - against).tolist()):
        if total <= 0:
            total, start = 0, place
        total += weight
        if total > best[0]:
            best = total, (start, place)
    return best[1] if best[0] >= FEWEST_COLUMN_LINES else None


def _are_columns(
    pieces: Sequence[_Piece],
    rows: npt.NDArray[np.bool_],
    position: float,
    found: tuple[int, int],
    end: npt.NDArray[np.float64],
    text: str,
) -> bool:
    first, last = found
    within = pieces[first : last + 1]
    if not all(
        _is_prose(side, text) for side in ([one for one in within if one.x1 <= position], [one for one in within if one.x0 >= position])
    ):
        return False
    starts = end[first : last + 1][rows[first : last + 1]]
    return bool((np.abs(starts[:, None] - starts) < 0.3 * within[0].size).sum(axis=1).max() >= ALIGNED * len(starts))


def _is_prose(pieces: Sequence[_Piece], text: str) -> bool:
    """Whether most words stand in lines of several, few are figures, and many lines begin in the middle of a sentence."""
    long = [piece for piece in pieces if len(piece.words) >= FEWEST_WORDS]
    words = [word for piece in long for word in piece.words]
    if not long or len(words) < PROSE * sum(len(piece.words) for piece in pieces) or len(words) < (FEWEST_WORDS + 0.5) * len(long):
        return False
    figures = sum(_NUMBER.fullmatch(text, word.start, word.end) is not None for word in words)
    openings = [text[piece.words[0].start] for piece in long]
    small = sum(letter.isalpha() and not letter.isupper() for letter in openings)
    return figures * 6 <= len(words) and small >= OPENING_SMALL * len(long)


def _grown(pieces: Sequence[_Piece], closed: npt.NDArray[np.bool_], position: float, found: tuple[int, int]) -> _Strip:
    """The strip as high as the columns: one may go on where the other has ended."""
    first, last = found
    while first and not closed[first - 1] and _is_next(pieces[first - 1], pieces[first : last + 1], position):
        first -= 1
    while last + 1 < len(pieces) and not closed[last + 1] and _is_next(pieces[last + 1], pieces[first : last + 1], position):
        last += 1
    return _Strip(position, min(piece.top for piece in pieces[first : last + 1]), max(piece.bottom for piece in pieces[first : last + 1]))


def _is_next(piece: _Piece, column: Sequence[_Piece], position: float) -> bool:
    """Whether a piece that stands across nothing follows closely on one of the same column."""
    if piece.x0 < position < piece.x1:
        return False
    near: Iterator[_Piece] = (one for one in column if (one.x0 >= position) == (piece.x0 >= position) and abs(one.size - piece.size) < 1.0)
    return any(max(one.top - piece.bottom, piece.top - one.bottom) < CLOSE * piece.size for one in near)
