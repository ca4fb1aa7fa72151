"""Looks through a corpus folder for what is damaged, missing, stale or left over.

Repair never guesses: what is derived is deleted (an index) or dropped (a reading, a document), and made anew from the files
by the next ingest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from longdoc.errors import StoreBusyError, StoreDamagedError
from longdoc_stores import lexical
from longdoc_stores.documents import Documents
from longdoc_stores.records import Problem

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus

_NULL = re.compile(r"NULL value in (?P<table>\w+)\.(?P<column>\w+)")


def check(corpus: Corpus, repair: bool) -> list[Problem]:
    """See Corpus.check."""
    strays = _strays(corpus, repair)
    with corpus.writing() if repair else nullcontext():
        return [
            *_catalogue(corpus.documents),
            *strays,
            *_documents(corpus.documents, repair),
            *_readings(corpus.documents, repair),
        ]


def _strays(corpus: Corpus, repair: bool) -> list[Problem]:
    """What nothing refers to, unless a writer is at work: what it has not finished would look like that."""
    try:
        with corpus.writing(wait=corpus.wait if repair else 0.0, sweep=False):
            live = corpus.documents.live()
            strays = corpus.readings.strays(live)
            if repair:
                corpus.readings.sweep(live)
            return [Problem("stray", f"{stray}: left by a run that was killed", repair) for stray in strays]
    except StoreBusyError:
        if repair:
            raise
        return []


def _catalogue(documents: Documents) -> Iterator[Problem]:
    for pragma in ("integrity_check", "foreign_key_check"):
        for row in documents.catalogue.rows(f"PRAGMA {pragma}"):
            if row != ("ok",) and _is_so(documents, str(row[0])):
                yield Problem("catalogue", f"{documents.catalogue.path}: {row[0]}; move the corpus folder away and ingest again")


def _is_so(documents: Documents, told: str) -> bool:
    """Whether a fault that SQLite tells of is one: some versions (3.40) take columns for NULL that are not, in a table without rowids whose
    key is not in the order of its columns."""
    null = _NULL.fullmatch(told)
    return null is None or bool(documents.catalogue.rows(f"SELECT 1 FROM {null['table']} WHERE {null['column']} IS NULL LIMIT 1"))


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
                documents.kept.forget(dropped)
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
    for fingerprint, keys in sorted(documents.live().items()):
        try:
            faults = documents.kept.check(fingerprint, repair)
        except StoreDamagedError as error:
            # The context itself cannot be opened: everything that this reader read is read again.
            if repair:
                for key in sorted(keys):
                    documents.drop_reading(key, fingerprint)
                if documents.kept.path(fingerprint).is_dir():
                    documents.kept.remove(documents.kept.path(fingerprint))
            yield Problem("reading", str(error), repair)
            continue
        yield from (Problem("index", fault, repair) for fault in faults.index)
        for key in sorted(keys):
            fault = faults.lost.get(key)
            if fault is None:
                try:
                    documents.reading(key, fingerprint)
                except StoreDamagedError as error:
                    fault = str(error)
            if fault is not None:
                if repair:
                    documents.delete_reading(key, fingerprint)
                yield Problem("reading", fault, repair)
