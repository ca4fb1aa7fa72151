"""What the documents of a folder hold together: which there are, with a table of their key facts, in what they differ, which stand out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from longdoc.protocols import Reader
from longdoc.types import Citation, Domain, FactRow, FactTable, KeyFact, Overview, Statement, Summary
from longdoc_pipelines.facts.shown import name_of, readable, shown
from longdoc_pipelines.outliers import outliers
from longdoc_pipelines.sources import unanswered
from longdoc_pipelines.summarize import one_summary

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

__all__ = ["overview", "readable"]

KINDS: dict[Domain, tuple[str, str]] = {
    "legal": ("contract", "contracts"),
    "financial": ("filing", "filings"),
    "research": ("paper", "papers"),
    "plain": ("other document", "other documents"),
}
COMPARED: dict[Domain, dict[str, str]] = {
    "legal": {
        "Agreement date": "Agreement Date",
        "Expiration date": "Expiration Date",
        "Term": "Term",
        "Renewal": "Renewal Term",
        "Notice of non-renewal": "Notice Period To Terminate Renewal",
        "Liability cap": "Cap On Liability",
        "Governing law": "Governing Law",
    },
    "financial": {
        name: name for name in ("Fiscal year ended", "Quarter ended", "Revenue", "Net income", "EPS (diluted)", "Cash", "Total debt")
    },
    "research": {"Task": "Task", "Data set": "Data sets"},
    "plain": {},
}
"""Facts that documents of a kind are laid side by side by, and what the comparison is called: for contracts as the label set spells it."""
COMPARED_TOPICS: dict[Domain, str] = {"financial": "results", "research": "contribution"}
MOST_NAMED = 12
"""Documents that one statement names; a longer list is no overview."""
FEW = 6
"""Of more documents, a value that many share is told with their number alone."""


def overview(corpus: Corpus, reader: Reader, entries: Sequence[Entry], embedded: Reader | None = None) -> list[Overview]:
    """Statements over all `entries`, each with the citations that it rests on; none for fewer than two documents. Documents are laid side
    by side by their key facts, which `embedded` finds (default: `reader`). A document that has no summary is left out."""
    summaries: list[Summary] = []
    for entry in entries if len(entries) > 1 else ():
        with unanswered(entry, "summarize", lambda outcome: None):  # which was told when it was summarized
            summaries.append(one_summary(corpus, reader, entry, embedded=embedded))
    by_kind = {domain: [summary for summary in summaries if summary.domain == domain] for domain in KINDS}
    statements = [what_is_here(domain, of_kind) for domain, of_kind in by_kind.items() if of_kind]
    for domain, of_kind in by_kind.items():
        compared = [side_by_side(title, name, of_kind) for name, title in COMPARED[domain].items() if len(of_kind) > 1]
        statements += [statement for statement in compared if len({citation.path for citation in statement.citations}) > 1]
    for of_kind in by_kind.values():
        statements += outliers(of_kind)
    for domain, topic in COMPARED_TOPICS.items():
        statements += told_of_each(topic, by_kind[domain])
    return [statement for statement in statements if statement.citations]


def what_is_here(domain: Domain, summaries: Sequence[Summary]) -> Overview:
    """How many documents of a kind there are and what they are, resting on each one's first statement, with the table of their facts."""
    named = [named_document(summary) for summary in summaries[:MOST_NAMED]]
    more = f", and {len(summaries) - MOST_NAMED} more" if len(summaries) > MOST_NAMED else ""
    citations = tuple(first for summary in summaries[:MOST_NAMED] if (first := _first(summary)) is not None)
    text = f"{len(summaries)} {KINDS[domain][len(summaries) > 1]}: {'; '.join(named)}{more}."
    return Overview(text=text, citations=citations, table=fact_table(domain, summaries))


def _first(summary: Summary) -> Citation | None:
    rests_on = [statement.citation for statement in summary.sentences] or [fact.citation for fact in summary.facts]
    return rests_on[0] if rests_on else None


def fact_table(domain: Domain, summaries: Sequence[Summary]) -> FactTable | None:
    """Documents by the names of their facts, those that most of them have first among equals; None where there are none."""
    order: dict[str, list[int]] = {}
    for summary in summaries:
        for place, name in enumerate(dict.fromkeys(fact.name for fact in summary.facts)):
            order.setdefault(name, []).append(place)
    # A name that one document of many has is no column.
    common = {name: places for name, places in order.items() if len(places) > 1 or len(summaries) < 3}
    if not common:
        return None
    names = sorted(common, key=lambda name: (sum(common[name]) / len(common[name]), -len(common[name])))
    rows = tuple(FactRow(path=summary.path, title=summary.title, facts=_by_name(summary.facts, names)) for summary in summaries)
    return FactTable(domain=domain, names=tuple(names), rows=rows)


def _by_name(facts: Sequence[KeyFact], names: Sequence[str]) -> dict[str, tuple[KeyFact, ...]]:
    found = {name: tuple(fact for fact in facts if fact.name == name) for name in names}
    return {name: some for name, some in found.items() if some}


def named_document(summary: Summary) -> str:
    """What the document is called, with the name of its file."""
    name, called = PurePath(summary.path).name, name_of(summary)
    return called if called == name else f"{called} ({name})"


def side_by_side(title: str, name: str, summaries: Sequence[Summary]) -> Overview:
    """What documents say on one fact: each value with the documents that have it, then those that are silent."""
    holders: dict[str, list[str]] = {}
    citations: list[Citation] = []
    silent: list[str] = []
    for summary in summaries:
        facts = [fact for fact in summary.facts if fact.name == name]
        for fact in facts:
            holders.setdefault(shown(fact), []).append(PurePath(summary.path).name)
            citations.append(fact.citation)
        silent += [] if facts else [PurePath(summary.path).name]
    groups = sorted(holders.items(), key=lambda group: (-len(group[1]), group[0]))
    many = len(summaries) > FEW
    parts = [f"{len(names)} {value}" if many and len(names) > 2 else f"{value} in {listed(names)}" for value, names in groups[:MOST_NAMED]]
    parts += [f"{len(groups) - MOST_NAMED} other values"] if len(groups) > MOST_NAMED else []
    parts += [f"none found in {listed(silent) if len(silent) <= 2 else f'{len(silent)} others'}"] if silent else []
    return Overview(text=f"{title}: {'; '.join(parts)}.", citations=tuple(citations), topic="difference")


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
    return [Overview(text=f"{topic.capitalize()}. {' '.join(parts)}", citations=citations, topic="told")]


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
