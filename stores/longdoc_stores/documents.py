"""Documents, their words and readings: rows of the catalogue with the arrays that belong to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from longdoc.errors import StoreDamagedError, StoreError
from longdoc.protocols import Reading, Store
from longdoc.types import Chunk, Document
from longdoc_stores import codec, lexical
from longdoc_stores.catalogue import Catalogue
from longdoc_stores.records import DocumentFacts

_FACTS = "key, document_id, sha256, domain, format, title, pages, characters, chunk_count, warnings"
_PAIRS = "SELECT key, fingerprint FROM readings JOIN documents ON number = document"


def array_keys(document_key: str, fingerprint: str) -> tuple[str, str]:
    """Keys of a reading's chunk vectors and of the rest of it."""
    return f"{document_key}/{fingerprint}/chunks", f"{document_key}/{fingerprint}/sentences"


class Documents:
    """The documents of a corpus. Who writes holds the writer's lock; a method that deletes rows runs in a transaction."""

    def __init__(self, catalogue: Catalogue, arrays: Store) -> None:
        self.catalogue = catalogue
        self.arrays = arrays

    def facts(self, key: str) -> DocumentFacts | None:
        """What is known of a stored document, None if there is none."""
        rows = self.catalogue.rows(f"SELECT {_FACTS} FROM documents WHERE key = ?", (key,))
        if not rows:
            return None
        *facts, warnings = rows[0]
        return DocumentFacts(*(*facts, tuple(json.loads(warnings))))

    def document(self, key: str) -> Document:
        """The document, its path empty."""
        return codec.decode_document(self._blob("body", key), key)

    def chunks(self, key: str) -> tuple[Chunk, ...]:
        """The document's chunks in order."""
        return codec.decode_chunks(self._blob("chunks", key), key)

    def tokens(self, key: str, fingerprint: str) -> int | None:
        """Tokens that the reader read of the document, None if it has not read it."""
        rows = self.catalogue.rows(
            "SELECT tokens FROM readings JOIN documents ON number = document WHERE key = ? AND fingerprint = ?", (key, fingerprint)
        )
        return int(rows[0][0]) if rows else None

    def reading(self, key: str, fingerprint: str) -> Reading:
        """What the reader knows of the document."""
        tokens = self.tokens(key, fingerprint)
        if tokens is None:
            raise StoreError(f"document {key} has not been read by {fingerprint}; ingest it again")
        chunks, rest = (self.array(name) for name in array_keys(key, fingerprint))
        return codec.decode_reading(chunks, rest, tokens, key)

    def array(self, name: str) -> bytes:
        """An array that the catalogue refers to.

        Raises: StoreDamagedError if it is not there or altered.
        """
        try:
            return self.arrays.get(name)
        except KeyError as error:
            raise StoreDamagedError(f"array {name} is not in the corpus; run `longdoc doctor --repair`, then ingest again") from error

    def live_arrays(self) -> Iterator[str]:
        """Keys of all arrays that the catalogue refers to."""
        for key, fingerprint in self.readings():
            yield from array_keys(key, fingerprint)

    def readings(self) -> list[tuple[str, str]]:
        """(document key, fingerprint) of every reading."""
        return [(str(key), str(fingerprint)) for key, fingerprint in self.catalogue.rows(f"{_PAIRS} ORDER BY key, fingerprint")]

    def put_arrays(self, key: str, fingerprint: str, reading: Reading, chunks: Sequence[Chunk]) -> None:
        """Make a reading's arrays durable, before the row that refers to them."""
        codec.check_reading(reading, chunks, fingerprint)
        for name, data in zip(array_keys(key, fingerprint), codec.encode_reading(reading), strict=True):
            self.arrays.put(name, data)

    def put_reading(self, key: str, fingerprint: str, tokens: int) -> None:
        """Refer to the arrays of a reading."""
        self.catalogue.run(
            "INSERT OR REPLACE INTO readings (document, fingerprint, tokens) SELECT number, ?, ? FROM documents WHERE key = ?",
            (fingerprint, tokens, key),
        )

    def put(self, key: str, sha256: str, document: Document, chunks: Sequence[Chunk], words: lexical.Words) -> None:
        """Add a document; one of the same key is replaced."""
        self.delete(key)
        self.catalogue.run(
            f"INSERT INTO documents ({_FACTS}, lengths, chunks, body) VALUES ({', '.join('?' * 13)})",
            (
                *(key, document.id, sha256, document.domain, document.format, document.title, len(document.pages) or None),
                *(len(document.text), len(chunks), codec.dump_json(document.warnings)),
                *(words.lengths.astype("<i4").tobytes(), codec.encode_chunks(chunks), codec.encode_document(document)),
            ),
        )
        number = self.catalogue.one("SELECT number FROM documents WHERE key = ?", (key,))[0]
        rows = ((number, word, postings.tobytes()) for word, postings in words.postings.items())
        self.catalogue.run_many("INSERT INTO postings VALUES (?, ?, ?)", rows)

    def delete(self, key: str) -> list[tuple[str, str]]:
        """Delete a document and what is derived from it; the readings whose arrays are now to be deleted.

        Results that rest on several documents go too: they may rest on this one.
        """
        readings = self.catalogue.rows(f"{_PAIRS} WHERE key = ?", (key,))
        if self.catalogue.run("DELETE FROM documents WHERE key = ?", (key,)):
            self.catalogue.run("DELETE FROM results WHERE document IS NULL")
        return [(str(document_key), str(fingerprint)) for document_key, fingerprint in readings]

    def delete_unused(self, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Delete those documents that no file has; see delete."""
        return [
            reading
            for key in sorted(keys)
            if not self.catalogue.rows("SELECT 1 FROM files WHERE document_key = ?", (key,))
            for reading in self.delete(key)
        ]

    def delete_reading(self, key: str, fingerprint: str) -> None:
        """Delete a reading and its arrays."""
        self.catalogue.run(
            "DELETE FROM readings WHERE fingerprint = ? AND document = (SELECT number FROM documents WHERE key = ?)", (fingerprint, key)
        )
        self.delete_arrays([(key, fingerprint)])

    def delete_arrays(self, readings: Iterable[tuple[str, str]]) -> None:
        """Delete the arrays of readings that are gone from the catalogue."""
        for key, fingerprint in readings:
            for name in array_keys(key, fingerprint):
                self.arrays.delete(name)

    def _blob(self, column: str, key: str) -> bytes:
        rows = self.catalogue.rows(f"SELECT {column} FROM documents WHERE key = ?", (key,))
        if not rows:
            raise StoreError(f"document {key} is not in the corpus any more; ingest it again")
        return bytes(rows[0][0])
