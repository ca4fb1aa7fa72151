"""What an element's style attribute says that matters to its text. Styles repeat thousands of times in a filing, so each is read once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_WEIGHT = re.compile(r"font-weight\s*:\s*(bolder|bold|[6-9]00|normal|[1-5]00)|(?<![\w-])font\s*:[^;]*\b(bold)\b", re.IGNORECASE)
_BREAK_BEFORE = re.compile(r"(?:page-)?break-before\s*:\s*(?:always|page|left|right)", re.IGNORECASE)
_BREAK_AFTER = re.compile(r"(?:page-)?break-after\s*:\s*(?:always|page|left|right)", re.IGNORECASE)
_FONT = re.compile(r"font(?:-family)?\s*:[^;]*\b(wingdings|symbol)\b", re.IGNORECASE)
_ANY_FONT = re.compile(r"font-family\s*:", re.IGNORECASE)
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([\w-]+)", re.IGNORECASE)
_SHOWS_HIDDEN = re.compile(r"-sec-ix-hidden\s*:\s*([\w.-]+)", re.IGNORECASE)
_WORD_LIST = re.compile(r"mso-list\s*:\s*(ignore|l\d+)", re.IGNORECASE)
_LEFT = re.compile(r"(?:(?:padding|margin)-left|text-indent)\s*:\s*(-?\d{1,4}(?:\.\d{1,4})?)\s*(pt|px|em|in)", re.IGNORECASE)
_ALL_SIDES = re.compile(
    r"(?:padding|margin)\s*:\s*[\w.-]{1,12}\s+[\w.-]{1,12}\s+[\w.-]{1,12}\s+(-?\d{1,4}(?:\.\d{1,4})?)\s*(pt|px|em|in)", re.IGNORECASE
)
_POINTS = {"pt": 1.0, "px": 0.75, "em": 10.0, "in": 72.0}
_WORD_NOTE = re.compile(r"mso-element\s*:\s*(?:footnote|endnote)\b(?!-separator)", re.IGNORECASE)

# What the letters of the symbol fonts look like, for those that documents use as marks.
WINGDINGS = str.maketrans({
    "þ": "☑", "x": "☒", "ý": "☒", "o": "☐", "¨": "☐", "q": "❑", "§": "▪", "l": "●", "n": "■", "ü": "✓", "û": "✗", "Ø": "➢", "v": "❖",
    "à": "→", "Ÿ": "•", "·": "•", "\uf0fe": "☑", "\uf078": "☒", "\uf0fd": "☒", "\uf06f": "☐", "\uf0a8": "☐", "\uf0a7": "▪", "\uf0fc": "✓",
    "\uf0d8": "➢", "\uf06c": "●", "\uf06e": "■", "\uf071": "❑", "\uf076": "❖", "\uf09f": "•",
})  # fmt: skip
SYMBOL = str.maketrans({"·": "•", "\uf0b7": "•"})


@dataclass(frozen=True, slots=True)
class Style:
    """`bold` and `font` are None where the style leaves them as they are; `shows` is the id of a hidden fact whose text this is;
    `indent` is how far its first line is moved to the right, in points."""

    hidden: bool = False
    bold: bool | None = None
    break_before: bool = False
    break_after: bool = False
    font: str | None = None
    list_style: str | None = None
    shows: str | None = None
    word_list: str | None = None
    note: bool = False
    indent: float = 0.0


PLAIN = Style()
LONGEST_STYLE = 1000


@lru_cache(maxsize=4096)
def read_style(style: str) -> Style:
    """The Style of a style attribute."""
    weight = _WEIGHT.search(style)
    font = _FONT.search(style)
    list_style = _LIST_STYLE.search(style)
    shows = _SHOWS_HIDDEN.search(style)
    word_list = _WORD_LIST.search(style)
    return Style(
        hidden=_HIDDEN.search(style) is not None,
        bold=None if weight is None else (weight[1] or weight[2]).lower() in ("bold", "bolder", "600", "700", "800", "900"),
        break_before=_BREAK_BEFORE.search(style) is not None,
        break_after=_BREAK_AFTER.search(style) is not None,
        font=font[1].lower() if font else "" if _ANY_FONT.search(style) else None,
        list_style=list_style[1].lower() if list_style else None,
        shows=shows[1] if shows else None,
        word_list=word_list[1].lower() if word_list else None,
        note=_WORD_NOTE.search(style) is not None,
        indent=sum(float(size) * _POINTS[unit.lower()] for side in (_LEFT, _ALL_SIDES) for size, unit in side.findall(style)),
    )


def style_of(element: Any) -> Style:
    """The Style of an element."""
    style = element.get("style")
    return read_style(style[:LONGEST_STYLE]) if style else PLAIN
