"""Training of a `Network` with torch: binary cross-entropy per label, all rows with a label and a share of those without.

Axis legend: R rows, F known keys, E embedding size, D size of the dense input, H hidden units, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longdoc.model.features import Keys, Sparse
from longdoc.model.network import Bags, Floats, Halves, Integers, Network, bags
from longdoc.model.targets import UNSURE, YES, Targets

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; `negatives` is the share of rows without any label that an epoch sees. Only words of so many rows and
    documents have a weight."""

    embedding: int = 64
    hidden: int = 384
    dropout: float = 0.4
    epochs: int = 8
    batch: int = 512
    rate: float = 1.2e-3
    decay: float = 1e-2
    negatives: float = 0.3
    fewest_rows: int = 6
    fewest_documents: int = 3


@dataclass(frozen=True)
class Example:
    """One document's rows: features, dense input [R, D], targets [R, L]."""

    sparse: Sparse
    dense: Halves
    targets: Targets


def known_keys(examples: Sequence[Example], fewest_rows: int, fewest_documents: int) -> Keys:
    """Keys worth a weight: in so many rows that carry a label, and in so many documents."""
    labelled, documents = [], []
    for example in examples:
        yes = (example.targets == YES).any(axis=1)
        row = np.repeat(np.arange(example.sparse.rows), np.diff(example.sparse.starts))
        labelled.append(example.sparse.keys[yes[row]])
        documents.append(np.unique(example.sparse.keys))
    keys, rows = np.unique(np.concatenate(labelled), return_counts=True)
    every, spread = np.unique(np.concatenate(documents), return_counts=True)
    return np.intersect1d(keys[rows >= fewest_rows], every[spread >= fewest_documents])


class _Rows:
    """All rows of all examples, ready to be drawn from."""

    def __init__(self, examples: Sequence[Example], keys: Keys) -> None:
        parts = [bags(example.sparse, keys) for example in examples]
        sizes = np.cumsum([0] + [len(part.index) for part in parts])
        self.bags = Bags(
            np.concatenate([part.index for part in parts]),
            np.concatenate([part.weight for part in parts]),
            np.concatenate([part.starts[:-1] + size for part, size in zip(parts, sizes, strict=False)] + [sizes[-1:]]),
        )
        self.dense = np.concatenate([example.dense for example in examples])
        self.targets = np.concatenate([example.targets for example in examples])

    def take(self, rows: Integers) -> tuple[torch.Tensor, ...]:
        """index, offsets, weight, dense and targets of `rows`."""
        import torch

        start = self.bags.starts[rows]
        count = self.bags.starts[rows + 1] - start
        offset = np.cumsum(count) - count
        place = np.repeat(start - offset, count) + np.arange(count.sum())
        arrays = (
            self.bags.index[place].astype(np.int64),
            offset,
            self.bags.weight[place],
            self.dense[rows].astype(np.float32),
            self.targets[rows].astype(np.float32),
        )
        return tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


def fit(
    examples: Sequence[Example], keys: Keys, *, seed: int, recipe: Recipe = Recipe(), progress: Callable[[int, int], None] | None = None
) -> Network:
    """A network trained on `examples`; the same seed, examples and threads give the same weights.

    `progress` is told (steps done, steps in all).
    """
    import torch

    rows = _Rows(examples, keys)
    size, labels = rows.dense.shape[1], rows.targets.shape[1]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = _module(len(keys), size, labels, recipe)
        draw = np.random.default_rng(seed)
        some = np.flatnonzero((rows.targets != 0).any(axis=1))
        none = np.flatnonzero((rows.targets == 0).all(axis=1))
        share = int(recipe.negatives * len(none))
        in_epoch = max(1, -(-(len(some) + share) // recipe.batch))
        steps = recipe.epochs * in_epoch
        fast, slow = list(module.embedding.parameters()), [*module.hidden.parameters(), *module.output.parameters()]
        groups = [
            {"params": fast, "lr": recipe.rate, "weight_decay": 1e-2},
            {"params": slow, "lr": recipe.rate, "weight_decay": recipe.decay},
        ]
        optimiser = torch.optim.AdamW(groups)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps, pct_start=0.15)
        done = 0
        for _ in range(recipe.epochs):
            order = np.concatenate([some, draw.choice(none, share, replace=False)])
            draw.shuffle(order)
            for first in range(0, len(order), recipe.batch):
                *inputs, truth = rows.take(order[first : first + recipe.batch])
                loss = torch.nn.functional.binary_cross_entropy_with_logits(module(*inputs), (truth == YES).float(), reduction="none")
                loss = (loss * (truth != UNSURE)).sum(dim=1).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                done += 1
                if progress:
                    progress(done, steps)
    return _network(module, keys)


def _module(keys: int, size: int, labels: int, recipe: Recipe) -> Any:
    import torch
    from torch import nn

    class Module(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.EmbeddingBag(keys, recipe.embedding, mode="sum")
            nn.init.normal_(self.embedding.weight, std=0.05)
            self.hidden = nn.Linear(size + recipe.embedding, recipe.hidden)
            self.output = nn.Linear(recipe.hidden, labels)
            nn.init.constant_(self.output.bias, -5.0)
            self.dropout = nn.Dropout(recipe.dropout)

        def forward(self, index: torch.Tensor, offsets: torch.Tensor, weight: torch.Tensor, dense: torch.Tensor) -> torch.Tensor:
            inputs = torch.cat([dense, self.embedding(index, offsets, weight)], dim=1)
            hidden = nn.functional.gelu(self.hidden(self.dropout(inputs)), approximate="tanh")
            return self.output(self.dropout(hidden))

    return Module()


def _network(module: Any, keys: Keys) -> Network:
    def numpy(parameter: torch.Tensor) -> Floats:
        # What is shipped is float16, so that is what is calibrated.
        values: Floats = parameter.detach().half().float().numpy()
        return values

    return Network(
        keys=keys,
        embedding=numpy(module.embedding.weight),
        hidden=numpy(module.hidden.weight),
        hidden_bias=numpy(module.hidden.bias),
        output=numpy(module.output.weight),
        output_bias=numpy(module.output.bias),
    )
