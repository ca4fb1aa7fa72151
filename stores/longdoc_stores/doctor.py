"""Looks through a corpus folder for what is damaged, missing, stale or left over.

Repair never guesses: what is derived is deleted (an index) or dropped (a reading, a document), and made anew from the files
by the next ingest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.errors import StoreBusyError, StoreDamagedError
from longdoc_stores import lexical
from longdoc_stores.corpus_index import CHUNK_BITS
from longdoc_stores.documents import Documents
from longdoc_stores.records import Problem
from longdoc_stores.vector_index import VectorIndex

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus


def check(corpus: Corpus, repair: bool) -> list[Problem]:
    """See Corpus.check."""
    strays = _strays(corpus, repair)
    with corpus.writing() if repair else nullcontext():
        problems = [
            *_catalogue(corpus.documents),
            *strays,
            *_documents(corpus.documents, repair),
            *_readings(corpus.documents, repair),
            *_indexes(corpus, repair),
        ]
        if repair and problems:
            corpus.clear_caches()
    return problems


def _strays(corpus: Corpus, repair: bool) -> list[Problem]:
    """Files that nothing refers to, unless a writer is at work: its unfinished files would look like that."""
    try:
        with corpus.writing(wait=corpus.wait if repair else 0.0, sweep=False):
            strays = corpus.arrays.strays(corpus.documents.live_arrays())
            if repair:
                corpus.arrays.sweep(corpus.documents.live_arrays())
            return [Problem("stray", f"{path}: left by a run that was killed", repair) for path in strays]
    except StoreBusyError:
        if repair:
            raise
        return []


def _catalogue(documents: Documents) -> Iterator[Problem]:
    for pragma in ("integrity_check", "foreign_key_check"):
        for row in documents.catalogue.rows(f"PRAGMA {pragma}"):
            if row != ("ok",):
                yield Problem("catalogue", f"{documents.catalogue.path}: {row[0]}; move the corpus folder away and ingest again")


def _documents(documents: Documents, repair: bool) -> Iterator[Problem]:
    for (key,) in documents.catalogue.rows("SELECT key FROM documents ORDER BY key"):
        try:
            fault = _document_fault(documents, key)
        except StoreDamagedError as error:
            fault = str(error)
        if fault:
            if repair:
                with documents.catalogue.transaction():
                    dropped = documents.delete(key)
                documents.delete_arrays(dropped)
            yield Problem("document", fault, repair)


def _document_fault(documents: Documents, key: str) -> str | None:
    document, chunks = documents.document(key), documents.chunks(key)
    words = lexical.analyse(document, chunks)
    stored = dict(
        documents.catalogue.rows(
            "SELECT word, data FROM postings WHERE document = (SELECT number FROM documents WHERE key = ?) ORDER BY word", (key,)
        )
    )
    if stored != {word: postings.tobytes() for word, postings in words.postings.items()}:
        return f"document {key}: its words do not match its text; run `longdoc doctor --repair`, then ingest again"
    if not documents.catalogue.rows("SELECT 1 FROM files WHERE document_key = ?", (key,)):
        return f"document {key}: no file has it; run `longdoc doctor --repair`"
    return None


def _readings(documents: Documents, repair: bool) -> Iterator[Problem]:
    for key, fingerprint in documents.readings():
        try:
            same = len(documents.reading(key, fingerprint).chunk_vectors) == len(documents.chunks(key))
            fault = None if same else f"the reading of {key} by {fingerprint} is not of its chunks"
        except StoreDamagedError as error:
            fault = str(error)
        if fault:
            if repair:
                documents.delete_reading(key, fingerprint)
            yield Problem("reading", fault, repair)


def _indexes(corpus: Corpus, repair: bool) -> Iterator[Problem]:
    fingerprints = {corpus.index.path(fingerprint): fingerprint for _, fingerprint in corpus.documents.readings()}
    for path in sorted(corpus.index.folder.iterdir()):
        fault = _index_fault(corpus, path, fingerprints.get(path))
        if fault:
            if repair:
                path.unlink(missing_ok=True)
            yield Problem("index", f"{path}: {fault}; it is built again when needed", repair)


def _index_fault(corpus: Corpus, path: Path, fingerprint: str | None) -> str | None:
    if fingerprint is None:
        return "an index of no reader"
    try:
        ids = VectorIndex.load(path).ids()
    except StoreDamagedError as error:
        return str(error)
    gone = set((ids >> CHUNK_BITS).tolist()) - corpus.index.read_by(fingerprint).keys()
    return f"holds {len(gone)} documents that are gone" if gone else None
