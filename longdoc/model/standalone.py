"""Sentences that stand alone: who "Licensee", "It" or "We" is, put behind the word in brackets, from the document's own definitions.

    Licensee [Beta LLC] shall pay the royalties within thirty days.
    It [Acme Tools, Inc.] may end the licence at any time.
    This Agreement [Supply Agreement] is governed by the laws of Oregon.

Only what begins a sentence is told, and only where it is certain: a term that the contract gives to exactly one party, a pronoun whose
sentence before has one party for its subject and names no other, "we" in a filing whose registrant is known. Nothing is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from longdoc.model.parties import Party
from longdoc.types import Citation, Document, Inserted, Span, Statement

LONGEST = 70
"""Characters of a name that is put in."""
BEFORE = 600
"""Characters before a sentence in which the one before it is sought."""

_PRONOUN = re.compile(r"(?P<word>It|They|He|She)(?=\s+(?:\w+ly\s+)?(?:shall|will|may|must|is|are|has|have|agrees?|can|does|do|also)\b)")
_WE = re.compile(r"(?P<word>We|The Company|The Registrant|The Corporation)(?=[\s,])")
_THIS = re.compile(
    r"(?P<word>(?:This|The) (?P<what>(?:[A-Z][\w-]* ){0,3}(?:Agreement|Contract|Amendment|Lease|License|Addendum|Deed|JSMA)))(?=\s)"
)
_TITLED = re.compile(
    r"\b(?:[Tt]his|THIS)\s+(?P<title>(?:[A-Z][\w’'&/-]*,?\s+(?:(?:and|of|for|to|in)\s+)?){1,8}(?:Agreement|AGREEMENT|Contract|CONTRACT|Amendment|Lease|LEASE|License|LICENSE))\s*"
    r"(?:\([^()]{0,60}\)\s*)?\(\s*(?:this\s+|the\s+|hereinafter[^\"“”()]{0,30})?[\"“](?P<term>Agreement|Contract|Amendment|Lease|License|Addendum)[,.]?[\"”]"
)
_SENTENCE_END = re.compile(r"(?<=[.;:!?])[\"”)]*\s+")
_HEAD = 12_000


@dataclass(frozen=True)
class Names:
    """What a document's words for who is meant stand for: the parties by their short names, the registrant, and what it calls itself."""

    parties: Sequence[Party] = ()
    company: Citation | None = None
    agreement: dict[str, Citation] = field(default_factory=dict)

    def party(self, word: str) -> Party | None:
        """The one party that is called so, None where there is none or are several."""
        folded = _folded(word)
        called = [party for party in self.parties if party.role is not None and _folded(party.role) == folded]
        return called[0] if len(called) == 1 and _folded(called[0].name) != folded else None


def names_of(document: Document, parties: Sequence[Party], company: Citation | None) -> Names:
    """What is known of a document: its `parties`, the `company` whose filing it is, and the title that it gives itself."""
    agreement: dict[str, Citation] = {}
    titled = _TITLED.search(document.text, 0, _HEAD)
    if titled is not None and titled["title"].split()[-1].casefold() == titled["term"].casefold():
        agreement[titled["term"]] = document.cite(Span(start=titled.start("title"), end=titled.end("title")))
    return Names(parties, company, agreement)


def stand_alone(document: Document, statement: Statement, names: Names) -> Statement:
    """The statement with who is meant put behind its first words, or as it is where that is not certain."""
    found = _subject(document, statement, names)
    if found is None:
        return statement
    end, citation, name = found
    added = f" [{name}]"
    text = statement.text[:end] + added + statement.text[end:]
    inserted = Inserted(start=end + 1, end=end + len(added), citation=citation)
    return statement.model_copy(update={"text": text, "inserted": (inserted,)})


def _subject(document: Document, statement: Statement, names: Names) -> tuple[int, Citation, str] | None:
    """Where the words end that say who is meant, where the document says who that is, and the name."""
    text = statement.text
    pronoun = _PRONOUN.match(text)
    if pronoun is not None:
        party = _antecedent(document, statement.citation.span.start, pronoun["word"], names)
        return _told(document, pronoun.end(), party) if party is not None else None
    if names.company is not None:
        we = _WE.match(text)
        name = " ".join(names.company.quote.split())
        return (we.end(), names.company, name) if we is not None and len(name) <= LONGEST else None
    this = _THIS.match(text)
    if this is not None and this["what"] in names.agreement:
        citation = names.agreement[this["what"]]
        title = " ".join(citation.quote.split())
        return (this.end(), citation, title) if len(title) <= LONGEST and _folded(title) != _folded(this["what"]) else None
    party, end = _leading(text, names)
    return _told(document, end, party) if party is not None else None


def _leading(text: str, names: Names) -> tuple[Party | None, int]:
    """The party that a sentence begins with, by its short name, and where that ends."""
    for party in sorted((party for party in names.parties if party.role), key=lambda one: -len(one.role or "")):
        found = re.match(rf"(?:[Tt]he\s+)?{re.escape(_bare(party.role or ''))}(?=[\s,])(?!\s+(?:and|or|&|and/or)\s)", text, re.IGNORECASE)
        # "Supplier Products" is no word for the supplier: a verb must follow, or a comma.
        if found is not None and re.match(r"\s*,|\s+(?:[a-z]+ly\s+)?[a-z]", text[found.end() :]) and text[: found.end()][0].isupper():
            return names.party(party.role or ""), found.end()
    return None, 0


def _antecedent(document: Document, start: int, word: str, names: Names) -> Party | None:
    """The party that the sentence before has for its subject, if it names no other."""
    if word == "They":
        return None
    section = document.section_at(start)
    lowest = max(0, start - BEFORE, section.heading.end if section is not None else 0)
    earlier = [part for part in _SENTENCE_END.split(document.text[lowest:start]) if part.strip()]
    if not earlier or "\n\n" in document.text[max(lowest, start - 3) : start]:
        return None
    before = " ".join(earlier[-1].split())
    party, _ = _leading(before, names)
    others = [one for one in names.parties if one is not party and _mentions(before, one)]
    return party if party is not None and not others else None


def _mentions(text: str, party: Party) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) for name in (party.name, _bare(party.role or party.name)))


def _told(document: Document, end: int, party: Party) -> tuple[int, Citation, str] | None:
    return (end, document.cite(party.span), party.name) if len(party.name) <= LONGEST else None


def _bare(role: str) -> str:
    """A short name without its article."""
    return re.sub(r"^(?:the|an?)\s+", "", role, flags=re.IGNORECASE)


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _bare(text).casefold())
