"""What a person is shown of a search: hits that stand beside one another in a section as one, with the sentence that answers marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from longdoc.model.answer import folded, question_terms
from longdoc.protocols import Reader
from longdoc.types import Citation, Passage, Span
from longdoc_pipelines.filters import EVERYTHING, Filters
from longdoc_pipelines.fusion import Found
from longdoc_pipelines.search import find_chunks
from longdoc_pipelines.sheets import Row, Sheet, Sheets
from longdoc_pipelines.statements import wanted
from longdoc_pipelines.table_rows import row_at

if TYPE_CHECKING:
    import numpy.typing as npt

    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

_WORD = re.compile(r"[^\W_]+(?:[.,&'’-][^\W_]+)*")
LONGEST = 4_000
"""Characters that one result has at most, unless a single chunk has more."""
MEANING, WORDS, LINES = 0.6, 0.4, 0.3
"""What a sentence's vector, its share of the query's words, and each line item that is asked for and that it names count."""
LEAST = 0.15
"""A sentence that weighs less than that answers nothing."""
FEWEST = 4
"""Words of a sentence; what has fewer is a heading or a remnant."""
MORE = 2
"""Chunks are found for so many times the results wanted, since some become one."""


@dataclass
class _Result:
    """Chunks of a document from `first` to `last`, with the score of the best of them."""

    entry: Entry
    first: int
    last: int
    score: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or the row of a table, in the chunk `row`: its span, and the inner product of its vector and the query's."""

    row: Row
    span: Span
    meaning: float


def results(
    corpus: Corpus,
    reader: Reader,
    query: str,
    entries: Sequence[Entry],
    k: int = 10,
    filters: Filters = EVERYTHING,
    sheets: Sheets | None = None,
) -> list[Passage]:
    """The `k` places that fit `query` best, best first, each with the sentence or table row in it that answers best, if one does.

    Neighbouring chunks of one section and page that both fit are one result, which has the score of the better one. `sheets` of earlier
    searches need not be read again.

    Raises: as search.
    """
    sheets = sheets or Sheets(corpus)
    vector = reader.embed([query])[0]
    hits = find_chunks(corpus, reader, query, entries, MORE * k, filters, sheets, vector)
    if not hits:
        return []
    marks = _Marks(corpus, reader.reading_fingerprint, query, vector, sheets)
    documents = cache(lambda path: corpus.document(next(entry for entry in entries if entry.path == path)))
    passages = []
    for rank, result in enumerate(merged(hits, sheets, k), start=1):
        sheet, answer = sheets[result.entry], marks.answer(result)
        # What the columns of a row are, only its document tells.
        in_table = answer is not None and any(row.table for row in sheet.rows[result.first : result.last + 1])
        read = row_at(documents(result.entry.path), answer.span) if in_table and answer is not None else None
        citation = sheet.cite(result.entry, result.first, result.last)
        passages.append(Passage(rank=rank, score=result.score, citation=citation, answer=answer, row=read))
    return passages


def merged(hits: Sequence[Found], sheets: Sheets, k: int) -> list[_Result]:
    """At most `k` results; a hit that adjoins one that is there becomes part of it."""
    made: list[_Result] = []
    for entry, chunk, score in hits:
        beside = next((one for one in made if one.entry.path == entry.path and _adjoins(one, chunk, sheets[entry])), None)
        if beside is not None:
            beside.first, beside.last = min(beside.first, chunk), max(beside.last, chunk)
        elif len(made) == k:
            break
        else:
            made.append(_Result(entry, chunk, chunk, score))
    return made


def _adjoins(result: _Result, chunk: int, sheet: Sheet) -> bool:
    """Whether a chunk comes right before or after a result, in its section and on its page, and both together are not too long."""
    first, last = min(result.first, chunk), max(result.last, chunk)
    if last - first != result.last - result.first + 1:
        return False
    rows = sheet.rows[first : last + 1]
    alike = len({(row.section, row.page) for row in rows}) == 1
    return alike and all(row.gap is not None for row in rows[:-1]) and rows[-1].end - rows[0].start <= LONGEST


class _Marks:
    """Finds the sentence of a result that answers a query."""

    def __init__(self, corpus: Corpus, fingerprint: str, query: str, vector: npt.NDArray[np.float32], sheets: Sheets) -> None:
        self._corpus, self._sheets = corpus, sheets
        self._fingerprint, self._vector = fingerprint, vector
        self._terms = question_terms(query)
        self._lines = wanted(query).lines

    def answer(self, result: _Result) -> Citation | None:
        """The citation of the sentence or row that weighs most, the first of equal ones; None where none weighs enough."""
        sheet = self._sheets[result.entry]
        best: tuple[float, _Piece] | None = None
        for chunk in range(result.first, result.last + 1):
            for piece in self._pieces(result.entry, chunk, sheet.rows[chunk]):
                weight = self._weight(piece)
                if weight >= LEAST and (best is None or weight > best[0]):
                    best = weight, piece
        if best is None:
            return None
        row, span = best[1].row, best[1].span
        return sheet.part(result.entry, row, span, _quote(row, span))

    def _weight(self, piece: _Piece) -> float:
        quote = _quote(piece.row, piece.span)
        words = {folded(word) for word in _WORD.findall(quote)}
        total = sum(self._terms.values())
        share = sum(weight for term, weight in self._terms.items() if term in words) / total if total else 0.0
        named = any(line in quote.casefold() for line in self._lines)
        return MEANING * piece.meaning + WORDS * share + LINES * named

    def _pieces(self, entry: Entry, chunk: int, row: Row) -> Iterator[_Piece]:
        spans, vectors = self._corpus.sentences(entry, chunk, self._fingerprint)
        near = vectors.astype(np.float32) @ self._vector
        if row.table:
            # The vectors of a table's sentences are not those of its rows: their mean stands for each.
            meaning = float(near.mean()) if len(near) else 0.0
            yield from (_Piece(row, span, meaning) for span in _lines(row))
            return
        for (start, end), meaning in zip(spans.tolist(), near.tolist(), strict=True):
            span = _trimmed(row, max(start, row.start), min(end, row.end))
            if span is not None and len(_quote(row, span).split()) >= FEWEST:
                yield _Piece(row, span, meaning)


def _lines(row: Row) -> Iterator[Span]:
    """The rows of a table that hold a figure, or else all."""
    start, lines = row.start, []
    for line in row.quote.split("\n"):
        span = _trimmed(row, start, start + len(line))
        if span is not None:
            lines.append(span)
        start += len(line) + 1
    with_figures = [span for span in lines if any(character.isdigit() for character in _quote(row, span))]
    yield from with_figures or lines


def _trimmed(row: Row, start: int, end: int) -> Span | None:
    """The range without the blanks at its ends, None if that is all there is."""
    if end <= start:
        return None
    quote = row.quote[start - row.start : end - row.start]
    if not quote.strip():
        return None
    return Span(start=start + len(quote) - len(quote.lstrip()), end=end - len(quote) + len(quote.rstrip()))


def _quote(row: Row, span: Span) -> str:
    return row.quote[span.start - row.start : span.end - row.start]
