"""From a file of labelled documents to weights: each text is parsed and read as a user's file would be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from longdoc.errors import UsageError
from longdoc.labels import LabelSet
from longdoc.model.report import Report
from longdoc.model.train import FEWEST_DOCUMENTS, Labelled, LabelledText, train_clauses
from longdoc.protocols import Progress, Reader, Source
from longdoc_pipelines.labelled import read_labelled
from longdoc_pipelines.lines import sha256_of
from longdoc_pipelines.unlabelled import sentences_in

if TYPE_CHECKING:
    from longdoc.model.reader import EmbeddedReader
    from longdoc.model.train_encoder import EncoderRecipe

HELD_OUT, FEWEST_JUDGES = 0.2, 16
"""Share of the documents that the judging encoder does not see, and how many they are at least, if half of all are not fewer."""

Tell = Callable[[Progress], None]


def train_clauses_from(data: Path, out: Path, *, labels: LabelSet, reader: Reader, seed: int = 0, progress: Tell | None = None) -> Report:
    """Train the clause weights of `labels` on `data`, with the reader's encoder as it is, and write them to the folder `out`.

    `data` holds labelled texts or corrected results of `extract`; see labelled.py.

    Raises: as read_labelled; UsageError if there is too little to train on.
    """
    documents = list(read_labelled(data, labels))
    notes = _notes("clauses", data, documents, labels, seed)
    labelled = (Labelled(one.document, reader.read(one.document, one.chunks), one.gold) for one in documents)
    return train_clauses(labelled, out, labels=labels, seed=seed, notes=notes, progress=progress)


def train_presence_from(data: Path, out: Path, *, labels: LabelSet, reader: EmbeddedReader, progress: Tell | None = None) -> Path:
    """Fit when a label of `labels` is there at all, on documents that the reader's clause weights have not seen, into the folder `out`.

    `train_clauses_from` does so by itself, on documents held out in turn; this is for weights that were made without, or for more
    documents of a user's own.

    Raises: as read_labelled; UsageError if there is too little to train on, or the label set has no weights.
    """
    from longdoc.model.presence import SUFFIX, fit_presence

    fingerprint = reader.clause_fingerprint(labels.name)
    if fingerprint is None:
        raise UsageError(f"label set {labels.name!r} has no clause weights; make them with `longdoc train clauses`")
    spelled = {label.name.casefold(): label.name for label in labels.labels}
    scores, carried = [], []
    for one in read_labelled(data, labels):
        source = Source(one.document, reader.read(one.document, one.chunks), one.chunks)
        found: dict[str, list[float]] = {}
        for clause in reader.extract(source, labels):
            found.setdefault(clause.label, []).append(clause.score)
        scores.append(found)
        carried.append(frozenset(spelled[passage.label.casefold()] for passage in one.gold if passage.label.casefold() in spelled))
        if progress is not None:
            progress(Progress("read", len(scores), None, "documents", one.document.path))
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{labels.name}{SUFFIX}"
    fit_presence(scores, carried, list(spelled.values()), clauses=fingerprint).save(path)
    return path


def train_encoder_from(
    data: Path,
    out: Path,
    *,
    labels: LabelSet,
    base: str = "shipped",
    texts: Sequence[Path] = (),
    recipe: EncoderRecipe | None = None,
    seed: int = 0,
    progress: Tell | None = None,
) -> Report:
    """Train the encoder `base` and clause weights for `labels` on `data`, and write both to the folder `out`.

    `texts` are files of unlabelled sentences (unlabelled.sentences_in), on which vectors are held near the base's as well.

    Twice: first without a fifth of the documents (at least 16, or half where that is fewer), whose scores then judge (blend,
    probabilities, report), then with all of them. A run that was stopped goes on where it was when it is called again.

    Raises: as train_clauses_from; NotFoundError if there is no such base; MissingExtraError if MiniLM is wanted and not installed.
    """
    from longdoc.model.reader import EmbeddedReader, fingerprint
    from longdoc.model.school import School
    from longdoc.model.train_encoder import RECIPE

    unlabelled = [sentence for path in texts for sentence in sentences_in(path)]
    documents = list(read_labelled(data, labels))
    if len(documents) < FEWEST_DOCUMENTS:
        raise UsageError(f"{len(documents)} labelled documents are too few to train on; {FEWEST_DOCUMENTS} are the least")
    judges = np.random.default_rng(seed).permutation(len(documents)) < max(
        round(HELD_OUT * len(documents)), min(FEWEST_JUDGES, len(documents) // 2)
    )
    school = School(base, labels, documents, recipe or RECIPE, seed, progress or (lambda _: None), unlabelled)
    apart = school.train(np.flatnonzero(~judges).tolist(), out / "held-out", "train without a fifth")
    reader = EmbeddedReader(model=apart.parent)
    readings = {index: reader.read(documents[index].document, documents[index].chunks) for index in np.flatnonzero(judges).tolist()}
    whole = school.train(list(range(len(documents))), out, "train with all")
    labelled = (
        Labelled(one.document, readings[index] if judges[index] else school.bare(index), one.gold, bool(judges[index]))
        for index, one in enumerate(documents)
    )
    more = "".join(f" --texts {path.name}" for path in texts)
    notes = _notes("encoder", data, documents, labels, seed, f" --base {base}{more}") | {"base": base}
    return train_clauses(labelled, out, labels=labels, seed=seed, notes=notes, encoder=fingerprint(whole), progress=progress)


def _notes(what: str, data: Path, documents: Iterable[LabelledText], labels: LabelSet, seed: int, more: str = "") -> dict[str, str]:
    """What a model was made of: `data` itself, and the documents, which corrected results only name."""
    identifiers = "\n".join(one.document.id for one in documents)
    return {
        "command": f"longdoc train {what} --data {data.name} --labels {labels.name} --seed {seed}{more}",
        "data_sha256": sha256_of(data),
        "documents_sha256": hashlib.sha256(identifiers.encode()).hexdigest(),
        "label_set_fingerprint": labels.fingerprint,
    }
