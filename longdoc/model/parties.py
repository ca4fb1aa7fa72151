"""Who makes a contract: each party's name in the opening words, with the short name or role that the contract gives it.

A party is what stands between "by and between", another party or the start of the paragraph and a parenthesis that gives it a name:

    Acme Tools, Inc., a Delaware corporation (the "Supplier"), and Birch LLC ("Birch")

It is believed where the name carries a legal form, is said to be a company or a person, or was found by the clause extractor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from longdoc.types import Clause, Document, Span

HEAD = 12_000
"""Characters in which the parties are introduced."""
GAP = 900
"""Characters between one party and the next, at most."""
SURE = 0.5
"""Score from which a clause vouches for a name."""
ALONE = 0.75
"""Score from which it does so for one that is given no short name."""
MOST = 8

_OPEN, _CLOSE = "[\"“”„]|``|''", "[\"”“]|''"
_GIVEN = re.compile(rf"\((?P<inside>[^()]{{0,80}}?(?:{_OPEN})\s*(?P<term>[^\"“”()\n]{{1,50}}?)\s*,?\s*(?:{_CLOSE})[^()]{{0,250}})\)")
_NO_PARTY = re.compile(
    r"(?:agreement|contract|amendment|(?:effective|execution|closing|commencement|signing)? ?date|part(?:y|ies)|lease|licen[cs]e|term|"
    r"act|sec|commission|products?|services?|territory|business|exchange act|securities act|code|effective time|closing|plan|property|"
    r"premises|software|system|site|\w*[- ]?agreement|merger|fee|order|schedule|exhibit)s?",
    re.IGNORECASE,
)
_TOGETHER = re.compile(r"\b(?:collectively|together|jointly|individually|each|both|either|referred to as parties)\b", re.IGNORECASE)
_FORM = re.compile(
    r"\b(?:inc|incorporated|corp|corporation|company|co|ltd|limited|llc|l\.l\.c|llp|l\.l\.p|lp|l\.p|plc|gmbh|ag|kg|s\.?a|sas|s\.?r\.?l|"
    r"s\.?p\.?a|n\.?v|b\.?v|pty|pte|pvt|k\.?k|a/s|ab|oy|asa|trust|fund|bank|n\.a|university|institute|foundation|association|partners|"
    r"partnership|holdings|group|college|hospital|city|town|county|authority|commission|school|council)\b\.?",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(
    r"^[\s,]*(?:(?:an?|the|being)\s+(?:[\w.'’&-]+[\s,]+){0,7}?(?:corporation|company|partnership|trust|individual|bank|association|"
    r"university|agency|institution|entity|organi[sz]ation|person|resident|citizen|firm|limited|institute|foundation|society|authority)\b"
    r"|(?:incorporated|organi[sz]ed|existing|registered|duly)\b|(?:an?\s+)?individual|whose|having|with (?:its|an?|offices?|"
    r"principal|address)"
    r"|located|residing|of\s+\d)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:between|among|amongst|by and among|by|with|to|from|parties(?: hereto)?(?: are)?)\b\s*:?|[:;]|\n[ \t]*\n", re.IGNORECASE
)
_AND = re.compile(r"\band\b")
_ABBREVIATED = re.compile(r"\b(?:Inc|Corp|Co|Ltd|L\.L\.C|L\.P|S\.A|N\.A|N\.V|B\.V|LTD|INC|CORP|CO|Jr|Sr)$")
_LEAD = re.compile(
    r"(?:[\s,;:.*_–—-]|(?:and|or|between|among|by|the|on the (?:one|other) (?:hand|part)|the undersigned|(?:first|second) party|"
    r"\(?[0-9a-zA-Z]{1,3}[.)])(?=[\s:,]))+",
    re.IGNORECASE,
)
_LEGAL_FORM = (
    r"(?:Inc|Incorporated|Corp|Corporation|Company|Co|Ltd|LTD|Limited|LLC|L\.L\.C|LLP|L\.L\.P|LP|L\.P|PLC|plc|GmbH|S\.A|N\.A|P\.C|INC|CORP|"
    r"LIMITED|Jr|Sr|N\.V|B\.V|AG)"
)
_ENDS_FORMALLY = re.compile(rf"\b{_LEGAL_FORM}\b\.?$")
_TWO_FORMS = re.compile(rf"\b{_LEGAL_FORM}\b\.?,?\s+(?!{_LEGAL_FORM}\b)[A-Z&].*\b{_LEGAL_FORM}\b\.?$")
_ISSUER = re.compile(r"\b(?:shares?|stock|securities|par value)\b[^.;]*$", re.IGNORECASE)
"""What is held of it makes a company no party."""
_NAME = re.compile(
    rf"(?P<name>(?:(?!\s(?:an?|whose|having|with|located|incorporated|organi[sz]ed|a/k/a|d/b/a|doing|acting|as|on behalf|and its|residing|"
    rf"existing|registered|hereinafter|hereafter|effective|is|are|has|shall|will|who|which)\s)(?:[^,;()\n\"“”]|\n(?!\s*\n)|"
    rf",\s*(?={_LEGAL_FORM}\b)))+)"
)
_BODY = re.compile(
    r"\b(?:WHEREAS|Whereas,|RECITALS?|Recitals|WITNESSETH|Witnesseth|W\s?I\s?T\s?N\s?E\s?S|NOW,? THEREFORE|BACKGROUND|"
    r"Background|PREAMBLE)\b"
)
"""What ends the opening words."""
_SMALL = {
    "plc",
    "llc",
    "inc",
    "ltd",
    "limited",
    "of",
    "and",
    "the",
    "de",
    "for",
    "in",
    "on",
    "la",
    "du",
    "von",
    "van",
    "y",
    "e",
    "&",
    "et",
    "und",
    "di",
    "del",
    "at",
}
_ADDRESS = re.compile(r"\b(?:Inc|LLC|Corp|Ltd|LTD|INC|CORP)\b\.?,?\s+\d|/[12]\d")
_PART_OF_ONE = re.compile(
    r"\b(?:board of directors|committee)\b|\bof the (?:company|employer|board)\b|^(?:company|employer|executive)['’]s\b", re.IGNORECASE
)
_LAW = re.compile(r"\b(?:Act|Code|Rules?|Regulations?|Section)\b")
_SPOKEN = re.compile(
    r"\b(?:this|that|which|whereas|agreement|hereby|individually|collectively|referred|entered|dated|made|shall|party|parties)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Party:
    """A party's name as it is written, its place, and the short name or role that the contract gives it, None where it gives none."""

    name: str
    span: Span
    role: str | None = None


