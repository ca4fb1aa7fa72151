"""Words whose letters stand apart become words again: letters that were drawn one by one, and "A G R E E M E N T".

Letters drawn one by one touch each other; what parts them in PDFium's characters is no space. Letters set apart with spaces are a word
where they are several, all as far apart as the others; the space between two such words is wider.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from longdoc.ingest.pdf_page import Line, PageText, Word

TOUCHING = 0.08
"""A gap, in line heights, up to which two letters touch."""
WIDEST = 0.6
"""A gap, in line heights, beyond which two letters are of two words."""
EVEN = 1.4
"""How much wider than the narrowest gap of a word another may be."""
LONGEST_SPAN = 3.4
"""Characters a word, with what parts them, up to which a line is looked at."""
_SET_APART = re.compile(r"[A-Z]{5,}[:.]?|[^\W\d_]{7,}[:.,]?")


def join_letters(line: Line, page: PageText) -> None:
    """Put such words of an ordered line together, in place; most lines are passed over by their number of words."""
    count = len(line.words)
    if count < 4 or line.words[-1].end - line.words[0].start > LONGEST_SPAN * count:
        return
    words = _drawn_one_by_one(line, page.text)
    words = _set_apart(words, line.size, page.text)
    if len(words) < count:
        line.words, line.plain, line.spaced, page.spaced = words, False, True, True


def _drawn_one_by_one(line: Line, text: str) -> list[Word]:
    joined = [line.words[0]]
    for word in line.words[1:]:
        before = joined[-1]
        touches = abs(word.x0 - before.x1) <= TOUCHING * line.size and 0 < word.start - before.end <= 3
        if touches and not any(mark in text[before.end : word.start] for mark in " \u00a0"):
            joined[-1] = _together([before, word])
        else:
            joined.append(word)
    return joined


def _set_apart(words: Sequence[Word], size: float, text: str) -> list[Word]:
    found: list[Word] = []
    runs: list[list[Word]] = [[words[0]]]
    for before, word in pairwise(words):
        gap = word.x0 - before.x1
        narrowest = min((after.x0 - one.x1 for one, after in pairwise(runs[-1])), default=gap)
        single = before.end - before.start == 1 and word.end - word.start <= 2 and 0 < word.start - before.end <= 3
        if single and 0 < gap < WIDEST * size and gap <= EVEN * narrowest:
            runs[-1].append(word)
        else:
            runs.append([word])
    for run in runs:
        if len(run) > 1 and _SET_APART.fullmatch("".join(text[word.start : word.end] for word in run)):
            found.append(_together(run))
        else:
            found += run
    return found


def _together(words: Sequence[Word]) -> Word:
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    return Word(words[0].start, words[-1].end, words[0].x0, words[-1].x1, top, bottom)
