"""Reviews made for tests and benchmarks of reports: contracts of sentences of our own, so that every citation is exact.

The first document is examples/documents/services-agreement.pdf; the others are text. The same number gives the same document, so
nothing is kept: `heading().document(path)` writes the text anew.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import get_args

from longdoc.types import Change, Citation, Correction, Document, Finding, Review, Searched, Section, Severity, Span, Value, Verdict
from longdoc_pipelines.reports.base import Closing, Failed, Heading, Rule

AGREEMENT = Path(__file__).parent.parent / "examples" / "documents" / "services-agreement.pdf"
PDF_PATH = "contracts/services-agreement.pdf"
STARTED, FINISHED = "2026-03-02T02:00:00+00:00", "2026-03-02T02:21:40+00:00"

# fmt: off
# id, title, severity, requirement, test, kind of value; a clause that passes and its value; one that fails and its value
_RULES: tuple[tuple[str, str, Severity, str, str, str, tuple[str, str], tuple[str, str]], ...] = (
    ("termination_notice", "Notice of termination", "high", "required", "notice_period: {max: 60 days}", "duration",
     ("The Buyer may end this Agreement for convenience on thirty (30) days' written notice.", "P30D"),
     ("The Buyer may end this Agreement for convenience on one hundred and twenty (120) days' written notice.", "P120D")),
    ("liability_cap", "Cap on liability", "critical", "required", "cap: {min: 1000000 USD}", "amount",
     ("The total liability of either party stays within USD 2,000,000 in each contract year.", "2000000 USD"),
     ("The total liability of the Supplier stays within USD 50,000 over the whole term.", "50000 USD")),
    ("governing_law", "Governing law", "medium", "required", "governing_law: {in: [New York, Delaware]}", "jurisdiction",
     ("The laws of the State of New York govern this Agreement.", "New York"),
     ("The laws of the Republic of Malta govern this Agreement.", "Malta")),
    ("payment_term", "Payment term", "medium", "required", "payment_term: {min: 45 days}", "duration",
     ("The Buyer pays each undisputed invoice within sixty (60) days of receipt.", "P60D"),
     ("The Buyer pays each invoice within seven (7) days of its date.", "P7D")),
    ("renewal", "Automatic renewal", "high", "forbidden", "", "duration",
     ("The term ends on its last day unless both parties extend it in writing.", "P0D"),
     ("The term renews by itself for further periods of three (3) years.", "P3Y")),
    ("data_breach", "Notice of a data incident", "critical", "required", "notice: {max: 72 hours}", "duration",
     ("The Supplier tells the Buyer of any data incident within forty-eight (48) hours.", "PT48H"),
     ("The Supplier tells the Buyer of a data incident within thirty (30) days.", "P30D")),
    ("subcontractors", "Subcontractors", "medium", "required", "consent: {is: yes}", "yes_no",
     ("No work is given to a subcontractor without the Buyer's prior written consent.", "yes"),
     ("The Supplier may give any part of the work to subcontractors of its choice.", "no")),
    ("price_increase", "Price increases", "high", "preferred", "increase: {max: 3 %}", "percentage",
     ("Fees rise once a year at most, and by no more than three percent (3 %).", "3 %"),
     ("Fees rise each year by eleven percent (11 %).", "11 %")),
    ("audit_rights", "Audit rights", "medium", "required", "", "yes_no",
     ("The Buyer may look into the Supplier's records once a year.", "yes"),
     ("The Supplier's records are open to nobody.", "no")),
    ("insurance", "Insurance", "low", "required", "cover: {min: 5000000 USD}", "amount",
     ("The Supplier keeps liability insurance of at least USD 5,000,000.", "5000000 USD"),
     ("The Supplier keeps liability insurance of at least USD 250,000.", "250000 USD")),
    ("assignment", "Assignment", "medium", "conditional", "consent: {is: yes}", "yes_no",
     ("Neither party may assign this Agreement without the consent of the other.", "yes"),
     ("The Supplier may assign this Agreement to anyone at any time.", "no")),
    ("confidentiality", "Confidentiality term", "high", "required", "term: {min: 3 years}", "duration",
     ("Duties of confidence last for five (5) years after this Agreement ends.", "P5Y"),
     ("Duties of confidence last for six (6) months after this Agreement ends.", "P6M")),
    ("exclusivity", "Exclusivity", "high", "forbidden", "", "yes_no",
     ("Nothing here keeps the Buyer from buying elsewhere.", "no"),
     ("The Buyer buys services of this kind from the Supplier alone.", "yes")),
    ("service_levels", "Service levels", "high", "required", "availability: {min: 99.5 %}", "percentage",
     ("The platform is available for 99.9 % of each month, or a credit falls due.", "99.9 %"),
     ("The platform is available for 95 % of each month.", "95 %")),
    ("late_interest", "Interest on late payment", "low", "conditional", "interest: {max: 8 %}", "percentage",
     ("Late sums bear interest at four percent (4 %) a year.", "4 %"),
     ("Late sums bear interest at eighteen percent (18 %) a year.", "18 %")),
    ("transition", "Help with transition", "medium", "required", "help: {min: 90 days}", "duration",
     ("The Supplier helps with the move to another supplier for one hundred and twenty (120) days.", "P120D"),
     ("The Supplier helps with the move to another supplier for five (5) days.", "P5D")),
    ("indemnity", "Indemnity for intellectual property", "critical", "required", "", "yes_no",
     ("The Supplier holds the Buyer harmless from claims that the services infringe a right.", "yes"),
     ("The Buyer bears claims that the services infringe a right.", "no")),
    ("effective_date", "Effective date", "info", "preferred", "effective: {after: 2020-01-01}", "date",
     ("This Agreement takes effect on 1 March 2024.", "2024-03-01"),
     ("This Agreement takes effect on 1 May 2011.", "2011-05-01")),
    ("escrow", "Source code in escrow", "info", "conditional", "", "yes_no",
     ("The Supplier leaves the source code with an escrow agent.", "yes"),
     ("The Supplier leaves the source code with nobody.", "no")),
    ("publicity", "Use of our name", "low", "forbidden", "", "yes_no",
     ("The Supplier does not name the Buyer in any publication.", "no"),
     ("The Supplier may name the Buyer as a customer wherever it likes.", "yes")),
)
# fmt: on
_FILLER = (
    "The parties meet every quarter to look at the work done and the work to come.",
    "Each notice is in writing and goes to the address on the cover page.",
    "Words in the singular include the plural, and headings serve only to find one's way.",
    "The Supplier uses people who are trained for the task that they are given.",
    "A delay that neither party could foresee or prevent is no breach while it lasts.",
    "Invoices name the order, the period and the sum, and carry the tax that the law asks for.",
    "The Buyer gives access to its sites on working days between eight and six o'clock.",
    "Minutes of a meeting bind nobody unless both parties have signed them.",
    "A change to an order is made by a change note that states its price and its date.",
    "What one party owns before this Agreement it goes on owning afterwards.",
)
_CHANCES: dict[Verdict, int] = {"compliant": 70, "violation": 6, "missing": 6, "needs_review": 7, "fallback": 5, "not_applicable": 6}
_IN_THE_AGREEMENT = (
    *("termination", "liability", "governed by", "invoice", "renew", "Security Incident", "subcontractor", "increase", "audit"),
    *("insurance", "assign", "Confidential Information", "exclusive", "Availability", "interest", "Transition", "indemnif"),
    *("Effective Date", "source code", "publicity"),
)


def playbook(count: int = 20) -> tuple[Rule, ...]:
    """The playbook's rules; past twenty they repeat with a number."""
    return tuple(_rule(number) for number in range(count))


