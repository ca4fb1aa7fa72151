"""Files made for the tests, each with one thing in it that must be read right. PDFs come out of reportlab, byte for byte the same."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
import pypdf
from PIL import Image
from reportlab.lib.pagesizes import letter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

DATA = Path(__file__).parents[1] / "data"
WIDTH, HEIGHT = letter
PARTS = ("Grain", "Transport", "Storage", "Prices", "Weather", "Staff", "Insurance", "Outlook")
WORDS = [
    "barley",
    "wheat",
    "harvest",
    "silo",
    "miller",
    "baker",
    "market",
    "price",
    "season",
    "weather",
    "storage",
    "transport",
    "contract",
    "supplier",
    "buyer",
    "village",
    "river",
    "bridge",
    "wagon",
    "engine",
    "report",
    "number",
    "quality",
    "moisture",
    "protein",
    "grade",
    "sample",
    "ledger",
    "account",
    "payment",
    "month",
]


def pdf(draw: Callable[[Canvas], None], **options: object) -> bytes:
    """A PDF of what `draw` puts on the canvas; the last page is closed here."""
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=letter, invariant=1, pageCompression=1, **options)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return output.getvalue()


def wrap(canvas: Canvas, text: str, width: float, font: str = "Times-Roman", size: float = 11) -> list[str]:
    """Lines of at most `width` points."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if canvas.stringWidth(longer, font, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def put(
    canvas: Canvas, lines: Sequence[str], x: float, top: float, font: str = "Times-Roman", size: float = 11, pitch: float = 13
) -> float:
    """Draw lines from `top` points below the page's upper edge; where the next line would stand."""
    canvas.setFont(font, size)
    for line in lines:
        canvas.drawString(x, HEIGHT - top - size, line)
        top += pitch
    return top


def paragraphs(count: int, start: int = 0) -> list[str]:
    """Paragraphs of two to four sentences, no two alike."""
    made = []
    for place in range(start, start + count):
        draw = random.Random(place)
        made.append(" ".join(f"The {' '.join(draw.choices(WORDS, k=14))} {place}." for _ in range(2 + place % 3)))
    return made


def report(pages: int = 4) -> bytes:
    """A report with running header, footer with page number, headings and paragraphs."""

    def draw(canvas: Canvas) -> None:
        for page in range(pages):
            if page:
                canvas.showPage()
            put(canvas, ["Harbour Mills Ltd. - Quarterly Review"], 72, 30, size=9)
            put(canvas, [f"Page {page + 1} of {pages}"], 280, 750, size=9)
            top = put(canvas, [f"{page + 1}. {PARTS[page]}"], 72, 80, "Times-Bold", 15, 30)
            for text in paragraphs(4, 4 * page):
                top = put(canvas, wrap(canvas, text, 460), 72, top) + 13

    return pdf(draw)


def two_columns_row_by_row() -> bytes:
    """Two columns of prose whose lines are drawn across the page, left and right in turn."""
    left_words = " ".join(f"left{place} stands in the first column of this page and" for place in range(20))
    right_words = " ".join(f"right{place} stands in the second column of this page and" for place in range(20))

    def draw(canvas: Canvas) -> None:
        put(canvas, ["A Title Across Both Columns"], 180, 60, "Times-Bold", 16)
        left, right = wrap(canvas, left_words, 215), wrap(canvas, right_words, 215)
        canvas.setFont("Times-Roman", 11)
        for place, (one, other) in enumerate(zip(left, right, strict=False)):
            canvas.drawString(72, HEIGHT - 120 - 13 * place, one)
            canvas.drawString(325, HEIGHT - 120 - 13 * place, other)

    return pdf(draw)


def table() -> bytes:
    """A paragraph, a table of figures, a paragraph."""

    def draw(canvas: Canvas) -> None:
        top = put(canvas, wrap(canvas, paragraphs(1)[0], 460), 72, 80) + 13
        canvas.setFont("Times-Roman", 11)
        for row in (
            ("", "2023", "2022"),
            ("Net sales", "81.4", "77.9"),
            ("Cost of sales", "(52.0)", "(49.3)"),
            ("Net income", "$ 9.1", "$ 8.8"),
        ):
            canvas.drawString(72, HEIGHT - top - 11, row[0])
            canvas.drawRightString(380, HEIGHT - top - 11, row[1])
            canvas.drawRightString(480, HEIGHT - top - 11, row[2])
            top += 13
        put(canvas, wrap(canvas, paragraphs(1, 1)[0], 460), 72, top + 20)

    return pdf(draw)


