"""Clauses of many documents by a label set; all candidates of a document are kept, so that another threshold costs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from longdoc.errors import UnknownNameError, UsageError
from longdoc.labels import LabelSet, load_labels
from longdoc.protocols import Reader
from longdoc.types import Clause, Document, Outcome, Span, Value
from longdoc_pipelines.keys import result_key
from longdoc_pipelines.sources import source_of, unanswered

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

LABELS_OF_DOMAIN = {"legal": "cuad", "financial": "filing", "research": "paper"}
MOST_CANDIDATES = 50
EXTRACT_VERSION = 2


def extract(
    corpus: Corpus,
    reader: Reader,
    entries: Sequence[Entry],
    labels: LabelSet | None = None,
    min_score: float | None = None,
    only: Sequence[str] = (),
    on_skip: Callable[[Outcome], None] | None = None,
) -> Iterator[Clause]:
    """The passages of `entries` that carry a label: by document, then in the label set's order, best first.

    `labels` None takes the label set of each document's domain; a document of no such domain gives nothing, and
    `on_skip` is told so, and of a document that a language model gives no answer about. `min_score` None takes the
    reader's own threshold of each label, 0 every candidate (at most 50 a label and document). `only` names the labels
    wanted.

    Raises: UnknownNameError for a label in `only` that no label set in use has; UsageError for a score outside 0..1.
    """
    if min_score is not None and not 0.0 <= min_score <= 1.0:
        raise UsageError(f"the lowest score wanted lies between 0 and 1, got {min_score}")
    sets = [(entry, labels or label_set_of(entry)) for entry in entries]
    wanted = wanted_labels([label_set for _, label_set in sets if label_set is not None], only)
    for entry, label_set in sets:
        if label_set is None:
            if on_skip is not None:
                on_skip(unlabelled(entry))
            continue
        names = [label.name for label in label_set.labels if not wanted or label.name.casefold() in wanted]
        lowest = {name: reader.default_score(label_set, name) if min_score is None else min_score for name in names}
        order = {name: position for position, name in enumerate(names)}
        found: list[Clause] = []
        if reader.label_by_label:
            label_set = label_set.model_copy(update={"labels": tuple(label for label in label_set.labels if label.name in order)})
        with unanswered(entry, "extract", on_skip):
            found = [clause for clause in candidates(corpus, reader, entry, label_set) if clause.score >= lowest.get(clause.label, 2.0)]
        yield from sorted(found, key=lambda clause: (order[clause.label], -clause.score, clause.citation.span.start))


def label_set_of(entry: Entry) -> LabelSet | None:
    """The label set for the domain of `entry`, None where there is none."""
    name = LABELS_OF_DOMAIN.get(entry.domain)
    return None if name is None else load_labels(name)


def wanted_labels(sets: Sequence[LabelSet], only: Sequence[str]) -> set[str]:
    """The names in `only`, folded; each must be a label of at least one of `sets`."""
    distinct = {label_set.fingerprint: label_set for label_set in sets}.values()
    for name in only if distinct else ():
        misses = []
        for label_set in distinct:
            try:
                label_set.label(name)
            except UnknownNameError as error:
                misses.append(error)
        if len(misses) == len(distinct):
            raise misses[0]
    return {name.casefold() for name in only}


def unlabelled(entry: Entry) -> Outcome:
    """What to tell of a document that no shipped label set fits."""
    reason = "neither contract, filing nor paper, so no label set was chosen: name one with labels (--labels) or set the domain (--domain)"
    return Outcome(path=entry.path, outcome="skipped", stage="extract", reason=reason, document_id=entry.document_id)


def candidates(
    corpus: Corpus, reader: Reader, entry: Entry, labels: LabelSet, *, only: Container[str] | None = None, document: Document | None = None
) -> list[Clause]:
    """All candidates of one document, from the corpus if they have been found before; `only` keeps those of these labels, in lower case.

    `document` saves reading the document again where it is at hand.
    """
    key = result_key("extract", EXTRACT_VERSION, entry.document_key, reader.fingerprint, labels.fingerprint)
    kept = corpus.result(key)
    if kept is None:
        clauses = best_of_each_label(reader.extract(source_of(corpus, reader, entry), labels))
        corpus.put_result(key, entry.document_key, "extract", json.dumps([to_row(clause) for clause in clauses]))
        return [clause for clause in clauses if only is None or clause.label.casefold() in only]
    document = document or corpus.document(entry)
    return [from_row(document, row) for row in json.loads(kept) if only is None or row[0].casefold() in only]


def best_of_each_label(clauses: Sequence[Clause]) -> list[Clause]:
    """At most 50 clauses a label, the best."""
    taken: dict[str, int] = {}
    best = []
    for clause in sorted(clauses, key=lambda clause: -clause.score):
        taken[clause.label] = taken.get(clause.label, 0) + 1
        if taken[clause.label] <= MOST_CANDIDATES:
            best.append(clause)
    return best


def to_row(clause: Clause) -> list[Any]:
    """A clause without its quotes: a document has thousands of candidates, and its text is at hand."""
    span, value = clause.citation.span, clause.value
    place = value and [value.kind, value.normalised, value.citation.span.start, value.citation.span.end]
    return [clause.label, clause.score, span.start, span.end, clause.method, place]


def from_row(document: Document, row: list[Any]) -> Clause:
    """The clause of `to_row`, cited anew in `document`."""
    label, score, start, end, method, place = row
    value = None
    if place is not None:
        kind, normalised, value_start, value_end = place
        value = Value(kind=kind, normalised=normalised, citation=document.cite(Span(start=value_start, end=value_end)))
    return Clause(label=label, score=score, citation=document.cite(Span(start=start, end=end)), value=value, method=method)
