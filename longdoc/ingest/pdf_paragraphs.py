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

from longdoc.ingest.furniture import line_text
from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.pdf_page import Line, PageText, Word
from longdoc.types import BlockKind

LARGER = 1.12
WIDER_GAP = 1.3
HEADING_WORDS = 24

_FIGURE = re.compile(
    r"[(\[<>~+-]*[$€£¥]?\s*[(-]?\d[\d,.]*\s*(?:%|\)|\]|x|bps|pts)*\.?|[$€£¥]|[\u2014\u2013-]{1,2}|N/?[AM]|n/?[am]|\(?[a-z]\)|\*+",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:FY\s*)?(?:19|20)\d\d")
_ENDED = re.compile(r"[.;:?!][\"”’')\]]*$|(?:;|,)\s*(?:and|or)$")
_FINISHED = re.compile(r"[.?!:][\"”’')\]]*(?:\[?\d{1,2}\]?)?$")
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
    texts = [line_text(page, line) for line in lines]
    rows = _table_rows(page, texts)
    ratios = _pitches([line for line, row in zip(lines, rows, strict=True) if not row])
    pitch = median(ratios) if len(ratios) >= 8 else body.pitch
    margins = _right_margins(lines, rows, pitch)
    paragraphs: list[Paragraph] = []
    group: list[int] = []
    for index in range(len(lines)):
        if group and not _continues(lines, texts, rows, group, index, pitch, margins, body):
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
        return rows[index] and rows[index - 1] and 0 < step < 3.2 * before.size
    if before.hyphen:
        return True
    jumped = step < -before.size or line.x0 > before.x1 + before.size
    if not jumped and step > WIDER_GAP * pitch * max(before.size, line.size):
        return False
    if max(before.size, line.size) > LARGER * min(before.size, line.size):
        return False
    text, text_before = texts[index], texts[index - 1]
    ended = _ENDED.search(text_before) is not None
    if jumped:
        # The paragraph goes on in the next column, or it does not: only its words can tell.
        return not ended and text[:1].islower()
    if body.is_bold(line) != body.is_bold(before) and len(group) < 3 and (ended or _room(before, line, margins[index - 1])):
        return False
    if is_bullet(text):
        return False
    if read_number(text) and (ended or _room(before, line, margins[index - 1]) or text[0] == "("):
        return ended is False and text[0] == "(" and not _room(before, line, margins[index - 1])
    if _room(before, line, margins[index - 1]):
        return False
    indent = line.x0 - before.x0
    if indent > 0.8 * line.size:
        first = len(group) == 1
        return not _FINISHED.search(text_before) or (first and read_number(text_before) != [])
    if indent < -0.8 * line.size and len(group) > 1:
        return not _FINISHED.search(text_before)
    return True


def _room(before: Line, line: Line, margin: float) -> bool:
    """Whether the next line's first word would have fitted at the end of the line before: then the break was meant."""
    first = line.words[0]
    return before.x1 + 0.35 * before.size + (first.x1 - first.x0) < margin - 0.6 * before.size


def _right_margins(lines: list[Line], rows: list[bool], pitch: float) -> list[float]:
    """For each line, how far right the lines around it reach that follow closely in the same column."""
    margins = [0.0] * len(lines)
    start = 0
    for index in range(1, len(lines) + 1):
        if index < len(lines):
            step = lines[index].top - lines[index - 1].top
            if not rows[index] and not rows[index - 1] and 0 < step <= WIDER_GAP * pitch * lines[index].size:
                continue
        reach = max(line.x1 for line in lines[start:index])
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
    cells = [[_cell_text(page, cell) for cell in line.cells] for line in lines]
    figures = [
        _has_figures(row) or (_LEADERS.search(text) is not None and text[-1:].isdigit()) for row, text in zip(cells, texts, strict=True)
    ]
    several = [len(row) >= 2 and not _is_numbered(row) and sum(len(cell.split()) for cell in row) <= 7 * len(row) for row in cells]
    rows = list(figures)
    for index in range(len(lines)):
        near = [
            other
            for other in (index - 1, index + 1)
            if 0 <= other < len(lines) and abs(lines[other].top - lines[index].top) < 3 * lines[index].size
        ]
        if several[index] and any(several[other] or figures[other] for other in near):
            rows[index] = True
    return _fill_between(lines, texts, rows)


def _fill_between(lines: list[Line], texts: list[str], rows: list[bool]) -> list[bool]:
    filled = list(rows)
    last: int | None = None
    for index, row in enumerate(rows):
        if not row:
            continue
        if last is not None and 1 < index - last <= 4 and all(_may_be_label(lines, texts, between) for between in range(last + 1, index)):
            for between in range(last + 1, index):
                filled[between] = True
        last = index
    return filled


def _may_be_label(lines: list[Line], texts: list[str], index: int) -> bool:
    close = 0 < lines[index].top - lines[index - 1].top < 2.2 * lines[index].size
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


def _is_numbered(cells: list[str]) -> bool:
    return len(cells[0]) <= 8 and (is_bullet(cells[0] + " x") or read_number(cells[0] + " X") != [])
