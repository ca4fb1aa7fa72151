"""What the documents of a folder hold together: how many of which kind, what each is, and in what contracts differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from longdoc.protocols import Reader
from longdoc.types import Citation, Clause, Domain, Overview, Statement, Summary
from longdoc_pipelines.extract import extract
from longdoc_pipelines.sources import unanswered
from longdoc_pipelines.summarize import one_summary

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

KINDS: dict[Domain, tuple[str, str]] = {
    "legal": ("contract", "contracts"),
    "financial": ("filing", "filings"),
    "research": ("paper", "papers"),
    "plain": ("other document", "other documents"),
}
COMPARED_LABELS = ("Agreement Date", "Expiration Date", "Renewal Term", "Notice Period To Terminate Renewal", "Governing Law")
"""What contracts are laid side by side by: labels whose values are short."""
COMPARED_TOPICS: dict[Domain, str] = {"financial": "results", "research": "contribution"}
DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
MOST_NAMED = 12
"""Documents that one statement names; a longer list is no overview."""


def overview(corpus: Corpus, reader: Reader, entries: Sequence[Entry], embedded: Reader | None = None) -> list[Overview]:
    """Statements over all `entries`, each with the citations that it rests on; none for fewer than two documents. Contracts are laid side
    by side by the clauses that `embedded` finds (default: `reader`). A document that has no summary is left out."""
    summaries: list[Summary] = []
    for entry in entries if len(entries) > 1 else ():
        with unanswered(entry, "summarize", lambda outcome: None):  # which was told when it was summarized
            summaries.append(one_summary(corpus, reader, entry))
    statements = []
    for domain in KINDS:
        of_kind = [summary for summary in summaries if summary.domain == domain]
        statements += [what_is_here(domain, of_kind)] if of_kind else []
    contracts = [entry for entry in entries if entry.domain == "legal"]
    if len(contracts) > 1:
        clauses = list(extract(corpus, embedded or reader, contracts, only=COMPARED_LABELS))
        compared = [side_by_side(label, contracts, clauses) for label in COMPARED_LABELS]
        statements += [statement for statement in compared if len(statement.citations) > 1]
    for domain, topic in COMPARED_TOPICS.items():
        statements += told_of_each(topic, [summary for summary in summaries if summary.domain == domain])
    return [statement for statement in statements if statement.citations]


def what_is_here(domain: Domain, summaries: Sequence[Summary]) -> Overview:
    """How many documents of a kind there are and what they are, resting on each one's first statement."""
    named = [named_document(summary) for summary in summaries[:MOST_NAMED]]
    more = f", and {len(summaries) - MOST_NAMED} more" if len(summaries) > MOST_NAMED else ""
    citations = tuple(summary.sentences[0].citation for summary in summaries[:MOST_NAMED] if summary.sentences)
    return Overview(text=f"{len(summaries)} {KINDS[domain][len(summaries) > 1]}: {'; '.join(named)}{more}.", citations=citations)


def named_document(summary: Summary) -> str:
    """The document's title with the name of its file."""
    name = PurePath(summary.path).name
    title = " ".join((summary.title or "").split())
    return f"{title} ({name})" if title else name


def side_by_side(label: str, entries: Sequence[Entry], clauses: Sequence[Clause]) -> Overview:
    """What the contracts say on one label: each value with the contracts that have it, then those that are silent."""
    best: dict[str, Clause] = {}
    for clause in clauses:
        path = clause.citation.path
        if clause.label == label and clause.value is not None and (path not in best or clause.score > best[path].score):
            best[path] = clause
    holders: dict[str, list[str]] = {}
    for entry in entries:
        if entry.path in best:
            value = best[entry.path].value
            holders.setdefault(value.normalised if value else "", []).append(PurePath(entry.path).name)
    groups = sorted(holders.items(), key=lambda group: (-len(group[1]), group[0]))
    parts = [f"{readable(value)} in {listed(names)}" for value, names in groups]
    silent = [PurePath(entry.path).name for entry in entries if entry.path not in best]
    parts += [f"none found in {listed(silent) if len(silent) <= 2 else f'{len(silent)} others'}"] if silent else []
    return Overview(text=f"{label}: {'; '.join(parts)}.", citations=tuple(clause.citation for clause in best.values()))


def told_of_each(topic: str, summaries: Sequence[Summary]) -> list[Overview]:
    """What each of a few documents says on one topic, one after the other."""
    told: list[tuple[Summary, Statement]] = []
    for summary in summaries:
        best = max((s for s in summary.sentences if s.topic == topic), key=lambda s: s.score, default=None)
        told += [(summary, best)] if best is not None else []
    if len(summaries) < 2 or not told or len(told) > MOST_NAMED:
        return []
    citations: tuple[Citation, ...] = tuple(statement.citation for _, statement in told)
    parts = [f"{PurePath(summary.path).name}: {statement.text}" for summary, statement in told]
    return [Overview(text=f"{topic.capitalize()}. {' '.join(parts)}", citations=citations)]


def readable(value: str) -> str:
    """A normalised value for a person: an ISO 8601 duration in words, all else as it is."""
    parts = DURATION.fullmatch(value)
    if parts is None or not any(parts.groups()):
        return value
    units = zip(parts.groups(), ("year", "month", "week", "day"), strict=True)
    return ", ".join(f"{number} {unit}{'' if number == '1' else 's'}" for number, unit in units if number)


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
