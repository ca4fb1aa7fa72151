"""How likely it is that a document carries a label at all, from the scores of its best candidates.

    p = sigmoid(w . [logit of the best, logit of the second, logit of 1 - prod(1 - score)] + b + b_label)

A clause's score is the chance that this very passage is one; whether there is one anywhere is another question, which depends on how many
candidates nearly are, and on how often the label's candidates are right. Fitted by ridge regression (Newton's method) on documents that
what gives the scores has not seen; `usual` is the share of those documents that carry the label.

Axis legend: D documents, L labels, F numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from longdoc.errors import UnreadableError, UsageError
from longdoc.protocols import Chance

SUFFIX = ".presence.json"
FORMAT = 1
NUMBERS = 3
FEWEST_DOCUMENTS = 8
RIDGE = 1.0
"""Weight of the squared deviation of a label from all labels together."""
_LOWEST = 1e-5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Presence:
    """Fitted weights: `slopes` [F] and `offset` of all labels, `offsets` and `usual` by label; `clauses` is the fingerprint of the
    clause weights that give the scores."""

    slopes: tuple[float, ...]
    offset: float
    offsets: Mapping[str, float]
    usual: Mapping[str, float]
    clauses: str = ""
    documents: int = 0

    @property
    def fingerprint(self) -> str:
        """Changes with any weight."""
        return hashlib.sha256(self._text().encode()).hexdigest()[:16]

    def chance(self, label: str, scores: Sequence[float]) -> Chance:
        """The chance that a document has `label`, whose candidates have these scores."""
        known = {name.casefold(): name for name in self.offsets}.get(label.casefold())
        own = self.offsets[known] if known is not None else 0.0
        total = float(np.dot(self.slopes, numbers(scores)) + self.offset + own)
        return Chance(float(1.0 / (1.0 + np.exp(-total))), self.usual[known] if known is not None else 0.5, known is not None)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(self._text() + "\n", encoding="utf-8")

    def _text(self) -> str:
        content = {
            "format": FORMAT,
            "clauses": self.clauses,
            "documents": self.documents,
            "slopes": [round(one, 5) for one in self.slopes],
            "offset": round(self.offset, 5),
            "labels": {name: [round(self.offsets[name], 4), round(self.usual[name], 4)] for name in self.offsets},
        }
        return json.dumps(content, indent=1, ensure_ascii=False)


MATCHED = Presence(slopes=(0.57, 0.23, 0.12), offset=1.18, offsets={}, usual={})
"""For labels that are matched by description. Fitted by benchmarks/presence.py on CUAD's validation part as if its labels were unknown."""
UNMEASURED = Presence(slopes=(0.74, 0.10, 0.19), offset=0.87, offsets={}, usual={})
"""For labels whose weights came without a presence of their own: what holds for all labels of CUAD together."""


def load_presence(path: Path) -> Presence:
    """What `save` wrote.

    Raises: UnreadableError if it is nothing of the kind.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}, this longdoc reads {FORMAT}")
        labels = {str(name): (float(offset), float(usual)) for name, (offset, usual) in content["labels"].items()}
        return Presence(
            slopes=tuple(float(slope) for slope in content["slopes"]),
            offset=float(content["offset"]),
            offsets={name: offset for name, (offset, _) in labels.items()},
            usual={name: usual for name, (_, usual) in labels.items()},
            clauses=str(content["clauses"]),
            documents=int(content["documents"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{path}: no presence weights ({error}); fit them again with `longdoc train presence`") from error


def numbers(scores: Sequence[float]) -> Floats:
    """The F numbers of a label's candidates in one document."""
    best = [*sorted(scores, reverse=True)[:20], _LOWEST, _LOWEST]
    any_of_them = 1.0 - float(np.prod([1.0 - one for one in best]))
    return np.array([_logit(best[0]), _logit(best[1]), _logit(any_of_them)])


def fit_presence(
    documents: Sequence[Mapping[str, Sequence[float]]],
    carried: Sequence[frozenset[str]],
    labels: Sequence[str],
    *,
    clauses: str = "",
    ridge: float = RIDGE,
) -> Presence:
    """Fit on documents, for each the scores of its candidates by label and the labels that it carries.

    Raises: UsageError if there are too few documents.
    """
    if len(documents) < FEWEST_DOCUMENTS:
        raise UsageError(f"{len(documents)} documents are too few to tell when a label is there; {FEWEST_DOCUMENTS} are needed")
    inputs = np.array([[numbers(scores.get(label, ())) for label in labels] for scores in documents])  # [D, L, F]
    truth = np.array([[label in own for label in labels] for own in carried], dtype=np.float64)
    weights = _newton(inputs, truth, ridge)
    share = truth.mean()
    usual = (truth.sum(axis=0) + 2 * share) / (len(documents) + 2)
    return Presence(
        slopes=tuple(weights[:NUMBERS].tolist()),
        offset=float(weights[NUMBERS]),
        offsets=dict(zip(labels, weights[NUMBERS + 1 :].tolist(), strict=True)),
        usual=dict(zip(labels, usual.tolist(), strict=True)),
        clauses=clauses,
        documents=len(documents),
    )


def _newton(inputs: Floats, truth: Floats, ridge: float) -> Floats:
    """Slopes [F], offset and a label's own offset [L] of the logistic regression."""
    count, labels, size = inputs.shape
    own = np.tile(np.eye(labels), (count, 1))
    rows = np.concatenate([inputs.reshape(-1, size), np.ones((count * labels, 1)), own], axis=1)
    wanted = truth.reshape(-1)
    penalty = np.concatenate([np.full(size + 1, 1e-3), np.full(labels, 2.0 * ridge)])
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        chances = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (chances - wanted) + penalty * weights
        curve = rows.T @ (rows * (chances * (1.0 - chances))[:, None]) + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(weights, dtype=np.float64)


def _logit(chance: float) -> float:
    held = min(max(chance, _LOWEST), 1.0 - _LOWEST)
    return float(np.log(held / (1.0 - held)))
