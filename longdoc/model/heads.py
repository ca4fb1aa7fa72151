"""The encoder's heads: from token states to scores of sentences and spans for the labels of one set, and to vectors.

A sentence's score for a label is pooled over its tokens by an attention that is the label's own (label-wise attention, Mullenbach et
al., 2018, https://arxiv.org/abs/1802.05695), beside a linear score of its mean state:

    a = softmax over the sentence of  h q_l;   score_l = sum a (h w_l + c_l) + mean(h) m_l

A short span's score comes from its mean state and the states of the tokens just before and after it, through one hidden layer.

The sums over a sentence's tokens add up, so that a sentence may come in pieces.

Axis legend: N tokens, S sentences, R spans, D width, L labels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_STEEPEST = 20.0
"""Bound of an attention score, so that its exponential needs no maximum to be taken off first."""


@dataclass
class Sums:
    """What is summed over the tokens of each sentence: attention weights and weighted scores, both [S, L]."""

    weight: Tensor
    score: Tensor


class Means:
    """Mean states [S, D] of sentences (or chunks), from tokens that come in pieces."""

    def __init__(self, owners: int, width: int, device: torch.device | str = "cpu") -> None:
        self._sum = torch.zeros(owners, width, device=device)
        self._count = torch.zeros(owners, device=device)

    def add(self, states: Tensor, owner: Tensor) -> None:
        """Take the tokens `states` [N, D], which belong to `owner` [N]."""
        self._sum.index_add_(0, owner, states)
        self._count.index_add_(0, owner, torch.ones(len(owner), device=states.device))

    def result(self) -> Tensor:
        """The means, zero where there was no token."""
        return self._sum / self._count.clamp(min=1.0)[:, None]


class ClauseHeads(nn.Module):  # type: ignore[misc]
    """Scores for `labels` of sentences, for `span_labels` of short spans."""

    def __init__(self, labels: tuple[str, ...], span_labels: tuple[str, ...], width: int, hidden: int = 256) -> None:
        super().__init__()
        self.labels, self.span_labels = labels, span_labels
        self.look = nn.Linear(width, len(labels))
        self.token = nn.Linear(width, len(labels))
        self.mean = nn.Linear(width, len(labels), bias=False)
        self.span_hidden = nn.Linear(3 * width, hidden)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Initializing zero-element")  # a label set may have no short spans
            self.span_score = nn.Linear(hidden, len(span_labels))
        for layer in (self.look, self.token, self.mean):
            nn.init.normal_(layer.weight, std=0.02)
        nn.init.constant_(self.token.bias, -5.0)
        nn.init.constant_(self.span_score.bias, -3.0)

    def nothing(self, sentences: int) -> Sums:
        """The sums of so many sentences before any token."""
        shape, device = (sentences, len(self.labels)), self.look.weight.device
        return Sums(torch.zeros(shape, device=device), torch.zeros(shape, device=device))

    def add(self, sums: Sums, states: Tensor, sentence: Tensor) -> Sums:
        """`sums` with the tokens `states` [N, D], which belong to the sentences `sentence` [N]."""
        weight = self.look(states).clamp(-_STEEPEST, _STEEPEST).exp()
        score = weight * self.token(states)
        return Sums(sums.weight.index_add(0, sentence, weight), sums.score.index_add(0, sentence, score))

    def sentences(self, sums: Sums, means: Tensor) -> Tensor:
        """Scores [S, L] of sentences with the mean states `means` [S, D]."""
        scores: Tensor = sums.score / sums.weight.clamp(min=1e-9) + self.mean(means)
        return scores

    def spans(self, states: Tensor, spans: Tensor, drop: float = 0.0) -> Tensor:
        """Scores [R, L] of `spans` [R, 2], half-open ranges of the tokens `states` [N, D] that stand in the order of the text."""
        before = states[(spans[:, 0] - 1).clamp(min=0)]
        after = states[spans[:, 1].clamp(max=len(states) - 1)]
        total = functional.pad(states.double().cumsum(0), (0, 0, 1, 0))
        length = (spans[:, 1] - spans[:, 0]).clamp(min=1)[:, None]
        mean = ((total[spans[:, 1]] - total[spans[:, 0]]) / length).float()
        hidden = functional.gelu(self.span_hidden(torch.cat([mean, before.float(), after.float()], dim=1)))
        result: Tensor = self.span_score(functional.dropout(hidden, drop, self.training))
        return result


class VectorHead(nn.Module):  # type: ignore[misc]
    """From the mean of states to the vector that search compares; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.turn = nn.Linear(width, width)
        nn.init.eye_(self.turn.weight)
        nn.init.zeros_(self.turn.bias)

    def forward(self, means: Tensor) -> Tensor:
        """Vectors [S, D] of unit length of mean states [S, D]; that of nothing is zero."""
        there = means.abs().sum(dim=1, keepdim=True) > 0
        return functional.normalize(self.turn(means), dim=1) * there
