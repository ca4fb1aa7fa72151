"""The key facts of a document in the corpus, kept there once they have been found."""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from longdoc.labels import load_labels
from longdoc.protocols import Reader
from longdoc.types import Clause, Document, KeyFact
from longdoc_pipelines.extract import EXTRACT_VERSION, candidates
from longdoc_pipelines.facts.cover import cover_facts, is_filing
from longdoc_pipelines.facts.financial import financial_facts
from longdoc_pipelines.facts.legal import LABELS, legal_facts
from longdoc_pipelines.facts.research import research_facts
from longdoc_pipelines.keys import result_key

if TYPE_CHECKING:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.records import Entry

FACTS_VERSION = 1
"""Part of the key under which facts are kept; raise it when the same document could give others."""
_WANTED = {label.casefold() for label in LABELS}


def key_facts(corpus: Corpus, embedded: Reader, entry: Entry, document: Document) -> tuple[KeyFact, ...]:
    """The facts that a document of its domain is looked up for, in the order in which a person wants them; `embedded` finds clauses."""
    key = result_key("facts", FACTS_VERSION, EXTRACT_VERSION, entry.document_key, embedded.fingerprint)
    kept = corpus.result(key)
    if kept is not None:
        return tuple(at_its_path(KeyFact.model_validate(row), entry.path) for row in json.loads(kept))
    facts = facts_of(document, clauses_for(corpus, embedded, entry, document, _WANTED))
    corpus.put_result(key, entry.document_key, "facts", json.dumps([fact.model_dump(mode="json") for fact in facts]))
    return tuple(facts)


def facts_of(document: Document, clauses: Sequence[Clause]) -> list[KeyFact]:
    """The facts of a document by its domain; `clauses` are the candidates that were found in a contract."""
    if document.domain == "research":
        return research_facts(document)
    if document.domain == "legal" and not is_filing(document):
        return legal_facts(document, clauses)
    return [*cover_facts(document), *financial_facts(document)]


def clauses_for(corpus: Corpus, embedded: Reader, entry: Entry, document: Document, wanted: Container[str] = ("parties",)) -> list[Clause]:
    """The candidates of a contract for the labels `wanted`, in lower case; none for other documents."""
    if document.domain != "legal":
        return []
    return candidates(corpus, embedded, entry, load_labels("cuad"), only=wanted, document=document)


def at_its_path(fact: KeyFact, path: str) -> KeyFact:
    """The same fact for a document that has been moved, or that is there twice."""
    if fact.citation.path == path:
        return fact
    moved = {"citation": fact.citation.model_copy(update={"path": path})}
    others = tuple(citation.model_copy(update={"path": path}) for citation in fact.others)
    before = fact.before
    if before is not None:
        before = before.model_copy(update={"citation": before.citation.model_copy(update={"path": path})})
    return fact.model_copy(update={**moved, "others": others, "before": before})
