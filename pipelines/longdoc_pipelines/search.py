"""Chunks for a query: BM25 over the words and inner product over the vectors, made one by their scores, and pairs of words (fusion.py).

A question about accounts also asks for its line items by their other names, and for the statements that hold them (statements.py): of the
filings that fit best, the chunks of those statements are a third list, which counts as much as the other two together. It has no
scores, so that the three are fused by rank.

Among many documents, a filing that the query names ("3M in FY2018") comes before others: what fits is raised by the share of the query's
names and numbers that stand on its first pages. A filing so named none of whose chunks is among those found is searched by itself.
Other documents are not raised: a capital there is as often a term of every one of them ("Authorised Person").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from longdoc.errors import UsageError
from longdoc.protocols import Reader
from longdoc.types import Passage
from longdoc_pipelines.filters import EVERYTHING, Filters
from longdoc_pipelines.fusion import PAIRED, PAIRS, Found, blend, fuse, with_pairs
from longdoc_pipelines.sheets import Sheets
from longdoc_pipelines.statements import Wanted, lines_asked, wanted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import ChunkHit, Entry

NEAR, DOCUMENTS = 50, 5
"""Statements are looked for in the first documents of so many of the chunks that fit best."""
DEPTH = 200
"""How far down each list is read; what stands in one list only below that has no chance."""
UNDER = 5
"""How many times further down where a section is asked for: what has its words need not stand under it."""
FRONT, NAMED = 4, 200
"""Chunks of a document in which its names are looked for, and the documents that are told apart by them."""
NAMED_COUNTS = 0.5
"""What a document that has all the names adds to a chunk, of the score of what is first in every list."""
CERTAIN = 0.5
"""The share of the names from which a document is searched by itself."""


def search(
    corpus: Corpus, reader: Reader, query: str, entries: Sequence[Entry], k: int = 10, filters: Filters = EVERYTHING
) -> list[Passage]:
    """The `k` chunks of the documents `entries` that fit `query` best, best first, a passage each.

    A score compares within this list only: 1 means first by words and by meaning, with all pairs of the query's words.

    Raises: UsageError if the query is blank or `k` is below 1.
    """
    sheets = Sheets(corpus)
    hits = find_chunks(corpus, reader, query, entries, k, filters, sheets)
    return [
        Passage(rank=rank, score=score, citation=sheets[entry].cite(entry, chunk, chunk))
        for rank, (entry, chunk, score) in enumerate(hits, start=1)
    ]


def check(query: str, k: int, what: str = "query") -> None:
    """Raises: UsageError if the query is blank or `k` is below 1."""
    if not query.strip():
        raise UsageError(f"the {what} is empty")
    if k < 1:
        raise UsageError(f"k is the number of passages wanted and must be at least 1, got {k}")


def find_chunks(
    corpus: Corpus,
    reader: Reader,
    query: str,
    entries: Sequence[Entry],
    k: int,
    filters: Filters = EVERYTHING,
    sheets: Sheets | None = None,
    vector: npt.NDArray[np.float32] | None = None,
) -> list[Found]:
    """The best `k` chunks as (entry, index of the chunk, score in 0..1); `vector` is the query's [D], if it is known.

    Raises: UsageError if the query is blank or `k` is below 1.
    """
    check(query, k)
    sheets = sheets or Sheets(corpus)
    among = filters.documents(entries, sheets)
    if not among:
        return []
    known = vector if vector is not None else reader.embed([query])[0]
    return _Query(corpus, query, known, reader.reading_fingerprint, filters, sheets, max(DEPTH, 2 * k)).best(among)[:k]


class _Query:
    """A query while it is answered."""

    def __init__(
        self,
        corpus: Corpus,
        query: str,
        vector: npt.NDArray[np.float32],
        fingerprint: str,
        filters: Filters,
        sheets: Sheets,
        depth: int,
    ) -> None:
        self.corpus, self.filters, self.sheets, self.depth = corpus, filters, sheets, depth
        self.query, self.asked = query, wanted(query)
        self.words = " ".join([query, *self.asked.lines])
        self.names = names(query)
        self.vector, self.fingerprint = vector, fingerprint

    def best(self, entries: Sequence[Entry]) -> list[Found]:
        lists = self._lists(entries)
        named = self._named(entries)
        found = _raised(self._paired(blend(*lists)), named)
        there = {entry.path for entry, _, _ in found}
        apart = tuple(entry for entry, share in named.values() if share >= CERTAIN and entry.path not in there)[:DOCUMENTS]
        if apart:
            found = sorted([*found, *_raised(self._paired(blend(*self._lists(apart))), named)], key=lambda hit: -hit[2])
        if self.asked.kinds:
            near = list({entry.path: entry for entry, _, _ in found[:NEAR]}.values())[:DOCUMENTS]
            of_statements = (hit for entry in near for hit in statement_chunks(self.sheets, entry, self.asked))
            in_statements = list(filter(self._holds, of_statements))
            # Only of the lists that rank everything: a chunk's place among a few documents says less.
            found = _raised(fuse([*lists, in_statements], [1.0, 1.0, 2.0]), named) if in_statements else found
        return found

    def _lists(self, entries: Sequence[Entry]) -> tuple[list[ChunkHit], list[ChunkHit]]:
        heading = self.filters.section or ""
        depth = self.depth * UNDER if heading else self.depth
        by_words = self.corpus.search_text(self.words, entries, depth, heading=heading)
        by_meaning = self.corpus.search_vectors(self.vector, entries, depth, self.fingerprint, heading=heading)
        return self._held(by_words), self._held(by_meaning)

    def _held(self, hits: Sequence[ChunkHit]) -> list[ChunkHit]:
        return list(islice(filter(self._holds, hits), self.depth))

    def _paired(self, found: list[Found]) -> list[Found]:
        """Chunks in the order of their scores with what pairs of words add."""
        first, others = found[:PAIRED], found[PAIRED:]
        texts = [self.sheets[entry].rows[chunk].quote for entry, chunk, _ in first]
        scores = with_pairs(self.query, texts, [score for _, _, score in first])
        raised = [(entry, chunk, score) for (entry, chunk, _), score in zip(first, scores, strict=True)]
        others = [(entry, chunk, score / (1 + PAIRS)) for entry, chunk, score in others]
        return sorted([*raised, *others], key=lambda hit: -hit[2])

    def _holds(self, hit: ChunkHit) -> bool:
        return self.filters.holds(self.sheets, hit.entry, hit.chunk_index)

    def _named(self, entries: Sequence[Entry]) -> dict[str, tuple[Entry, float]]:
        """Path -> a filing and the share of the query's names that it begins with; nothing where there is one document."""
        if len(entries) < 2 or not self.names or not any(entry.domain == "financial" for entry in entries):
            return {}
        found = self.corpus.search_fronts(self.names, entries, NAMED, FRONT)
        return {entry.path: (entry, share) for entry, share in found if entry.domain == "financial"}


