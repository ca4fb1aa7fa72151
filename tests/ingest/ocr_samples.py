"""Pages that are pictures, made from the PDFs of samples.py, straight and in every way that scanners spoil them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pypdf
import pypdfium2
from PIL import Image
from pypdf.generic import DecodedStreamObject, NameObject
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.samples import HEIGHT, WIDTH, pdf, put, wrap

DPI = 200
LETTER = (
    "The Supplier delivers forty tons of barley to the mill at Harbour Street before the first of March.",
    "The Buyer pays 12,500 dollars within thirty days after delivery and keeps the receipt for seven years.",
    "Either party may end this agreement by written notice of sixty days.",
)
"""Three paragraphs of a letter."""


def letter_pdf() -> bytes:
    """A heading and three paragraphs as text."""
    return pdf(_draw_letter)


def _draw_letter(canvas: Canvas) -> None:
    top = put(canvas, ["Agreement on Grain"], 72, 72, "Times-Bold", 18, 34)
    for text in LETTER:
        top = put(canvas, wrap(canvas, text, 400, size=12), 72, top, size=12, pitch=15) + 14


def picture(data: bytes, page: int = 0, dpi: int = DPI) -> Image.Image:
    """A page as a grey picture."""
    return pypdfium2.PdfDocument(data)[page].render(scale=dpi / 72, grayscale=True).to_pil()


def upper(image: Image.Image, share: float = 0.4) -> Image.Image:
    """The upper part of a page: what tests read is short, so that they are fast."""
    return image.crop((0, 0, image.width, round(share * image.height)))


def letter() -> Image.Image:
    """The letter as a picture."""
    return upper(picture(letter_pdf()))


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
    """A page with a paragraph as text above and the letter as a picture below."""

    def draw(canvas: Canvas) -> None:
        put(canvas, wrap(canvas, "This page begins with a text of its own, before the copy of a letter follows.", 460), 72, 60)
        canvas.drawImage(ImageReader(letter()), 0, 150, WIDTH, 0.4 * HEIGHT)

    return pdf(draw)


def stamped() -> bytes:
    """A scan with one line of text on it, as courts file them."""

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(picture(letter_pdf())), 0, 0, WIDTH, HEIGHT)
        put(canvas, ["Case 1:26-cv-00042 Document 7 Filed 03/01/26"], 150, 12, size=9)

    return pdf(draw)


def with_layer(words: str) -> bytes:
    """The letter as a picture with other words below it that are not shown, as OCR programs leave them."""

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(picture(letter_pdf())), 0, 0, WIDTH, HEIGHT)
        text = canvas.beginText(72, HEIGHT - 90)
        text.setTextRenderMode(3)
        text.setFont("Times-Roman", 12)
        for line in wrap(canvas, words, 400, size=12):
            text.textLine(line)
        canvas.drawText(text)

    return pdf(draw)


def with_bad_map(first: int) -> bytes:
    """The letter as text whose fonts say that their code 32 means `first`, 33 the next, and so on."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(letter_pdf()))
    table = DecodedStreamObject()
    table.set_data(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Bad def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"1 beginbfrange <21> <7E> <%04X> endbfrange\nendcmap CMapName currentdict /CMap defineresource pop end end" % (first + 1)
    )
    reference = writer._add_object(table)
    for page in writer.pages:
        for font in page["/Resources"]["/Font"].values():
            font.get_object()[NameObject("/ToUnicode")] = reference
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
