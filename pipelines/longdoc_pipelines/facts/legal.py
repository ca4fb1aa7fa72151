"""A contract's facts: parties, dates, term, renewal, sums, the cap on liability and the governing law.

They are read from the clauses that were found; a clause's score and the shape of its value decide whether it is believed, since a wrong
fact is worse than none. benchmarks/facts.py measures them against lawyers' answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from longdoc.dates import find_dates
from longdoc.model.parties import find_parties
from longdoc.model.values import amounts, periods
from longdoc.types import Clause, Document, KeyFact, Span, Value
from longdoc_pipelines.facts.making import cited, distinct, flat, from_value

LABELS = (
    "Parties", "Document Name", "Agreement Date", "Effective Date", "Expiration Date", "Renewal Term", "Notice Period To Terminate Renewal",
    "Governing Law", "Cap On Liability", "Minimum Commitment", "Liquidated Damages",
)  # fmt: skip
BELIEVED = {
    "Agreement Date": 0.65,
    "Effective Date": 0.6,
    "Expiration Date": 0.6,
    "Renewal Term": 0.5,
    "Notice Period To Terminate Renewal": 0.35,
    "Governing Law": 0.6,
    "Cap On Liability": 0.6,
    "Minimum Commitment": 0.5,
    "Liquidated Damages": 0.5,
}
"""Score from which a clause is believed to be what its label says."""
SECOND_LAW = 0.8
"""Score from which a second clause about the law is believed beside the first."""
HEAD = 6_000
"""Characters in which a contract says when it was made."""
MOST_SUMS = 5

_QUOTE = "[\"“”'‘’]"
_EFFECTIVE_TERM = re.compile(rf"\((?:the\s+|hereinafter,?\s+|the\s+said\s+)?{_QUOTE}(?:Effective|Commencement|Start) Date{_QUOTE}")
_EXPIRATION_TERM = re.compile(
    rf"\b(?:Expiration|Expiry|Termination|End) Date{_QUOTE}?\s*(?::|shall mean|means|is|shall be)\s*(?:on\s+)?(?=\S)"
)
_EFFECTIVE = re.compile(
    r"\b(?:effective|commenc\w*|begin\w*|start\w*|in force|takes? effect)\b(?!.*\b(?:expir|terminat|end))", re.IGNORECASE
)
_ENDING = re.compile(r"\b(?:until|through|thru|expir\w*|end(?:s|ing)?|terminat\w*|conclud\w*|to and including)\b", re.IGNORECASE)
_TERM = re.compile(
    r"\b(?:initial\s+)?(?:term|period|duration)\b|\bcontinue\b|\bremain\b|\bin (?:full )?(?:force|effect)\b|\banniversary\b|\bexpir",
    re.IGNORECASE,
)
_PAST = re.compile(r"\W*(?:immediately |next )?(?:preceding|previous|before|prior|ago|old)\b", re.IGNORECASE)
_NO_TERM = re.compile(r"\b(?:notice|cure|breach|default|within|prior|written)\b", re.IGNORECASE)
_NOTICE = re.compile(r"\b(?:notice|notif\w+|prior to|before|in advance|at least|(?:no|not) (?:less|fewer|later) than)\b", re.IGNORECASE)
_RENEWED = re.compile(r"\b(?:renew\w*|exten[ds]\w*|successive|additional|thereafter)\b", re.IGNORECASE)
_NO_RENEWAL = re.compile(r"\W*(?:prior|before|notice|in advance|written|advance|following|after)\b", re.IGNORECASE)
_NOT_RENEWED = re.compile(r"\b(?:renew\w*|exten[ds]\w*|expir\w*|end of|anniversary|successive)\b", re.IGNORECASE)
_WITHIN = re.compile(r"\b(?:within|at least|less than)\s+(?:an?\s+)?(?:period\s+of\s+)?\W*$", re.IGNORECASE)
REST_OF_SENTENCE = 300
"""Characters behind a clause in which its last sentence may end."""
_CAPPED = re.compile(
    r"\b(?:not|in no event|no event)\b.{0,160}\b(?:exceed|be (?:greater|more) than)\b|\blimited to\b|\bmaximum (?:aggregate )?liability\b"
    r"|\b(?:liability|damages)\b.{0,160}\bexceed\b|\bliable\b.{0,120}\b(?:in excess of|exceeding|more than)\b",
    re.IGNORECASE | re.DOTALL,
)
_MEASURE = re.compile(
    r"(?:exceed|limited to|(?:greater|more|excess) (?:than|of)|"
    r"exceeding)\s+(?P<measure>(?:in (?:the )?aggregate,?\s+)?(?:an amount equal to\s+)?"
    r"(?:the\s+)?(?:(?:greater|lesser|aggregate|total|amounts?|fees|sums?|purchase price|price|compensation|consideration|"
    r"value|royalties|payments)\b)"
    r"[^.;]{5,300}?)(?=[.;]|,\s+(?:except|provided|and in|whether|even|regardless|or)\b|$)",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\b(?:greater|lesser|higher|lower) of\b[^.;]*$", re.IGNORECASE)
_SUM = re.compile(
    r"\b(?P<name>(?:purchase|subscription|contract|base|total|aggregate|option|exercise) (?:price|consideration|amount)|"
    r"(?:annual|monthly|quarterly|yearly|initial|upfront|up-front|one-time|non-refundable|fixed|base|management|license|licence|licensing|"
    r"maintenance|service|services|consulting|retainer|set-?up|installation|franchise|sponsorship|signing|development|integration|hosting|"
    r"exclusivity|advisory|administration|technology|access|transition)"
    r"(?:\s+(?:annual|monthly|license|licence|service|services|maintenance|management|royalty|sponsorship|"
    r"access))?\s+(?:fees?|payments?|royalt(?:y|ies)|rent|salary|charge)|"
    r"(?:minimum )?guaranteed (?:fee|royalty|payment|minimum)|milestone payments?|base (?:salary|rent|compensation)|"
    r"signing bonus|security deposit)\b",
    re.IGNORECASE,
)
_NEAR = re.compile(
    r"^(?:\s*\([^()]{0,80}\))?[\s,:=-]*(?:(?:shall|will|is|be|are|equal|equals|to|of|in|the|a|an|amount|sum|total|aggregate|"
    r"for|each|year|per|month|"
    r"payable|paid|hereunder|and|non-refundable|one|time|cash|fixed|initial|annual|up|set|at|totaling|this|agreement|services|"
    r"under|due|hereby)\b[\s,:-]*){0,12}$",
    re.IGNORECASE,
)
_NOT_THE_SUM = re.compile(
    r"\b(?:not|less|no|except|unless|if|excess|exceeds?|below|above|over|increased?|reduced?|additional)\b[^.;]{0,60}$", re.IGNORECASE
)


def legal_facts(document: Document, clauses: Sequence[Clause]) -> list[KeyFact]:
    """The facts in the order in which a person wants them; `clauses` are all candidates for LABELS."""
    by_label: dict[str, list[Clause]] = {}
    for clause in sorted(clauses, key=lambda clause: -clause.score):
        by_label.setdefault(clause.label, []).append(clause)
    facts = [*parties(document, by_label.get("Parties", ()))]
    made = agreement_date(document, by_label.get("Agreement Date", ()))
    facts += made
    facts += effective_date(document, by_label.get("Effective Date", ()))
    facts += expiration(document, by_label.get("Expiration Date", ()))
    facts += renewal(by_label.get("Renewal Term", ()), by_label.get("Notice Period To Terminate Renewal", ()))
    facts += sums(document, by_label)
    facts += cap(document, by_label.get("Cap On Liability", ()))
    facts += law(by_label.get("Governing Law", ()))
    return distinct(facts)


def parties(document: Document, clauses: Sequence[Clause]) -> Iterator[KeyFact]:
    """Each party with its short name or role."""
    for party in find_parties(document, clauses):
        shown = party.name if party.role is None else f"{party.name} ({party.role})"
        yield KeyFact(name="Party", value=shown, normalised=party.name, kind="party", citation=document.cite(party.span))


def agreement_date(document: Document, clauses: Sequence[Clause]) -> list[KeyFact]:
    """The day on which it was made: what the extractor is sure of, in the opening words before elsewhere, one that is not said to be when
    it takes effect before others; of signatures the last."""
    sure = [one.value for one in clauses if one.score >= BELIEVED["Agreement Date"] and one.value is not None and _is_day(one.value)]
    at_head = [value for value in sure if value.citation.span.start < HEAD]
    made = [value for value in at_head if not _EFFECTIVE.search(_before(document, value, 60))]
    if at_head:
        return [from_value("Agreement date", (made or at_head)[0])]
    return [from_value("Agreement date", max(sure, key=lambda value: value.normalised))] if sure else []


def effective_date(document: Document, clauses: Sequence[Clause]) -> list[KeyFact]:
    """The date that the contract itself calls its effective date, else one that the extractor is sure of and that is said to be when it
    takes effect."""
    for term in _EFFECTIVE_TERM.finditer(document.text, 0, 4 * HEAD):
        offset = max(0, term.start() - 60)
        before = document.text[offset : term.start()]
        dates = find_dates(before)
        if dates and len(dates[-1][2]) == 10 and not before[dates[-1][1] :].strip(" ,\n"):
            return [cited(document, "Effective date", offset + dates[-1][0], offset + dates[-1][1], "date", dates[-1][2])]
        break
    sure = [one.value for one in clauses if one.score >= BELIEVED["Effective Date"] and one.value is not None and _is_day(one.value)]
    said = [value for value in sure if _EFFECTIVE.search(_before(document, value, 80))]
    return [from_value("Effective date", value) for value in said[:1]]


def _is_day(value: Value) -> bool:
    return value.kind == "date" and len(value.normalised) == 10


def _before(document: Document, value: Value, reach: int) -> str:
    """What stands before a value, on its line or in its sentence as far as it reaches, and in the value itself."""
    start = value.citation.span.start
    return re.split(r"\n[ \t]*\n|(?<=\w[.;])\s", document.text[max(0, start - reach) : start])[-1] + value.citation.quote


def expiration(document: Document, clauses: Sequence[Clause]) -> Iterator[KeyFact]:
    """The day that the contract calls its expiration date; else the day on which it ends, or for how long it runs, as the surest clause
    says."""
    for term in _EXPIRATION_TERM.finditer(document.text):
        behind = document.text[term.end() : term.end() + 40]
        dates = find_dates(behind)
        if dates and len(dates[0][2]) == 10 and not behind[: dates[0][0]].strip(" \n\t"):
            yield cited(document, "Expiration date", term.end() + dates[0][0], term.end() + dates[0][1], "date", dates[0][2])
            return
    for clause in clauses:
        if clause.score < BELIEVED["Expiration Date"]:
            return
        text, value = clause.text, clause.value
        if value is not None and value.kind == "date" and len(value.normalised) == 10:
            before = text[: value.citation.span.start - clause.citation.span.start]
            if _ENDING.search(before[-120:]):
                yield from_value("Expiration date", value)
                return
        for start, end, length in periods(text):
            around = text[max(0, start - 90) : start] + text[end : end + 40]
            if length == "perpetual" or (
                _TERM.search(around) and not _NO_TERM.search(text[max(0, start - 40) : end + 30]) and not _PAST.match(text[end:])
            ):
                if length != "perpetual" and not _long_enough(length):
                    continue
                citation = clause.citation
                found = citation.model_copy(
                    update={
                        "span": Span(start=citation.span.start + start, end=citation.span.start + end),
                        "quote": citation.quote[start:end],
                    }
                )
                yield KeyFact(name="Term", value=flat(found.quote), normalised=length, kind="duration", citation=found)
                return
        return


def _long_enough(length: str) -> bool:
    """Whether a contract would run that long: shorter ones are periods of notice or cure."""
    amount = re.fullmatch(r"P(\d+(?:\.\d+)?)([YMD])", length)
    return amount is not None and (amount[2] == "Y" or float(amount[1]) >= (3 if amount[2] == "M" else 60))


def renewal(terms: Sequence[Clause], notices: Sequence[Clause]) -> Iterator[KeyFact]:
    """For how long it is renewed, and how long before its end one must say that one does not want that."""
    for clause in terms[:2]:
        value = clause.value
        if clause.score >= BELIEVED["Renewal Term"] and value is not None and value.kind == "duration":
            inside = value.citation.span.start - clause.citation.span.start
            behind = clause.text[inside + len(value.citation.quote) :]
            near = clause.text[max(0, inside - 150) : inside + len(value.citation.quote) + 40]
            if _RENEWED.search(near) and not _NO_RENEWAL.match(behind) and not _WITHIN.search(clause.text[:inside]):
                yield from_value("Renewal", value)
                break
    for clause in notices[:3]:
        value = clause.value
        if clause.score >= BELIEVED["Notice Period To Terminate Renewal"] and value is not None and value.kind == "duration":
            inside = value.citation.span.start - clause.citation.span.start
            around = clause.text[max(0, inside - 45) : inside] + clause.text[inside + len(value.citation.quote) :][:45]
            if (
                _NOTICE.search(around)
                and _NOT_RENEWED.search(clause.text)
                and value.normalised != "perpetual"
                and not value.normalised.endswith("Y")
            ):
                yield from_value("Notice of non-renewal", value)
                break


def cap(document: Document, clauses: Sequence[Clause]) -> Iterator[KeyFact]:
    """To what sum, or to what measure, liability is limited; that some damages are excluded is no cap."""
    for clause in clauses[:6]:
        if clause.score < BELIEVED["Cap On Liability"] or not _CAPPED.search(clause.text):
            continue
        limit = _CAPPED.search(clause.text)
        start = limit.start() if limit else 0
        offset = clause.citation.span.start
        # A clause may be found in part; what it is limited to goes on to the end of the sentence.
        measure = _MEASURE.search(document.text[offset : clause.citation.span.end + REST_OF_SENTENCE], start)
        found = sums_in(clause.text[start:])
        if measure is not None and measure.start() < len(clause.text) and (not found or start + found[0][0] > measure.start("measure") - 1):
            text = measure["measure"]
            named = [one for one in found if measure.start("measure") <= start + one[0] < measure.end("measure")]
            normalised = named[0][2] if len(named) == 1 and len(text) < 60 else None
            begin, end = offset + measure.start("measure"), offset + measure.end("measure")
            yield cited(document, "Liability cap", begin, end, "amount" if normalised else "text", normalised)
            return
        if found and not _EITHER.search(clause.text[start : start + found[0][0]]):
            yield cited(document, "Liability cap", offset + start + found[0][0], offset + start + found[0][1], "amount", found[0][2])
            return


def law(clauses: Sequence[Clause]) -> list[KeyFact]:
    """The law that governs it, as the surest clause says; two where two sure clauses name different ones."""
    sure = [one for one in clauses if one.score >= BELIEVED["Governing Law"] and one.value is not None]
    named = [from_value("Governing law", one.value) for one in sure[:1] if one.value is not None]
    others = [one.value for one in sure[1:3] if one.score >= SECOND_LAW and one.value is not None]
    return named + [from_value("Governing law", value) for value in others if value.normalised != named[0].normalised][:1]


def sums(document: Document, by_label: dict[str, list[Clause]]) -> list[KeyFact]:
    """What is to be paid: sums that the contract names ("annual fee", "purchase price"), and least commitments and fixed damages."""
    found: list[KeyFact] = []
    for label, name in (("Minimum Commitment", "Minimum commitment"), ("Liquidated Damages", "Liquidated damages")):
        best = next((one for one in by_label.get(label, ()) if one.score >= BELIEVED[label] and one.value is not None), None)
        if best is not None and best.value is not None and best.value.kind == "amount":
            found.append(from_value(name, best.value))
    return [*named_sums(document), *found]


def sums_in(text: str) -> list[tuple[int, int, str]]:
    """Sums of money with their places, without those whose scale is a letter that may mean another thing ("$5 m")."""
    return [one for one in amounts(text) if not re.search(r"[0-9]\s?[mkbMKB]$", text[one[0] : one[1]])]


def named_sums(document: Document) -> list[KeyFact]:
    """Sums that stand right beside what they are called; a name with two different sums says nothing and is left out."""
    by_name: dict[str, list[KeyFact]] = {}
    for block in document.blocks:
        if block.kind not in ("paragraph", "list_item"):
            continue
        text = document.text[block.span.start : block.span.end]
        if not any(sign in text for sign in "$€£") and "USD" not in text and "dollars" not in text.lower():
            continue
        money = sums_in(text)
        for named in _SUM.finditer(text):
            right = next((one for one in money if one[0] >= named.end()), None)
            if right is None or right[0] - named.end() > 90 or not _NEAR.match(text[named.end() : right[0]]):
                continue
            if _NOT_THE_SUM.search(text[max(0, named.start() - 60) : named.start()]) or float(right[2].split()[1]) < 1:
                continue
            name = flat(named["name"]).lower()
            offset = block.span.start
            fact = cited(document, name[0].upper() + name[1:], offset + right[0], offset + right[1], "amount", right[2])
            by_name.setdefault(fact.name.removesuffix("s"), []).append(fact)
    single = [facts for facts in by_name.values() if len({fact.normalised for fact in facts}) == 1]
    return [fact for facts in single for fact in facts][:MOST_SUMS]
