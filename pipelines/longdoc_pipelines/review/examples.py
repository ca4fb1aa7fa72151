"""The rules' own examples: each text is read as a document, judged by its rule alone, and must get the verdict that it names.

What was learnt from whole contracts is unsure of a sentence that stands alone: of a contract's playbook, an example stands in a short
agreement that says nothing else. What a person would be asked about counts by the verdict that it leans to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from longdoc.ingest import parse_bytes
from longdoc.protocols import Reader, Source
from longdoc.types import Finding
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
    """An example, the `number`-th of its rule from 1, and what the rule said of it."""

    rule: Rule
    number: int
    example: Example
    finding: Finding

    @property
    def right(self) -> bool:
        """Whether it got the verdict that it names."""
        return self.example.verdict in (self.finding.verdict, self.finding.leans)


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
            yield Tried(rule, number, example, judge(rule, evidence, terms, likeness))
