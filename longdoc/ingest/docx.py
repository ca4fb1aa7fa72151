"""DOCX: paragraphs with Word's automatic numbers, headings by style, tables as tab-separated rows, footnotes at the end.

Tracked changes are read as accepted: inserted text is kept, deleted text is not there.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from lxml import etree

from longdoc.errors import DamagedError, EncryptedError, LimitError
from longdoc.ingest.docx_numbering import BULLET, Numbering
from longdoc.ingest.text_builder import TextBuilder
from longdoc.protocols import Limits, Parsed

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_XML_SPACE = re.compile(r"[ \t\r\n\x0b\u00a0]+")
_HEADING_STYLE = re.compile(r"(?i)heading\s*([1-9])$")
_SKIPPED = {_W + "del", _W + "moveFrom", _W + "instrText", _W + "delText", _W + "pPr", _W + "rPr", _MC + "Fallback", _W + "delInstrText"}
LARGEST_UNPACKED = 1 << 30
DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, TypeError, AttributeError, NotImplementedError, etree.XMLSyntaxError,
)  # fmt: skip
"""What python-docx raises of parts that are missing, cut off or of another kind than their names say."""


class DocxIngestor:
    """Reads Word documents (Office Open XML)."""

    format = "docx"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The document's text with headings, lists and tables.

        Raises: DamagedError; LimitError where the archive unpacks to far more than it should.
        """
        document = _open(data, name)
        try:
            reader = _Reader(document)
            reader.read()
            text, blocks = reader.builder.finish()
            properties = document.core_properties
        except DAMAGE as error:
            raise DamagedError(f"{name}: not readable as DOCX ({error}); open it in Word and save it anew") from error
        metadata = {
            key: str(value)
            for key, value in (("author", properties.author), ("created", properties.created), ("modified", properties.modified))
            if value
        }
        title = properties.title or reader.title
        return Parsed(text=text, format=self.format, blocks=tuple(blocks), title=title or None, metadata=metadata)


def _open(data: bytes, name: str) -> Any:
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(member.flag_bits & 1 for member in archive.infolist()):
                raise EncryptedError(f"{name}: an encrypted DOCX; open it in Word and save it without password")
            size = sum(member.file_size for member in archive.infolist())
            if size > LARGEST_UNPACKED:
                raise LimitError(f"{name}: unpacks to {size} bytes, the limit is {LARGEST_UNPACKED}; save it anew without large pictures")
        document = docx.Document(io.BytesIO(data))
        document.element.body  # noqa: B018  a document part without a body fails here, not later
        return document
    except (PackageNotFoundError, OSError, *DAMAGE) as error:
        raise DamagedError(f"{name}: not readable as DOCX ({error}); open it in Word and save it anew") from error


