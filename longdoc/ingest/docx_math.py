"""Formulas of a Word file (Office Math, ECMA-376, part 1, 22.1) as one line of text: (a+b)/2, x^2, √(x)."""

from __future__ import annotations

from typing import Any

from longdoc.ingest.docx_package import W

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_GONE = {W + "del", W + "moveFrom", W + "instrText", W + "delText"}


def linear(node: Any) -> str:
    """The formula below `node`, its letters and signs in reading order; a part of several signs stands in brackets.

    Each element is looked at once, however deep. Raises: RecursionError where the formula is nested too deeply.
    """
    if not isinstance(node.tag, str) or node.tag in _GONE or node.tag.endswith("Pr"):
        return ""
    if node.tag in (M + "t", W + "t"):
        return str(node.text or "")
    name = node.tag.removeprefix(M)
    if name == "f":
        return f"{_grouped(_part(node, 'num'))}/{_grouped(_part(node, 'den'))}"
    if name in ("sSup", "sSub", "sSubSup"):
        return _part(node, "e") + _scripts(node)
    if name in ("limLow", "limUpp"):
        return f"{_part(node, 'e')}{'_' if name == 'limLow' else '^'}{_grouped(_part(node, 'lim'))}"
    if name == "rad":
        return f"{_part(node, 'deg')}√({_part(node, 'e')})"
    if name == "nary":
        return f"{_sign(node, 'naryPr', 'chr', '∫')}{_scripts(node)} {_part(node, 'e')}"
    if name == "d":
        between = _sign(node, "dPr", "sepChr", "|").join(map(linear, node.findall(M + "e")))
        return _sign(node, "dPr", "begChr", "(") + between + _sign(node, "dPr", "endChr", ")")
    if name == "func":
        return f"{_part(node, 'fName')} {_part(node, 'e')}"
    if name == "m":
        return "; ".join(", ".join(map(linear, row.findall(M + "e"))) for row in node.findall(M + "mr"))
    return "".join(map(linear, node))


def _part(node: Any, name: str) -> str:
    return "".join(map(linear, node.findall(M + name)))


def _scripts(node: Any) -> str:
    scripts = ((sign, _part(node, name)) for name, sign in (("sub", "_"), ("sup", "^")))
    return "".join(sign + _grouped(text) for sign, text in scripts if text)


def _grouped(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _sign(node: Any, properties: str, name: str, default: str) -> str:
    found = node.find(f"{M}{properties}/{M}{name}")
    return default if found is None else str(found.get(M + "val", ""))
