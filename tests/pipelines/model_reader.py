"""A reader with the real summariser and answerer on hashed words, and a corpus filled with files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from corpus_samples import HereExecutor, WordReader

from longdoc.config import Settings
from longdoc.labels import LabelSet
from longdoc.model.answer import answer
from longdoc.model.sentences import split
from longdoc.model.summarize import summarize
from longdoc.protocols import Reader, Reading, Source
from longdoc.types import Answer, Chunk, Clause, Document, Passage, Span, Summary, Value
from longdoc_pipelines.ingest import ingest
from longdoc_stores.corpus import Corpus
from longdoc_stores.records import Entry

CONTRACT = """SERVICES AGREEMENT

This Services Agreement (the "Agreement") is entered into as of March 1, 2021 by and between Alder Systems, Inc., a Delaware
corporation ("Provider"), and Birch Retail LLC, a New York limited liability company ("Customer").

1. Services

Provider shall perform the data processing services described in Exhibit A with reasonable skill and care.

2. Term

The initial term of this Agreement is two years from the date above and then renews for terms of one year.

3. Fees

Customer shall pay Provider a monthly fee of $12,500 within thirty (30) days of each invoice.

4. Termination

Either party may terminate this Agreement for convenience upon sixty (60) days' prior written notice to the other party.

5. Governing Law

This Agreement is governed by the laws of the State of New York, without regard to conflicts of law.
"""
RECIPE = """# Bread

Mix flour, water, salt and yeast in a large bowl and knead the dough for ten minutes.

## Baking

Bake the loaf in a hot oven for forty minutes until its crust is brown and hollow to the knock.
"""


class ModelReader(WordReader):
    """Vectors of hashed words, the longdoc.model summariser and answerer; every "shall" is an Obligation, every "New York" a law."""

    def __init__(self, fingerprint: str = "model/1") -> None:
        super().__init__(fingerprint)
        self.extracted: list[str] = []
        self.summarized: list[str] = []

    def read(self, document: Document, chunks: Sequence[Chunk], progress: Callable[[int], None] | None = None) -> Reading:
        self.read_paths.append(document.path)
        sentences = split(document)
        starts = [chunk.span.start for chunk in chunks]
        return Reading(
            sentences=sentences,
            chunk_of_sentence=np.maximum(np.searchsorted(starts, sentences[:, 0], side="right") - 1, 0).astype(np.int32),
            chunk_vectors=self.embed([document.quote(chunk.span) for chunk in chunks]).astype(np.float16),
            sentence_vectors=self.embed([document.text[start:end] for start, end in sentences]).astype(np.float16),
            salience=np.full(len(sentences), 0.5, dtype=np.float32),
            tokens=len(document.text.split()),
        )

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = np.full((len(texts), 512), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                vectors[row, int.from_bytes(hashlib.sha256(word[:6].encode()).digest()[:2], "big") % 512] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def extract(self, source: Source, labels: LabelSet) -> list[Clause]:
        document = source.document
        self.extracted.append(document.path)
        clauses = []
        for label in labels.labels:
            pattern = "New York" if label.name == "Governing Law" else r"\w+"
            for place, found in enumerate(list(re.finditer(pattern, document.text))[:60]):
                citation = document.cite(Span(start=found.start(), end=found.end()))
                law = Value(kind="jurisdiction", normalised="New York", citation=citation) if label.name == "Governing Law" else None
                clauses.append(Clause(label=label.name, score=0.9 - 0.01 * place, citation=citation, value=law, method="matched"))
        return clauses

    def default_score(self, labels: LabelSet, label: str) -> float:
        return 0.88 if label == "Governing Law" else 0.9

    def summarize(self, source: Source, *, sentences: int | None = None, focus: str | None = None) -> Summary:
        self.summarized.append(source.document.path)
        return summarize(source.document, source.reading, source.chunks, self.embed, sentences, focus=focus)

    def answer(self, question: str, passages: Sequence[Passage], source: Callable[[str], Source]) -> Answer:
        return answer(question, passages, self.embed)


def fill(corpus: Corpus, reader: Reader, folder: Path, **files: str) -> list[Entry]:
    """The entries of `files` (a double underscore in a name is its last dot), in the order given."""
    folder.mkdir(exist_ok=True)
    paths = []
    for name, text in files.items():
        path = folder / ".".join(name.rsplit("__", 1))
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    outcomes = list(ingest(corpus, paths, reader, Settings(), executor=HereExecutor()))
    assert {outcome.outcome for outcome in outcomes} == {"ok"}, outcomes
    return corpus.select(paths)
