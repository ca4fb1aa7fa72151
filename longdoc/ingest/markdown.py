"""Markdown (CommonMark's blocks and pipe tables): the canonical text is the file, with its marks."""

from __future__ import annotations

import re

from longdoc.ingest.cells import Cell
from longdoc.ingest.tables import made_table
from longdoc.ingest.txt import decode
from longdoc.protocols import Limits, Parsed
from longdoc.types import Block, BlockKind, Span, Table

_LINE = re.compile(r"[^\r\n]*(?:\r\n|[\r\n]|$)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
# What stands between two bars; a bar behind a backslash is none.
_CELL = re.compile(r"(?:\\.|[^|\\\r\n])+")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")


class MarkdownIngestor:
    """Reads Markdown with front matter, headings, lists, pipe tables and code fences."""

    format = "markdown"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The decoded file with its blocks. Raises: EncodingError."""
        text, warnings = decode(data, name)
        blocks, title = _Reader(text).read()
        tables = tuple(_table(text, block.span) for block in blocks if block.kind == "table")
        return Parsed(text=text, format=self.format, blocks=tuple(blocks), title=title, warnings=warnings, tables=tables)


def _table(text: str, span: Span) -> Table:
    """The pipe table in `span`: its first line heads the columns, its second only rules them."""
    cells: list[Cell] = []
    lines = [line for line in _LINE.finditer(text, span.start, span.end) if line[0].strip()]
    for row, line in enumerate([*lines[:1], *lines[2:]]):
        content = line[0].strip()
        start = line.start() + line[0].index(content) + content.startswith("|")
        for column, cell in enumerate(_bars(text, start, line.start() + len(line[0].rstrip()))):
            words = text[cell.start : cell.end].strip()
            if words:
                begin = text.index(words, cell.start)
                cells.append(Cell(row, column, 1, 1, begin, begin + len(words)))
    return made_table(text, span, cells, header_rows=1)


def _bars(text: str, start: int, end: int) -> list[Span]:
    """What stands between the bars from `start` to `end`, also where nothing does."""
    spans, begin = [], start
    while begin < end:
        found = _CELL.match(text, begin, end)
        stop = found.end() if found else begin
        spans.append(Span(start=begin, end=stop))
        begin = stop + 1
    return spans


class _Reader:
    """One pass over the lines; `open_kind` is the block that is being gathered."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [(found.start(), found.end()) for found in _LINE.finditer(text) if found.end() > found.start()]
        self.blocks: list[Block] = []
        self.start: int | None = None
        self.end = 0
        self.kind: BlockKind = "paragraph"
        self.title: str | None = None

    def read(self) -> tuple[list[Block], str | None]:
        index = self._front_matter()
        while index < len(self.lines):
            index = self._line(index)
        self._close()
        return self.blocks, self.title

    def _front_matter(self) -> int:
        """YAML front matter is not running text; its title is the document's."""
        if not self.lines or self._content(0).rstrip() != "---":
            return 0
        for index in range(1, min(len(self.lines), 200)):
            if self._content(index).rstrip() in ("---", "..."):
                for row in range(1, index):
                    key, _, value = self._content(row).partition(":")
                    if key.strip() == "title" and value.strip():
                        self.title = value.strip().strip("\"'")
                self._add("furniture", self.lines[0][0], self.lines[index][1])
                return index + 1
        return 0

    def _line(self, index: int) -> int:
        start, end = self.lines[index]
        content = self._content(index)
        fence = _FENCE.match(content)
        if fence:
            return self._fence(index, fence[1])
        heading = _HEADING.match(content)
        if not content.strip():
            self._close()
        elif heading:
            self._close()
            self._heading(start + heading.end(), end, len(heading[1]))
        elif self.start is not None and self.kind == "paragraph" and _UNDERLINE.match(content):
            self._heading(self.start, self.end, 1 if "=" in content else 2)
            self.start = None
        elif _RULE.match(content):
            self._close()
        elif "|" in content and self.start is None and index + 1 < len(self.lines) and self._is_table_rule(index + 1):
            self._open("table", start, end)
        elif self.kind == "table" and self.start is not None and "|" in content:
            self.end = end
        elif _ITEM.match(content) and not (self.start is not None and self.kind == "paragraph" and content.lstrip()[0] not in "-*+1"):
            self._close()
            self._open("list_item", start, end)
        elif self.start is not None and self.kind in ("paragraph", "list_item"):
            self.end = end
        else:
            self._close()
            self._open("paragraph", start, end)
        return index + 1

    def _fence(self, index: int, mark: str) -> int:
        self._close()
        last = index + 1
        while last < len(self.lines) and not self._content(last).strip().startswith(mark):
            last += 1
        last = min(last, len(self.lines) - 1)
        self._add("code", self.lines[index][0], self.lines[last][1])
        return last + 1

    def _is_table_rule(self, index: int) -> bool:
        content = self._content(index)
        return "-" in content and "|" in content and _TABLE_RULE.match(content) is not None

    def _content(self, index: int) -> str:
        return self.text[slice(*self.lines[index])]

    def _open(self, kind: BlockKind, start: int, end: int) -> None:
        self.kind, self.start, self.end = kind, start, end

    def _close(self) -> None:
        if self.start is not None:
            self._add(self.kind, self.start, self.end)
        self.start = None

    def _heading(self, start: int, end: int, level: int) -> None:
        content = self.text[start:end].rstrip()
        content = re.sub(r"[ \t]+#+$", "", content)
        if content.strip():
            self._add("heading", start, start + len(content), level)

    def _add(self, kind: BlockKind, start: int, end: int, level: int | None = None) -> None:
        content = self.text[start:end]
        left = len(content) - len(content.lstrip())
        if content.strip():
            self.blocks.append(Block(kind=kind, span=Span(start=start + left, end=start + len(content.rstrip())), level=level))
