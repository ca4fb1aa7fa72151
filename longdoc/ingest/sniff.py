"""Which format a file is, from its content; the extension only tells Markdown from plain text."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from longdoc.errors import DamagedError, EmptyFileError, EncryptedError, UnsupportedError
from longdoc.ingest.edgar import is_submission
from longdoc.registry import load, of_others

HEAD = 4096
READ = "longdoc reads PDF, Office files, e-mail, HTML, text, and archives of them"
MARKDOWN_SUFFIXES = {".md", ".markdown", ".mdown", ".mkd"}

_ZIP_KINDS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "xls",
    "ppt/presentation.xml": "pptx",
    "META-INF/container.xml": "an EPUB book: convert it to HTML or PDF",
    "content.xml": "office",
}
_MAGIC = (
    (b"GIF8", "a GIF picture: save it as PNG"),
    (b"%!PS", "a PostScript file: convert it to PDF"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_ZIP_FORMATS = ("docx", "xlsx", "xls", "pptx", "office")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = {"__properties_version1.0": "msg", "WordDocument": "office", "PowerPoint Document": "office", "Workbook": "xls", "Book": "xls"}
_COMPOUND_SUFFIXES = {".msg": "msg", ".doc": "office", ".dot": "office", ".ppt": "office", ".pps": "office", ".xls": "xls"}
"""Where only the first bytes are known, which do not tell what a compound file holds."""
_WORDPERFECT = b"\xffWPC"
_TABLE_SUFFIXES = {".csv", ".tsv", ".tab"}
_FIELD = rb"[!-9;-~]+:[ \t]?[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*\r?\n"
_MAIL = re.compile(rb"\s*(?:From [^\r\n]*\r?\n)?(?:" + _FIELD + rb")+")
_ENVELOPE = re.compile(rb"^(?:Message-ID|MIME-Version|Received|Return-Path|DKIM-Signature|X-Mailer):", re.IGNORECASE | re.MULTILINE)
_LETTER = re.compile(rb"^(?:From|Date|Subject|To):", re.IGNORECASE | re.MULTILINE)
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
"""How PNG, JPEG and TIFF files begin."""
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML = re.compile(rb"<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]|table[\s>]|div[\s>]|p[\s>]|meta\s)", re.IGNORECASE)
_HTML_FIRST = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.IGNORECASE | re.DOTALL
)
_MIME_FIRST = re.compile(rb"[A-Za-z][\w-]{1,40}:")
_RELATED = re.compile(rb"^content-type:\s*multipart/related", re.IGNORECASE | re.MULTILINE)
_SENT = re.compile(rb"^(?:to|cc|received|message-id|return-path):", re.IGNORECASE | re.MULTILINE)
_PDF_BEHIND = re.compile(rb"%PDF-\d\.\d\s{1,4}(?:%[^\r\n]{0,80}[\r\n]{1,4})?\s{0,4}\d{1,7} \d{1,5} obj\b")
_PDF_WITHOUT_MARK = re.compile(rb"\s{0,8}(?:[^\r\n]{0,80}[\r\n]{1,4}){0,2}\d{1,7} \d{1,5} obj\s{0,4}(?:<<|\[|\()")
_EDGAR_WRAPPER = re.compile(rb"\s*(?:-----BEGIN PRIVACY|<SEC-DOCUMENT>|<DOCUMENT>|<TYPE>)")


def sniff(data: bytes, name: str) -> str:
    """The registered name of the format: "pdf", "docx", "txt" ...

    Formats are told from each other, and so in one place. Those of other packages are asked first: an ingestor registered by an entry point
    may have a method `recognises(head: bytes, name: str) -> bool`, which is given the file's first bytes (HEAD at most) and its name.

    Raises: EmptyFileError; UnsupportedError that says what the file is and what to do; DamagedError for a broken zip.
    """
    if not data.strip():
        raise EmptyFileError(f"{name}: the file is empty")
    head = data[:HEAD]
    for format in of_others("ingestors"):
        recognises = getattr(load("ingestors", format), "recognises", None)
        if recognises is not None and recognises(head, name):
            return format
    # Before PDF, whose mark may stand a little later: an archive that packs nothing begins with that of its first member.
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(data, name)
    if head.startswith(_PACKED) or head[257:262] == b"ustar":
        return "tar"
    if _is_pdf(head):
        return "pdf"
    if head.startswith(_PICTURES):
        return "picture"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise UnsupportedError(f"{name}: {what}; {READ}")
    if head.startswith(_COMPOUND):
        return _sniff_compound(data, name)
    if head.startswith((b"{\\rtf", _WORDPERFECT)):
        return "office"
    if not head.startswith(_BOMS) and _is_binary(head):
        raise UnsupportedError(f"{name}: a binary file of no known format; {READ}")
    if is_submission(data):
        return "edgar"
    return _sniff_text(head, name)


def _is_pdf(head: bytes) -> bool:
    """Whether the mark of a PDF stands at its place, or further on with an object behind it, or an object where the mark should be."""
    return b"%PDF-" in head[:1024] or _PDF_BEHIND.search(head) is not None or _PDF_WITHOUT_MARK.match(head) is not None


def _sniff_zip(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
        what = "DOCX file" if PurePath(name).suffix.lower() == ".docx" else "zip archive"
        raise DamagedError(f"{name}: a damaged {what} ({error}); get the file again or save it anew") from error
    for member, kind in _ZIP_KINDS.items():
        if member in members:
            if kind in _ZIP_FORMATS:
                return kind
            raise UnsupportedError(f"{name}: {kind}; {READ}")
    if "[Content_Types].xml" in members and any(re.fullmatch(r"word/document\d*\.xml", member) for member in members):
        return "docx"
    if PurePath(name).suffix.lower() == ".docx":
        raise DamagedError(f"{name}: named .docx, but the archive holds no Word document (no word/document.xml); save it anew as DOCX")
    return "zip"


def _sniff_compound(data: bytes, name: str) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise EncryptedError(f"{name}: an encrypted Office file; open it and save it without a password")
    for stream, format in _STREAMS.items():
        if stream.encode("utf-16-le") in data:
            return format
    suffix = PurePath(name).suffix.lower()
    if suffix in _COMPOUND_SUFFIXES:
        return _COMPOUND_SUFFIXES[suffix]
    raise DamagedError(f"{name}: an old Office file of no known kind; save it as DOCX or PDF")


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


def is_web_archive(head: bytes) -> bool:
    """Whether a file begins as a web page saved with its pictures in one MIME message (MHTML), which no one sent to anyone."""
    header = head.lstrip().replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    if _MIME_FIRST.match(header) is None or _RELATED.search(header) is None or _SENT.search(header) is not None:
        return False
    return b"text/html" in head.lower()


def _sniff_text(head: bytes, name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    start = head.removeprefix(_BOMS[0])
    if head.startswith(_BOMS[1:]) or b"\x00" in head:
        start = head.replace(b"\x00", b"")[2:] if head.startswith(_BOMS[1:]) else head.replace(b"\x00", b"")
    if _HTML_FIRST.match(start) or is_web_archive(start):
        return "html"
    if _is_mail(start, suffix):
        return "eml"
    if suffix in _TABLE_SUFFIXES:
        return "csv"
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


def _is_mail(start: bytes, suffix: str) -> bool:
    """Whether it begins as a message: with lines that only mail programs write, or by its name with those of a letter."""
    header = _MAIL.match(start)
    if header is None:
        return False
    letter = len(_LETTER.findall(header[0]))
    return letter >= 1 and (suffix in {".eml", ".mht", ".mhtml"} or (letter >= 2 and _ENVELOPE.search(header[0]) is not None))
