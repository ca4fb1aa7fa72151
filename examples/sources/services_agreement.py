"""services-agreement.pdf: cover, contents, articles, signatures and schedules, with outline, page labels, headers and footers."""

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
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

SOURCE = Path(__file__).with_name("services-agreement.txt")
FRONT_PAGES = 2

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10.5, leading=13.6, spaceAfter=6.3, alignment=TA_JUSTIFY)
SIGNED = ParagraphStyle("signed", fontName="Times-Roman", fontSize=10.5, leading=20)
ITEM = ParagraphStyle("item", BODY, leftIndent=28)
ARTICLE = ParagraphStyle("article", fontName="Times-Bold", fontSize=12, leading=16, spaceBefore=12, spaceAfter=8, keepWithNext=1)
SCHEDULE = ParagraphStyle("schedule", ARTICLE, fontSize=13, leading=18, alignment=TA_CENTER, spaceAfter=12)
PART = ParagraphStyle("part", ARTICLE, fontSize=11, spaceBefore=8, spaceAfter=6)
CONTENTS = ParagraphStyle("contents", PART)
CELL = ParagraphStyle("cell", fontName="Times-Roman", fontSize=9.5, leading=12)
HEAD = ParagraphStyle("head", CELL, fontName="Times-Bold")
TITLE = ParagraphStyle("title", fontName="Times-Bold", fontSize=24, leading=30, alignment=TA_CENTER)
COVER = ParagraphStyle("cover", fontName="Times-Roman", fontSize=14, leading=22, alignment=TA_CENTER)
HEADINGS = {1: ARTICLE, 2: SCHEDULE, 3: PART}


class Agreement(BaseDocTemplate):
    """Collects headings for the table of contents and the outline."""

    def __init__(self, target: Any, title: str) -> None:
        super().__init__(target, pagesize=LETTER, title=title, author="Kestrel Ridge Logistics, Inc.", invariant=1, pageCompression=0)
        frame = Frame(1.1 * inch, 1.0 * inch, 6.3 * inch, 9.0 * inch, id="text")
        self.addPageTemplates(
            [PageTemplate("cover", [frame]), PageTemplate("front", [frame], self.furniture), PageTemplate("text", [frame], self.furniture)]
        )

    def beforeDocument(self) -> None:  # noqa: N802 (the library's name)
        self.canv.addPageLabel(0, style="ROMAN_LOWER", start=1)
        self.canv.addPageLabel(FRONT_PAGES, style="ARABIC", start=1)

    def furniture(self, canvas: Any, _: Any) -> None:
        page = canvas.getPageNumber()
        canvas.setFont("Times-Italic", 9)
        canvas.drawString(1.1 * inch, 10.4 * inch, "Master Services Agreement")
        canvas.drawRightString(7.4 * inch, 10.4 * inch, "Kestrel Ridge / Ostrander: Confidential")
        canvas.line(1.1 * inch, 10.33 * inch, 7.4 * inch, 10.33 * inch)
        canvas.setFont("Times-Roman", 9)
        canvas.drawCentredString(4.25 * inch, 0.6 * inch, f"Page {page - FRONT_PAGES}" if page > FRONT_PAGES else "ii")

    def afterFlowable(self, flowable: Any) -> None:  # noqa: N802 (the library's name)
        level = {"article": 0, "schedule": 0, "part": 1}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is None:
            return
        title = flowable.getPlainText()
        key = re.sub(r"\W+", "-", title).strip("-").lower() + f"-{self.page}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(title, key, level=level, closed=level == 0)
        if level == 0:
            self.notify("TOCEntry", (0, title, self.page - FRONT_PAGES, key))


def build() -> bytes:
    """The bytes of services-agreement.pdf."""
    parts = read(SOURCE)
    meta = {part.key: part.text for part in parts if part.kind == "meta"}
    contents = TableOfContents(levelStyles=[ParagraphStyle("entry", fontName="Times-Roman", fontSize=11, leading=16)], dotsMinLevel=0)
    story: list[Any] = [Spacer(1, 2.2 * inch), Paragraph(meta["title"], TITLE), Spacer(1, 0.5 * inch)]
    story += [Paragraph(line.strip(), COVER) for line in meta["parties"].split("|")]
    story += [Spacer(1, 0.5 * inch), Paragraph(meta["date"], COVER), Spacer(1, 0.3 * inch), Paragraph(meta["subject"], COVER)]
    story += [
        NextPageTemplate("front"),
        PageBreak(),
        Paragraph("Table of Contents", CONTENTS),
        contents,
        NextPageTemplate("text"),
        PageBreak(),
    ]
    for part in parts:
        story += _flowables(part)
    buffer = io.BytesIO()
    Agreement(buffer, "Master Services Agreement").multiBuild(story)
    return buffer.getvalue()


def _flowables(part: Part) -> list[Any]:
    if part.kind == "heading":
        heading = Paragraph(re.sub(r"^(\d+) ", r"Article \1. ", part.text), HEADINGS[part.level])
        return [PageBreak(), heading] if part.level == 2 else [heading]
    if part.kind == "table":
        return [_table(part.rows), Spacer(1, 10)]
    if part.kind == "meta":
        return _signatures(part.text) if part.key == "signatures" else []
    clause = re.match(r"(\d+\.\d+) ([^.]+\.) (.*)", part.text)
    if clause:
        return [Paragraph(f"{clause[1]}&nbsp;&nbsp;<b>{clause[2]}</b> {clause[3]}", BODY)]
    return [Paragraph(part.text, ITEM if re.match(r"\([a-z]\) |\u201c[A-Z]", part.text) else BODY)]


def _table(rows: tuple[tuple[str, ...], ...]) -> Table:
    cells = [[Paragraph(cell, HEAD if index == 0 or row[0] == "Total" else CELL) for cell in row] for index, row in enumerate(rows)]
    longest = [max(max(len(row[column]) for row in rows), 6) for column in range(len(rows[0]))]
    weights = [min(length, 44) for length in longest]
    widths = [6.2 * inch * weight / sum(weights) for weight in weights]
    table = Table(cells, colWidths=widths, repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return table


def _signatures(text: str) -> list[Any]:
    blocks = []
    for block in text.split("||"):
        company, name, title, date = (field.strip() for field in block.split("|"))
        lines = [f"<b>{company}</b>", "By: ___________________________", f"Name: {name}", f"Title: {title}", f"Date: {date}"]
        blocks.append([Paragraph(line, SIGNED) for line in lines])
    statement = Paragraph("The Parties have signed this Agreement through their authorized officers.", BODY)
    return [KeepTogether([Spacer(1, 12), statement, Spacer(1, 12), Table([blocks], colWidths=[3.1 * inch] * 2, hAlign="LEFT")])]