def names(query: str) -> str:
    """The words of a query that name something: with a digit, in capitals, or with a first capital inside a sentence."""
    found = []
    for match in re.finditer(r"[^\W_][\w&]*", query):
        word, before = match.group(), query[: match.start()].rstrip()
        opens = not before or before[-1] in ".?!:"
        capital = len(word) > 1 and word[0].isupper() and (not opens or word.isupper())
        if capital or any(character.isdigit() for character in word):
            found.append(word)
    return " ".join(found)


def statement_chunks(sheets: Sheets, entry: Entry, asked: Wanted) -> list[ChunkHit]:
    """The chunks of the statements that are asked for, those with the lines that are asked for first."""
    from longdoc_stores.records import ChunkHit

    if entry.domain != "financial":
        return []
    sheet = sheets[entry]
    found: dict[int, tuple[int, int]] = {}
    for order, kind in enumerate(asked.kinds):
        for index in sheet.statements.get(kind, ()):
            found.setdefault(index, (-lines_asked(sheet.rows[index].quote, asked.lines), order))
    return [ChunkHit(entry, index, 0.0) for index in sorted(found, key=lambda index: (*found[index], index))]


def _raised(found: Iterable[Found], named: dict[str, tuple[Entry, float]]) -> list[Found]:
    """Chunks in the order of their scores with what their document's names add, at most 1 in all."""
    if not named:
        return list(found)
    most = 1 + NAMED_COUNTS * max(share for _, share in named.values())
    shares = {path: share for path, (_, share) in named.items()}
    raised = [(entry, chunk, (score + NAMED_COUNTS * shares.get(entry.path, 0.0)) / most) for entry, chunk, score in found]
    return sorted(raised, key=lambda hit: -hit[2])
