"""Gathers blocks into one canonical text in which an empty line stands between blocks."""

from __future__ import annotations

from longdoc.types import Block, BlockKind, Span

SEPARATOR = "\n\n"


class TextBuilder:
    """Append blocks with `add`, then `finish`."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self.length = 0

    def add(self, kind: BlockKind, content: str, level: int | None = None) -> Span | None:
        """Append a block; its span, or None if it holds no text."""
        content = content.strip("\n\r\t ")
        if not content:
            return None
        if self._parts:
            self._parts.append(SEPARATOR)
            self.length += len(SEPARATOR)
        span = Span(start=self.length, end=self.length + len(content))
        self._parts.append(content)
        self.length = span.end
        self._blocks.append(Block(kind=kind, span=span, level=level))
        return span

    def finish(self) -> tuple[str, list[Block]]:
        """The text and its blocks."""
        return "".join(self._parts), self._blocks
