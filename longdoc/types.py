"""The records that flow through longdoc: Document -> Chunk -> (Clause | Statement | Passage) -> Finding.

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


class Value(Record):
    """A value read from a clause: its kind, its normalised form (ISO 8601 for dates and durations) and its own quote."""

    kind: Literal["date", "duration", "amount", "percentage", "number", "party", "jurisdiction", "yes_no", "text"]
    normalised: str
    citation: Citation


class Clause(Record):
    """A passage that carries a label of a label set, with a calibrated probability.

    `method` says how the label was found: "trained" (weights learnt for this label), "matched" (structure and
    vectors against the label's description, nothing was trained), "engine" (a language model quoted it).
    """

    label: str
    score: Score
    citation: Citation
    value: Value | None = None
    method: Literal["trained", "matched", "engine"] = "trained"

    @property
    def text(self) -> str:
        """The clause's exact characters."""
        return self.citation.quote


class Statement(Record):
    """A sentence of a summary or an answer, the topic that it serves, and what it rests on; `others` where it rests on several places."""

    text: str
    citation: Citation
    others: tuple[Citation, ...] = ()
    topic: str | None = None
    score: float = 0.0


class Summary(Record):
    """A summary of one document: statements in reading order, each cited; `note` says what a reader must know of it; `rejected` counts
    sentences that a language model wrote and that were left out, because no place in the document bears them out."""

    document_id: str
    path: str
    title: str | None
    domain: Domain
    sentences: tuple[Statement, ...]
    note: str | None = None
    rejected: int = 0


class Overview(Record):
    """What a folder holds: statements over several documents, each with the citations that it rests on."""

    text: str
    citations: tuple[Citation, ...]


class Passage(Record):
    """A search result; `rank` counts from 1, `score` is between 0 and 1 and compares within one result list only."""

    rank: int
    score: Score
    citation: Citation


class Answer(Record):
    """An answer to a question; when `found` is false, `text` says so and there are no passages; `rejected` as in Summary."""

    question: str
    found: bool
    text: str
    passages: tuple[Passage, ...] = ()
    rejected: int = 0


class Filled(Record):
    """A user's form filled in from one document: `value` is an instance of the user's model, or an object; `citations` gives the place of
    every value in it by JSON pointer ("/fee", "/rows/0/year"); `rejected` counts values that no place bears out."""

    document_id: str
    path: str
    value: Any
    citations: dict[str, Citation]
    rejected: int = 0


Verdict = Literal["compliant", "fallback", "violation", "missing", "not_applicable", "needs_review"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Position = Literal["preferred", "fallback", "walk_away"]


class Searched(Record):
    """What was looked through for a clause: sections, pages (None where the format has none) and those of them that hold no text that
    could be read; `nearest` is the passage that came closest, `score` its probability."""

    sections: int
    pages: int | None
    unread: tuple[int, ...] = ()
    nearest: Citation | None = None
    score: Score = 0.0


class Correction(Record):
    """A person's verdict in place of the machine's `was`, or in agreement with it: who, when (ISO 8601, UTC), and why.

    `rule_version` is that of the rule that was looked at: once the rule changes, the correction stands but is shown as one of an
    earlier rule. `citation` is the passage that the person points at, if any; `playbook` is the name of the rule's.
    """

    document_id: str
    path: str
    rule: str
    rule_version: str
    verdict: Verdict
    was: Verdict
    by: Annotated[str, Field(min_length=1)]
    at: str
    note: str = ""
    citation: Citation | None = None
    playbook: str = ""


class Finding(Record):
    """The verdict of one rule of a playbook on one document.

    `confidence` is the probability that the verdict is right. `test` is the test that decided, as the playbook writes it; `position`
    the rule's position that the wording fits, `likeness` how well (0 to 1); `searched` is there where nothing was found. `leans` is the
    likeliest verdict where a person is to decide. `amended_by` names the document whose clause overrides this one's. `worth` orders the
    queue of what a person should look at: the chance that the machine is wrong, times what that would cost. `machine` is the verdict
    before a person's `correction`.
    """

    document_id: str
    path: str
    rule: str
    title: str = ""
    rule_version: str = ""
    verdict: Verdict
    severity: Severity
    confidence: Score
    citations: tuple[Citation, ...] = ()
    values: tuple[Value, ...] = ()
    reason: str = ""
    test: str | None = None
    position: Position | None = None
    likeness: Score | None = None
    searched: Searched | None = None
    leans: Verdict | None = None
    amended_by: str | None = None
    waiver: str | None = None
    correction: Correction | None = None
    machine: Verdict | None = None
    worth: Score = 0.0
    model: str = ""

    @property
    def failed(self) -> bool:
        """Whether the document breaks the rule: a violation, or a clause that is missing."""
        return self.verdict in ("violation", "missing")


class Review(Record):
    """One document against a playbook: a finding for every rule, in the playbook's order.

    `kind` is what the document calls itself ("Services Agreement"); `amends` and `amended_by` are paths of documents in the same run.
    """

    document_id: str
    path: str
    title: str | None
    kind: str | None = None
    domain: Domain
    format: str
    pages: int | None
    amends: str | None = None
    amended_by: tuple[str, ...] = ()
    findings: tuple[Finding, ...]


class Change(Record):
    """How a finding differs from that of the last run: `new` (it fails now, and did not or was not there), `fixed` (it failed), `changed`
    (another verdict otherwise); `before` is None where the document or the rule was not there."""

    path: str
    rule: str
    kind: Literal["new", "fixed", "changed"]
    before: Verdict | None
    after: Verdict | None


class Edit(Record):
    """Words that differ between two versions of a passage: their range in each document's text, None where they are in the other alone."""

    before: Span | None
    after: Span | None


class ChangedValue(Record):
    """A value that two versions of a passage state differently, None where one does not state it."""

    before: Value | None
    after: Value | None


class Difference(Record):
    """In what two documents differ: a passage `added` (no `before`), `removed` (no `after`), `moved` as it was, or `changed` in the words
    of `edits`; a changed passage that also stands elsewhere says so by `moved`."""

    kind: Literal["added", "removed", "moved", "changed"]
    before: Citation | None
    after: Citation | None
    edits: tuple[Edit, ...] = ()
    values: tuple[ChangedValue, ...] = ()
    moved: bool = False


class Comparison(Record):
    """Two versions of a document: differences in the order of the later one, and the share of all words that both have alike (0 to 1)."""

    before: str
    after: str
    same: Score
    differences: tuple[Difference, ...]


class Outcome(Record):
    """What became of one input file: `reason` is a sentence for a person, None when all is well."""

    path: str
    outcome: Literal["ok", "partial", "failed", "skipped"]
    stage: str
    reason: str | None = None
    pages: int | None = None
    tokens: int | None = None
    document_id: str | None = None
    cached: bool = False
    details: dict[str, Any] = {}
