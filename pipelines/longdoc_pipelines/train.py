"""From a file of labelled documents to weights: each text is parsed and read as a user's file would be."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from longdoc.errors import DamagedError, NotFoundError, UsageError
from longdoc.ingest import parse_bytes
from longdoc.labels import LabelSet
from longdoc.model.report import Report
from longdoc.model.targets import Gold
from longdoc.model.train import FEWEST_DOCUMENTS, Labelled, LabelledText, train_clauses
from longdoc.protocols import Progress, Reader

if TYPE_CHECKING:
    from longdoc.model.train_encoder import EncoderRecipe

HELD_OUT = 0.2
"""Share of the documents that the judging encoder does not see."""

Tell = Callable[[Progress], None]


def train_clauses_from(data: Path, out: Path, *, labels: LabelSet, reader: Reader, seed: int = 0, progress: Tell | None = None) -> Report:
    """Train the clause weights of `labels` on `data`, with the reader's encoder as it is, and write them to the folder `out`.

    `data` holds a document a line, plain or gzipped: {"id", "text", "clauses": [{"label", "start", "end"}]}, offsets in
    characters, end exclusive.

    Raises: NotFoundError; DamagedError with the line that is wrong; UsageError if there is too little to train on.
    """
    notes = _notes("clauses", data, labels, seed)
    documents = (Labelled(one.document, reader.read(one.document, one.chunks), one.gold) for one in _read(data, labels.domain))
    return train_clauses(documents, out, labels=labels, seed=seed, notes=notes, progress=progress)


def train_encoder_from(
    data: Path,
    out: Path,
    *,
    labels: LabelSet,
    base: str = "shipped",
    recipe: EncoderRecipe | None = None,
    seed: int = 0,
    progress: Tell | None = None,
) -> Report:
    """Train the encoder `base` and clause weights for `labels` on `data`, and write both to the folder `out`.

    Twice: first without a fifth of the documents, whose scores then judge (blend, probabilities, report), then with all of them. A run
    that was stopped goes on where it was when it is called again.

    Raises: as train_clauses_from; NotFoundError if there is no such base; MissingExtraError if MiniLM is wanted and not installed.
    """
    from longdoc.model.reader import EmbeddedReader, fingerprint
    from longdoc.model.school import School
    from longdoc.model.train_encoder import RECIPE

    texts = list(_read(data, labels.domain))
    if len(texts) < FEWEST_DOCUMENTS:
        raise UsageError(f"{len(texts)} labelled documents are too few to train on; {FEWEST_DOCUMENTS} are the least")
    judges = np.random.default_rng(seed).permutation(len(texts)) < max(2, round(HELD_OUT * len(texts)))
    school = School(base, labels, texts, recipe or RECIPE, seed, progress or (lambda _: None))
    apart = school.train(np.flatnonzero(~judges).tolist(), out / "held-out", "train without a fifth")
    reader = EmbeddedReader(model=apart.parent)
    readings = {index: reader.read(texts[index].document, texts[index].chunks) for index in np.flatnonzero(judges).tolist()}
    whole = school.train(list(range(len(texts))), out, "train with all")
    labelled = (
        Labelled(one.document, readings[index] if judges[index] else school.bare(index), one.gold, bool(judges[index]))
        for index, one in enumerate(texts)
    )
    notes = _notes("encoder", data, labels, seed) | {"base": base}
    return train_clauses(labelled, out, labels=labels, seed=seed, notes=notes, encoder=fingerprint(whole), progress=progress)


def _notes(what: str, data: Path, labels: LabelSet, seed: int) -> dict[str, str]:
    return {
        "command": f"longdoc train {what} --data {data.name} --labels {labels.name} --seed {seed}",
        "data_sha256": _sha256(data),
        "label_set_fingerprint": labels.fingerprint,
    }


def _read(data: Path, domain: str) -> Iterator[LabelledText]:
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
        yield LabelledText(parsed.document, parsed.chunks, gold)


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
