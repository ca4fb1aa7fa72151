"""Numbers of lines down the margin, as on pleading paper: 1 to 28 beside the text of every page."""

from __future__ import annotations

from collections.abc import Sequence

from longdoc.ingest.pdf_page import Line, PageText
from longdoc.types import Aside

FEWEST_NUMBERS = 10
FEWEST_PAGES = 2
ALIGNED = 6.0
"""Points by which the numbers' edges may differ."""


def take_line_numbers(pages: Sequence[PageText]) -> list[Aside]:
    """Take line numbers out of the lines of `pages`, in place; one aside a page that has them."""
    numbered = {page.number: found for page in pages if (found := _numbers(page))}
    if len(numbered) < FEWEST_PAGES or 2 * len(numbered) < sum(bool(page.lines) for page in pages):
        return []
    asides = []
    for page in pages:
        taken = numbered.get(page.number)
        if taken is None:
            continue
        words = [line.words[0] for line in taken]
        text = " ".join(page.text[word.start : word.end] for word in words)
        source = tuple((page.number, word.start, word.end - word.start) for word in words)
        asides.append(Aside(kind="line_number", text=text, page=page.number, source=source))
        alone = {id(line) for line in taken if len(line.words) == 1}
        for line in taken:
            if id(line) not in alone:
                line.words = line.words[1:]
                line.x0, line.plain = line.words[0].x0, False
        page.lines = [line for line in page.lines if id(line) not in alone]
    return asides


def _numbers(page: PageText) -> list[Line]:
    """The lines that begin with a number in the margin, one more than the last, from top to bottom; none if there are few."""
    found = []
    for line in page.lines:
        word = line.words[0]
        if page.text[word.start : word.end].isdecimal() and word.end - word.start <= 2 and word.x0 < 0.25 * page.width:
            found.append(line)
    found.sort(key=lambda line: line.top)
    best: list[Line] = []
    run: list[Line] = []
    for line in found:
        if run and (_value(page, line) != _value(page, run[-1]) + 1 or abs(line.words[0].x1 - run[0].words[0].x1) > ALIGNED):
            run = []
        run.append(line)
        best = run if len(run) > len(best) else best
    edge = max((line.words[0].x1 for line in best), default=0.0)
    texts = [line.words[1].x0 if len(line.words) > 1 else None for line in best]
    beside = all(left is None or left > edge + 2.0 for left in texts)
    return best if len(best) >= FEWEST_NUMBERS and beside else []


def _value(page: PageText, line: Line) -> int:
    word = line.words[0]
    return int(page.text[word.start : word.end])
