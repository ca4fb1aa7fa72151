"""Training of the encoder and its clause heads on labelled documents, with vectors held near those of the model it starts from.

    loss = 4 * mean over sentences (sum over labels BCE) + span loss + keep * (apart of sentences + apart of texts)

where apart is the mean of 1 - cos(vector, the base's vector), of sentences in their blocks and of short texts by themselves.

A run is seeded and can be resumed: `checkpoint.pt` in the output folder holds weights, optimiser and the place in the plan, and is
written every few minutes.

Axis legend: N tokens, S sentences, L labels, D width.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from longdoc.model.blocks import Blocks, separate
from longdoc.model.encoder import Dropout, Encoder
from longdoc.model.encoder_file import Model
from longdoc.model.execution import PRECISIONS, choose
from longdoc.model.heads import ClauseHeads
from longdoc.model.lora import add_lora, merge_lora
from longdoc.model.strips import Batch, Halves, Integers, Lesson, Strip, collate, strips
from longdoc.model.targets import UNSURE, YES
from longdoc.model.teacher import Teacher

CHECKPOINT = "checkpoint.pt"
_SECONDS_BETWEEN_CHECKPOINTS = 120.0


@dataclass(frozen=True, slots=True)
class EncoderRecipe:
    """How an encoder is trained. Where `epochs` have less than `fewest_steps`, there are more. `batch` and `strip` in blocks; `negatives`
    the share of strips without a label that an epoch sees; `keep` the weight of staying near the base's vectors, on sentences and on so
    many short `texts` a step; `lora` the rank of low-rank updates (0: all weights of the layers move)."""

    epochs: int = 4
    fewest_steps: int = 200
    rate: float = 3e-4
    head_rate: float = 1e-3
    batch: int = 16
    strip: int = 2
    negatives: float = 0.3
    dropout: float = 0.1
    keep: float = 3.0
    texts: int = 24
    warmup: float = 0.1
    decay: float = 1e-2
    lora: int = 0
    clip: float = 5.0


RECIPE = EncoderRecipe()


def train_encoder(
    model: Model,
    lessons: Sequence[Lesson],
    texts: Sequence[Sequence[int]],
    heads: ClauseHeads,
    folder: Path,
    *,
    recipe: EncoderRecipe = RECIPE,
    seed: int = 0,
    precision: str = "auto",
    device: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Train `model` and `heads` in place on `lessons`; goes on from a checkpoint in `folder` that the same call has left there.

    `texts` are short ones, as token ids, whose vectors stay near those of `model` as it comes; those of sentences stay near what the
    lessons want. `progress` is told (steps done, steps in all). Word
    embeddings stay as they are.
    """
    plan = _plan(lessons, recipe, seed)
    short = _Short(model, texts, recipe, seed, len(plan), precision, device) if texts and recipe.texts and recipe.keep else None
    run = _Run(model, heads, recipe, seed, precision, torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")))
    run.schedule(len(plan))
    checkpoint = folder / CHECKPOINT
    key = key_of(model, lessons, texts, heads, recipe, seed)
    done = run.resume(checkpoint, key)
    saved = time.monotonic()
    for number in range(done, len(plan)):
        run.step(collate(plan[number]), short, number)
        if progress:
            progress(number + 1, len(plan))
        if time.monotonic() - saved > _SECONDS_BETWEEN_CHECKPOINTS:
            run.save(checkpoint, key, number + 1)
            saved = time.monotonic()
    run.finish()
    checkpoint.unlink(missing_ok=True)


def _plan(lessons: Sequence[Lesson], recipe: EncoderRecipe, seed: int) -> list[list[Strip]]:
    """The strips of every step."""
    draw = np.random.default_rng(seed)
    size = max(1, recipe.batch // recipe.strip)
    plan: list[list[Strip]] = []
    done = 0
    while done < recipe.epochs or len(plan) < recipe.fewest_steps:
        epoch = strips(lessons, recipe.strip, recipe.negatives, draw)
        if not epoch:
            break
        plan += [epoch[first : first + size] for first in range(0, len(epoch), size)]
        done += 1
    return plan


def key_of(
    model: Model, lessons: Sequence[Lesson], texts: Sequence[Sequence[int]], heads: ClauseHeads, recipe: EncoderRecipe, seed: int
) -> str:
    """What tells one training from another: where it starts, what it is shown, how it goes."""
    start = [model.fingerprint, asdict(model.encoder.config), asdict(recipe), seed, heads.labels, heads.span_labels]
    content = hashlib.sha256(json.dumps(start).encode())
    for one in lessons:
        content.update(one.tokens.ids.tobytes())
        content.update(one.targets.tobytes())
    for text in texts:
        content.update(np.array([len(text), *text]).tobytes())
    return content.hexdigest()


class _Run:
    """What a training holds between steps."""

    def __init__(self, model: Model, heads: ClauseHeads, recipe: EncoderRecipe, seed: int, precision: str, device: torch.device) -> None:
        torch.manual_seed(seed)
        self._model, self._recipe, self._device = model, recipe, device
        self._type = PRECISIONS[choose(precision, device)]
        model.encoder.requires_grad_(True).words.weight.requires_grad_(False)  # a model that was loaded holds still
        model.vectors.requires_grad_(True)
        if recipe.lora:
            add_lora(model.encoder, recipe.lora)
        self._encoder: Encoder = model.encoder.to(device)
        self._heads, self._vectors = heads.to(device), model.vectors.to(device)
        self._parts = nn.ModuleList([self._encoder, self._heads, self._vectors])
        self._dropout = Dropout(recipe.dropout)
        self._seed = seed

    def schedule(self, steps: int) -> None:
        recipe = self._recipe
        moving = [weight for weight in self._encoder.parameters() if weight.requires_grad]
        matrices, others = ([w for w in moving if w.ndim > 1], [w for w in moving if w.ndim <= 1])
        groups = [
            {"params": matrices, "lr": recipe.rate, "weight_decay": recipe.decay},
            {"params": others, "lr": recipe.rate, "weight_decay": 0.0},
            {"params": [*self._heads.parameters(), *self._vectors.parameters()], "lr": recipe.head_rate, "weight_decay": recipe.decay},
        ]
        groups = [group for group in groups if group["params"]]
        self._optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
        warm = max(1, int(recipe.warmup * steps))

        def share(step: int) -> float:
            return min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))

        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, share)

    def step(self, batch: Batch, short: _Short | None, number: int) -> None:
        torch.manual_seed(self._seed * 1_000_003 + number)  # a resumed run draws what an uninterrupted one would
        self._parts.train()
        batch = batch.to(self._device)
        with torch.autocast(self._device.type, self._type, enabled=self._type != torch.float32):
            states, meaning = self._encoder(batch.layout, self._dropout)
        tokens = states.flatten(0, 1)[batch.place].float()
        inside = batch.sentence >= 0
        held, owner = tokens[inside], batch.sentence[inside]
        means = mean_states(held, owner, len(batch.targets))
        scores = self._heads.sentences(self._heads.add(self._heads.nothing(len(batch.targets)), self._dropout(held), owner), means)
        loss = 4.0 * _entropy(scores, batch.targets).sum(dim=1).mean()
        if len(batch.ranges) and self._heads.span_labels:
            found = self._heads.spans(tokens, batch.ranges, 2 * self._recipe.dropout)
            loss = loss + 0.5 * _entropy(found, batch.span_targets).sum() / max(20, len(batch.ranges))
        if len(batch.wanted):
            own = mean_states(meaning.flatten(0, 1)[batch.place].float()[inside], owner, len(batch.targets))
            loss = loss + self._recipe.keep * self._apart(own, batch.wanted)
        if short:
            loss = loss + self._recipe.keep * self._short_apart(*short.draw(number))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parts.parameters(), self._recipe.clip)
        self._optimiser.step()
        self._schedule.step()
        self._optimiser.zero_grad()

    def _apart(self, means: Tensor, wanted: Tensor) -> Tensor:
        """How far the vectors of mean states [S, D] are from those `wanted` [S, D]; zero where nothing is wanted."""
        alike = (self._vectors(means) * wanted.float()).sum(dim=1)
        there = wanted.any(dim=1)
        return (1.0 - alike)[there].sum() / max(1, len(wanted))

    def _short_apart(self, blocks: Blocks, of: Integers, wanted: Halves) -> Tensor:
        """The same of short texts by themselves."""
        place, owner, goal = (torch.from_numpy(array).to(self._device) for array in (blocks.place, of, wanted))
        with torch.autocast(self._device.type, self._type, enabled=self._type != torch.float32):
            states = self._encoder.meaning(blocks.layout().to(self._device), self._dropout)
        return self._apart(mean_states(states.flatten(0, 1)[place].float(), owner, len(wanted)), goal)

    def save(self, path: Path, key: str, done: int) -> None:
        """Write a checkpoint, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "key": key,
            "done": done,
            "parts": self._parts.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }
        unfinished = path.with_suffix(".unfinished")
        torch.save(content, unfinished)
        os.replace(unfinished, path)

    def resume(self, path: Path, key: str) -> int:
        """Steps done by the run that left a checkpoint; 0 if there is none, or it is of another run."""
        if not path.is_file():
            return 0
        content: dict[str, Any] = torch.load(path, map_location=self._device, weights_only=True)
        if content["key"] != key:
            return 0
        self._parts.load_state_dict(content["parts"])
        self._optimiser.load_state_dict(content["optimiser"])
        self._schedule.load_state_dict(content["schedule"])
        return int(content["done"])

    def finish(self) -> None:
        """Leave plain modules on the CPU, as they are run."""
        if self._recipe.lora:
            merge_lora(self._encoder)
        self._parts.cpu().eval().requires_grad_(False)


class _Short:
    """The short texts that a training's steps draw, with the vectors that they should keep."""

    def __init__(
        self,
        model: Model,
        texts: Sequence[Sequence[int]],
        recipe: EncoderRecipe,
        seed: int,
        steps: int,
        precision: str,
        device: str | None,
    ) -> None:
        self._seed, self._texts, self._count, self._config = seed, texts, recipe.texts, model.encoder.config
        self._marks = model.vocabulary.index("[CLS]"), model.vocabulary.index("[SEP]")
        drawn = np.unique([index for number in range(steps) for index in self._chosen(number)])
        self._row = {index: row for row, index in enumerate(drawn.tolist())}
        self._wanted = Teacher(model, precision, device).texts([texts[index] for index in self._row])

    def _chosen(self, number: int) -> list[int]:
        draw = np.random.default_rng([self._seed, number])
        return [int(index) for index in draw.integers(0, len(self._texts), self._count)]

    def draw(self, number: int) -> tuple[Blocks, Integers, Halves]:
        """The texts of one step as blocks, the text [N] that holds each token, and the vectors wanted."""
        chosen = self._chosen(number)
        blocks, of = separate([self._texts[index] for index in chosen], self._config, self._marks)
        return blocks, of, self._wanted[[self._row[index] for index in chosen]]


def mean_states(states: Tensor, owner: Tensor, owners: int) -> Tensor:
    """Mean state [S, D] of the tokens `states` [N, D] that belong to each owner [N]; with gradient."""
    count = torch.bincount(owner, minlength=owners).clamp(min=1)
    return torch.zeros(owners, states.shape[1], device=states.device).index_add(0, owner, states) / count[:, None]


def _entropy(scores: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy [.., L], nothing where the target is unsure."""
    loss = functional.binary_cross_entropy_with_logits(scores, (targets == YES).float(), reduction="none")
    return loss * (targets != UNSURE)
