"""The catalogue: the SQLite database of a corpus. What the rows mean is in corpus.py."""

from __future__ import annotations

from pathlib import Path

from longdoc_stores.database import Database

SCHEMA_VERSION = 4
BUSY_SECONDS = 30.0

# documents.number is never used twice (AUTOINCREMENT), so that an index made before a deletion cannot point at a newcomer.
# postings are in the order of their words: a query reads a few runs of rows, however many documents there are. documents_for_search holds
# what every query needs of each document, without the pages between that hold the documents themselves.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, real TEXT NOT NULL, reached TEXT NOT NULL,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, checked_ns INTEGER NOT NULL,
    sha256 TEXT, document_key TEXT,
    outcome TEXT NOT NULL, stage TEXT NOT NULL, reason TEXT, missing INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_document ON files (document_key);
CREATE INDEX IF NOT EXISTS files_by_real ON files (real);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL, sha256 TEXT NOT NULL,
    domain TEXT NOT NULL, format TEXT NOT NULL, title TEXT, pages INTEGER, characters INTEGER NOT NULL, chunk_count INTEGER NOT NULL,
    warnings TEXT NOT NULL, lengths BLOB NOT NULL, chunks BLOB NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS postings (
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE, word TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (word, document)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS postings_by_document ON postings (document);
CREATE INDEX IF NOT EXISTS documents_for_search ON documents (key, number, lengths);
CREATE TABLE IF NOT EXISTS readings (
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE, fingerprint TEXT NOT NULL, tokens INTEGER NOT NULL,
    PRIMARY KEY (document, fingerprint)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, document INTEGER REFERENCES documents (number) ON DELETE CASCADE, kind TEXT NOT NULL, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_by_document ON results (document);
CREATE TABLE IF NOT EXISTS tier_reads (tier TEXT PRIMARY KEY, hits INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, started_at TEXT NOT NULL, ended_at TEXT, state TEXT NOT NULL, counts TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS verdicts (
    playbook TEXT NOT NULL, path TEXT NOT NULL, rule TEXT NOT NULL, document_id TEXT NOT NULL, rule_version TEXT NOT NULL,
    verdict TEXT NOT NULL, places TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (playbook, run, path, rule)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS verdicts_by_document ON verdicts (document_id, rule);
CREATE TABLE IF NOT EXISTS reviews (
    run INTEGER PRIMARY KEY AUTOINCREMENT, playbook TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT
);
CREATE TABLE IF NOT EXISTS corrections (
    document_id TEXT NOT NULL, playbook TEXT NOT NULL, rule TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (document_id, playbook, rule)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit (number INTEGER PRIMARY KEY, value TEXT NOT NULL, hash TEXT NOT NULL);
"""


class Catalogue(Database):
    """The database of a corpus."""

    def __init__(self, path: Path) -> None:
        """Raises: as Database."""
        super().__init__(path, _SCHEMA, SCHEMA_VERSION, busy_seconds=BUSY_SECONDS)
        try:
            if self._found() < SCHEMA_VERSION:
                self._upgrade()
        except BaseException:
            self.close()
            raise

    def _found(self) -> int:
        return int(self.one("SELECT value FROM meta WHERE name = 'schema_version'")[0])

    def _upgrade(self) -> None:
        """From version 1, which kept readings elsewhere (documents stay, the next ingest reads them again without parsing), from 2, which
        knew no reviews, or from 3, which had postings in the order of documents."""
        with self.transaction():
            if self._found() < SCHEMA_VERSION:
                self.run("ALTER TABLE postings RENAME TO old_postings")
                for statement in _SCHEMA.split(";\n"):
                    self.run(statement)
                self.run("INSERT INTO postings SELECT document, word, data FROM old_postings ORDER BY word, document")
                self.run("DROP TABLE old_postings")
                if self._found() < 2:
                    self.run("DELETE FROM readings")
                self.run("UPDATE meta SET value = ? WHERE name = 'schema_version'", (str(SCHEMA_VERSION),))
