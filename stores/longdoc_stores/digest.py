"""One hash of all that a corpus says, whatever the order in which it learnt it.

Files with their outcomes, documents, chunks, words and readings (arrays by their bytes) count; numbers that the database
gives, times, inodes, indexes, results and the run journal do not.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus

_FILE = "path, size, sha256, document_key, outcome, stage, reason, missing"
_DOCUMENT = "key, document_id, sha256, domain, format, title, pages, characters, chunk_count, warnings"


def digest(corpus: Corpus) -> str:
    """The SHA-256 of the corpus's content, equal for corpora that answer alike."""
    catalogue, total = corpus.catalogue, hashlib.sha256()
    for row in catalogue.rows(f"SELECT {_FILE} FROM files ORDER BY path"):
        total.update(repr(row).encode("utf-8", "surrogatepass"))
    documents = catalogue.rows(f"SELECT number, lengths, chunks, body, {_DOCUMENT} FROM documents ORDER BY key")
    for number, lengths, chunks, body, *facts in documents:
        total.update(repr(facts).encode("utf-8", "surrogatepass"))
        for part in (lengths, zlib.decompress(chunks), zlib.decompress(body)):
            total.update(hashlib.sha256(part).digest())
        for word, data in catalogue.rows("SELECT word, data FROM postings WHERE document = ? ORDER BY word", (number,)):
            total.update(repr((word, data)).encode("utf-8", "surrogatepass"))
    for key, fingerprint in corpus.documents.readings():
        total.update(repr((key, fingerprint, corpus.documents.tokens(key, fingerprint))).encode("utf-8", "surrogatepass"))
        reading = corpus.documents.reading(key, fingerprint)
        for array in (reading.sentences, reading.chunk_of_sentence, reading.chunk_vectors, reading.sentence_vectors, reading.salience):
            total.update(hashlib.sha256(array.tobytes()).digest())
    return total.hexdigest()
