"""Automatic numbers of a Word document: what Word prints before a paragraph stands nowhere in its text.

A paragraph names a list (numId) and a level (ilvl), itself or by its style; the list's definition in numbering.xml
gives each level's start, format and pattern such as "%1.%2" (ECMA-376, part 1, 17.9).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from longdoc.ingest.docx_number_formats import LARGEST, custom_format, format_number
from longdoc.ingest.docx_package import W as _W

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
BULLET = "•"


@dataclass(slots=True)
class _Level:
    start: int
    format: str
    pattern: str
    legal: bool
    restart: int | None
    """The level, from 1, whose next number makes this one begin anew; 0: none does; None: any level above."""
    style: str | None


class Numbering:
    """Counts through a document's lists in reading order. `styles` and `numbering` are the roots of those parts, None where
    there is none."""

    def __init__(self, styles: Any | None, numbering: Any | None) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._abstract_of: dict[str, str] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counters: dict[str, dict[int, int]] = defaultdict(dict)
        self._used: set[tuple[str, int]] = set()
        self._styles = {} if styles is None else {style.get(_W + "styleId"): style for style in styles.iter(_W + "style")}
        if numbering is not None:
            self._load(numbering)

    def label(self, paragraph: Any) -> str:
        """What Word prints before the paragraph, "" where it prints nothing; counts one on."""
        identifier, depth = self._list_of(paragraph)
        abstract = self._abstract_of.get(identifier or "")
        if identifier is None or identifier == "0" or abstract is None:
            return ""
        levels = self._abstract.get(abstract, {}) | self._levels.get(identifier, {})
        level = levels.get(depth)
        if level is None:
            return ""
        counters = self._counters[abstract]
        # A list's own start holds for the first number that it gives at that level, whatever counted there before.
        if (identifier, depth) not in self._used:
            self._used.add((identifier, depth))
            if depth in self._starts.get(identifier, {}):
                counters[depth] = self._starts[identifier][depth] - 1
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for deeper in [place for place in counters if place > depth]:
            restart = levels[deeper].restart if deeper in levels else None
            if restart is None or depth < restart:
                del counters[deeper]
        if level.format == "none":
            return ""
        if level.format == "bullet":
            return BULLET
        text = level.pattern
        for place in range(9):
            if f"%{place + 1}" in text:
                shown = levels.get(place, level)
                value = counters.get(place, shown.start)
                text = text.replace(f"%{place + 1}", format_number(value, "decimal" if level.legal else shown.format))
        return text.strip()

    def _load(self, root: Any) -> None:
        linked: dict[str, str] = {}
        by_style: dict[str, str] = {}
        for abstract in root.iter(_W + "abstractNum"):
            identifier = abstract.get(_W + "abstractNumId")
            self._abstract[identifier] = {depth: level for depth, level in map(_level, abstract.iter(_W + "lvl"))}
            if (link := _value(abstract, "numStyleLink")) is not None:
                linked[identifier] = link
            if (style := _value(abstract, "styleLink")) is not None:
                by_style[style] = identifier
        # A list may be defined by a list style alone.
        for identifier, style in linked.items():
            self._abstract[identifier] = self._abstract.get(by_style.get(style, ""), {}) or self._abstract[identifier]
        for number in root.iter(_W + "num"):
            identifier = number.get(_W + "numId")
            self._abstract_of[identifier] = _value(number, "abstractNumId") or ""
            self._starts[identifier], self._levels[identifier] = {}, {}
            for override in number.iter(_W + "lvlOverride"):
                depth = _integer(override.get(_W + "ilvl"), 0)
                if override.find(_W + "startOverride") is not None:
                    self._starts[identifier][depth] = _integer(_value(override, "startOverride"), 1)
                if (own := override.find(_W + "lvl")) is not None:
                    self._levels[identifier][depth] = _level(own)[1]

    def _list_of(self, paragraph: Any) -> tuple[str | None, int]:
        """The list and level that the paragraph or its style, or a style which that is based on, names."""
        properties = paragraph.find(_W + "pPr")
        identifier: str | None = None
        depth: int | None = None
        seen: list[str] = []
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
            seen.append(name)
            name = _value(style, "basedOn") or ""
            found = style.find(_W + "pPr")
            properties = style if found is None else found
        if depth is None and identifier is not None:
            depth = self._depth_of(identifier, seen)
        return identifier, depth or 0

    def _depth_of(self, identifier: str, styles: list[str]) -> int | None:
        """The level that a list has for one of these styles."""
        levels = self._abstract.get(self._abstract_of.get(identifier, ""), {})
        return next((depth for style in styles for depth, level in levels.items() if level.style == style), None)


def _level(element: Any) -> tuple[int, _Level]:
    restart = _value(element, "lvlRestart")
    return _integer(element.get(_W + "ilvl"), 0), _Level(
        start=_integer(_value(element, "start"), 1),
        format=_number_format(element),
        pattern=_value(element, "lvlText") or "",
        legal=element.find(_W + "isLgl") is not None,
        restart=None if restart is None else _integer(restart, 0),
        style=_value(element, "pStyle"),
    )


def _number_format(element: Any) -> str:
    """A level's format; one that is given by example stands beside a plain one for programs that do not know it."""
    example = element.find(f"{_MC}AlternateContent/{_MC}Choice/{_W}numFmt")
    fallback = element.find(f"{_MC}AlternateContent/{_MC}Fallback")
    plain = _value(element, "numFmt") or (None if fallback is None else _value(fallback, "numFmt")) or "decimal"
    return plain if example is None else custom_format(example.get(_W + "format") or "") or plain


def _value(element: Any, name: str) -> str | None:
    child = element.find(_W + name)
    return None if child is None else child.get(_W + "val")


def _integer(text: str | None, default: int) -> int:
    try:
        return min(int(text), LARGEST) if text is not None else default
    except ValueError:
        return default
