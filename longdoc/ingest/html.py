"""HTML: block text in reading order, tables as tab-separated rows; hidden parts, scripts and inline XBRL headers left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from longdoc.errors import DamagedError, LimitError
from longdoc.ingest.numbering import is_bullet, read_number
from longdoc.ingest.text_builder import TextBuilder
from longdoc.ingest.txt import decode
from longdoc.protocols import Limits, Parsed
from longdoc.types import BlockKind

_SKIPPED = {
    "script",
    "style",
    "head",
    "template",
    "noscript",
    "iframe",
    "object",
    "svg",
    "math",
    "select",
    "button",
    "nav",
    "ix:header",
    "ix:hidden",
}
_BLOCKS = {
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th", "tbody", "thead",
    "tfoot", "caption", "blockquote", "pre", "section", "article", "main", "header", "footer", "aside", "address", "figure",
    "figcaption", "hr", "form", "fieldset", "center", "body", "html", "document", "text", "type", "sequence", "filename", "description",
}  # fmt: skip
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BACK_LINK = re.compile(r"(?:back|return)?(?: to )?(?:the )?(?:table of contents|contents|index|top)(?: of page)?", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
DEEPEST = 2048
"""Levels of nesting at which libxml2 stops."""

_SPACE = re.compile(r"\s+")
_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-\u2013]?\s*(?:[A-Z]-)?\d{1,4}\s*[-\u2013]?|[ivxl]{1,6}", re.IGNORECASE)
_PAGE_BREAK = re.compile(r"page-break-(?:before|after)\s*:\s*always|break-(?:before|after)\s*:\s*page", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w-]+)", re.IGNORECASE)
_NUMERIC = re.compile(r"[\d.,()%$€£¥\s\u2014\u2013-]+")


class HtmlIngestor:
    """Reads HTML and XHTML, also as the SEC publishes filings (inline XBRL, layout tables)."""

    format = "html"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The visible text with headings, lists and tables. Raises: EncodingError, DamagedError, LimitError."""
        source, warnings = _decode_html(data, name)
        parser = lxml_html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
        try:
            root = lxml_html.document_fromstring(source, parser=parser)
        except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
            raise DamagedError(f"{name}: not readable as HTML ({error}); save it anew from a browser") from error
        if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
            raise LimitError(f"{name}: nested deeper than the {DEEPEST} levels that can be read; save it anew from a browser as PDF")
        reader = _Reader()
        reader.read(root)
        title = root.findtext(".//title")
        text, blocks = reader.builder.finish()
        return Parsed(text=text, format=self.format, blocks=tuple(blocks), title=_squeeze(title or "") or None, warnings=warnings)


