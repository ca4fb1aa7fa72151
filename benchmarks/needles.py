"""Whether tiers and sparse attention find what dense attention finds: RULER's needle tasks, asked of a small decoder trained for them.

    python benchmarks/needles.py --cache FOLDER [--lengths 2048 4096 ...] [--ways dense tiers ...] [--scale 1.0] [--quick] [--plot FILE]

needle_tasks.py says what is asked, needle_model.py how the decoder learns to answer; that takes minutes, once for a FOLDER, and goes on
where it was stopped. A haystack is read in chunks, dense or by `Antidiagonal`, and then asked several questions, each from the same
state; answers are decoded greedily, token by token. The score is RULER's, the share of the answers that are given, in percent.

    dense      transformers' DynamicCache and "sdpa"
    tiers      TieredCache: few hot tokens, keys int8, values int4, the pattern checked by the guard
    signs      the same with the index that GPUs use
    exact      the same as tiers, but keys and values as they are
    unguarded  the same as tiers, but no guard
    prompt     the same as tiers, but the question comes with the end of the haystack, as in a prompt that is read at once
    trusted    the same as prompt, but no guard

"apart" is the mean difference from dense over the same questions with its standard error, in points: the bar is one point. Questions
about the same haystack are counted as if they were independent. `single` has one question a haystack, so fewer of them are asked at
length. The last table is about the keys that the decoder has made of a haystack and the last query of a question: of the 2,048 tokens
that `SignIndex` names (an eighth, of fewer than 16,384), the share of the exact best ones, and of all mass; the bars are 0.88 and 0.95
at 131,072. "best" is the mass of the exact best ones; blocks are what the steps of "signs" really read, by the layers' own audit.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import needle_model
import numpy as np
import torch
from common import report
from needle_tasks import TASKS, Haystack, Question, most, plant, score
from plots import bars
from torch import Tensor
from transformers import DynamicCache

import longdoc.attention  # noqa: F401 - registers "longdoc"
from longdoc.attention.antidiagonal import Antidiagonal
from longdoc.attention.auto import Auto
from longdoc.attention.guard import Guard
from longdoc_stores.kv_cache import TieredCache
from longdoc_stores.kv_settings import LayerSettings
from longdoc_stores.sign_index import SignIndex

BAR_POINTS, BAR_MASS, BAR_RECALL = 1.0, 0.95, 0.88
LENGTHS = [2_048, 4_096, 16_384, 32_768, 65_536, 131_072]
TOP = 2_048
CHUNK = 2_048
"""Tokens that are read at a time. After so many the hot tier is full, so that the next token moves all but the recent ones out of it."""
SINKS, RECENT = 16, 256
SPARSE_FROM = 512
"""Keys from which a prefill is sparse."""
ENDING = 256
"""Tokens of a haystack that come with the question, where it is part of the prompt."""
AUDIT = 4

COLUMNS = ("task", "tokens", "way", "questions", "score", "apart", "bar", "old", "mass", "read densely", "recall", "best mass", "seconds")

Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for what is learnt")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, help="tokens of haystacks")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS), help="beside dense")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many haystacks as are usual for a length")
    parser.add_argument("--quick", action="store_true", help="some questions at 2,048 and 4,096 tokens")
    parser.add_argument("--plot", type=Path, help="an SVG of the scores")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.lengths, arguments.scale = LENGTHS[:2], 0.15
    torch.set_num_threads(arguments.threads)
    weights, seconds = needle_model.trained(arguments.cache, arguments.seed)
    cells, recalls = [], []
    with torch.inference_mode():
        models = {attention: needle_model.decoder(weights, attention) for attention in ("sdpa", "longdoc")}
        for length in arguments.lengths:
            for task in arguments.tasks:
                cells.append(cell(models, task, length, arguments))
                apart = {name: way["apart"][0] for name, way in cells[-1]["ways"].items()}
                print(f"{task}, {length} tokens: dense {cells[-1]['dense'][0]}, apart {apart}", file=sys.stderr)
            recalls.append(recalled(models["longdoc"], length, arguments.seed))
            print(recalls[-1], file=sys.stderr)
    if arguments.plot:
        arguments.plot.parent.mkdir(parents=True, exist_ok=True)
        arguments.plot.write_text(bars("RULER's score, percent", drawn_bars(cells), most=100.0), encoding="utf-8")
    figures = {"training_seconds": round(seconds), "cells": cells, "index": recalls}
    wanted = {"points": BAR_POINTS, "mass": BAR_MASS, "recall": BAR_RECALL}
    report("needles", COLUMNS, table(cells, recalls), bars=wanted, **figures)


@dataclass(frozen=True)
class Way:
    """A way to ask through a TieredCache; with `prompt` the question comes with the end of the haystack."""

    keys: str = "int8"
    values: str = "int4"
    index: str = "auto"
    guard: bool = True
    prompt: bool = False

    def cache(self, model: Any, length: int) -> TieredCache:
        """An empty one for haystacks of so many tokens."""
        return TieredCache(
            model.config,
            recent=RECENT,
            sinks=SINKS,
            top_k=top_k(length),
            pattern=Auto(dense=SPARSE_FROM, prefill=Antidiagonal()),
            guard=Guard() if self.guard else None,
            settings=LayerSettings(keys=self.keys, values=self.values, index=self.index, audit=AUDIT),
        )


WAYS = {
    "tiers": Way(),
    "signs": Way(index="signs"),
    "exact": Way(keys="exact", values="exact"),
    "unguarded": Way(guard=False),
    "prompt": Way(prompt=True),
    "trusted": Way(prompt=True, guard=False),
}


def top_k(length: int) -> int:
    """Tokens that a step reads of so many: few enough to be sparse."""
    return min(TOP, length // 8)


def haystacks(task: str, length: int, scale: float, seed: int) -> Iterator[Haystack]:
    """Enough for some 200 questions, of many haystacks where they are short; `single` has fewer where they are long."""
    count = max(1, round(scale * (200 if task == "single" else 20) * min(1.0, 4_096 / length)))
    asked = max(5, math.ceil(200 * scale / count))
    for number in range(count):
        dice = np.random.default_rng((seed, TASKS.index(task), length, number))
        yield plant(task, length, max(1, most(task, length // 8)), asked, dice)


def cell(models: dict[str, Any], task: str, length: int, arguments: argparse.Namespace) -> Figures:
    """Scores of every way on the same haystacks."""
    scores: dict[str, list[float]] = {name: [] for name in ("dense", *arguments.ways)}
    seconds = dict.fromkeys(scores, 0.0)
    work: dict[str, list[Figures]] = {name: [] for name in arguments.ways}
    for haystack in haystacks(task, length, arguments.scale, arguments.seed):
        for name, found in scores.items():
            started = time.perf_counter()
            if name == "dense":
                answers = asked_densely(models["sdpa"], haystack)
            else:
                answers, done = asked_in_tiers(models["longdoc"], haystack, WAYS[name])
                work[name] += done
            seconds[name] += time.perf_counter() - started
            found += [score(question, given) for question, given in zip(haystack.questions, answers, strict=True)]
    return {
        "task": task,
        "length": length,
        "questions": len(scores["dense"]),
        "dense": mean_and_error(scores["dense"]),
        "dense_seconds": round(seconds["dense"], 1),
        "ways": {
            name: {
                "score": mean_and_error(scores[name]),
                "apart": mean_and_error([one - dense for one, dense in zip(scores[name], scores["dense"], strict=True)]),
                "seconds": round(seconds[name], 1),
                **{what: mean_of([one[what] for one in work[name]]) for what in work[name][0]},
            }
            for name in arguments.ways
        },
    }


def asked_densely(model: Any, haystack: Haystack) -> list[list[int]]:
    """Answers to a haystack's questions by a DynamicCache."""
    cache = DynamicCache(config=model.config)
    read(model, haystack.tokens.tolist(), cache)
    kept = [copy(layer) for layer in cache.layers]  # its tensors are replaced, not written to
    answers = []
    for question in haystack.questions:
        cache.layers = [copy(layer) for layer in kept]
        answers.append(answered(model, question, list(question.prompt), cache))
    return answers


