"""Files that are embedded in a Word document."""

from __future__ import annotations

import posixpath

from longdoc.errors import LimitError
from longdoc.ingest.docx_package import Package
from longdoc.protocols import Limits


def attachments(data: bytes, name: str, limits: Limits) -> list[tuple[str, bytes]]:
    """Name and content of each embedded file that can be read whole.

    Raises: DamagedError, EncryptedError; LimitError where one is larger than a file may be.
    """
    package = Package(data, name)
    found = []
    for member, size in package.embedded():
        if size > limits.file_size:
            raise LimitError(f"{name}: the embedded file {member} has {size} bytes, the limit is {limits.file_size}; raise max_file_size")
        content, whole = package.content(member)
        if whole:
            found.append((posixpath.basename(member), content))
    return found
