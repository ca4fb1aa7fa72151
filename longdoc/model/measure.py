"""Precision and recall of found clauses, judged as CUAD judges them: pooled over labels, by falling score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longdoc.model.clauses import Found
from longdoc.model.targets import Gold, same, words


@dataclass(frozen=True)
class Judged:
    """One label of one document: the score at which each gold passage is found (None: never), and the scores of wrong answers."""

    found: tuple[float | None, ...]
    wrong: tuple[float, ...]


@dataclass(frozen=True)
class Curve:
    """Area under the interpolated precision-recall curve, precision at 80 % recall, the best F1, and the score, precision and recall
    that give it."""

    area: float
    precision_at_80: float
    best_f1: float
    threshold: float
    precision: float
    recall: float
    gold: int

    def __str__(self) -> str:
        return f"AUPR {100 * self.area:.1f}, precision at 80 % recall {100 * self.precision_at_80:.1f}, best F1 {100 * self.best_f1:.1f}"


def outcomes(text: str, gold: Iterable[Gold], found: Iterable[Found]) -> dict[str, Judged]:
    """How the candidates of one document fare, by label in lower case."""
    wanted: dict[str, list[frozenset[str]]] = defaultdict(list)
    for passage in gold:
        wanted[passage.label.casefold()].append(words(text[passage.start : passage.end]))
    quotes: dict[str, dict[str, float]] = defaultdict(dict)
    for one in found:
        known = quotes[one.label.casefold()]
        quote = text[one.start : one.end]
        known[quote] = max(one.score, known.get(quote, 0.0))
    return {label: _judged(wanted[label], quotes[label]) for label in set(wanted) | set(quotes)}


def _judged(wanted: Sequence[frozenset[str]], quotes: Mapping[str, float]) -> Judged:
    best: list[float | None] = [None] * len(wanted)
    wrong = []
    for quote, score in quotes.items():
        own = words(quote)
        hits = [index for index, want in enumerate(wanted) if same(own, want)]
        for index in hits:
            best[index] = max(score, best[index] or 0.0)
        if not hits:
            wrong.append(score)
    return Judged(tuple(best), tuple(wrong))


def curve(documents: Iterable[Mapping[str, Judged]], labels: Sequence[str]) -> Curve:
    """The curve of `labels` together over all documents."""
    parts = [judged[label.casefold()] for judged in documents for label in labels if label.casefold() in judged]
    total = sum(len(part.found) for part in parts)
    events = sorted(
        [(score, True) for part in parts for score in part.found if score is not None]
        + [(score, False) for part in parts for score in part.wrong],
        reverse=True,
    )
    points: list[tuple[float, float, float]] = []
    right = wrong = 0
    for position, (score, hit) in enumerate(events):
        right, wrong = right + hit, wrong + (not hit)
        if position + 1 == len(events) or events[position + 1][0] != score:
            points.append((right / max(1, total), right / (right + wrong), score))
    envelope, highest = [], 0.0
    for recall, precision, _ in reversed(points):
        highest = max(highest, precision)
        envelope.append((recall, highest))
    envelope.reverse()
    area = sum(
        (recall - before) * precision for (recall, precision), before in zip(envelope, [0.0, *(r for r, _ in envelope)], strict=False)
    )
    best = max(((2 * p * r / (p + r) if p + r else 0.0, score, p, r) for r, p, score in points), default=(0.0, 0.5, 0.0, 0.0))
    return Curve(area, next((p for r, p in envelope if r >= 0.8), 0.0), *best, total)


def average_precision(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> float:
    """Mean of the precisions at every right row, by falling score; 0 if no row is right."""
    right = truth[np.argsort(-scores, kind="stable")]
    places = np.flatnonzero(right) + 1
    return float(np.mean(np.arange(1, len(places) + 1) / places)) if len(places) else 0.0
