"""The plain notation that the sources of the built documents are written in.

    ! key value         a piece of metadata (the title, the parties, the signatures)
    # 8 Term            a heading; ## and ### are lower levels
    | a | b |           a row of a table; rows that follow each other are one table
    - text              a numbered paragraph whose number the word processor makes
    * text              a lettered item of it
    anything else       a paragraph

Blank lines separate. Straight quotation marks become curly ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """One element: kind is "meta", "heading", "table", "numbered", "lettered" or "paragraph"."""

    kind: str
    text: str = ""
    level: int = 0
    key: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def read(path: Path) -> list[Part]:
    """The parts of a source file, in order."""
    return [_part(chunk) for chunk in re.split(r"\n\s*\n", curly(path.read_text(encoding="utf-8")).strip()) for chunk in _lines(chunk)]


def curly(text: str) -> str:
    """Curly quotation marks and apostrophes."""
    text = re.sub(r'(^|[\s(\[|])"', "\\1\u201c", text, flags=re.MULTILINE).replace('"', "\u201d")
    return text.replace("'", "\u2019")


def _lines(chunk: str) -> list[str]:
    return chunk.split("\n") if chunk.startswith("!") else [chunk]


def _part(chunk: str) -> Part:
    if chunk.startswith("!"):
        key, _, value = chunk[1:].strip().partition(" ")
        return Part("meta", value, key=key)
    if chunk.startswith("#"):
        marks, _, title = chunk.partition(" ")
        return Part("heading", title.strip(), level=len(marks))
    if chunk.startswith("|"):
        return Part("table", rows=tuple(tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in chunk.splitlines()))
    for mark, kind in (("- ", "numbered"), ("* ", "lettered")):
        if chunk.startswith(mark):
            return Part(kind, " ".join(chunk[2:].split()))
    return Part("paragraph", " ".join(chunk.split()))
