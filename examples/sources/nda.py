"""nda.docx: heading styles, numbering that the word processor makes (1., 1.1, (a)), a table, a footer with a page field."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt
from markup import read

SOURCE = Path(__file__).with_name("nda.txt")
WRITTEN = datetime(2024, 9, 9, 9, 0, 0)
NUMBERING = 77
LEVELS = (("decimal", "%1.", "Heading1", 0), ("decimal", "%1.%2", "Clause", 0), ("lowerLetter", "(%3)", "Item", 720))


def build() -> bytes:
    """The bytes of nda.docx."""
    document = Document()
    _styles(document)
    for part in read(SOURCE):
        if part.kind == "meta" and part.key == "title":
            document.add_heading(part.text, level=0)
            document.core_properties.title = part.text
        elif part.kind == "meta":
            _signatures(document, part.text)
        elif part.kind == "table":
            _table(document, part.rows)
        elif part.kind == "heading":
            document.add_heading(part.text, level=part.level)
        else:
            document.add_paragraph(part.text, style={"numbered": "Clause", "lettered": "Item"}.get(part.kind, "Normal"))
    _footer(document)
    properties = document.core_properties
    properties.author, properties.created, properties.modified, properties.revision = "Ingrid Sollie", WRITTEN, WRITTEN, 1
    properties.comments, properties.last_modified_by = "", "Ingrid Sollie"
    buffer = io.BytesIO()
    document.save(buffer)
    return _undated(buffer.getvalue())


def _styles(document: Any) -> None:
    document.styles["Normal"].font.name = "Times New Roman"
    document.styles["Normal"].font.size = Pt(11)
    for name in ("Clause", "Item"):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:pStyle w:val="{style}"/><w:lvlText w:val="{text}"/>'
        f'<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="{720 + indent}" w:hanging="720"/></w:pPr></w:lvl>'
        for level, (form, text, style, indent) in enumerate(LEVELS)
    )
    numbering = document.part.numbering_part.element
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{NUMBERING}"><w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
    )
    # The schema wants every abstractNum before the first num.
    numbering.find(qn("w:num")).addprevious(abstract)
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{NUMBERING}"><w:abstractNumId w:val="{NUMBERING}"/></w:num>'))
    for level, name in enumerate(("Heading 1", "Clause", "Item")):
        properties = document.styles[name].element.get_or_add_pPr()
        properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="{NUMBERING}"/></w:numPr>'))


def _table(document: Any, rows: tuple[tuple[str, ...], ...]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def _signatures(document: Any, text: str) -> None:
    document.add_paragraph()
    table = document.add_table(rows=1, cols=2)
    for cell, block in zip(table.rows[0].cells, text.split("||"), strict=True):
        company, name, title = (field.strip() for field in block.split("|"))
        cell.text = f"{company}\nBy: ____________________\nName: {name}\nTitle: {title}"


def _footer(document: Any) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.add_run("Mutual Nondisclosure Agreement, page ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _undated(data: bytes) -> bytes:
    """The same archive with one fixed date on every entry."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, WRITTEN.timetuple()[:6]), source.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
