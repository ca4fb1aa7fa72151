"""What a reader or a language model says of documents, each with the places that it rests on; and what became of a file."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from longdoc.types.documents import Citation, Domain, Record, Score


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


class Inserted(Record):
    """Words in brackets that a statement has and its quote has not: `start` to `end` of the statement's text, brackets included, and the
    place in the document that they come from."""

    start: int
    end: int
    citation: Citation


class Statement(Record):
    """A sentence of a summary or an answer, the topic that it serves, and what it rests on; `others` where it rests on several places,
    `inserted` what was put into its text so that it can stand alone, in order."""

    text: str
    citation: Citation
    others: tuple[Citation, ...] = ()
    topic: str | None = None
    score: float = 0.0
    inserted: tuple[Inserted, ...] = ()

    @property
    def own_words(self) -> str:
        """The text without what was put into it."""
        text = self.text
        for one in reversed(self.inserted):
            text = text[: one.start].rstrip() + text[one.end :]
        return text


class Earlier(Record):
    """A figure as it is printed in a statement of accounts, its normalised form ("USD 1500000", scale applied), the period or day that its
    column heads, and its cell."""

    value: str
    normalised: str
    period: str | None = None
    citation: Citation


class KeyFact(Record):
    """A fact that a person looks for first: "Governing law", "New York".

    `value` is how the document says it, `normalised` its form for machines (ISO 8601 dates and durations, "USD 1500000"), None where it
    has none; `kind` is as in Value, "figure" for one from a statement of accounts, which has its `period`, and the year `before` with the
    `change` since then in percent, None where there is no figure for it or the sign changed. `others` are more places that say the same.
    """

    name: str
    value: str
    normalised: str | None = None
    kind: Literal["date", "duration", "amount", "percentage", "number", "party", "jurisdiction", "text", "figure", "link"] = "text"
    citation: Citation
    others: tuple[Citation, ...] = ()
    period: str | None = None
    before: Earlier | None = None
    change: float | None = None


class Coverage(Record):
    """What a summary was made from, and what not: `tokens` read of how many `pages` (None where the format has none); pages without any
    text, and pages read by OCR; the `language` where it is not English, which the shipped model does not read well; the parts of which no
    sentence is ever quoted (contents, references, signatures ...); and the heading of the only `section` looked at, if one was named."""

    tokens: int
    pages: int | None = None
    pages_without_text: tuple[int, ...] = ()
    pages_by_ocr: tuple[int, ...] = ()
    language: str | None = None
    unquoted: tuple[str, ...] = ()
    section: str | None = None


class Summary(Record):
    """A summary of one document: statements in reading order, each cited; `note` says what a reader must know of it; `rejected` counts
    sentences that a language model wrote and that were left out, because no place in the document bears them out. `facts` are what its
    kind of document is looked up for, `coverage` is what was read."""

    document_id: str
    path: str
    title: str | None
    domain: Domain
    sentences: tuple[Statement, ...]
    note: str | None = None
    rejected: int = 0
    facts: tuple[KeyFact, ...] = ()
    coverage: Coverage | None = None


class FactRow(Record):
    """A document of a FactTable: its facts by name, as many as there are."""

    path: str
    title: str | None
    facts: dict[str, tuple[KeyFact, ...]]


class FactTable(Record):
    """Documents of one kind by the names of their key facts, in the order in which a person wants them."""

    domain: Domain
    names: tuple[str, ...]
    rows: tuple[FactRow, ...]


class Overview(Record):
    """What a folder holds: a statement over several documents, with the citations that it rests on; `topic` says of what kind it is, and
    the statement that tells which documents there are has the `table` of their facts."""

    text: str
    citations: tuple[Citation, ...]
    topic: Literal["documents", "difference", "outlier", "told"] = "documents"
    table: FactTable | None = None


class RowCell(Record):
    """A figure of a table's row: the heading of its column, its text, and its value in whole units of `unit` (a currency), None where it is
    no amount; `scale` is what the figure in the text was multiplied with."""

    heading: str
    text: str
    value: str | None = None
    unit: str | None = None
    scale: int = 1


class TableRow(Record):
    """A row of a table as it is read: its label with those that it stands under, and its cells with the headings of their columns."""

    label: str
    cells: tuple[RowCell, ...]


class Passage(Record):
    """A search result; `rank` counts from 1, `score` is between 0 and 1 and compares within one result list only; `answer` is the sentence
    or table row within `citation` that answers the query best, None where none does, and `row` what the columns of such a row are."""

    rank: int
    score: Score
    citation: Citation
    answer: Citation | None = None
    row: TableRow | None = None


AnswerKind = Literal["amount", "percentage", "ratio", "days", "date", "duration", "party", "jurisdiction", "yes_no", "list", "text"]


class Part(Record):
    """A figure that an answer is made of: the line that it stands in, its period, its value in whole units, and the place of the figure
    and of the line's name."""

    name: str
    period: str
    value: str
    unit: str | None = None
    citation: Citation
    label: Citation


class Answer(Record):
    """An answer to a question; when `found` is false, `text` says so and there are no passages; `rejected` as in Summary.

    `kind` says what the answer is where the question asks for something definite, None where it is the passages alone; `value` is then its
    normalised form (a plain number, percentages in percent; ISO 8601; "yes" or "no"), `unit` what a number counts (a currency, "percent",
    "times", "days"), `period` what it is of, and `calculation` how it was reckoned from `parts`.
    """

    question: str
    found: bool
    text: str
    passages: tuple[Passage, ...] = ()
    rejected: int = 0
    kind: AnswerKind | None = None
    value: str | None = None
    unit: str | None = None
    period: str | None = None
    calculation: str | None = None
    parts: tuple[Part, ...] = ()


class Filled(Record):
    """A user's form filled in from one document: `value` is an instance of the user's model, or an object; `citations` gives the place of
    every value in it by JSON pointer ("/fee", "/rows/0/year"); `rejected` counts values that no place bears out."""

    document_id: str
    path: str
    value: Any
    citations: dict[str, Citation]
    rejected: int = 0


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
    details: dict[str, Any] = Field(default_factory=dict)
