"""An open PDF: password, repair of truncated files, outline, page labels and metadata, all through PDFium's own functions.

pypdf could tell the same, but takes seconds on a large filing; it is used for the repair alone.
"""

from __future__ import annotations

import ctypes
import re
from types import TracebackType
from typing import Any

import pypdfium2.raw as pdfium

from longdoc.errors import DamagedError, EncryptedError

_INITIALISED: list[bool] = []
_END = re.compile(rb"%%EOF")
FARTHEST_MARK = 1000
"""Bytes before the mark with which PDFium still reads a file."""
LARGEST_OUTLINE = 5000
MOST_ANNOTATIONS = 2000
DEEPEST_OUTLINE = 12
_METADATA = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "Creator": "creator",
    "Producer": "producer",
    "CreationDate": "created",
    "ModDate": "modified",
}


class PdfFile:
    """Context manager around a document handle; `warnings` says what is wrong with the file as a whole.

    Raises: EncryptedError, DamagedError when it is opened.
    """

    def __init__(self, data: bytes, name: str, password: str | None = None) -> None:
        if not _INITIALISED:
            pdfium.FPDF_InitLibrary()
            _INITIALISED.append(True)
        self.warnings: list[str] = []
        data = self._from_its_mark(data)
        self._data = data
        self.handle = _load(data, password)
        if not self.handle:
            error = pdfium.FPDF_GetLastError()
            if error == pdfium.FPDF_ERR_PASSWORD:
                raise EncryptedError(_password_message(name, password))
            if error == pdfium.FPDF_ERR_SECURITY:
                raise EncryptedError(f"{name}: encrypted in a way that cannot be read; print it to a new PDF without protection")
            self._repair(name)
        if len(self) == 0:
            self.close()
            self._repair(name)
        if not self.warnings and b"%%EOF" not in data[-2048:] and b"startxref" not in data[-2048:]:
            self.warnings.append(f"the file ends early (no end mark): {len(self)} pages could be read, there may have been more")

    def _from_its_mark(self, data: bytes) -> bytes:
        """The file as PDFium wants it, which looks for the mark in the first bytes alone."""
        place = data.find(b"%PDF-")
        if 0 <= place < FARTHEST_MARK:
            return data
        self.warnings.append("the first bytes are not those of a PDF: what is behind them was read")
        return data[place:] if place > 0 and b" obj" not in data[:place] else b"%PDF-1.7\n" + data

    def _repair(self, name: str) -> None:
        from longdoc.ingest.pdf_repair import rebuild

        rebuilt = rebuild(self._data)
        if rebuilt is not None:
            self._data = rebuilt
            self.handle = _load(rebuilt, None)
        if not self.handle or len(self) == 0:
            raise DamagedError(f"{name}: not readable as PDF, no page could be recovered; get the file again")
        self.warnings.append(f"the file is damaged or ends early: {len(self)} pages could be recovered, there may have been more")

    def __len__(self) -> int:
        return max(0, pdfium.FPDF_GetPageCount(self.handle)) if self.handle else 0

    def __enter__(self) -> PdfFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the handle back."""
        if self.handle:
            pdfium.FPDF_CloseDocument(self.handle)
            self.handle = None

    def label(self, index: int) -> str | None:
        """The label printed on a page, None where the file gives none."""
        return _text(pdfium.FPDF_GetPageLabel, self.handle, index) or None

    def metadata(self) -> dict[str, str]:
        """The information dictionary: title, author, subject, creator, producer, created, modified."""
        found = {ours: _text(pdfium.FPDF_GetMetaText, self.handle, theirs.encode()).strip() for theirs, ours in _METADATA.items()}
        return {key: value for key, value in found.items() if value}

    def outline(self) -> list[tuple[int, str, int]]:
        """Bookmarks in reading order as (level from 1, title, page from 1); those that lead nowhere are left out."""
        rows: list[tuple[int, str, int]] = []
        stack = [(pdfium.FPDFBookmark_GetFirstChild(self.handle, None), 1)]
        seen: set[int] = set()
        while stack and len(rows) < LARGEST_OUTLINE:
            mark, level = stack.pop()
            if not mark or _address(mark) in seen:
                continue
            seen.add(_address(mark))
            target = pdfium.FPDFBookmark_GetDest(self.handle, mark)
            if not target:
                action = pdfium.FPDFBookmark_GetAction(mark)
                target = pdfium.FPDFAction_GetDest(self.handle, action) if action else None
            page = pdfium.FPDFDest_GetDestPageIndex(self.handle, target) if target else -1
            title = " ".join(_text(pdfium.FPDFBookmark_GetTitle, mark).split())
            if page >= 0 and title:
                rows.append((level, title, page + 1))
            stack.append((pdfium.FPDFBookmark_GetNextSibling(self.handle, mark), level))
            if level < DEEPEST_OUTLINE:
                stack.append((pdfium.FPDFBookmark_GetFirstChild(self.handle, mark), level + 1))
        return rows


def _load(data: bytes, password: str | None) -> Any:
    return pdfium.FPDF_LoadMemDocument64(data, len(data), password.encode("utf-8") if password else None)


def _password_message(name: str, password: str | None) -> str:
    if password:
        return f"{name}: encrypted, and the password given is not the right one"
    return f"{name}: encrypted; give its password (--password)"


def _text(function: Any, *arguments: Any) -> str:
    """What a PDFium function writes into a buffer as UTF-16."""
    size = function(*arguments, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(*arguments, buffer, size)
    text = buffer.raw[: size - 2].decode("utf-16-le", "replace")
    return "".join(character for character in text if character.isprintable())


def _address(handle: Any) -> int:
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def load_page(document: Any, index: int) -> Any:
    """A page as it is read, None where it cannot be loaded."""
    page = pdfium.FPDF_LoadPage(document, index)
    return filled_in(document, page, index) if page else page


def filled_in(document: Any, page: Any, index: int) -> Any:
    """An open page with its forms filled in: what stands in a field is text of the page then. Pages without fields are as they were."""
    if not _has_fields(page):
        return page
    pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
    pdfium.FPDF_ClosePage(page)
    return pdfium.FPDF_LoadPage(document, index)


def _has_fields(page: Any) -> bool:
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), MOST_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation) if annotation else None
        if annotation:
            pdfium.FPDFPage_CloseAnnot(annotation)
        if kind == pdfium.FPDF_ANNOT_WIDGET:
            return True
    return False
