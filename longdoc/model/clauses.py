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
from longdoc.model.candidates import propose
from longdoc.model.features import FEATURES_VERSION, Sparse, sentence_features, span_features
from longdoc.model.linear import Linear
from longdoc.model.network import Floats, Halves, Network, sentence_vectors
from longdoc.model.rescoring import MOST, PARTS, Candidates, Rescorer, Scored, gather
from longdoc.model.targets import same, words
from longdoc.protocols import Reading
from longdoc.types import Document

FORMAT = 2
LOWEST = 1e-4
"""A candidate below this probability is none."""
_NETWORK_PARTS = ("embedding", "hidden", "hidden_bias", "output", "output_bias")
_LINEAR_PARTS = ("rarity", "unknown", "words", "vectors", "bias")


@dataclass(frozen=True)
class Rows:
    """What is scored: spans [R, 2], their features and vectors [R, D], and the encoder's scores [R, L] if it has any."""

    spans: npt.NDArray[np.int64]
    sparse: Sparse
    dense: Halves
    encoded: Floats | None = None


@dataclass(frozen=True)
class Scorer:
    """Networks over the same keys for some labels (or a linear scorer, where documents were few); their mean has the share 1 - `blend`
    in the score, the encoder the rest."""

    labels: tuple[str, ...]
    networks: tuple[Network | Linear, ...]
    blend: float = 0.0

    def scored(self, rows: Rows, names: Sequence[str]) -> Scored:
        """The scores of one document's rows, its columns by their place in `names`."""
        logits = np.stack([network.logits(rows.sparse, rows.dense) for network in self.networks]).mean(axis=0)
        return scored(rows, logits, [names.index(label) for label in self.labels], self.blend)


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
    rescorers: tuple[Rescorer, ...]
    encoder: str = ""
    """Fingerprint of the encoder whose scores are blended in; empty where none are."""
    fingerprint: str = ""

    def find(self, document: Document, reading: Reading) -> list[Found]:
        """All candidates, by label, best first, at most 50 a label; of candidates with the same words the best is kept."""
        encoded = self.label_set if self.encoder else None
        parts = [self.sentences.scored(sentence_rows(document, reading, encoded), self.labels)]
        if self.spans is not None:
            parts.append(self.spans.scored(span_rows(document, reading, encoded), self.labels))
        gathered = gather(parts, len(document.text))
        return ranked(document, self.labels, gathered, probabilities(self.rescorers, gathered))

    def save(self, path: Path, notes: Mapping[str, str]) -> None:
        """Write the weights as float16 with `notes` as metadata."""
        from safetensors.numpy import save_file

        arrays: dict[str, npt.NDArray[np.generic]] = {}
        scorers = {"sentences": self.sentences} | ({"spans": self.spans} if self.spans else {})
        for name, scorer in scorers.items():
            for number, network in enumerate(scorer.networks):
                for part in _NETWORK_PARTS if isinstance(network, Network) else _LINEAR_PARTS:
                    arrays[f"{name}.{number}.{part}"] = getattr(network, part).astype(np.float16)
                if isinstance(network, Network):
                    arrays.update(_rounded(f"{name}.{number}.embedding", network.embedding))
            arrays[f"{name}.keys"] = scorer.networks[0].keys
        for number, rescorer in enumerate(self.rescorers):
            arrays.update({f"rescorer.{number}.{part}": getattr(rescorer, part) for part in PARTS})
        content = {
            "format": FORMAT,
            "rescorers": len(self.rescorers),
            "features_version": FEATURES_VERSION,
            "label_set": self.label_set,
            "labels": list(self.labels),
            "thresholds": dict(self.thresholds),
            "scorers": {name: [len(scorer.networks), list(scorer.labels), scorer.blend] for name, scorer in scorers.items()},
            "encoder": self.encoder,
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
    if content.get("format") != FORMAT:
        raise StoreVersionError(
            f"{path}: has format {content.get('format')}, this longdoc reads {FORMAT}; train the weights again with `longdoc train`"
        )
    if content["features_version"] != FEATURES_VERSION:
        raise StoreVersionError(
            f"{path}: made for version {content['features_version']} of the features, this longdoc has {FEATURES_VERSION}; "
            "train the weights again with `longdoc train clauses`"
        )
    scorers = {name: _scorer(arrays, name, *shape) for name, shape in content["scorers"].items()}
    return ClauseModel(
        label_set=content["label_set"],
        labels=tuple(content["labels"]),
        thresholds=content["thresholds"],
        sentences=scorers["sentences"],
        spans=scorers.get("spans"),
        rescorers=tuple(Rescorer(*(arrays[f"rescorer.{number}.{part}"] for part in PARTS)) for number in range(content["rescorers"])),
        encoder=content["encoder"],
        fingerprint=hashlib.sha256(path.read_bytes()).hexdigest()[:16],
    )


def _scorer(arrays: Mapping[str, npt.NDArray[np.generic]], name: str, number: int, labels: Sequence[str], blend: float) -> Scorer:
    def part(index: int, kind: str) -> Floats:
        own = arrays[f"{name}.{index}.{kind}"].astype(np.float32)
        scale = arrays.get(f"{name}.{index}.{kind}.scale")
        return own if scale is None else np.asarray(own * scale.astype(np.float32), dtype=np.float32)

    keys = arrays[f"{name}.keys"].astype(np.uint32)
    networks: list[Network | Linear] = []
    for index in range(number):
        if f"{name}.{index}.words" in arrays:
            networks.append(Linear(keys, *(part(index, kind) for kind in _LINEAR_PARTS)))
        else:
            networks.append(Network(keys, *(part(index, kind) for kind in _NETWORK_PARTS)))
    return Scorer(tuple(labels), tuple(networks), blend)


def scored(rows: Rows, logits: Floats, columns: Sequence[int], blend: float) -> Scored:
    """`rows` with the networks' scores and, where it has any, the encoder's; `columns` are the labels of both."""
    encoded = logits if rows.encoded is None else rows.encoded
    return Scored(rows.spans, np.array(columns, dtype=np.int64), logits, encoded, blended(logits, rows.encoded, blend))


def blended(logits: Floats, encoded: Floats | None, blend: float) -> Floats:
    """Scores [R, L] of networks and encoder together."""
    return logits if encoded is None else np.asarray((1.0 - blend) * logits + blend * encoded, dtype=np.float32)


def probabilities(rescorers: Sequence[Rescorer], gathered: Candidates) -> Floats:
    """Mean probability [K] by all rescorers."""
    return np.asarray(np.mean([one.probabilities(gathered) for one in rescorers], axis=0), dtype=np.float32)


def sentence_rows(document: Document, reading: Reading, encoded: str | None = None) -> Rows:
    """All sentences of a document, with their vectors or, if `encoded` names a label set, with the encoder's scores instead."""
    spans, sparse = reading.sentences.astype(np.int64), sentence_features(document, reading.sentences)
    if encoded is not None:
        return Rows(spans, sparse, _no_vectors(spans), _encoded(reading, f"{encoded}.sentences"))
    dense = sentence_vectors(reading.sentence_vectors, reading.chunk_vectors, reading.chunk_of_sentence.astype(np.int64))
    return Rows(spans, sparse, dense)


def span_rows(document: Document, reading: Reading, encoded: str | None = None) -> Rows:
    """The short spans of a document that could answer a label, each with the vectors of the sentence that it starts in, or scores."""
    proposed = propose(document)
    if encoded is not None:
        scores = _encoded(reading, f"{encoded}.spans")
        return Rows(proposed.spans, span_features(document, proposed.spans, proposed.sources), _no_vectors(proposed.spans), scores)
    holder = np.searchsorted(reading.sentences[:, 0], proposed.spans[:, 0], side="right") - 1
    dense = sentence_vectors(reading.sentence_vectors, reading.chunk_vectors, reading.chunk_of_sentence.astype(np.int64))
    own = dense[np.maximum(holder, 0)] if len(dense) else np.zeros((len(holder), dense.shape[1]), dtype=np.float16)
    half = dense.shape[1] // 2
    return Rows(proposed.spans, span_features(document, proposed.spans, proposed.sources), own[:, :half])


def _encoded(reading: Reading, name: str) -> Floats | None:
    scores = reading.extra.get(name)
    return None if scores is None else scores.astype(np.float32)


def _no_vectors(spans: npt.NDArray[np.int64]) -> Halves:
    return np.zeros((len(spans), 0), dtype=np.float16)


def _rounded(name: str, embedding: Floats) -> dict[str, npt.NDArray[np.generic]]:
    """An embedding [F, E] as int8 with a scale a row."""
    scale = np.maximum(np.abs(embedding).max(axis=1, keepdims=True), 1e-6) / 127.0
    return {name: np.round(embedding / scale).astype(np.int8), f"{name}.scale": scale.astype(np.float16)}


def ranked(document: Document, labels: Sequence[str], gathered: Candidates, chances: Floats) -> list[Found]:
    """By label, best first, at most 50 a label: what has a chance; of candidates with much the same words the best is kept."""
    order = np.lexsort((gathered.spans[:, 0], -chances, gathered.label))
    found = (
        Found(labels[gathered.label[row]], int(gathered.spans[row, 0]), int(gathered.spans[row, 1]), float(chances[row]))
        for row in order.tolist()
        if chances[row] >= LOWEST
    )
    return list(_distinct(document, found))


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
