"""Training of clause weights from documents that people have labelled.

Scores for calibration and thresholds come from networks that have not seen the document (cross-fitting over documents); the
networks that are kept have seen all of them. Where an encoder scores the labels too, it says nothing true of the documents that it was
trained on: blend, calibration and thresholds then come from the documents whose scores an encoder gave that had not seen them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from longdoc.errors import UsageError
from longdoc.labels import LabelSet
from longdoc.model.clauses import ClauseModel, Found, Rows, Scorer, blended, load_clauses, ranked, scored, sentence_rows, span_rows
from longdoc.model.fitting import Example, Recipe, fit, known_keys
from longdoc.model.linear import Linear, fit_linear
from longdoc.model.measure import Curve, average_precision, curve, outcomes
from longdoc.model.network import Floats, Network
from longdoc.model.presence import SUFFIX, Presence, fit_presence
from longdoc.model.report import Report, calibration
from longdoc.model.rescoring import Rescorer, Scored, gather
from longdoc.model.rescoring import fit as fit_rescorer
from longdoc.model.targets import YES, Gold, Targets, mark, short_labels
from longdoc.protocols import Progress, Reading
from longdoc.types import Chunk, Document

FOLDS = 4
NETWORKS = {"sentences": 1, "spans": 1}
"""Networks whose scores are averaged; they differ in seed only. One keeps the file small."""
RESCORERS = 3
"""Rescorers whose probabilities are averaged."""
FEWEST_DOCUMENTS = 8
FEW = 10
"""Passages of a label at which its own threshold counts as much as that of all labels together."""
BLENDS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Shares of the encoder in the score that are tried; none is best where it has seen too little."""
RECIPE = Recipe()
FEW_DOCUMENTS = 100
"""From so many documents networks are fitted, before a linear scorer to which every word counts (benchmarks/nda_review.py)."""


@dataclass(frozen=True)
class Labelled:
    """A document that was read, and the passages that people marked in it."""

    document: Document
    reading: Reading
    gold: tuple[Gold, ...]
    held_out: bool = True
    """Whether the encoder that gave the reading's scores, if it has any, had not seen the document."""


@dataclass(frozen=True)
class LabelledText:
    """A document with the passages that people marked in it, before anything has read it."""

    document: Document
    chunks: tuple[Chunk, ...]
    gold: tuple[Gold, ...]


@dataclass(frozen=True)
class _Prepared:
    labelled: Labelled
    rows: Rows
    example: Example


