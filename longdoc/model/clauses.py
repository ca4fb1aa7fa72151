"""Clauses by trained weights: sentences and short spans scored for every label of one label set, made probabilities, ranked.

Axis legend: R rows (sentences or spans), L labels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from longdoc.errors import StoreVersionError, UnreadableError
from longdoc.model.calibration import MOST, Calibration
from longdoc.model.candidates import propose
from longdoc.model.features import FEATURES_VERSION, Sparse, sentence_features, span_features
from longdoc.model.network import Floats, Halves, Network, sentence_vectors
from longdoc.model.targets import same, words
from longdoc.protocols import Reading
from longdoc.types import Document

LOWEST = 1e-4
"""A candidate below this probability is none."""
_NETWORK_PARTS = ("embedding", "hidden", "hidden_bias", "output", "output_bias")
_CALIBRATION_PARTS = ("mean", "scale", "weights")


@dataclass(frozen=True)
class Rows:
    """What is scored: spans [R, 2], their features and vectors [R, D]."""

    spans: npt.NDArray[np.int64]
    sparse: Sparse
    dense: Halves


@dataclass(frozen=True)
class Scorer:
    """Networks over the same keys whose mean is the score, its calibration, and the labels that they tell apart."""

    labels: tuple[str, ...]
    networks: tuple[Network, ...]
    calibration: Calibration

    def probabilities(self, rows: Rows) -> Floats:
        """[R, L] of one document's rows."""
        logits = [network.logits(rows.sparse, rows.dense) for network in self.networks]
        return self.calibration.probabilities(np.stack(logits).mean(axis=0))


@dataclass(frozen=True)
class Found:
    """A candidate for a label."""

    label: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class ClauseModel:
    """Everything learnt for one label set. `thresholds` are the scores of best F1 on documents that were held out."""

    label_set: str
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    sentences: Scorer
    spans: Scorer | None
    fingerprint: str = ""

    def find(self, document: Document, reading: Reading) -> list[Found]:
        """All candidates, by label, best first, at most 50 a label; of candidates with the same words the best is kept."""
        found: list[Found] = []
        for scorer, rows in ((self.sentences, sentence_rows), (self.spans, span_rows)):
            if scorer is not None:
                here = rows(document, reading)
                found.extend(candidates(scorer.labels, here.spans, scorer.probabilities(here)))
        order = {label: position for position, label in enumerate(self.labels)}
        found.sort(key=lambda one: (order[one.label], -one.score, one.start))
        return list(_distinct(document, found))

    def save(self, path: Path, notes: Mapping[str, str]) -> None:
        """Write the weights as float16 with `notes` as metadata."""
        from safetensors.numpy import save_file

        arrays: dict[str, npt.NDArray[np.generic]] = {}
        scorers = {"sentences": self.sentences} | ({"spans": self.spans} if self.spans else {})
        for name, scorer in scorers.items():
            for number, network in enumerate(scorer.networks):
                for part in _NETWORK_PARTS:
                    arrays[f"{name}.{number}.{part}"] = getattr(network, part).astype(np.float16)
            arrays[f"{name}.keys"] = scorer.networks[0].keys
            for part in _CALIBRATION_PARTS:
                arrays[f"{name}.calibration.{part}"] = getattr(scorer.calibration, part)
        content = {
            "features_version": FEATURES_VERSION,
            "label_set": self.label_set,
            "labels": list(self.labels),
            "thresholds": dict(self.thresholds),
            "scorers": {name: [len(scorer.networks), list(scorer.labels)] for name, scorer in scorers.items()},
            "notes": dict(notes),
        }
        # One key: safetensors writes several in an order that changes from run to run.
        save_file(arrays, path, {"longdoc": json.dumps(content)})


def load_clauses(path: Path) -> ClauseModel:
    """The model in a file that `save` wrote.

    Raises: UnreadableError if it is none; StoreVersionError if its features are not those of this longdoc.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            content = json.loads(file.metadata()["longdoc"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"{path}: no clause weights ({error}); train them again with `longdoc train clauses`") from error
    if content["features_version"] != FEATURES_VERSION:
        raise StoreVersionError(
            f"{path}: made for version {content['features_version']} of the features, this longdoc has {FEATURES_VERSION}; "
            "train the weights again with `longdoc train clauses`"
        )
    scorers = {name: _scorer(arrays, name, number, labels) for name, (number, labels) in content["scorers"].items()}
    return ClauseModel(
        label_set=content["label_set"],
        labels=tuple(content["labels"]),
        thresholds=content["thresholds"],
        sentences=scorers["sentences"],
        spans=scorers.get("spans"),
        fingerprint=hashlib.sha256(path.read_bytes()).hexdigest()[:16],
    )


def _scorer(arrays: Mapping[str, npt.NDArray[np.generic]], name: str, number: int, labels: Sequence[str]) -> Scorer:
    keys = arrays[f"{name}.keys"].astype(np.uint32)
    networks = [Network(keys, *(arrays[f"{name}.{index}.{part}"].astype(np.float32) for part in _NETWORK_PARTS)) for index in range(number)]
    calibration = Calibration(*(arrays[f"{name}.calibration.{part}"].astype(np.float32) for part in _CALIBRATION_PARTS))
    return Scorer(tuple(labels), tuple(networks), calibration)


def sentence_rows(document: Document, reading: Reading) -> Rows:
    """All sentences of a document."""
    dense = sentence_vectors(reading.sentence_vectors, reading.chunk_vectors, reading.chunk_of_sentence.astype(np.int64))
    return Rows(reading.sentences.astype(np.int64), sentence_features(document, reading.sentences), dense)


def span_rows(document: Document, reading: Reading) -> Rows:
    """The short spans of a document that could answer a label, each with the vectors of the sentence that it starts in."""
    proposed = propose(document)
    holder = np.searchsorted(reading.sentences[:, 0], proposed.spans[:, 0], side="right") - 1
    dense = sentence_vectors(reading.sentence_vectors, reading.chunk_vectors, reading.chunk_of_sentence.astype(np.int64))
    own = dense[np.maximum(holder, 0)] if len(dense) else np.zeros((len(holder), dense.shape[1]), dtype=np.float16)
    half = dense.shape[1] // 2
    return Rows(proposed.spans, span_features(document, proposed.spans, proposed.sources), own[:, :half])


def candidates(labels: Sequence[str], spans: npt.NDArray[np.int64], probabilities: Floats) -> list[Found]:
    """The best spans of every label, at most 50, from `probabilities` [R, L]."""
    found = []
    for column, label in enumerate(labels):
        for row in np.argsort(-probabilities[:, column], kind="stable")[:MOST]:
            if probabilities[row, column] >= LOWEST:
                start, end = spans[row].tolist()
                found.append(Found(label, start, end, float(probabilities[row, column])))
    return found


def _distinct(document: Document, found: Iterable[Found]) -> Iterable[Found]:
    """Of candidates with the same words, or with much the same at the same place, the first; at most 50 a label."""
    kept: dict[str, list[tuple[Found, frozenset[str]]]] = {}
    for one in found:
        own = words(document.text[one.start : one.end])
        others = kept.setdefault(one.label, [])
        if len(others) < MOST and not any(_repeats(one, own, other, known) for other, known in others):
            others.append((one, own))
            yield one


def _repeats(one: Found, own: frozenset[str], other: Found, known: frozenset[str]) -> bool:
    overlap = one.start < other.end and other.start < one.end
    return own == known or (overlap and same(own, known))
