"""PDF: headings and their levels by size, weight and slope in the whole document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportlab.pdfgen.canvas import Canvas

from ingest import samples
from longdoc.ingest import parse_bytes
from longdoc.types import Document

TITLE, LARGE, BOLD, BOLD_ITALIC, ITALIC = (
    ("Helvetica-Bold", 18),
    ("Times-Bold", 14),
    ("Times-Bold", 11),
    ("Times-BoldItalic", 11),
    ("Times-Italic", 11),
)
FRONT = ("The Year in Grain", ("Helvetica-Bold", 24))


def read(*pages: Callable[[Canvas], None]) -> Document:
    def draw(canvas: Canvas) -> None:
        for number, page in enumerate(pages):
            if number:
                canvas.showPage()
            page(canvas)

    return parse_bytes(samples.pdf(draw), "sample.pdf").document


def page_of(parts: Sequence[tuple[str, tuple[str, float]]], seed: int = 1) -> Callable[[Canvas], None]:
    """A page of headings in a font and size, each above a paragraph."""

    def page(canvas: Canvas) -> None:
        top = 60.0
        for place, (title, (font, size)) in enumerate(parts):
            top = samples.put(canvas, [title], 72, top, font, size, size + 12)
            text = samples.paragraphs(1, seed + place)[0]
            top = samples.put(canvas, samples.wrap(canvas, text, 460), 72, top) + 16

    return page


def tree(document: Document) -> list[tuple[int, str]]:
    """Levels and titles of the sections behind the document's own title."""
    assert document.sections[0].title == FRONT[0]
    return [(section.level, section.title) for section in document.sections[1:]]


def test_larger_headings_stand_above_bold_ones_and_those_above_italics() -> None:
    document = read(
        page_of(
            [
                FRONT,
                ("Harvest", LARGE),
                ("Wheat", BOLD),
                ("Soils in Spring", BOLD_ITALIC),
                ("Soils in Autumn", BOLD_ITALIC),
                ("Barley", BOLD),
            ]
        ),
        page_of([("Trade", LARGE), ("Markets", BOLD), ("Prices at the river", ITALIC), ("Prices at the bridge", ITALIC)], 10),
    )
    assert tree(document) == [
        (1, "Harvest"),
        (2, "Wheat"),
        (3, "Soils in Spring"),
        (3, "Soils in Autumn"),
        (2, "Barley"),
        (1, "Trade"),
        (2, "Markets"),
        (3, "Prices at the river"),
        (3, "Prices at the bridge"),
    ]


def test_two_sizes_above_that_of_the_text_are_two_levels() -> None:
    document = read(
        page_of([FRONT, ("Grain", TITLE), ("Harvest", LARGE), ("Storage", LARGE)]), page_of([("Trade", TITLE), ("Markets", LARGE)], 3)
    )
    assert tree(document) == [(1, "Grain"), (2, "Harvest"), (2, "Storage"), (1, "Trade"), (2, "Markets")]


def test_a_line_of_text_is_no_heading_where_tables_are_in_smaller_print() -> None:
    def page(canvas: Canvas) -> None:
        top = 60.0
        for text in samples.paragraphs(3):
            top = samples.put(canvas, samples.wrap(canvas, text, 460), 72, top) + 13
        top = samples.put(canvas, ["The following table shows what was sold in both years"], 72, top) + 13
        for row in range(40):
            samples.put(canvas, [f"Barley and wheat of mill {row}"], 72, top, size=8, pitch=10)
            samples.put(canvas, [f"{row}1.5"], 300, top, size=8, pitch=10)
            top = samples.put(canvas, [f"{row}2.5"], 400, top, size=8, pitch=10)

    assert read(page).sections == ()


def test_a_raised_figure_makes_no_heading_of_a_line_and_does_not_end_a_paragraph() -> None:
    lines = ("This Agreement is made on the 1", "st", " day of October and binds the buyer of the grain and")

    def page(canvas: Canvas) -> None:
        text = canvas.beginText(72, samples.HEIGHT - 80)
        for part, rise, size in zip(lines, (0, 6, 0), (11, 7, 11), strict=True):
            text.setFont("Times-Roman", size)
            text.setRise(rise)
            text.textOut(part)
        canvas.drawText(text)
        samples.put(canvas, samples.wrap(canvas, "its seller, whatever the harvest is. " + samples.paragraphs(1)[0], 430), 72, 82)

    document = read(page)
    assert [block.kind for block in document.blocks] == ["paragraph"]
    assert "grain and its seller, whatever" in document.text


def test_bookmarks_of_several_levels_nest_headings_that_look_alike() -> None:
    def page(canvas: Canvas) -> None:
        page_of([FRONT, ("Harvest", BOLD), ("Wheat", BOLD), ("Barley", BOLD), ("Trade", BOLD)])(canvas)
        for level, title in ((0, "Harvest"), (1, "Wheat"), (1, "Barley"), (0, "Trade")):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level)

    assert tree(read(page)) == [(1, "Harvest"), (2, "Wheat"), (2, "Barley"), (1, "Trade")]
