"""Training of the salience head from documents with human summaries.

What is learnt is which sentences the greedy oracle of `longdoc.model.overlap` takes for the summary. All files of documents weigh the
same, so do the documents of one, and in a document the sentences taken and those passed over. Figures are of documents that what gave
them had not seen: by cross-fitting over documents, and of documents that only judge.

Axis legend: S sentences, F inputs of the head, N rows (sentences of all documents).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longdoc.errors import UsageError
from longdoc.model.network import Floats
from longdoc.model.overlap import Overlap
from longdoc.model.rescoring import standard
from longdoc.model.salience import salience
from longdoc.model.salience_head import FILE, SalienceHead
from longdoc.model.salience_inputs import inputs, running
from longdoc.protocols import Progress, Reading
from longdoc.types import Document

FOLDS = 5
FEWEST_DOCUMENTS = 8
DRAWS = 10
"""Random choices whose figures are averaged."""

Choice = Callable[[npt.NDArray[np.int64]], list[list[int]]]


@dataclass(frozen=True)
class Summarised:
    """A document that was read, the human summaries of it, the file that it came from; `judges`: it is kept out of training."""

    document: Document
    reading: Reading
    references: tuple[str, ...]
    source: str = ""
    judges: bool = False


@dataclass(frozen=True, slots=True)
class SalienceRecipe:
    """How a head is trained."""

    hidden: int = 64
    dropout: float = 0.4
    epochs: int = 40
    batch: int = 2048
    rate: float = 3e-3
    decay: float = 0.1


RECIPE = SalienceRecipe()


@dataclass(frozen=True, slots=True)
class Figures:
    """ROUGE-1 and ROUGE-2 F, in 0..1, of the `top_k` sentences of each way to choose them, over the documents of one file."""

    source: str
    documents: int
    top_k: int
    judges: bool
    rouge: Mapping[str, tuple[float, float]]

    def __str__(self) -> str:
        how = "not trained on" if self.judges else "cross-validated"
        lines = [f"{self.source}: {self.documents} documents, {how}, the top {self.top_k} sentences"]
        lines += [f"  {name:<12} ROUGE-1 {100 * one:5.1f}  ROUGE-2 {100 * two:5.1f}" for name, (one, two) in self.rouge.items()]
        return "\n".join(lines)


@dataclass(frozen=True)
class SalienceReport:
    """What came of a training."""

    path: Path
    documents: int
    sentences: int
    seconds: float
    figures: tuple[Figures, ...]

    def __str__(self) -> str:
        trained = f"{self.documents} documents, {self.sentences} sentences, {self.seconds:.0f} s"
        return "\n".join([*map(str, self.figures), trained, f"weights: {self.path}"])


@dataclass(frozen=True)
class Prepared:
    """One document: what the head sees [S, F], rows of running text, those that the oracle takes, the hand rule's scores [S]."""

    inputs: Floats
    running: npt.NDArray[np.int64]
    taken: list[int]
    by_hand: Floats
    overlap: Overlap
    source: str
    judges: bool


def train_salience(
    documents: Iterable[Summarised],
    out: Path,
    *,
    encoder: str,
    seed: int = 0,
    notes: Mapping[str, str] | None = None,
    recipe: SalienceRecipe = RECIPE,
    progress: Callable[[Progress], None] | None = None,
) -> SalienceReport:
    """Train on `documents` and write `out`/salience.safetensors, for the encoder with the fingerprint `encoder`, which read them.

    Documents whose summary shares no word with them are left out.

    Raises: UsageError if there are too few documents.
    """
    began = time.monotonic()
    tell = progress or (lambda _: None)
    prepared = []
    for number, one in enumerate(documents, 1):
        prepared.append(prepare(one))
        tell(Progress("read", number, None, "documents", one.document.path))
    learnt = [one for one in prepared if one.taken and not one.judges]
    if len(learnt) < FEWEST_DOCUMENTS:
        raise UsageError(
            f"{len(learnt)} documents with a summary of their own words are too few to train on; {FEWEST_DOCUMENTS} are the least"
        )
    tell(Progress("train salience", 0, FOLDS + 1, "rounds"))
    fold = np.random.default_rng(seed).permutation(len(learnt)) % FOLDS
    scores: list[Floats] = [one.by_hand for one in learnt]
    for number in range(FOLDS):
        head = fit([one for one, part in zip(learnt, fold, strict=True) if part != number], encoder, seed, recipe)
        for index in np.flatnonzero(fold == number).tolist():
            scores[index] = head.scores(learnt[index].inputs)
        tell(Progress("train salience", number + 1, FOLDS + 1, "rounds"))
    head = fit(learnt, encoder, seed, recipe)
    tell(Progress("train salience", FOLDS + 1, FOLDS + 1, "rounds"))
    judges = [one for one in prepared if one.taken and one.judges]
    judged = list(zip(learnt, scores, strict=True)) + [(one, head.scores(one.inputs)) for one in judges]
    out.mkdir(parents=True, exist_ok=True)
    head.save(out / FILE, {**(notes or {}), "seed": str(seed)})
    return SalienceReport(
        path=out / FILE,
        documents=len(learnt),
        sentences=sum(len(one.running) for one in learnt),
        seconds=time.monotonic() - began,
        figures=tuple(
            _figures([(one, found) for one, found in judged if (one.source, one.judges) == key], seed)
            for key in dict.fromkeys((one.source, one.judges) for one, _ in judged)
        ),
    )


