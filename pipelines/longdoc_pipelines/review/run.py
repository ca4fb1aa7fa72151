"""A review of many documents: facts first, so that amendments are known, then the verdicts of one document after the other.

What was found is kept under the document, the reader and the rule: a changed rule is judged again and no other, a changed threshold or
severity, a waiver and a person's correction cost nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longdoc.errors import EngineError, StoreError, UsageError
from longdoc.labels import Label, LabelSet
from longdoc.protocols import Progress, Reader
from longdoc.types import Citation, Clause, Correction, Document, Finding, Outcome, Review
from longdoc_pipelines.extract import EXTRACT_VERSION, best_of_each_label, candidates, from_row, to_row
from longdoc_pipelines.keys import result_key
from longdoc_pipelines.outcomes import reason_of
from longdoc_pipelines.playbook.loading import Loaded
from longdoc_pipelines.playbook.schema import Rule
from longdoc_pipelines.review.dressing import dressed
from longdoc_pipelines.review.evidence import Evidence
from longdoc_pipelines.review.facts import Facts, amended, facts_of
from longdoc_pipelines.review.judge import REVIEW_VERSION, Terms, judge
from longdoc_pipelines.review.likeness import Likeness
from longdoc_pipelines.sources import source_of

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

FACTS_VERSION = 2
FACTS_LABELS = frozenset({"document name", "parties", "agreement date"})
Tell = Callable[[Progress], None]


@dataclass
class _Run:
    corpus: Corpus
    reader: Reader
    embedded: Reader
    loaded: Loaded
    terms: Terms
    likeness: Likeness
    facts: dict[str, Facts] = field(default_factory=dict)
    amends: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    amendments: dict[str, list[str]] = field(default_factory=dict)
    """Path of a document -> those of its amendments, the latest first."""
    earlier: dict[tuple[str, str], Correction] = field(default_factory=dict)
    """(path, rule) -> what was decided last about a text that no document of the run has any more."""


def review(
    corpus: Corpus,
    reader: Reader,
    entries: Sequence[Entry],
    loaded: Loaded,
    terms: Terms,
    *,
    embedded: Reader | None = None,
    on_failure: Callable[[Outcome], None] | None = None,
    progress: Tell | None = None,
) -> Iterator[Review]:
    """The review of each document, in the order of `entries`; one that cannot be judged, for want of an answer by a language model or by a
    fault, is told and left out.

    `embedded` finds titles, parties and dates, by which amendments are known (default: `reader`).
    """
    run = _Run(corpus, reader, embedded or reader, loaded, terms, Likeness(reader.embed), entries={entry.path: entry for entry in entries})
    for done, entry in enumerate(entries, start=1):
        with _alone(entry, on_failure):
            run.facts[entry.path] = _facts(run, entry)
        corpus.readings.let_go(entry.document_key, run.embedded.reading_fingerprint)
        if progress is not None:
            progress(Progress("extract", done, len(entries), "documents", entry.path))
    run.amends = dict(amended(run.facts.values()))
    for amendment, original in run.amends.items():
        run.amendments.setdefault(original, []).append(amendment)
    for listed in run.amendments.values():
        listed.sort(key=lambda path: max(run.facts[path].dates, default=""), reverse=True)
    present = {entry.document_id for entry in entries}
    decided = (one for one in corpus.verdicts.corrections(loaded.playbook.playbook) if one.document_id not in present)
    run.earlier = {(one.path, one.rule): one for one in sorted(decided, key=lambda one: one.at)}
    for entry in entries:
        if entry.path in run.facts:
            with _alone(entry, on_failure):
                yield _reviewed(run, entry)
            corpus.readings.let_go(entry.document_key, reader.reading_fingerprint)


@contextmanager
def _alone(entry: Entry, tell: Callable[[Outcome], None] | None) -> Iterator[None]:
    """Around the work on one document: what goes wrong is told as its outcome, so that the others go on; without `tell` it is raised. What
    would befall all of them is raised: a store or an engine that fails, a setting."""
    try:
        yield
    except (StoreError, EngineError, UsageError):
        raise
    except Exception as error:
        if tell is None:
            raise
        details = {"error": type(error).__name__}
        said = {"stage": "review", "reason": reason_of(error), "document_id": entry.document_id, "details": details}
        tell(Outcome(path=entry.path, outcome="failed", **said))


def _reviewed(run: _Run, entry: Entry) -> Review:
    facts, rules = run.facts[entry.path], run.loaded.playbook.rules
    amendments = run.amendments.get(entry.path, [])
    amends = run.amends.get(entry.path)
    keys = [run.facts[path].document_key for path in amendments]
    parts = (entry.document_key, run.reader.fingerprint, run.loaded.base.fingerprint, run.loaded.playbook.domain, keys, amends is not None)
    key = result_key("review", REVIEW_VERSION, *parts)
    kept = run.corpus.result(key)
    known: dict[str, Finding] = {}
    if kept is not None:
        known = {version: Finding.model_validate(row) for version, row in json.loads(kept).items()}
    wanted = {rule.id: _rule_key(rule, run.loaded, run.terms) for rule in rules}
    missing = [rule for rule in rules if wanted[rule.id] not in known]
    if missing:
        evidence = _evidence(run, entry)
        evidence.amends = amends
        evidence.amendments = [_evidence(run, run.entries[path]) for path in amendments]
        known = {version: finding for version, finding in known.items() if version in wanted.values()}
        for rule in missing:
            known[wanted[rule.id]] = judge(rule, evidence, run.terms, run.likeness)
        rows = {version: finding.model_dump(mode="json", exclude_defaults=True) for version, finding in known.items()}
        run.corpus.put_result(key, entry.document_key, "review", json.dumps(rows, ensure_ascii=False))
    corrections = {one.rule: one for one in run.corpus.verdicts.corrections(run.loaded.playbook.playbook, entry.document_id)}
    paths = {entry.document_id: entry.path} | {run.entries[path].document_id: path for path in amendments}
    said = {rule.id: (corrections.get(rule.id), run.earlier.get((entry.path, rule.id))) for rule in rules}
    findings = [
        dressed(_placed(known[wanted[rule.id]], entry.path, paths), rule, run.loaded.playbook, run.terms, *said[rule.id]) for rule in rules
    ]
    return Review(
        document_id=entry.document_id,
        path=entry.path,
        title=entry.title,
        kind=facts.kind,
        domain=entry.domain,
        format=entry.format,
        pages=entry.pages,
        amends=amends,
        amended_by=tuple(amendments),
        findings=tuple(findings),
    )


def _rule_key(rule: Rule, loaded: Loaded, terms: Terms) -> str:
    """Changes with all that the rule's verdict on the same document hangs on."""
    named = {rule.about, *(spec.label for spec in rule.values.values()), *(stance.label for _, stance in rule.positions.given())}
    own = [label.model_dump_json() for label in (loaded.own.labels if loaded.own else ()) if label.name in named]
    dated = any(rule.values[name].read == "date" for _, condition in rule.conditions() for name, _ in condition.compared())
    parts = [rule.version, *own, str(terms.as_of) if dated else "", loaded.playbook.applies_to.model_dump_json()]
    sided = rule.applies_to.side or loaded.playbook.applies_to.side
    parts.append(str(terms.side) if sided else "")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _placed(finding: Finding, path: str, paths: dict[str, str]) -> Finding:
    """The finding with paths as they are now: what is kept is kept under the content, wherever it lies."""

    def cited(citation: Citation) -> Citation:
        now = paths.get(citation.document_id, citation.path)
        return citation if citation.path == now else citation.model_copy(update={"path": now})

    if finding.path == path and finding.amended_by is None:
        return finding
    searched = finding.searched
    if searched is not None and searched.nearest is not None:
        searched = searched.model_copy(update={"nearest": cited(searched.nearest)})
    changes = {
        "path": path,
        "citations": tuple(cited(citation) for citation in finding.citations),
        "values": tuple(value.model_copy(update={"citation": cited(value.citation)}) for value in finding.values),
        "searched": searched,
    }
    return finding.model_copy(update=changes)


