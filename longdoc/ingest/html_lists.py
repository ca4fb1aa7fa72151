"""The number that a browser shows before a list item (HTML standard, 4.4.5 and 4.4.8)."""

from __future__ import annotations

from typing import Any

from longdoc.ingest.html_style import style_of
from longdoc.ingest.numbering import to_roman

_TYPES = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_LETTERS = {"lower-alpha", "lower-latin", "upper-alpha", "upper-latin"}
LARGEST = 10**6


class ListCounter:
    """Counts the items of one `ol`; None is what a `ul` counts."""

    def __init__(self, element: Any) -> None:
        self.style = style_of(element).list_style or _TYPES.get(element.get("type", "1"), "decimal")
        self.step = 1
        start = _integer(element.get("start"))
        if element.get("reversed") is not None:
            self.step = -1
            start = sum(1 for child in element if child.tag == "li") if start is None else start
        self.following = 1 if start is None else start

    def marker(self, item: Any) -> str:
        """The number of the next item as shown, with its full stop; empty where none is."""
        value = _integer(item.get("value"))
        value = self.following if value is None else value
        self.following = value + self.step
        style = style_of(item).list_style or _TYPES.get(item.get("type", ""), self.style)
        if style in ("none", "disc", "circle", "square"):
            return ""
        return f"{_written(value, style)}. "


def _written(value: int, style: str) -> str:
    if style in _LETTERS and value > 0:
        letters = ""
        while value:
            value, place = divmod(value - 1, 26)
            letters = chr(97 + place) + letters
        return letters.upper() if style.startswith("upper") else letters
    if style in ("lower-roman", "upper-roman") and 0 < value < 900:
        return to_roman(value).upper() if style == "upper-roman" else to_roman(value)
    return f"{value:02d}" if style == "decimal-leading-zero" else str(value)


def _integer(text: str | None) -> int | None:
    try:
        value = int(text or "")
    except ValueError:
        return None
    return value if abs(value) <= LARGEST else None