def _rule(number: int) -> Rule:
    name, title, severity, requirement, test, _, passing, failing = _RULES[number % len(_RULES)]
    again = number // len(_RULES)
    return Rule(
        id=f"{name}_{again + 1}" if again else name,
        title=f"{title} ({again + 1})" if again else title,
        severity=severity,
        requirement=requirement,
        test=test,
        rationale=f"A dispute over {title.lower()} has cost more than the work it was about; the playbook says where we stand.",
        references=("Purchasing handbook, chapter 4", "Board decision of 12 May 2025") if number % 3 == 0 else (),
        escalation="General counsel" if severity in ("critical", "high") else "Contract manager",
        positions={"preferred": passing[0], "walk_away": failing[0]} if number % 4 else {"preferred": passing[0]},
    )


def reviews(count: int, rules: int = 20) -> Iterator[Review]:
    """That many documents, each against that many rules; the first is a PDF."""
    return (review(number, rules) for number in range(count))


def review(number: int, rules: int = 20) -> Review:
    """One document against the rules."""
    document = _document(number, rules)
    findings = tuple(_finding(document, number, place) for place in range(rules))
    return Review(
        document_id=document.id,
        path=document.path,
        title=document.title,
        kind="Services Agreement" if number % 5 else "Amendment",
        domain="legal",
        format=document.format,
        pages=len(document.pages) or None,
        findings=findings,
    )


