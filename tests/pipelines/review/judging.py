"""A playbook of one rule, a document, and what a reader says of it: what the tests of verdicts are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import yaml

from longdoc.ingest import parse_bytes
from longdoc.labels import LabelSet
from longdoc.protocols import Chance
from longdoc.types import Clause, Document, Finding, Span
from longdoc_pipelines.playbook.loading import Loaded, check
from longdoc_pipelines.review.dressing import dressed
from longdoc_pipelines.review.evidence import Evidence
from longdoc_pipelines.review.judge import Terms, judge
from longdoc_pipelines.review.likeness import Likeness

DAY = date(2026, 11, 23)
LAW = "This Agreement is governed by the laws of the State of Nevada."
CAP = "In no event shall either party's liability exceed USD 500,000."
NOTICE = "It renews for one year unless a party gives ninety (90) days' notice of non-renewal."
TEXT = f"SERVICES AGREEMENT\n\n1. Law\n\n{LAW}\n\n2. Liability\n\n{CAP}\n\n3. Renewal\n\n{NOTICE}\n"
GOVERNED: dict[str, Any] = {
    "label": "Governing Law",
    "values": {"governing_law": "jurisdiction"},
    "test": {"governing_law": {"in": ["New York", "Delaware"]}},
}
RENEWAL: dict[str, Any] = {
    "label": "Notice Period To Terminate Renewal",
    "requirement": "conditional",
    "values": {"notice_period": "duration"},
    "test": {"notice_period": {"max": "60 days"}},
}


class Says:
    """Stands for a reader: the chances that it is told, and vectors of words."""

    name = "says"
    fingerprint = "0"

    def __init__(self, chances: Mapping[str, float | Chance] = {}) -> None:
        self.chances = {label.casefold(): one for label, one in chances.items()}

    def presence(self, labels: LabelSet, label: str, clauses: Sequence[Clause]) -> Chance:
        """As told; else near 1 where there is a candidate and near 0 where there is none."""
        told = self.chances.get(label.casefold(), 0.98 if clauses else 0.02)
        return told if isinstance(told, Chance) else Chance(told, 0.5)

    def embed(self, texts: Sequence[str]) -> Any:
        """Counts of words, of unit length."""
        words = sorted({word for text in texts for word in text.casefold().split()} | {"a"})
        rows = np.zeros((len(texts), 4096), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.casefold().split():
                rows[row, sum(map(ord, word)) * 31 % 4096] += 1
        assert words
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def loaded(rule: Mapping[str, Any], **playbook: Any) -> Loaded:
    """A playbook with that rule alone."""
    content = {"playbook": "one", "version": "1", "label_set": "cuad", **playbook}
    content["rules"] = [{"id": "R-1", "title": "A rule", **rule}]
    found, problems = check(yaml.safe_dump(content), "one.yaml")
    assert found is not None, problems
    assert not [problem for problem in problems if problem.level == "error"], problems
    return found


def document(text: str, name: str = "contract.txt", domain: str = "legal") -> Document:
    """A document as it would be read."""
    return parse_bytes(text.encode(), name, domain=domain).document.model_copy(update={"path": name})  # type: ignore[arg-type]


def clause(found: Document, label: str, words: str, score: float = 0.9) -> Clause:
    """A candidate where `words` stand."""
    start = found.text.index(words)
    return Clause(label=label, score=score, citation=found.cite(Span(start=start, end=start + len(words))))


def evidence(
    playbook: Loaded,
    found: Document,
    clauses: Sequence[Clause] = (),
    chances: Mapping[str, float | Chance] = {},
    **more: Any,
) -> Evidence:
    """What is known of a document."""
    return Evidence(found, list(clauses), playbook, Says(chances), **more)  # type: ignore[arg-type]


def verdict(known: Evidence, terms: Terms | None = None) -> Finding:
    """The finding of the playbook's only rule, as a run gives it."""
    terms = terms or Terms(DAY)
    (rule,) = known.loaded.playbook.rules
    return dressed(judge(rule, known, terms, Likeness(known.reader.embed)), rule, known.loaded.playbook, terms)
