"""paper.pdf: title across the page, then two columns with tables, hyphenated line ends, a running header and page numbers."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from markup import Part, read
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, NextPageTemplate, PageTemplate, Paragraph, Spacer, Table, TableStyle

SOURCE = Path(__file__).with_name("paper.txt")
FIRST_PAGE = 41
LEFT, COLUMN, GUTTER = 0.85 * inch, 3.25 * inch, 0.3 * inch
RIGHT = LEFT + COLUMN + GUTTER
BOTTOM, HEIGHT, TITLE_HEIGHT = 0.9 * inch, 9.1 * inch, 1.75 * inch

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10, leading=12, spaceAfter=5, alignment=TA_JUSTIFY)
ABSTRACT = ParagraphStyle("abstract", BODY, fontSize=9, leading=11, leftIndent=10, rightIndent=10)
FORMULA = ParagraphStyle("formula", BODY, fontName="Times-Italic", alignment=TA_CENTER, spaceBefore=2)
CAPTION = ParagraphStyle("caption", BODY, fontSize=9, leading=11, spaceBefore=4, keepWithNext=1)
REFERENCE = ParagraphStyle("reference", BODY, fontSize=9, leading=10.5, leftIndent=16, firstLineIndent=-16, spaceAfter=3)
SECTION = ParagraphStyle("section", fontName="Times-Bold", fontSize=12, leading=14, spaceBefore=8, spaceAfter=4, keepWithNext=1)
SUBSECTION = ParagraphStyle("subsection", SECTION, fontSize=10.5, leading=13, spaceBefore=5, spaceAfter=3)
CELL = ParagraphStyle("cell", fontName="Times-Roman", fontSize=8.5, leading=11)
HEAD = ParagraphStyle("head", CELL, fontName="Times-Bold")
TITLE = ParagraphStyle("title", fontName="Times-Bold", fontSize=14, leading=20, alignment=TA_CENTER, spaceAfter=10)
AUTHORS = ParagraphStyle("authors", fontName="Times-Roman", fontSize=11.5, leading=15, alignment=TA_CENTER)
INSTITUTIONS = ParagraphStyle("institutions", AUTHORS, fontName="Times-Italic", fontSize=10, leading=13)
HEADINGS = {1: SECTION, 2: SUBSECTION}

SYLLABLES = (
    "ac-count ad-vis-es align-ment anal-y-sis an-chor an-no-ta-tors an-nu-al char-ac-ters col-lec-tion col-umns com-pet-ing con-tracts "
    "dif-fer-ence dis-tance doc-u-ment doc-u-ments em-bed-ding es-ti-mate in-ter-val in-ter-vals lan-guage lo-cates lo-cat-ed lo-ca-tions "
    "mea-sures meth-od meth-ods nor-mal-ized num-ber num-bers oc-cur-rence op-er-a-tion or-der pas-sages per-cent-ile pro-duced pro-gram "
    "quo-ta-tion quo-ta-tions rec-og-nized rec-og-niz-er rec-og-niz-ers re-main-ing re-search se-quence se-quenc-es sen-tence sen-tenc-es "
    "slid-ing spac-ing state-ment sub-sti-tu-tion sum-ma-rize sum-ma-ry thresh-old ver-i-fi-ca-tion win-dow with-out"
)
SOFT_HYPHEN = "\u00ad"
HYPHENATED = {word.replace("-", ""): word.replace("-", SOFT_HYPHEN) for word in SYLLABLES.split()}


class Article(BaseDocTemplate):
    """The first page has a title above its columns; the others have a running header."""

    def __init__(self, target: Any, meta: dict[str, str]) -> None:
        author = meta["authors"].replace(" | ", ", ")
        super().__init__(target, pagesize=LETTER, title=meta["title"], author=author, invariant=1, pageCompression=0)
        *others, last = (name.split()[-1] for name in meta["authors"].split("|"))
        self.venue, self.names = meta["venue"], f"{', '.join(others)} and {last}"
        short = HEIGHT - TITLE_HEIGHT
        title = Frame(LEFT, BOTTOM + short, RIGHT + COLUMN - LEFT, TITLE_HEIGHT, 0, 0, 0, 0, id="title")
        self.addPageTemplates(
            [
                PageTemplate("first", [title, *_columns(short)], onPageEnd=self.first_page),
                PageTemplate("later", _columns(HEIGHT), onPageEnd=self.later_page),
            ]
        )

    def beforeDocument(self) -> None:  # noqa: N802 (the library's name)
        self.canv.addPageLabel(0, style="ARABIC", start=FIRST_PAGE)

    def first_page(self, canvas: Any, _: Any) -> None:
        canvas.setFont("Times-Roman", 8.5)
        canvas.drawString(LEFT, 0.5 * inch, self.venue)
        canvas.drawRightString(RIGHT + COLUMN, 0.5 * inch, str(FIRST_PAGE))

    def later_page(self, canvas: Any, _: Any) -> None:
        canvas.setFont("Times-Italic", 9)
        canvas.drawString(LEFT, 10.35 * inch, self.names)
        canvas.drawRightString(RIGHT + COLUMN, 10.35 * inch, "Locating Model Quotations in Recognized Page Text")
        canvas.setFont("Times-Roman", 9)
        canvas.drawCentredString(4.25 * inch, 0.5 * inch, str(FIRST_PAGE + canvas.getPageNumber() - 1))

    def afterFlowable(self, flowable: Any) -> None:  # noqa: N802 (the library's name)
        level = {"section": 0, "subsection": 1}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is None:
            return
        title = flowable.getPlainText()
        key = re.sub(r"\W+", "-", title).lower()
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(title, key, level=level)


def build() -> bytes:
    """The bytes of paper.pdf."""
    parts = read(SOURCE)
    meta = {part.key: part.text for part in parts if part.kind == "meta"}
    story: list[Any] = [Paragraph(meta["title"], TITLE), Paragraph(meta["authors"].replace(" | ", ", "), AUTHORS)]
    story += [Paragraph(name.strip(), INSTITUTIONS) for name in meta["institutions"].split("|")]
    story += [NextPageTemplate("later"), FrameBreak()]
    section = ""
    for part in parts:
        section = part.text if part.kind == "heading" else section
        story += _flowables(part, section)
    buffer = io.BytesIO()
    Article(buffer, meta).build(story)
    return buffer.getvalue()


def _columns(height: float) -> list[Frame]:
    return [Frame(x, BOTTOM, COLUMN, height, 0, 0, 0, 0, id=name) for name, x in (("left", LEFT), ("right", RIGHT))]


def _flowables(part: Part, section: str) -> list[Any]:
    if part.kind == "meta":
        return []
    if part.kind == "heading":
        return [Paragraph(part.text, HEADINGS[part.level])]
    if part.kind == "table":
        return [_table(part.rows), Spacer(1, 8)]
    if part.text.startswith("s(q, w) ="):
        return [Paragraph(part.text, FORMULA)]
    if section == "References":
        return [Paragraph(part.text, REFERENCE)]
    caption = re.match(r"(Table \d\.) (.*)", part.text)
    if caption:
        return [Paragraph(f"<b>{caption[1]}</b> {caption[2]}", CAPTION)]
    return [Paragraph(_hyphenated(part.text), ABSTRACT if section == "Abstract" else BODY)]


def _hyphenated(text: str) -> str:
    """Soft hyphens in the words whose syllables are listed, so that narrow lines end in hyphens as printed ones do."""
    return re.sub(r"\w+", lambda word: HYPHENATED.get(word[0], word[0]), text)


def _table(rows: tuple[tuple[str, ...], ...]) -> Table:
    cells = [[Paragraph(cell, HEAD if index == 0 else CELL) for cell in row] for index, row in enumerate(rows)]
    first = 1.1 * inch
    widths = [first, *[(COLUMN - first) / (len(rows[0]) - 1)] * (len(rows[0]) - 1)]
    table = Table(cells, colWidths=widths, hAlign="LEFT")
    rules = [("LINEABOVE", (0, 0), (-1, 0), 0.8, colors.black), ("LINEBELOW", (0, 0), (-1, 0), 0.4, colors.black)]
    padding = [("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 2)]
    tight = [("TOPPADDING", (0, 0), (-1, -1), 1.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5)]
    table.setStyle(TableStyle([*rules, ("LINEBELOW", (0, -1), (-1, -1), 0.8, colors.black), *padding, *tight]))
    return table
