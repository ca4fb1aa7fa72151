"""The embedded reader: the shipped encoder, clause weights for the labels that were trained, matching for all others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from longdoc.errors import NotFoundError
from longdoc.labels import LabelSet
from longdoc.model.candidates import propose
from longdoc.model.clauses import ClauseModel, load_clauses
from longdoc.model.matching import DEFAULT_SCORE, match
from longdoc.model.presence import MATCHED, SUFFIX, UNMEASURED, Presence, load_presence
from longdoc.model.salience import salience
from longdoc.model.salience_head import FILE as SALIENCE
from longdoc.model.salience_head import SalienceHead, load_salience
from longdoc.model.salience_inputs import inputs, running
from longdoc.model.sentences import split
from longdoc.model.values import read_value
from longdoc.protocols import Chance, Reading, Source
from longdoc.types import Answer, Chunk, Clause, Document, Passage, Span, Summary

ENCODER = "encoder.safetensors"
"""The encoder's file in a folder of weights; beside it that of the salience head, and clause weights, a file a label set."""
_WEIGHTS = Path(str(files("longdoc.model").joinpath("weights")))
READER_VERSION = 7
"""Changes whenever the code could give another result for the same reading and weights."""
READING_VERSION = 4
"""Changes whenever the code could read the same document otherwise."""


if TYPE_CHECKING:
    from longdoc.model.encode import DocumentEncoder


