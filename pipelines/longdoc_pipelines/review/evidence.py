"""What is known of one document when its rules are judged: candidates and chances by label, and the documents that amend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from longdoc.labels import LabelSet
from longdoc.model.lasting import is_notice
from longdoc.model.matching import usual_sections
from longdoc.model.values import read_value
from longdoc.protocols import Chance, Reader
from longdoc.types import Citation, Clause, Document, Searched, Section, Value
from longdoc_pipelines.facts.filings import Filing, filing_of
from longdoc_pipelines.playbook.loading import Loaded
from longdoc_pipelines.playbook.schema import ValueKind
from longdoc_pipelines.review.lead_in import lead_in
from longdoc_pipelines.review.several import with_others

_LEFT_OUT = re.compile(r"\[\s*[*•●_]|\*\s?\*\s?\*|_{3}|\[\s*\]|\[\s*redacted", re.IGNORECASE)
MOST_PASSAGES = 4
"""Passages of a label that a verdict shows, apart from what introduces a list that they are items of."""
NEAR, SHOWN, SPEAKS = 0.5, 0.3, 0.2
"""A further passage has a say if its score is at least this share of the best one's; it is shown from the second share on, and from the
third its value is read where no better passage states one."""
MOST_USUAL = 3
"""Headings under which a passage of the label usually stands that are named where none was found."""
_OWN_KIND = ("Document Name", "Title")


@dataclass
class Evidence:
    """One document with the candidates for every label of a playbook. `amendments` are documents that change it, the latest first;
    `nameless` is one in which parties were looked for and none found."""

    document: Document
    clauses: Sequence[Clause]
    loaded: Loaded
    reader: Reader
    kind: str | None = None
    nameless: bool = False
    amends: str | None = None
    amendments: list[Evidence] = field(default_factory=list)

    @cached_property
    def _by_label(self) -> dict[str, list[Clause]]:
        found: dict[str, list[Clause]] = {}
        for clause in self.clauses:
            found.setdefault(clause.label.casefold(), []).append(clause)
        return {label: sorted(listed, key=lambda clause: -clause.score) for label, listed in found.items()}

    @cached_property
    def filing(self) -> Filing:
        """Which filing it is, if it is one."""
        return filing_of(self.document)

    def candidates(self, label: str) -> list[Clause]:
        """Everything that was found for a label, best first."""
        return self._by_label.get(label.casefold(), [])

    def chance(self, label: str) -> Chance:
        """How likely it is that the document has such a passage."""
        return self.reader.presence(self._set_of(label), label, self.candidates(label))

    def _set_of(self, label: str) -> LabelSet:
        own = self.loaded.own
        return own if own is not None and any(one.name.casefold() == label.casefold() for one in own.labels) else self.loaded.base

    def passages(self, label: str, near: float = NEAR) -> list[Clause]:
        """The passages that a verdict rests on: the best, and what comes `near` it, a share of its score."""
        listed = self.candidates(label)
        return [clause for clause in listed if clause.score >= near * listed[0].score][:MOST_PASSAGES]

    def shown(self, passages: Sequence[Clause]) -> list[Citation]:
        """What a verdict shows of `passages`: themselves, then what introduces the lists that they are items of."""
        documents = {one.document.id: one.document for one in (self, *self.amendments)}
        shown = [clause.citation for clause in passages]
        for citation in tuple(shown):
            document = documents[citation.document_id]
            opening = lead_in(document, citation.span)
            if opening is not None and not any(one.document_id == document.id and one.span.contains(opening) for one in shown):
                shown.append(document.cite(opening))
        return shown

    def left_out(self, label: str) -> bool:
        """Whether the best passage of a label has a blank, or something made unreadable: a figure that is not read may stand there."""
        return any(_LEFT_OUT.search(clause.text) for clause in self.candidates(label)[:1])

    def searched(self, label: str) -> Searched:
        """What was looked through in vain."""
        document, listed = self.document, self.candidates(label)
        usual = usual_sections(document, self._set_of(label).label(label))
        return Searched(
            sections=len(document.sections),
            pages=len(document.pages) or None,
            unread=self.unread,
            usual=tuple(heading(document, section) for section in usual[:MOST_USUAL]),
            nearest=listed[0].citation if listed else None,
            score=listed[0].score if listed else 0.0,
        )

    @property
    def unread(self) -> tuple[int, ...]:
        """Pages that hold no text that could be read."""
        return tuple(page.number for page in self.document.pages if not page.has_text)


def heading(document: Document, section: Section) -> str:
    """`Item 9A. Controls and Procedures (page 64)`."""
    page = document.page_at(section.heading.start)
    title = " ".join(f"{section.number or ''} {section.title}".split())
    return title if page is None else f"{title} (page {page.number})"


def values_of(document: Document, passages: Sequence[Clause], kind: ValueKind, name: str) -> list[Value]:
    """The value of that kind that each of the passages states, where it states one, and behind it those that the passage states beside
    it; `name` tells a period of notice from a term. Where the first is a period of notice, another that is none states no other."""
    found: list[Value] = []
    for clause in passages:
        hint = f"{name.replace('_', ' ')} {clause.label}"
        value = clause.value if clause.value is not None and clause.value.kind == kind else None
        value = value or read_value(document, clause.citation.span, kind, hint)
        if value is None:
            continue
        of_notice = kind == "duration" and "notice" in hint.casefold()
        if not (found and of_notice and _is_notice(document, found[0]) and not _is_notice(document, value)):
            found += with_others(document, clause.citation.span, value)
    return found


def _is_notice(document: Document, value: Value) -> bool:
    span = value.citation.span
    return is_notice(document.text, span.start, span.end)