def heading(rules: int = 20, picture: Callable[[Document, Span], bytes | None] | None = None) -> Heading:
    """The playbook of the samples; pictures are those of the PDF unless told otherwise."""
    return Heading(
        playbook="vendor_terms",
        version="2.4",
        fingerprint="5b1f0c77a3d24e9d",
        rules=playbook(rules),
        as_of="2026-03-01",
        started=STARTED,
        package="longdoc 0.0",
        model="encoder 91c2ab34",
        document=lambda path: _document(number_of(path), rules),
        picture=picture or rendered,
        side="customer",
        changes_since="2026-03-01T02:00:00+00:00",
    )


def closing(of: Iterable[Review]) -> Closing:
    """What a run over these reviews ends with: every hundredth finding has changed, and two files failed."""
    counts: Counter[Verdict] = Counter()
    changes: list[Change] = []
    documents = 0
    for one in of:
        documents += 1
        counts.update(finding.verdict for finding in one.findings)
        changes += [change for finding in one.findings if (change := _change(finding)) is not None]
    return Closing(
        finished=FINISHED,
        documents=documents,
        verdicts=dict(counts),
        failed=(
            Failed("contracts/scan.pdf", "failed", "parse", "contracts/scan.pdf: pages are pictures; run an OCR program such as ocrmypdf"),
            Failed("contracts/logo.png", "skipped", "sniff", "contracts/logo.png: a PNG picture, no document"),
        ),
        changes=tuple(changes),
        audit_head="9f2c1d" * 10 + "77aa",
        metrics={"seconds": 1300.0, "documents_per_second": 0.38},
    )


def rendered(document: Document, span: Span) -> bytes | None:
    """A picture of the page of the sample PDF, None for text."""
    from longdoc.ingest.render import render_page

    if document.format != "pdf":
        return None
    return render_page(str(AGREEMENT), document, span, scale=1.5)


def number_of(path: str) -> int:
    """The number of the sample document with this path."""
    return 0 if path == PDF_PATH else int(Path(path).stem.rpartition("-")[2])


def _document(number: int, rules: int) -> Document:
    return _agreement() if number == 0 else _written(number, rules)


@cache
def _agreement() -> Document:
    from longdoc.ingest import parse_file

    return parse_file(str(AGREEMENT)).document.model_copy(update={"path": PDF_PATH})


def _written(number: int, rules: int) -> Document:
    """A contract with a section for each rule; the clause is there unless it is missing."""
    chance = random.Random(number)
    title = f"Services Agreement No. {number}"
    text, sections = f"{title}\n\n", []
    for place in range(rules):
        _, name, _, _, _, _, passing, failing = _RULES[place % len(_RULES)]
        verdict = _verdict(number, place)
        clause = failing[0] if verdict == "violation" else passing[0]
        filler = [chance.choice(_FILLER) for _ in range(12)]
        if verdict not in ("missing", "not_applicable"):
            filler.insert(chance.randrange(12), clause)
        start = len(text)
        text += f"{place + 1}. {name}\n\n{' '.join(filler)}\n\n"
        ends = {"heading": Span(start=start, end=start + len(f"{place + 1}. {name}")), "span": Span(start=start, end=len(text))}
        sections.append(Section(index=place, parent=None, level=1, number=f"{place + 1}.", title=name, **ends))
    path = f"contracts/{2020 + number % 6}/agreement-{number:05}.txt"
    identity = hashlib.sha256(path.encode()).hexdigest()[:32]
    return Document(id=identity, path=path, format="txt", text=text, title=title, domain="legal", sections=tuple(sections))


def _verdict(number: int, place: int) -> Verdict:
    return random.Random(number * 1009 + place).choices(list(_CHANCES), list(_CHANCES.values()))[0]


