"""Paragraphs become the canonical text, with the map that leads from every character back to the page.

Lines of a paragraph are joined with a space, a word that was broken at a line's end is put together, rows of a table
stand on lines of their own with a tab between cells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.pdf_cells import Grid
from longdoc.ingest.pdf_page import Line, PageText, Word
from longdoc.ingest.pdf_paragraphs import Paragraph
from longdoc.types import Block, Page, Span

# Words with exactly one space between them: a run that needs no mending, but for the width of its spaces.
_RUN = re.compile(r"[^\s\x00-\x1f\x7f\ufffe\uffff\u00ad\u200b]+(?:[ \u00a0][^\s\x00-\x1f\x7f\ufffe\uffff\u00ad\u200b]+)*")
_LETTERS = re.compile(r"[^\s\x00-\x1f\ufffe]+")
_TAIL = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]?$")
_HEAD = re.compile(r"[^\W\d_]+")
# Beside a part of a broken word stands one of these.
_BESIDE = re.compile("[\\w\x02\ufffe\u00ad-]")
_TERMINAL = re.compile(r"[.;:?!][\"”’')\]]*$")
_NO_BREAK = re.compile(
    r"(?:,|\b(?:and|or|of|the|to|in|a|an|by|for|with|such|any|that|which|from|on|at|as|is|are|be|not|this|its|shall|will|may))$"
)


@dataclass(frozen=True, slots=True)
class GridPlace:
    """Where a table stands in the text, its cells as in `Table.cells`, and its grid."""

    span: Span
    cells: list[tuple[int, int, int, int, int, int]]
    grid: Grid


class PdfText:
    """Append a page's paragraphs with `add_page`, then read `text`, `blocks`, `pages` and `source_map`."""

    def __init__(self, pages: Sequence[PageText]) -> None:
        self.blocks: list[Block] = []
        self.pages: list[Page] = []
        self.source_map: list[tuple[int, int, int, int]] = []
        self.tables: list[GridPlace] = []
        self.line_starts: dict[int, list[tuple[float, int]]] = {}
        self._source = pages
        self._lowered: str | None = None
        self._by_page: dict[int, list[tuple[int, int, int, int]]] | None = None
        self._parts: list[str] = []
        self._length = 0
        self._tail = ""
        self._open: Paragraph | None = None

    @property
    def text(self) -> str:
        """The canonical text so far."""
        return "".join(self._parts)

    def offset_of(self, page: int, index: int | None) -> int | None:
        """Where a character of a page stands in the text, None if it does not."""
        if index is None:
            return None
        if self._by_page is None:
            self._by_page = {}
            for row in self.source_map:
                self._by_page.setdefault(row[1], []).append(row)
        rows = self._by_page.get(page, ())
        return next((start + index - first for start, _, first, length in rows if first <= index < first + length), None)

    def add_page(self, page: PageText, paragraphs: Sequence[Paragraph], label: str | None) -> None:
        """Append the page; a paragraph that plainly goes on from the last page stays one block."""
        start: int | None = None
        for order, paragraph in enumerate(paragraphs):
            if order == 0 and self._goes_on(paragraph, page):
                first = paragraph.lines[0]
                block = self.blocks.pop()
                start = self._join_lines(page, first)
                begin = block.span.start
            else:
                if self._length:
                    self._put("\n\n")
                begin = self._length
                start = begin if start is None else start
                if paragraph.grid is not None:
                    self._table(page, paragraph.grid)
                else:
                    self._line(page, paragraph.lines[0])
            for line in paragraph.lines[1:] if paragraph.grid is None else ():
                self._join_lines(page, line)
            self.blocks.append(Block(kind=paragraph.kind, span=Span(start=begin, end=self._length), level=paragraph.level))
            self._open = paragraph
        self._close_page(page, label, self._length if start is None else start)

    def _close_page(self, page: PageText, label: str | None, start: int) -> None:
        if self.pages:
            last = self.pages[-1]
            self.pages[-1] = last.model_copy(update={"span": Span(start=last.span.start, end=max(start, last.span.start))})
        self.pages.append(
            Page(
                number=page.number,
                label=label,
                span=Span(start=start, end=self._length),
                width=round(page.shown[0], 2),
                height=round(page.shown[1], 2),
                has_text=any(not character.isspace() for character in page.text),
                ocr=page.ocr,
                confidence=page.confidence,
            )
        )

    def _goes_on(self, paragraph: Paragraph, page: PageText) -> bool:
        last = self._open
        if last is None or not self.blocks or paragraph.kind != "paragraph" or last.kind not in ("paragraph", "list_item"):
            return False
        if last.lines[-1].hyphen:
            return True
        first = paragraph.lines[0]
        if abs(first.size - last.lines[-1].size) > 0.12 * first.size or _TERMINAL.search(self._tail):
            return False
        opening = page.text[first.words[0].start : first.words[0].end]
        if opening[:1].islower():
            return True
        text = page.text[first.words[0].start : first.words[-1].end]
        if not opening[:1].isalnum() or read_number(text) or is_bullet(text):
            return False
        return _NO_BREAK.search(self._tail) is not None or (len(last.lines) > 1 and not _leaves_room(last.lines, first))

    def _join_lines(self, page: PageText, line: Line) -> int:
        """Append a line to the paragraph in hand; the offset at which its characters begin."""
        hyphen = self._open_line.hyphen or self._tail.endswith("-")
        head = _HEAD.match(page.text, line.words[0].start, line.words[0].end)
        if not hyphen:
            self._put(" ")
        elif self._open_line.hyphen:
            if head is not None and not self._was_one_word(head[0]):
                self._put_mark()
        elif head is not None and head[0].islower() and len(self._tail) > 1 and self._tail[-2].islower():
            if self._was_one_word(head[0]):
                self._drop_mark()
        elif self._tail.endswith((" -", " –")) or head is None or not head[0].islower():
            self._put("" if self._tail[-2:-1].isalnum() else " ")
        start = self._length
        self._line(page, line)
        return start

    def _was_one_word(self, head: str) -> bool:
        """Whether a word broken before `head` is written without hyphen elsewhere, or at least nowhere with one."""
        found = _TAIL.search(self._tail)
        if found is None or not head[0].islower() or self._tail[found.start() - 1 : found.start()] == "-":
            return False
        left, right = found[1].lower(), head.lower()
        if self._occurs(left + right):
            return True
        both_words = len(left) > 3 and self._occurs(left) and self._occurs(right)
        return not both_words and not self._occurs(f"{left}-{right}")

    def _occurs(self, word: str) -> bool:
        """Whether the document has the word somewhere, in any case, with no hyphen or letter beside it."""
        if self._lowered is None:
            self._lowered = "\n".join(page.text for page in self._source).lower()
        start = self._lowered.find(word)
        while start >= 0:
            before, after = self._lowered[start - 1 : start], self._lowered[start + len(word) : start + len(word) + 1]
            if not (_BESIDE.match(before) or _BESIDE.match(after)):
                return True
            start = self._lowered.find(word, start + 1)
        return False

    def _table(self, page: PageText, grid: Grid) -> None:
        """A line a row, a tab between its cells, the lines of a cell joined."""
        begin = self._length
        cells: list[tuple[int, int, int, int, int, int]] = []
        for number, row in enumerate(grid.rows):
            for order, cell in enumerate(row.cells):
                if order or number:
                    self._put("\t" if order else "\n")
                start = self._length
                self._line(page, cell.parts[0])
                for part in cell.parts[1:]:
                    self._join_lines(page, part)
                cells.append((number, cell.column, 1, cell.columns, start, self._length))
        if grid.tabular:
            self.tables.append(GridPlace(Span(start=begin, end=self._length), cells, grid))

    def _line(self, page: PageText, line: Line) -> None:
        self._open_line = line
        self._words_of(page, line.words)

    def _words_of(self, page: PageText, words: Sequence[Word]) -> None:
        if self._open_line.plain:
            self._take(page, words[0].start, words[-1].end)
            return
        if self._open_line.scattered or self._open_line.spaced:
            for order, word in enumerate(words):
                self._put(" " if order else "")
                for run in _LETTERS.finditer(page.text, word.start, word.end):
                    self._take(page, run.start(), run.end())
            return
        last = words[0].start
        for run in _RUN.finditer(page.text, last, words[-1].end):
            if run.start() > last and not _is_soft_break(page.text[last : run.start()]):
                self._put(" ")
            self._take(page, run.start(), run.end())
            last = run.end()

    def _take(self, page: PageText, start: int, end: int) -> None:
        content = page.text[start:end].replace("\u00a0", " ")
        self._map(page.number, start, end - start)
        self._parts.append(content)
        self._length += end - start
        self._tail = content[-24:] if len(content) >= 24 else (self._tail + content)[-24:]

    def _map(self, number: int, index: int, length: int) -> None:
        if self.source_map:
            start, page, first, run = self.source_map[-1]
            gap = self._length - start - run
            # A space that stands in both places goes into the run.
            if page == number and gap in (0, 1) and index - first - run == gap:
                self.source_map[-1] = (start, page, first, self._length - start + length)
                return
        self.source_map.append((self._length, number, index, length))

    def _put(self, content: str) -> None:
        self._parts.append(content)
        self._length += len(content)
        self._tail = (self._tail + content)[-24:]

    def _put_mark(self) -> None:
        """The hyphen that PDFium replaced by its mark; it stands right after the line's last word."""
        last = self._open_line.words[-1]
        self._map(self._open_line.page, last.end, 1)
        self._parts.append("-")
        self._length += 1
        self._tail += "-"

    def _drop_mark(self) -> None:
        self._parts[-1] = self._parts[-1][:-1]
        self._length -= 1
        self._tail = self._tail[:-1]
        start, page, index, length = self.source_map.pop()
        if length > 1:
            self.source_map.append((start, page, index, length - 1))


def _leaves_room(lines: list[Line], following: Line) -> bool:
    """Whether the last line ends early enough for the next word: then its paragraph was meant to end."""
    last, first = lines[-1], following.words[0]
    return last.x1 + 0.35 * last.size + first.x1 - first.x0 < max(line.x1 for line in lines)


def _is_soft_break(between: str) -> bool:
    """Whether only a soft hyphen or a zero-width space parts two words of one line."""
    return between != "" and all(character in "\u00ad\u200b" for character in between)