def asked_in_tiers(model: Any, haystack: Haystack, way: Way) -> tuple[list[list[int]], list[Figures]]:
    """Answers by a TieredCache, and what its layers tell."""
    cache = way.cache(model, len(haystack.tokens))
    tokens, ending = haystack.tokens.tolist(), []
    if way.prompt:
        tokens, ending = tokens[:-ENDING], tokens[-ENDING:]
    read(model, tokens, cache)
    cache.mark()
    answers = []
    for question in haystack.questions:
        answers.append(answered(model, question, [*ending, *question.prompt], cache))
        cache.rewind()
    done = [told(layer) for layer in cache.tiered.values()]
    cache.close()
    return answers, done


def read(model: Any, tokens: list[int], cache: Any) -> None:
    """Let the cache take tokens, in chunks."""
    for start in range(0, len(tokens), CHUNK):
        model(torch.tensor([tokens[start : start + CHUNK]]), past_key_values=cache, logits_to_keep=1)


def answered(model: Any, question: Question, tokens: list[int], cache: Any) -> list[int]:
    """As many tokens as there are answers, each the likeliest after `tokens` and those before it."""
    given: list[int] = []
    new = tokens
    while len(given) < len(question.answers):
        given.append(int(model(torch.tensor([new]), past_key_values=cache, logits_to_keep=1).logits[0, -1].argmax()))
        new = given[-1:]
    return given