def find_parties(document: Document, clauses: Sequence[Clause] = ()) -> tuple[Party, ...]:
    """The parties in the order in which the contract names them, none where it cannot be told; `clauses` are those found for the label
    "Parties" and vouch for names that do not look like one."""
    head = document.text[:HEAD]
    vouched = [clause.citation.span for clause in clauses if clause.label == "Parties" and clause.score >= SURE]
    found = list(_given(head, vouched))
    found += _unnamed(document, [clause for clause in clauses if clause.label == "Parties" and clause.score >= ALONE], found)
    found.sort(key=lambda party: party.span.start)
    kept: list[Party] = []
    for party in found:
        if kept and (party.span.start - kept[-1].span.start > GAP or _BODY.search(head, kept[-1].span.end, party.span.start)):
            break
        if not any(_same(party, other) for other in kept):
            kept.append(party)
    return tuple(kept) if len(kept) <= MOST else ()


def _given(head: str, vouched: Sequence[Span]) -> Iterator[Party]:
    """Names that a parenthesis gives a short name or role."""
    left = 0
    for given in _GIVEN.finditer(head):
        term = " ".join(given["term"].split())
        begin, left = left, given.end()
        if _NO_PARTY.fullmatch(term) or _TOGETHER.search(given["inside"][: given.start("term") - given.start("inside")]):
            continue
        begin = max(begin, given.start() - 700)
        strong = [begin, *(found.end() for found in _BEFORE.finditer(head, begin, given.start()))]
        # "and" stands inside names too, so that it counts only where nothing else opens one, the first before the later.
        weak = [found.end() for found in _AND.finditer(head, begin, given.start())]
        for start in (*reversed(strong), *weak):
            party = _name_at(head, start, given.start(), term, vouched)
            if party is not None:
                yield party
                break


