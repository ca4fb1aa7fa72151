"""A Word file as a package of XML parts (ECMA-376, part 2), read as far as it goes.

The strict namespaces are read as the transitional ones. A part that is cut off or not well-formed is read up to there, with a warning;
relationships that lead out of the file are never followed.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from typing import Any

from lxml import etree

from longdoc.errors import DamagedError, EncryptedError, LimitError

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
LARGEST_UNPACKED = 1 << 30
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", b"http://schemas.openxmlformats.org/officeDocument/2006/math"),
)
_UNPACKING = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
_READ = 1 << 16
_PROPERTIES = {"title": "title", "creator": "author", "created": "created", "modified": "modified"}


class Package:
    """The parts of a file; `warnings` says which of them could not be read whole.

    Raises: EncryptedError, LimitError, DamagedError when it is opened.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.warnings: list[str] = []
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except _UNPACKING as error:
            raise DamagedError(f"{name}: a damaged DOCX file ({error}); get the file again or save it anew") from error
        members = self._archive.infolist()
        if any(member.flag_bits & 1 for member in members):
            raise EncryptedError(f"{name}: an encrypted DOCX; open it in Word and save it without password")
        size = sum(member.file_size for member in members)
        if size > LARGEST_UNPACKED:
            raise LimitError(f"{name}: unpacks to {size} bytes, the limit is {LARGEST_UNPACKED}; save it anew without large pictures")
        self._names = {member.filename.lstrip("/").lower(): member.filename for member in members}
        self.document_name = self._main()
        self._relations = self._relations_of(self.document_name)

    def document(self) -> Any:
        """The root of the main part. Raises: DamagedError if nothing of it can be read."""
        root = self.xml(self.document_name)
        if root is None or root.find(W + "body") is None:
            raise DamagedError(
                f"{self.name}: not readable as DOCX ({self.document_name} holds no document); open it in Word and save it anew"
            )
        return root

    def part(self, kind: str) -> Any | None:
        """The root of the part that the document is related to as `kind` ("styles", "footnotes"), None where there is none."""
        target = next((target for _, (related, target) in self._relations.items() if related == kind), None)
        return None if target is None else self.xml(target)

    def related(self, identifier: str | None) -> Any | None:
        """The root of the part with this relationship id."""
        found = self._relations.get(identifier or "")
        return None if found is None else self.xml(found[1])

    def properties(self) -> dict[str, str]:
        """Title, author and dates that the file states."""
        target = next((one for one in ("docprops/core.xml",) if one in self._names), None)
        root = None if target is None else self.xml(target)
        found = {}
        for element in () if root is None else root.iter():
            key = _PROPERTIES.get(etree.QName(element).localname) if isinstance(element.tag, str) else None
            if key and element.text and element.text.strip():
                found[key] = " ".join(element.text.split())
        return found

    def embedded(self) -> list[tuple[str, int]]:
        """Name and size of the files in it that are no part of the document's own."""
        return [
            (real, self._archive.getinfo(real).file_size)
            for lower, real in sorted(self._names.items())
            if "/embeddings/" in f"/{lower}" and not lower.endswith("/")
        ]

    def xml(self, target: str) -> Any | None:
        """The root of a part, None where it is not there or nothing of it can be read."""
        real = self._names.get(target.lstrip("/").lower())
        if real is None:
            return None
        content, whole = self.content(real)
        for strict, transitional in _STRICT:
            content = content.replace(strict, transitional)
        try:
            return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        except (etree.XMLSyntaxError, ValueError):
            whole = False
        try:
            root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=True))
        except (etree.XMLSyntaxError, ValueError):
            root = None
        if not whole:
            self._warn(f"the part {real} is damaged; {'what could be read of it was read' if root is not None else 'it was left out'}")
        return root

    def content(self, real: str) -> tuple[bytes, bool]:
        """The bytes of a member as far as they go, and whether that is all of it."""
        parts: list[bytes] = []
        try:
            with self._archive.open(real) as member:
                while part := member.read(_READ):
                    parts.append(part)
        except _UNPACKING:
            return b"".join(parts), False
        return b"".join(parts), True

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _main(self) -> str:
        for kind, target in self._relations_of("").values():
            if kind == "officeDocument":
                return target
        return "word/document.xml"

    def _relations_of(self, part: str) -> dict[str, tuple[str, str]]:
        """Id -> (last word of the type, target inside the file) of a part's relationships."""
        folder, _, name = part.rpartition("/")
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for relation in () if root is None else root.iter(_RELATION):
            if relation.get("TargetMode") != "External":
                target = relation.get("Target", "")
                inside = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                found[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], inside)
        return found
