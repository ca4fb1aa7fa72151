"""How Word writes the numbers of its lists (ECMA-376, part 1, 17.18.59 ST_NumberFormat)."""

from __future__ import annotations

import re

from longdoc.ingest.numbering import to_roman

LARGEST = 32767
"""The largest number that Word counts to; a larger one in a file is read as this."""
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}
_CHICAGO = "*†‡§"


def format_number(value: int, kind: str) -> str:
    """`value` as a list with this format shows it; a format that is not known is shown as digits."""
    value = min(max(value, 0), LARGEST)
    if kind.startswith("padded:"):
        return f"{value:0{int(kind.removeprefix('padded:'))}d}"
    if kind in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1) if value else ""
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman"):
        text = to_roman(value) if value else ""
        return text if kind == "lowerRoman" else text.upper()
    if kind == "chicago":
        return _CHICAGO[(value - 1) % 4] * ((value - 1) // 4 + 1) if value else ""
    if kind == "ordinal":
        return f"{value}{_suffix(value)}"
    if kind in ("ordinalText", "cardinalText") and 1 <= value <= 99:
        return (_ordinal if kind == "ordinalText" else _cardinal)(value).capitalize()
    framed = {"decimalZero": f"{value:02d}", "decimalEnclosedParen": f"({value})", "decimalEnclosedFullstop": f"{value}."}
    return framed.get(kind, f"- {value} -" if kind == "numberInDash" else str(value))


def custom_format(example: str) -> str | None:
    """The format "padded:N" that a format given by example ("001, 002, 003, ...") stands for, None where it is another."""
    found = re.match(r"\s*(0+1)\s*,", example)
    return f"padded:{len(found[1])}" if found and len(found[1]) <= 9 else None


def _suffix(value: int) -> str:
    return "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _cardinal(value: int) -> str:
    if value < 20:
        return _ONES[value]
    ten, one = divmod(value, 10)
    return _TENS[ten] + (f"-{_ONES[one]}" if one else "")


def _ordinal(value: int) -> str:
    head, dash, last = _cardinal(value).rpartition("-")
    ending = _IRREGULAR.get(last) or (last[:-1] + "ieth" if last.endswith("y") else f"{last}th")
    return head + dash + ending
