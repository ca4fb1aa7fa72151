"""From a file of labelled documents to weights: each text is parsed and read as a user's file would be."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from longdoc.errors import DamagedError, NotFoundError
from longdoc.ingest import parse_bytes
from longdoc.labels import LabelSet
from longdoc.model.targets import Gold
from longdoc.model.train import Labelled, Report
from longdoc.model.train import train_clauses as train
from longdoc.protocols import Progress, Reader


def train_clauses(
    data: Path,
    out: Path,
    *,
    labels: LabelSet,
    reader: Reader,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Train the clause weights of `labels` on `data` and write them to the folder `out`.

    `data` holds a document a line, plain or gzipped: {"id", "text", "clauses": [{"label", "start", "end"}]}, offsets in
    characters, end exclusive.

    Raises: NotFoundError; DamagedError with the line that is wrong; UsageError if there is too little to train on.
    """
    notes = {
        "command": f"longdoc train clauses --data {data.name} --labels {labels.name} --seed {seed}",
        "data_sha256": _sha256(data),
        "label_set_fingerprint": labels.fingerprint,
    }
    return train(_read(data, reader, labels.domain), out, labels=labels, seed=seed, notes=notes, progress=progress)


def _read(data: Path, reader: Reader, domain: str) -> Iterator[Labelled]:
    for number, line in _lines(data):
        try:
            row: dict[str, Any] = json.loads(line)
            text = str(row["text"])
            gold = tuple(Gold(str(clause["label"]), int(clause["start"]), int(clause["end"])) for clause in row["clauses"])
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedError(f"{data}, line {number}: not a labelled document with id, text and clauses ({error!r})") from error
        if any(not 0 <= passage.start < passage.end <= len(text) for passage in gold):
            raise DamagedError(f"{data}, line {number}: a clause reaches outside of the text, which has {len(text)} characters")
        parsed = parse_bytes(text.encode(), f"{row.get('id', number)}.txt", domain=domain)
        yield Labelled(parsed.document, reader.read(parsed.document, parsed.chunks), gold)


def _lines(data: Path) -> Iterator[tuple[int, str]]:
    try:
        with gzip.open(data, "rt", encoding="utf-8") if data.suffix == ".gz" else data.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except FileNotFoundError as error:
        raise NotFoundError(f"{data}: no such file") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DamagedError(f"{data}: cannot be read ({error})") from error


def _sha256(data: Path) -> str:
    if not data.is_file():
        raise NotFoundError(f"{data}: no such file")
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
