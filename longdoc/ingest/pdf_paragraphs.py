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
from statistics import median, median_low

from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.pdf_cells import Grid
from longdoc.ingest.pdf_grid import make_grid
from longdoc.ingest.pdf_page import Line, PageText
from longdoc.ingest.pdf_tables import find_tables
from longdoc.types import BlockKind

LARGER = 1.12
WIDER_GAP = 1.3
LOOSEST = 2.4
"""Steps between lines, in line heights, beyond which no sentence goes on."""
FEWEST_STEPS = 6
HEADING_WORDS = 24

_ENDED = re.compile(r"[.;:?!][\"”’')\]]*$|(?:;|,)\s*(?:and|or)$")
_FINISHED = re.compile(r"[.?!:][\"”’')\]]*(?:\[?\d{1,2}\]?)?$")
_CONNECTED = re.compile(r"(?:\b(?:and|or|of|for|the|to|in|with|by|on)|[,&-])$", re.IGNORECASE)


@dataclass(slots=True)
class Paragraph:
    """Lines of one block; a table has its rows in `grid`."""

    kind: BlockKind
    lines: list[Line]
    level: int | None = None
    grid: Grid | None = None


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
    tables = find_tables(page)
    rows = [table > 0 for table in tables]
    pitches = _pitch_by_line(lines, rows, body)
    margins = _right_margins(lines, rows, pitches)
    paragraphs: list[Paragraph] = []
    group: list[int] = []
    for index in range(len(lines)):
        if group and not _continues(lines, texts, tables, group, index, pitches[index], margins, body):
            paragraphs.append(_close(page, texts, rows, group, body))
            group = []
        group.append(index)
    paragraphs.append(_close(page, texts, rows, group, body))
    return paragraphs


def _continues(
    lines: list[Line],
    texts: list[str],
    tables: list[int],
    group: list[int],
    index: int,
    pitch: float,
    margins: list[float],
    body: BodyStyle,
) -> bool:
    before, line = lines[index - 1], lines[index]
    step = line.top - before.top
    if tables[index] or tables[index - 1]:
        return tables[index] == tables[index - 1]
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
    if max(before.size, line.size) > LARGER * min(before.size, line.size) and (ended or not _alike(before, line)):
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


def height(line: Line) -> float:
    """The usual height of a line's words; its `size` may be that of one with a raised figure."""
    return median_low(word.bottom - word.top for word in line.words)


def _alike(before: Line, line: Line) -> bool:
    one, other = height(before), height(line)
    return max(one, other) <= LARGER * min(one, other)


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


def _close(page: PageText, texts: list[str], rows: list[bool], group: list[int], body: BodyStyle) -> Paragraph:
    members = [page.lines[index] for index in group]
    if rows[group[0]]:
        return Paragraph("table", members, grid=make_grid(page, members))
    text = texts[group[0]]
    if is_bullet(text):
        return Paragraph("list_item", members)
    length = sum(len(texts[index]) for index in group)
    words = sum(len(line.words) for line in members)
    letters = sum(map(str.isalpha, text))
    if len(group) <= 3 and length <= 200 and words <= HEADING_WORDS and letters >= 3 and not texts[group[-1]].endswith((",", ";")):
        size = min(line.size for line in members)
        if size >= LARGER * body.size:
            size = min(height(line) for line in members)
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
