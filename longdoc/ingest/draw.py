"""Pictures of pages, drawn in a worker: to draw a page its fonts and images are decoded, which a parser of text never does."""

from __future__ import annotations

from longdoc.errors import LimitError, UsageError
from longdoc.ingest.parse import DEFAULT_LIMITS
from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.protocols import Job, Limits
from longdoc.types import Document, Span

RENDER = "longdoc.ingest.render:render_page"


class PagePictures:
    """Draws pages in a process that is kept between calls. A context manager; after `close` the next call starts another."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._executor: ProcessExecutor | None = None

    def __enter__(self) -> PagePictures:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def draw(self, path: str, document: Document, span: Span, *, password: str | None = None, scale: float = 2.0) -> bytes:
        """A PNG picture of the page on which the span begins, with the span marked; `scale` is pixels a point.

        Raises: as `render_page`; LimitError, DamagedError where the page cannot be drawn within the limits.
        """
        if span.end > len(document.text):
            raise UsageError(f"{path}: {span.start}-{span.end} reaches past the text (the document has {len(document.text)} characters)")
        if self._executor is None:
            self._executor = ProcessExecutor(1, self._limits)
        job = Job("page", {"path": path, "document": _needed(document), "span": span, "password": password, "scale": scale})
        (done,) = self._executor.map(RENDER, [job])
        if done.error is None:
            return bytes(done.value)
        if isinstance(done.error, LimitError):
            raise LimitError(f"{done.error} (its page was to be drawn)") from done.error
        raise done.error

    def close(self) -> None:
        """End the process."""
        if self._executor is not None:
            self._executor.close()
            self._executor = None


def draw_page(path: str, document: Document, span: Span, *, password: str | None = None, scale: float = 2.0) -> bytes:
    """One picture, as `PagePictures.draw`; for several that class starts fewer processes."""
    with PagePictures() as pictures:
        return pictures.draw(path, document, span, password=password, scale=scale)


def _needed(document: Document) -> Document:
    """What the place of a span is computed from; the rest need not travel."""
    return document.model_copy(update={name: () for name in ("blocks", "sections", "definitions", "references", "tables", "asides")})
