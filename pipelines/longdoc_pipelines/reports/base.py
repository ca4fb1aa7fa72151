"""What every report of a review is told, and what it must do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from longdoc.types import Change, Document, Review, Severity, Span, Verdict

if TYPE_CHECKING:
    from typing import Self

VERDICTS: tuple[Verdict, ...] = ("violation", "missing", "needs_review", "fallback", "compliant", "not_applicable")
"""In the order in which a reader wants them."""
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as reports show it; `positions` maps "preferred", "fallback" and "walk_away" to their model language."""

    id: str
    title: str
    severity: Severity
    requirement: str
    test: str = ""
    rationale: str = ""
    references: tuple[str, ...] = ()
    escalation: str = ""
    positions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known before the first document: the playbook with its rules in order, the model, and how to see a document.

    `document` gives the text of a reviewed document by its path; `picture` a PNG of the page on which a span begins, with the span
    marked, None for a format without pages. `changes_since` is when the last run finished (ISO 8601), None if there was none. Times are
    ISO 8601, UTC.
    """

    playbook: str
    version: str
    fingerprint: str
    rules: tuple[Rule, ...]
    as_of: str
    started: str
    package: str
    model: str
    document: Callable[[str], Document]
    picture: Callable[[Document, Span], bytes | None]
    side: str | None = None
    changes_since: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be reviewed, or was skipped."""

    path: str
    outcome: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What is known after the last document; `audit_head` is the last hash of the audit log, None if there is none yet."""

    finished: str
    documents: int
    verdicts: Mapping[Verdict, int]
    failed: tuple[Failed, ...] = ()
    changes: tuple[Change, ...] = ()
    audit_head: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


class Report(Protocol):
    """One format. A target that exists is replaced when the report is whole."""

    def __init__(self, target: Path, heading: Heading) -> None: ...

    def __enter__(self) -> Self: ...

    def add(self, review: Review) -> None:
        """Write one document's findings."""
        ...

    def finish(self, closing: Closing) -> None:
        """Write the rest and make the report appear under its name."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Remove what was written, unless it was finished."""
        ...