def _finding(document: Document, number: int, place: int) -> Finding:
    chance = random.Random(number * 2003 + place)
    rule = _rule(place)
    verdict = _verdict(number, place)
    confidence = round(chance.uniform(0.35, 0.7) if verdict == "needs_review" else chance.uniform(0.75, 0.99), 4)
    weight = {"critical": 1.0, "high": 0.7, "medium": 0.4, "low": 0.2, "info": 0.1}[rule.severity]
    citations = () if verdict in ("missing", "not_applicable") else _citations(document, place)
    fits = verdict in ("compliant", "fallback", "violation")
    return Finding(
        document_id=document.id,
        path=document.path,
        rule=rule.id,
        title=rule.title,
        rule_version="3",
        verdict=verdict,
        severity=rule.severity,
        confidence=confidence,
        citations=citations,
        values=_values(citations, place, verdict),
        reason=_reason(verdict, rule),
        test=rule.test or None,
        position={"compliant": "preferred", "fallback": "fallback"}.get(verdict, "walk_away") if fits and citations else None,
        likeness=round(chance.uniform(0.6, 0.99), 3) if citations else None,
        searched=_searched(document, chance) if verdict == "missing" else None,
        leans=chance.choice(("violation", "compliant")) if verdict == "needs_review" else None,
        amended_by="contracts/2024/amendment-1.txt" if chance.random() < 0.01 else None,
        waiver="Waived by J. Okafor until 2026-12-31" if verdict == "fallback" and place % 2 else None,
        correction=_correction(document, rule, verdict) if number % 25 == 3 and place == 2 and verdict != "needs_review" else None,
        machine="needs_review" if number % 25 == 3 and place == 2 and verdict != "needs_review" else None,
        worth=round((1 - confidence) * weight, 4),
        model="encoder 91c2ab34",
    )


def _citations(document: Document, place: int) -> tuple[Citation, ...]:
    if document.format == "pdf":
        wanted = _IN_THE_AGREEMENT[place % len(_IN_THE_AGREEMENT)]
        found = [at for at in range(len(document.text)) if document.text.startswith(wanted, at)][1:9:4]
        return tuple(document.cite(_sentence(document.text, at)) for at in found or [document.text.index("Agreement")])
    _, name, _, _, _, _, passing, failing = _RULES[place % len(_RULES)]
    section = document.sections[place]
    for clause in (failing[0], passing[0]):
        at = document.text.find(clause, section.span.start, section.span.end)
        if at >= 0:
            return (document.cite(Span(start=at, end=at + len(clause))),)
    raise AssertionError(f"{document.path}: no clause on {name}")


def _sentence(text: str, at: int) -> Span:
    start, end = text.rfind(". ", 0, at) + 2, text.find(". ", at) + 1
    return Span(start=max(start, at - 300), end=min(end, at + 300))


def _values(citations: tuple[Citation, ...], place: int, verdict: Verdict) -> tuple[Value, ...]:
    _, _, _, _, _, kind, passing, failing = _RULES[place % len(_RULES)]
    if not citations or place % 2:
        return ()
    return (Value(kind=kind, normalised=(failing if verdict == "violation" else passing)[1], citation=citations[0]),)


def _reason(verdict: Verdict, rule: Rule) -> str:
    return {
        "compliant": "The clause is there and the test holds.",
        "fallback": "The clause fits the fallback position, not the preferred one.",
        "violation": f"The test {rule.test or 'of the wording'} does not hold.",
        "missing": "No passage states it.",
        "not_applicable": "The rule is for another kind of agreement.",
        "needs_review": "The passage may be the clause; a person should look.",
    }[verdict]


def _searched(document: Document, chance: random.Random) -> Searched:
    start = document.text.find(_FILLER[0])
    nearest = document.cite(Span(start=start, end=start + len(_FILLER[0]))) if start >= 0 else None
    pages = len(document.pages) or None
    return Searched(
        sections=len(document.sections), pages=pages, unread=(7,) if pages else (), nearest=nearest, score=round(chance.random() / 4, 3)
    )


def _correction(document: Document, rule: Rule, verdict: Verdict) -> Correction:
    return Correction(
        document_id=document.id,
        path=document.path,
        rule=rule.id,
        rule_version="2",
        verdict=verdict,
        was="needs_review",
        by="R. Lindqvist",
        at="2026-02-11T09:30:00+00:00",
        note="Read with the annex; the annex prevails.",
        playbook="vendor_terms",
    )


def _change(finding: Finding) -> Change | None:
    seed = int(hashlib.sha256(f"{finding.path} {finding.rule}".encode()).hexdigest()[:8], 16)
    if seed % 60:
        return None
    before: Verdict = get_args(Verdict)[seed // 60 % 5]
    if before == finding.verdict:
        return None
    failed = before in ("violation", "missing")
    kind = "new" if finding.failed and not failed else "fixed" if failed and not finding.failed else "changed"
    return Change(path=finding.path, rule=finding.rule, kind=kind, before=before, after=finding.verdict)
