"""DOCX: paragraphs with Word's automatic numbers, headings by style, tables, footnotes behind the paragraph that they belong to.

Tracked changes are read as accepted: inserted text is kept, deleted text is not there; both are told of as asides, with comments, headers,
footers and embedded files.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from longdoc.errors import DamagedError
from longdoc.ingest.containers import Member
from longdoc.ingest.docx_asides import comments_of, inline_asides
from longdoc.ingest.docx_attachments import attachments
from longdoc.ingest.docx_inline import Inline, InlineReader, hidden_styles, is_large_letter, mark_of, runs_on
from longdoc.ingest.docx_numbering import BULLET, Numbering
from longdoc.ingest.docx_package import Package
from longdoc.ingest.docx_package import R as _R
from longdoc.ingest.docx_package import W as _W
from longdoc.ingest.docx_table import read_table
from longdoc.ingest.tables import lay_out, made_table
from longdoc.ingest.text_builder import TextBuilder
from longdoc.protocols import Limits, Parsed
from longdoc.types import Aside, BlockKind, Span, Table

_HEADING_STYLE = re.compile(r"(?i)heading\s*([1-9])$")
_CONTENTS_STYLE = re.compile(r"(?i)toc\s*(?:[1-9]|heading)$|table of figures$")
_WRAPPERS = (_W + "sdt", _W + "sdtContent", _W + "customXml", _W + "smartTag", _W + "ins", _W + "moveTo")


class DocxIngestor:
    """Reads Word documents (Office Open XML), templates and those with macros, which are never looked at."""

    format = "docx"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The document's text with headings, lists, tables and notes.

        Raises: DamagedError, EncryptedError; LimitError where the archive unpacks to far more than it should.
        """
        package = Package(data, name)
        reader = _Reader(package)
        try:
            reader.read()
        except RecursionError as error:
            raise DamagedError(f"{name}: its parts are nested too deeply to be a document; open it in Word and save it anew") from error
        text, blocks = reader.builder.finish()
        tables = tuple(make(text) for make in reader.tables)
        asides = sorted(reader.asides, key=lambda aside: aside.anchor or 0)
        metadata = package.properties()
        title = metadata.pop("title", None) or reader.title
        return Parsed(
            text=text,
            format=self.format,
            blocks=tuple(blocks),
            title=title,
            metadata=metadata,
            warnings=tuple(package.warnings),
            tables=tables,
            asides=(*asides, *_margins(package, reader), *_embedded(package)),
        )

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Iterator[Member]:
        """The files that are embedded in it. Raises: as `attachments`."""
        for title, content in attachments(data, name, limits):
            yield Member(title, content)


