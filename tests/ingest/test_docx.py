"""DOCX: styles, automatic numbers, tables, tracked changes, notes, damage."""

import io
import zipfile

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from ingest import samples
from ingest.contract import IngestorContract
from longdoc.errors import DamagedError, EmptyFileError
from longdoc.ingest import parse_bytes
from longdoc.ingest.docx import DocxIngestor
from longdoc.ingest.docx_numbering import Numbering
from longdoc.types import Document


def read(data: bytes) -> Document:
    return parse_bytes(data, "sample.docx").document


def saved(document: docx.document.Document) -> bytes:
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


class TestDocxContract(IngestorContract):
    ingestor = DocxIngestor
    suffix = ".docx"

    def sample(self) -> bytes:
        return samples.contract_docx()

    def running_text(self) -> str:
        return """Cleaning Contract Services The Contractor cleans the offices of the Client every weekday. 1. Floors are vacuumed 2. Bins
        are emptied Windows are not included Fees Monthly fee Floor Fee Ground EUR 300 Payment terms Invoices are paid
        within fourteen days."""

    def plain_text(self) -> str:
        document = docx.Document(io.BytesIO(self.sample()))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def test_each_kind_of_paragraph_is_told_apart() -> None:
    document = read(samples.contract_docx())
    assert [(block.kind, block.level, document.quote(block.span)) for block in document.blocks] == [
        ("heading", 1, "Cleaning Contract"),
        ("heading", 1, "Services"),
        ("paragraph", None, "The Contractor cleans the offices of the Client every weekday."),
        ("list_item", None, "1. Floors are vacuumed"),
        ("list_item", None, "2. Bins are emptied"),
        ("list_item", None, "• Windows are not included"),
        ("heading", 1, "Fees"),
        ("heading", 2, "Monthly fee"),
        ("table", None, "Floor\tFee\nGround\tEUR 300"),
        ("heading", None, "Payment terms"),
        ("paragraph", None, "Invoices are paid within fourteen days."),
    ]
    assert document.title == "Cleaning Contract"


NUMBERING = """<w:abstractNum xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" w:abstractNumId="91">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="ARTICLE %1"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:isLgl/><w:lvlText w:val="%1.%2"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="3"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/></w:lvl>
</w:abstractNum>"""


def test_multilevel_lists_count_as_word_counts() -> None:
    from lxml import etree

    document = docx.Document()
    root = document.part.numbering_part.element
    root.insert(0, etree.fromstring(NUMBERING))
    number = OxmlElement("w:num")
    number.set(qn("w:numId"), "91")
    link = OxmlElement("w:abstractNumId")
    link.set(qn("w:val"), "91")
    number.append(link)
    root.append(number)
    for depth in (0, 1, 1, 2, 2, 0, 1):
        properties = document.add_paragraph("x")._p.get_or_add_pPr()
        numbering = properties.get_or_add_numPr()
        numbering.get_or_add_numId().val = 91
        numbering.get_or_add_ilvl().val = depth
    counter = Numbering(document.styles.element, document.part.numbering_part.element)
    labels = [counter.label(paragraph._p) for paragraph in document.paragraphs]
    assert labels == ["ARTICLE I", "1.1", "1.2", "(c)", "(d)", "ARTICLE II", "2.1"]


def test_tracked_changes_are_read_as_accepted() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The fee is ")
    for tag, text, mark in (("w:del", "low", "w:delText"), ("w:ins", "high", "w:t")):
        change, run, content = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(mark)
        content.text = text
        run.append(content)
        change.append(run)
        paragraph._p.append(change)
    assert read(saved(document)).text == "The fee is high"


def test_a_bold_line_is_a_heading_only_where_all_of_it_is_bold() -> None:
    document = docx.Document()
    document.add_paragraph().add_run("Scope of work").bold = True
    mixed = document.add_paragraph()
    mixed.add_run("Note").bold = True
    mixed.add_run(" that this is text")
    assert [block.kind for block in read(saved(document)).blocks] == ["heading", "paragraph"]


def test_a_docx_without_text_is_empty() -> None:
    with pytest.raises(EmptyFileError):
        read(saved(docx.Document()))


@pytest.mark.parametrize("broken", ["<w:document", "<other/>"])
def test_a_docx_with_a_broken_part_is_damaged(broken: str) -> None:
    source = zipfile.ZipFile(io.BytesIO(samples.contract_docx()))
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as target:
        for name in source.namelist():
            target.writestr(name, broken if name == "word/document.xml" else source.read(name))
    with pytest.raises((DamagedError, EmptyFileError)):
        read(output.getvalue())


def test_a_docx_that_was_cut_off_is_damaged() -> None:
    with pytest.raises(DamagedError, match="damaged DOCX"):
        read(samples.contract_docx()[:4000])
