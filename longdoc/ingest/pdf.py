"""PDF: text through PDFium with lines, paragraphs, tables, headings, outline, page labels and a map back to the page."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator

import pypdfium2.raw as pdfium

from longdoc.errors import EmptyFileError, LimitError, NeedsOcrError
from longdoc.ingest.furniture import remove_furniture
from longdoc.ingest.pdf_annotations import FormFields, Pinned, read_annotations
from longdoc.ingest.pdf_attachments import attachment_asides
from longdoc.ingest.pdf_file import PdfFile, filled_in
from longdoc.ingest.pdf_footnotes import mark_footnotes
from longdoc.ingest.pdf_lines import read_page
from longdoc.ingest.pdf_margins import take_line_numbers
from longdoc.ingest.pdf_order import order_lines
from longdoc.ingest.pdf_page import PageText
from longdoc.ingest.pdf_paragraphs import BodyStyle, Paragraph, find_paragraphs
from longdoc.ingest.pdf_text import PdfText
from longdoc.ingest.tables import made_table
from longdoc.protocols import Limits, Parsed
from longdoc.types import Aside

DRAWN_LETTERS = 200
"""Paths on a page from which on they are taken to be letters drawn as shapes."""

_LETTERS = re.compile(r"[^\W_]+")


class PdfIngestor:
    """Reads PDF files, encrypted ones with their password, truncated ones as far as they go."""

    format = "pdf"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The running text in reading order, without headers, footers and page numbers.

        Raises: EncryptedError, DamagedError, NeedsOcrError, EmptyFileError, LimitError.
        """
        with PdfFile(data, name, password) as file:
            count = len(file)
            if count > limits.pages:
                raise LimitError(f"{name}: has {count} pages, the limit is {limits.pages}; split it or raise max_pages")
            pages, unreadable, pinned = _read_pages(file)
            warnings = [*file.warnings, *_page_warnings(pages, unreadable, name)]
            labels = [file.label(index) for index in range(count)]
            outline = file.outline()
            metadata = file.metadata()
            embedded = attachment_asides(file.handle)
        asides = take_line_numbers(pages)
        for page in pages:
            order_lines(page)
        asides += remove_furniture(pages)
        body = BodyStyle.of(pages)
        built = PdfText(pages)
        targets: dict[int, list[tuple[int, str]]] = {}
        for level, title, number in outline:
            targets.setdefault(number, []).append((level, title))
        marks: list[tuple[int, str, int]] = []
        for page in pages:
            paragraphs = mark_footnotes(page, find_paragraphs(page, body), body)
            matched = _match_outline(page, paragraphs, targets.get(page.number, []))
            first_block = len(built.blocks)
            built.add_page(page, paragraphs, labels[page.number - 1])
            shift = len(built.blocks) - len(paragraphs)
            marks += [
                (level, title, built.blocks[shift + order].span.start) for order, level, title in matched if shift + order >= first_block
            ]
        text = built.text
        return Parsed(
            text=text,
            format=self.format,
            pages=tuple(built.pages),
            blocks=tuple(built.blocks),
            title=metadata.pop("title", None),
            outline=tuple(marks),
            metadata=metadata,
            warnings=tuple(warnings),
            source_map=tuple(built.source_map),
            asides=(
                *sorted([*asides, *_placed(pinned, built)], key=lambda one: one.page or 0),
                *embedded,
            ),
            tables=tuple(
                made_table(
                    text, place.span, place.cells, header_rows=place.grid.header_rows, indents=[row.indent for row in place.grid.rows]
                )
                for place in built.tables
            ),
        )


def _placed(pinned: list[Pinned], built: PdfText) -> Iterator[Aside]:
    for one in pinned:
        yield one.aside(built.offset_of(one.page, one.first), built.offset_of(one.page, one.last))


