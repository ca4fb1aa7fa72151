"""The inside of a Word paragraph: its text with tracked changes accepted, and where changes, comments and notes stand in it.

White space is one space wherever Word has any, and every place is an offset into that text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from longdoc.ingest.docx_math import M as _M
from longdoc.ingest.docx_math import linear
from longdoc.ingest.docx_numbering import BULLET
from longdoc.ingest.docx_package import W as _W

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SPACE = re.compile(r"[ \t\r\n\x0b\u00a0]+")
_NOT_SHOWN = {
    _W + "instrText",
    _W + "delInstrText",
    _W + "pPr",
    _W + "rPr",
    _W + "rt",
    _W + "tblPr",
    _W + "trPr",
    _W + "tcPr",
    _W + "sectPr",
    _W + "sdtPr",
}
_GONE = {_W + "del", _W + "moveFrom"}
_NEW = {_W + "ins", _W + "moveTo"}
_BLANKS = {_W + "tab", _W + "br", _W + "cr", _W + "ptab"}
_NOTES = {_W + "footnoteReference": "footnote", _W + "endnoteReference": "endnote"}
_VISIBLE = {_W + "t", _M + "oMath", _W + "noBreakHyphen", _W + "sym", *_BLANKS, *_NOTES}
_NOT_BOLD = ("0", "false", "none")


@dataclass(slots=True)
class Change:
    """An insertion at start..end of the text, or a deletion that stood at `start`, with its words; whose and when."""

    kind: str
    start: int
    end: int
    text: str
    author: str | None
    date: str | None


@dataclass(slots=True)
class Inline:
    """A paragraph's text. `notes` are the numbers of the notes that it refers to; `comments` are id -> [start, end],
    end None where they go on in the next paragraph; `boxes` are the contents of text boxes that hang on it."""

    text: str = ""
    changes: list[Change] = field(default_factory=list)
    comments: dict[str, list[int | None]] = field(default_factory=dict)
    notes: list[int] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    contents: bool = False
    bold: int = 0
    plain: int = 0

    def trimmed(self) -> Inline:
        """Without white space at its end."""
        self.text = self.text.rstrip(" ")
        return self

    def add(self, text: str) -> None:
        """Append text, white space as one space and none at the start."""
        text = _SPACE.sub(" ", text)
        if not self.text or self.text.endswith(" "):
            text = text.removeprefix(" ")
        self.text += text


class InlineReader:
    """Reads paragraphs in order: fields and comments may reach over several. Each note that is referred to is appended to `notes` as
    (kind, id), and its number, from 1, is its mark in the text."""

    def __init__(self, hidden_styles: frozenset[str], notes: list[tuple[str, str]]) -> None:
        self._hidden_styles = hidden_styles
        self._all_notes = notes
        self._fields: list[dict[str, Any]] = []
        self._commented: set[str] = set()
        self._unended: dict[Any, frozenset[Any]] = {}

    def read(self, elements: Sequence[Any], into: Inline | None = None) -> Inline:
        """The text of these elements, after that of `into`."""
        found = into or Inline()
        found.contents = found.contents or self.in_contents
        stack: list[tuple[Any, str]] = [(element, "enter") for element in reversed(elements)]
        while stack:
            node, event = stack.pop()
            if event == "leave":
                change = found.changes[int(node)]
                change.end, change.text = len(found.text), found.text[change.start :]
                continue
            self._enter(node, found, stack)
        return found

    @property
    def in_contents(self) -> bool:
        """Whether the text in hand is what a field made as a table of contents."""
        return any(re.match(r"\s*TOC\b", one["code"]) for one in self._fields)

    def _enter(self, node: Any, found: Inline, stack: list[tuple[Any, str]]) -> None:
        tag = node.tag
        if not isinstance(tag, str):
            return
        if tag == _W + "instrText" and self._fields and not self._fields[-1]["shown"]:
            self._fields[-1]["code"] += node.text or ""
        if tag in _NOT_SHOWN:
            return
        if tag in _GONE:
            self._unseen_fields(node)
            text = _plain(node)
            if text:
                found.changes.append(_change("deletion", node, len(found.text), text))
            return
        if not all(one["shown"] for one in self._fields) and tag in _VISIBLE:
            return  # inside an instruction, where another field's result is an argument
        if tag == _W + "t":
            found.add(node.text or "")
        elif tag == _M + "oMath":
            found.add(linear(node))
        elif tag in _BLANKS:
            found.add(" ")
        elif tag == _W + "noBreakHyphen":
            found.add("-")
        elif tag == _W + "sym":
            found.add(_symbol(node))
        elif tag == _W + "fldChar":
            self._field(node, found)
        elif tag in _NOTES:
            self._all_notes.append((_NOTES[tag], node.get(_W + "id", "")))
            found.notes.append(len(self._all_notes))
            found.add(f"[{len(self._all_notes)}]")
        elif tag == _W + "commentRangeStart":
            self._comment(node, found, None)
        elif tag == _W + "commentRangeEnd":
            if (identifier := node.get(_W + "id", "")) in found.comments:
                found.comments[identifier][1] = len(found.text)
        elif tag == _W + "commentReference":
            self._comment(node, found, len(found.text))
        elif tag == _W + "txbxContent":
            found.boxes.append(node)
        elif tag == _MC + "AlternateContent":
            choice = node.find(_MC + "Choice")
            chosen = choice if choice is not None and next(choice.iter(_W + "t", _W + "txbxContent"), None) is not None else None
            fallback = node.find(_MC + "Fallback")
            for one in (chosen if chosen is not None else fallback if fallback is not None else choice,):
                if one is not None:
                    stack.extend((child, "enter") for child in reversed(one))
        else:
            self._go_down(node, found, stack)

    def _go_down(self, node: Any, found: Inline, stack: list[tuple[Any, str]]) -> None:
        tag = node.tag
        if tag == _W + "r":
            properties = node.find(_W + "rPr")
            if self._is_hidden(node, properties):
                self._unseen_fields(node)
                return
            length = sum(len((text.text or "").strip()) for text in node.iter(_W + "t"))
            if _is_on(properties, "b"):
                found.bold += length
            else:
                found.plain += length
        if tag == _W + "p" and found.text:
            found.add(" ")
        if tag in _NEW:
            found.changes.append(_change("insertion", node, len(found.text), ""))
            stack.append((len(found.changes) - 1, "leave"))
        stack.extend((child, "enter") for child in reversed(node))

    def _field(self, node: Any, found: Inline | None) -> None:
        kind = node.get(_W + "fldCharType")
        if kind == "begin":
            if self._is_unended(node):
                return
            if found is not None and all(one["shown"] for one in self._fields):
                found.add(_chosen(node))
            self._fields.append({"code": "", "shown": False})
        elif kind == "separate" and self._fields:
            self._fields[-1]["shown"] = True
            if found is not None:
                found.contents = found.contents or self.in_contents
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _unseen_fields(self, node: Any) -> None:
        """Marks of fields in text that is not shown: a field may begin in it and end behind it."""
        for mark in node.iter(_W + "fldChar"):
            self._field(mark, None)

    def _is_unended(self, begin: Any) -> bool:
        """Whether a field never ends; taken for one it would swallow the rest of the document."""
        root = begin.getroottree().getroot()
        if root not in self._unended:
            opened: list[Any] = []
            for mark in root.iter(_W + "fldChar"):
                kind = mark.get(_W + "fldCharType")
                if kind == "begin":
                    opened.append(mark)
                elif kind == "end" and opened:
                    opened.pop()
            self._unended[root] = frozenset(opened)
        return begin in self._unended[root]

    def _comment(self, node: Any, found: Inline, end: int | None) -> None:
        """A comment on several paragraphs is one of the first."""
        identifier = node.get(_W + "id", "")
        if identifier not in self._commented:
            self._commented.add(identifier)
            found.comments[identifier] = [len(found.text), end]

    def _is_hidden(self, run: Any, properties: Any | None) -> bool:
        """A run says so itself; where it says nothing its style does, or its paragraph's."""
        if properties is not None and properties.find(_W + "vanish") is not None:
            return _is_on(properties, "vanish")
        if not self._hidden_styles:
            return False
        paragraph = next(run.iterancestors(_W + "p"), None)
        styles = (
            None if properties is None else properties.find(_W + "rStyle"),
            None if paragraph is None else paragraph.find(f"{_W}pPr/{_W}pStyle"),
        )
        return any(style is not None and style.get(_W + "val") in self._hidden_styles for style in styles)


