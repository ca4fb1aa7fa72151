"""Search in the documents selected: by words (BM25) and by vectors (inner product)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from longdoc.errors import StoreError
from longdoc_stores import lexical
from longdoc_stores.catalogue import Catalogue
from longdoc_stores.records import ChunkHit, Entry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from longdoc_stores.documents import Documents


def search_text(catalogue: Catalogue, query: str, entries: Sequence[Entry], k: int, bm25: lexical.Bm25) -> list[ChunkHit]:
    """See Corpus.search_text."""
    import numpy as np

    words = lexical.query_words(query)
    numbers = _numbers(catalogue, entries)
    if not words or not numbers or k <= 0:
        return []
    listed = json.dumps(list(numbers))
    lengths = {
        int(number): np.frombuffer(blob, dtype="<i4").reshape(-1, 2)
        for number, blob in catalogue.rows(
            "SELECT number, lengths FROM documents WHERE number IN (SELECT value FROM json_each(?))", (listed,)
        )
    }
    found = catalogue.rows(
        "SELECT document, word, data FROM postings "
        "WHERE document IN (SELECT value FROM json_each(?)) AND word IN (SELECT value FROM json_each(?))",
        (listed, json.dumps(words)),
    )
    documents, chunks, scores = lexical.score((row for row in found if row[0] in lengths), lengths, bm25)
    places = np.array([numbers[int(number)][0] for number in documents], dtype=np.int64)
    best = np.lexsort((chunks, places, -scores))[:k]
    return [ChunkHit(entries[int(places[i])], int(chunks[i]), float(scores[i])) for i in best]


def search_vectors(
    documents: Documents, vector: npt.NDArray[np.float32], entries: Sequence[Entry], k: int, fingerprint: str
) -> list[ChunkHit]:
    """See Corpus.search_vectors."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.document_key, entry)
    if not first or k <= 0:
        return []
    unread = first.keys() - documents.read_by(fingerprint)
    if unread:
        raise StoreError(f"document {min(unread)} has not been read by {fingerprint}; ingest it again")
    hits = documents.kept.search(vector, list(first), k, fingerprint)
    return [ChunkHit(first[hit.key], hit.chunk, hit.score) for hit in hits]


def _numbers(catalogue: Catalogue, entries: Sequence[Entry]) -> dict[int, tuple[int, str]]:
    """Number of each document in the catalogue -> (place of its first entry, its key), in the order of the entries."""
    first: dict[str, int] = {}
    for place, entry in enumerate(entries):
        first.setdefault(entry.document_key, place)
    rows = catalogue.rows("SELECT number, key FROM documents WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(list(first)),))
    return {int(number): (first[key], key) for number, key in sorted(rows, key=lambda row: first[row[1]])}
