"""Findings with everything that a report may have to show, on documents that exist nowhere."""

from __future__ import annotations

from typing import Any

from longdoc.types import Change, Citation, Correction, Document, Finding, Review, Searched, Span, Value, Verdict
from longdoc_pipelines.reports.base import Closing, Failed, Heading, Report, Rule

TEXT = "Agreement\n\n1. Law\n\nNevada law governs 🙂 this Agreement.\r\nIt renews each year.\n"
PATH = "contracts/our deal #1.txt"
LAW = Span(start=TEXT.index("Nevada"), end=TEXT.index("\r\n"))
RENEWS = Span(start=TEXT.index("It renews"), end=TEXT.index("\n", TEXT.index("It renews")))


def citation(span: Span = LAW, path: str = PATH, page: int | None = None) -> Citation:
    return Citation(document_id="d1", path=path, span=span, quote=TEXT[span.start : span.end], page=page)


def finding(verdict: Verdict = "violation", rule: str = "law", **changes: Any) -> Finding:
    said: dict[str, Any] = {
        "document_id": "d1",
        "path": PATH,
        "rule": rule,
        "title": "Governing law",
        "verdict": verdict,
        "severity": "high",
        "confidence": 0.9,
        "citations": () if verdict in ("missing", "not_applicable") else (citation(),),
        "reason": f"It is {verdict}.",
    }
    return Finding(**(said | changes))


def review(*findings: Finding, path: str = PATH, **changes: Any) -> Review:
    said: dict[str, Any] = {"document_id": "d1", "path": path, "title": "Our deal", "domain": "legal", "format": "txt", "pages": None}
    return Review(**(said | changes), findings=tuple(one.model_copy(update={"path": path}) for one in findings))


def full() -> Review:
    """A finding of each verdict, and all that may hang on one."""
    value = Value(kind="jurisdiction", normalised="Nevada", citation=citation(Span(start=LAW.start, end=LAW.start + 6)))
    nearest = Searched(sections=3, pages=9, unread=(4,), nearest=citation(RENEWS), score=0.125)
    decided = Correction(
        document_id="d1", path=PATH, rule="renewal", rule_version="1", verdict="compliant", was="violation", by="J. Doe",
        at="2026-04-01T10:00:00+00:00", note="By side letter.",
    )  # fmt: skip
    return review(
        finding(values=(value,), test="law: {in: [New York]}", citations=(citation(page=2), citation(RENEWS)), amended_by="a.txt"),
        finding("missing", "cap", severity="critical", searched=nearest),
        finding("needs_review", "notice", severity="medium", leans="violation", worth=0.4),
        finding("fallback", "fees"),
        finding("compliant", "renewal", correction=decided, machine="violation"),
        finding("not_applicable", "audit", waiver="Legal answers for it until 2027-01-01", severity="low"),
        finding("not_applicable", "escrow", severity="info"),
    )


RULES = tuple(
    Rule(id=name, title=name.capitalize(), severity=severity, requirement="required", test="law: {in: [New York]}", rationale="We say so.",
         references=("Handbook",), escalation="Counsel", positions={"preferred": "The laws of [New York](x) govern."})
    for name, severity in (("law", "high"), ("cap", "critical"), ("notice", "medium"), ("fees", "high"), ("renewal", "high"),
                           ("audit", "low"), ("escrow", "info"))
)  # fmt: skip


def heading(**changes: Any) -> Heading:
    """Of a playbook of seven rules; a document has TEXT, whatever its path."""
    said: dict[str, Any] = {
        "playbook": "deals", "version": "1.2", "fingerprint": "f00d", "rules": RULES, "as_of": "2026-04-02",
        "started": "2026-04-02T08:00:00+00:00", "package": "longdoc 9.9", "model": "encoder abc", "side": "buyer",
        "document": lambda path: Document(id="d1", path=path, format="txt", text=TEXT), "picture": lambda document, span: None,
    }  # fmt: skip
    return Heading(**(said | changes))


def cut_off(report: Report) -> None:
    """Stop a report in the middle, as Ctrl-C does."""
    with report:
        report.add(full())
        raise KeyboardInterrupt


def closing(*reviews: Review, changes: tuple[Change, ...] = ()) -> Closing:
    """Of a run over these reviews in which two files were left out."""
    counts: dict[Verdict, int] = {}
    for one in reviews:
        for found in one.findings:
            counts[found.verdict] = counts.get(found.verdict, 0) + 1
    failed = (Failed("contracts/bad.pdf", "failed", "parse", "is <damaged>\x07 & unread"), Failed("x.png", "skipped", "sniff", "a picture"))
    return Closing(
        finished="2026-04-02T08:10:00+00:00", documents=len(reviews), verdicts=counts, failed=failed, changes=changes, audit_head="beef",
        metrics={"seconds": 600.0},
    )  # fmt: skip