# Evidence


def _facts(run: _Run, entry: Entry) -> Facts:
    base = run.loaded.base
    key = result_key("facts", FACTS_VERSION, entry.document_key, run.embedded.fingerprint, base.fingerprint)
    kept = run.corpus.result(key)
    if kept is not None:
        return Facts.from_json(kept, entry.path, entry.document_key)
    document = run.corpus.document(entry)
    clauses = candidates(run.corpus, run.embedded, entry, base, only=FACTS_LABELS, document=document)
    found = facts_of(document, entry.document_key, clauses)
    run.corpus.put_result(key, entry.document_key, "facts", found.to_json())
    return found


def _evidence(run: _Run, entry: Entry) -> Evidence:
    document = run.corpus.document(entry)
    named = {label.casefold() for label in _named(run.loaded)}
    clauses = [*_of_base(run, entry, document, named | {"governing law"}), *_of_own(run, entry, document)]
    facts = run.facts[entry.path]
    asked = any(label.name.casefold() == "parties" for label in run.loaded.base.labels)
    return Evidence(document, clauses, run.loaded, run.reader, kind=facts.kind, nameless=asked and not facts.named)


def _of_base(run: _Run, entry: Entry, document: Document, wanted: AbstractSet[str]) -> list[Clause]:
    """Candidates for the `wanted` labels of the label set. A reader that takes its time label by label is asked for those alone that a
    rule names."""
    labels = run.loaded.base
    if run.reader.label_by_label:
        named = {label.casefold() for label in _named(run.loaded)}
        chosen = tuple(label for label in labels.labels if label.name.casefold() in named)
        if not chosen:
            return []
        labels = labels.model_copy(update={"labels": chosen})
    return candidates(run.corpus, run.reader, entry, labels, only=wanted, document=document)


def _named(loaded: Loaded) -> Iterator[str]:
    """Every label that a rule is about, reads a value from or knows a position by."""
    for rule in loaded.playbook.rules:
        yield rule.about
        yield from (spec.label for spec in rule.values.values() if spec.label is not None)
        yield from (stance.label for _, stance in rule.positions.given() if stance.label is not None)


def _of_own(run: _Run, entry: Entry, document: Document) -> list[Clause]:
    """Candidates for the playbook's own labels and questions, kept label by label: one that changes leaves the others as they are."""
    own = run.loaded.own
    if own is None:
        return []
    found: list[Clause] = []
    missing: dict[str, tuple[str, Label]] = {}
    for label in own.labels:
        key = result_key("label", EXTRACT_VERSION, entry.document_key, run.reader.fingerprint, own.name, label.model_dump_json())
        kept = run.corpus.result(key)
        if kept is None:
            missing[label.name] = (key, label)
        else:
            found += [from_row(document, row) for row in json.loads(kept)]
    if missing:
        asked = LabelSet(name=own.name, domain=own.domain, labels=tuple(label for _, label in missing.values()))
        new = best_of_each_label(run.reader.extract(source_of(run.corpus, run.reader, entry), asked))
        for name, (key, _) in missing.items():
            rows = [to_row(clause) for clause in new if clause.label == name]
            run.corpus.put_result(key, entry.document_key, "extract", json.dumps(rows))
        found += new
    return found
