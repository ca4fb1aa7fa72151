"""The small decoder that benchmarks/needles.py asks, and how it learns RULER's needle tasks on a CPU, in minutes.

A Qwen2 of three layers: the first sees a few tokens back, so that every symbol learns at once which one it stands after; the others see
everything and are the ones whose keys and values can lie in tiers. It learns from answers alone, many to a haystack: short haystacks full
of pairs first, then long ones that are mostly noise. Positions leap at random places (https://arxiv.org/abs/2309.10400), so that
distances far beyond the haystacks' lengths have been seen. Where answers have no order, any that is still missing counts as right.

Matrices learn by Muon, which took a third of the steps that AdamW did; all else by AdamW.

Axis legend: R rows of a batch, T tokens, N answer tokens, A answers that count as right.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from needle_tasks import ANSWERS, BEGIN, TASKS, VOCABULARY, most, plant
from torch import Tensor

WINDOW = 4
REACH = 135_000
"""Positions that the model is told of, and within which it learns."""
BATCH = 4_096
"""Tokens of a step, or more where a haystack for each task needs them."""
WARM_UP, SAVE_EVERY = 50, 50
THETA = 1e24
"""So large that a quarter of the channels turn within REACH and the others do not, as where rotary embedding is partial (Qwen3-Next)."""
ADAMW_RATE, MUON_RATE = 3e-3, 5e-3


@dataclass(frozen=True)
class Stage:
    """`steps` on haystacks of `shortest` to `longest` tokens, of which pairs take at most the share `crowd`; learning starts at `rate`
    times the usual rates and falls to `end` times them. `leaps`: positions leap."""

    steps: int
    shortest: int
    longest: int
    crowd: float
    rate: float
    end: float
    leaps: bool


STAGES = (
    Stage(1_700, 32, 64, 1.0, 1.0, 0.5, False),
    Stage(400, 64, 512, 0.5, 0.5, 0.2, True),
    Stage(300, 512, 2_048, 0.2, 0.2, 0.02, True),
    Stage(100, 2_048, 8_192, 0.1, 0.1, 0.01, True),
)


def config() -> Any:
    """The model's."""
    from transformers import Qwen2Config

    return Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        layer_types=["sliding_attention", "full_attention", "full_attention"],
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_position_embeddings=REACH,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
        tie_word_embeddings=True,
        initializer_range=0.05,
        bos_token_id=BEGIN,
        eos_token_id=None,
        pad_token_id=None,
    )


def decoder(weights: dict[str, Tensor], attention: str) -> Any:
    """The model with these weights, ready to be asked."""
    from transformers import AutoModelForCausalLM

    made = AutoModelForCausalLM.from_config(config(), attn_implementation=attention).eval().requires_grad_(False)
    made.load_state_dict(weights)
    return made


def trained(cache: Path, seed: int) -> tuple[dict[str, Tensor], float]:
    """The weights that training with `seed` ends with and the seconds it took; what is in the folder `cache` is not learnt again."""
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"needles-{seed}.pt"
    training = Training(seed)
    if file.exists():
        training.restore(torch.load(file, weights_only=False))
    steps = sum(stage.steps for stage in STAGES)
    while training.step < steps:
        training.learn()
        if training.step % SAVE_EVERY == 0 or training.step == steps:
            print(training.news(), flush=True)
            torch.save(training.state(), file.with_suffix(".part"))
            file.with_suffix(".part").replace(file)
    return training.model.state_dict(), training.seconds


