"""Levels of a PDF's headings by what they look like in the whole document: larger above smaller, then bold, bold italics, italics.

A heading of the size of the text, in bold or capitals, gets no level here: the section tree has its own places for those (placing.py),
between the larger ones and those in italics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low

from longdoc.ingest.numbering import read_number
from longdoc.ingest.pdf_paragraphs import BodyStyle, Paragraph, height

ALIKE = 1.06
"""Sizes that differ by less are one."""
SMALLER = 0.9
"""Height of a heading at least, of the text's smallest."""
LARGE_LEVELS = 3
BOLD_ITALIC, ITALIC = 5, 6
TEXT_LINES = 3
"""Lines of a paragraph that shows what size the text has."""
TEXT_SHARE = 0.1
"""Part of such paragraphs' lines at least that makes a size one of the text."""
FEWEST = 2
"""Headings of a size at least for those that are smaller to stand below them."""
LONGEST_ITALIC = 70


def rank_headings(pages: Sequence[Sequence[Paragraph]], body: BodyStyle) -> None:
    """Set the levels of all pages' headings, in place. Large lines of a size that running text has too are no headings for that, nor are
    bold ones in small print.

    A short paragraph in italics gets a level as well: it is that of the heading which it may turn out to be.
    """
    text = _text_sizes(pages)
    large: list[tuple[float, Paragraph]] = []
    for page in pages:
        print_size = min([*text, *_usual_size(page)], default=0.0)
        for paragraph in page:
            if paragraph.kind == "heading" and paragraph.level is not None:
                size = max(height(line) for line in paragraph.lines)
                if not any(_alike(size, usual) for usual in text):
                    large.append((size, paragraph))
                    continue
                paragraph.level = None
                if not all(body.is_bold(line) for line in paragraph.lines):
                    paragraph.kind = "paragraph"
            elif paragraph.kind == "heading" and _is_small(paragraph, print_size):
                paragraph.kind = "paragraph"
                continue
            if paragraph.grid is None and all(line.italic for line in paragraph.lines):
                _rank_italics(paragraph)
    steps = _steps([size for size, _ in large])
    for size, paragraph in large:
        paragraph.level = min(1 + sum(size < step for step in steps), LARGE_LEVELS)


def _rank_italics(paragraph: Paragraph) -> None:
    content = paragraph.lines[0].content
    if paragraph.kind == "heading" and not content.isupper():
        paragraph.level = BOLD_ITALIC if any(line.bold for line in paragraph.lines) else ITALIC
    elif paragraph.kind == "paragraph" and len(paragraph.lines) == 1 and len(content) <= LONGEST_ITALIC:
        paragraph.level = ITALIC


def _is_small(paragraph: Paragraph, print_size: float) -> bool:
    """Whether a heading without a number is smaller than text is, as bold words of a table are."""
    return max(height(line) for line in paragraph.lines) < SMALLER * print_size and not read_number(
        paragraph.lines[0].content, heading=True
    )


def _usual_size(page: Sequence[Paragraph]) -> list[float]:
    """The usual size of a page's lines, nothing where it has none: statements of accounts are set in small print as a whole."""
    sizes = [line.size for one in page for line in one.lines]
    return [median_low(sizes)] if sizes else []


def _text_sizes(pages: Sequence[Sequence[Paragraph]]) -> list[float]:
    counts = Counter(
        round(2 * line.size) / 2
        for page in pages
        for one in page
        if one.kind in ("paragraph", "list_item") and len(one.lines) >= TEXT_LINES
        for line in one.lines
    )
    return [size for size, count in counts.items() if count >= TEXT_SHARE * counts.total()]


def _steps(sizes: Sequence[float]) -> list[float]:
    """Below each of these sizes headings stand a level deeper; a size that is seen once, on a cover perhaps, makes no level."""
    groups: list[list[float]] = []
    for before, size in pairwise([float("inf"), *sorted(sizes, reverse=True)]):
        if not groups or not _alike(before, size):
            groups.append([])
        groups[-1].append(size)
    return [min(group) for group in groups if len(group) >= FEWEST]


def _alike(one: float, other: float) -> bool:
    return max(one, other) < ALIKE * min(one, other)
