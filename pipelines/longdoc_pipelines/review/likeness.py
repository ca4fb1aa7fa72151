"""How like a passage is to model language: the cosine of their vectors, 0 where they contradict each other in numbers or negation."""

from __future__ import annotations

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


class Likeness:
    """Compares texts; `embed` gives vectors of unit length."""

    def __init__(self, embed: Embed) -> None:
        self._vector = lru_cache(maxsize=KEPT)(lambda text: embed([text])[0])

    def of(self, wanted: str, passage: str) -> float:
        """Between 0 and 1."""
        like = float(np.clip(self._vector(wanted) @ self._vector(passage), 0.0, 1.0))
        return like * OPPOSED if contradicts(wanted, [passage]) is not None else like
