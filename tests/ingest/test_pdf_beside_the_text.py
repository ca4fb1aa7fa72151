"""What a PDF holds beside its running text: headers, page and line numbers, watermarks, footnotes, annotations, fields, embedded files."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Highlight
from pypdf.generic import ArrayObject, FloatObject, NameObject, TextStringObject
from reportlab.pdfgen.canvas import Canvas

from longdoc.errors import LimitError
from longdoc.ingest import parse_bytes
from longdoc.ingest.pdf_annotations import iso_date
from longdoc.ingest.pdf_attachments import attachments
from longdoc.ingest.render import aside_boxes
from longdoc.protocols import Limits
from longdoc.types import Aside, Document

BODY = (
    "The supplier keeps the premises clean and tells the customer of",
    "every accident on them within two days, whatever its cause may",
    "be and whoever has suffered from it. Costs are borne by the party",
)


def drawn(*pages: Callable[[Canvas, int], None]) -> bytes:
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=(612, 792))
    for number, page in enumerate(pages, 1):
        canvas.setFont("Helvetica", 11)
        page(canvas, number)
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def lines(canvas: Canvas, texts: tuple[str, ...], top: float = 700, left: float = 90) -> None:
    for place, text in enumerate(texts):
        canvas.drawString(left, top - 14 * place, text)


def read(data: bytes) -> Document:
    return parse_bytes(data, "sample.pdf").document


def asides(document: Document, kind: str) -> list[Aside]:
    return [aside for aside in document.asides if aside.kind == kind]


def test_headers_footers_and_page_numbers_are_told_apart_and_can_be_pointed_at(tmp_path: Path) -> None:
    def page(canvas: Canvas, number: int) -> None:
        canvas.drawString(90, 760, "Cleaning Agreement")
        word = ("floors", "windows", "stairs", "kitchens")[number - 1]
        lines(
            canvas,
            tuple(f"The supplier keeps the {word} {how} and tells of it" for how in ("clean", "dry", "safe", "warm", "light", "open")),
        )
        canvas.drawString(90, 50, "Confidential draft")
        canvas.drawString(300, 30, str(number))

    file = tmp_path / "sample.pdf"
    file.write_bytes(drawn(*[page] * 4))
    document = read(file.read_bytes())
    assert "Cleaning Agreement" not in document.text
    for kind, texts in (("header", ["Cleaning Agreement"] * 4), ("footer", ["Confidential draft"] * 4), ("page_number", list("1234"))):
        assert [aside.text for aside in asides(document, kind)] == texts
        assert [aside.page for aside in asides(document, kind)] == [1, 2, 3, 4]
    (box,) = aside_boxes(str(file), document, asides(document, "footer")[2])
    assert (box.page, round(box.x0)) == (3, 90)
    assert 792 - 50 - 12 < box.y0 < box.y1 < 792 - 50 + 6


def test_letters_that_stand_aslant_are_a_watermark() -> None:
    def page(canvas: Canvas, number: int) -> None:
        lines(canvas, (f"Page {'abc'[number - 1]}.", *BODY))
        canvas.saveState()
        canvas.translate(300, 400)
        canvas.rotate(45)
        canvas.setFont("Helvetica", 80)
        canvas.drawString(-120, 0, "DRAFT")
        canvas.restoreState()

    document = read(drawn(page, page, page))
    assert "DRAFT" not in document.text
    assert [(aside.text, aside.page) for aside in asides(document, "watermark")] == [("DRAFT", 1), ("DRAFT", 2), ("DRAFT", 3)]


def sideways(canvas: Canvas, text: str, left: float, bottom: float, size: float = 11) -> None:
    canvas.saveState()
    canvas.translate(left, bottom)
    canvas.rotate(90)
    canvas.setFont("Helvetica", size)
    canvas.drawString(0, 0, text)
    canvas.restoreState()


def test_a_stamp_in_the_margin_is_one_watermark_and_a_heading_on_its_side_is_text() -> None:
    def page(canvas: Canvas, number: int) -> None:
        lines(canvas, BODY * 3)
        sideways(canvas, "Deposited as 1601.03642 on 12 Jan 2016", 40, 300, 20)
        for place, text in enumerate(("Wheat of the year", "Barley of the year", "Rye of the year")):
            sideways(canvas, text, 300 + 40 * place, 400)
        for row in range(3):
            canvas.drawString(90, 380 - 14 * row, f"Village {'ABC'[row]}")
            for place in range(3):
                canvas.drawString(290 + 40 * place, 380 - 14 * row, f"{row + 1}{place}.5")

    document = read(drawn(page))
    assert [aside.text for aside in asides(document, "watermark")] == ["Deposited as 1601.03642 on 12 Jan 2016"]
    assert "Wheat of the year" in document.text
    assert document.text.index("Rye of the year") < document.text.index("Village A")


def test_the_page_number_of_a_page_whose_text_stands_on_its_side_is_a_page_number() -> None:
    def texts(number: int) -> tuple[str, ...]:
        things = ("chairs", "tables", "lamps", "desks", "doors", "locks", "maps", "cups")
        return tuple(f"Some {['red', 'white', 'green', 'brown'][number - 1]} {thing} are kept in the hall." for thing in things)

    def upright(canvas: Canvas, number: int) -> None:
        lines(canvas, texts(number))
        canvas.drawString(300, 30, str(number))

    def on_its_side(canvas: Canvas, number: int) -> None:
        for place, text in enumerate(texts(number)):
            sideways(canvas, text, 150 + 14 * place, 200)
        canvas.drawString(300, 30, str(number))

    document = read(drawn(upright, upright, on_its_side, upright))
    assert [(aside.text, aside.page) for aside in asides(document, "page_number")] == [(str(number), number) for number in range(1, 5)]
    assert " ".join(document.text.split()) == " ".join(text for number in range(1, 5) for text in texts(number))


def test_large_letters_behind_the_text_are_a_watermark_on_every_page() -> None:
    def page(canvas: Canvas, number: int) -> None:
        canvas.setFillGray(0.85)
        canvas.setFont("Helvetica-Bold", 90)
        canvas.drawString(110, 600, "DRAFT")
        canvas.setFillGray(0)
        canvas.setFont("Helvetica", 11)
        lines(canvas, (f"Page {'abc'[number - 1]}.", *(BODY * 4 if number < 3 else ())))

    document = read(drawn(page, page, page))
    assert "DRAFT" not in document.text
    assert [(aside.text, aside.page) for aside in asides(document, "watermark")] == [("DRAFT", 1), ("DRAFT", 2), ("DRAFT", 3)]


def test_a_large_title_is_no_watermark() -> None:
    def title(canvas: Canvas, number: int) -> None:
        canvas.setFont("Helvetica-Bold", 30)
        canvas.drawString(90, 740, "Cleaning Agreement")
        canvas.setFont("Helvetica", 11)
        lines(canvas, BODY)

    document = read(drawn(title))
    assert asides(document, "watermark") == []
    assert document.text.startswith("Cleaning Agreement")


def test_a_footer_that_holds_a_date_and_printers_marks_counts_with_the_pages() -> None:
    def page(canvas: Canvas, number: int) -> None:
        things = ("chairs", "tables", "lamps", "desks", "doors", "locks")
        lines(canvas, tuple(f"Some {['red', 'white', 'green', 'brown'][number - 1]} {thing} are kept in the hall." for thing in things))
        canvas.drawString(90, 50, f"Vol. 85, No. 152, August 6, 2020 {47697 + number}")
        canvas.drawString(90, 30, f"Set 16:21 Aug 05, 2020 Jkt 250001 PO 00000 Frm {number:05} Fmt 4702 Sfmt 4702")

    document = read(drawn(*[page] * 4))
    assert len(asides(document, "footer")) == 8
    assert "Vol. 85" not in document.text


def test_numbers_of_lines_on_pleading_paper_are_no_text() -> None:
    def page(canvas: Canvas, number: int) -> None:
        for place in range(28):
            canvas.drawRightString(70, 700 - 22 * place, str(place + 1))
        for place in range(20):
            canvas.drawString(
                90, 700 - 22 * place, f"Plaintiff states on sheet {'xy'[number - 1]} that row {'abcdefghijklmnopqrst'[place]} is true"
            )

    document = read(drawn(page, page))
    assert [aside.text for aside in asides(document, "line_number")] == [" ".join(map(str, range(1, 29)))] * 2
    assert not any(character.isdigit() for character in document.text)
    assert document.text.count("Plaintiff states") == 40


def test_a_numbered_list_is_no_column_of_line_numbers() -> None:
    def page(canvas: Canvas, number: int) -> None:
        words = [
            "chairs",
            "tables",
            "lamps",
            "desks",
            "shelves",
            "boards",
            "doors",
            "locks",
            "keys",
            "pens",
            "books",
            "maps",
            "cups",
            "plates",
        ]
        kind = ("wooden", "metal")[number - 1]
        lines(canvas, tuple(f"{place}. Some {kind} {word} are delivered" for place, word in enumerate(words, 1)))

    document = read(drawn(page, page))
    assert asides(document, "line_number") == []
    assert "14. Some metal plates" in document.text


def footnoted(last: str) -> Callable[[Canvas, int], None]:
    def page(canvas: Canvas, number: int) -> None:
        lines(canvas, (*BODY, *BODY, *BODY, last))
        canvas.setFont("Helvetica", 8)
        canvas.drawString(90, 110, "1 See the annex, which lists the premises.")
        canvas.drawString(90, 98, "2 In the wording of the first amendment.")

    return page


def after(canvas: Canvas, number: int) -> None:
    lines(canvas, ("that has caused them, as the law provides.", "A new sentence."))


def test_footnotes_do_not_cut_a_paragraph_that_goes_on_over_the_page() -> None:
    document = read(drawn(footnoted("and paid at once by the party"), after))
    kinds = [block.kind for block in document.blocks]
    notes = [document.quote(block.span) for block in document.blocks if block.kind == "footnote"]
    assert notes == ["1 See the annex, which lists the premises.", "2 In the wording of the first amendment."]
    assert kinds[:2] == ["footnote", "footnote"]
    assert "paid at once by the party that has caused them" in document.text


def test_footnotes_stand_behind_a_paragraph_that_has_ended() -> None:
    document = read(drawn(footnoted("and paid at once."), after))
    assert [block.kind for block in document.blocks][:3] == ["paragraph", "footnote", "footnote"]


def test_annotations_say_who_when_and_on_what() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(drawn(lambda canvas, number: lines(canvas, BODY)))))
    mark = Highlight(
        rect=(90, 683, 200, 697),
        quad_points=ArrayObject(map(FloatObject, (110, 710, 160, 710, 110, 698, 160, 698))),
        highlight_color="ffff00",
    )
    for key, value in (("/Contents", "Which one?"), ("/T", "Ada"), ("/M", "D:20240301093000+01'00")):
        mark[NameObject(key)] = TextStringObject(value)
    writer.add_annotation(0, mark)
    writer.add_annotation(0, FreeText(text="Ask Brook", rect=(400, 500, 500, 520)))
    output = io.BytesIO()
    writer.write(output)
    document = read(output.getvalue())
    marked, note = asides(document, "annotation")
    assert (marked.text, marked.author, marked.date, marked.page) == ("Which one?", "Ada", "2024-03-01T09:30:00+01:00", 1)
    assert marked.span is not None
    assert document.quote(marked.span) in "The supplier keeps"
    assert len(marked.span) > 5
    assert (note.text, note.attributes) == ("Ask Brook", {"type": "text"})


def test_what_is_filled_into_a_form_is_text_and_a_field() -> None:
    def page(canvas: Canvas, number: int) -> None:
        canvas.drawString(90, 700, "Name of the tenant:")
        canvas.acroForm.textfield(name="tenant", value="Alder Systems", x=220, y=690, width=200, height=20, borderStyle="inset")
        canvas.drawString(90, 660, "The rent is due at once.")

    document = read(drawn(page))
    (field,) = asides(document, "form_field")
    assert (field.name, field.text, field.page) == ("tenant", "Alder Systems", 1)
    assert "Alder Systems" in document.text
    assert field.anchor is not None
    assert document.text[: field.anchor + 20].count("Name of the tenant:") == 1


def test_embedded_files_are_named_and_handed_on() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(drawn(lambda canvas, number: lines(canvas, BODY)))))
    writer.add_attachment("annex.txt", b"The annex.")
    output = io.BytesIO()
    writer.write(output)
    (aside,) = asides(read(output.getvalue()), "attachment")
    assert (aside.name, aside.attributes) == ("annex.txt", {"size": "10", "sha256": hashlib.sha256(b"The annex.").hexdigest()})
    assert attachments(output.getvalue(), "a.pdf", None, Limits()) == [("annex.txt", b"The annex.")]
    with pytest.raises(LimitError, match="more than the limit of 9 bytes"):
        attachments(output.getvalue(), "a.pdf", None, Limits(file_size=9))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("D:20240301093000Z", "2024-03-01T09:30:00Z"),
        ("D:20240301093000-05'30'", "2024-03-01T09:30:00-05:30"),
        ("D:202403", "2024-03"),
        ("yesterday", None),
    ],
)
def test_dates_of_the_format_are_told_as_iso_8601(text: str, date: str | None) -> None:
    assert iso_date(text) == date
