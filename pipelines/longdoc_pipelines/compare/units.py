"""A document as units that are compared as wholes: paragraphs, rows of tables, and the sentences of very long paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from longdoc.ingest.numbering import read_number
from longdoc.model.sentences import split_text
from longdoc.types import Document, Span

LONG = 1200
"""Characters from which on a paragraph is compared sentence by sentence."""
_WORD = re.compile(r"\w+(?:[.,'’-]\w+)*|[$€£¥%]")


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of text and its words: `words` folded, `places` their ranges in the document. The unit's own number is none of its words:
    a clause that was only renumbered is the same. `label` is the first cell of a row of a table, folded, None elsewhere."""

    span: Span
    words: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    label: str | None = None

    @property
    def table(self) -> bool:
        """Whether it is a row of a table."""
        return self.label is not None


LABEL = re.compile(r"[\s|]*([^\t|]*?)\s*(?:\t|\||\s{3,}|$)")
"""The first cell of a row."""


def units_of(document: Document) -> list[Unit]:
    """All units with words, in reading order."""
    found = []
    for start, end, table in _stretches(document):
        content = document.text[start:end]
        number = [] if table else read_number(content, heading=True)
        first = number[0].end if number else 0
        words = list(_WORD.finditer(content, first)) or list(_WORD.finditer(content))
        if words:
            places = tuple((start + word.start(), start + word.end()) for word in words)
            label = LABEL.match(content) if table else None
            folded = tuple(word[0].casefold() for word in words)
            found.append(Unit(Span(start=start, end=end), folded, places, None if not table else label[1].casefold() if label else ""))
    return found


def _stretches(document: Document) -> Iterator[tuple[int, int, bool]]:
    for block in document.blocks:
        if not block.running:
            continue
        start, end = block.span.start, block.span.end
        if block.kind in ("table", "code"):
            for row in re.finditer(r"[^\n]+", document.text[start:end]):
                yield start + row.start(), start + row.end(), True
        elif end - start > LONG:
            for low, high in split_text(document.text[start:end]):
                yield start + low, start + high, False
        else:
            yield start, end, False
