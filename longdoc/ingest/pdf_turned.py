"""Lines that stand on their side on a page of upright text: the headings of a table's narrow columns, the name of a chart's axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from longdoc.ingest.pdf_page import Line, PageText
from longdoc.ingest.pdf_paragraphs import Paragraph


def joined(lines: Sequence[Line]) -> list[Line]:
    """Words that stand one above the other become one line; those that stand aslant are left as they are."""
    found: list[Line] = []
    for line in lines:
        before = found[-1] if found else None
        if before is None or not (line.turned and before.turned and _shared(before, line) > 0.5 and _apart(before, line) < line.size):
            found.append(line)
            continue
        before.scattered |= line.scattered or not 0 < line.words[0].start - before.words[-1].end <= 3
        before.plain = False
        before.words = [*before.words, *line.words]
        before.x0, before.x1 = min(before.x0, line.x0), max(before.x1, line.x1)
        before.top, before.bottom = min(before.top, line.top), max(before.bottom, line.bottom)
    return found


def take_turned(page: PageText) -> list[Line]:
    """Take the lines that are not upright out of `page.lines`."""
    turned = [line for line in page.lines if not line.upright]
    if turned:
        page.lines = [line for line in page.lines if line.upright]
    return turned


def with_turned(paragraphs: Sequence[Paragraph], turned: Sequence[Line]) -> list[Paragraph]:
    """The page's paragraphs with those lines before what stands below or beside them; lines that stand close together are one paragraph."""
    placed = list(paragraphs)
    groups: list[list[Line]] = [[line] for line in turned[:1]]
    for before, line in pairwise(turned):
        near = max(before.x0 - line.x1, line.x0 - before.x1) < max(before.size, line.size)
        beside = min(before.bottom, line.bottom) - max(before.top, line.top) > 0.5 * min(before.bottom - before.top, line.bottom - line.top)
        if near and beside:
            groups[-1].append(line)
        else:
            groups.append([line])
    for group in groups:
        middle = (min(line.top for line in group) + max(line.bottom for line in group)) / 2
        x0, x1 = min(line.x0 for line in group), max(line.x1 for line in group)
        place = next((at for at, one in enumerate(placed) if _stands_by(one, middle, x0, x1)), len(placed))
        placed.insert(place, Paragraph("paragraph", group))
    return placed


def _stands_by(paragraph: Paragraph, middle: float, x0: float, x1: float) -> bool:
    """Whether part of an upright paragraph, or of a table at any side, stands below the height `middle`."""
    lines = paragraph.lines
    if not lines[0].upright or max(line.bottom for line in lines) < middle:
        return False
    if paragraph.grid is not None:
        return True
    return min(line.x0 for line in lines) < x1 and x0 < max(line.x1 for line in lines)


def _shared(one: Line, other: Line) -> float:
    """The part of the narrower line's width at which both stand."""
    return (min(one.x1, other.x1) - max(one.x0, other.x0)) / max(min(one.x1 - one.x0, other.x1 - other.x0), 0.1)


def _apart(one: Line, other: Line) -> float:
    return max(one.top - other.bottom, other.top - one.bottom)
