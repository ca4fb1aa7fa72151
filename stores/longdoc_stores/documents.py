"""Documents, their words and which reader has read them: rows of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from longdoc.errors import StoreError
from longdoc.protocols import Reading
from longdoc.types import Chunk, Document
from longdoc_stores import document_codec, lexical
from longdoc_stores.catalogue import Catalogue
from longdoc_stores.readings import Readings
from longdoc_stores.records import DocumentFacts

_FACTS = "key, document_id, sha256, domain, format, title, pages, characters, chunk_count, warnings"
_PAIRS = "SELECT key, fingerprint FROM readings JOIN documents ON number = document"


class Documents:
    """The documents of a corpus. Who writes holds the writer's lock; a method that deletes rows runs in a transaction."""

    def __init__(self, catalogue: Catalogue, kept: Readings) -> None:
        self.catalogue = catalogue
        self.kept = kept

    def facts(self, key: str) -> DocumentFacts | None:
        """What is known of a stored document, None if there is none."""
        rows = self.catalogue.rows(f"SELECT {_FACTS} FROM documents WHERE key = ?", (key,))
        if not rows:
            return None
        *facts, warnings = rows[0]
        return DocumentFacts(*(*facts, tuple(json.loads(warnings))))

    def document(self, key: str) -> Document:
        """The document, its path empty."""
        return document_codec.decode_document(self._blob("body", key), key)

    def chunks(self, key: str) -> tuple[Chunk, ...]:
        """The document's chunks in order."""
        return document_codec.decode_chunks(self._blob("chunks", key), key)

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
        chunks = int(self.catalogue.one("SELECT chunk_count FROM documents WHERE key = ?", (key,))[0])
        return self.kept.get(key, fingerprint, chunks, tokens)

    def live(self) -> dict[str, set[str]]:
        """Fingerprint of a reader -> keys of the documents that it has read."""
        found: dict[str, set[str]] = {}
        for key, fingerprint in self.readings():
            found.setdefault(fingerprint, set()).add(key)
        return found

    def read_by(self, fingerprint: str) -> set[str]:
        """Keys of the documents that a reader has read."""
        return {
            str(key)
            for (key,) in self.catalogue.rows(
                "SELECT key FROM readings JOIN documents ON number = document WHERE fingerprint = ?", (fingerprint,)
            )
        }

    def readings(self) -> list[tuple[str, str]]:
        """(document key, fingerprint) of every reading."""
        return [(str(key), str(fingerprint)) for key, fingerprint in self.catalogue.rows(f"{_PAIRS} ORDER BY key, fingerprint")]

    def put_reading(self, key: str, fingerprint: str, tokens: int) -> None:
        """Say that the reader has read the document."""
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
                *(len(document.text), len(chunks), document_codec.dump_json(document.warnings)),
                *(words.lengths.astype("<i4").tobytes(), document_codec.encode_chunks(chunks), document_codec.encode_document(document)),
            ),
        )
        number = self.catalogue.one("SELECT number FROM documents WHERE key = ?", (key,))[0]
        rows = ((number, word, postings.tobytes()) for word, postings in words.postings.items())
        self.catalogue.run_many("INSERT INTO postings VALUES (?, ?, ?)", rows)

    def delete(self, key: str) -> list[tuple[str, str]]:
        """Delete a document and what is derived from it; the readings that are now to be forgotten.

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

    def drop_reading(self, key: str, fingerprint: str) -> None:
        """Say that the reader has not read the document."""
        self.catalogue.run(
            "DELETE FROM readings WHERE fingerprint = ? AND document = (SELECT number FROM documents WHERE key = ?)", (fingerprint, key)
        )

    def delete_reading(self, key: str, fingerprint: str) -> None:
        """Delete a reading."""
        self.drop_reading(key, fingerprint)
        self.kept.forget([(key, fingerprint)])

    def _blob(self, column: str, key: str) -> bytes:
        rows = self.catalogue.rows(f"SELECT {column} FROM documents WHERE key = ?", (key,))
        if not rows:
            raise StoreError(f"document {key} is not in the corpus any more; ingest it again")
        return bytes(rows[0][0])
