"""What stands before and after the documents of a review in Markdown: by what it was done, and what it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from longdoc.cli.text import markdown
from longdoc.types import Verdict

if TYPE_CHECKING:
    from longdoc_pipelines.reports.base import Closing, Heading

ORDER: tuple[Verdict, ...] = ("violation", "missing", "needs_review", "fallback", "compliant", "not_applicable")
MOST_CHANGES = 500
"""Changes that are listed; JSON and CSV have all."""
Counted = tuple[str, Counter[Verdict]]
"""A document's path and its verdicts."""


def opening(heading: Heading) -> Iterator[str]:
    """A title, and in a line what the verdicts stand on."""
    yield f"# Review by {markdown(heading.playbook)} {markdown(heading.version)}"
    yield ""
    side = f", for the {markdown(heading.side)}" if heading.side else ""
    yield f"As of {heading.as_of}{side}. {len(heading.rules):,} rules, fingerprint {heading.fingerprint}."
    yield f"Model {markdown(heading.model)}, {heading.package}. Started {heading.started}."
    yield ""


def ending(heading: Heading, closing: Closing, documents: Sequence[Counted]) -> Iterator[str]:
    """Verdicts by document, what changed, which files were left out, and the head of the audit log."""
    yield "## What it came to"
    yield ""
    yield from _table(("document", *map(_words, ORDER)), [(path, *(f"{counts[one]:,}" for one in ORDER)) for path, counts in documents])
    totals = ", ".join(f"{closing.verdicts[one]:,} {_words(one)}" for one in ORDER if closing.verdicts.get(one))
    yield f"{closing.documents:,} documents: {totals or 'no verdicts'}."
    yield ""
    yield from _changes(heading, closing)
    if closing.failed:
        yield "### Files that were not reviewed"
        yield ""
        yield from (f"- **{one.outcome}** {markdown(one.path)}: {markdown(one.reason)}" for one in closing.failed)
        yield ""
    yield f"Head of the audit log: `{closing.audit_head or 'none'}`"


def _changes(heading: Heading, closing: Closing) -> Iterator[str]:
    if heading.changes_since is None:
        return
    kinds = Counter(change.kind for change in closing.changes)
    told = ", ".join(f"{kinds[kind]:,} {kind}" for kind in ("new", "fixed", "changed") if kinds[kind])
    yield f"### Since the last run ({heading.changes_since}): {told or 'nothing changed'}"
    yield ""
    listed = closing.changes[:MOST_CHANGES]
    rows = [(one.kind, one.path, one.rule, _words(one.before or "none"), _words(one.after or "none")) for one in listed]
    yield from _table(("change", "document", "rule", "before", "now"), rows)
    if len(closing.changes) > MOST_CHANGES:
        yield f"And {len(closing.changes) - MOST_CHANGES:,} more."
        yield ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(markdown(part) for part in row)} |"
    yield ""


def _words(name: str) -> str:
    return name.replace("_", " ")
