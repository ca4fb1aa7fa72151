"""Automatic numbers of a Word document: what Word prints before a paragraph stands nowhere in its text.

A paragraph names a list (numId) and a level (ilvl), itself or by its style; the list's definition in numbering.xml
gives each level's start, format and pattern such as "%1.%2" (ECMA-376, part 1, 17.9).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from longdoc.ingest.numbering import to_roman

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")
_CARDINALS = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
BULLET = "•"


@dataclass(slots=True)
class _Level:
    start: int
    format: str
    pattern: str
    legal: bool


class Numbering:
    """Counts through a document's lists in reading order."""

    def __init__(self, document: Any) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._abstract_of: dict[str, str] = {}
        self._overrides: dict[str, dict[int, int]] = {}
        self._counters: dict[str, dict[int, int]] = defaultdict(dict)
        self._used: set[str] = set()
        self._styles = {style.get(_W + "styleId"): style for style in document.styles.element.iter(_W + "style")}
        root = next((part.element for part in _numbering_parts(document)), None)
        if root is not None:
            self._load(root)

    def label(self, paragraph: Any) -> str:
        """What Word prints before the paragraph, "" where it prints nothing; counts one on."""
        identifier, depth = self._list_of(paragraph)
        abstract = self._abstract_of.get(identifier or "")
        if identifier is None or identifier == "0" or abstract is None:
            return ""
        levels = self._abstract.get(abstract, {})
        level = levels.get(depth)
        if level is None or level.format == "none":
            return ""
        if level.format == "bullet":
            return BULLET
        counters = self._counters[abstract]
        if identifier not in self._used:
            self._used.add(identifier)
            for place, value in self._overrides.get(identifier, {}).items():
                counters[place] = value - 1
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for deeper in [place for place in counters if place > depth]:
            del counters[deeper]
        text = level.pattern
        for place in range(9):
            if f"%{place + 1}" in text:
                shown = levels.get(place, level)
                value = counters.get(place, shown.start)
                text = text.replace(f"%{place + 1}", _format(value, "decimal" if level.legal else shown.format))
        return text.strip()

    def _load(self, root: Any) -> None:
        for abstract in root.iter(_W + "abstractNum"):
            levels = {}
            for element in abstract.iter(_W + "lvl"):
                levels[_integer(element.get(_W + "ilvl"), 0)] = _Level(
                    start=_integer(_value(element, "start"), 1),
                    format=_value(element, "numFmt") or "decimal",
                    pattern=_value(element, "lvlText") or "",
                    legal=element.find(_W + "isLgl") is not None,
                )
            self._abstract[abstract.get(_W + "abstractNumId")] = levels
        for number in root.iter(_W + "num"):
            identifier = number.get(_W + "numId")
            self._abstract_of[identifier] = _value(number, "abstractNumId") or ""
            self._overrides[identifier] = {
                _integer(override.get(_W + "ilvl"), 0): _integer(_value(override, "startOverride"), 1)
                for override in number.iter(_W + "lvlOverride")
                if override.find(_W + "startOverride") is not None
            }

    def _list_of(self, paragraph: Any) -> tuple[str | None, int]:
        """The list and level that the paragraph or its style, or a style which that is based on, names."""
        properties = paragraph.find(_W + "pPr")
        identifier: str | None = None
        depth: int | None = None
        seen: set[str] = set()
        name = "" if properties is None else _value(properties, "pStyle") or ""
        while properties is not None:
            number = properties.find(_W + "numPr")
            if number is not None:
                identifier = identifier or _value(number, "numId")
                if depth is None and _value(number, "ilvl") is not None:
                    depth = _integer(_value(number, "ilvl"), 0)
            if identifier is not None:
                break
            style = self._styles.get(name)
            if style is None or name in seen:
                break
            seen.add(name)
            name = _value(style, "basedOn") or ""
            found = style.find(_W + "pPr")
            properties = style if found is None else found
        return identifier, depth or 0


def _numbering_parts(document: Any) -> list[Any]:
    relations = [relation for relation in document.part.rels.values() if not relation.is_external]
    return [relation.target_part for relation in relations if relation.reltype.endswith("/numbering")]


def _value(element: Any, name: str) -> str | None:
    child = element.find(_W + name)
    return None if child is None else child.get(_W + "val")


def _integer(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default


def _format(value: int, kind: str) -> str:
    if kind in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1) if value > 0 else ""
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman"):
        text = to_roman(value)
        return text if kind == "lowerRoman" else text.upper()
    if kind == "decimalZero":
        return f"{value:02d}"
    if kind == "ordinal":
        suffix = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
        return f"{value}{suffix}"
    if kind in ("ordinalText", "cardinalText") and 1 <= value <= 10:
        return (_ORDINALS if kind == "ordinalText" else _CARDINALS)[value - 1]
    return str(value)
