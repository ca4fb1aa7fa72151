"""A file as it was read: Document with its pages, blocks, sections and what stands beside its text; Chunk and Citation.

Every record is frozen. A Span is a half-open range of code points of its document's canonical text; pages, headings and
boxes are looked up from the span and never stored apart from it.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from longdoc.errors import GroundingError

Domain = Literal["legal", "financial", "research", "plain"]
BlockKind = Literal["heading", "paragraph", "list_item", "table", "code", "footnote", "contents", "furniture"]
AsideKind = Literal[
    "header", "footer", "page_number", "line_number", "watermark", "comment", "annotation", "insertion", "deletion", "form_field",
    "attachment", "fact",
]  # fmt: skip
Score = Annotated[float, Field(ge=0.0, le=1.0)]


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __getstate__(self) -> dict[Any, Any]:
        """The fields alone where all were given, as nearly always: pydantic's own state says much more, and workers send many records."""
        return self.__dict__ if self.__dict__.keys() == self.__pydantic_fields_set__ else super().__getstate__()

    def __setstate__(self, state: dict[Any, Any]) -> None:
        if "__dict__" not in state:
            state = {"__dict__": state, "__pydantic_fields_set__": set(state), "__pydantic_extra__": None, "__pydantic_private__": None}
        super().__setstate__(state)


class Span(Record):
    """A half-open range of code points, `0 <= start <= end`, in a document's canonical text."""

    start: Annotated[int, Field(ge=0)]
    end: int

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.end < self.start:
            raise ValueError(f"a span ends before it starts: {self.start}-{self.end}")
        return self

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Whether `other` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share at least one code point."""
        return max(self.start, other.start) < min(self.end, other.end)


class Page(Record):
    """A physical page, counted from 1, with the label that is printed on it or None; size in points (1/72 inch).

    `ocr` is the engine that read the page's picture, None where the file's own text was taken; `confidence` is how sure it was.
    """

    number: Annotated[int, Field(ge=1)]
    label: str | None = None
    span: Span
    width: float = 0.0
    height: float = 0.0
    has_text: bool = True
    ocr: str | None = None
    confidence: Score | None = None


class Block(Record):
    """A run of text that is one thing on the page: a heading (with its level, 1 = highest), a paragraph, a table ...

    Blocks are in reading order and do not overlap. `furniture` is text that is not part of the running text (a
    page number or a repeated footer that a plain text file carries) and `contents` a table of contents; neither is ever read, scored or
    quoted. A `footnote` stands after the paragraph that it interrupts on the page.
    """

    kind: BlockKind
    span: Span
    level: int | None = None

    @property
    def running(self) -> bool:
        """Whether it is part of the running text: what is read, scored and quoted."""
        return self.kind not in ("furniture", "contents")


class Aside(Record):
    """What a file holds beside its running text.

    `text` is its words; `span` where they stand in the canonical text, None if they do not (a running header, a comment, a deletion);
    `anchor` the offset that it hangs on. `name` is that of a form field, an attached file or an XBRL concept, `author` and `date` (ISO
    8601) say whose a comment or change is; `attributes` are what else its kind has, as strings. `source` (PDF only) names its characters
    by rows of (page, index, length) as in `Document.source_map`, from which boxes are computed.
    """

    kind: AsideKind
    text: str
    page: int | None = None
    span: Span | None = None
    anchor: int | None = None
    name: str | None = None
    author: str | None = None
    date: str | None = None
    attributes: dict[str, str] = {}
    source: tuple[tuple[int, int, int], ...] = ()


class Table(Record):
    """A table in the canonical text: a line a row, a tab between cells.

    `cells` are rows of (row, column, rows spanned, columns spanned, start, end) in reading order, counted from 0; the first `header_rows`
    rows head the columns. `scale` is what its figures are to be multiplied with ("in millions": 1e6), `unit` what they count ("USD"),
    None where the table does not say. `indents` is how deep each row's label is indented, counted from 0; empty where none is or the format
    does not tell. `longdoc.tables` reads cells and figures from it.
    """

    span: Span
    cells: tuple[tuple[int, int, int, int, int, int], ...]
    header_rows: int = 0
    scale: float = 1.0
    unit: str | None = None
    caption: Span | None = None
    indents: tuple[int, ...] = ()


class Section(Record):
    """A node of the section tree; `parent` is an index into `Document.sections`, None at the top. `language` is an ISO 639-1 code where
    it is another than the document's."""

    index: int
    parent: int | None
    level: int
    number: str | None
    title: str
    heading: Span
    span: Span
    language: str | None = None


