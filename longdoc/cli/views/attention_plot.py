"""Attention patterns as a drawing: mass kept and error over time, as SVG by itself or in a page with the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from longdoc.cli.views.bench import HEADER, LEGEND, cells, setup_of
from longdoc.errors import UsageError

if TYPE_CHECKING:
    from longdoc_pipelines.bench_attention import Comparison, Row

WIDTH, HEIGHT = 470, 360
"""Of one panel's frame."""
LEAST_ERROR = 1e-4
"""What is less stands here."""
_GAP, _LEFT, _TOP, _BELOW = 80, 60, 40, 70
_LETTER, _LINE, _BOLD = 7.4, 14.0, 8.6
"""Width of a letter and height of a line of a label, and width of a letter of a title, all a little more than they take."""
_MARK = 5.0
_STYLE = """text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #1b1f24 } .title { font-size: 14px; font-weight: 600 }
.frame { fill: #f6f8fa; stroke: #8b949e } .grid { stroke: #d8dde3 } .lead { stroke: #8b949e; stroke-width: .7 }
.prefill { fill: #0969da; fill-opacity: .8 } .decode { fill: #bc4c00; fill-opacity: .8 }"""


def drawing_of(target: Path) -> Callable[[Comparison], str]:
    """What draws into a file of that name.

    Raises: UsageError for another ending than .svg and .html.
    """
    made = {".svg": svg, ".html": page}.get(target.suffix.lower())
    if made is None:
        raise UsageError(f"--plot {target}: the name must end in .svg (the drawing) or .html (a page with the table)")
    return made


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def over(self, other: _Box) -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def within(self, other: _Box) -> bool:
        return self.left >= other.left and self.top >= other.top and self.right <= other.right and self.bottom <= other.bottom


@dataclass(frozen=True)
class _Mark:
    """A pattern at (x, y) in a panel; `told`: what it is, when pointed at."""

    x: float
    y: float
    name: str
    queries: str
    told: str


@dataclass(frozen=True)
class _Axis:
    """From `low` to `high`, logarithms where it is logarithmic; `ticks` are values."""

    low: float
    high: float
    ticks: Sequence[float]
    logarithmic: bool

    def place(self, value: float) -> float:
        """0 at its beginning to 1 at its end."""
        scaled = math.log10(max(value, 1e-300)) if self.logarithmic else value
        return (min(max(scaled, self.low), self.high) - self.low) / (self.high - self.low)


def svg(item: Comparison) -> str:
    """Two panels, each pattern a mark with its name in each that tells of it."""
    time = _of_time([row.times_dense for row in item.rows])
    mass = [(row, row.mass_kept) for row in item.rows if row.mass_kept is not None]
    error = [(row, max(row.error, LEAST_ERROR)) for row in item.rows if row.error is not None]
    panels = [
        _panel("Mass kept", "1 is all of exact attention", mass, time, _of_mass([value for _, value in mass])),
        _panel("Error", "logarithmic; 0.0001 stands for less, too", error, time, _of_error([value for _, value in error])),
    ]
    whole, high = _LEFT + 2 * WIDTH + _GAP + 30, _TOP + HEIGHT + _BELOW
    placed = "".join(
        f'<g transform="translate({_LEFT + number * (WIDTH + _GAP)} {_TOP})">{panel}</g>\n' for number, panel in enumerate(panels)
    )
    lines = "".join(
        f'<text x="{_LEFT}" y="{high + 24 + 16 * number}">{escape(line)}</text>'
        for number, line in enumerate([*setup_of(item), f"on {item.machine}"])
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {high + 66}" width="{whole}" role="img" '
        f'aria-label="Attention patterns: mass kept and error over time"><style>{_STYLE}</style>\n{placed}{_key(high)}{lines}</svg>\n'
    )


def page(item: Comparison) -> str:
    """A page that needs nothing beside it."""
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(row)) + "</tr>" for row in item.rows)
    return _PAGE.format(
        head="".join(f"<th>{escape(title)}</th>" for title in HEADER),
        setup="".join(f"<p>{escape(line)}</p>" for line in setup_of(item)),
        legend="".join(f"<p>{escape(line)}</p>" for line in LEGEND),
        rows=rows,
        plot=svg(item),
        machine=escape(str(item.machine)),
    )


def _panel(title: str, told: str, values: Sequence[tuple[Row, float]], time: _Axis, height: _Axis) -> str:
    marks = [
        _Mark(
            WIDTH * time.place(row.times_dense),
            HEIGHT * (1 - height.place(value)),
            row.pattern,
            row.queries,
            f"{row.pattern}, {row.queries}: {value:.4f}, {row.times_dense:.2f} x dense",
        )
        for row, value in values
    ]
    frame = f'<rect class="frame" width="{WIDTH}" height="{HEIGHT}"/>' + "".join([*_across(height), *_down(time)])
    heads = (
        f'<text class="title" y="-12">{title}</text><text x="{_BOLD * len(title) + 10:.0f}" y="-12">{told}</text>'
        f'<text x="{WIDTH / 2}" y="{HEIGHT + 36}" text-anchor="middle">time, as a multiple of dense attention\'s (logarithmic)</text>'
    )
    return frame + heads + "".join(map(_drawn, marks)) + "".join(_labels(marks))