class Training:
    """A model that learns, a step at a time."""

    def __init__(self, seed: int) -> None:
        from transformers import AutoModelForCausalLM

        torch.manual_seed(seed)
        self.model = AutoModelForCausalLM.from_config(config(), attn_implementation="sdpa").train()
        matrices: list[Tensor] = []
        others: list[Tensor] = []
        for name, weight in self.model.named_parameters():
            (matrices if weight.ndim == 2 and "embed" not in name else others).append(weight)
        self._adamw = torch.optim.AdamW(others, lr=ADAMW_RATE, betas=(0.9, 0.98), weight_decay=0.01)
        self._muon = torch.optim.Muon(matrices, lr=MUON_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
        self.step, self.seconds = 0, 0.0
        self._seed = seed
        self._news: list[list[float]] = []

    def learn(self) -> None:
        """One step. Its batch depends on the seed and its number alone."""
        started = time.perf_counter()
        stage, share = self._stage()
        batch = Batch(stage, np.random.default_rng((self._seed, self.step)))
        rate = (stage.end + (stage.rate - stage.end) * (1 + math.cos(math.pi * share)) / 2) * min(1.0, (self.step + 1) / WARM_UP)
        for optimizer, base in ((self._adamw, ADAMW_RATE), (self._muon, MUON_RATE)):
            for group in optimizer.param_groups:
                group["lr"] = base * rate
            optimizer.zero_grad()
        # Without a mask transformers takes a leap for the start of another text.
        there = torch.ones_like(batch.tokens)
        states = self.model.model(batch.tokens, there, batch.positions, use_cache=False).last_hidden_state
        logits = self.model.lm_head(states[batch.rows, batch.places]).float()
        right = torch.log_softmax(logits, dim=1).gather(1, batch.right.clamp(min=0)).masked_fill(batch.right < 0, -torch.inf)
        losses = -torch.logsumexp(right, dim=1)
        hits = (logits.argmax(dim=1)[:, None] == batch.right).any(dim=1).float()
        tasks = [batch.tasks == task for task in range(1, len(TASKS))]
        loss = torch.stack([losses[own].mean() for own in tasks]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._adamw.step()
        self._muon.step()
        self._news.append([float(loss.detach()), *(float(hits[own].mean()) for own in tasks)])
        self.step += 1
        self.seconds += time.perf_counter() - started

    def news(self) -> str:
        """How the steps since the last news went."""
        loss, *hits = np.mean(self._news, axis=0)
        self._news.clear()
        tasks = ", ".join(f"{task} {hit:.3f}" for task, hit in zip(TASKS[1:], hits, strict=True))
        return f"step {self.step}, {self.seconds:.0f} s: loss {loss:.3f}; right: {tasks}"

    def _stage(self) -> tuple[Stage, float]:
        """The stage that the next step is of, and the share of it that is done."""
        done = self.step
        for stage in STAGES:
            if done < stage.steps:
                return stage, done / stage.steps
            done -= stage.steps
        raise AssertionError("training is over")

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        parts = {"model": self.model, "adamw": self._adamw, "muon": self._muon}
        return {name: part.state_dict() for name, part in parts.items()} | {"step": self.step, "seconds": self.seconds}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.model.load_state_dict(state["model"])
        self._adamw.load_state_dict(state["adamw"])
        self._muon.load_state_dict(state["muon"])
        self.step, self.seconds = state["step"], state["seconds"]


class Batch:
    """Haystacks of one length with questions and answers after them: `tokens` [R, T], `positions` [R, T]; for each answer token the row
    and the place that it is predicted at, the tokens that are `right` there [N, A], -1 for none, and the number of its task."""

    def __init__(self, stage: Stage, dice: np.random.Generator) -> None:
        length = int(np.exp(dice.uniform(np.log(stage.shortest), np.log(stage.longest + 1))))
        rows: list[list[int]] = []
        found: list[tuple[int, int, tuple[int, ...], int]] = []
        each = max(1, round(BATCH / (length + 64) / 3))  # about so many tokens ask and answer
        for task in [task for task in TASKS[1:] for _ in range(each)]:
            row, answers = lesson(task, length, stage.crowd, dice)
            found += [(len(rows), place, right, TASKS.index(task)) for place, right in answers]
            rows.append(row)
        size = max(map(len, rows))
        self.tokens = torch.tensor([row + [BEGIN] * (size - len(row)) for row in rows])
        self.positions = positions(len(rows), size, stage.leaps, dice)
        self.rows, self.places, self.tasks = (torch.tensor([one[part] for one in found]) for part in (0, 1, 3))
        widest = max(ANSWERS.values())
        self.right = torch.tensor([list(one[2]) + [-1] * (widest - len(one[2])) for one in found])


def lesson(task: str, length: int, crowd: float, dice: np.random.Generator) -> tuple[list[int], list[tuple[int, tuple[int, ...]]]]:
    """Tokens of a haystack, questions and answers; and, for every answer token, the place before it and what is right there."""
    limit = max(1, int(most(task, length) * crowd))
    # Few things in some haystacks, many in most.
    things = int(limit ** dice.uniform()) if dice.uniform() < 0.3 else int(dice.integers(max(1, limit // 2), limit + 1))
    haystack = plant(task, length, things, 64, dice)
    tokens, found = haystack.tokens.tolist(), []
    for question in haystack.questions:
        tokens += question.prompt
        answers = question.answers if question.ordered else tuple(dice.permutation(question.answers).tolist())
        for number, answer in enumerate(answers):
            found.append((len(tokens) - 1, (answer,) if question.ordered else answers[number:]))
            tokens.append(answer)
    return tokens, found


def positions(rows: int, size: int, leaps: bool, dice: np.random.Generator) -> Tensor:
    """[R, T]: 0, 1, 2 and so on; with `leaps`, up to three in a row of it that skip any number of them within REACH."""
    steps = np.ones((rows, size), dtype=np.int64)
    steps[:, 0] = 0
    for row in steps if leaps else ():
        count = int(dice.integers(0, 4))
        skipped = dice.dirichlet(np.ones(count + 1))[:count] * (REACH - size)
        row[dice.choice(size - 1, count, replace=False) + 1] += skipped.astype(np.int64)
    return torch.from_numpy(steps.cumsum(axis=1))
