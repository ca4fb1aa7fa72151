"""A summary that a language model writes, from a document of any length: parts are read one by one, and what they hold is put together.

Parts follow the sections and are read side by side, each with a running summary of what comes before it, which the embedded model gives.
Every sentence carries its places in the document through all levels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from longdoc.engines.assembly import SLACK, Part, before, fits_whole, tree
from longdoc.engines.writing import Checked, Said, Writing
from longdoc.errors import EmptyFileError, UnansweredError
from longdoc.model.hostile import neutralised
from longdoc.model.plans import PLANS
from longdoc.protocols import Source
from longdoc.types import Citation, Document, Statement, Summary

WRITTEN = 1_536
"""Tokens that a request may write."""
LONGEST_PART = 8_000
"""Tokens of a part: of longer ones models leave out the middle (https://arxiv.org/abs/2307.03172)."""
LEAST_ROOM = 256
_RUNNING = 8
"""Earlier parts that a part is told of."""
_SURPLUS = 1.5
"""Statements that are asked of the parts for one of the summary."""


class Statements(BaseModel):
    """What a model says of a part."""

    model_config = ConfigDict(extra="forbid")

    statements: list[Said]


class Sourced(BaseModel):
    """A sentence with the numbers of the statements that it rests on."""

    model_config = ConfigDict(extra="forbid")

    text: str
    sources: Annotated[list[int], Field(min_length=1, max_length=3)]


class Combined(BaseModel):
    """What a model makes of statements."""

    model_config = ConfigDict(extra="forbid")

    statements: list[Sourced]


@dataclass(frozen=True)
class Grounded:
    """A sentence and its places, the first that of its beginning."""

    text: str
    citations: tuple[Citation, ...]


def summarize(writing: Writing, source: Source, sentences: int | None, focus: str | None = None) -> Summary:
    """A summary of at most `sentences` sentences (default: by the document's length), every one with its places; about `focus` alone where
    that is given.

    Raises: EmptyFileError for a document without text; UnansweredError if a part got no answer or none fits the model's context.
    """
    document = source.document
    wanted = ", ".join(topic.name for topic in PLANS[document.domain].topics) or "what it is about"
    wanted = wanted if focus is None else f"only what it says of {focus}; leave out all else"
    room = writing.room("summarize", document, WRITTEN, before="", name="", part="", document="", wanted=wanted, most=99)
    room = min(LONGEST_PART, room - SLACK)
    if room < LEAST_ROOM:
        raise UnansweredError(
            f"{document.path}: {writing.engine.name} reads {writing.engine.context_length:,} tokens, too few for its prompts"
        )
    whole, reason = fits_whole(document, room, writing.engine.count_tokens)
    parts = tree(source, room if whole else room - _RUNNING * 64, writing.engine.count_tokens)
    writing.chosen(document, "whole" if whole else f"tree of {len(parts)} parts", reason)
    if not parts:
        raise EmptyFileError(f"{document.path}: has no text to summarize")
    most = sentences if sentences is not None else min(24, max(6, 2 * len(parts)))
    told, rejected = _mapped(writing, source, parts, wanted, most)
    level = 0
    while len(told) > most and level < 8:
        fewer, lost = _reduced(writing, document, told, wanted, most)
        rejected, level = rejected + lost, level + 1
        if len(fewer) >= len(told):
            break
        told = fewer
    told = told[:most]
    ordered = sorted(told, key=lambda one: one.citations[0].span.start)
    return Summary(
        document_id=document.id,
        path=document.path,
        title=document.title,
        domain=document.domain,
        sentences=tuple(Statement(text=one.text, citation=one.citations[0], others=one.citations[1:]) for one in ordered),
        note=_note(writing, document, parts, rejected),
        rejected=rejected,
    )


def _mapped(writing: Writing, source: Source, parts: Sequence[Part], wanted: str, most: int) -> tuple[list[Grounded], int]:
    """Statements about each part, in their order."""
    document, share = source.document, math.ceil(_SURPLUS * most / len(parts))
    requests = []
    for number, (part, earlier) in enumerate(zip(parts, before(source, parts, _RUNNING), strict=True), start=1):
        told = f"What came before, for orientation only:\n{earlier}\n" if earlier else ""
        text = neutralised(document.running(part.span))
        label = f"{number} of {len(parts)}"
        name = neutralised(document.path.rsplit("/", 1)[-1])
        about = {"before": told, "name": name, "part": label, "document": text, "wanted": wanted, "most": max(2, share)}
        requests.append(writing.request("summarize", document, Statements, WRITTEN, **about))

    def check(number: int, answer: Any) -> Checked[tuple[str, Citation]]:
        return writing.check(document, Statements.model_validate(answer).statements, parts[number].span)

    found, rejected = writing.answers(requests, check, document.domain)
    return [Grounded(text, (citation,)) for some in found for text, citation in some], rejected


def _reduced(writing: Writing, document: Document, told: Sequence[Grounded], wanted: str, most: int) -> tuple[list[Grounded], int]:
    """Fewer statements that say the most important of those, each with the places of all that it rests on."""
    room = writing.room("combine", document, WRITTEN, name="", statements="", wanted=wanted, most=99) - SLACK
    batches: list[list[Grounded]] = [[]]
    used = 0
    for one in told:
        cost = writing.engine.count_tokens(one.text) + 8
        if batches[-1] and used + cost > min(room, LONGEST_PART):
            batches.append([])
            used = 0
        batches[-1].append(one)
        used += cost
    share = most if len(batches) == 1 else max(1, min(math.ceil(_SURPLUS * most / len(batches)), len(told) // (2 * len(batches))))
    requests = [
        writing.request(
            "combine", document, Combined, WRITTEN,
            name=neutralised(document.path.rsplit("/", 1)[-1]),
            statements="\n".join(f"[{number}] {neutralised(one.text)}" for number, one in enumerate(batch, start=1)),
            wanted=wanted,
            most=share,
        )
        for batch in batches
    ]  # fmt: skip

    def check(number: int, answer: Any) -> Checked[Grounded]:
        found = Checked[Grounded]()
        for one in Combined.model_validate(answer).statements:
            batch = batches[number]
            if not all(1 <= source <= len(batch) for source in one.sources):
                found.faults.append(f"the sources {one.sources} of {one.text[:80]!r}: there are statements 1 to {len(batch)}")
                continue
            places = {citation.span: citation for source in one.sources for citation in batch[source - 1].citations}
            citations = tuple(sorted(places.values(), key=lambda citation: citation.span.start))
            text = " ".join(one.text.split())
            reason = writing.unsupported(document, text, citations)
            if reason is None:
                found.kept.append(Grounded(text, citations))
            else:
                found.faults.append(f"the sentence {text[:80]!r}: {reason}")
        return found

    found, rejected = writing.answers(requests, check, document.domain)
    # A batch of which nothing can be used speaks with its own first statements.
    kept = [some or batch[:share] for some, batch in zip(found, batches, strict=True)]
    return [one for some in kept for one in some], rejected


def _note(writing: Writing, document: Document, parts: Sequence[Part], rejected: int) -> str:
    """How it was made, what was read, and what was left out."""
    read = f"in {len(parts)} parts" if len(parts) > 1 else "whole"
    seen = sum(any(part.span.overlaps(section.span) for part in parts) for section in document.sections)
    sections = f" ({seen} of {len(document.sections)} sections)" if document.sections else ""
    left = (
        f"; {rejected} {'sentence was' if rejected == 1 else 'sentences were'} left out, since no place bears them out" if rejected else ""
    )
    return f"Written by {writing.engine.name}, which read the document {read}{sections}{left}."
