"""Reading order of a page's lines.

PDFium gives lines in the order of the content stream, which for almost all producers is the order of reading. Three things
are mended: parts of one row that came as two lines; rows that run through two columns of prose; pages whose stream is
in no order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from longdoc.ingest.pdf_page import Line, PageText, Word

CELL_GAP = 1.5
"""A gap between words, in line heights, that parts cells of a table."""
GUTTER_GAP = 0.9
FEWEST_COLUMN_LINES = 8
_NUMBER = re.compile(r"[\d.,$%()-]+")


def order_lines(page: PageText) -> None:
    """Put `page.lines` in reading order, rows joined, and fill in each line's cells and content."""
    lines = _join_rows([line for line in page.lines if line.upright]) + [line for line in page.lines if not line.upright]
    gutter = _find_gutter(lines, page)
    if gutter is not None:
        lines = _by_columns(_cut_at(lines, gutter), gutter)
    elif _is_disordered(lines):
        lines = _join_rows(sorted(lines, key=lambda line: (round(line.top + line.bottom) // 4, line.x0)))
    for line in lines:
        _sort_words(line, page.text)
        line.cells = split_cells(line)
        line.content = _content(line, page.text)
    page.lines = lines


def split_cells(line: Line) -> list[Sequence[Word]]:
    """The line's words parted at wide gaps."""
    words = line.words
    wide = CELL_GAP * line.size
    if line.widest <= wide:
        return [words]
    cells = [[words[0]]]
    for before, word in pairwise(words):
        if word.x0 - before.x1 > wide:
            cells.append([word])
        else:
            cells[-1].append(word)
    return [*cells]


def _sort_words(line: Line, text: str) -> None:
    """Words of a script that runs from left to right that came in another order, as on a page that is turned upside down."""
    if not line.ordered and text[line.words[0].start] < "\u0590":
        line.words = sorted(line.words, key=lambda word: word.x0)
        line.scattered, line.plain = True, False
        line.widest = max(after.x0 - before.x1 for before, after in pairwise(line.words))


def _content(line: Line, text: str) -> str:
    words = line.words
    if line.plain:
        return text[words[0].start : words[-1].end]
    if not line.scattered:
        parts = text[words[0].start : words[-1].end].split()
        if len(parts) == len(words):
            return " ".join(parts)
    return " ".join([text[word.start : word.end] for word in words])


def _join_rows(lines: list[Line]) -> list[Line]:
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        if before is not None and not before.hyphen and line.x0 >= before.x1 - 0.2 * line.size and _share_row(before, line):
            # Between lines that follow each other stands a line end, of one or two characters.
            before.scattered |= line.scattered or not 0 < line.words[0].start - before.words[-1].end <= 3
            before.widest = max(before.widest, line.widest, line.words[0].x0 - before.words[-1].x1)
            before.ordered = before.ordered and line.ordered and before.words[-1].x0 <= line.words[0].x0
            before.plain = False
            before.words = [*before.words, *line.words]
            before.x1, before.top, before.bottom = line.x1, min(before.top, line.top), max(before.bottom, line.bottom)
            before.hyphen = line.hyphen
        else:
            joined.append(line)
    return joined


def _share_row(one: Line, other: Line) -> bool:
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    return overlap >= 0.5 * min(one.bottom - one.top, other.bottom - other.top)


def _is_disordered(lines: list[Line]) -> bool:
    """Many steps upwards that do not go on to a column at the right."""
    if len(lines) < 6:
        return False
    steps = sum(after.top < before.top - 0.5 * before.size and after.x0 < before.x1 for before, after in pairwise(lines))
    return steps > 0.15 * len(lines)


def _find_gutter(lines: list[Line], page: PageText) -> float | None:
    """The middle of the white strip between two columns of prose whose rows came as one line each, None where there is none."""
    wide = [line for line in lines if line.x1 - line.x0 > 0.5 * page.width]
    if len(wide) < FEWEST_COLUMN_LINES:
        return None
    gaps: list[tuple[float, float, Line]] = []
    for line in wide:
        if line.widest <= GUTTER_GAP * line.size:
            continue
        for before, word in pairwise(line.words):
            if word.x0 - before.x1 > GUTTER_GAP * line.size and 0.3 * page.width < before.x1 and word.x0 < 0.7 * page.width:
                gaps.append((before.x1, word.x0, line))
    if len(gaps) < FEWEST_COLUMN_LINES:
        return None
    best: tuple[int, float] = (0, 0.0)
    for right, _, _ in gaps:
        position = right + 0.5
        best = max(best, (sum(begin < position < end for begin, end, _ in gaps), position))
    count, position = best
    crossing = [line for line in wide if not any(begin < position < end for begin, end, owner in gaps if owner is line)]
    if count < FEWEST_COLUMN_LINES or len(crossing) > 0.5 * count:
        return None
    sides = [line for begin, end, line in gaps if begin < position < end]
    return position if _is_prose(sides, position, page.text) else None


def _is_prose(lines: list[Line], position: float, text: str) -> bool:
    """Both sides hold several words a line, few of them figures: a table's sides do not."""
    for left in (True, False):
        words = [word for line in lines for word in line.words if (word.x0 < position) == left]
        figures = sum(_NUMBER.fullmatch(text, word.start, word.end) is not None for word in words)
        if len(words) < 4 * len(lines) or figures * 6 > len(words):
            return False
    return True


def _cut_at(lines: list[Line], gutter: float) -> list[Line]:
    cut: list[Line] = []
    for line in lines:
        left = [word for word in line.words if word.x1 <= gutter]
        right = [word for word in line.words if word.x0 >= gutter]
        if left and right and len(left) + len(right) == len(line.words) and right[0].x0 - left[-1].x1 > GUTTER_GAP * line.size:
            cut += [_part(line, left, False), _part(line, right, line.hyphen)]
        else:
            cut.append(line)
    return cut


def _part(line: Line, words: list[Word], hyphen: bool) -> Line:
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    widest = max((after.x0 - before.x1 for before, after in pairwise(words)), default=0.0)
    x0, x1 = words[0].x0, words[-1].x1
    return Line(words, line.page, x0, x1, top, bottom, line.size, line.weight, line.bold, hyphen, scattered=line.scattered, widest=widest)


def _by_columns(lines: list[Line], gutter: float) -> list[Line]:
    """Left column, then right column, between the lines that run across both."""
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in sorted(lines, key=lambda line: line.top):
        if line.x1 <= gutter:
            left.append(line)
        elif line.x0 >= gutter:
            right.append(line)
        else:
            ordered += [*left, *right, line]
            left, right = [], []
    return [*ordered, *left, *right]
