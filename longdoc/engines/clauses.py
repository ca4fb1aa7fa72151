"""Passages that carry a label, quoted by a language model and located; what the embedded model thinks of the same places is the score.

One request a label. Where the document fits whole, all of them begin with it, so that it is read once; where not, each shows the passages
that the embedded model finds likeliest for the label.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from longdoc.engines.assembly import SLACK, fits_whole, retrieve, whole
from longdoc.engines.writing import Checked, Writing, shortened
from longdoc.errors import GroundingError, UnansweredError
from longdoc.labels import Label, LabelSet
from longdoc.model.values import read_value
from longdoc.protocols import Request, Source
from longdoc.types import Citation, Clause, Span

WRITTEN = 2_048
"""Tokens that the clauses of a label may take."""
BOTH, ENGINE, ENCODER = 0.5, 0.5, 0.6
"""Scores: a passage that both find has BOTH + (1 - BOTH) p, p being the embedded model's probability; one that only the language model
quotes has ENGINE; one that only the embedded model finds ENCODER p. They order passages by agreement; they are not calibrated."""
LIKELIEST = 24
"""Candidates of a label whose surroundings are shown where the document does not fit."""


class Quoted(BaseModel):
    """A passage."""

    model_config = ConfigDict(extra="forbid")

    quote: str


class Found(BaseModel):
    """The passages of a label."""

    model_config = ConfigDict(extra="forbid")

    clauses: list[Quoted]


def extract(writing: Writing, source: Source, labels: LabelSet, embedded: Sequence[Clause]) -> list[Clause]:
    """The clauses of `labels`: those that the language model quotes and `embedded`, the embedded model's candidates.

    Raises: UnansweredError if a label got no answer.
    """
    document, count = source.document, writing.engine.count_tokens
    longest = max(labels.labels, key=lambda label: len(label.description) + len(label.name))
    room = writing.room("extract", document, WRITTEN, document="", label=longest.name, description=longest.description) - SLACK
    fits, reason = fits_whole(document, room, count)
    writing.chosen(document, "whole" if fits else "retrieve", reason)
    text = whole(document) if fits else ""
    requests: list[Request] = []
    for label in labels.labels:
        shown = text or retrieve([(source, surroundings(source, label, embedded))], room, count)[0]
        if not shown:
            raise UnansweredError(
                f"{document.path}: no passage fits into the {writing.engine.context_length:,} tokens of {writing.engine.name}"
            )
        places = {"document": shown, "label": label.name, "description": label.description}
        requests.append(writing.request("extract", document, Found, WRITTEN, **places))

    def check(number: int, answer: Any) -> Checked[Citation]:
        found = Checked[Citation]()
        for one in Found.model_validate(answer).clauses:
            try:
                found.kept.append(writing.locate(document, one.quote))
            except GroundingError as error:
                found.faults.append(f"the quote {shortened(one.quote)!r}: {error}")
        return found

    kept, rejected = writing.answers(requests, check, document.domain)
    writing.left_out(document, "quote", rejected)
    clauses = []
    for label, citations in zip(labels.labels, kept, strict=True):
        clauses += agreed(source, label, citations, [clause for clause in embedded if clause.label == label.name])
    return clauses


def surroundings(source: Source, label: Label, embedded: Sequence[Clause]) -> list[Span]:
    """The chunks that hold the label's likeliest candidates, best first; of a label without any, the chunks from the first on."""
    ranked = sorted((clause for clause in embedded if clause.label == label.name), key=lambda clause: -clause.score)[:LIKELIEST]
    chunks = [chunk.span for chunk in source.chunks]
    if not ranked:
        return chunks[:LIKELIEST]
    return list(dict.fromkeys(span for clause in ranked for span in chunks if span.overlaps(clause.citation.span)))


def agreed(source: Source, label: Label, citations: Sequence[Citation], embedded: Sequence[Clause]) -> list[Clause]:
    """One label's clauses, best first, scored by agreement; passages that overlap by half are one, the language model's."""
    clauses: list[Clause] = []
    met: set[int] = set()
    for span in dict.fromkeys(citation.span for citation in citations):
        same = [number for number, clause in enumerate(embedded) if shares_half(span, clause.citation.span)]
        met.update(same)
        score = BOTH + (1 - BOTH) * max(embedded[number].score for number in same) if same else ENGINE
        value = read_value(source.document, span, label.answer, label.name)
        clauses.append(Clause(label=label.name, score=round(score, 4), citation=source.document.cite(span), value=value, method="engine"))
    others = [clause for number, clause in enumerate(embedded) if number not in met]
    clauses += [clause.model_copy(update={"score": round(ENCODER * clause.score, 4)}) for clause in others]
    return sorted(clauses, key=lambda clause: -clause.score)


def shares_half(one: Span, other: Span) -> bool:
    """Whether two spans share half of the shorter one."""
    return 2 * (min(one.end, other.end) - max(one.start, other.start)) >= min(len(one), len(other))
