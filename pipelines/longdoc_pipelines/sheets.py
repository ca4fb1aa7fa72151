"""What search shows of a document and asks of it, kept as a result of its own: so that a query decodes no document.

A sheet has the words of every chunk, the page, section and headings that it stands under, the chunks of the financial statements, and
the document's date. It is made when a document is ingested; one that is missing (an older corpus) is made when it is first asked for.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longdoc.errors import StoreError
from longdoc.types import Chunk, Citation, Document, Span
from longdoc_pipelines.dated import DATED_VERSION, document_date
from longdoc_pipelines.keys import result_key
from longdoc_pipelines.statements import STATEMENTS_VERSION, Kind, statement_pages

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

SHEET_VERSION = 1
"""Changes whenever the code could make another sheet of the same document."""
WIDEST_GAP = 400
"""Characters between two chunks that are kept, so that both can be quoted as one."""
NO_SECTION = -1
KEPT = 64
"""Sheets that stay in memory: of annual reports some 100 MB."""


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk: its place in the text, section (NO_SECTION: none), page, its printed label, the characters of the chunk, those between it
    and the next one (None: too many, or it is the last), whether it is a table, and the headings of sections that begin inside it."""

    start: int
    end: int
    section: int
    page: int | None
    label: str | None
    quote: str
    gap: str | None
    table: bool
    inside: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What search needs of a document."""

    rows: tuple[Row, ...]
    headings: tuple[tuple[str, ...], ...]
    """The heading path of every section that a row names, by its number."""
    statements: Mapping[Kind, tuple[int, ...]]
    """Chunks on the page of each financial statement."""

    def heading_path(self, row: Row) -> tuple[str, ...]:
        """The headings that a chunk stands under."""
        return () if row.section == NO_SECTION else self.headings[row.section]

    def cite(self, entry: Entry, first: int, last: int) -> Citation:
        """The citation of the chunks from `first` to `last`, between which no gap may be None."""
        rows = self.rows[first : last + 1]
        quote = "".join(part for row in rows[:-1] for part in (row.quote, row.gap or "")) + rows[-1].quote
        return self.part(entry, rows[0], Span(start=rows[0].start, end=rows[-1].end), quote)

    def part(self, entry: Entry, row: Row, span: Span, quote: str) -> Citation:
        """The citation of a stretch that begins in the chunk `row`."""
        return Citation(
            document_id=entry.document_id,
            path=entry.path,
            span=span,
            quote=quote,
            page=row.page,
            page_label=row.label,
            heading_path=self.heading_path(row),
        )


def make_sheet(document: Document, chunks: Sequence[Chunk]) -> Sheet:
    """The sheet of a document."""
    numbers: dict[tuple[int, tuple[str, ...]], int] = {}
    headings = sorted((section.heading.start, " ".join(filter(None, (section.number, section.title)))) for section in document.sections)
    rows = []
    for chunk, following in zip(chunks, (*chunks[1:], None), strict=True):
        start, end = chunk.span.start, chunk.span.end
        section, page = document.section_at(start), document.page_at(start)
        gap = document.text[end : following.span.start] if following is not None and following.span.start - end <= WIDEST_GAP else None
        path = document.heading_path(start)
        number = NO_SECTION if section is None else numbers.setdefault((section.index, path), len(numbers))
        inside = headings[bisect_left(headings, (start, "")) : bisect_left(headings, (end, ""))]
        rows.append(
            Row(
                start=start,
                end=end,
                section=number,
                page=page.number if page else None,
                label=page.label if page else None,
                quote=document.quote(chunk.span),
                gap=gap,
                table=chunk.kind == "table",
                inside=tuple(heading for _, heading in inside),
            )
        )
    pages = statement_pages(document) if document.domain == "financial" else {}
    statements = {
        kind: tuple(index for index, row in enumerate(rows) if page.span.start <= row.start < page.span.end) for kind, page in pages.items()
    }
    return Sheet(tuple(rows), tuple(path for _, path in numbers), statements)


class Sheets:
    """The sheets of a corpus; those read last stay in memory."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._known: dict[str, Sheet] = {}
        self._lock = threading.Lock()

    def __getitem__(self, entry: Entry) -> Sheet:
        key = entry.document_key
        with self._lock:
            sheet = self._known.pop(key, None)
        if sheet is None:
            stored = self._corpus.result(_sheet_key(key))
            sheet = _decoded(stored) if stored is not None else self._made(entry)
        with self._lock:
            self._known[key] = sheet
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
        return sheet

    def dates(self, entries: Sequence[Entry]) -> dict[str, str | None]:
        """Document key -> the date that the document bears, None where it is unknown."""
        stored = self._corpus.results_of(_dated_kind())
        for entry in entries:
            if entry.document_key not in stored:
                self._made(entry)
                stored[entry.document_key] = document_date(self._corpus.document(entry)) or ""
        return {entry.document_key: stored[entry.document_key] or None for entry in entries}

    def _made(self, entry: Entry) -> Sheet:
        document, chunks = self._corpus.document(entry), self._corpus.chunks(entry)
        with suppress(StoreError):  # derived: where nothing can be written, the next search makes it again
            Kept.of(document, chunks).put(self._corpus, entry.document_key)
        return make_sheet(document, chunks)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored of a document for search: its sheet as JSON, and the date that it bears, "" where it is unknown."""

    sheet: str
    date: str

    @classmethod
    def of(cls, document: Document, chunks: Sequence[Chunk]) -> Kept:
        """Made from a document and its chunks."""
        return cls(_encoded(make_sheet(document, chunks)), document_date(document) or "")

    def put(self, corpus: Corpus, key: str) -> None:
        """Store it under the document's key. Raises: StoreError."""
        corpus.put_result(_sheet_key(key), key, "sheet", self.sheet)
        corpus.put_result(result_key(_dated_kind(), key), key, _dated_kind(), self.date)


def _sheet_key(key: str) -> str:
    return result_key("sheet", SHEET_VERSION, STATEMENTS_VERSION, key)


def _dated_kind() -> str:
    return f"dated{DATED_VERSION}"


def _encoded(sheet: Sheet) -> str:
    rows = [[row.start, row.end, row.section, row.page, row.label, row.quote, row.gap, row.table, row.inside] for row in sheet.rows]
    return json.dumps({"rows": rows, "headings": sheet.headings, "statements": sheet.statements}, separators=(",", ":"))


def _decoded(stored: str) -> Sheet:
    parts = json.loads(stored)
    return Sheet(
        rows=tuple(Row(*row) for row in parts["rows"]),
        headings=tuple(tuple(path) for path in parts["headings"]),
        statements={kind: tuple(chunks) for kind, chunks in parts["statements"].items()},
    )
