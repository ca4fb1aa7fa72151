"""From a score to a probability, by what the other candidates in the document score.

A label that a contract carries once (its governing law) is found by being the best; one that it carries many times by its own
score. Each label has a logistic regression on six numbers of a candidate: its score, the distance to the document's best, its
rank, its better neighbour's score, the mean of the document's five best, and how many candidates there are. Labels with few
examples lean on a regression over all labels (ridge towards it).

Axis legend: R rows of one document in order, L labels, K numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

NUMBERS = 6
MOST = 50
"""Candidates a label and document that are kept; calibration is fitted on those alone."""
_STEPS = 15
_FLOOR = -12.0


@dataclass(frozen=True)
class Calibration:
    """mean and scale [K] standardise the numbers; weights [L, K + 1], the last being the intercept."""

    mean: Floats
    scale: Floats
    weights: Floats

    def probabilities(self, logits: Floats) -> Floats:
        """Probabilities [R, L] of one document's candidates."""
        if not len(logits):
            return np.zeros_like(logits)
        numbers = (_numbers(logits) - self.mean) / self.scale
        total = np.einsum("rlk,lk->rl", numbers, self.weights[:, :-1]) + self.weights[:, -1]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(total, -30, 30))), dtype=np.float32)


def fit(logits: Sequence[Floats], truths: Sequence[npt.NDArray[np.bool_]], lean: float = 10.0) -> Calibration:
    """The calibration of out-of-fold `logits`, one [R, L] a document, with `truths` of the same shapes; `lean` is the ridge."""
    labels = logits[0].shape[1]
    inputs: list[list[Doubles]] = [[] for _ in range(labels)]
    wanted: list[list[Doubles]] = [[] for _ in range(labels)]
    for scores, truth in zip(logits, truths, strict=True):
        if not len(scores):
            continue
        numbers = _numbers(scores).astype(np.float64)
        for label in range(labels):
            kept = numbers[:, label, 2] < np.log1p(MOST)
            inputs[label].append(numbers[kept, label])
            wanted[label].append(truth[kept, label].astype(np.float64))
    per_label = [(np.concatenate(numbers), np.concatenate(truth)) for numbers, truth in zip(inputs, wanted, strict=True)]
    everything = np.concatenate([numbers for numbers, _ in per_label])
    mean, scale = everything.mean(axis=0), everything.std(axis=0) + 1e-6

    def standard(numbers: Doubles) -> Doubles:
        return np.concatenate([(numbers - mean) / scale, np.ones((len(numbers), 1))], axis=1)

    shared = _logistic(standard(everything), np.concatenate([truth for _, truth in per_label]), np.zeros(NUMBERS + 1), 1.0)
    weights = np.stack([_logistic(standard(numbers), truth, shared, lean) for numbers, truth in per_label])
    return Calibration(mean.astype(np.float32), scale.astype(np.float32), weights.astype(np.float32))


def _numbers(logits: Floats) -> Floats:
    """The K numbers of every candidate, [R, L, K]."""
    rows = len(logits)
    best_first = -np.sort(-logits, axis=0)
    rank = np.argsort(np.argsort(-logits, axis=0, kind="stable"), axis=0)
    edge = np.full((1, logits.shape[1]), _FLOOR, dtype=np.float32)
    beside = np.maximum(np.concatenate([edge, logits[:-1]]), np.concatenate([logits[1:], edge]))
    return np.stack(
        [
            logits,
            logits - best_first[0],
            np.log1p(rank),
            np.maximum(beside, _FLOOR),
            np.broadcast_to(best_first[:5].mean(axis=0), logits.shape),
            np.full_like(logits, np.log(rows)),
        ],
        axis=2,
    ).astype(np.float32)


def _logistic(inputs: Doubles, truth: Doubles, prior: Doubles, ridge: float) -> Doubles:
    """Weights of a logistic regression with a ridge towards `prior`, by Newton's method."""
    weights = prior.copy()
    for _ in range(_STEPS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (probability - truth) + ridge * (weights - prior)
        curve = (inputs * (probability * (1.0 - probability))[:, None]).T @ inputs + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    return weights
