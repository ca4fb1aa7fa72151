"""RULER's needle tasks (https://arxiv.org/abs/2404.06654) in token ids of their own: no text, so that a small model can learn them.

A haystack is noise with pairs of symbols planted in it, at places drawn evenly. What stands after a symbol belongs to it:

    single           noise  K V  noise                                            GET K    ->  V
    multi-key        ... K1 V1 ... K2 V2 ... K3 V3 ...                            GET K2   ->  V2
    multi-value      ... K1 V1 ... K2 V5 ... K1 V2 ... K1 V3 ... K1 V4 ...        ALL K1   ->  V1 V2 V3 V4, in any order
    tracking         ... X1 X2 ... Y1 Y2 ... X2 X3 ... X3 X4 ... ... X5 X6 ...    TRACK X1 ->  X2 X3 X4 X5 X6

No symbol stands for two things, and none is noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BEGIN, GET, ALL, TRACK = range(4)
NOISE = range(4, 104)
SYMBOLS = range(104, 872)
VOCABULARY = SYMBOLS.stop
TASKS = ("single", "multi-key", "multi-value", "tracking")
ASK = {"single": GET, "multi-key": GET, "multi-value": ALL, "tracking": TRACK}
ANSWERS = {"single": 1, "multi-key": 1, "multi-value": 4, "tracking": 5}
"""Symbols that answer a question, each of which is planted in a pair."""
_ROOM = 3
"""Tokens that a pair takes: itself and noise after it, so that what stands after its second symbol does not belong to that."""


@dataclass(frozen=True)
class Question:
    """`prompt` is answered by `answers`, which stand at `places` of the haystack; in that order if they are `ordered`, else in any."""

    prompt: tuple[int, ...]
    answers: tuple[int, ...]
    places: tuple[int, ...]
    ordered: bool


@dataclass(frozen=True)
class Haystack:
    """Token ids and what can be asked about them."""

    tokens: NDArray[np.int64]
    questions: tuple[Question, ...]


def most(task: str, length: int) -> int:
    """How many things can be asked about a haystack of `length` tokens, if all of it is pairs."""
    if task == "single":
        return 1
    answers = ANSWERS[task]
    return min((length - 1) // (_ROOM * answers), len(SYMBOLS) // (answers + 1))


def plant(task: str, length: int, things: int, asked: int, dice: np.random.Generator) -> Haystack:
    """A haystack of `length` tokens with so many `things`: keys or chains. Up to `asked` of them are asked for."""
    answers = ANSWERS[task]
    pairs = things * answers
    tokens = dice.integers(NOISE.start, NOISE.stop, length)
    tokens[0] = BEGIN
    # Each pair moves those after it, so that there are so many fewer places to draw from.
    places = length - 1 - (_ROOM - 1) * pairs
    starts = 1 + np.sort(dice.choice(places, pairs, replace=False)) + (_ROOM - 1) * np.arange(pairs)
    own = np.sort(dice.permutation(starts).reshape(things, answers), axis=1)
    symbols = dice.choice(SYMBOLS, (things, answers + 1), replace=False)
    questions = []
    for (first, *others), at in zip(symbols.tolist(), own, strict=True):
        tokens[at] = [first, *others[:-1]] if task == "tracking" else first
        tokens[at + 1] = others
        questions.append(Question((ASK[task], first), tuple(others), tuple((at + 1).tolist()), task == "tracking"))
    order = dice.permutation(things)[:asked]
    return Haystack(tokens, tuple(questions[number] for number in order))


def score(question: Question, given: Sequence[int]) -> float:
    """RULER's: the share of the answers that are given, wherever."""
    return len(set(question.answers) & set(given)) / len(question.answers)
