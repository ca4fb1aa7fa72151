"""A finding with all that does not hang on the document: its title and severity, the threshold of review, waivers, what people decided."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import PurePath

from longdoc.types import Correction, Finding, Severity
from longdoc_pipelines.playbook.schema import Playbook, Rule, Waiver
from longdoc_pipelines.review.judge import Terms

COST: dict[Severity, float] = {"critical": 1.0, "high": 0.8, "medium": 0.5, "low": 0.25, "info": 0.1}
"""What a wrong verdict costs, against a critical one."""


def dressed(
    finding: Finding, rule: Rule, playbook: Playbook, terms: Terms, correction: Correction | None = None, earlier: Correction | None = None
) -> Finding:
    """What `judge` gave with all that does not hang on the document. `correction` is what a person decided about this text of it, `earlier`
    about another text at the same path: that is told of and decides nothing."""
    thresholds = (terms.review_below, rule.review_below, playbook.review_below)
    lowest = next(value for value in thresholds if value is not None)
    changes: dict[str, object] = {
        "title": rule.title,
        "severity": rule.severity,
        "worth": round((1.0 - finding.confidence) * COST[rule.severity], 4),
    }
    given = [one for one in rule.waivers if _is_for(one, finding.path)] if finding.failed else []
    waiver = next((one for one in given if terms.as_of <= one.expires), None)
    if waiver is not None:
        why = f", {waiver.reason}" if waiver.reason else ""
        said = f"{waiver.owner} answers for it until {waiver.expires.isoformat()}{why}"
        changes |= {"verdict": "not_applicable", "waiver": said, "reason": f"Waived: {said}. {finding.reason}", "worth": 0.0}
    elif finding.confidence < lowest and finding.verdict != "needs_review":
        said = f"Leans to {finding.verdict.replace('_', ' ')}: {finding.reason}"
        changes |= {"verdict": "needs_review", "leans": finding.verdict, "reason": said}
    found = finding.model_copy(update=changes)
    also = ""
    if given and waiver is None:
        over = max(given, key=lambda one: one.expires)
        also += f" The waiver that {over.owner} answered for ended on {over.expires.isoformat()}."
    if correction is None and earlier is not None:
        decided = earlier.verdict.replace("_", " ")
        also += f" Of an earlier text of this file {earlier.by} decided on {earlier.at[:10]} that it is {decided}; look again."
    found = found.model_copy(update={"reason": found.reason + also})
    return found if correction is None else _corrected(found, correction)


def _corrected(finding: Finding, correction: Correction) -> Finding:
    """The finding with a person's verdict."""
    reason = f"{correction.by} decided on {correction.at[:10]}" + (f": {correction.note}" if correction.note else "")
    reason += "" if reason.endswith((".", "!", "?")) else "."
    if correction.rule_version != finding.rule_version:
        reason += " The rule has changed since."
    citations = (correction.citation, *finding.citations) if correction.citation is not None else finding.citations
    changes = {
        "verdict": correction.verdict,
        "machine": finding.verdict,
        "confidence": 1.0,
        "worth": 0.0,
        "reason": f"{reason} {finding.reason}",
        "correction": correction,
        "citations": tuple(dict.fromkeys(citations)),
    }
    return finding.model_copy(update=changes)


def _is_for(waiver: Waiver, path: str) -> bool:
    """By the file's name or path, as it stands ("final [2].pdf") or as a pattern."""
    return any(said == waiver.document or fnmatch(said, waiver.document) for said in (PurePath(path).name, path))
