"""PDF: text through PDFium with lines, paragraphs, tables, headings, outline, page labels and a map back to the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pypdfium2.raw as pdfium

from longdoc.errors import EmptyFileError, LimitError, NeedsOcrError
from longdoc.ingest.containers import Member
from longdoc.ingest.furniture import remove_furniture
from longdoc.ingest.ocr_need import need_of
from longdoc.ingest.ocr_pages import read_needed, split_map
from longdoc.ingest.page_numbers import named
from longdoc.ingest.pdf_annotations import FormFields, Pinned, read_annotations
from longdoc.ingest.pdf_attachments import attachment_asides, attachments
from longdoc.ingest.pdf_file import PdfFile, filled_in
from longdoc.ingest.pdf_footnotes import mark_footnotes
from longdoc.ingest.pdf_headings import rank_headings
from longdoc.ingest.pdf_lines import read_page
from longdoc.ingest.pdf_margins import take_line_numbers
from longdoc.ingest.pdf_order import order_lines
from longdoc.ingest.pdf_page import PageText
from longdoc.ingest.pdf_paragraphs import BodyStyle, Paragraph, find_paragraphs
from longdoc.ingest.pdf_text import PdfText
from longdoc.ingest.pdf_turned import take_turned, with_turned
from longdoc.ingest.tables import made_table
from longdoc.protocols import Limits, Parsed
from longdoc.types import Aside

_PICTURE = re.compile(rb"/Subtype\s*/Image[\s/>]")
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
            # A picture's dictionary is never compressed itself.
            pages, unreadable, pinned = _read_pages(file, has_images=_PICTURE.search(data) is not None)
            warnings = [*file.warnings, *_page_warnings(pages, unreadable, read_needed(file, pages, limits), name)]
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
        paged = [_paragraphs(page, body) for page in pages]
        rank_headings(paged, body)
        for page, paragraphs in zip(pages, paged, strict=True):
            matched = _match_outline(page, paragraphs, targets.get(page.number, []))
            first_block = len(built.blocks)
            built.add_page(page, paragraphs, labels[page.number - 1])
            shift = len(built.blocks) - len(paragraphs)
            marks += [
                (level, title, built.blocks[shift + order].span.start) for order, level, title in matched if shift + order >= first_block
            ]
        text = built.text
        source_map, word_boxes = split_map(built.source_map, pages)
        return Parsed(
            text=text,
            format=self.format,
            pages=tuple(built.pages),
            blocks=tuple(built.blocks),
            title=metadata.pop("title", None),
            outline=tuple(marks),
            metadata=metadata,
            warnings=tuple(warnings),
            source_map=tuple(source_map),
            word_boxes=tuple(word_boxes),
            asides=(
                *sorted([*asides, *_placed(pinned, pages, built)], key=lambda one: one.page or 0),
                *embedded,
            ),
            tables=tuple(
                made_table(
                    text, place.span, place.cells, header_rows=place.grid.header_rows, indents=[row.indent for row in place.grid.rows]
                )
                for place in built.tables
            ),
        )

    def members(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Iterator[Member]:
        """The files that are embedded in it. Raises: as `attachments`."""
        for title, content in attachments(data, name, password, limits):
            yield Member(title, content)


def _paragraphs(page: PageText, body: BodyStyle) -> list[Paragraph]:
    turned = take_turned(page)
    paragraphs = mark_footnotes(page, find_paragraphs(page, body), body)
    return with_turned(paragraphs, turned) if turned else paragraphs


def _placed(pinned: list[Pinned], pages: list[PageText], built: PdfText) -> Iterator[Aside]:
    for one in pinned:
        if pages[one.page - 1].ocr is not None:
            one.first = one.last = None
        yield one.aside(built.offset_of(one.page, one.first), built.offset_of(one.page, one.last))


def _read_pages(file: PdfFile, has_images: bool) -> tuple[list[PageText], list[int], list[Pinned]]:
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
                found.need = need_of(page, text_page, found, has_images)
                pages.append(found)
                for one in on_page:
                    one.locate(text_page)
                pinned += on_page
            finally:
                pdfium.FPDFText_ClosePage(text_page)
                pdfium.FPDF_ClosePage(page)
    return pages, unreadable, pinned


def _page_warnings(pages: list[PageText], unreadable: list[int], unread: list[str], name: str) -> list[str]:
    """Raises: NeedsOcrError or EmptyFileError where no page has any text; `unread` are what is to be said of OCR."""
    if not any(page.lines for page in pages):
        if any(page.has_pictures for page in pages):
            raise NeedsOcrError(f"{name}: no text; {'; '.join(unread)}")
        raise EmptyFileError(f"{name}: no text, and nothing that could be read as text, on any page")
    if unreadable:
        return [f"{named(unreadable)} could not be read: the file is damaged there", *unread]
    return unread


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
