"""Training of clause weights from documents that people have labelled.

Scores for calibration and thresholds come from networks that have not seen the document (cross-fitting over documents); the
networks that are kept have seen all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from longdoc.errors import UsageError
from longdoc.labels import LabelSet
from longdoc.model.calibration import fit as fit_calibration
from longdoc.model.clauses import ClauseModel, Found, Rows, Scorer, candidates, sentence_rows, span_rows
from longdoc.model.fitting import Example, Recipe, fit, known_keys
from longdoc.model.measure import Curve, curve, outcomes
from longdoc.model.network import Floats
from longdoc.model.targets import YES, Gold, targets
from longdoc.protocols import Progress, Reading
from longdoc.types import Document

FOLDS = 4
NETWORKS = {"sentences": 2, "spans": 1}
"""Networks whose scores are averaged; they differ in seed only. One for spans keeps the file small."""
SPAN_GAIN = 0.1
"""A label is also sought among short spans if they reach this share of its passages and no sentence does."""
FEWEST_DOCUMENTS = 8
RECIPE = Recipe()


@dataclass(frozen=True)
class Labelled:
    """A document that was read, and the passages that people marked in it."""

    document: Document
    reading: Reading
    gold: tuple[Gold, ...]


@dataclass(frozen=True)
class Report:
    """What came of a training. Figures are of documents held out in cross-fitting, in per cent."""

    path: Path
    documents: int
    sentences: int
    passages: int
    seconds: float
    held_out: Curve
    per_label: Mapping[str, Curve] = field(default_factory=dict)
    span_labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [
            f"{100 * one.area:5.1f}  {one.gold:4d} passages  {label}"
            for label, one in sorted(self.per_label.items(), key=lambda item: -item[1].area)
        ]
        lines.append(f"{self.documents} documents, {self.sentences} sentences, {self.passages} passages, {self.seconds:.0f} s")
        lines.append(f"held out: {self.held_out}")
        lines.append(f"weights: {self.path}")
        return "\n".join(lines)


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
    recipe: Recipe = RECIPE,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Train on `documents` and write `out`/<label set>.safetensors, a folder that a reader takes as its `model`.

    Raises: UsageError if there are too few documents, or no passage has a label of `labels`.
    """
    began = time.monotonic()
    tell = progress or (lambda _: None)
    names = tuple(label.name for label in labels.labels)
    sentences, spans = [], []
    for labelled in documents:
        sentences.append(_prepared(labelled, sentence_rows(labelled.document, labelled.reading), names))
        spans.append(_prepared(labelled, span_rows(labelled.document, labelled.reading), names))
        tell(Progress("read", len(sentences), None, "documents", labelled.document.path))
    _check(sentences, labels)
    short = _span_labels(sentences, spans, names)
    on_sentences, sentence_scores = _scorer(sentences, names, range(len(names)), seed, recipe, "sentences", tell)
    on_spans: Scorer | None = None
    span_scores: list[Floats] = []
    if short:
        on_spans, span_scores = _scorer(spans, names, short, seed, recipe, "spans", tell)
    found = _held_out(sentences, on_sentences, sentence_scores, spans, on_spans, span_scores)
    judged = [outcomes(one.labelled.document.text, one.labelled.gold, listed) for one, listed in zip(sentences, found, strict=True)]
    per_label = {name: curve(judged, [name]) for name in names}
    model = ClauseModel(
        label_set=labels.name,
        labels=names,
        thresholds={name: round(min(max(per_label[name].threshold, 0.05), 0.95), 4) for name in names},
        sentences=on_sentences,
        spans=on_spans,
    )
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{labels.name}.safetensors"
    model.save(path, {**(notes or {}), "seed": str(seed)})
    return Report(
        path=path,
        documents=len(sentences),
        sentences=sum(len(one.rows.spans) for one in sentences),
        passages=sum(len(one.labelled.gold) for one in sentences),
        seconds=time.monotonic() - began,
        held_out=curve(judged, names),
        per_label={name: one for name, one in per_label.items() if one.gold},
        span_labels=tuple(names[column] for column in short),
    )


def _prepared(labelled: Labelled, rows: Rows, names: Sequence[str]) -> _Prepared:
    truth = targets(labelled.document.text, rows.spans, labelled.gold, names)
    return _Prepared(labelled, rows, Example(rows.sparse, rows.dense, truth))