class Definition(Record):
    """A defined term and the sentence or clause that defines it; `scope` is the section that it holds in, None for the whole document."""

    term: str
    span: Span
    scope: int | None = None


class Reference(Record):
    """A cross-reference such as "Section 5.2" and the section it leads to, None where there is none."""

    span: Span
    text: str
    target: int | None = None


class Amended(Record):
    """The words by which a document says what it amends, with the title and date (ISO 8601) that it names there."""

    span: Span
    title: str | None = None
    date: str | None = None


class Document(Record):
    """One file's canonical text with its structure.

    For TXT and Markdown the text is the decoded file itself. `source_map` (PDF only) holds rows of
    (start, page, index, length): `length` code points from `start` on are the page's characters from `index` on, in
    the numbering of PDFium's text page; it is what boxes are computed from. `word_boxes` are those of pages read from a picture, as rows
    of (start, end, page, x0, y0, x1, y1), the origin at the top left. `amends` is there in a document that amends another.
    """

    id: str
    path: str
    format: str
    text: str
    title: str | None = None
    domain: Domain = "plain"
    language: str | None = None
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    metadata: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    source_map: tuple[tuple[int, int, int, int], ...] = ()
    word_boxes: tuple[tuple[int, int, int, float, float, float, float], ...] = ()
    tables: tuple[Table, ...] = ()
    asides: tuple[Aside, ...] = ()
    amends: Amended | None = None

    @cached_property
    def _page_starts(self) -> list[int]:
        return [page.span.start for page in self.pages]

    @cached_property
    def _section_starts(self) -> list[int]:
        return [section.span.start for section in self.sections]

    def quote(self, span: Span) -> str:
        """The exact characters of `span`."""
        return self.text[span.start : span.end]

    def running(self, span: Span | None = None) -> str:
        """The characters of `span` (default: of the whole text) but for what is no running text: page numbers, tables of contents."""
        parts = []
        start, end = (0, len(self.text)) if span is None else (span.start, span.end)
        for block in self.blocks:
            if not block.running and block.span.start < end and block.span.end > start:
                parts.append(self.text[start : max(start, block.span.start)])
                start = max(start, block.span.end)
        return "".join([*parts, self.text[start:end]])

    def page_at(self, offset: int) -> Page | None:
        """The page that the character at `offset` stands on, None where the format has no pages."""
        if not self.pages:
            return None
        return self.pages[max(0, bisect_right(self._page_starts, offset) - 1)]

    def section_at(self, offset: int) -> Section | None:
        """The innermost section that holds `offset`."""
        position = bisect_right(self._section_starts, offset) - 1
        section = self.sections[position] if position >= 0 else None
        while section is not None and not section.span.start <= offset < section.span.end:
            section = None if section.parent is None else self.sections[section.parent]
        return section

    def heading_path(self, offset: int) -> tuple[str, ...]:
        """Headings from the outermost section down to the one that holds `offset`, each as number and title."""
        path: list[str] = []
        section = self.section_at(offset)
        while section is not None:
            path.append(" ".join(part for part in (section.number, section.title) if part))
            section = None if section.parent is None else self.sections[section.parent]
        return tuple(reversed(path))

    def cite(self, span: Span) -> Citation:
        """A Citation of `span`.

        Raises: GroundingError if the span is empty, blank or reaches past the text.
        """
        quote = self.quote(span)
        if span.end > len(self.text) or not quote.strip():
            raise GroundingError(f"{self.path}: {span.start}-{span.end} holds no text (the document has {len(self.text)} characters)")
        page = self.page_at(span.start)
        return Citation(
            document_id=self.id,
            path=self.path,
            span=span,
            quote=quote,
            page=page.number if page else None,
            page_label=page.label if page else None,
            heading_path=self.heading_path(span.start),
        )


class Chunk(Record):
    """A stretch of a document, cut along its structure, that is indexed and read as one; chunks never overlap."""

    document_id: str
    index: int
    span: Span
    heading_path: tuple[str, ...] = ()
    kind: Literal["text", "table"] = "text"


class Citation(Record):
    """Where a statement comes from: `document.text[span.start:span.end] == quote`, checked when it is made."""

    document_id: str
    path: str
    span: Span
    quote: str
    page: int | None = None
    page_label: str | None = None
    heading_path: tuple[str, ...] = ()
