"""What a Word file holds beside its text: tracked changes, comments, notes, headers, text boxes, embedded files."""

from __future__ import annotations

import hashlib

import pytest

from ingest.word import changed, paragraph, run, word_file
from longdoc.errors import LimitError
from longdoc.ingest import parse_bytes
from longdoc.ingest.docx_attachments import attachments
from longdoc.protocols import Limits
from longdoc.types import Aside, Document

MARCH, APRIL = "2024-03-01T09:00:00Z", "2024-04-02T10:30:00Z"


def read(data: bytes, name: str = "sample.docx") -> Document:
    return parse_bytes(data, name).document


def asides(document: Document, kind: str) -> list[Aside]:
    return [aside for aside in document.asides if aside.kind == kind]


def test_changes_of_two_people_are_accepted_in_the_text_and_told_of_beside_it() -> None:
    body = paragraph(
        run("The fee is ")
        + changed("del", "one hundred", "Ada", MARCH)
        + changed("ins", "two hundred", "Brook", APRIL)
        + run(" euro a month.")
    )
    document = read(word_file(body))
    assert document.text == "The fee is two hundred euro a month."
    (deletion,) = asides(document, "deletion")
    (insertion,) = asides(document, "insertion")
    assert (deletion.text, deletion.anchor, deletion.author, deletion.date) == ("one hundred", 11, "Ada", MARCH)
    assert insertion.span is not None
    assert document.quote(insertion.span) == insertion.text == "two hundred"
    assert (insertion.author, insertion.date) == ("Brook", APRIL)


def test_what_was_moved_stands_where_it_went() -> None:
    body = "".join(
        (
            paragraph(changed("moveFrom", "This goes down.", "Ada", MARCH), "<w:rPr><w:moveFrom/></w:rPr>"),
            paragraph("This stays."),
            paragraph(changed("moveTo", "This goes down.", "Ada", MARCH)),
        )
    )
    document = read(word_file(body))
    assert document.text == "This stays.\n\nThis goes down."
    assert [aside.kind for aside in document.asides] == ["deletion", "insertion"]


def test_a_deleted_paragraph_mark_joins_two_paragraphs() -> None:
    document = read(word_file(paragraph("The term", "<w:rPr><w:del/></w:rPr>") + paragraph("is two years.")))
    assert document.text == "The term is two years."


def test_a_deleted_row_is_not_in_the_table() -> None:
    def row(cells: tuple[str, str], mark: str = "") -> str:
        return f"<w:tr><w:trPr>{mark}</w:trPr>{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in cells)}</w:tr>"

    gone = f'<w:del w:id="1" w:author="Ada" w:date="{MARCH}"/>'
    document = read(word_file(f"<w:tbl>{row(('Floor', 'Fee'))}{row(('First', '100'), gone)}{row(('Second', '200'))}</w:tbl>"))
    assert document.text == "Floor\tFee\nSecond\t200"
    assert [(aside.text, aside.author) for aside in asides(document, "deletion")] == [("First 100", "Ada")]


def test_comments_say_who_when_on_what_and_to_whom_they_answer() -> None:
    body = paragraph(
        run("The term is ")
        + '<w:commentRangeStart w:id="0"/><w:commentRangeStart w:id="1"/>'
        + run("five years")
        + '<w:commentRangeEnd w:id="0"/><w:commentRangeEnd w:id="1"/><w:r><w:commentReference w:id="0"/></w:r>'
        + '<w:r><w:commentReference w:id="1"/></w:r>'
        + run(".")
    )
    comments = "".join(
        f'<w:comment w:id="{number}" w:author="{author}" w:date="{date}"><w:p w14:paraId="{number}A">{run(text)}</w:p></w:comment>'
        for number, author, date, text in ((0, "Ada", MARCH, "Too long?"), (1, "Brook", APRIL, "No, agreed."))
    )
    extended = '<w15:commentEx w15:paraId="0A"/><w15:commentEx w15:paraId="1A" w15:paraIdParent="0A"/>'
    document = read(word_file(body, {"comments": comments, "commentsExtended": extended}))
    first, second = asides(document, "comment")
    assert document.text == "The term is five years."
    assert first.span is not None
    assert document.quote(first.span) == "five years"
    assert (first.text, first.author, first.date) == ("Too long?", "Ada", MARCH)
    assert (second.text, second.attributes) == ("No, agreed.", {"id": "1", "answers": "0"})


def test_a_note_stands_behind_the_paragraph_that_it_belongs_to() -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    notes = (
        f'<w:footnote w:id="0" w:type="separator">{paragraph("x")}</w:footnote>'
        f'<w:footnote w:id="2">{paragraph("See the annex.")}</w:footnote>'
    )
    end = f'<w:endnote w:id="2">{paragraph("As amended.")}</w:endnote>'
    body = (
        paragraph(run("Fees are due") + reference + run(" at once."))
        + paragraph(run("Rent too.") + '<w:r><w:endnoteReference w:id="2"/></w:r>')
        + paragraph("No more.")
    )
    document = read(word_file(body, {"footnotes": notes, "endnotes": end}))
    assert [(block.kind, document.quote(block.span)) for block in document.blocks] == [
        ("paragraph", "Fees are due[1] at once."),
        ("footnote", "[1] See the annex."),
        ("paragraph", "Rent too.[2]"),
        ("footnote", "[2] As amended."),
        ("paragraph", "No more."),
    ]


