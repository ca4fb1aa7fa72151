"""Figures as a drawing: bars on a logarithmic or a plain axis, grouped, as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby

_LABELS, _LENGTH, _ROW, _TOP = 230, 420, 24, 56
_COLOURS = ("#8b949e", "#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989")


def bars(title: str, values: Sequence[tuple[str, str, float]], most: float | None = None) -> str:
    """An SVG of (group, name, value above 0), groups and names in their order; on an axis from 0 to `most` if that is given."""
    ticks, share = _logarithmic([value for _, _, value in values]) if most is None else _plain(most)
    names = list(dict.fromkeys(name for _, name, _ in values))
    groups = [(group, list(rows)) for group, rows in groupby(values, key=lambda value: value[0])]
    height = _TOP + sum(_ROW * (len(rows) + 1.4) for _, rows in groups)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LABELS + _LENGTH + 90} {height:.0f}" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#1b1f24">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="12" y="24" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    for tick in ticks:
        x = _LABELS + _LENGTH * share(tick)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - 8:.0f}" stroke="#d8dde3"/>')
        parts.append(f'<text x="{x:.1f}" y="{_TOP - 8}" text-anchor="middle" fill="#57606a">{tick:g}</text>')
    y: float = _TOP
    for group, rows in groups:
        parts.append(f'<text x="12" y="{y + 17:.0f}" font-weight="600">{escape(group)}</text>')
        for _, name, value in rows:
            y += _ROW
            long = _LENGTH * share(value)
            colour = _COLOURS[names.index(name) % len(_COLOURS)]
            parts.append(f'<text x="{_LABELS - 10}" y="{y + 16:.0f}" text-anchor="end">{escape(name)}</text>')
            parts.append(f'<rect x="{_LABELS}" y="{y + 4:.0f}" width="{max(1.0, long):.1f}" height="16" fill="{colour}"/>')
            parts.append(f'<text x="{_LABELS + max(1.0, long) + 6:.0f}" y="{y + 16:.0f}">{value:.3g}</text>')
        y += 1.4 * _ROW
    return "\n".join([*parts, "</svg>\n"])


def _logarithmic(values: Sequence[float]) -> tuple[list[float], Callable[[float], float]]:
    """The powers of ten around the values, and how far along the axis a value is."""
    least, most = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    span = max(1, most - least)
    return [10.0 ** (least + power) for power in range(span + 1)], lambda value: (math.log10(value) - least) / span


def _plain(most: float) -> tuple[list[float], Callable[[float], float]]:
    return [most * part / 5 for part in range(6)], lambda value: value / most
