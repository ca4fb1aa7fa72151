"""The engine's reader: a language model writes and reads meaning, the embedded model reads, retrieves and checks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from longdoc.engines import answers, forms, summaries
from longdoc.engines import clauses as clauses_by
from longdoc.engines.prompts import Prompts
from longdoc.engines.writing import Writing
from longdoc.labels import LabelSet
from longdoc.protocols import Chance, Engine, Reader, Reading, Source
from longdoc.types import Answer, Chunk, Clause, Document, Filled, Passage, Span, Summary

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ENGINE_READER_VERSION = 1
"""Changes whenever the code could give another result for the same answers of the model."""


class EngineReader:
    """Reads with `embedded` and writes with `engine`; see Reader. A document that the model gives no answer about raises
    UnansweredError, and what it did answer is not asked for again where the engine keeps a journal."""

    label_by_label = True

    def __init__(
        self,
        engine: Engine,
        embedded: Reader,
        prompts: Prompts,
        *,
        adapter: str | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.writing = Writing(engine, embedded, prompts, adapter=adapter, cancelled=cancelled)
        self._embedded = embedded
        self.name = f"{embedded.name}+{engine.name}"
        self.reading_fingerprint = embedded.reading_fingerprint
        parts = [
            embedded.fingerprint,
            engine.name,
            prompts.fingerprint,
            str(ENGINE_READER_VERSION),
            str(adapter),
            str(engine.context_length),
        ]
        self.fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        """The embedded model's reading."""
        return self._embedded.read(document, chunks, progress)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The embedded model's vectors."""
        return self._embedded.embed(texts)

    def extract(self, source: Source, labels: LabelSet) -> list[Clause]:
        """What the language model quotes and what the embedded model finds, scored by agreement (clauses.py)."""
        return clauses_by.extract(self.writing, source, labels, self._embedded.extract(source, labels))

    def default_score(self, labels: LabelSet, label: str) -> float:
        """That of a passage which the language model alone quotes."""
        return clauses_by.ENGINE

    def presence(self, labels: LabelSet, label: str, clauses: Sequence[Clause]) -> Chance:
        """A passage that the language model quotes counts by agreement; where it quotes none, the embedded model's chance is halved."""
        quoted = [clause.score for clause in clauses if clause.method == "engine"]
        if quoted:
            return Chance(max(quoted), 0.5, fitted=False)
        found = [clause.model_copy(update={"score": clause.score / clauses_by.ENCODER}) for clause in clauses]
        return Chance(0.5 * self._embedded.presence(labels, label, found).probability, 0.5, fitted=False)

    def summarize(self, source: Source, *, sentences: int | None = None, focus: str | None = None) -> Summary:
        """A written summary (summaries.py)."""
        return summaries.summarize(self.writing, source, sentences, focus)

    def fill(self, source: Source, form: forms.Form, spans: Sequence[Span]) -> Filled:
        """A user's form filled in (forms.py)."""
        return forms.fill(self.writing, source, form, spans)

    def answer(self, question: str, passages: Sequence[Passage], source: Callable[[str], Source]) -> Answer:
        """A written answer, or "not found" (answers.py)."""
        return answers.answer(self.writing, question, passages, source)