def hyphens() -> bytes:
    """A word broken at a line's end, a compound broken at its own hyphen, and a paragraph that goes over the page."""

    def draw(canvas: Canvas) -> None:
        first = [
            "Either side may give notice of termi-",
            "nation to the other in writing. The long-",
            "term supply stays long-term in force and",
        ]
        put(canvas, first, 72, 690)
        canvas.showPage()
        put(canvas, ["then ends. Nothing else follows from it.", "It is final."], 72, 80)

    return pdf(draw)


def outlined() -> bytes:
    """Plain lines that only the bookmarks make headings, with Roman page labels."""

    def draw(canvas: Canvas) -> None:
        for page, title in enumerate(("Opening remarks", "What was found")):
            if page:
                canvas.showPage()
            canvas.bookmarkPage(f"p{page}")
            canvas.addOutlineEntry(title, f"p{page}", level=0)
            canvas.addPageLabel(page, style="ROMAN_LOWER", start=page + 1)
            put(canvas, [title], 72, 80)
            put(canvas, wrap(canvas, paragraphs(1, page)[0], 460), 72, 110)

    return pdf(draw)


def with_scans(pages: str) -> bytes:
    """One page a letter: t text, s a scan, b blank."""
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")

    def draw(canvas: Canvas) -> None:
        for place, kind in enumerate(pages):
            if place:
                canvas.showPage()
            if kind == "t":
                put(canvas, wrap(canvas, paragraphs(1, place)[0], 460), 72, 80)
            elif kind == "s":
                picture.seek(0)
                canvas.drawImage(ImageReader(picture), 0, 0, WIDTH, HEIGHT)
            else:
                canvas.line(72, 60, 500, 60)

    return pdf(draw)


def rotated(data: bytes, degrees: int) -> bytes:
    """The same PDF with every page turned."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    for page in writer.pages:
        page.rotate(degrees)
    return _bytes(writer)


def encrypted(data: bytes, password: str) -> bytes:
    """The same PDF, AES-256 encrypted."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(password, algorithm="AES-256")
    return _bytes(writer)


def packed(data: bytes) -> bytes:
    """The same PDF with its page objects packed in an object stream, as newer producers write it."""
    import zlib

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    plain = _bytes(writer)
    pages = [
        place
        for place, item in enumerate(writer._objects, 1)
        if isinstance(item, pypdf.generic.DictionaryObject) and item.get("/Type") == "/Page"
    ]
    bodies = []
    for number in pages:
        output = io.BytesIO()
        writer._objects[number - 1].write_to_stream(output)
        bodies.append(output.getvalue())
    offsets, position = [], 0
    for number, body in zip(pages, bodies, strict=True):
        offsets.append(f"{number} {position}")
        position += len(body) + 1
    index = (" ".join(offsets) + " ").encode()
    stream = zlib.compress(index + b"\n".join(bodies))
    for number in pages:
        start = plain.index(b"\n%d 0 obj" % number)
        plain = plain[:start] + b"\n" + plain[plain.index(b"endobj", start) + 6 :]
    packed_object = b"9000 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n" % (
        len(pages),
        len(index),
        len(stream),
    )
    return plain[: plain.index(b"\n", 10) + 1] + packed_object + stream + b"\nendstream\nendobj\n" + plain[plain.index(b"\n", 10) + 1 :]


def _bytes(writer: pypdf.PdfWriter) -> bytes:
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def contract_docx() -> bytes:
    """A Word file with title, headings, automatic lists, a table and a bold line."""
    document = docx.Document()
    document.add_paragraph("Cleaning Contract", style="Title")
    document.add_heading("Services", level=1)
    document.add_paragraph("The Contractor cleans the offices of the Client every weekday.")
    document.add_paragraph("Floors are vacuumed", style="List Number")
    document.add_paragraph("Bins are emptied", style="List Number")
    document.add_paragraph("Windows are not included", style="List Bullet")
    document.add_heading("Fees", level=1)
    document.add_heading("Monthly fee", level=2)
    grid = document.add_table(rows=2, cols=2)
    for place, value in enumerate(("Floor", "Fee", "Ground", "EUR 300")):
        grid.cell(place // 2, place % 2).text = value
    document.add_paragraph().add_run("Payment terms").bold = True
    document.add_paragraph("Invoices are paid within fourteen days.")
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()