class EmbeddedReader:
    """Reads offline with what ships in the package. `model` is a folder made by `longdoc train`, whose label sets come first; if it has
    an encoder of its own, label sets that were trained with another one are matched like unknown ones.

    The encoder is loaded when it is first needed, so that a look-up in what has been read before does not wait for it.
    """

    name = "embedded"
    label_by_label = False

    def __init__(self, threads: int | None = None, model: Path | None = None) -> None:
        self._threads = threads
        own = None if model is None else model / ENCODER
        self._path = own if own is not None and own.is_file() else _WEIGHTS / ENCODER
        self.encoder = fingerprint(self._path)
        """Fingerprint of the encoder's weights."""
        usable = (trained for trained in _trained(model) if trained.encoder in ("", self.encoder))
        self._trained = {trained.label_set: trained for trained in usable}
        self._presence = _presence(model, self._trained.values())
        self._salience = _salience_head(model, self.encoder)
        self._descriptions: dict[tuple[str, ...], npt.NDArray[np.float32]] = {}
        reading = [self.encoder, str(READING_VERSION), self._salience.fingerprint if self._salience else ""]
        results = [*reading, str(READER_VERSION), *sorted(one.fingerprint for one in self._trained.values())]
        results += sorted(one.fingerprint for one in self._presence.values())
        self.reading_fingerprint, self.fingerprint = _hash(reading), _hash(results)

    @cached_property
    def _encoder(self) -> DocumentEncoder:
        from longdoc.model.encode import DocumentEncoder

        return DocumentEncoder(self._path, threads=self._threads)

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        """One pass over the chunks; sentences that stand in no chunk belong to the one before them."""
        sentences = split(document)
        spans = np.array([(chunk.span.start, chunk.span.end) for chunk in chunks], dtype=np.int64).reshape(-1, 2)
        proposed = propose(document).spans
        encoded = self._encoder.read(document, spans, sentences.astype(np.int64), proposed, progress)
        holder = np.maximum(np.searchsorted(spans[:, 0], sentences[:, 0], side="right") - 1, 0).astype(np.int32)
        reading = Reading(
            sentences=sentences,
            chunk_of_sentence=holder,
            chunk_vectors=encoded.chunk_vectors.astype(np.float16),
            sentence_vectors=encoded.sentence_vectors.astype(np.float16),
            salience=np.zeros(len(sentences), dtype=np.float32),
            tokens=encoded.tokens,
            extra={
                f"{name}.{kind}": getattr(scores, kind).astype(np.float16)
                for name, scores in encoded.scores.items()
                for kind in ("sentences", "spans")
            },
        )
        return replace(reading, salience=self.salience(document, reading))

    def salience(self, document: Document, reading: Reading) -> npt.NDArray[np.float32]:
        """The head's salience [S] for research papers, which it learnt from; the hand rule's for others, where it reads better."""
        sentences, holder, vectors = reading.sentences, reading.chunk_of_sentence, reading.sentence_vectors
        if self._salience is None or not self._learnt(document) or not len(sentences):
            return salience(document, sentences, holder, vectors.astype(np.float32))
        scores = self._salience.scores(inputs(document, sentences, holder, vectors, reading.chunk_vectors))
        return np.where(running(document, sentences), scores, np.float32(0.0))

    def _learnt(self, document: Document) -> bool:
        return self._salience is not None and document.domain == "research"

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors [len(texts), 384] of unit length."""
        return self._encoder.encode(texts)

    def extract(self, source: Source, labels: LabelSet) -> list[Clause]:
        """All candidates, best first within a label, at most 50 a label; labels without weights of their own are matched."""
        document, reading = source.document, source.reading
        trained = self._trained.get(labels.name)
        known = {name.casefold() for name in trained.labels} if trained else set()
        formats = {label.name.casefold(): label for label in labels.labels}
        clauses = []
        for found in trained.find(document, reading) if trained else []:
            label = formats.get(found.label.casefold())
            if label is not None:
                span = Span(start=found.start, end=found.end)
                value = read_value(document, span, label.answer, label.name)
                clauses.append(Clause(label=label.name, score=found.score, citation=document.cite(span), value=value))
        others = tuple(label for label in labels.labels if label.name.casefold() not in known)
        return clauses + (match(self, document, reading, labels.model_copy(update={"labels": others})) if others else [])

    def default_score(self, labels: LabelSet, label: str) -> float:
        """The score from which a clause of `label` is worth a person's time."""
        trained = self._trained.get(labels.name)
        by_name = {name.casefold(): score for name, score in trained.thresholds.items()} if trained else {}
        return by_name.get(label.casefold(), DEFAULT_SCORE)

    def clause_fingerprint(self, labels: str) -> str | None:
        """Fingerprint of the clause weights for the label set of that name, None if there are none."""
        trained = self._trained.get(labels)
        return trained.fingerprint if trained is not None else None

    def presence(self, labels: LabelSet, label: str, clauses: Sequence[Clause]) -> Chance:
        """By the weights fitted for the label set where there are any (presence.py), by those of unknown labels otherwise."""
        trained = self._trained.get(labels.name)
        known = trained is not None and label.casefold() in (name.casefold() for name in trained.labels)
        weights = self._presence.get(labels.name, UNMEASURED) if known else MATCHED
        return weights.chance(label, [clause.score for clause in clauses])

    def summarize(self, source: Source, *, sentences: int | None = None, focus: str | None = None) -> Summary:
        """A summary by the plan of the document's domain, or about `focus`, in the document's own sentences; trained clauses tell where its
        topics are."""
        from longdoc.model.plans import plan_of
        from longdoc.model.summarize import summarize

        labels = plan_of(source.document).label_set()
        clauses = self.extract(source, labels) if labels is not None and labels.name in self._trained else []
        return summarize(
            source.document,
            source.reading,
            source.chunks,
            self._described if focus is None else self.embed,
            sentences,
            clauses,
            focus=focus,
            trained_salience=self._learnt(source.document),
        )

    def _described(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """As `embed`, of the descriptions of a plan's topics, which are the same for every document."""
        key = tuple(texts)
        if key not in self._descriptions:
            self._descriptions[key] = self.embed(texts)
        return self._descriptions[key]

    def answer(self, question: str, passages: Sequence[Passage], source: Callable[[str], Source]) -> Answer:
        """The passages that answer the question, or `found=False`."""
        from longdoc.model.answer import answer

        return answer(question, passages, self.embed)


def fingerprint(weights: Path) -> str:
    """What tells a file of weights from others."""
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:16]


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _trained(folder: Path | None) -> list[ClauseModel]:
    """The clause weights of the package, then those in `folder`, which replace the package's for the same label set."""
    if folder is not None and not any(folder.glob("*.safetensors")):
        raise NotFoundError(f"{folder}: no folder with weights in it; `longdoc train clauses --out {folder}` makes one")
    places = [place for place in (_WEIGHTS, folder) if place is not None]
    others = (ENCODER, SALIENCE)
    return [load_clauses(path) for place in places for path in sorted(place.glob("*.safetensors")) if path.name not in others]


def _presence(folder: Path | None, trained: Iterable[ClauseModel]) -> dict[str, Presence]:
    """The weights of presence by label set, of those in the package and in `folder` that were fitted to these clause weights."""
    places = [place for place in (_WEIGHTS, folder) if place is not None]
    found = [(path.name.removesuffix(SUFFIX), load_presence(path)) for place in places for path in sorted(place.glob(f"*{SUFFIX}"))]
    usable = {one.fingerprint for one in trained}
    return {name: presence for name, presence in found if presence.clauses in usable}


def _salience_head(folder: Path | None, encoder: str) -> SalienceHead | None:
    """The head in `folder` or else the package's; None if neither was trained on the vectors of this encoder."""
    paths = [place / SALIENCE for place in (folder, _WEIGHTS) if place is not None]
    heads = (load_salience(path) for path in paths if path.is_file())
    return next((head for head in heads if head.encoder == encoder), None)
