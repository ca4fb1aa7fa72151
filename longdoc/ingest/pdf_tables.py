"""Tables of a PDF page: which of its lines are rows of one, by their geometry and their figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.pdf_cells import pieces_of
from longdoc.ingest.pdf_page import Line, PageText, Word

_FIGURE = re.compile(
    r"[(\[<>~+-]*[$€£¥]?\s*[(-]?\d[\d,.]*\s*(?:%|\)|\]|x|bps|pts)*\.?|[$€£¥]|[\u2014\u2013-]{1,2}|N/?[AM]|n/?[am]|\(?[a-z]\)|\*+",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:FY\s*)?(?:19|20)\d\d")
_HEAD = re.compile(
    r"(?:(?:(?:19|20)\d\d|(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]*\.?|\d{1,2},|as of|at|for|the|years?|months?|weeks?|"
    r"quarters?|three|six|nine|twelve|fiscal|fy|ended|ending|and|change|\(?unaudited\)?|increase|decrease|%|\$|vs\.?|"
    r"[/\u2013\u2014-]|\(?\w\))(?:\s+|$)){1,40}",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"\b(?:(?:19|20)\d\d|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|ended|ending|fiscal|years?|quarter|weeks|months|unaudited|as of|thousands|millions|billions|change)\b|%",
    re.IGNORECASE,
)
MOST_HEADINGS = 14
"""Lines above a table that are looked at for its headings."""
WIDEST_STEP = 3.4
"""Steps from row to row, in line heights, beyond which a table ends."""

_LEADERS = re.compile(r"(?:\.\s?){4,}|_{3,}$")


def find_tables(page: PageText) -> list[int]:
    """For each line the number of the table that it is a row of, counted from 1; 0 where it is of none."""
    lines = page.lines
    texts = [line.content for line in lines]
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
    if not any(rows):
        return [0] * len(lines)
    for index in _header_cells(lines, rows):
        rows[index] = True
    heads = [row and _is_head(content) for row, content in zip(figures, cells, strict=True)]
    rows = _fill_between(page, texts, rows, heads)
    _add_headings(page, rows, [figure and not head for figure, head in zip(figures, heads, strict=True)])
    return _numbered(lines, rows, figures, heads)


def _numbered(lines: list[Line], rows: list[bool], figures: list[bool], heads: list[bool]) -> list[int]:
    """The number of the table that each row belongs to: rows that follow each other, up to the next row that heads columns anew."""
    numbers = [0] * len(lines)
    count = 0
    body = False
    for index, row in enumerate(rows):
        if not row:
            continue
        follows = index > 0 and rows[index - 1] and _follows(lines[index - 1], lines[index])
        if not follows or (body and _opens(lines, rows, heads, figures, index)):
            count += 1
            body = False
        body = body or (figures[index] and not heads[index])
        numbers[index] = count
    return numbers


def _follows(before: Line, line: Line) -> bool:
    return 0 < line.top - before.top < WIDEST_STEP * before.size or steps_right(before, line)


def _opens(lines: list[Line], rows: list[bool], heads: list[bool], figures: list[bool], index: int) -> bool:
    """Whether a row names columns, itself or together with the rows right below it, before any figure comes."""
    if figures[index] and not heads[index]:
        return False
    left = min(line.x0 for line in lines[max(0, index - 3) : index])
    for place in range(index, min(index + 5, len(lines))):
        if not rows[place] or (figures[place] and not heads[place]):
            return False
        if heads[place]:
            return True
        # A label at the left belongs to the rows below it; what stands over columns belongs to their heading.
        if lines[place].x0 < left + 3 * lines[place].size:
            return False
    return False


def _is_head(cells: list[str]) -> bool:
    """Years or dates in all cells but the first: "(Millions) 2018 2017"."""
    named = " ".join(cells[1:])
    return (
        bool(_HEAD.fullmatch(named))
        and _PERIOD.search(named) is not None
        and (not cells[0][:1].isalpha() or _HEAD.fullmatch(cells[0]) is not None)
    )


def _add_headings(page: PageText, rows: list[bool], data: list[bool]) -> None:
    """Make lines above a table rows of it: what stands over its columns of figures ("Years ended December 31"), with the captions at
    the left between that and its first row, and the first line of its first label."""
    lines = page.lines
    for index in range(1, len(lines)):
        if not rows[index] or rows[index - 1]:
            continue
        last = index
        while last + 1 < len(lines) and rows[last + 1] and last - index < 12 and not (data[last] and len(lines[last].cells) > 1):
            last += 1
        if len(lines[last].cells) < 2:
            continue
        members = lines[index : last + 1]
        left, begin, end = min(line.x0 for line in members), lines[last].cells[1][0].x0, max(line.x1 for line in members)
        top, first = min(line.top for line in members), index
        for place in range(index - 1, max(-1, index - MOST_HEADINGS), -1):
            line = lines[place]
            beside = line.bottom > top and steps_right(line, lines[place + 1])
            if rows[place] or not (beside or -0.5 * line.size < top - line.top < 2.4 * line.size) or len(line.content) > 120:
                break
            if _stands_over(page, line, left, begin, end, top):
                first = place
            elif not (len(line.cells) == 1 and line.x1 < begin and len(line.content) < 60 and not line.content.endswith((".", ";"))):
                break
            top = min(top, line.top)
        before, line = lines[index - 1], lines[index]
        caption = before.content.endswith(":") and len(before.content) <= 60 and line.x0 > before.x0 + 0.5 * line.size
        caption = caption and before.content[:1].isupper() and "follow" not in before.content
        goes_on = caption or (line.content[:1].islower() and before.content[:1].isupper())
        if first == index and goes_on and before.x1 < begin and len(before.content) < 120 and _follows(before, line):
            first = index - 1
        rows[first:index] = [True] * (index - first)


def _stands_over(page: PageText, line: Line, left: float, begin: float, end: float, top: float) -> bool:
    """Whether a line heads columns of figures that reach from `begin` to `end`."""
    pieces = pieces_of(page, line)
    tail = [piece for piece in pieces if piece.words[0].x0 >= begin - 4 * line.size and piece.words[0].x0 > left + 4 * line.size]
    if not tail or len(pieces) - len(tail) > 1 or line.x1 > end + 2 * line.size:
        return False
    if len(tail) == 1 and not begin - line.size <= (tail[0].words[0].x0 + tail[0].words[-1].x1) / 2:
        return False
    if any(len(piece.text) > 60 for piece in pieces):
        return False
    return len(tail) > 1 or _PERIOD.search(tail[0].text) is not None or top - line.top < 1.6 * line.size


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


def _fill_between(page: PageText, texts: list[str], rows: list[bool], heads: list[bool]) -> list[bool]:
    """Short lines between two rows are rows too: labels without figures, further lines of a cell, and, between rows whose
    figures stand above each other, captions of a part of the table."""
    lines = page.lines
    filled = list(rows)
    last: int | None = None
    for index, row in enumerate(rows):
        if not row:
            continue
        if last is not None and index - last > 1:
            between = range(last + 1, index)
            most = 8 if any(steps_right(lines[place - 1], lines[place]) for place in (*between, index)) else 4
            if (len(between) <= most and all(_may_be_label(lines, texts, place) for place in between)) or (
                len(between) <= 8 and not heads[index] and _is_same_table(page, texts, last, index, heads[last])
            ):
                for place in between:
                    filled[place] = True
        last = index
    return filled


def _is_same_table(page: PageText, texts: list[str], last: int, index: int, headed: bool) -> bool:
    """Whether two rows have their figures above each other, or the first heads columns, and only captions at the left stand between."""
    lines = page.lines
    before, after = lines[last], lines[index]
    if len(before.cells) < 2 or len(after.cells) < 2:
        return False
    ends = [piece.words[-1].x1 for piece in pieces_of(page, before)]
    if not headed and any(min(abs(piece.words[-1].x1 - end) for end in ends) > before.size for piece in pieces_of(page, after)[1:]):
        return False
    end = after.x1
    figures = min(before.cells[1][0].x0, after.cells[1][0].x0)
    return all(
        _follows(lines[place - 1], lines[place])
        and lines[place].size < 1.1 * before.size
        and len(lines[place].cells) == 1
        and (lines[place].x1 < figures or (lines[place].x1 < end - before.size and not texts[place].endswith(".")))
        and not is_bullet(texts[place])
        for place in range(last + 1, index)
    ) and _follows(lines[index - 1], after)


def _may_be_label(lines: list[Line], texts: list[str], index: int) -> bool:
    before, line = lines[index - 1], lines[index]
    close = 0 < line.top - before.top < 2.2 * line.size or steps_right(before, line)
    return close and len(texts[index]) <= 90 and not texts[index].endswith((".", ";")) and not is_bullet(texts[index])


def _cell_text(page: PageText, cell: Sequence[Word]) -> str:
    return " ".join(page.said(cell))


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
