"""An answer that a language model writes, from one document whole or from the passages that were found; or "not found"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from longdoc.engines.assembly import SLACK, fits_whole, retrieve, whole
from longdoc.engines.writing import Checked, Said, Writing
from longdoc.errors import UnansweredError
from longdoc.model.answer import NOT_FOUND
from longdoc.protocols import Source
from longdoc.types import Answer, Citation, Document, Passage

WRITTEN = 1_024
"""Tokens that an answer may take."""


class Answered(BaseModel):
    """What a model answers."""

    model_config = ConfigDict(extra="forbid")

    found: bool
    sentences: list[Said]


def answer(writing: Writing, question: str, passages: Sequence[Passage], source: Callable[[str], Source]) -> Answer:
    """The answer to `question`, every sentence with the number of its place among the answer's passages.

    Raises: UnansweredError if the model gave none, or its context holds no passage.
    """
    nothing = Answer(question=question, found=False, text=NOT_FOUND)
    if not passages:
        return nothing
    sources = {path: source(path) for path in dict.fromkeys(passage.citation.path for passage in passages)}
    documents = [one.document for one in sources.values()]
    room = writing.room("ask", documents[0], WRITTEN, document="", question=question) - SLACK
    count = writing.engine.count_tokens
    fits, reason = fits_whole(documents[0], room, count) if len(documents) == 1 else (False, f"{len(documents)} documents")
    if fits:
        shown = whole(documents[0])
    else:
        found = [(one, [passage.citation.span for passage in passages if passage.citation.path == path]) for path, one in sources.items()]
        shown, places = retrieve(found, room, count)
        if not places:
            name, length = writing.engine.name, writing.engine.context_length
            raise UnansweredError(
                f"{documents[0].path}: no passage fits into the {length:,} tokens that {name} reads; use a longer context"
            )
        documents = [documents[number] for number in dict.fromkeys(number for number, _ in places)]
    for document in documents:
        writing.chosen(document, "whole" if fits else "retrieve", reason)
    request = writing.request("ask", documents[0], Answered, WRITTEN, document=shown, question=question)
    if len(documents) > 1:
        request = replace(request, document=None)

    def check(number: int, given: Any) -> Checked[tuple[str, Citation]]:
        parsed = Answered.model_validate(given)
        return _check(writing, documents, parsed.sentences) if parsed.found else Checked()

    (kept,), rejected = writing.answers([request], check, documents[0].domain)
    if not kept:
        return nothing.model_copy(update={"rejected": rejected})
    citations = list(dict.fromkeys((citation.path, citation.span.start, citation.span.end) for _, citation in kept))
    by_place = {(citation.path, citation.span.start, citation.span.end): citation for _, citation in kept}
    number_of = {place: number for number, place in enumerate(citations, start=1)}
    text = " ".join(f"{said} [{number_of[citation.path, citation.span.start, citation.span.end]}]" for said, citation in kept)
    cited = tuple(Passage(rank=number, score=1.0, citation=by_place[place]) for place, number in number_of.items())
    return Answer(question=question, found=True, text=text, passages=cited, rejected=rejected)


def _check(writing: Writing, documents: Sequence[Document], said: Sequence[Said]) -> Checked[tuple[str, Citation]]:
    """Each sentence by the first document that bears it out; if none does, with what is wrong by the first."""
    found = Checked[tuple[str, Citation]]()
    for one in said:
        tried = [writing.check(document, [one]) for document in documents]
        best = next((each for each in tried if each.kept), tried[0])
        found.kept.extend(best.kept)
        found.faults.extend(best.faults)
    return found
