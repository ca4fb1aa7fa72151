"""A cell's value as a spreadsheet shows it, by its number format (ECMA-376 part 1, 18.8.31): dates as ISO 8601, and of numbers the
decimals, thousands, percent, currency and brackets. What a format has beside that (colours, conditions, fractions) is left out."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

GENERAL = "General"
_BRACKETS = re.compile(r"\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]")
_PADDING = re.compile(r"_.|\*.")
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.([#0?]*))?(,*)")
LARGEST = 1e15
"""From here on a number is shown with an exponent, as programs do."""


def shown(value: Any, number_format: str = GENERAL) -> str:
    """The words that a person sees in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, int | float):
        return _number(value, number_format or GENERAL)
    return str(value)


def _number(value: float, number_format: str) -> str:
    plain = str(value) if isinstance(value, int) else f"{value:.15g}"
    sections = _split(number_format)
    section = sections[0]
    negative = value < 0
    if negative and len(sections) > 1:
        section, negative = sections[1], False
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    section = _PADDING.sub("", _BRACKETS.sub(lambda found: found[1] or "", section))
    literal, bare = _literals(section)
    digits = _DIGITS.search(bare)
    if digits is None or section == GENERAL or "E+" in bare or "/" in bare or abs(value) >= LARGEST or value != value:
        return plain
    exact = abs(Decimal(repr(value)))
    percent = "%" in bare
    if percent:
        exact *= 100
    exact /= Decimal(1000) ** len(digits[2] or "")
    wanted = digits[1] or ""
    figure = f"{exact.quantize(Decimal(1).scaleb(-len(wanted)), ROUND_HALF_UP):f}"
    optional = len(wanted) - len(wanted.rstrip("#?"))
    if optional and "." in figure:
        least = len(wanted) - optional
        whole, _, rest = figure.partition(".")
        rest = rest[:least] + rest[least:].rstrip("0")
        figure = f"{whole}.{rest}" if rest else whole
    if "," in digits[0].rstrip(","):
        whole, dot, rest = figure.partition(".")
        figure = f"{int(whole):,}{dot}{rest}"
    before, after = bare[: digits.start()], bare[digits.end() :]
    made = "".join(literal.get(character, character) for character in f"{before}{figure}{after}")
    return f"-{made.strip()}" if negative and any(map(str.isdigit, made)) and value else made.strip()


def _split(number_format: str) -> list[str]:
    """Sections for positive numbers, negative ones, zero and text."""
    return re.split(r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", number_format)


def _literals(section: str) -> tuple[dict[str, str], str]:
    """Quoted and escaped words put aside under private characters, so that nothing in them is taken for a digit."""
    kept: dict[str, str] = {}

    def aside(found: re.Match[str]) -> str:
        mark = chr(0xE000 + len(kept))
        kept[mark] = found[1] if found[1] is not None else found[2]
        return mark

    return kept, re.sub(r'"([^"]*)"|\\(.)', aside, section)