def _decode_html(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """UTF-8 if it is valid, else what the page declares, else a guess."""
    declared = _META_CHARSET.search(data[:4096])
    warnings: tuple[str, ...] = ()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        encoding = (declared[1] or declared[2]).decode("ascii") if declared else "utf-8"
        # Browsers read Latin-1 as Windows-1252.
        encoding = "cp1252" if encoding.lower() in ("iso-8859-1", "latin1", "ascii", "us-ascii") else encoding
        try:
            text = data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            text, warnings = decode(data, name)
    # lxml refuses text that declares an encoding, and NUL.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.removeprefix("\ufeff"), count=1)
    return text.replace("\x00", ""), warnings


class _Reader:
    """Walks the tree without recursion; `words` gathers the text of the block in hand."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.words: list[str] = []
        self.bold = 0
        self.plain = 0
        self.after_break = False

    def read(self, root: Any) -> None:
        """Appends all visible blocks below `root` to the builder."""
        stack: list[tuple[Any, str]] = [(root, "enter")]
        while stack:
            element, event = stack.pop()
            if event == "tail":
                self._text(element.tail, element.getparent())
                continue
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "leave":
                self._flush(tag)
                continue
            if tag in _SKIPPED or not tag or _is_hidden(element) or _is_back_link(element):
                continue
            if _PAGE_BREAK.search(element.get("style", "")):
                self.after_break = True
            if tag == "table":
                self._flush("")
                self._table(element, stack)
                continue
            if tag == "pre":
                self._flush("")
                self.builder.add("code", "".join(element.itertext()).strip("\n").expandtabs())
                continue
            if tag in ("br", "hr"):
                self._break(tag)
                continue
            if tag in _BLOCKS:
                self._flush("")
                stack.append((element, "leave"))
            for child in reversed(element):
                stack.append((child, "tail"))
                stack.append((child, "enter"))
            self._text(element.text, element)

    def _text(self, text: str | None, element: Any) -> None:
        if not text:
            return
        self.words.append(text)
        if not text.isspace():
            if _is_bold(element):
                self.bold += len(text)
            else:
                self.plain += len(text)

    def _break(self, tag: str) -> None:
        if tag == "hr":
            self._flush("")
            self.after_break = True
        else:
            self.words.append("\x0b")

    def _flush(self, tag: str) -> None:
        content, self.words = "".join(self.words), []
        bold, self.bold, self.plain = self.bold > 9 * self.plain, 0, 0
        # Two line breaks part paragraphs; a single one only bends the line.
        for part in re.split(r"\x0b\s*\x0b[\s\x0b]*", content):
            words = _squeeze(part)
            if not words:
                continue
            kind: BlockKind = "furniture" if self._is_page_number(words) else "paragraph"
            if tag in _HEADINGS:
                self.builder.add("heading", words, _HEADINGS[tag])
            elif kind == "paragraph" and bold and len(words) <= 120 and not words.endswith((".", ";", ",")) and _has_letters(words):
                self.builder.add("heading", words)
            elif kind == "paragraph" and (tag == "li" or is_bullet(words)):
                self.builder.add("list_item", words)
            elif kind == "paragraph":
                self.builder.add(kind, words)
            self.after_break = False

    def _is_page_number(self, words: str) -> bool:
        """A number alone in a block is a page number where a page ends, which filings mark with a rule or a break after it."""
        return _PAGE_NUMBER.fullmatch(words) is not None and (words.isdigit() or "-" in words or words.islower()) and len(words) <= 12

    def _table(self, table: Any, stack: list[tuple[Any, str]]) -> None:
        """Data tables become rows; a table that only lays out paragraphs is walked as if it were none."""
        rows = [[cell for cell in _cells(row)] for row in _rows(table)]
        longest = max((len(cell) for row in rows for cell in row), default=0)
        if longest > 600 or table.find(".//table") is not None:
            for child in reversed(table):
                stack.append((child, "enter"))
            return
        filled = [row for row in rows if row]
        if filled and all(len(row) == 2 and (is_bullet(row[0] + " x") or read_number(row[0] + " X") or len(row[0]) <= 2) for row in filled):
            for row in filled:
                content = " ".join(row)
                self.builder.add("list_item" if is_bullet(content) else "paragraph", content)
        elif filled and all(len(row) == 1 for row in filled):
            for row in filled:
                if not self._is_page_number(row[0]):
                    self.builder.add("heading" if len(row[0]) <= 120 and _all_bold(table) and _has_letters(row[0]) else "paragraph", row[0])
        elif filled:
            self.builder.add("table", "\n".join("\t".join(_join_signs(row)) for row in filled))


def _rows(table: Any) -> Iterator[Any]:
    for row in table.iter("tr"):
        if not _is_hidden(row):
            yield row


def _cells(row: Any) -> Iterator[str]:
    for cell in row:
        if cell.tag in ("td", "th") and not _is_hidden(cell):
            content = _squeeze("".join(_visible(cell)))
            if content:
                yield content


def _visible(cell: Any) -> Iterator[str]:
    """Text of a cell in order, without recursion, since cells may be nested deeply."""
    stack: list[tuple[Any, bool]] = [(cell, True)]
    while stack:
        element, entering = stack.pop()
        if not entering:
            yield element.tail or ""
            continue
        tag = element.tag if isinstance(element.tag, str) else ""
        if element is not cell:
            stack.append((element, False))
            if not tag or tag in _SKIPPED or _is_hidden(element):
                continue
            if tag in _BLOCKS or tag == "br":
                yield " "
        yield element.text or ""
        stack.extend((child, True) for child in reversed(element))


def _join_signs(row: list[str]) -> list[str]:
    """Filings put "$", ")" and "%" in cells of their own; they belong to the figure beside them."""
    joined: list[str] = []
    for cell in row:
        if (joined and cell in (")", "%", ")%")) or (joined and joined[-1] in ("$", "€", "£", "($", "¥")):
            joined[-1] += cell
        else:
            joined.append(cell)
    return joined


def _is_back_link(element: Any) -> bool:
    """Whether this is the link to the contents that filings repeat on every page, alone in its line."""
    if element.tag != "a" or not element.get("href", "").startswith("#"):
        return False
    words = _squeeze("".join(element.itertext()))
    return _BACK_LINK.fullmatch(words) is not None and _squeeze("".join(element.getparent().itertext())) == words


def _is_hidden(element: Any) -> bool:
    return element.get("hidden") is not None or element.get("aria-hidden") == "true" or _HIDDEN.search(element.get("style", "")) is not None


def _is_bold(element: Any) -> bool:
    for _ in range(4):
        if element is None:
            return False
        if element.tag in ("b", "strong") or _BOLD.search(element.get("style", "")):
            return True
        if element.tag in _BLOCKS:
            return False
        element = element.getparent()
    return False


def _all_bold(table: Any) -> bool:
    texts = [element for element in table.iter() if isinstance(element.tag, str) and element.text and element.text.strip()]
    return bool(texts) and all(_is_bold(element) for element in texts)


def _has_letters(words: str) -> bool:
    return sum(map(str.isalpha, words)) >= 3


def _squeeze(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
