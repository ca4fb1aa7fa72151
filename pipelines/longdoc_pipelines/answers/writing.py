"""Figures written out: "$1,577 million", "4.8 %", "24.26", "52.6 days"."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from longdoc_pipelines.answers.formulas import Shape

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_WORDS = {10**3: "thousand", 10**6: "million", 10**9: "billion"}
_DECIMALS: dict[Shape, int] = {"percent": 1, "times": 2, "days": 2}


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Rounded half up, as people do."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """A number for a machine: digits with a point, no more than six decimals, none that are zero."""
    text = f"{value:.6f}" if value != value.to_integral_value() else f"{value.to_integral_value():f}"
    return text.rstrip("0") if "." in text else text


def number(value: Decimal, decimals: int) -> str:
    """With commas, and a minus sign where it is below zero."""
    shown = rounded(value, decimals)
    return f"{'−' if shown < 0 else ''}{abs(shown):,.{decimals}f}"


def money(value: Decimal, unit: str | None, factor: int, decimals: int) -> str:
    """An amount in `factor` of its currency."""
    scaled = rounded(value / factor, decimals)
    sign = _SIGNS.get(unit or "", f"{unit} " if unit else "")
    word = f" {_WORDS[factor]}" if factor in _WORDS else ""
    return f"{'−' if scaled < 0 else ''}{sign}{abs(scaled):,.{decimals}f}{word}"


def shaped(value: Decimal, shape: Shape, decimals: int | None) -> str:
    """A ratio as its kind is written."""
    digits = _DECIMALS[shape] if decimals is None else decimals
    if shape == "percent":
        return f"{number(value * 100, digits)} %"
    return f"{number(value, digits)}{' days' if shape == 'days' else ''}"


def decimals_of(value: Decimal, scale: Decimal, factor: int) -> int:
    """How many decimals an amount needs in `factor`: as many as are printed, two where it is told in a larger unit than printed."""
    exponent = (value / scale).normalize().as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else 0
    return max(digits, 2) if factor > scale else digits if factor == scale else 0