class _Reader:
    """Walks the body in order."""

    def __init__(self, package: Package) -> None:
        self.builder = TextBuilder()
        self.title: str | None = None
        self.asides: list[Aside] = []
        self.tables: list[Callable[[str], Table]] = []
        self.document = package.document()
        styles = package.part("styles")
        self._numbering = Numbering(styles, package.part("numbering"))
        self._styles = {} if styles is None else {style.get(_W + "styleId"): style for style in styles.iter(_W + "style")}
        self._notes: list[tuple[str, str]] = []
        self._note_texts: dict[str, dict[str, Any]] = {kind: _by_id(package.part(f"{kind}s"), kind) for kind in ("footnote", "endnote")}
        self._comments = comments_of(package)
        self.inline = InlineReader(hidden_styles(self._styles), self._notes)
        self._started: tuple[str, Inline] | None = None

    def read(self) -> None:
        """Appends the body."""
        self._blocks(self.document.find(_W + "body"))
        if self._started is not None:
            label, inline = self._started
            self._put("paragraph", label, inline)

    def _blocks(self, parent: Any, contents: bool = False) -> None:
        for element in parent:
            if element.tag == _W + "p":
                self._paragraph(element, contents)
            elif element.tag == _W + "tbl":
                self._table(element)
            elif element.tag in _WRAPPERS:
                self._blocks(element, contents or _is_contents(element))

    def _paragraph(self, element: Any, contents: bool) -> None:
        label, inline = self._started or ("", None)
        inline = self.inline.read([child for child in element if child.tag != _W + "pPr"], inline)
        gone = mark_of(element)
        deleted = gone is not None and (gone.find(_W + "del") is not None or gone.find(_W + "moveFrom") is not None)
        if not (deleted and not inline.text):
            own = self._numbering.label(element) if inline.text.strip() or _is_numbered(element) else ""
            label = label or own
        if runs_on(element):
            if not is_large_letter(element):
                inline.add(" ")
            self._started = (label, inline)
            return
        self._started = None
        inline.trimmed()
        style = self._style(element)
        if not inline.text:
            self._after(inline)
            return
        if contents or inline.contents or _CONTENTS_STYLE.match(style):
            self._put("contents", label, inline)
            return
        level = self._heading_level(element, style)
        if style.lower() == "title" and self.title is None and len(inline.text) <= 200:
            self.title = inline.text
            self._put("heading", label, inline, 1)
        elif level is not None and len(inline.text) <= 300:
            self._put("heading", label, inline, level)
        elif label == BULLET or style.lower().startswith("list bullet"):
            self._put("list_item", label or BULLET, inline)
        elif label and len(label) <= 4 and not inline.bold:
            self._put("list_item", label, inline)
        elif _is_title(inline):
            self._put("heading", label, inline)
        else:
            self._put("paragraph", label, inline)

    def _put(self, kind: BlockKind, label: str, inline: Inline, level: int | None = None) -> None:
        """Append a paragraph, and what hangs on it."""
        inline.trimmed()
        span = self.builder.add(kind, f"{label} {inline.text}" if label else inline.text, level)
        if span is not None:
            start = span.end - len(inline.text)
            self.asides += inline_asides(inline, start, self._comments)
        self._after(inline)

    def _after(self, inline: Inline) -> None:
        """Text boxes and notes that belong to the text before."""
        boxes, inline.boxes = inline.boxes, []
        for box in boxes:
            self._blocks(box)
        numbers, inline.notes = inline.notes, []
        for number in numbers:
            kind, identifier = self._notes[number - 1]
            element = self._note_texts[kind].get(identifier)
            if element is not None:
                note = self.inline.read(list(element)).trimmed()
                if note.text:
                    self._put("footnote", f"[{number}]", note)

    def _table(self, element: Any) -> None:
        table = read_table(element, self.inline, self._cell_label)
        filled = [[entry.text for entry in row if entry.text] for row in table.rows]
        filled = [row for row in filled if row]
        if filled and all(len(row) == 1 for row in filled):
            for cell in table.cells:
                self._put("paragraph", "", cell)
        elif filled:
            text, cells = lay_out(table.rows)
            span = self.builder.add("table", text)
            if span is not None:
                self._add_table(span, [(*cell[:4], span.start + cell.start, span.start + cell.end) for cell in cells], table.header_rows)
                self._of_cells(table.cells, [(span.start + cell.start, text[cell.start : cell.end]) for cell in cells], span)
        for mark, words in table.deleted:
            if words:
                said = {"author": mark.get(_W + "author"), "date": mark.get(_W + "date")}
                self.asides.append(Aside(kind="deletion", text=words, anchor=self.builder.length, **said))

    def _cell_label(self, paragraph: Any) -> str:
        return self._numbering.label(paragraph) if next(paragraph.iter(_W + "t"), None) is not None else ""

    def _add_table(self, span: Span, cells: list[tuple[int, ...]], header_rows: int | None) -> None:
        self.tables.append(lambda text: made_table(text, span, cells, header_rows=header_rows))

    def _of_cells(self, inlines: list[Inline], placed: list[tuple[int, str]], span: Span) -> None:
        """What hangs on the text of cells; a cell that was joined to its neighbour is found in it."""
        place = 0
        for inline in inlines:
            start = span.start
            for later in range(place, len(placed)):
                inside = placed[later][1].find(inline.text)
                if inside >= 0:
                    start, place = placed[later][0] + inside, later
                    break
            self.asides += inline_asides(inline, start, self._comments)
        for inline in inlines:
            self._after(inline)

    def _style(self, element: Any) -> str:
        properties = element.find(_W + "pPr")
        style = None if properties is None else properties.find(_W + "pStyle")
        return "" if style is None else self._name(style.get(_W + "val"))

    def _name(self, identifier: str) -> str:
        definition = self._styles.get(identifier)
        name = None if definition is None else definition.find(_W + "name")
        return "" if name is None else str(name.get(_W + "val") or "")

    def _heading_level(self, element: Any, style: str) -> int | None:
        """The level by style name ("heading 2"), or by the outline level of the paragraph, its style or the style's base."""
        found = _HEADING_STYLE.match(style)
        if found:
            return int(found[1])
        properties = element.find(_W + "pPr")
        named = None if properties is None else properties.find(_W + "pStyle")
        for _ in range(8):
            outline = None if properties is None else properties.find(_W + "outlineLvl")
            if outline is not None:
                value = outline.get(_W + "val", "9")
                return int(value) + 1 if value.isdigit() and int(value) < 6 else None
            if named is None:
                return None
            identifier = named.get(_W + "val")
            definition = self._styles.get(identifier)
            found = _HEADING_STYLE.match(self._name(identifier))
            if found or definition is None:
                return int(found[1]) if found else None
            properties, named = definition.find(_W + "pPr"), definition.find(_W + "basedOn")
        return None


def _by_id(root: Any | None, kind: str) -> dict[str, Any]:
    """Notes by id; separators are no notes."""
    notes = () if root is None else root.iter(_W + kind)
    return {note.get(_W + "id", ""): note for note in notes if "eparator" not in (note.get(_W + "type") or "")}


def _margins(package: Package, reader: _Reader) -> Iterator[Aside]:
    """Each header and footer that a section of the document names."""
    seen: set[str] = set()
    for kind in ("header", "footer"):
        for reference in reader.document.iter(f"{_W}{kind}Reference"):
            identifier = reference.get(_R + "id")
            root = None if identifier in seen else package.related(identifier)
            seen.add(identifier or "")
            text = "" if root is None else reader.inline.read(list(root)).text.strip()
            if text:
                yield Aside(kind=kind, text=text, attributes={"pages": reference.get(_W + "type", "default")})


def _embedded(package: Package) -> Iterator[Aside]:
    for member, size in package.embedded():
        content, whole = package.content(member)
        attributes = {"size": str(size)} | ({"sha256": hashlib.sha256(content).hexdigest()} if whole else {})
        yield Aside(kind="attachment", text="", name=posixpath.basename(member), attributes=attributes)


def _is_contents(element: Any) -> bool:
    """Whether a content control holds a table of contents."""
    gallery = element.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    return gallery is not None and "contents" in (gallery.get(_W + "val") or "").lower()


def _is_numbered(element: Any) -> bool:
    """Whether an empty paragraph names a list itself: Word counts it."""
    return element.find(f"{_W}pPr/{_W}numPr") is not None


def _is_title(inline: Inline) -> bool:
    text = inline.text
    return bool(
        inline.bold and not inline.plain and len(text) <= 100 and not text.endswith((".", ";", ",", ":")) and not text.startswith("_")
    )
