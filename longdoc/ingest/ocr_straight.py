"""Scans are seldom straight: how far a picture's lines lean, and the way back from the straightened picture to the page.

The lean is the angle at which the dark points, summed along it, give the sharpest profile (Postl 1986: the sum of squares of the
projection), tried for lines that run across and for lines that run up the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, tan

import numpy as np
import numpy.typing as npt
from PIL import Image

STEEPEST = 6.0
"""Degrees up to which a lean is looked for."""
SMALLEST = 0.25
"""Degrees below which a page is left as it is."""
WORKING_SIDE = 900
LEAST_INK = 0.0004
"""Share of dark points below which a picture is blank."""
MOST_INK = 0.3
FEWEST_LINES = 4
LOWEST_LINE, HIGHEST_LINE = 4, 54
"""Points of the picture made small."""


@dataclass(frozen=True, slots=True)
class Placement:
    """How a picture of `width` by `height` pixels was turned: by `angle` degrees, then by `turns` quarters, both against the clock."""

    width: int
    height: int
    angle: float = 0.0
    turns: int = 0

    def back(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """A box of the turned picture as one of the picture as it was, in its pixels and inside it."""
        width, height = self._leaned
        x0, y0, x1, y1 = _unturned(x0, y0, x1, y1, width, height, self.turns % 4)
        if self.angle:
            across, up = cos(radians(self.angle)), sin(radians(self.angle))
            middle_x, middle_y = width / 2, height / 2
            corners = [(x - middle_x, y - middle_y) for x in (x0, x1) for y in (y0, y1)]
            xs = [across * x - up * y + self.width / 2 for x, y in corners]
            ys = [up * x + across * y + self.height / 2 for x, y in corners]
            # The box around a leaning word is higher than the word: its own height is kept, in the middle.
            flat = abs(x1 - x0) >= abs(y1 - y0)
            x0, x1 = (min(xs), max(xs)) if flat else _held(xs, x1 - x0)
            y0, y1 = _held(ys, y1 - y0) if flat else (min(ys), max(ys))
        return _clip(x0, self.width), _clip(y0, self.height), _clip(x1, self.width), _clip(y1, self.height)

    @property
    def _leaned(self) -> tuple[int, int]:
        """Size of the picture after `angle`, before `turns`."""
        return _rotated_size(self.width, self.height, self.angle) if self.angle else (self.width, self.height)


def straighten(picture: Image.Image) -> tuple[Image.Image, float]:
    """The picture with its lines along the edges, and the degrees against the clock that it was turned by."""
    angle = -lean(picture)
    if abs(angle) < SMALLEST:
        return picture, 0.0
    grey = picture.convert("L")
    size = _rotated_size(*grey.size, angle)
    canvas = Image.new("L", size, 255)
    left, top = (size[0] - grey.size[0]) // 2, (size[1] - grey.size[1]) // 2
    canvas.paste(grey, (left, top))
    return canvas.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255), angle


def lean(picture: Image.Image) -> float:
    """Degrees against the clock by which the picture's lines lean; 0 if that cannot be told."""
    dark = _dark(picture)
    ys, xs = np.nonzero(dark)
    if len(ys) < LEAST_INK * dark.size or len(ys) > 0.5 * dark.size:
        return 0.0
    best = (0.0, 0.0, 0)
    flat = 0.0
    for axis, (along, across) in enumerate(((xs, ys), (ys, xs))):
        for angle in np.arange(-STEEPEST, STEEPEST + 0.01, 0.5):
            sharpness = _sharpness(along, across, float(angle))
            flat = max(flat, sharpness) if angle == 0 else flat
            best = max(best, (sharpness, float(angle), axis))
    # A picture without lines is about as sharp at every angle.
    if best[0] < 1.15 * flat:
        return 0.0
    along, across = ((xs, ys), (ys, xs))[best[2]]
    fine = max((_sharpness(along, across, best[1] + step), best[1] + step) for step in np.arange(-0.4, 0.41, 0.1))
    angle = round(fine[1], 1)
    return angle if best[2] == 0 else -angle


def is_blank(picture: Image.Image) -> bool:
    """Whether there is no ink to speak of."""
    return bool(_dark(picture).mean() < LEAST_INK)


def looks_like_text(picture: Image.Image) -> bool:
    """Whether dark on light stands in several lines of about one height, as print does and photographs and charts do not."""
    dark = _dark(picture)
    if not LEAST_INK < dark.mean() < MOST_INK:
        return False
    rows = np.concatenate(([False], dark.mean(axis=1) > 0.01, [False]))
    edges = np.flatnonzero(rows[1:] != rows[:-1])
    heights = edges[1::2] - edges[::2]
    # Lines without many letters fall apart into slivers.
    heights = heights[heights >= LOWEST_LINE]
    if len(heights) < FEWEST_LINES:
        return False
    usual = float(np.median(heights))
    return usual <= HIGHEST_LINE and float((np.abs(heights - usual) <= 0.5 * usual).mean()) >= 0.6


def _dark(picture: Image.Image) -> npt.NDArray[np.bool_]:
    """Points [height, width] much darker than the paper, of the picture made small."""
    grey = picture.convert("L")
    grey.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    values = np.asarray(grey)
    paper = float(np.percentile(values, 90))
    return values < 0.7 * paper


def _sharpness(along: npt.NDArray[np.intp], across: npt.NDArray[np.intp], angle: float) -> float:
    places = np.rint(across + tan(radians(angle)) * along).astype(np.int64)
    counts = np.bincount(places - places.min())
    return float(np.square(counts.astype(np.float64)).sum())


def _rotated_size(width: int, height: int, angle: float) -> tuple[int, int]:
    """A canvas that holds the turned picture, of even distance to it so that both share their middle."""
    across, up = abs(cos(radians(angle))), abs(sin(radians(angle)))
    wide, high = int(width * across + height * up) + 1, int(height * across + width * up) + 1
    return max(wide, width) + (max(wide, width) - width) % 2, max(high, height) + (max(high, height) - height) % 2


def _unturned(x0: float, y0: float, x1: float, y1: float, width: int, height: int, turns: int) -> tuple[float, float, float, float]:
    """A box after `turns` quarters against the clock as one of the picture of `width` by `height` before them."""
    if turns == 1:
        return width - y1, x0, width - y0, x1
    if turns == 2:
        return width - x1, height - y1, width - x0, height - y0
    if turns == 3:
        return y0, height - x1, y1, height - x0
    return x0, y0, x1, y1


def _held(values: list[float], length: float) -> tuple[float, float]:
    middle = (min(values) + max(values)) / 2
    return middle - length / 2, middle + length / 2


def _clip(value: float, most: int) -> float:
    return min(max(value, 0.0), float(most))
