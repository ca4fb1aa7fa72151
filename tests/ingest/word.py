"""Word files made of raw XML, for what python-docx cannot write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMES = (
    f'xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def word_file(body: str, parts: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None) -> bytes:
    """A file whose body is this XML; `parts` are the insides of further parts by name ("styles", "header1"), each related to the document
    by its name; `files` are further members."""
    named = dict(parts or {})
    related = "".join(f'<Relationship Id="r-{name}" Type="{_OFFICE}/{name.rstrip("0123456789")}" Target="{name}.xml"/>' for name in named)
    overrides = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{_KIND}.{name.rstrip("0123456789")}+xml"/>' for name in named)
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/><Default Extension="bin" ContentType="application/octet-stream"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_KIND}.document.main+xml"/>{overrides}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
        )
        archive.writestr("word/_rels/document.xml.rels", f'<Relationships xmlns="{_RELATIONS}">{related}</Relationships>')
        archive.writestr("word/document.xml", f"<w:document {_NAMES}><w:body>{body}</w:body></w:document>")
        for name, inside in named.items():
            root = {"header": "hdr", "footer": "ftr"}.get(name.rstrip("0123456789"), name)
            prefix = "w15" if name == "commentsExtended" else "w"
            root = "commentsEx" if name == "commentsExtended" else root
            archive.writestr(f"word/{name}.xml", f"<{prefix}:{root} {_NAMES}>{inside}</{prefix}:{root}>")
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return output.getvalue()


def run(text: str, properties: str = "") -> str:
    """A run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inside: str, properties: str = "") -> str:
    """A paragraph of runs; text without a tag becomes one."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{inside if inside.startswith('<') else run(inside)}</w:p>"


def listed(inside: str, depth: int, number: int = 1) -> str:
    """A paragraph of a list."""
    return paragraph(inside, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')


def changed(kind: str, text: str, author: str, date: str) -> str:
    """An insertion ("ins") or deletion ("del")."""
    inner = run(text) if kind in ("ins", "moveTo") else f'<w:r><w:delText xml:space="preserve">{text}</w:delText></w:r>'
    return f'<w:{kind} w:id="9" w:author="{author}" w:date="{date}">{inner}</w:{kind}>'


def level(depth: int, kind: str, pattern: str, more: str = "") -> str:
    """A level of a list's definition."""
    return f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{more}<w:lvlText w:val="{pattern}"/></w:lvl>'
