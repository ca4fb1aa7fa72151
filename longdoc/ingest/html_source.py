"""From the bytes of an HTML file to its tree: encodings, the wrapper of EDGAR, MHTML; nothing is fetched."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from longdoc.errors import DamagedError, LimitError
from longdoc.ingest.edgar import wrapper_facts
from longdoc.ingest.sniff import is_web_archive
from longdoc.ingest.txt import decode

DEEPEST = 2048
"""Levels of nesting at which libxml2 stops."""
HEAD = 8192
"""Bytes in which a page says its encoding."""

_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w-]+)", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# What an EDGAR document is wrapped in, up to its text, and the tag that ends a page in filings of the nineties.
_WRAPPER = re.compile(r"\s*<(?:DOCUMENT|TYPE)>.*?<TEXT>\s*(?:<XBRL>\s*)?", re.DOTALL)
_PAGE_TAG = re.compile(r"<PAGE>(?:[ \t]*[\w-]{0,8}(?=\s*\n))?|<!--\s*\*+\s*PAGE BREAK\s*\*+\s*-->", re.IGNORECASE)
_PAGE_BREAK = '<hr style="page-break-before:always"/>'
# Browsers read these as Windows-1252.
_LATIN = {"iso-8859-1", "latin1", "ascii", "us-ascii", "windows-1252"}


@dataclass(frozen=True, slots=True)
class HtmlSource:
    """The tree's root, what its wrapper says, and what had to be guessed."""

    root: Any
    text: str
    metadata: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_source(data: bytes, name: str) -> HtmlSource:
    """The tree of an HTML, XHTML or MHTML file. Raises: EncodingError, DamagedError, LimitError."""
    if is_web_archive(data[: 2 * HEAD]):
        data = _first_page(data, name)
    text, warnings = _decode(data, name)
    metadata: dict[str, str] = {}
    wrapper = _WRAPPER.match(text[:HEAD]) if "<TEXT>" in text[:HEAD] else None
    if wrapper is not None:
        metadata = wrapper_facts(wrapper[0])
        text = text[wrapper.end() :]
    # lxml refuses text that declares an encoding, and NUL.
    text = _PAGE_TAG.sub(_PAGE_BREAK, _XML_DECLARATION.sub("", text, count=1).replace("\x00", ""))
    parser = lxml_html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise DamagedError(f"{name}: not readable as HTML ({error}); save it anew from a browser") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise LimitError(f"{name}: nested deeper than the {DEEPEST} levels that can be read; save it anew from a browser as PDF")
    return HtmlSource(root, text, metadata, warnings)


def _first_page(data: bytes, name: str) -> bytes:
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content.strip():
                charset = part.get_content_charset()
                return f'<meta charset="{charset}">'.encode("ascii", "ignore") + content if charset else content
    raise DamagedError(f"{name}: a web archive without a readable page; open it in a browser and save it anew")


def _decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """UTF-8 if it is valid, else what the page declares, else a guess."""
    declared = _META_CHARSET.search(data[:HEAD])
    warnings: tuple[str, ...] = ()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        encoding = (declared[1] or declared[2]).decode("ascii").lower() if declared else "utf-8"
        try:
            text = data.decode("cp1252" if encoding in _LATIN else encoding)
        except (LookupError, UnicodeDecodeError):
            text, warnings = decode(data, name)
    return text.removeprefix("\ufeff"), warnings
