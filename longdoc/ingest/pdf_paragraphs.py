"""Lines become paragraphs, headings, list items and tables, by their geometry.

A line goes on with the paragraph before it unless something says that it does not: a wider gap, another size or weight, an
indent after a finished sentence, a number or bullet, or room at the end of the line before into which its first word
would have fitted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.pdf_page import Line, PageText, Word
from longdoc.types import BlockKind

LARGER = 1.12
WIDER_GAP = 1.3
LOOSEST = 2.4
"""Steps between lines, in line heights, beyond which no sentence goes on."""
FEWEST_STEPS = 6
HEADING_WORDS = 24

_FIGURE = re.compile(
    r"[(\[<>~+-]*[$€£¥]?\s*[(-]?\d[\d,.]*\s*(?:%|\)|\]|x|bps|pts)*\.?|[$€£¥]|[\u2014\u2013-]{1,2}|N/?[AM]|n/?[am]|\(?[a-z]\)|\*+",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:FY\s*)?(?:19|20)\d\d")
_ENDED = re.compile(r"[.;:?!][\"”’')\]]*$|(?:;|,)\s*(?:and|or)$")
_FINISHED = re.compile(r"[.?!:][\"”’')\]]*(?:\[?\d{1,2}\]?)?$")
_CONNECTED = re.compile(r"(?:\b(?:and|or|of|for|the|to|in|with|by|on)|[,&-])$", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\.\s?){4,}|_{3,}$")


@dataclass(slots=True)
class Paragraph:
    """Lines of one block; for a table each line is a row."""

    kind: BlockKind
    lines: list[Line]
    level: int | None = None


@dataclass(frozen=True, slots=True)
class BodyStyle:
    """What most of the document's text looks like: height and weight of a line, and its pitch as a multiple of the height."""

    size: float
    weight: int
    pitch: float

    def is_bold(self, line: Line) -> bool:
        """Whether the line is heavier than the body."""
        return line.bold or line.weight >= 1.3 * self.weight > 0

    @classmethod
    def of(cls, pages: Sequence[PageText]) -> BodyStyle:
        """The style of most characters of `pages`."""
        sizes: Counter[float] = Counter()
        weights: Counter[int] = Counter()
        for page in pages:
            for line in page.lines:
                length = line.words[-1].end - line.words[0].start
                sizes[round(2 * line.size) / 2] += length
                weights[line.weight] += 0 if line.bold else length
        ratios = [ratio for page in pages[:200] for ratio in _pitches(page.lines)]
        size = sizes.most_common(1)[0][0] if sizes else 10.0
        weight = weights.most_common(1)[0][0] if weights else 0
        return cls(max(size, 1.0), weight, median(ratios) if ratios else 1.2)


def _pitches(lines: Sequence[Line]) -> list[float]:
    return [
        (after.top - before.top) / before.size
        for before, after in pairwise(lines)
        if 0 < after.top - before.top < 3.5 * before.size and abs(after.x0 - before.x0) < 2 * before.size and before.size > 0
    ]


def find_paragraphs(page: PageText, body: BodyStyle) -> list[Paragraph]:
    """The page's blocks in reading order."""
    lines = page.lines
    if not lines:
        return []
    texts = [line.content for line in lines]
    rows = _table_rows(page, texts)
    pitches = _pitch_by_line(lines, rows, body)
    margins = _right_margins(lines, rows, pitches)
    paragraphs: list[Paragraph] = []
    group: list[int] = []
    for index in range(len(lines)):
        if group and not _continues(lines, texts, rows, group, index, pitches[index], margins, body):
            paragraphs.append(_close(lines, texts, rows, group, body))
            group = []
        group.append(index)
    paragraphs.append(_close(lines, texts, rows, group, body))
    return paragraphs


def _continues(
    lines: list[Line],
    texts: list[str],
    rows: list[bool],
    group: list[int],
    index: int,
    pitch: float,
    margins: list[float],
    body: BodyStyle,
) -> bool:
    before, line = lines[index - 1], lines[index]
    step = line.top - before.top
    if rows[index] or rows[index - 1]:
        return rows[index] and rows[index - 1] and (0 < step < 3.2 * before.size or _steps_right(before, line))
    if before.hyphen:
        return True
    text, text_before = texts[index], texts[index - 1]
    ended = _ENDED.search(text_before) is not None
    if step < -before.size or line.x0 > before.x1 + before.size or line.after_break:
        # The paragraph goes on in the next column, or it does not: only its words can tell.
        return not ended and text[:1].islower()
    goes_on = not ended and text[0].islower()
    if step > (LOOSEST if goes_on else WIDER_GAP * pitch) * max(before.size, line.size):
        return False
    if max(before.size, line.size) > LARGER * min(before.size, line.size):
        return False
    if _is_titled(line, body) and _is_titled(before, body):
        if _CONNECTED.search(text_before):
            return True
        if _is_short(before, line, lines):
            return False
    if body.is_bold(line) != body.is_bold(before) and len(group) < 3 and (ended or _room(before, line, margins[index - 1])):
        return False
    if is_bullet(text):
        return False
    if read_number(text) and (ended or _room(before, line, margins[index - 1]) or text[0] == "("):
        return ended is False and text[0] == "(" and not _room(before, line, margins[index - 1])
    if goes_on:
        return True
    if _room(before, line, margins[index - 1]):
        return False
    indent = line.x0 - before.x0
    if indent > 0.8 * line.size:
        first = len(group) == 1
        return not _FINISHED.search(text_before) or (first and read_number(text_before) != [])
    if indent < -0.8 * line.size and len(group) > 1:
        return not _FINISHED.search(text_before)
    return True


