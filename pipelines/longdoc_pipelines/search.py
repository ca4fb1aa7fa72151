"""Passages for a query: BM25 over the words and inner product over the vectors, fused by rank.

Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): score(c) = sum over the lists of 1 / (60 + rank of c).
The constant and the equal weights are the paper's; nothing is tuned.

A question about accounts also asks for its line items by their other names, and for the statements that hold them (statements.py): of the
filings that fit best, the chunks of those statements are a third list, which counts as much as the other two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from longdoc.errors import UsageError
from longdoc.protocols import Reader
from longdoc.types import Chunk, Document, Passage
from longdoc_pipelines.statements import Wanted, lines_asked, statement_pages, wanted

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import ChunkHit, Entry

RANK_CONSTANT = 60
NEAR, DOCUMENTS = 50, 5
"""Statements are looked for in the first documents of so many of the chunks that fit best."""
DEPTH = 200
"""How far down each list is read; what stands in one list only below that has no chance."""


def search(corpus: Corpus, reader: Reader, query: str, entries: Sequence[Entry], k: int = 10) -> list[Passage]:
    """The `k` passages of the documents `entries` that fit `query` best, best first.

    A passage is a chunk. Its score compares within this list only: 1 means first by words and first by meaning.

    Raises: UsageError if the query is blank or `k` is below 1.
    """
    check(query, k)
    hits = find_chunks(corpus, reader, query, entries, k)
    opened: dict[str, tuple[Document, Sequence[Chunk]]] = {}
    passages = []
    for rank, (entry, chunk_index, score) in enumerate(hits, start=1):
        if entry.path not in opened:
            opened[entry.path] = (corpus.document(entry), corpus.chunks(entry))
        document, chunks = opened[entry.path]
        passages.append(Passage(rank=rank, score=score, citation=document.cite(chunks[chunk_index].span)))
    return passages


def check(query: str, k: int, what: str = "query") -> None:
    """Raises: UsageError if the query is blank or `k` is below 1."""
    if not query.strip():
        raise UsageError(f"the {what} is empty")
    if k < 1:
        raise UsageError(f"k is the number of passages wanted and must be at least 1, got {k}")


def find_chunks(corpus: Corpus, reader: Reader, query: str, entries: Sequence[Entry], k: int) -> list[tuple[Entry, int, float]]:
    """The best `k` chunks as (entry, index of the chunk, score in 0..1)."""
    if not entries:
        return []
    depth = max(DEPTH, 2 * k)
    asked = wanted(query)
    by_words = corpus.search_text(" ".join([query, *asked.lines]), entries, depth)
    by_meaning = corpus.search_vectors(reader.embed([query])[0], entries, depth, reader.reading_fingerprint)
    fused = fuse([by_words, by_meaning])
    if asked.kinds:
        near = list(dict.fromkeys(entry.path for entry, _, _ in fused[:NEAR]))[:DOCUMENTS]
        by_path = {entry.path: entry for entry in entries}
        in_statements = [hit for path in near for hit in statement_chunks(corpus, by_path[path], asked)]
        fused = fuse([by_words, by_meaning, in_statements], [1.0, 1.0, 2.0]) if in_statements else fused
    return fused[:k]


def statement_chunks(corpus: Corpus, entry: Entry, asked: Wanted) -> list[ChunkHit]:
    """The chunks of the statements that are asked for, those with the lines that are asked for first."""
    from longdoc_stores.records import ChunkHit

    if entry.domain != "financial":
        return []
    document, chunks = corpus.document(entry), corpus.chunks(entry)
    pages = statement_pages(document)
    found: dict[int, tuple[int, int]] = {}
    for order, kind in enumerate(asked.kinds):
        page = pages.get(kind)
        for index, chunk in enumerate(chunks):
            if page is not None and page.span.start <= chunk.span.start < page.span.end:
                found.setdefault(index, (-lines_asked(document.quote(chunk.span), asked.lines), order))
    return [ChunkHit(entry, index, 0.0) for index in sorted(found, key=lambda index: (*found[index], index))]


def fuse(lists: Sequence[Iterable[ChunkHit]], weights: Sequence[float] | None = None) -> list[tuple[Entry, int, float]]:
    """Several ranked lists as one, each counting by its weight (default: alike); ties go to what stands first in path and document."""
    counted = weights or [1.0] * len(lists)
    scores: dict[tuple[str, int], float] = {}
    entry_at: dict[str, Entry] = {}
    for hits, weight in zip(lists, counted, strict=True):
        for rank, hit in enumerate(hits, start=1):
            place = (hit.entry.path, hit.chunk_index)
            entry_at[hit.entry.path] = hit.entry
            scores[place] = scores.get(place, 0.0) + (RANK_CONSTANT + 1) / (RANK_CONSTANT + rank) * weight / sum(counted)
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [(entry_at[path], chunk_index, min(score, 1.0)) for (path, chunk_index), score in ordered]
