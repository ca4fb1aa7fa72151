"""The parts that the text of a page is put together from: runs of squeezed text, and the pieces that they form.

A Run knows its place in the canonical text only once everything is laid out, since page numbers are taken out, cells of a table
joined and paragraphs that go over a page made whole before that. What points into the text until then (a fact, an insertion) points
at a run and an offset in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from longdoc.types import BlockKind

_INVISIBLE = {0x200B: None, 0xFEFF: None, 0xAD: None}
"""Zero-width space, byte order mark and soft hyphen: nobody sees them, and a search trips over them."""


class Run:
    """Text in which white space is squeezed as it comes in; `place` is its offset in the canonical text, -1 until it has one."""

    __slots__ = ("_parts", "bold", "gap", "length", "link", "order", "place")

    def __init__(self, order: int) -> None:
        self._parts: list[str] = []
        self.length = 0
        self.gap = False
        self.bold = 0
        self.link = False
        self.order = order
        self.place = -1

    def add(self, text: str) -> int:
        """Append text; the offset of its first character that shows, -1 if none does."""
        if not text.isascii():
            text = text.translate(_INVISIBLE)
        words = text.split()
        if not words:
            self.gap = self.gap or bool(text)
            return -1
        if self.length and (self.gap or text[0].isspace()):
            self._parts.append(" ")
            self.length += 1
        start = self.length
        joined = " ".join(words)
        self._parts.append(joined)
        self.length += len(joined)
        self.gap = text[-1].isspace()
        return start

    def keep(self, text: str) -> None:
        """Take text as it stands, as a line of a program or a table of typewritten columns."""
        self._parts = [text]
        self.length = len(text)

    @property
    def text(self) -> str:
        """What was added."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    @property
    def is_bold(self) -> bool:
        """Whether nearly all of it is."""
        return self.bold > 0.9 * self.length


PieceKind = Literal["break"] | BlockKind


@dataclass(slots=True)
class Piece:
    """A block to be: runs, each with what parts it from the one before. A piece of kind "break" ends a page, `firm` if the page says so.

    `cells` (tables) are (row, column, rows, columns, first run, last run); `back` marks a link back to the contents that stands alone;
    `caption` marks that of the table that follows. `indent` is in points, `indents` that of each row's label.
    """

    kind: PieceKind
    runs: list[tuple[str, Run]] = field(default_factory=list)
    level: int | None = None
    cells: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    header_rows: int = 0
    firm: bool = False
    back: bool = False
    caption: bool = False
    indent: float = 0.0
    indents: list[float] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text as it will stand in the document."""
        if len(self.runs) == 1:
            return self.runs[0][1].text
        return "".join(part for between, run in self.runs for part in (between, run.text))

    @property
    def length(self) -> int:
        """Of its text."""
        return sum(len(between) + run.length for between, run in self.runs)

    def append(self, between: str, other: Piece) -> None:
        """Let another piece go on in this one."""
        for position, (inner, run) in enumerate(other.runs):
            self.runs.append((inner if position else between, run))
