"""Reading order of a page's lines.

PDFium gives lines in the order of the content stream, which for almost all producers is the order of reading. Four things are mended: parts
of one row that came as two lines; rows that run through columns of prose (pdf_columns.py); text that was drawn in two passes, the second
between the lines of the first; pages whose stream is in no order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from longdoc.ingest.pdf_columns import by_rows, in_columns, is_straddled
from longdoc.ingest.pdf_letters import join_letters
from longdoc.ingest.pdf_page import Line, PageText, Word
from longdoc.ingest.pdf_turned import joined

CELL_GAP = 1.5
"""A gap between words, in line heights, that parts cells of a table."""
UPWARDS = 2.0
"""Line heights by which a line stands above the one before it where the page was begun anew."""
COLUMN = 0.25
"""Share of the page's height by which a line at the right of the one before must stand higher to go on in another column."""
_WORD = re.compile(r"[^\W\d_]{3}")
_STOPS = '.:;?!)"\u201d\u2019'


def order_lines(page: PageText) -> None:
    """Put `page.lines` in reading order, rows joined, and fill in each line's cells and content."""
    lines = _join_rows([line for line in page.lines if line.upright])
    columns = in_columns(lines, page.text) if is_straddled(lines) else None
    if columns is not None:
        lines = columns
    elif _is_disordered(lines):
        lines = _join_rows(in_columns(lines, page.text) or by_rows(lines))
    elif passes := _passes(lines, page.text):
        runs_on = any(before.top - line.top > COLUMN * page.height and line.x0 >= before.x1 for before, line in pairwise(lines))
        lines = in_columns(lines, page.text) or (lines if runs_on else _join_rows(_interwoven(passes)))
    lines += joined([line for line in page.lines if not line.upright])
    for line in lines:
        _sort_words(line, page.text)
        join_letters(line, page)
        line.cells = split_cells(line)
        line.content = _content(line, page)
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
    if line.upright and not line.ordered and text[line.words[0].start] < "\u0590":
        line.words = sorted(line.words, key=lambda word: word.x0)
        line.scattered, line.plain = True, False
        line.widest = max(after.x0 - before.x1 for before, after in pairwise(line.words))


def _content(line: Line, page: PageText) -> str:
    words, text = line.words, page.text
    if line.plain:
        return text[words[0].start : words[-1].end]
    if not line.scattered and not line.spaced:
        parts = text[words[0].start : words[-1].end].split()
        if len(parts) == len(words):
            return " ".join(parts)
    return " ".join(page.said(words))


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


def _passes(lines: list[Line], text: str) -> list[list[Line]]:
    """The lines parted where the page was begun anew, if a later part stands in gaps of those before it; nothing otherwise.

    What is drawn last may be a picture's caption in the middle of a sentence: a gap counts where a sentence ends above it.
    """
    cuts = [
        place
        for place, (before, line) in enumerate(pairwise(lines), 1)
        if line.top < before.top - UPWARDS * max(before.size, line.size) and line.x0 < before.x1
    ]
    if not cuts:
        return []
    parts = [lines[start:end] for start, end in pairwise([0, *cuts, len(lines)])]
    clean = cut = 0
    for place in range(1, len(parts)):
        earlier = [line for part in parts[:place] for line in part]
        words = [line for line in parts[place] if _WORD.search(text, line.words[0].start, line.words[-1].end)]
        gaps = {gap for line in words if (gap := _gap_of(line, earlier)) is not None}
        whole = sum(_is_clean(earlier[above], earlier[below], text) for above, below in gaps)
        clean, cut = clean + whole, cut + len(gaps) - whole
    return parts if clean > 2 * cut else []


def _gap_of(line: Line, earlier: list[Line]) -> tuple[int, int] | None:
    """The two neighbours of `earlier` above and below a line that stands beside none of them."""
    above = below = None
    for place, other in enumerate(earlier):
        if min(line.bottom, other.bottom) - max(line.top, other.top) > 0.3 * min(line.size, other.size):
            return None
        if min(line.x1, other.x1) - max(line.x0, other.x0) < 0.5 * min(line.x1 - line.x0, other.x1 - other.x0):
            continue
        if other.top < line.top:
            above = place if above is None or other.top > earlier[above].top else above
        else:
            below = place if below is None or other.top < earlier[below].top else below
    return None if above is None or below is None else (above, below)


def _is_clean(above: Line, below: Line, text: str) -> bool:
    return text[above.words[-1].end - 1] in _STOPS or not text[below.words[0].start].islower()


def _interwoven(passes: Sequence[list[Line]]) -> list[Line]:
    """Each line of a later pass before the first line of those before it that stands below it, or beside it at its right; a mark that was
    set into a line, such as a raised figure, behind all."""
    woven, marks = list(passes[0]), []
    for later in passes[1:]:
        place, into = 0, list(woven)
        for line in later:
            if any(_share_row(line, other) and other.x0 <= line.x0 and line.x1 <= other.x1 for other in into):
                marks.append(line)
                continue
            place = next((at for at in range(place, len(woven)) if _is_below(line, woven[at])), len(woven))
            woven.insert(place, line)
            place += 1
    return [*woven, *marks]


def _is_below(line: Line, other: Line) -> bool:
    middle = (line.top + line.bottom) / 2
    return other.top >= middle or (_share_row(line, other) and other.x0 >= line.x1)
