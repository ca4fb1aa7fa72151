"""Office Open XML packages, looked over before a library unpacks them: size, encryption, document types, which the standard forbids."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from lxml import etree

from longdoc.errors import DamagedError, EncryptedError
from longdoc.ingest.containers import check_unpacked
from longdoc.protocols import Limits

DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, TypeError, AttributeError, NotImplementedError, AssertionError,
    OverflowError, OSError, etree.LxmlError, SyntaxError,
)  # fmt: skip
"""What libraries raise of parts that are missing, cut off or of another kind than their names say."""
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def open_package(data: bytes, name: str, limits: Limits) -> zipfile.ZipFile:
    """The package as an archive, once nothing in it speaks against unpacking it.

    Raises: DamagedError; EncryptedError; LimitError.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
        if any(part.flag_bits & 1 for part in parts):
            raise EncryptedError(f"{name}: encrypted; open it and save it without a password")
        check_unpacked(1, sum(part.file_size for part in parts), name=name, size=len(data), limits=limits)
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels")) and _DOCTYPE.search(archive.read(part)):
                raise DamagedError(f"{name}: {part.filename} declares a document type, which is not read; save the file anew")
        return archive
    except DAMAGE as error:
        raise DamagedError(f"{name}: a damaged Office file ({error}); open it and save it anew") from error
