"""What a topic of a summary is, and a plan of topics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from re import Pattern

from longdoc.labels import LabelSet, load_labels

FIGURE = re.compile(
    r"[$€£¥]\s?\d|\d\s?(?:%|percent\b|per cent\b)|\b(?:USD|EUR|GBP|dollars)\b|\d\s(?:million|billion|thousand)\b|\bU\.S\.\s?\$", re.I
)
MEASURED = re.compile(r"\d+(?:\.\d+)?\s?(?:%|percent\b|points?\b|times\b|x\b)|\b0?\.\d{2,}|\b\d+\.\d+\b|\bp\s?[<=]", re.I)


@dataclass(frozen=True)
class Topic:
    """One thing that a summary must say.

    `cues` raise a sentence that holds one, more so if it holds two; `needs` must be there, `avoids` must not. `most` is how
    many statements the topic may take, `longest` how many characters one may have, `open_ended` lets one end without a full
    stop. `early` prefers the head of the document. `first`: topics with low numbers go first when a summary is short.
    """

    name: str
    labels: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    cues: Pattern[str] | None = None
    needs: Pattern[str] | None = None
    avoids: Pattern[str] | None = None
    most: int = 2
    longest: int = 450
    open_ended: bool = False
    early: bool = False
    first: int = 5


BRIEF = 15
"""Words that a sentence may have at no cost."""


@dataclass(frozen=True)
class Plan:
    """The topics of a domain in the order in which they are told, and the label set that describes them."""

    topics: tuple[Topic, ...]
    labels: str | None = None
    brevity: float = 0.0
    """What each word of a sentence beyond `BRIEF` costs it."""
    enough: float = 0.45
    """The evidence below which a topic says nothing; less where what its sentences need tells them by itself."""
    salient: float | None = None
    """What the evidence for a topic adds to a sentence's salience where sentences are chosen by that; None where topics take turns."""

    def label_set(self) -> LabelSet | None:
        """The label set that the topics' labels belong to."""
        return None if self.labels is None else load_labels(self.labels)