def told(layer: Any) -> Figures:
    """The share of tokens that are not hot, and what telemetry says of prefills (mean mass kept, share of heads that the guard read
    densely) and of steps (tokens read by key head, and what audits found)."""
    telemetry = layer.telemetry
    masses = torch.cat([mass.flatten() for mass in telemetry.mass]) if telemetry.mass else torch.zeros(0)
    return {
        "old": layer.old.length / layer.get_seq_length(),
        "mass": float(masses.mean()) if len(masses) else None,
        "read_densely": float((masses < Guard().target).float().mean()) if len(masses) else None,
        "read_a_step": telemetry.gathered / max(1, telemetry.steps),
        "block_recall": mean_of(telemetry.recall),
        "block_share": mean_of(telemetry.share),
    }


def recalled(model: Any, length: int, seed: int) -> Figures:
    """What SignIndex finds of the keys that the model makes of haystacks: shares of the tokens, and of the mass, of the exact best."""
    found: list[tuple[float, float, float]] = []
    blocks: list[Figures] = []
    for task in TASKS[1:]:
        haystack = plant(task, length, max(1, most(task, length // 8)), 8, np.random.default_rng((seed, 9, length)))
        cache = WAYS["signs"].cache(model, length)
        read(model, haystack.tokens.tolist(), cache)
        cache.mark()
        wholes: dict[int, tuple[Tensor, SignIndex]] = {}
        for number, layer in cache.tiered.items():
            keys = layer.whole()[0]
            index = SignIndex()
            index.append(keys)
            wholes[number] = keys, index
        for question in haystack.questions:
            with queries(cache) as asked:
                answered(model, question, list(question.prompt), cache)
            for number, (keys, index) in wholes.items():
                query, scale = asked[number]
                found += chosen(query[:, :, -1:], scale, keys, index, top_k(length))
            cache.rewind()
        blocks += [told(layer) for layer in cache.tiered.values()]
        cache.close()
    recall, mass, best = (mean_of(list(one)) for one in zip(*found, strict=True))
    told_of = {what: mean_of([one[what] for one in blocks]) for what in ("block_recall", "block_share")}
    return {"length": length, "top_k": top_k(length), "queries": len(found), "recall": recall, "mass": mass, "best_mass": best} | told_of


@contextmanager
def queries(cache: TieredCache) -> Iterator[dict[int, tuple[Tensor, float]]]:
    """While it is open: the latest queries [B, H, T, D] of each tiered layer, and the scale of their products with keys."""
    latest: dict[int, tuple[Tensor, float]] = {}
    layers: dict[int, Any] = dict(cache.tiered)
    for number, layer in layers.items():

        def attend(q: Tensor, scale: float, starts: Tensor | None, number: int = number, attend: Any = layer.attend) -> Tensor:
            latest[number] = q, scale
            found: Tensor = attend(q, scale, starts)
            return found

        layer.attend = attend
    yield latest
    for layer in layers.values():
        del layer.attend


def chosen(query: Tensor, scale: float, keys: Tensor, index: SignIndex, count: int) -> list[tuple[float, float, float]]:
    """For each head of a query [1, H, 1, D]: of `count` of the keys [1, G, S, D] that the index names, the share that is among the best
    and the share of all mass that they hold; and the share that the best hold."""
    group = query.shape[1] // keys.shape[1]
    exact = (query @ keys.repeat_interleave(group, dim=1).transpose(-1, -2))[0, :, 0].float() * scale
    shares = torch.softmax(exact, dim=-1)
    best = exact.topk(count, dim=-1).indices
    named = index.scores(query)[0, :, 0].topk(count, dim=-1).indices
    among = torch.zeros_like(exact, dtype=torch.bool).scatter(1, best, True).gather(1, named).float().mean(dim=1)
    held, most_held = (shares.gather(1, which).sum(dim=1) for which in (named, best))
    return list(zip(among.tolist(), held.tolist(), most_held.tolist(), strict=True))


def mean_of(values: Sequence[float | None]) -> float | None:
    """Of those that are there, to four places."""
    there = [value for value in values if value is not None]
    return round(sum(there) / len(there), 4) if there else None


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error, both times 100."""
    error = np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return round(100 * float(np.mean(values)), 2), round(100 * float(error), 2)


def table(cells: list[Figures], recalls: list[Figures]) -> list[list[Any]]:
    """A row a way and a row for the index at each length."""
    rows: list[list[Any]] = []
    for one in cells:
        start = [one["task"], one["length"]]
        rows.append([*start, "dense", one["questions"], plus_minus(one["dense"]), "", "", "", "", "", "", "", one["dense_seconds"]])
        for name, way in one["ways"].items():
            bar = "met" if way["apart"][0] >= -BAR_POINTS else "MISSED"
            rows.append([*start, name, one["questions"], plus_minus(way["score"]), plus_minus(way["apart"]), bar])
            rows[-1] += [way[what] for what in ("old", "mass", "read_densely", "block_recall", "block_share", "seconds")]
    for one in recalls:
        bar = "met" if one["mass"] >= BAR_MASS and one["recall"] >= BAR_RECALL else "MISSED"
        rows.append(["index", one["length"], f"top {one['top_k']}", one["queries"], "", "", bar, ""])
        rows[-1] += [one["mass"], f"best {one['best_mass']}", one["recall"], one["block_share"], ""]
    return rows


def drawn_bars(cells: list[Figures]) -> list[tuple[str, str, float]]:
    """(group, name, score) of every way."""
    found = []
    for one in cells:
        scores = {"dense": one["dense"]} | {name: way["score"] for name, way in one["ways"].items()}
        found += [(f"{one['task']}, {one['length']:,} tokens", name, score[0]) for name, score in scores.items()]
    return found


def plus_minus(mean_and_error: tuple[float, float]) -> str:
    """As it is printed."""
    return "{:.2f} ± {:.2f}".format(*mean_and_error)


if __name__ == "__main__":
    main()
