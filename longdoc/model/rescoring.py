"""From scores to probabilities, by all that is known of a candidate and of the other candidates in its document.

A label that a contract carries once (its governing law) is found by being the best; one that it carries many times by its own score;
a candidate that lies in a better one is rarely right too. A small network with two hidden layers sees these numbers of a candidate and
its label, and was fitted on scores of documents that what gave them had not seen.

    p = mean over networks of sigmoid(o . gelu(B gelu(A [x; e_label] + a) + b) + c_label)

It is plain numpy, so that a look-up of clauses need not load torch.

Axis legend: K candidates, R rows (sentences or spans), L labels, F numbers, E size of a label's embedding, H hidden units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longdoc.model.network import Floats, gelu

MOST = 50
"""Candidates a label, document and kind (sentence or span) that are kept."""
NUMBERS = 20
_FLOOR = -12.0
"""Stands for the score of what is not there."""
PARTS = ("mean", "scale", "label", "first", "first_bias", "second", "second_bias", "output", "label_bias")

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scored:
    """Rows of one kind: spans [R, 2], for the labels `columns` [L] the scores of the networks, of the encoder and of both [R, L]."""

    spans: Integers
    columns: Integers
    networks: Floats
    encoder: Floats
    blended: Floats


@dataclass(frozen=True)
class Candidates:
    """What is left of a document: label [K], kind [K] (place in the list of Scored), row [K] in it, spans [K, 2], numbers [K, F]."""

    label: Integers
    kind: Integers
    row: Integers
    spans: Integers
    numbers: Floats


def gather(scored: Sequence[Scored], length: int) -> Candidates:
    """The best rows of every label and kind, with their numbers, by label and falling score; `length` is the text's, in characters."""
    labels = sorted({int(column) for one in scored for column in one.columns})
    parts = [part for label in labels if (part := _of_label(label, scored, length)) is not None]
    empty = np.zeros(0, dtype=np.int64)
    if not parts:
        return Candidates(empty, empty, empty, empty.reshape(0, 2), np.zeros((0, NUMBERS), np.float32))
    names = ("label", "kind", "row", "spans", "numbers")
    return Candidates(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _of_label(label: int, scored: Sequence[Scored], length: int) -> Candidates | None:
    found = [part for kind, one in enumerate(scored) if (part := _best(label, kind, one)) is not None]
    if not found:
        return None
    kind, row, spans, score, near, others = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(-score[:, 0], kind="stable")
    numbers = _numbers(kind[order], spans[order], score[order], near[order], others[order], length)
    return Candidates(np.full(len(order), label), kind[order], row[order], spans[order], numbers)


def _best(label: int, kind: int, one: Scored) -> tuple[npt.NDArray[Any], ...] | None:
    """Of one kind the best rows for a label: kind, row, span, the three scores, a neighbour's score, the two best other labels'."""
    where = np.flatnonzero(one.columns == label)
    if not len(where) or not len(one.spans):
        return None
    column = one.blended[:, where[0]]
    best = np.argsort(-column, kind="stable")[:MOST]
    score = np.stack([column[best], one.encoder[best, where[0]], one.networks[best, where[0]]], axis=1)
    edge = np.full(1, _FLOOR, dtype=np.float32)
    near = np.maximum(np.append(edge, column[:-1]), np.append(column[1:], edge))[best]
    if kind:  # spans overlap one another: the next one is no neighbour
        near = np.full(len(best), _FLOOR, dtype=np.float32)
    rest = np.concatenate([np.delete(one.blended[best], where[0], axis=1), np.full((len(best), 2), _FLOOR, dtype=np.float32)], axis=1)
    others = -np.sort(-rest, axis=1)[:, :2]
    return np.full(len(best), kind), best, one.spans[best], score, near, others


def _numbers(kind: Integers, spans: Integers, score: Floats, near: Floats, others: Floats, length: int) -> Floats:
    """The F numbers of one label's candidates, best first."""
    together, count = score[:, 0], len(kind)
    rank = np.arange(count)
    rank_in_kind = np.array([(kind[:place] == own).sum() for place, own in enumerate(kind)])
    best_of_kind = np.array([together[kind == own].max(initial=_FLOOR) for own in range(2)])
    better = (spans[:, None, 0] < spans[None, :, 1]) & (spans[None, :, 0] < spans[:, None, 1]) & (rank[None, :] < rank[:, None])
    best_better = np.where(better, together[None, :], _FLOOR - 3.0).max(axis=1)
    columns = (
        kind,
        together,
        score[:, 1],
        score[:, 2],
        together - together[0],
        together - best_of_kind[np.minimum(kind, 1)],
        best_of_kind[1 - np.minimum(kind, 1)] - together,
        np.log1p(rank),
        np.log1p(rank_in_kind),
        np.full(count, together[:5].mean()),
        np.full(count, together[1] if count > 1 else _FLOOR),
        np.log1p(better.sum(axis=1)),
        best_better - together,
        near,
        others[:, 0],
        others[:, 1],
        spans[:, 0] / max(1, length),
        np.full(count, np.log(max(1, length))),
        np.log1p(spans[:, 0]),
        np.log1p(spans[:, 1] - spans[:, 0]),
    )
    return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Rescorer:
    """mean and scale [F] standardise the numbers; label [L, E] and label_bias [L]; first [H, F + E], second [H, H], output [H]."""

    mean: Floats
    scale: Floats
    label: Floats
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    output: Floats
    label_bias: Floats

    def probabilities(self, candidates: Candidates) -> Floats:
        """Probability [K] of every candidate."""
        inputs = np.concatenate([standard(candidates.numbers, self.mean, self.scale), self.label[candidates.label]], axis=1)
        hidden = gelu(gelu(inputs @ self.first.T + self.first_bias) @ self.second.T + self.second_bias)
        total = hidden @ self.output + self.label_bias[candidates.label]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(total, -30, 30))), dtype=np.float32)


