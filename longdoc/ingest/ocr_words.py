"""What is asked of OCR, and what it gives: why a page is to be read; words with boxes and confidence, a line at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from PIL import Image

UNSURE = 0.75
"""Mean confidence of a page below which a person should look at it."""


Kind = Literal["missing", "thin", "garbled", "invisible", "part"]


@dataclass(frozen=True, slots=True)
class Need:
    """Why a page is to be read from its picture; `box` is the part of it that is meant, in points of the page as shown."""

    kind: Kind
    box: tuple[float, float, float, float] | None = None


class SeenWord(NamedTuple):
    """A word without white space, how sure the engine is of it (0 to 1), and its box in pixels, the origin at the top left."""

    text: str
    confidence: float
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Seen:
    """Lines, or parts of lines, in any order, each with its words from left to right.

    Boxes are of the picture after `turns` quarter turns against the clock, which its text needed to stand upright.
    """

    lines: list[list[SeenWord]]
    turns: int = 0

    @property
    def confidence(self) -> float:
        """Mean over all characters, 0 where nothing was found."""
        length = sum(len(word.text) for line in self.lines for word in line)
        return sum(len(word.text) * word.confidence for line in self.lines for word in line) / length if length else 0.0


class OcrEngine(Protocol):
    """Reads pictures of pages."""

    name: str

    def read(self, picture: Image.Image, *, dpi: float, seconds: float) -> Seen:
        """All words of a picture that was made with `dpi` pixels an inch and is not skewed, whichever way it is turned.

        Raises: LimitError after `seconds`, where the engine can be stopped.
        """
        ...
