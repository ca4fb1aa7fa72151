"""Inline XBRL (specification 1.1): the facts of a filing as data, each with its period, unit, dimensions and value.

Contexts and units stand in `ix:header`; a fact names them. A continuation goes on elsewhere in the text (`ix:continuation`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from longdoc.ingest.xbrl_values import text_value, write_number

LONGEST_TEXT = 1000
"""Characters of a fact's text that are kept beside its span: a note of a report is a fact too, and one lies in another."""
MOST_FACTS = 100_000
MOST_CONTINUATIONS = 100

_PREFIX = re.compile(r"xmlns:([A-Za-z][\w.-]*)\s*=\s*[\"']http://www\.xbrl\.org/20\d\d/inlineXBRL", re.IGNORECASE)
_FACTS = ("nonfraction", "nonnumeric")


@dataclass(frozen=True, slots=True)
class Context:
    """Whose facts they are, when ("2023-09-30", or "2022-09-25/2023-09-30"), and along which dimensions ("axis=member")."""

    entity: str = ""
    period: str = ""
    dimensions: str = ""


def prefix_of(source: str) -> str | None:
    """The prefix of inline XBRL's elements in a page, in small letters; None if it is a page like any other."""
    found = _PREFIX.search(source, 0, 20_000)
    return found[1].lower() if found else None


def fact_tags(prefix: str) -> frozenset[str]:
    """The elements that mark facts, and continuations of them."""
    return frozenset(f"{prefix}:{name}" for name in (*_FACTS, "continuation"))


class Facts:
    """The contexts, units and continuations that a page's facts name."""

    def __init__(self, root: Any, prefix: str) -> None:
        self.prefix = prefix
        self.contexts: dict[str, Context] = {}
        self.units: dict[str, str] = {}
        self.continuations: dict[str, Any] = {}
        for header in root.iter(f"{prefix}:resources"):
            for element in header.iter():
                name = _local(element)
                if name == "context":
                    self.contexts.setdefault(element.get("id", ""), _context(element))
                elif name == "unit":
                    self.units.setdefault(element.get("id", ""), _unit(element))
        for element in root.iter(f"{prefix}:continuation"):
            self.continuations.setdefault(element.get("id", ""), element)

    def is_fact(self, element: Any) -> bool:
        """Whether it is a fact and no continuation of one."""
        return _local(element) in _FACTS

    def parts(self, element: Any) -> list[Any]:
        """The fact's element and those that continue it, in order; a circle is cut."""
        parts = [element]
        known = {id(element)}
        following = element.get("continuedat")
        while following and len(parts) <= MOST_CONTINUATIONS:
            part = self.continuations.get(following)
            if part is None or id(part) in known:
                break
            parts.append(part)
            known.add(id(part))
            following = part.get("continuedat")
        return parts

    def attributes(self, element: Any, text: str) -> dict[str, str]:
        """What is known of a fact beside its name and text; what the file does not say is left out."""
        context = self.contexts.get(element.get("contextref", ""), Context())
        known = {
            "value": self.value(element, text),
            "unit": self.units.get(element.get("unitref", ""), element.get("unitref")),
            "decimals": element.get("decimals"),
            "scale": element.get("scale"),
            "sign": element.get("sign"),
            "format": element.get("format"),
            "period": context.period,
            "entity": context.entity,
            "dimensions": context.dimensions,
            "id": element.get("id"),
        }
        return {name: value for name, value in known.items() if value}

    def value(self, element: Any, text: str) -> str | None:
        """The fact's value: a number written out in full, an ISO date or duration, or text; None where it has none or cannot be told."""
        if element.get("xsi:nil") in ("true", "1"):
            return None
        transform = element.get("format")
        if _local(element) == "nonfraction":
            return write_number(own_text(element, self.prefix), transform, element.get("scale"), element.get("sign"))
        if transform:
            return text_value(own_text(element, self.prefix), transform)
        return text if len(text) < LONGEST_TEXT else None


def own_text(element: Any, prefix: str) -> str:
    """The text of a fact, without what it excludes, squeezed, as far as it is kept."""
    return " ".join("".join(_pieces(element, f"{prefix}:exclude")).split())


def _pieces(element: Any, excluded: str) -> Iterator[str]:
    """The text inside an element in order, without recursion, up to what is kept."""
    length = 0
    stack: list[tuple[Any, bool]] = [(element, True)]
    while stack and length <= LONGEST_TEXT:
        node, entering = stack.pop()
        text = (node.text if entering else node.tail) or ""
        if not entering:
            yield text
            length += len(text)
            continue
        if node is not element:
            stack.append((node, False))
        if node.tag == excluded:
            continue
        yield text
        length += len(text)
        stack.extend((child, True) for child in reversed(node))


def _local(element: Any) -> str:
    return element.tag.rpartition(":")[2] if isinstance(element.tag, str) else ""


def _content(element: Any) -> str:
    return "".join(element.itertext()).strip()


def _context(element: Any) -> Context:
    entity, dates, dimensions = "", {}, []
    for part in element.iter():
        name = _local(part)
        if name == "identifier":
            entity = _content(part)
        elif name in ("instant", "startdate", "enddate"):
            dates[name] = _content(part)[:10]
        elif name == "forever":
            dates["instant"] = "forever"
        elif name == "explicitmember":
            dimensions.append(f"{part.get('dimension', '')}={_content(part)}")
        elif name == "typedmember":
            dimensions.append(f"{part.get('dimension', '')}={' '.join(_content(part).split())}")
    period = dates.get("instant") or "/".join(dates[name] for name in ("startdate", "enddate") if name in dates)
    return Context(entity, period, ";".join(sorted(dimensions)))


def _unit(element: Any) -> str:
    """ "USD", "shares", "USD/shares": measures by their local names, as fractions where they are."""
    above: list[str] = []
    below: list[str] = []
    for part in element.iter():
        if _local(part) == "measure":
            parent = _local(part.getparent())
            (below if parent == "unitdenominator" else above).append(_content(part).rpartition(":")[2])
    return "*".join(above) + ("/" + "*".join(below) if below else "")