def standard(numbers: Floats, mean: Floats, scale: Floats) -> Floats:
    """Standardised numbers, none further out than five scales."""
    return np.asarray(np.clip((numbers - mean) / scale, -5.0, 5.0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class RescorerRecipe:
    """How a rescorer is fitted."""

    embedding: int = 8
    hidden: int = 64
    dropout: float = 0.1
    epochs: int = 6
    fewest_steps: int = 300
    batch: int = 1024
    rate: float = 3e-3
    decay: float = 1e-3


def fit(
    documents: Sequence[Candidates],
    truths: Sequence[npt.NDArray[np.bool_]],
    labels: int,
    *,
    seed: int,
    recipe: RescorerRecipe = RescorerRecipe(),
) -> Rescorer:
    """A rescorer of the candidates of `documents`, of which `truths` [K] are right, for so many labels."""
    import torch
    from torch import nn

    numbers = np.concatenate([one.numbers for one in documents])
    mean, scale = numbers.mean(axis=0), numbers.std(axis=0) + np.float32(1e-6)
    inputs = torch.from_numpy(standard(numbers, mean, scale))
    label = torch.from_numpy(np.concatenate([one.label for one in documents]))
    truth = torch.from_numpy(np.concatenate(truths).astype(np.float32))
    with torch.random.fork_rng(), _one_thread():
        torch.manual_seed(seed)
        embedding, bias = nn.Embedding(labels, recipe.embedding), nn.Embedding(labels, 1)
        nn.init.zeros_(bias.weight)
        drop = nn.Dropout(recipe.dropout)
        first, second = nn.Linear(NUMBERS + recipe.embedding, recipe.hidden), nn.Linear(recipe.hidden, recipe.hidden)
        output = nn.Linear(recipe.hidden, 1)
        parts = nn.ModuleList([embedding, bias, first, second, output])
        steps = max(recipe.fewest_steps, recipe.epochs * -(-len(truth) // recipe.batch))
        optimiser = torch.optim.AdamW(parts.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
        for rows in _draw(len(truth), recipe.batch, steps):
            hidden = nn.functional.gelu(first(torch.cat([inputs[rows], embedding(label[rows])], dim=1)), approximate="tanh")
            hidden = nn.functional.gelu(second(drop(hidden)), approximate="tanh")
            total = (output(hidden) + bias(label[rows]))[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(total, truth[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()

    def array(tensor: Any) -> Floats:
        return np.asarray(tensor.detach().numpy(), dtype=np.float32)

    return Rescorer(
        mean=mean,
        scale=scale,
        label=array(embedding.weight),
        first=array(first.weight),
        first_bias=array(first.bias),
        second=array(second.weight),
        second_bias=array(second.bias),
        output=array(output.weight[0]),
        label_bias=array(bias.weight[:, 0] + output.bias),
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Steps this small take longer on two threads, and many times as long where another program has one of the cores."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _draw(rows: int, batch: int, steps: int) -> Any:
    """Rows of every step: epoch after epoch, shuffled."""
    import torch

    order = torch.randperm(rows)
    first = 0
    for _ in range(steps):
        if first >= rows:
            order, first = torch.randperm(rows), 0
        yield order[first : first + batch]
        first += batch