def fit(documents: Sequence[Prepared], encoder: str, seed: int, recipe: SalienceRecipe = RECIPE) -> SalienceHead:
    """A head that tells the sentences that the oracle takes from others, by weighted binary cross-entropy."""
    import torch
    from torch import nn

    rows = np.concatenate([one.inputs[one.running] for one in documents])
    truth = np.concatenate([np.isin(one.running, one.taken) for one in documents]).astype(np.float32)
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + np.float32(1e-4)
    given, wanted, weight = (torch.from_numpy(array) for array in (standard(rows, mean, scale), truth, _weights(documents)))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        hidden, drop, output = nn.Linear(rows.shape[1], recipe.hidden), nn.Dropout(recipe.dropout), nn.Linear(recipe.hidden, 1)
        parts = nn.ModuleList([hidden, output])
        steps = recipe.epochs * -(-len(rows) // recipe.batch)
        optimiser = torch.optim.AdamW(parts.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
        for _ in range(recipe.epochs):
            for batch in torch.randperm(len(rows)).split(recipe.batch):
                states = nn.functional.gelu(hidden(drop(given[batch])), approximate="tanh")
                total = output(drop(states))[:, 0]
                loss = nn.functional.binary_cross_entropy_with_logits(total, wanted[batch], weight[batch])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()

    def array(tensor: Any) -> Floats:
        return np.asarray(tensor.detach().numpy(), dtype=np.float32)

    weights = (array(hidden.weight), array(hidden.bias), array(output.weight[0]), array(output.bias))
    return SalienceHead(mean, scale, *weights, encoder=encoder)


def prepare(one: Summarised) -> Prepared:
    """What training and judging need of a document."""
    document, reading = one.document, one.reading
    sentences, holder = reading.sentences, reading.chunk_of_sentence
    prose = running(document, sentences)
    overlap = Overlap([document.text[start:end] for start, end in sentences.tolist()], one.references)
    return Prepared(
        inputs=inputs(document, sentences, holder, reading.sentence_vectors, reading.chunk_vectors),
        running=np.flatnonzero(prose),
        taken=overlap.oracle(prose),
        by_hand=salience(document, sentences, holder, reading.sentence_vectors.astype(np.float32)),
        overlap=overlap,
        source=one.source,
        judges=one.judges,
    )


def _weights(documents: Sequence[Prepared]) -> Floats:
    """What each row [N] counts, 1 on average."""
    files = {one.source: sum(other.source == one.source for other in documents) for one in documents}
    parts = []
    for one in documents:
        taken = np.isin(one.running, one.taken)
        share = np.where(taken, 0.5 / taken.sum(), 0.5 / max(1, (~taken).sum()))
        parts.append(share / files[one.source])
    weights = np.concatenate(parts)
    return np.asarray(weights / weights.mean(), dtype=np.float32)


def _figures(judged: Sequence[tuple[Prepared, Floats]], seed: int) -> Figures:
    """Figures of the documents of one file; as many sentences are chosen as the oracle takes of the median document."""
    top_k = max(1, round(float(np.median([len(one.taken) for one, _ in judged]))))
    draw = np.random.default_rng(seed)
    found: dict[str, list[tuple[float, float]]] = {}
    for one, scores in judged:
        rows = one.running
        choices = {
            "head": [rows[np.argsort(-scores[rows], kind="stable")]],
            "hand rule": [rows[np.argsort(-one.by_hand[rows], kind="stable")]],
            "lead": [rows],
            "random": [draw.permutation(rows) for _ in range(DRAWS)],
        }
        for name, orders in choices.items():
            found.setdefault(name, []).append(_mean([one.overlap.rouge(order[:top_k].tolist()) for order in orders]))
        found.setdefault("oracle", []).append(one.overlap.rouge(one.taken))
    first = judged[0][0]
    return Figures(first.source, len(judged), top_k, first.judges, {name: _mean(pairs) for name, pairs in found.items()})


def _mean(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(one for one, _ in pairs) / len(pairs), sum(two for _, two in pairs) / len(pairs)
