"""Walks the tree of a page without recursion and gives the pieces of its visible text, in order, with what is marked in it.

Blocks end where the HTML standard's style sheet would break the line; two line breaks part paragraphs, a single one only bends the
line. A table's cells are gathered on their own and judged when the table ends (`html_tables`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from longdoc.ingest.html_lists import ListCounter
from longdoc.ingest.html_pre import read_pre
from longdoc.ingest.html_run import Piece, Run
from longdoc.ingest.html_style import SYMBOL, WINGDINGS, Style, style_of
from longdoc.ingest.html_tables import TableGathered, lay_out, looks_like_heading
from longdoc.ingest.numbering import is_bullet

_SKIPPED = {
    "script", "style", "head", "template", "noscript", "iframe", "object", "svg", "select", "button", "nav", "xml", "datalist", "audio",
    "video", "canvas", "map", "noframes",
}  # fmt: skip
_BLOCKS = {
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "caption", "blockquote", "section", "article",
    "main", "header", "footer", "aside", "address", "figure", "figcaption", "form", "fieldset", "legend", "center", "body", "html",
    "details", "summary", "dir", "menu", "title", "hgroup", "search", "dialog", "option",
}  # fmt: skip
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BOLD = {"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"}
_NOTE_ROLES = {"doc-footnote", "doc-endnote", "doc-endnotes"}
_BACK_LINK = re.compile(r"(?:back|return)?(?: to )?(?:the )?(?:table of contents|contents|index|top)(?: of page)?", re.IGNORECASE)
_LONE_MARK = re.compile(r"[•●▪■◦‣∙·➢✓❖]|\([a-z]{1,4}\)")
LONGEST_GLYPHS = 8
"""Characters up to which text in a font of symbols is taken for symbols: whole sentences are set in one by mistake."""


@dataclass(slots=True, eq=False)
class Mark:
    """A stretch of text that an element marks: an inline fact, an insertion. Its ends point into runs, None if it shows no text."""

    element: Any
    start: tuple[Run, int] | None = None
    end: tuple[Run, int] | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """What an element hands down to its children."""

    bold: bool = False
    font: str = ""
    counter: ListCounter | None = None


class Walker:
    """`read` a tree, then take `pieces`, `marks`, and `asides` (element, run, offset) of what is told but not running text.

    `fact_tags` are the names of elements that mark inline facts, `shown` maps ids of hidden facts to the marks of their visible text.
    """

    def __init__(self, fact_tags: frozenset[str]) -> None:
        self.fact_tags = fact_tags
        self.pieces: list[Piece] = []
        self.marks: list[Mark] = []
        self.hidden: list[Any] = []
        self.shown: dict[str, Mark] = {}
        self.asides: list[tuple[Any, Run]] = []
        self._run = Run(0)
        self._runs = 1
        self._waiting: list[Mark] = []
        self._last: Run = self._run
        self._prefix = ""
        self._item = False
        self._broken = False
        self._notes = 0
        self._tables: list[tuple[TableGathered, list[Piece]]] = []

    def read(self, root: Any) -> None:
        """Walk everything below `root`."""
        stack: list[tuple[Any, int, Any]] = [(root, 0, _State())]
        while stack:
            element, event, state = stack.pop()
            if event == 0:
                self._enter(element, state, stack)
            elif event == 1:
                self._text(element.tail, state)
            else:
                self._leave(element, state)
        self._flush("")

    def _enter(self, element: Any, state: _State, stack: list[tuple[Any, int, Any]]) -> None:
        tag = element.tag
        if not isinstance(tag, str):
            return
        style = style_of(element)
        if style.hidden or tag in _SKIPPED or tag.endswith(":header") or _is_hidden(element):
            # What is not shown may still hold facts.
            if self.fact_tags:
                self.hidden += element.iter(*self.fact_tags)
            return
        if style.break_before:
            self._flush("")
            self.pieces.append(Piece("break", firm=True))
        # Struck-out words that nobody is said to have struck out are shown as such and read.
        deleted = tag == "del" and (element.get("datetime") or element.get("cite"))
        if deleted or tag in ("br", "hr", "img", "input", "math", "pre", "textarea"):
            self._single(tag, element, state, style)
            if style.break_after:
                self._leave_page()
            return
        inner = _inner_state(element, tag, style, state)
        if tag in _BLOCKS:
            self._flush("")
            if tag == "li":
                self._prefix += inner.counter.marker(element) if inner.counter else ""
                self._item = True
            elif style.word_list not in (None, "ignore"):
                self._item = True
        elif tag == "a" and element.get("href", "").startswith("#"):
            self._run.link = True
        mark = self._mark(element, tag, style)
        note = style.note or _is_note(element)
        self._notes += note
        if tag in ("table", "tr", "td", "th") and not self._enter_table(tag, element):
            self._flush("")
        stack.append((element, 2, (tag, style, mark, note)))
        for child in reversed(element):
            stack.append((child, 1, inner))
            stack.append((child, 0, inner))
        self._text(element.text, inner)

    def _leave(self, element: Any, left: tuple[str, Style, Mark | None, bool]) -> None:
        tag, style, mark, note = left
        if tag in _BLOCKS:
            self._flush(tag, element)
            if tag == "li":
                self._prefix, self._item = "", False
        elif tag in ("table", "tr", "td", "th"):
            self._leave_table(tag)
        self._notes -= note
        if mark is not None:
            if mark.start is None:
                self._waiting.remove(mark)
            else:
                mark.end = (self._last, self._last.length)
        if style.break_after:
            self._leave_page()

    def _leave_page(self) -> None:
        self._flush("")
        self.pieces.append(Piece("break", firm=True))

    def _mark(self, element: Any, tag: str, style: Style) -> Mark | None:
        if tag not in self.fact_tags and tag != "ins" and style.shows is None:
            return None
        mark = Mark(element)
        if tag in self.fact_tags or tag == "ins":
            self.marks.append(mark)
        if style.shows is not None:
            self.shown.setdefault(style.shows, mark)
        self._waiting.append(mark)
        return mark

    def _text(self, text: str | None, state: _State) -> None:
        if not text:
            return
        if state.font and len(text) <= LONGEST_GLYPHS:
            text = text.translate(WINGDINGS if state.font == "wingdings" else SYMBOL)
        run = self._run
        if self._prefix and not text.isspace():
            run.add(self._prefix)
            self._prefix = ""
        before = run.length
        start = run.add(text)
        if start < 0:
            return
        self._broken = False
        if state.bold:
            run.bold += run.length - before
        self._last = run
        if self._waiting:
            self._begin_marks(run, start)

    def _begin_marks(self, run: Run, start: int) -> None:
        for mark in self._waiting:
            mark.start = (run, start)
        self._waiting.clear()

    def _single(self, tag: str, element: Any, state: _State, style: Style) -> None:
        """Elements that hold no text of ours, or text that is taken as a whole."""
        if tag == "br":
            if self._broken:
                self._flush("")
            self._run.gap = True
            self._broken = True
        elif tag == "hr":
            self._flush("")
            self.pieces.append(Piece("break"))
        elif tag == "img":
            if (element.get("alt") or "").strip():
                self.asides.append((element, self._run))
        elif tag == "input":
            # Boxes outside of forms and task lists work the page, they are no part of what it says.
            asked = element.get("disabled") is not None or any(True for _ in element.iterancestors("form"))
            if asked and element.get("type", "").lower() in ("checkbox", "radio"):
                self._text("☒" if element.get("checked") is not None else "☐", state)
        elif tag == "math":
            content = element.get("alttext") or " ".join("".join(element.itertext()).split())
            self._text(content, state)
        elif tag == "del":
            self.asides.append((element, self._run))
        elif tag in ("pre", "textarea"):
            self._flush("")
            for piece in read_pre(element, self._new_run):
                for _, run in piece.runs:
                    self._last = run
                    if self._waiting:
                        self._begin_marks(run, 0)
                self.pieces.append(piece)

    def _new_run(self) -> Run:
        run = Run(self._runs)
        self._runs += 1
        return run

    def _flush(self, tag: str, element: Any = None) -> None:
        run = self._run
        self._broken = False
        if not run.length:
            run.gap = False
            return
        self._run = self._new_run()
        words = run.text
        piece = Piece("paragraph", [("", run)])
        if self._tables and element is not None:
            piece.indent = style_of(element).indent
        level = _HEADINGS.get(tag) or (_level(element) if element is not None else None)
        if level:
            piece.kind, piece.level = "heading", level
        elif run.link and len(words) <= 40 and _BACK_LINK.fullmatch(words) and not self._tables:
            piece.back = True
        elif self._notes:
            piece.kind = "footnote"
        elif tag == "caption":
            piece.caption = True
        elif self._item or is_bullet(words):
            piece.kind = "list_item"
        elif looks_like_heading(run, words):
            piece.kind = "heading"
        self._item = False
        if self.pieces and piece.kind in ("paragraph", "list_item") and _LONE_MARK.fullmatch(self.pieces[-1].text):
            # Where a bullet floats beside its text, as in a table but without one.
            self.pieces[-1].append(" ", piece)
            self.pieces[-1].kind = "list_item"
            return
        self.pieces.append(piece)

    def _enter_table(self, tag: str, element: Any) -> bool:
        """Whether the element is part of a table's frame, which this opens."""
        if tag == "table":
            self._flush("")
            self._tables.append((TableGathered(element), self.pieces))
            self.pieces = []
            return True
        if not self._tables:
            return False
        self._flush("")
        table = self._tables[-1][0]
        if tag == "tr":
            self._spill(table)
            table.open_row(element)
        else:
            self._spill(table)
            self.pieces = table.open_cell(element)
        return True

    def _leave_table(self, tag: str) -> None:
        self._flush("")
        if not self._tables:
            return
        table, outer = self._tables[-1]
        if tag in ("td", "th"):
            self.pieces = []
        elif tag == "table":
            self._spill(table)
            self._tables.pop()
            self.pieces = outer
            self.pieces += lay_out(table)

    def _spill(self, table: TableGathered) -> None:
        """Text that stands in a table but in no cell goes before it."""
        table.before += self.pieces
        self.pieces = []


def _inner_state(element: Any, tag: str, style: Style, state: _State) -> _State:
    """What the element's children take over; the same object where nothing changes."""
    bold = style.bold if style.bold is not None else state.bold or tag in _BOLD
    font = style.font if style.font is not None else state.font
    if tag == "font" and element.get("face"):
        face = element.get("face").lower()
        font = "wingdings" if "wingdings" in face else "symbol" if face.startswith("symbol") else ""
    if tag == "ol":
        return _State(bold, font, ListCounter(element))
    if tag in ("ul", "menu", "dir"):
        return _State(bold, font, None)
    return state if bold == state.bold and font == state.font else _State(bold, font, state.counter)


def _is_hidden(element: Any) -> bool:
    return element.get("hidden") is not None or element.get("aria-hidden") == "true"


def _is_note(element: Any) -> bool:
    return element.get("role") in _NOTE_ROLES or element.get("epub:type") in ("footnote", "endnote")


def _level(element: Any) -> int | None:
    """The level of an element that says that it is a heading."""
    if element.get("role") != "heading":
        return None
    level = element.get("aria-level", "2")
    return int(level) if level in {"1", "2", "3", "4", "5", "6"} else 2