def test_headers_and_footers_are_beside_the_text() -> None:
    named = '<w:headerReference w:type="default" r:id="r-header1"/><w:footerReference w:type="first" r:id="r-footer1"/>'
    section = f"<w:sectPr>{named}</w:sectPr>"
    document = read(word_file(paragraph("Text.") + section, {"header1": paragraph("Draft 3"), "footer1": paragraph("Confidential")}))
    assert document.text == "Text."
    assert [(one.kind, one.text, one.attributes) for one in document.asides] == [
        ("header", "Draft 3", {"pages": "default"}),
        ("footer", "Confidential", {"pages": "first"}),
    ]


def test_a_text_box_is_read_once_behind_the_paragraph_that_it_hangs_on() -> None:
    box = f"<w:txbxContent>{paragraph('In a box.')}</w:txbxContent>"
    drawing = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert read(word_file(paragraph(run("Before.") + drawing) + paragraph("After."))).text == "Before.\n\nIn a box.\n\nAfter."


def test_a_field_shows_its_result_and_a_table_of_contents_is_no_text() -> None:
    def field(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = '<w:r><w:instrText xml:space="preserve"> TOC \\o "1-3" </w:instrText></w:r>'
    reference = "<w:r><w:instrText>REF a</w:instrText></w:r>"
    body = (
        paragraph(field("begin") + code + field("separate") + run("1 Fees") + "<w:r><w:tab/></w:r>" + run("2"))
        + paragraph(run("2 Term 5") + field("end"))
        + paragraph(run("See clause ") + field("begin") + reference + field("separate") + run("2.1") + field("end"))
    )
    document = read(word_file(body))
    assert [(block.kind, document.quote(block.span)) for block in document.blocks] == [
        ("contents", "1 Fees 2"),
        ("contents", "2 Term 5"),
        ("paragraph", "See clause 2.1"),
    ]
    assert not any("Fees" in document.quote(chunk.span) for chunk in parse_bytes(word_file(body), "a.docx").chunks)


def test_hidden_text_is_not_read() -> None:
    hidden = '<w:style w:type="character" w:styleId="H"><w:name w:val="H"/><w:rPr><w:vanish/></w:rPr></w:style>'
    body = paragraph(run("Seen") + run(" unseen", "<w:vanish/>") + run(" nor this", '<w:rStyle w:val="H"/>') + run(" again."))
    assert read(word_file(body, {"styles": hidden})).text == "Seen again."


def test_a_run_in_heading_goes_on_in_its_paragraph() -> None:
    separator = "<w:rPr><w:vanish/><w:specVanish/></w:rPr>"
    assert read(word_file(paragraph("Term.", separator) + paragraph("It is two years."))).text == "Term. It is two years."


def test_embedded_files_are_named_and_handed_on() -> None:
    inner = word_file(paragraph("Inside."))
    data = word_file(paragraph("Outside."), files={"word/embeddings/annex.docx": inner})
    (aside,) = asides(read(data), "attachment")
    assert (aside.name, aside.attributes) == ("annex.docx", {"size": str(len(inner)), "sha256": hashlib.sha256(inner).hexdigest()})
    assert attachments(data, "outer.docx", Limits()) == [("annex.docx", inner)]
    with pytest.raises(LimitError, match=rf"annex\.docx has {len(inner)} bytes, the limit is 9"):
        attachments(data, "outer.docx", Limits(file_size=9))


def test_merged_cells_reach_over_columns_and_rows() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text) if text else '<w:p/>'}</w:tc>"

    down, on, across = '<w:vMerge w:val="restart"/>', "<w:vMerge/>", '<w:gridSpan w:val="2"/>'
    rows = (
        f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{cell('Floor')}{cell('Fee', across)}</w:tr>",
        f"<w:tr>{cell('Ground', down)}{cell('2023')}{cell('100')}</w:tr>",
        f"<w:tr>{cell('', on)}{cell('2024')}{cell('120')}</w:tr>",
    )
    document = read(word_file(f"<w:tbl>{''.join(rows)}</w:tbl>"))
    (table,) = document.tables
    assert document.text == "Floor\tFee\nGround\t2023\t100\n2024\t120"
    assert table.header_rows == 1
    assert [(*cell[:4], document.text[cell[4] : cell[5]]) for cell in table.cells] == [
        (0, 0, 1, 1, "Floor"),
        (0, 1, 1, 2, "Fee"),
        (1, 0, 2, 1, "Ground"),
        (1, 1, 1, 1, "2023"),
        (1, 2, 1, 1, "100"),
        (2, 1, 1, 1, "2024"),
        (2, 2, 1, 1, "120"),
    ]


def test_the_strict_form_of_the_format_reads_alike() -> None:
    import io
    import zipfile

    plain = word_file(paragraph("Text.") + paragraph("More."))
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(output, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            content = content.replace(
                b"http://schemas.openxmlformats.org/wordprocessingml/2006/main", b"http://purl.oclc.org/ooxml/wordprocessingml/main"
            )
            target.writestr(name, content)
    assert read(output.getvalue()).text == "Text.\n\nMore."


def test_a_part_that_breaks_off_is_read_as_far_as_it_goes_and_said() -> None:
    document = read(word_file(paragraph("First.") + paragraph("Second.") + "<w:p><w:r><w:t>Third"))
    assert document.text.startswith("First.\n\nSecond.")
    assert document.warnings == ("the part word/document.xml is damaged; what could be read of it was read",)


def test_a_link_to_a_part_outside_the_file_is_not_followed() -> None:
    body = paragraph("Text.") + '<w:altChunk r:id="r-elsewhere"/>'
    assert read(word_file(body)).text == "Text."
