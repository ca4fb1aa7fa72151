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
    """A search result; `rank` counts from 1, `score` is between 0 and 1 and compares within one result list only; `answer` is the sentence
    or table row within `citation` that answers the query best, None where none does."""

    rank: int
    score: Score
    citation: Citation
    answer: Citation | None = None


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