def train_clauses(
    documents: Iterable[Labelled],
    out: Path,
    *,
    labels: LabelSet,
    seed: int = 0,
    notes: Mapping[str, str] | None = None,
    recipe: Recipe | None = None,
    encoder: str = "",
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Train on `documents` and write `out`/<label set>.safetensors, a folder that a reader takes as its `model`, and a report beside it.

    `encoder` is the fingerprint of the encoder that will score these labels in use; the readings of documents that are `held_out` have
    such scores already. `recipe` None takes RECIPE, or for few documents no network but a linear scorer (linear.py).

    Raises: UsageError if there are too few documents, or no passage has a label of `labels`.
    """
    began = time.monotonic()
    tell = progress or (lambda _: None)
    names = tuple(label.name for label in labels.labels)
    encoded = labels.name if encoder else None
    sentences, spans, marks = [], [], []
    for labelled in documents:
        of_sentences, of_spans = (rows(labelled.document, labelled.reading, encoded) for rows in (sentence_rows, span_rows))
        marked = mark(labelled.document.text, labelled.gold, of_sentences.spans, of_spans.spans, names)
        sentences.append(_prepared(labelled, of_sentences, marked.by_sentence))
        spans.append(_prepared(labelled, of_spans, marked.by_span))
        marks.append(marked)
        tell(Progress("read", len(sentences), None, "documents", labelled.document.path))
    _check(sentences, labels)
    recipe = recipe or (RECIPE if len(sentences) >= FEW_DOCUMENTS else None)
    short = short_labels(marks, names)
    on_sentences, parts = _scorer(sentences, names, range(len(names)), seed, recipe, "sentences", tell)
    listed = [[part] for part in parts]
    on_spans: Scorer | None = None
    if short:
        on_spans, parts = _scorer(spans, names, short, seed, recipe, "spans", tell)
        for one, part in zip(listed, parts, strict=True):
            one.append(part)
    tell(Progress("train rescorers", 0, None, "steps"))
    rescorers, found = _rescorers(sentences, spans if short else [], [[part for part in one if part] for one in listed], names, seed)
    judged = [outcomes(one.document.text, one.gold, listed) for one, listed in found]
    per_label = {name: curve(judged, [name]) for name in names}
    model = ClauseModel(
        label_set=labels.name,
        labels=names,
        thresholds=_thresholds(per_label, curve(judged, names)),
        sentences=on_sentences,
        spans=on_spans,
        rescorers=rescorers,
        encoder=encoder,
    )
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{labels.name}.safetensors"
    model.save(path, {**(notes or {}), "seed": str(seed)})
    _presence([(one.gold, listed) for one, listed in found], names, load_clauses(path).fingerprint).save(path.with_suffix(SUFFIX))
    report = Report(
        path=path,
        documents=len(sentences),
        judged=len(found),
        sentences=sum(len(one.rows.spans) for one in sentences),
        passages=sum(len(one.labelled.gold) for one in sentences),
        seconds=time.monotonic() - began,
        held_out=curve(judged, names),
        per_label={name: one for name, one in per_label.items() if one.gold},
        span_labels=tuple(names[column] for column in short),
        calibration=calibration((one.document.text, one.gold, listed) for one, listed in found),
    )
    report.write()
    return report


def _presence(judged: Sequence[tuple[Sequence[Gold], Sequence[Found]]], names: Sequence[str], fingerprint: str) -> Presence:
    """When a label is there at all, from what people marked and what was found in documents that had not been seen."""
    spelled = {name.casefold(): name for name in names}
    scores: list[dict[str, list[float]]] = []
    for _, listed in judged:
        scores.append({})
        for one in listed:
            scores[-1].setdefault(one.label, []).append(one.score)
    carried = [frozenset(spelled[one.label.casefold()] for one in gold if one.label.casefold() in spelled) for gold, _ in judged]
    return fit_presence(scores, carried, names, clauses=fingerprint)


def _prepared(labelled: Labelled, rows: Rows, truth: Targets) -> _Prepared:
    return _Prepared(labelled, rows, Example(rows.sparse, rows.dense, truth))


def _check(prepared: Sequence[_Prepared], labels: LabelSet) -> None:
    if len(prepared) < FEWEST_DOCUMENTS:
        raise UsageError(f"{len(prepared)} labelled documents are too few to train on; {FEWEST_DOCUMENTS} are the least")
    if not any((one.example.targets == YES).any() for one in prepared):
        raise UsageError(f"no passage carries a label of the set {labels.name!r}; labels are spelled as in the set, whatever their case")


def _thresholds(per_label: Mapping[str, Curve], together: Curve) -> dict[str, float]:
    """The score of best F1 of each label, drawn towards that of all labels where a label has few passages."""
    found = {}
    for name, one in per_label.items():
        share = one.gold / (one.gold + FEW)
        found[name] = round(min(max(share * one.threshold + (1 - share) * together.threshold, 0.05), 0.95), 4)
    return found


def _scorer(
    prepared: Sequence[_Prepared],
    names: Sequence[str],
    columns: Sequence[int],
    seed: int,
    recipe: Recipe | None,
    stage: str,
    tell: Callable[[Progress], None],
) -> tuple[Scorer, list[Scored | None]]:
    """The scorer for `columns`, of networks made by `recipe` or a linear one, and the scores of every document by what has not seen it;
    None where the encoder has."""
    chosen = list(columns)
    examples = [Example(one.example.sparse, one.example.dense, one.example.targets[:, chosen]) for one in prepared]
    fold = np.random.default_rng(seed).permutation(len(examples)) % FOLDS
    held_out: list[Floats] = [np.zeros((0, len(chosen)), dtype=np.float32)] * len(examples)
    rounds = FOLDS + NETWORKS[stage]
    for number in range(FOLDS):
        seen = [example for example, part in zip(examples, fold, strict=True) if part != number]
        network = _fitted(seen, recipe, seed + number, _steps(tell, f"train {stage}", number, rounds))
        for index in np.flatnonzero(fold == number).tolist():
            held_out[index] = network.logits(prepared[index].rows.sparse, prepared[index].rows.dense)
    networks = [
        _fitted(examples, recipe, seed + FOLDS + number, _steps(tell, f"train {stage}", FOLDS + number, rounds))
        for number in range(NETWORKS[stage])
    ]
    judges = [index for index, one in enumerate(prepared) if one.labelled.held_out]
    blend = _best_blend([held_out[index] for index in judges], [prepared[index] for index in judges], chosen)
    found = [scored(one.rows, logits, chosen, blend) for one, logits in zip(prepared, held_out, strict=True)]
    parts = [part if index in set(judges) else None for index, part in enumerate(found)]
    return Scorer(tuple(names[column] for column in chosen), tuple(networks), blend), parts


def _fitted(examples: Sequence[Example], recipe: Recipe | None, seed: int, progress: Callable[[int, int], None]) -> Network | Linear:
    if recipe is None:
        return fit_linear(examples, known_keys(examples, fewest_rows=1, fewest_documents=1), progress=progress)
    return fit(examples, known_keys(examples, recipe.fewest_rows, recipe.fewest_documents), seed=seed, recipe=recipe, progress=progress)


def _rescorers(
    sentences: Sequence[_Prepared], spans: Sequence[_Prepared], parts: Sequence[Sequence[Scored]], names: Sequence[str], seed: int
) -> tuple[tuple[Rescorer, ...], list[tuple[Labelled, list[Found]]]]:
    """Rescorers of all documents that can be judged, and what each of these would have given by one that has not seen it."""
    documents, gathered, truths = [], [], []
    for index, listed in enumerate(parts):
        if not listed:
            continue
        document = sentences[index].labelled.document
        one = gather(listed, len(document.text))
        kinds = [sentences[index], *(spans[index : index + 1])]
        documents.append(sentences[index].labelled)
        gathered.append(one)
        where = zip(one.kind.tolist(), one.row.tolist(), one.label.tolist(), strict=True)
        truths.append(np.array([kinds[kind].example.targets[row, label] == YES for kind, row, label in where], dtype=np.bool_))
    fold = np.random.default_rng(seed).permutation(len(documents)) % FOLDS
    found: list[tuple[Labelled, list[Found]]] = []
    for number in range(FOLDS):
        seen = np.flatnonzero(fold != number)
        judge = fit_rescorer([gathered[index] for index in seen], [truths[index] for index in seen], len(names), seed=seed)
        for index in np.flatnonzero(fold == number).tolist():
            chances = judge.probabilities(gathered[index])
            found.append((documents[index], ranked(documents[index].document, names, gathered[index], chances)))
    return tuple(fit_rescorer(gathered, truths, len(names), seed=seed + number) for number in range(RESCORERS)), found


def _best_blend(logits: Sequence[Floats], prepared: Sequence[_Prepared], columns: Sequence[int]) -> float:
    """The encoder's share that gives the largest mean average precision over labels; 0 where it has no scores."""
    if any(one.rows.encoded is None for one in prepared):
        return 0.0
    truth = np.concatenate([one.example.targets[:, list(columns)] == YES for one in prepared])
    there = np.flatnonzero(truth.any(axis=0))
    if not len(there):  # few documents, none of which has a label
        return 0.0

    def precision(blend: float) -> float:
        together = np.concatenate([blended(own, one.rows.encoded, blend) for own, one in zip(logits, prepared, strict=True)])
        return float(np.mean([average_precision(together[:, label], truth[:, label]) for label in there]))

    return max(BLENDS, key=precision)


def _steps(tell: Callable[[Progress], None], stage: str, number: int, rounds: int) -> Callable[[int, int], None]:
    return lambda done, steps: tell(Progress(stage, number * steps + done, rounds * steps, "steps"))
