"""Search in the documents selected: by words (BM25) and by vectors (inner product).

Axis legend: C chunks of the documents selected.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longdoc.errors import StoreError
from longdoc_stores import lexical
from longdoc_stores.records import ChunkHit, Entry
from longdoc_stores.selected import Selected, Selector

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from longdoc_stores.catalogue import Catalogue
    from longdoc_stores.readings import Readings

FEW = 1_000
"""Up to so many documents the rows of a word are looked up one by one; of more, all its rows are read."""


@dataclass(frozen=True)
class Search:
    """The two searches over one catalogue and what readers know."""

    catalogue: Catalogue
    readings: Readings
    selector: Selector

    def by_words(self, query: str, entries: Sequence[Entry], k: int, bm25: lexical.Bm25, heading: str) -> list[ChunkHit]:
        """See Corpus.search_text."""
        import numpy as np

        words = lexical.query_words(query)
        if not words or not entries or k <= 0:
            return []
        selected = self.selector.select(entries)
        scores = lexical.score((self._postings(word, selected) for word in words), selected.lengths, bm25)
        if heading.strip():
            scores[~self._under(heading, selected)] = 0.0
        hit = np.flatnonzero(scores > 0)
        if len(hit) > k:
            least = np.partition(scores[hit], len(hit) - k)[len(hit) - k]
            hit = hit[scores[hit] >= least]
        rows = np.searchsorted(selected.starts, hit, side="right") - 1
        chunks, places = hit - selected.starts[rows], selected.places[rows]
        best = np.lexsort((chunks, places, -scores[hit]))[:k]
        return [ChunkHit(selected.entries[int(places[i])], int(chunks[i]), float(scores[hit[i]])) for i in best]

    def by_vectors(
        self, vector: npt.NDArray[np.float32], entries: Sequence[Entry], k: int, fingerprint: str, heading: str
    ) -> list[ChunkHit]:
        """See Corpus.search_vectors."""
        import numpy as np

        if not entries or k <= 0:
            return []
        selected = self.selector.select(entries)
        unread = self.selector.unread(selected, fingerprint)
        if unread:
            raise StoreError(f"document {unread[0]} has not been read by {fingerprint}; ingest it again")
        chunks = None
        if heading.strip():
            under = np.flatnonzero(self._under(heading, selected))
            rows = np.searchsorted(selected.starts, under, side="right") - 1
            keys = list(selected.entry_of)
            key_of = {selected.row_of(key): key for key in keys}
            chunks = [(key_of[int(row)], int(chunk)) for row, chunk in zip(rows, under - selected.starts[rows], strict=True)]
        hits = self.readings.search(vector, selected.entry_of, k, fingerprint, everything=selected.everything, chunks=chunks)
        return [ChunkHit(selected.entry_of[hit.key], hit.chunk, hit.score) for hit in hits]

    def by_front(self, query: str, entries: Sequence[Entry], k: int, chunks: int) -> list[tuple[Entry, float]]:
        """See Corpus.search_fronts."""
        import numpy as np

        if not entries or k <= 0:
            return []
        selected = self.selector.select(entries)
        total = np.zeros(len(selected.numbers))
        most = 0.0
        for word in lexical.query_words(query):
            found = self._postings(word, selected).chunks
            rows = np.searchsorted(selected.starts, found, side="right") - 1
            rows = np.unique(rows[found - selected.starts[rows] < chunks])
            if len(rows):
                rarity = float(np.log1p((len(total) - len(rows) + 0.5) / (len(rows) + 0.5)))
                total[rows] += rarity
                most += rarity
        order = np.lexsort((selected.places, -total))[:k]
        return [(selected.entries[int(selected.places[row])], float(total[row] / most)) for row in order if total[row] > 0]

    def _under(self, heading: str, selected: Selected) -> npt.NDArray[np.bool_]:
        """Which chunks [C] have all words of `heading`, each in their heading path or, as a heading inside them is, in their text."""
        import numpy as np

        under = np.ones(len(selected.lengths), dtype=np.bool_)
        for word in lexical.stems(heading):
            found = self._postings(word, selected)
            here = np.zeros(len(under), dtype=np.bool_)
            here[found.chunks] = True
            under &= here
        return under

    def _postings(self, word: str, selected: Selected) -> lexical.Postings:
        """Where a word stands in the documents selected."""
        return selected.known(word, lambda: self._read(word, selected))

    def _read(self, word: str, selected: Selected) -> lexical.Postings:
        import numpy as np

        if len(selected.numbers) <= FEW and not selected.everything:
            rows = self.catalogue.rows(
                "SELECT document, data FROM postings WHERE word = ? AND document IN (SELECT value FROM json_each(?))",
                (word, json.dumps(selected.numbers.tolist())),
            )
        else:
            rows = self.catalogue.rows("SELECT document, data FROM postings WHERE word = ?", (word,))
        documents, data = zip(*rows, strict=True) if rows else ((), ())
        numbers = np.array(documents, dtype=np.int64)
        at = np.searchsorted(selected.numbers, numbers)
        there = np.flatnonzero(selected.numbers[np.minimum(at, len(selected.numbers) - 1)] == numbers) if len(selected.numbers) else at[:0]
        return lexical.unpack(selected.starts[at[there]], data if len(there) == len(data) else [data[i] for i in there.tolist()])