class _Reader:
    """Walks the body in order."""

    def __init__(self, document: Any) -> None:
        self.builder = TextBuilder()
        self.title: str | None = None
        self._document = document
        self._numbering = Numbering(document)
        self._style_names = {
            style.get(_W + "styleId"): (style.find(_W + "name").get(_W + "val") if style.find(_W + "name") is not None else "", style)
            for style in document.styles.element.iter(_W + "style")
        }
        self._notes: list[tuple[str, str]] = []

    def read(self) -> None:
        """Appends the body, then the notes it refers to."""
        body = self._document.element.body
        if body is not None:
            for element in _block_elements(body):
                if element.tag == _W + "p":
                    self._paragraph(element)
                else:
                    self._table(element)
        notes = {kind: self._note_texts(kind) for kind in {kind for kind, _ in self._notes}}
        for order, (kind, identifier) in enumerate(self._notes, 1):
            content = notes[kind].get(identifier, "")
            if content:
                self.builder.add("paragraph", f"[{order}] {content}")

    def _paragraph(self, element: Any) -> None:
        content = _squeeze(self._text(element))
        label = self._numbering.label(element)
        if not content:
            return
        style = self._style(element)
        level = self._heading_level(element, style)
        text = f"{label} {content}" if label else content
        if style.lower() == "title" and self.title is None and len(content) <= 200:
            self.title = content
            self.builder.add("heading", text, 1)
        elif level is not None and len(content) <= 300:
            self.builder.add("heading", text, level)
        elif label == BULLET or style.lower().startswith("list bullet"):
            self.builder.add("list_item", text if label else f"{BULLET} {content}")
        elif label and len(label) <= 4 and not element.findall(f".//{_W}b"):
            self.builder.add("list_item", text)
        elif _is_bold(element) and len(content) <= 100 and not content.endswith((".", ";", ",", ":")) and not content.startswith("_"):
            self.builder.add("heading", text)
        else:
            self.builder.add("paragraph", text)

    def _style(self, element: Any) -> str:
        properties = element.find(_W + "pPr")
        style = None if properties is None else properties.find(_W + "pStyle")
        return "" if style is None else str(self._style_names.get(style.get(_W + "val"), ("", None))[0])

    def _heading_level(self, element: Any, style: str) -> int | None:
        """The level by style name ("heading 2"), or by the outline level of the paragraph, its style or the style's base."""
        found = _HEADING_STYLE.match(style)
        if found:
            return int(found[1])
        properties = element.find(_W + "pPr")
        for _ in range(8):
            if properties is None:
                return None
            outline = properties.find(_W + "outlineLvl")
            if outline is not None:
                depth = int(outline.get(_W + "val", "9"))
                return depth + 1 if depth < 6 else None
            named = properties.find(_W + "pStyle")
            if named is None:
                return None
            name, definition = self._style_names.get(named.get(_W + "val"), ("", None))
            found = _HEADING_STYLE.match(name or "")
            if found:
                return int(found[1])
            properties = None if definition is None else definition.find(_W + "pPr")
        return None

    def _text(self, element: Any) -> str:
        """The visible text of an element, tracked changes accepted."""
        parts: list[str] = []
        stack = [element]
        while stack:
            node = stack.pop()
            tag = node.tag
            if tag in _SKIPPED or not isinstance(tag, str):
                continue
            if tag in (_W + "t", _M + "t"):
                parts.append(node.text or "")
            elif tag in (_W + "tab", _W + "br", _W + "cr", _W + "ptab"):
                parts.append(" ")
            elif tag == _W + "noBreakHyphen":
                parts.append("-")
            elif tag == _W + "sym":
                parts.append(_symbol(node))
            elif tag in (_W + "footnoteReference", _W + "endnoteReference"):
                self._notes.append((tag.removeprefix(_W).removesuffix("Reference"), node.get(_W + "id")))
                parts.append(f"[{len(self._notes)}]")
            elif tag == _W + "p" and parts:
                parts.append(" ")
                stack.extend(reversed(node))
            else:
                stack.extend(reversed(node))
        return "".join(parts)

    def _table(self, element: Any) -> None:
        rows = []
        for row in _descendants(element, _W + "tr", _W + "tbl"):
            cells = [_squeeze(self._text(cell)) for cell in _descendants(row, _W + "tc", _W + "tbl")]
            if any(cells):
                rows.append(cells)
        if rows and all(sum(map(bool, cells)) == 1 for cells in rows):
            for cells in rows:
                self.builder.add("paragraph", next(cell for cell in cells if cell))
        elif rows:
            self.builder.add("table", "\n".join("\t".join(cells).rstrip("\t") for cells in rows))

    def _note_texts(self, kind: str) -> dict[str, str]:
        from lxml import etree

        for relation in self._document.part.rels.values():
            if relation.reltype.endswith(f"/{kind}s") and not relation.is_external:
                root = etree.fromstring(relation.target_part.blob)
                return {note.get(_W + "id"): _squeeze(self._text(note)) for note in root.iter(_W + kind)}
        return {}


def _block_elements(body: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, also those inside content controls, custom XML and insertions."""
    for child in body:
        if child.tag in (_W + "p", _W + "tbl"):
            yield child
        elif child.tag in (_W + "sdt", _W + "sdtContent", _W + "customXml", _W + "smartTag", _W + "ins", _W + "moveTo"):
            yield from _block_elements(child)


def _descendants(element: Any, wanted: str, barrier: str) -> Iterator[Any]:
    """Elements of a tag below `element`, none of those inside a nested table."""
    for child in element:
        if child.tag == wanted:
            yield child
        elif child.tag != barrier and isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _descendants(child, wanted, barrier)


def _is_bold(element: Any) -> bool:
    runs = [run for run in element.iter(_W + "r") if "".join(text.text or "" for text in run.iter(_W + "t")).strip()]

    def bold(run: Any) -> bool:
        mark = run.find(f"{_W}rPr/{_W}b")
        return mark is not None and mark.get(_W + "val", "1") not in ("0", "false")

    return bool(runs) and all(bold(run) for run in runs)


def _symbol(node: Any) -> str:
    """A character of a symbol font; the private ones are nearly always bullets and check marks."""
    try:
        code = int(node.get(_W + "char", ""), 16)
    except ValueError:
        return ""
    return BULLET if 0xF000 <= code <= 0xF0FF else chr(code)


def _squeeze(text: str) -> str:
    return _XML_SPACE.sub(" ", text).strip()
