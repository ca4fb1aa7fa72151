"""What the HTML report shows of a source: a picture of the page with the passage marked, or the text around the passage."""

from __future__ import annotations

import hashlib
import os
import re
from typing import IO, TYPE_CHECKING, Any

from longdoc.errors import InputError, UsageError
from longdoc.types import Citation, Document, Span
from longdoc_pipelines.reports.base import Heading

if TYPE_CHECKING:
    from pathlib import Path

WINDOW = 1500
"""Characters of text shown on each side of a passage."""
MOST_PAGES = 4
"""Pages of one passage that are shown as pictures; a passage that goes on is told with its quote."""
NAME = re.compile(r"[0-9a-f]{32}\.png")
NAME_LENGTH = 36


class Pictures:
    """The folder of page pictures; `written` is an unbuffered file for the names that this run writes."""

    def __init__(self, folder: Path, written: IO[bytes]) -> None:
        self.folder, self.written = folder, written
        self._began: int | None = None
        self._made_folder = False

    def name(self, document_id: str, page: int, span: Span) -> str:
        """The name of a passage's picture on one page: a hash, so that nothing of a document's own name gets into a path."""
        key = f"{document_id}\n{page}\n{span.start}\n{span.end}"
        return f"{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.png"

    def has(self, name: str) -> bool:
        """Whether the picture is there, from this run or an earlier one; it is then kept by `sweep`."""
        self._begin()
        try:
            os.utime(self.folder / name)
        except FileNotFoundError:
            return False
        return True

    def write(self, name: str, content: bytes) -> None:
        """Write a picture whole or not at all."""
        self._begin()
        part = self.folder / f".{name}.part"
        self.written.write(name.encode())
        try:
            part.write_bytes(content)
            part.replace(self.folder / name)
        finally:
            part.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove pictures that were not asked for since this run began: no page shows them any more."""
        if not self.folder.is_dir():
            return
        for entry in os.scandir(self.folder):
            if NAME.fullmatch(entry.name) and (self._began is None or entry.stat(follow_symlinks=False).st_mtime_ns < self._began):
                os.unlink(entry.path)

    def discard(self) -> None:
        """Remove what this run wrote, and the folder if this run made it."""
        self.written.seek(0)
        while name := self.written.read(NAME_LENGTH):
            (self.folder / name.decode()).unlink(missing_ok=True)
        if self._made_folder and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _begin(self) -> None:
        """Make the folder, and ask the clock of its file system for the time."""
        if self._began is not None:
            return
        if not self.folder.is_dir():
            self.folder.mkdir()
            self._made_folder = True
        clock = self.folder / ".began"
        clock.touch()
        self._began = clock.stat().st_mtime_ns
        clock.unlink()


class Sources:
    """The sources of one document's findings: `cite` says where a passage can be seen, `texts` gives the text that it needs for that."""

    def __init__(self, heading: Heading, pictures: Pictures) -> None:
        self._heading, self._pictures = heading, pictures
        self._opened: dict[str, Document] = {}
        self._windows: dict[str, list[tuple[int, int]]] = {}

    def cite(self, citation: Citation) -> dict[str, Any]:
        """The citation with its `pictures` (names of files, one a page that it stands on) or the place of its text in `texts` (`text`);
        `trouble` says what hinders it."""
        said: dict[str, Any] = {
            "path": citation.path,
            "start": citation.span.start,
            "end": citation.span.end,
            "quote": citation.quote,
            "page": citation.page,
            "label": citation.page_label,
            "section": citation.heading_path,
        }
        document = self._document(citation.path)
        if document.id != citation.document_id or document.quote(citation.span) != citation.quote:
            return said | {"trouble": "The document as it is stored now does not hold the quote at this place; review it again."}
        if citation.page is not None:
            said["down"] = _down(document, citation)
            try:
                pictures = [name for part in _parts(document, citation) if (name := self._picture(document, *part)) is not None]
            except InputError as error:  # the file was moved or changed since it was read; its text is still there
                said["trouble"] = f"The page cannot be shown: {error}"
            else:
                if pictures:
                    return said | {"pictures": pictures}
        ends = max(0, citation.span.start - WINDOW), min(len(document.text), citation.span.end + WINDOW)
        self._windows.setdefault(citation.path, []).append(ends)
        return said | {"text": list(self._windows).index(citation.path)}

    def texts(self) -> list[dict[str, Any]]:
        """Of each document that is shown as text: its length, and the stretches around passages as (start, text), none overlapping."""
        return [
            {
                "length": len(self._opened[path].text),
                "windows": [[start, self._opened[path].text[start:end]] for start, end in _joined(ends)],
            }
            for path, ends in self._windows.items()
        ]

    def _picture(self, document: Document, page: int, span: Span) -> str | None:
        """The name of the picture of a page with the passage on it marked; None for a format without pages."""
        name = self._pictures.name(document.id, page, span)
        if not self._has(name):
            content = self._heading.picture(document, span)
            if content is None:
                return None
            self._write(name, content)
        return name

    def _document(self, path: str) -> Document:
        if path not in self._opened:
            self._opened[path] = self._heading.document(path)
        return self._opened[path]

    def _has(self, name: str) -> bool:
        try:
            return self._pictures.has(name)
        except OSError as error:
            raise UsageError(f"{self._pictures.folder}: pictures cannot be kept there ({error.strerror}); name another --out") from error

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._pictures.write(name, content)
        except OSError as error:
            raise UsageError(f"{self._pictures.folder}: cannot be written ({error.strerror}); name another --out, or make room") from error


def _parts(document: Document, citation: Citation) -> list[tuple[int, Span]]:
    """The pages that a passage stands on, each with what of the passage begins there."""
    start, end = citation.span.start, citation.span.end
    first = [(citation.page or 1, citation.span)]
    later = [
        (page.number, Span(start=page.span.start, end=end))
        for page in document.pages
        if start < page.span.start < end and document.text[page.span.start : min(end, page.span.end)].strip()
    ]
    return (first + later)[:MOST_PAGES]


def _down(document: Document, citation: Citation) -> float:
    """How far down its page a passage stands, 0 to 1, by the text before it: near enough to scroll there."""
    page = document.page_at(citation.span.start)
    return 0.0 if page is None else round((citation.span.start - page.span.start) / max(1, len(page.span)), 3)


def _joined(ends: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, those that touch made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ends):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
