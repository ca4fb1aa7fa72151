"""A summary about one thing: the plan whose only topic is what a person asks about.

A sentence is taken for what it says of the focus: its meaning, the words that it shares, and the headings it stands under; how salient it
is in its document decides among those.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from longdoc.model.topics import Plan, Topic
from longdoc.types import Statement

MOST = 40
LONGEST = 600
NEAR = 0.75
"""Of the nearest sentence's score, what others must have: where one speaks of the focus itself, what is but akin to it is left out."""
_COMMON = re.compile(
    r"the|and|for|with|that|this|from|what|which|when|where|how|who|are|was|were|has|have|had|does|did|about|into|over|under|between|their|"
    r"its|our|your|any|all|can|may|shall|will|would|could|should",
    re.IGNORECASE,
)


def focused(focus: str) -> Plan:
    """The plan of a summary about `focus`."""
    words = [word for word in re.findall(r"\w[\w-]*", focus) if len(word) > 2 and not _COMMON.fullmatch(word)]
    cues = re.compile("|".join(rf"\b{re.escape(_stem(word))}\w*" for word in words), re.IGNORECASE) if words else None
    return Plan(topics=(Topic(name=" ".join(focus.split()), about=(focus,), headings=tuple(words), cues=cues, most=MOST, longest=LONGEST),))


def near_best(statements: Sequence[Statement]) -> list[Statement]:
    """The statements that speak of the focus nearly as much as the one that does most."""
    lowest = NEAR * max((statement.score for statement in statements), default=0.0)
    return [statement for statement in statements if statement.score >= lowest]


def _stem(word: str) -> str:
    """A word without its commonest endings: "risks" and "risk", "licensing" and "licences"."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s"):
        if word.casefold().endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
