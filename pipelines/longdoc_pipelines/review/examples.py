"""The rules' own examples: each text is read as a document, judged by its rule alone, and must get the verdict that it names.

What was learnt from whole contracts is unsure of a sentence that stands alone: of a contract's playbook, an example stands in a short
agreement that says nothing else. What a person would be asked about counts by the verdict that it leans to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from longdoc.ingest import parse_bytes
from longdoc.protocols import Chance, Reader, Source
from longdoc.types import Clause, Finding, Span, Verdict
from longdoc_pipelines.playbook.loading import Loaded
from longdoc_pipelines.playbook.schema import Example, Rule
from longdoc_pipelines.review.evidence import Evidence
from longdoc_pipelines.review.judge import Terms, judge
from longdoc_pipelines.review.likeness import Likeness

AGREEMENT = """AGREEMENT

This Agreement is made as of May 3, 2021 by and between Elmwood Trading Co., a Delaware corporation ("Elmwood"), and Harrow Fields Ltd.
("Harrow").

1. Definitions

Words that begin with a capital letter have the meaning that this Agreement gives them. Headings are for convenience and do not change
what a section means.

2. Performance

Each party shall perform its tasks under this Agreement, shall name a person who answers questions of the other, and shall meet once a
quarter to discuss the progress of the work.

3. Terms

{}

4. Whole Agreement

This Agreement is the whole agreement of the parties on its subject and replaces what they agreed before. It may be signed in counterparts.

IN WITNESS WHEREOF, the parties have signed this Agreement.
"""
"""Where an example of a contract's playbook stands."""


@dataclass(frozen=True)
class Tried:
    """An example, the `number`-th of its rule from 1, and what the rule said of it.

    `taken`, where the clause that it shows was not found: what the rule says of the text taken as the clause. It tells whether the rule
    is wrong, or the model does not know the words.
    """

    rule: Rule
    number: int
    example: Example
    finding: Finding
    taken: Finding | None = None

    @property
    def right(self) -> bool:
        """Whether it got the verdict that it names."""
        return self.example.verdict == self.got

    @property
    def got(self) -> Verdict:
        """The verdict that it got."""
        return self.finding.leans or self.finding.verdict


@dataclass
class _Taken(Evidence):
    """Evidence with one clause that is there beyond doubt."""

    clause: Clause | None = None

    def candidates(self, label: str) -> list[Clause]:
        """The clause, for its own label."""
        return [self.clause] if self._own(label) and self.clause is not None else super().candidates(label)

    def chance(self, label: str) -> Chance:
        """1 for the clause's own label."""
        return Chance(1.0, 0.5) if self._own(label) else super().chance(label)

    def _own(self, label: str) -> bool:
        return self.clause is not None and label.casefold() == self.clause.label.casefold()


def run_examples(loaded: Loaded, reader: Reader, as_of: date | None = None) -> Iterator[Tried]:
    """Every example of every rule, in the playbook's order."""
    terms = Terms(as_of or date.today(), review_below=0.0)
    likeness = Likeness(reader.embed)
    for rule in loaded.playbook.rules:
        for number, example in enumerate(rule.examples, start=1):
            name = f"{rule.id}-{number}.txt"
            text = AGREEMENT.format(example.text) if loaded.playbook.domain == "legal" else example.text
            parsed = parse_bytes(text.encode(), name, domain=loaded.playbook.domain)
            source = Source(parsed.document, reader.read(parsed.document, parsed.chunks), parsed.chunks)
            clauses = [clause for labels in (loaded.base, loaded.own) if labels is not None for clause in reader.extract(source, labels)]
            evidence = Evidence(parsed.document, clauses, loaded, reader)
            finding = judge(rule, evidence, terms, likeness)
            taken = None
            decides = rule.test is not None or any(rule.positions.given())
            if decides and finding.searched is not None and example.verdict not in (finding.verdict, "missing", "not_applicable"):
                start = parsed.document.text.find(example.text.strip())
                if start >= 0:
                    place = parsed.document.cite(Span(start=start, end=start + len(example.text.strip())))
                    clause = Clause(label=rule.about, score=1.0, citation=place)
                    taken = judge(rule, _Taken(parsed.document, clauses, loaded, reader, clause=clause), terms, likeness)
            yield Tried(rule, number, example, finding, taken)
