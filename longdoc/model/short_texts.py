"""Short texts for training to hold vectors at: what people type into a search box, and sentences by themselves.

A sentence in its block is not all that gets a vector: queries and single passages do too, and an encoder that is only held near its
base on the former drifts away on the latter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FEWEST_CHARACTERS = 25
"""Shorter sentences are no source of texts."""
COUNT = 60_000
"""Texts that are drawn."""
_LONGEST, _LONGEST_RUN = 60, 12
_ASKS = (
    "what is",
    "when must",
    "which",
    "who may",
    "how long is",
    "how much is",
    "what happens if",
    "is there",
    "under what conditions",
    "where is",
)


def short_texts(sentences: Sequence[str], seed: int, count: int = COUNT) -> list[str]:
    """About `count` texts: sentences (at most 60 words), runs of one to twelve of their words, and such runs after a question's first
    words, a third each. Nothing if no sentence is long enough."""
    whole = [sentence for sentence in sentences if len(sentence) > FEWEST_CHARACTERS]
    if not whole:
        return []
    draw = np.random.default_rng(seed)
    found = []
    for index in draw.integers(0, len(whole), count).tolist():
        words = whole[index].split()
        kind = draw.integers(0, 3)
        if kind == 0 or len(words) < 4:
            found.append(" ".join(words[:_LONGEST]))
            continue
        length = int(draw.integers(1, min(_LONGEST_RUN, len(words))))
        first = int(draw.integers(0, len(words) - length + 1))
        run = " ".join(words[first : first + length]).strip(" ,.;")
        found.append(run if kind == 1 else f"{_ASKS[int(draw.integers(0, len(_ASKS)))]} {run}?")
    return [text for text in found if text]