def _read_pages(file: PdfFile) -> tuple[list[PageText], list[int], list[Pinned]]:
    """All pages, empty ones where a page could not be loaded, the numbers of those, and what is pinned to pages."""
    pages: list[PageText] = []
    unreadable: list[int] = []
    pinned: list[Pinned] = []
    with FormFields(file.handle) as form:
        for index in range(len(file)):
            number = index + 1
            page = pdfium.FPDF_LoadPage(file.handle, index)
            on_page: list[Pinned] = []
            if page and pdfium.FPDFPage_GetAnnotCount(page):
                on_page = read_annotations(page, number, form)
                page = filled_in(file.handle, page, index)
            if not page:
                unreadable.append(number)
                pages.append(PageText(number, "", [], 0.0, 0.0, (0.0, 0.0)))
                continue
            text_page = pdfium.FPDFText_LoadPage(page)
            try:
                found = read_page(page, text_page, number)
                if not found.lines:
                    found.has_pictures = _has_pictures(page)
                pages.append(found)
                for one in on_page:
                    one.locate(text_page)
                pinned += on_page
            finally:
                pdfium.FPDFText_ClosePage(text_page)
                pdfium.FPDF_ClosePage(page)
    return pages, unreadable, pinned


def _has_pictures(page: object) -> bool:
    """Whether a page without text is a scan or drawn letters, not just blank with a rule or a logo on it."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    area = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page)
    count = pdfium.FPDFPage_CountObjects(page)
    paths = 0
    for index in range(min(count, 2000)):
        element = pdfium.FPDFPage_GetObject(page, index)
        kind = pdfium.FPDFPageObj_GetType(element)
        paths += kind == pdfium.FPDF_PAGEOBJ_PATH
        if kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            known = pdfium.FPDFPageObj_GetBounds(element, left, bottom, right, top)
            # Scans are often cut into strips, so a tenth of the page is enough.
            large = (right.value - left.value) * (top.value - bottom.value) > 0.1 * area
            if known and large:
                return True
    return paths > DRAWN_LETTERS


def _page_warnings(pages: list[PageText], unreadable: list[int], name: str) -> list[str]:
    """Raises: NeedsOcrError or EmptyFileError where no page has any text."""
    scanned = [page.number for page in pages if page.has_pictures]
    if not any(page.lines for page in pages):
        if scanned:
            raise NeedsOcrError(
                f"{name}: scanned, {_named(scanned)} of {len(pages)} without any text; make it searchable first, "
                f"for example with ocrmypdf: ocrmypdf IN.pdf OUT.pdf"
            )
        raise EmptyFileError(f"{name}: no text, and nothing that could be read as text, on any page")
    warnings = []
    if unreadable:
        warnings.append(f"{_named(unreadable)} could not be read: the file is damaged there")
    if scanned:
        warnings.append(f"{_named(scanned)} without text (pictures or scans): run an OCR program such as ocrmypdf to have them read")
    return warnings


def _named(numbers: list[int]) -> str:
    """ "page 3", "pages 3-5, 9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges[:20])
    return f"page{'s' if len(numbers) > 1 else ''} {shown}{' and others' if len(ranges) > 20 else ''}"


def _match_outline(page: PageText, paragraphs: list[Paragraph], targets: list[tuple[int, str]]) -> list[tuple[int, int, str]]:
    """Bookmarks that name a paragraph of the page: (its place, level, title)."""
    matched: list[tuple[int, int, str]] = []
    begin = 0
    for level, title in targets:
        wanted = _plain(title)
        for order in range(begin, len(paragraphs)):
            if paragraphs[order].kind == "table" or not wanted:
                continue
            content = _plain(" ".join(line.content for line in paragraphs[order].lines[:3]))
            if content.startswith(wanted) or (len(content) >= 6 and wanted.endswith(content)):
                matched.append((order, level, title))
                begin = order + 1
                break
    return matched


def _plain(text: str) -> str:
    return "".join(_LETTERS.findall(text)).lower()
