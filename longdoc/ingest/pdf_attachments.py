"""Files that are embedded in a PDF."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from longdoc.errors import LimitError
from longdoc.ingest.pdf_annotations import wide_string
from longdoc.ingest.pdf_file import PdfFile
from longdoc.protocols import Limits
from longdoc.types import Aside

MOST_FILES = 1000


def attachments(data: bytes, name: str, password: str | None, limits: Limits) -> list[tuple[str, bytes]]:
    """Name and content of each embedded file.

    Raises: EncryptedError, DamagedError; LimitError where there are more than 1,000 or together they are larger than a file may be.
    """
    with PdfFile(data, name, password) as file:
        count = pdfium.FPDFDoc_GetAttachmentCount(file.handle)
        if count > MOST_FILES:
            raise LimitError(f"{name}: holds {count} embedded files, the limit is {MOST_FILES}")
        found = []
        room = limits.file_size
        for title, attachment, size in _embedded(file.handle, count):
            room -= size
            if room < 0:
                raise LimitError(f"{name}: its embedded files have more than the limit of {limits.file_size} bytes; raise max_file_size")
            found.append((title, _content(attachment, size)))
        return found


def attachment_asides(document: Any) -> list[Aside]:
    """An aside for each embedded file of an open document."""
    found = []
    for title, attachment, size in _embedded(document, min(pdfium.FPDFDoc_GetAttachmentCount(document), MOST_FILES)):
        attributes = {"size": str(size), "sha256": hashlib.sha256(_content(attachment, size)).hexdigest()}
        found.append(Aside(kind="attachment", text="", name=title, attributes=attributes))
    return found


def _embedded(document: Any, count: int) -> Iterator[tuple[str, Any, int]]:
    for index in range(count):
        attachment = pdfium.FPDFDoc_GetAttachment(document, index)
        size = ctypes.c_ulong()
        if attachment and pdfium.FPDFAttachment_GetFile(attachment, None, 0, size):
            title = wide_string(lambda buffer, room, attachment=attachment: pdfium.FPDFAttachment_GetName(attachment, buffer, room))
            yield title or f"attachment-{index + 1}", attachment, size.value


def _content(attachment: Any, size: int) -> bytes:
    room = ctypes.create_string_buffer(max(1, size))
    written = ctypes.c_ulong()
    pdfium.FPDFAttachment_GetFile(attachment, room, size, written)
    return room.raw[: min(size, written.value)]
