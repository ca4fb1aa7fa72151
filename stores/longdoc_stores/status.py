"""What a corpus holds, in numbers."""

from __future__ import annotations

import json
from pathlib import Path

from longdoc_stores.catalogue import SCHEMA_VERSION, Catalogue
from longdoc_stores.readings import Readings
from longdoc_stores.records import Failure, Run, Status, Tier
from longdoc_stores.selection import shown_path


def status(folder: Path, catalogue: Catalogue, readings: Readings) -> Status:
    """See Corpus.status."""
    documents, pages, chunks = catalogue.one("SELECT count(*), coalesce(sum(pages), 0), coalesce(sum(chunk_count), 0) FROM documents")
    tokens = catalogue.one("SELECT coalesce(sum(most), 0) FROM (SELECT max(tokens) AS most FROM readings GROUP BY document)")[0]
    failures = catalogue.rows("SELECT path, reached, stage, reason FROM files WHERE outcome = 'failed' AND NOT missing ORDER BY path")
    blocks, index = readings.sizes()
    return Status(
        folder=str(folder),
        schema_version=SCHEMA_VERSION,
        documents=documents,
        pages=pages,
        tokens=tokens,
        chunks=chunks,
        outcomes=dict(catalogue.rows("SELECT outcome, count(*) FROM files WHERE NOT missing GROUP BY outcome ORDER BY outcome")),
        missing=[shown_path(*row) for row in catalogue.rows("SELECT path, reached FROM files WHERE missing ORDER BY path")],
        failures=[Failure(shown_path(path, reached), stage, reason) for path, reached, stage, reason in failures],
        bytes={
            "catalogue": sum(_size(path) for path in folder.glob(f"{catalogue.path.name}*")),
            "blocks": blocks,
            "index": index,
        },
        tiers=_tiers(catalogue, readings),
        last_run=last_run(catalogue),
    )


def _tiers(catalogue: Catalogue, readings: Readings) -> list[Tier]:
    earlier = dict(catalogue.rows("SELECT tier, hits FROM tier_reads"))
    uses = readings.tiers()
    hits = {use.name: use.hits + earlier.get(use.name, 0) for use in uses}
    reads = sum(hits.values())
    return [
        Tier(use.name, use.budget, use.bytes, use.values, hits[use.name], round(hits[use.name] / reads, 4) if reads else None)
        for use in uses
    ]


def last_run(catalogue: Catalogue) -> Run | None:
    """The newest line of the run journal."""
    rows = catalogue.rows("SELECT number, started_at, ended_at, state, counts FROM runs ORDER BY number DESC LIMIT 1")
    if not rows:
        return None
    *facts, counts = rows[0]
    return Run(*(*facts, json.loads(counts)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # SQLite and a writer delete meanwhile
        return 0