def _drawn(mark: _Mark) -> str:
    size, told = _MARK, f"<title>{escape(mark.told)}</title>"
    if mark.queries == "prefill":
        return f'<circle class="prefill" cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{size}">{told}</circle>'
    points = " ".join(f"{mark.x + dx:.1f},{mark.y + dy:.1f}" for dx, dy in ((0, -size - 1), (size + 1, 0), (0, size + 1), (-size - 1, 0)))
    return f'<polygon class="decode" points="{points}">{told}</polygon>'


def _labels(marks: Sequence[_Mark]) -> Iterator[str]:
    """Names beside their marks, where there is room; with a line to the mark where that is not close by."""
    frame = _Box(2, 2, WIDTH - 2, HEIGHT - 2)
    taken = [_Box(mark.x - _MARK - 1, mark.y - _MARK - 1, mark.x + _MARK + 1, mark.y + _MARK + 1) for mark in marks]
    for number, mark in enumerate(marks):
        if any(other.name == mark.name and math.hypot(other.x - mark.x, other.y - mark.y) < _MARK for other in marks[:number]):
            continue  # dense attention, as a prefill and step by step
        long = _LETTER * len(mark.name)
        box = next((one for one in _places(mark, long) if one.within(frame) and not any(map(one.over, taken))), None)
        box = box or next(_places(mark, long))
        taken.append(box)
        near_x, near_y = min(max(mark.x, box.left), box.right), min(max(mark.y, box.top), box.bottom)
        if math.hypot(near_x - mark.x, near_y - mark.y) > 3 * _MARK:
            yield f'<line class="lead" x1="{mark.x:.1f}" y1="{mark.y:.1f}" x2="{near_x:.1f}" y2="{near_y:.1f}"/>'
        yield f'<text x="{box.left:.1f}" y="{box.bottom - 4:.1f}">{escape(mark.name)}</text>'


def _places(mark: _Mark, long: float) -> Iterator[_Box]:
    """Where a label may stand, the best place first: beside the mark, then ever further above and below."""
    for step in range(40):
        shift = (step + 1) // 2 * (_LINE / 2) * (1 if step % 2 else -1)
        for left in (mark.x + _MARK + 3, mark.x - _MARK - 3 - long, mark.x - long / 2):
            top = mark.y - _LINE / 2 + shift
            yield _Box(left, top, left + long, top + _LINE)


def _across(axis: _Axis) -> Iterator[str]:
    for value in axis.ticks:
        y = HEIGHT * (1 - axis.place(value))
        yield f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'


def _down(axis: _Axis) -> Iterator[str]:
    for value in axis.ticks:
        x = WIDTH * axis.place(value)
        yield f'<line class="grid" y1="0" y2="{HEIGHT}" x1="{x:.1f}" x2="{x:.1f}"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT + 17}" text-anchor="middle">{value:g}</text>'


def _of_time(times: Sequence[float]) -> _Axis:
    """All times with a margin; 1, dense attention, among them."""
    logs = [0.0, *map(math.log10, times)]
    margin = max(0.15, 0.12 * (max(logs) - min(logs)))
    low, high = min(logs) - margin, max(logs) + margin
    ticks = [digit * 10.0**decade for decade in range(math.floor(low), math.ceil(high)) for digit in (1, 2, 5)]
    return _Axis(low, high, [tick for tick in ticks if low <= math.log10(tick) <= high], True)


def _of_mass(values: Sequence[float]) -> _Axis:
    """From a tenth below the least to 1, with room above."""
    low = max(0, math.floor(10 * min(values, default=0.0) - 0.5))
    step = 1 if low >= 4 else 2
    return _Axis(low / 10, 1 + 0.08 * (1 - low / 10), [tenth / 10 for tenth in range(10, low - 1, -step)], False)


def _of_error(values: Sequence[float]) -> _Axis:
    """From LEAST_ERROR, with room below, to the decade of the largest, at least 1."""
    least = round(math.log10(LEAST_ERROR))
    most = max(0, math.ceil(math.log10(max(1e-300, *values, 0.0)) + 0.05))
    return _Axis(least - 0.6, most, [10.0**decade for decade in range(least, most + 1)], True)


def _key(y: float) -> str:
    return (
        f'<g transform="translate({_LEFT + 5} {y})"><circle class="prefill" r="{_MARK}"/><text x="12" y="4">prefill, all tokens</text>'
        f'<polygon class="decode" points="160,-6 166,0 160,6 154,0"/><text x="172" y="4">decode, a token at a time</text></g>'
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Attention patterns</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ padding: .25rem .6rem; border-bottom: 1px solid #d8dde3; text-align: right }}
td:nth-child(-n+2), th:nth-child(-n+2) {{ text-align: left }}
p {{ margin: .2rem 0 }} svg {{ max-width: 100%; height: auto; margin-top: 1rem }}
</style></head><body>
<h1>Attention patterns</h1>
{setup}
{plot}
<table><thead><tr>{head}</tr></thead><tbody>
{rows}
</tbody></table>
{legend}
<p>On {machine}.</p>
</body></html>
"""
