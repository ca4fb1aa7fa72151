"""Pages that are pictures, made from the PDFs of samples.py, straight and in every way that scanners spoil them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import pypdf
import pypdfium2
from PIL import Image
from pypdf.generic import DecodedStreamObject, NameObject
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.samples import wrap

DPI = 200
LINES = ("Agreement on Grain", "The Buyer pays 12,500 dollars for barley.", "Notice is sixty days.")
NOTE = " ".join(LINES)
"""All that the note says."""
SIZE = (300.0, 90.0)
"""Width and height of the note in points: small pages are read fast."""


def page(draw: Callable[[Canvas], None], size: tuple[float, float] = SIZE) -> bytes:
    """A PDF of one page."""
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=size, invariant=1, pageCompression=1)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return output.getvalue()


def note_pdf() -> bytes:
    """A heading and two short paragraphs, as text."""
    return page(_draw_note)


def _draw_note(canvas: Canvas) -> None:
    for line, font, size, y in zip(LINES, ("Times-Bold", "Times-Roman", "Times-Roman"), (16, 11, 11), (64, 42, 16), strict=True):
        canvas.setFont(font, size)
        canvas.drawString(20, y, line)


def note() -> Image.Image:
    """The same as a picture."""
    return picture(note_pdf())


def picture(data: bytes, page: int = 0, dpi: int = DPI) -> Image.Image:
    """A page as a grey picture."""
    return pypdfium2.PdfDocument(data)[page].render(scale=dpi / 72, grayscale=True).to_pil()


def scan(images: Sequence[Image.Image], dpi: int = DPI) -> bytes:
    """A PDF that holds nothing but pictures."""
    output = io.BytesIO()
    images[0].save(output, format="PDF", save_all=True, append_images=list(images[1:]), resolution=dpi, quality=90)
    return output.getvalue()


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture file."""
    output = io.BytesIO()
    image.save(output, format=kind, **options)
    return output.getvalue()


def skewed(image: Image.Image, degrees: float) -> Image.Image:
    """As laid askew on the glass."""
    return image.rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def noisy(image: Image.Image) -> Image.Image:
    """On grey paper, with grain."""
    values = np.asarray(image).astype(np.float32) * 0.75 + 20 + np.random.default_rng(0).normal(0, 18, image.size[::-1])
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def mixed() -> bytes:
    """A page with text above and the note as a picture below, of half its size."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 11)
        canvas.drawString(20, 300, "This page begins with a text of its own.")
        canvas.drawImage(ImageReader(long_note()), 0, 0, 300, 180)

    return page(draw, (300, 330))


def long_note() -> Image.Image:
    """The note twice, one below the other."""
    one = note()
    both = Image.new("L", (one.width, 2 * one.height), 255)
    both.paste(one, (0, 0))
    both.paste(one, (0, one.height))
    return both


def stamped() -> bytes:
    """A scan with one line of text on it, as courts file them."""

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(note()), 0, 0, *SIZE)
        canvas.setFont("Times-Roman", 6)
        canvas.drawString(180, 82, "Case 26-cv-00042")

    return page(draw)


def with_layer(words: str) -> bytes:
    """The note as a picture, twice, with other words below it that are not shown, as OCR programs leave them."""

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(long_note()), 0, 0, 300, 180)
        text = canvas.beginText(20, 150)
        text.setTextRenderMode(3)
        text.setFont("Times-Roman", 11)
        for line in wrap(canvas, words, 260, size=11):
            text.textLine(line)
        canvas.drawText(text)

    return page(draw, (300, 180))


def with_bad_map(first: int) -> bytes:
    """The note twice as text whose fonts say that their code 33 means `first`, 34 the next, and so on."""

    def draw(canvas: Canvas) -> None:
        _draw_note(canvas)
        canvas.translate(0, 90)
        _draw_note(canvas)

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(page(draw, (300, 180))))
    table = DecodedStreamObject()
    table.set_data(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Bad def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"1 beginbfrange <21> <7E> <%04X> endbfrange\nendcmap CMapName currentdict /CMap defineresource pop end end" % first
    )
    reference = writer._add_object(table)
    for one in writer.pages:
        for font in one["/Resources"]["/Font"].values():
            font.get_object()[NameObject("/ToUnicode")] = reference
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