def _check(prepared: Sequence[_Prepared], labels: LabelSet) -> None:
    if len(prepared) < FEWEST_DOCUMENTS:
        raise UsageError(f"{len(prepared)} labelled documents are too few to train on; {FEWEST_DOCUMENTS} are the least")
    if not any((one.example.targets == YES).any() for one in prepared):
        raise UsageError(f"no passage carries a label of the set {labels.name!r}; labels are spelled as in the set, whatever their case")


def _span_labels(sentences: Sequence[_Prepared], spans: Sequence[_Prepared], names: Sequence[str]) -> list[int]:
    """Columns of the labels that short spans answer and sentences do not."""
    total, gained = np.zeros(len(names)), np.zeros(len(names))
    for by_sentence, by_span in zip(sentences, spans, strict=True):
        document = by_sentence.labelled.document
        for column, name in enumerate(names):
            for passage in by_sentence.labelled.gold:
                if passage.label.casefold() == name.casefold():
                    total[column] += 1
                    alone = (passage,)
                    missed = not (targets(document.text, _yes(by_sentence, column), alone, [name]) == YES).any()
                    gained[column] += missed and bool((targets(document.text, _yes(by_span, column), alone, [name]) == YES).any())
    return [column for column in range(len(names)) if total[column] and gained[column] / total[column] >= SPAN_GAIN]


def _yes(prepared: _Prepared, column: int) -> npt.NDArray[np.int64]:
    wanted = prepared.example.targets[:, column] == YES
    return np.asarray(prepared.rows.spans[wanted], dtype=np.int64)


def _scorer(
    prepared: Sequence[_Prepared],
    names: Sequence[str],
    columns: Sequence[int],
    seed: int,
    recipe: Recipe,
    stage: str,
    tell: Callable[[Progress], None],
) -> tuple[Scorer, list[Floats]]:
    """The scorer for `columns`, and the out-of-fold scores [R, L] of every document."""
    chosen = list(columns)
    examples = [Example(one.example.sparse, one.example.dense, one.example.targets[:, chosen]) for one in prepared]
    fold = np.random.default_rng(seed).permutation(len(examples)) % FOLDS
    held_out: list[Floats] = [np.zeros((0, len(chosen)), dtype=np.float32)] * len(examples)
    rounds = FOLDS + NETWORKS[stage]
    for number in range(FOLDS):
        seen = [example for example, part in zip(examples, fold, strict=True) if part != number]
        network = fit(
            seen, known_keys(seen, recipe), seed=seed + number, recipe=recipe, progress=_steps(tell, f"train {stage}", number, rounds)
        )
        for index in np.flatnonzero(fold == number).tolist():
            held_out[index] = network.logits(prepared[index].rows.sparse, prepared[index].rows.dense)
    keys = known_keys(examples, recipe)
    networks = [
        fit(examples, keys, seed=seed + FOLDS + number, recipe=recipe, progress=_steps(tell, f"train {stage}", FOLDS + number, rounds))
        for number in range(NETWORKS[stage])
    ]
    calibration = fit_calibration(held_out, [example.targets == YES for example in examples])
    return Scorer(tuple(names[column] for column in chosen), tuple(networks), calibration), held_out


def _steps(tell: Callable[[Progress], None], stage: str, number: int, rounds: int) -> Callable[[int, int], None]:
    return lambda done, steps: tell(Progress(stage, number * steps + done, rounds * steps, "steps"))


def _held_out(
    sentences: Sequence[_Prepared],
    on_sentences: Scorer,
    sentence_scores: Sequence[Floats],
    spans: Sequence[_Prepared],
    on_spans: Scorer | None,
    span_scores: Sequence[Floats],
) -> list[list[Found]]:
    """What each document would have given, by networks that have not seen it."""
    result = []
    for index, one in enumerate(sentences):
        found = candidates(on_sentences.labels, one.rows.spans, on_sentences.calibration.probabilities(sentence_scores[index]))
        if on_spans is not None:
            found += candidates(on_spans.labels, spans[index].rows.spans, on_spans.calibration.probabilities(span_scores[index]))
        result.append(found)
    return result
