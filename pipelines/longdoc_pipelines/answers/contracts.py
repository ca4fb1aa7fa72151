"""Questions about what a contract says on a usual point, answered from its clauses: a date, a period, the parties, the law, yes.

Which clause answers is told by the label that the question's words name; whether the contract has one at all by the reader's own measure
of presence. A contract without such a clause does not answer "no": nothing was found in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from longdoc.labels import LabelSet
from longdoc.model.answer import NOT_FOUND
from longdoc.model.parties import find_parties
from longdoc.protocols import Reader
from longdoc.types import Answer, AnswerKind, Citation, Clause, Document, Passage
from longdoc_pipelines.answers.terms import end_of_term

Candidates = Callable[[str, LabelSet, str], list[Clause]]
"""The clauses of a label in the document at a path, best first."""

STARTS = ("Effective Date", "Agreement Date")
"""Labels whose date an agreement's term is counted from, in order of choice."""
MOST_CONTRACTS = 10
"""Contracts that are told of in one answer."""
MOST_CLAUSES = 3
MOST_PARTIES = 20

_KINDS: dict[str, AnswerKind] = {
    "date": "date",
    "duration": "duration",
    "amount": "amount",
    "percentage": "percentage",
    "party": "party",
    "jurisdiction": "jurisdiction",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A label of the contract label set, the words of a question that mean it, and whether they ask for yes or no."""

    label: str
    asked: re.Pattern[str]
    closed: bool = False


def _topic(label: str, asked: str, closed: bool = False) -> Topic:
    return Topic(label, re.compile(rf"\b(?:{asked})", re.IGNORECASE), closed)


_WHEN = r"(?:when|(?:on )?(?:what|which) (?:date|day))\b[^?]*\b"
TOPICS = (
    _topic("Notice Period To Terminate Renewal", r"notice\b[^?]*\b(?:non-?renew|renew|renewal|extension)|how much notice\b[^?]*\brenew"),
    _topic("Renewal Term", r"renewal (?:term|period)|(?:how|for how long|when|does|will|is)\b[^?]*\b(?:renew(?:s|ed)?"
        r"|automatic renewal)\b|auto-?renew"),
    _topic("Governing Law", r"(?:governing|applicable) law|(?:which|what|whose)\b[^?]*\blaws?\b[^?]*\b(?:govern|appl)"
        r"|governed by|(?:law|laws) govern"),
    _topic("Parties", r"who (?:are|is)\b[^?]*\b(?:parties|party)\b|(?:which|what) (?:companies|parties"
        r"|persons)\b[^?]*\b(?:part(?:y|ies)|sign|enter|between|agreement)"
           r"|between (?:whom|which)|(?:list|name) (?:of )?(?:all )?(?:the )?parties|who (?:signed|entered|concluded)"),
    _topic("Expiration Date", rf"{_WHEN}(?:expires?|end|ends|terminates?|run out|lapse)\b|expir(?:y|ation) date|end date"
           r"|how long\b[^?]*\b(?:term|agreement|contract)\b[^?]*\b(?:last|run|valid|in force|effect|be|is)\b"
               r"|(?:initial )?term of (?:the|this) (?:agreement|contract)"),
    _topic("Effective Date", rf"effective date|{_WHEN}(?:effective|in(?:to)? (?:effect|force)|start|begin|commence)"
        rf"|(?:start|commencement) date"),
    _topic("Agreement Date", rf"agreement date|date of (?:the|this) (?:agreement|contract)|{_WHEN}(?:signed|dated"
        rf"|entered|executed|made|concluded)"),
    _topic("Termination For Convenience", r"terminat\w+\b[^?]*\b(?:for convenience|without cause|for no reason"
        r"|without (?:a )?reason|at any time|at will)", closed=True),
    _topic("Anti-Assignment", r"(?:be )?(?:assign(?:ed|able|ment)?|transferred)\b(?![^?]*\bintellectual)", closed=True),
    _topic("Change Of Control", r"change (?:of|in) control", closed=True),
    _topic("Most Favored Nation", r"most[- ]favou?red[- ](?:nation|customer)|mfn\b", closed=True),
    _topic("Non-Compete", r"non-?compet\w*|not to compete|compete with", closed=True),
    _topic("Exclusivity", r"exclusiv\w+", closed=True),
    _topic("No-Solicit Of Employees", r"solicit\w*\b[^?]*\b(?:employees?|staff|personnel)|poach", closed=True),
    _topic("No-Solicit Of Customers", r"solicit\w*\b[^?]*\b(?:customers?|clients?)", closed=True),
    _topic("Non-Disparagement", r"disparag\w+", closed=True),
    _topic("Rofr/Rofo/Rofn", r"right of first (?:refusal|offer|negotiation)|rof[ron]\b", closed=True),
    _topic("Liquidated Damages", r"liquidated damages|termination fee|break-?up fee", closed=True),
    _topic("Uncapped Liability", r"(?:un(?:capped|limited)) liability|liability\b[^?]*\b(?:uncapped|unlimited|not limited)", closed=True),
    _topic("Cap On Liability", r"(?:cap|limit\w*|maximum)\b[^?]*\bliabilit\w+|liabilit\w+\b[^?]*\b(?:capped|cap"
        r"|limit(?:ed|ation)?)", closed=True),
    _topic("Audit Rights", r"audit\w*|inspect\b[^?]*\b(?:books|records)", closed=True),
    _topic("Insurance", r"insurance|insured?\b", closed=True),
    _topic("Warranty Duration", r"warrant(?:y|ies) (?:period|last|duration)|how long\b[^?]*\bwarrant"),
    _topic("Minimum Commitment", r"minimum (?:purchase|order|commitment|volume|amount|quantit)\w*", closed=True),
    _topic("Revenue/Profit Sharing", r"(?:revenue|profit)s?[- ]?(?:shar\w+|split)|share (?:of|in) (?:the )?(?:revenue"
        r"|profit)s?", closed=True),
    _topic("Source Code Escrow", r"escrow", closed=True),
    _topic("Covenant Not To Sue", r"not to sue|covenant not|contest\b[^?]*\bvalidity", closed=True),
    _topic("Third Party Beneficiary", r"third[- ]party beneficiar\w+", closed=True),
    _topic("Post-Termination Services", r"(?:post[- ]termination|after (?:the )?(?:termination"
        r"|expir\w+))\b[^?]*\b(?:service|obligation|transition|wind)", closed=True),
    _topic("Ip Ownership Assignment", r"(?:intellectual property|\bip\b)\b[^?]*\b(?:assign\w*|own\w*|belong\w*)", closed=True),
    _topic("License Grant", r"licen[sc]e\b[^?]*\bgrant\w*|grant\w*\b[^?]*\blicen[sc]e", closed=True),
)  # fmt: skip
_NOTICE = re.compile(r"\bnoti(?:ce|fy|fies|fied|fication)\b", re.IGNORECASE)
_CLOSED = re.compile(r"^\W*(?:is|are|does|do|can|may|has|have|must|will|did|was|were)\b", re.IGNORECASE)
_ASSIGN_FREELY = re.compile(r"^\W*(?:can|may|is|are)\b[^?]*\bassign", re.IGNORECASE)


def topic_of(question: str) -> Topic | None:
    """The usual point of a contract that a question is about; None where it is about something else."""
    return next((topic for topic in TOPICS if topic.asked.search(question)), None)


def answer_from_contracts(
    question: str, paths: Iterable[str], document: Callable[[str], Document], reader: Reader, labels: LabelSet, candidates: Candidates
) -> Answer | None:
    """What the contracts at `paths` say on the point that is asked about, one by one where there are several; `found` is false where none
    has such a clause. None where the question is about no such point, or asks more of it than whether it is there."""
    topic = topic_of(question)
    if topic is None:
        return None
    told: list[tuple[str, list[Clause]]] = []
    starts: dict[str, list[Clause]] = {}
    contracts = 0
    for path in paths:
        if contracts == MOST_CONTRACTS:
            break
        if document(path).domain == "legal":
            contracts += 1
            clauses = candidates(path, labels, topic.label)
            found = _shown(reader, labels, topic, clauses)
            if found:
                told.append((path, found))
                starts[path] = [
                    clause
                    for label in STARTS
                    for clause in candidates(path, labels, label)[:MOST_CLAUSES]
                    if topic.label == "Expiration Date"
                ]
    if not told:
        absent = contracts > 0 and (not topic.closed or _CLOSED.match(question) is not None)
        return Answer(question=question, found=False, text=NOT_FOUND) if absent else None
    answers = [_answer(question, topic, document(path), clauses, starts[path]) for path, clauses in told]
    if len(answers) == 1:
        return answers[0]
    lines = [f"{path}: {answer.text}" for (path, _), answer in zip(told, answers, strict=True)]
    passages = [passage.citation for answer in answers for passage in answer.passages]
    return answers[0].model_copy(
        update={"text": "\n".join(lines), "passages": _ranked(passages), "kind": "list", "value": None, "unit": None}
    )


def _shown(reader: Reader, labels: LabelSet, topic: Topic, clauses: list[Clause]) -> list[Clause]:
    """The clauses that answer, none where the contract has no such clause."""
    if not clauses or not reader.presence(labels, topic.label, clauses).present:
        return []
    if topic.label.startswith("Notice"):
        # The length of the renewal stands in the same clause; no notice is a year long.
        some = [clause for clause in clauses[:MOST_PARTIES] if _NOTICE.search(clause.citation.quote)]
        clauses = [clause.model_copy(update={"value": None}) if _is_years(clause) else clause for clause in some]
    lowest = reader.default_score(labels, topic.label)
    good = [clause for clause in clauses if clause.score >= lowest] or clauses[:1]
    return good[: MOST_PARTIES if topic.label == "Parties" else MOST_CLAUSES]


_COMPANY = re.compile(
    r"\b(?:inc|corp(?:oration)?|company|co|l\.?l\.?c|l\.?l\.?p|l\.?p|ltd|limited|plc|gmbh|ag|s\.?a|n\.?v|b\.?v|pty"
    r"|trust|bank|fund|university|institute|partners)\b\.?",
    re.IGNORECASE,
)
_NO_PARTY = re.compile(
    r"^(?:if|the|each|such|this|any|either|both|whereas|between)\s*\w*$|\bpart(?:y|ies)\b"
    r"|\bexecution\b",
    re.IGNORECASE,
)
LONGEST_NAME = 90
_SIGNED = re.compile(r"\s+by:?$", re.IGNORECASE)
"""What a line for a signature adds to a name."""


def _folded(name: str) -> str:
    """A name's letters without what kind of company it is and what it is called below."""
    return re.sub(r"[\W_]+", "", _COMPANY.sub("", name.partition("(")[0]).casefold())


def _place(clause: Clause) -> int:
    return clause.citation.span.start


def _party_names(clauses: list[Clause]) -> list[str]:
    """The parties by name, those first of all that the contract gives a role ("Elm, Inc. (Seller)"); by what they are called alone
    ("Buyer") only where no name was read."""
    said: dict[str, str] = {}
    for clause in sorted(clauses, key=_place):
        value = clause.value.normalised if clause.value is not None and clause.value.kind == "party" else ""
        name = _SIGNED.sub("", value).strip(" .,;")
        if _folded(name) and len(name) <= LONGEST_NAME and not _NO_PARTY.search(name):
            known = said.get(_folded(name))
            if known is None or (_COMPANY.search(name) and not _COMPANY.search(known)):
                said[_folded(name)] = name
    full = [name for name in said.values() if len(name.split()) > 1 and _COMPANY.search(name.partition("(")[0])]
    cast = [name for name in full if "(" in name]
    if len(cast) > 1 or len(full) > 1:
        return cast if len(cast) > 1 else full
    called = {name.casefold() for name in said.values() if len(name.split()) == 1}
    others = [name for name in said.values() if name not in full and not any(name.casefold() in other.casefold() for other in full)]
    return [*full, *(name for name in others if len(name.split()) == 1 or not {word.casefold() for word in name.split()} <= called)]


def _is_years(clause: Clause) -> bool:
    return clause.value is not None and re.fullmatch(r"P\d+Y", clause.value.normalised) is not None


def _answer(question: str, topic: Topic, document: Document, clauses: list[Clause], starts: list[Clause]) -> Answer:
    cited = _ranked([clause.citation for clause in clauses])
    first = next((clause.value for clause in clauses if clause.value is not None and clause.value.kind in _KINDS), None)
    parties = find_parties(document, clauses) if topic.label == "Parties" else ()
    # A contract has two parties at least; where the opening words name one, the clauses may know the other.
    if len(parties) > 1:
        listed = "; ".join(f"{party.name} ({party.role})" if party.role else party.name for party in parties)
        places = _ranked([document.cite(party.span) for party in parties])
        return Answer(question=question, found=True, text=listed, passages=places, kind="list", value=listed)
    if topic.label == "Parties":
        names = _party_names(clauses)
        if names:
            cited = _ranked([clause.citation for clause in clauses if clause.value is not None and clause.value.normalised in names])
            return Answer(question=question, found=True, text="; ".join(names), passages=cited, kind="list", value="; ".join(names))
    if topic.closed and _CLOSED.match(question):
        quote = " ".join(clauses[0].citation.quote.split())
        said = "No, not freely" if topic.label == "Anti-Assignment" and _ASSIGN_FREELY.match(question) else "Yes"
        return Answer(
            question=question, found=True, text=f"{said}: {quote}", passages=cited, kind="yes_no", value=said.partition(",")[0].lower()
        )
    ended = next((end for clause in clauses if clause.value is first and (end := end_of_term(clause, starts))), None) if first else None
    if ended is not None and first is not None:
        day, calculation, start = ended
        term = next(clause for clause in clauses if clause.value is first)
        text = f"{day}: {' '.join(term.citation.quote.split())}"
        cited = _ranked([term.citation, start.citation])
        return Answer(question=question, found=True, text=text, passages=cited, kind="date", value=day, calculation=calculation)
    if first is not None:
        words = " ".join(first.citation.quote.split()) if first.kind in ("duration", "amount") else first.normalised
        quote = next(clause.citation.quote for clause in clauses if clause.value is first)
        text = f"{words}: {' '.join(quote.split())}"
        return Answer(question=question, found=True, text=text, passages=cited, kind=_KINDS[first.kind], value=first.normalised)
    return Answer(question=question, found=True, text=" ".join(clauses[0].citation.quote.split()), passages=cited, kind="text")


def _ranked(citations: list[Citation]) -> tuple[Passage, ...]:
    return tuple(Passage(rank=rank, score=1.0, citation=citation) for rank, citation in enumerate(dict.fromkeys(citations), start=1))
