"""Documents against a playbook: findings, what people decided, and how runs differ."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from longdoc.types.documents import Citation, Domain, Record, Score
from longdoc.types.results import Value

Verdict = Literal["compliant", "fallback", "violation", "missing", "not_applicable", "needs_review"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Position = Literal["preferred", "fallback", "walk_away"]


class Searched(Record):
    """What was looked through for a clause: sections, pages (None where the format has none) and those of them that hold no text that
    could be read; `usual` are those of the document's headings under which it usually stands, each with its page; `nearest` is the passage
    that came closest, `score` its probability."""

    sections: int
    pages: int | None
    unread: tuple[int, ...] = ()
    usual: tuple[str, ...] = ()
    nearest: Citation | None = None
    score: Score = 0.0


class Correction(Record):
    """A person's verdict in place of the machine's `was`, or in agreement with it: who, when (ISO 8601, UTC), and why.

    `rule_version` is that of the rule that was looked at: once the rule changes, the correction stands but is shown as one of an
    earlier rule. `citation` is the passage that the person points at, if any; `playbook` is the name of the rule's.
    """

    document_id: str
    path: str
    rule: str
    rule_version: str
    verdict: Verdict
    was: Verdict
    by: Annotated[str, Field(min_length=1)]
    at: str
    note: str = ""
    citation: Citation | None = None
    playbook: str = ""


class Finding(Record):
    """The verdict of one rule of a playbook on one document.

    `confidence` is the probability that the verdict is right. `test` is the test that decided, as the playbook writes it; `position`
    the rule's position that the wording fits, `likeness` how well (0 to 1); `searched` is there where nothing was found. `leans` is the
    likeliest verdict where a person is to decide. `amended_by` names the document whose clause overrides this one's. `worth` orders the
    queue of what a person should look at: the chance that the machine is wrong, times what that would cost. `machine` is the verdict
    before a person's `correction`.
    """

    document_id: str
    path: str
    rule: str
    title: str = ""
    rule_version: str = ""
    verdict: Verdict
    severity: Severity
    confidence: Score
    citations: tuple[Citation, ...] = ()
    values: tuple[Value, ...] = ()
    reason: str = ""
    test: str | None = None
    position: Position | None = None
    likeness: Score | None = None
    searched: Searched | None = None
    leans: Verdict | None = None
    amended_by: str | None = None
    waiver: str | None = None
    correction: Correction | None = None
    machine: Verdict | None = None
    worth: Score = 0.0
    model: str = ""

    @property
    def failed(self) -> bool:
        """Whether the document breaks the rule: a violation, or a clause that is missing."""
        return self.verdict in ("violation", "missing")


class Review(Record):
    """One document against a playbook: a finding for every rule, in the playbook's order.

    `kind` is what the document calls itself ("Services Agreement"); `amends` and `amended_by` are paths of documents in the same run.
    """

    document_id: str
    path: str
    title: str | None
    kind: str | None = None
    domain: Domain
    format: str
    pages: int | None
    amends: str | None = None
    amended_by: tuple[str, ...] = ()
    findings: tuple[Finding, ...]


class Change(Record):
    """How a finding differs from that of the last run: `new` (it fails now, and did not or was not there), `fixed` (it failed), `changed`
    (another verdict otherwise); `before` is None where the document or the rule was not there."""

    path: str
    rule: str
    kind: Literal["new", "fixed", "changed"]
    before: Verdict | None
    after: Verdict | None
