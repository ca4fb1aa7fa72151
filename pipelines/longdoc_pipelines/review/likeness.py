"""How like a passage is to model language: the cosine of their vectors, 0 where they contradict each other in numbers or negation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from longdoc.model.support import contradicts

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
KEPT = 512
"""Vectors that are kept: model language comes again with every document."""
OPPOSED = 0.8
"""What is left of the likeness of texts that differ strictly: to the encoder "shall" and "shall not" are nearly the same."""
_FORBIDS = re.compile(
    r"\b(?:shall|may|will|must|can|does|do|is|are|agrees?)\s+(?:at no time|never|not)\b|\bcannot\b"
    r"|\b(?:neither|no|none)\b[^.;]{0,40}\b(?:may|shall|will|is|are|can)\b|\bprohibited\b",
    re.IGNORECASE,
)
_ALLOWS = re.compile(r"\b(?:may|can|free(?:ly)?|(?:is|are|be) (?:entitled|permitted|allowed)|right to)\b", re.IGNORECASE)


class Likeness:
    """Compares texts; `embed` gives vectors of unit length."""

    def __init__(self, embed: Embed) -> None:
        self._vector = lru_cache(maxsize=KEPT)(lambda text: embed([text])[0])

    def of(self, wanted: str, passage: str) -> float:
        """Between 0 and 1."""
        like = float(np.clip(self._vector(wanted) @ self._vector(passage), 0.0, 1.0))
        return like * OPPOSED if _one_forbids(wanted, passage) or contradicts(wanted, [passage]) is not None else like


def _one_forbids(one: str, other: str) -> bool:
    """Whether one text only forbids and the other only allows: "without consent" negates in both of them."""
    forbids, allows = ([bool(form.search(text)) for text in (one, other)] for form in (_FORBIDS, _ALLOWS))
    return forbids[0] is not forbids[1] and allows[forbids.index(False)]