def _name_at(head: str, start: int, end: int, term: str, vouched: Sequence[Span]) -> Party | None:
    """The name that begins at `start`, if the parenthesis at `end` can speak of it."""
    lead = _LEAD.match(head, start, end)
    start = lead.end() if lead else start
    named = _NAME.match(head, start, end)
    if named is None:
        return None
    stop = start + len(named["name"].rstrip(" \t\n,.;:'’"))
    if _ABBREVIATED.search(head, start, stop) and head[stop : stop + 1] == ".":
        stop += 1
    name, behind = " ".join(head[start:stop].split()), head[stop:end]
    if not is_name(name) or re.search(r"[\"“”]", behind):
        return None
    described = bool(_DESCRIBED.match(behind))
    if (
        not described
        and len(behind.strip(" ,.\n\t")) > 0
        and not re.match(r"[\s,.]*(?:an?|whose|having|with|located|of|at|acting|through|as|d/b/a|dba)\b", behind)
    ):
        return None
    span = Span(start=start, end=stop)
    believed = bool(_FORM.search(name)) or described or any(span.overlaps(other) for other in vouched)
    return Party(name, span, term) if believed else None


def _unnamed(document: Document, clauses: Sequence[Clause], known: Sequence[Party]) -> Iterator[Party]:
    """Names with a legal form that the extractor is sure of, near the others or at the head, and that are given no short name."""
    near = known[0].span.start if known else 0
    for clause in clauses:
        span, name = clause.citation.span, " ".join(clause.text.split()).strip(" ,;:")
        if abs(span.start - near) > (GAP if known else HEAD // 2) or any(span.overlaps(party.span) for party in known):
            continue
        before = document.text[max(0, span.start - 80) : span.start]
        if is_name(name) and _ENDS_FORMALLY.search(name) and not _TWO_FORMS.search(name) and not _ISSUER.search(before):
            text = document.quote(span)
            begin = span.start + len(text) - len(text.lstrip(" ,;:\n\t"))
            yield Party(name, Span(start=begin, end=begin + len(text.strip(" ,;:\n\t"))))


def is_name(name: str) -> bool:
    """Whether the words can be a name: capitals, no verb of a contract, no address."""
    words = name.split()
    if (
        not 1 <= len(words) <= 14
        or len(name) > 110
        or len(name) < 3
        or _SPOKEN.search(name)
        or ":" in name
        or _ADDRESS.search(name)
        or _LAW.search(name)
        or _PART_OF_ONE.search(name)
        or sum(map(str.isalpha, _FORM.sub("", _bare(name)))) < 2
    ):
        return False
    return all(
        word[0].isupper() or word[0].isdigit() or word.lower().strip(",.") in _SMALL or word[0] in "(&[" or _capital(word) for word in words
    )


def _capital(word: str) -> bool:
    """A name may begin with a small letter: eBay, i3."""
    return any(character.isupper() or character.isdigit() for character in word[1:])


def _same(one: Party, other: Party) -> bool:
    mine, theirs = _folded(one.name), _folded(other.name)
    return (
        mine == theirs
        or (one.role is not None and one.role == other.role)
        or _folded(one.role or "-") == theirs
        or mine == _folded(other.role or "-")
    )


def _bare(name: str) -> str:
    """A name without its article."""
    return re.sub(r"^(?:the|an?)\s+", "", name, flags=re.IGNORECASE)


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())
