"""Tables of a PDF page: which of its lines are rows of one, by their geometry and their figures."""

from __future__ import annotations

import re
from itertools import pairwise

from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.pdf_page import Line, PageText, Word

_FIGURE = re.compile(
    r"[(\[<>~+-]*[$€£¥]?\s*[(-]?\d[\d,.]*\s*(?:%|\)|\]|x|bps|pts)*\.?|[$€£¥]|[\u2014\u2013-]{1,2}|N/?[AM]|n/?[am]|\(?[a-z]\)|\*+",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:FY\s*)?(?:19|20)\d\d")
_LEADERS = re.compile(r"(?:\.\s?){4,}|_{3,}$")


def table_rows(page: PageText, texts: list[str]) -> list[bool]:
    """Which lines are rows of a table: figures in cells, several cells above each other, and short lines between such rows."""
    lines = page.lines
    cells = [[_cell_text(page, cell) for cell in line.cells] if len(line.cells) > 1 else [line.content] for line in lines]
    figures = [
        _has_figures(row) or (_LEADERS.search(text) is not None and text[-1:].isdigit()) for row, text in zip(cells, texts, strict=True)
    ]
    several = [_has_cells(row) for row in cells]
    rows = list(figures)
    for index in range(len(lines)):
        near = [
            other
            for other in (index - 1, index + 1)
            if 0 <= other < len(lines) and abs(lines[other].top - lines[index].top) < 3 * lines[index].size
        ]
        if several[index] and not _is_justified(lines, index) and any(several[other] or figures[other] for other in near):
            rows[index] = True
    for index in _header_cells(lines, rows):
        rows[index] = True
    return _fill_between(lines, texts, rows)


def _is_justified(lines: list[Line], index: int) -> bool:
    """Whether a neighbour reaches from the same left to the same right edge, as lines of a justified paragraph do."""
    line = lines[index]
    beside = [lines[other] for other in (index - 1, index + 1) if 0 <= other < len(lines)]
    return any(abs(other.x0 - line.x0) < 1.5 and abs(other.x1 - line.x1) < 1.5 for other in beside)


def _header_cells(lines: list[Line], rows: list[bool]) -> list[int]:
    """Heads of a table's columns that run over several lines: they come cell by cell, each starting again further up to the right."""
    found: list[int] = []
    index = 1
    while index < len(lines):
        if not steps_right(lines[index - 1], lines[index]):
            index += 1
            continue
        first, last, steps = index - 1, index, 1
        while first > 0 and _same_cell(lines[first - 1], lines[first]):
            first -= 1
        while last + 1 < len(lines):
            right = steps_right(lines[last], lines[last + 1])
            if not right and not _same_cell(lines[last], lines[last + 1]):
                break
            steps += right
            last += 1
        height = max(line.bottom for line in lines[first : last + 1]) - min(line.top for line in lines[first : last + 1])
        if height < 9 * lines[index].size and (steps >= 2 or any(rows[last : last + 4])):
            found += range(first, last + 1)
        index = last + 1
    return found


def steps_right(before: Line, line: Line) -> bool:
    return line.x0 > before.x1 and -6 * line.size < line.top - before.top <= 0.3 * line.size


def _same_cell(before: Line, line: Line) -> bool:
    """Whether a line stands right below another, both narrow and sharing some width."""
    close = 0 < line.top - before.top < 1.6 * line.size
    return close and len(line.words) <= 6 >= len(before.words) and min(line.x1, before.x1) > max(line.x0, before.x0)


def _fill_between(lines: list[Line], texts: list[str], rows: list[bool]) -> list[bool]:
    """Short lines between two rows are rows too: labels without figures, and further lines of a cell."""
    filled = list(rows)
    last: int | None = None
    for index, row in enumerate(rows):
        if not row:
            continue
        if last is not None and index - last > 1:
            between = range(last + 1, index)
            most = 8 if any(steps_right(lines[place - 1], lines[place]) for place in (*between, index)) else 4
            if len(between) <= most and all(_may_be_label(lines, texts, place) for place in between):
                for place in between:
                    filled[place] = True
        last = index
    return filled


def _may_be_label(lines: list[Line], texts: list[str], index: int) -> bool:
    before, line = lines[index - 1], lines[index]
    close = 0 < line.top - before.top < 2.2 * line.size or steps_right(before, line)
    return close and len(texts[index]) <= 90 and not texts[index].endswith((".", ";")) and not is_bullet(texts[index])


def _cell_text(page: PageText, cell: list[Word]) -> str:
    return " ".join([page.text[word.start : word.end] for word in cell])


def _has_figures(cells: list[str]) -> bool:
    if len(cells) < 2:
        return False
    if _is_numbered(cells):
        cells = cells[1:]
    figures = sum(all(_FIGURE.fullmatch(part) or _YEAR.fullmatch(part) for part in cell.split()) for cell in cells[1:])
    return figures >= 1 and figures * 2 >= len(cells) - 1


def _has_cells(cells: list[str]) -> bool:
    """Several short cells; not a number with its clause, nor two sentences with a wide space between them."""
    if len(cells) < 2 or _is_numbered(cells) or sum(len(cell.split()) for cell in cells) > 7 * len(cells):
        return False
    return not any(cell.endswith((".", ";")) and len(cell.split()) > 2 and after[:1].isupper() for cell, after in pairwise(cells))


def _is_numbered(cells: list[str]) -> bool:
    return len(cells[0]) <= 8 and (is_bullet(cells[0] + " x") or read_number(cells[0] + " X") != [])