def _is_titled(line: Line, body: BodyStyle) -> bool:
    return body.is_bold(line) or line.size >= LARGER * body.size


def _is_short(before: Line, line: Line, lines: list[Line]) -> bool:
    """Of two title lines, whether the first leaves room for the next one's first word: lines of a title block, not one long title."""
    usual = sorted(other.x1 - other.x0 for other in lines)[int(0.8 * (len(lines) - 1))]
    first = line.words[0]
    return before.x1 - before.x0 + 0.35 * before.size + first.x1 - first.x0 < 0.8 * usual


def _room(before: Line, line: Line, margin: float) -> bool:
    """Whether the next line's first word would have fitted at the end of the line before: then the break was meant."""
    first = line.words[0]
    return before.x1 + 0.35 * before.size + (first.x1 - first.x0) < margin - 0.6 * before.size


def _pitch_by_line(lines: list[Line], rows: list[bool], body: BodyStyle) -> list[float]:
    """The usual step from line to line on this page for text of each line's size; the document's where there are too few such lines."""
    seen: dict[int, list[float]] = {}
    for before, after in pairwise([line for line, row in zip(lines, rows, strict=True) if not row]):
        if round(before.size) == round(after.size):
            seen.setdefault(round(before.size), []).extend(_pitches((before, after)))
    usual = {size: median(ratios) for size, ratios in seen.items() if len(ratios) >= FEWEST_STEPS}
    return [usual.get(round(line.size), body.pitch) for line in lines]


def _right_margins(lines: list[Line], rows: list[bool], pitches: list[float]) -> list[float]:
    """For each line, how far right the lines around it reach that follow closely in the same column."""
    margins = [0.0] * len(lines)
    start = 0
    for index in range(1, len(lines) + 1):
        if index < len(lines):
            step = lines[index].top - lines[index - 1].top
            if not rows[index] and not rows[index - 1] and 0 < step <= WIDER_GAP * pitches[index] * lines[index].size:
                continue
        # In ragged text the widest line is no margin; where lines are justified most of them reach it.
        ends = sorted(line.x1 for line in lines[start:index])
        reach = ends[-1] if len(ends) < 5 else ends[int(0.8 * (len(ends) - 1))]
        margins[start:index] = [reach] * (index - start)
        start = index
    return margins


def _close(lines: list[Line], texts: list[str], rows: list[bool], group: list[int], body: BodyStyle) -> Paragraph:
    members = [lines[index] for index in group]
    if rows[group[0]]:
        return Paragraph("table", members)
    text = texts[group[0]]
    if is_bullet(text):
        return Paragraph("list_item", members)
    length = sum(len(texts[index]) for index in group)
    words = sum(len(line.words) for line in members)
    letters = sum(map(str.isalpha, text))
    if len(group) <= 3 and length <= 200 and words <= HEADING_WORDS and letters >= 3 and not texts[group[-1]].endswith((",", ";")):
        size = min(line.size for line in members)
        level = 1 if size >= 1.35 * body.size else 2 if size >= LARGER * body.size else None
        if level is not None and not texts[group[-1]].endswith("."):
            return Paragraph("heading", members, level)
        if all(body.is_bold(line) for line in members) and _looks_titled(text, texts[group[-1]]):
            return Paragraph("heading", members)
    return Paragraph("paragraph", members)


def _looks_titled(first: str, last: str) -> bool:
    """A bold line that is a sentence, or a signature's label, is no heading."""
    if last.endswith((":", "…")) and not first.isupper():
        return len(first.split()) <= 8
    return (
        (not last.endswith(".") or bool(read_number(first)) or len(first.split()) <= 6)
        and "____" not in first
        and first[0].islower() is False
    )


def _table_rows(page: PageText, texts: list[str]) -> list[bool]:
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
        if not _steps_right(lines[index - 1], lines[index]):
            index += 1
            continue
        first, last, steps = index - 1, index, 1
        while first > 0 and _same_cell(lines[first - 1], lines[first]):
            first -= 1
        while last + 1 < len(lines):
            right = _steps_right(lines[last], lines[last + 1])
            if not right and not _same_cell(lines[last], lines[last + 1]):
                break
            steps += right
            last += 1
        height = max(line.bottom for line in lines[first : last + 1]) - min(line.top for line in lines[first : last + 1])
        if height < 9 * lines[index].size and (steps >= 2 or any(rows[last : last + 4])):
            found += range(first, last + 1)
        index = last + 1
    return found


def _steps_right(before: Line, line: Line) -> bool:
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
            most = 8 if any(_steps_right(lines[place - 1], lines[place]) for place in (*between, index)) else 4
            if len(between) <= most and all(_may_be_label(lines, texts, place) for place in between):
                for place in between:
                    filled[place] = True
        last = index
    return filled


def _may_be_label(lines: list[Line], texts: list[str], index: int) -> bool:
    before, line = lines[index - 1], lines[index]
    close = 0 < line.top - before.top < 2.2 * line.size or _steps_right(before, line)
    return close and len(texts[index]) <= 90 and not texts[index].endswith((".", ";")) and not is_bullet(texts[index])


def _cell_text(page: PageText, cell: Sequence[Word]) -> str:
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