def _change(kind: str, node: Any, start: int, text: str) -> Change:
    return Change(kind, start, start, text, node.get(_W + "author") or None, node.get(_W + "date") or None)


def _plain(node: Any) -> str:
    """The words of a deletion."""
    return " ".join("".join(text.text or "" for text in node.iter(_W + "delText", _W + "t")).split())


def _is_on(properties: Any | None, name: str) -> bool:
    mark = None if properties is None else properties.find(_W + name)
    return mark is not None and mark.get(_W + "val", "1") not in _NOT_BOLD


def hidden_styles(styles: Mapping[str, Any]) -> frozenset[str]:
    """Ids of those styles that hide their text, themselves or by one that they are based on."""
    found = set()
    for identifier, style in styles.items():
        seen: set[int] = set()
        while style is not None and id(style) not in seen:
            seen.add(id(style))
            properties = style.find(_W + "rPr")
            if properties is not None and properties.find(_W + "vanish") is not None:
                if _is_on(properties, "vanish"):
                    found.add(identifier)
                break
            base = style.find(_W + "basedOn")
            style = None if base is None else styles.get(base.get(_W + "val", ""))
    return frozenset(found)


def _chosen(field: Any) -> str:
    """What a form field shows that has no text of its own: a box with or without its cross, or the entry of a list."""
    box, entries = field.find(f"{_W}ffData/{_W}checkBox"), field.find(f"{_W}ffData/{_W}ddList")
    if box is not None:
        return "☒" if _is_on(box, "checked" if box.find(_W + "checked") is not None else "default") else "☐"
    if entries is None:
        return ""
    result = entries.find(_W + "result")
    result = entries.find(_W + "default") if result is None else result
    value = "0" if result is None else result.get(_W + "val", "0")
    listed = entries.findall(_W + "listEntry")
    return str(listed[int(value)].get(_W + "val", "")) if value.isdecimal() and len(value) < 5 and int(value) < len(listed) else ""


