"""Stamps and watermarks of paged text: letters aslant, in the margin on their side, or large behind the lines of a page.

What stands on its side within the text is none: a table's heading, the name of an axis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from longdoc.ingest.pdf_page import Line, PageText

LARGER = 2.0
"""Height of a watermark's letters at least, of the document's usual line."""
MOST_WORDS = 6
FEWEST_PAGES = 3
OVERLAP = 0.3
"""Part of a line's height that must stand on a watermark."""
SAMPLED = 50


def find_stamps(pages: Sequence[PageText]) -> set[int]:
    """The identities of the lines that are stamps or watermarks."""
    found = {id(line) for page in pages for line in page.lines if not line.upright and (not line.turned or _is_marginal(line, page))}
    usual = _usual_size(pages)
    large = [(page, line) for page in pages for line in page.lines if line.size >= LARGER * usual and line.upright]
    if not large:
        return found
    large = [(page, line) for page, line in large if len(line.words) <= MOST_WORDS]
    behind = {_key(line) for page, line in large if _is_behind(line, page.lines)}
    places = Counter((_key(line), round(line.x0 / 12), round(line.top / 12)) for _, line in large)
    steady = {key for (key, _, _), count in places.items() if count >= max(FEWEST_PAGES, 0.5 * len(pages))}
    for page, line in large:
        # A title that every page has stands above its text.
        if _key(line) in behind or (_key(line) in steady and any(other.bottom < line.top for other in page.lines)):
            found.add(id(line))
    return found


def _key(line: Line) -> tuple[str, int]:
    return "".join(line.content.split()).lower(), round(line.size / 4)


def _usual_size(pages: Iterable[PageText]) -> float:
    sizes = [line.size for page in pages for line in page.lines[:SAMPLED] if line.upright]
    return median(sizes) if sizes else 10.0


def _is_marginal(line: Line, page: PageText) -> bool:
    """Whether a line on its side stands left or right of all upright ones but those that reach the page's edges."""
    upright = [other for other in page.lines if other.upright]
    beside = sum(other.x0 < line.x1 and line.x0 < other.x1 for other in upright)
    left = sum(other.x1 <= line.x0 + 1 for other in upright)
    right = sum(other.x0 >= line.x1 - 1 for other in upright)
    return beside * 20 <= len(upright) and (left * 20 <= len(upright) or right * 20 <= len(upright))


def _is_behind(line: Line, lines: Sequence[Line]) -> bool:
    """Whether other lines stand on it."""
    return any(
        other is not line
        and other.upright
        and LARGER * other.size <= line.size
        and min(line.bottom, other.bottom) - max(line.top, other.top) > OVERLAP * (other.bottom - other.top)
        and min(line.x1, other.x1) - max(line.x0, other.x0) > other.size
        for other in lines
    )
