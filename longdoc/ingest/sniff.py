"""Which format a file is, from its content; the extension only tells Markdown from plain text."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from longdoc.errors import DamagedError, EmptyFileError, UnsupportedError

HEAD = 4096
MARKDOWN_SUFFIXES = {".md", ".markdown", ".mdown", ".mkd"}

_ZIP_KINDS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "an Excel workbook: save the sheets as CSV or print them to PDF",
    "xl/workbook.bin": "an Excel workbook: save the sheets as CSV or print them to PDF",
    "ppt/presentation.xml": "a PowerPoint presentation: export it as PDF",
    "META-INF/container.xml": "an EPUB book: convert it to HTML or PDF",
    "content.xml": "an OpenDocument file: save it as DOCX or PDF",
}
_MAGIC = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.doc, .xls, .ppt, .msg): save it as DOCX or PDF"),
    (b"GIF8", "a GIF picture: save it as PNG"),
    (b"{\\rtf", "an RTF file: save it as DOCX or PDF"),
    (b"%!PS", "a PostScript file: convert it to PDF"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive: unpack it first"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
"""How PNG, JPEG and TIFF files begin."""
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML = re.compile(rb"<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]|table[\s>]|div[\s>]|p[\s>]|meta\s)", re.IGNORECASE)
_HTML_FIRST = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.IGNORECASE | re.DOTALL
)
_EDGAR_WRAPPER = re.compile(rb"\s*(?:-----BEGIN PRIVACY|<SEC-DOCUMENT>|<DOCUMENT>|<TYPE>)")


def sniff(data: bytes, name: str) -> str:
    """The registered name of the format: "pdf", "picture", "docx", "html", "markdown" or "txt".

    Raises: EmptyFileError; UnsupportedError that says what the file is and what to do; DamagedError for a broken zip.
    """
    if not data.strip():
        raise EmptyFileError(f"{name}: the file is empty")
    head = data[:HEAD]
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(_PICTURES):
        return "picture"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise UnsupportedError(f"{name}: {what}; longdoc reads PDF, DOCX, HTML, TXT and Markdown")
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _sniff_zip(data, name)
    if not head.startswith(_BOMS) and _is_binary(head):
        raise UnsupportedError(f"{name}: a binary file of no known format; longdoc reads PDF, DOCX, HTML, TXT and Markdown")
    return _sniff_text(head, name)


def _sniff_zip(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
        what = "DOCX file" if PurePath(name).suffix.lower() == ".docx" else "zip archive"
        raise DamagedError(f"{name}: a damaged {what} ({error}); get the file again or save it anew") from error
    for member, kind in _ZIP_KINDS.items():
        if member in members:
            if kind == "docx":
                return kind
            raise UnsupportedError(f"{name}: {kind}; longdoc reads PDF, DOCX, HTML, TXT and Markdown")
    if "[Content_Types].xml" in members and any(re.fullmatch(r"word/document\d*\.xml", member) for member in members):
        return "docx"
    if PurePath(name).suffix.lower() == ".docx":
        raise DamagedError(f"{name}: named .docx, but the archive holds no Word document (no word/document.xml); save it anew as DOCX")
    raise UnsupportedError(f"{name}: a zip archive: unpack it first; longdoc reads PDF, DOCX, HTML, TXT and Markdown")


def _is_binary(head: bytes) -> bool:
    """NUL bytes, or more than one control character in fifty; UTF-16 without a byte order mark has a NUL in every second place."""
    if b"\x00" in head:
        return not _is_utf16(head)
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x1a\x0b\x08" for byte in head)
    return controls * 50 > len(head)


def _is_utf16(head: bytes) -> bool:
    even, odd = head[::2], head[1::2]
    most, fewest = max(even.count(0), odd.count(0)), min(even.count(0), odd.count(0))
    return most > 0.6 * len(odd) and fewest < 0.05 * len(odd)


def _sniff_text(head: bytes, name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    start = head.removeprefix(_BOMS[0])
    if head.startswith(_BOMS[1:]) or b"\x00" in head:
        start = head.replace(b"\x00", b"")[2:] if head.startswith(_BOMS[1:]) else head.replace(b"\x00", b"")
    if _HTML_FIRST.match(start):
        return "html"
    if suffix in MARKDOWN_SUFFIXES:
        return "markdown"
    tags = len(_HTML.findall(start))
    if tags >= 3 and start.lstrip().startswith(b"<"):
        return "html"
    if tags >= 1 and _EDGAR_WRAPPER.match(start) and re.search(rb"<(?:html|HTML)[\s>]", start):
        return "html"
    if suffix not in {".txt", ".text"} and suffix in {".html", ".htm", ".xhtml"} and tags:
        return "html"
    return "txt"