def mark_of(paragraph: Any) -> Any | None:
    """The properties of a paragraph's mark."""
    return paragraph.find(f"{_W}pPr/{_W}rPr")


def is_large_letter(paragraph: Any) -> bool:
    """Whether the paragraph is the first letter of the next one, set large."""
    frame = paragraph.find(f"{_W}pPr/{_W}framePr")
    return frame is not None and frame.get(_W + "dropCap") in ("drop", "margin")


def runs_on(paragraph: Any) -> bool:
    """Whether the paragraph goes on in the next one: it is a large first letter, its mark is deleted, or a style separator parts a run-in
    heading from its text."""
    if is_large_letter(paragraph):
        return True
    mark = mark_of(paragraph)
    if mark is None:
        return False
    return (
        mark.find(_W + "del") is not None
        or mark.find(_W + "moveFrom") is not None
        or (_is_on(mark, "vanish") and _is_on(mark, "specVanish"))
    )


def _symbol(node: Any) -> str:
    """A character of a symbol font; the private ones are nearly always bullets and check marks."""
    try:
        code = int(node.get(_W + "char", ""), 16)
    except ValueError:
        return ""
    return BULLET if 0xF000 <= code <= 0xF0FF else chr(code) if code < 0x110000 and not 0xD800 <= code <= 0xDFFF else ""
