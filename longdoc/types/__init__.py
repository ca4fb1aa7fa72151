"""The records that flow through longdoc: Document -> Chunk -> (Clause | Statement | Passage) -> Finding.

Every record is frozen; whoever needs one imports it from here.
"""

from longdoc.types.comparisons import ChangedValue, Comparison, Difference, Edit
from longdoc.types.documents import (
    Amended,
    Aside,
    AsideKind,
    Block,
    BlockKind,
    Chunk,
    Citation,
    Definition,
    Document,
    Domain,
    Page,
    Record,
    Reference,
    Score,
    Section,
    Span,
    Table,
)
from longdoc.types.results import Answer, Clause, Filled, Outcome, Overview, Passage, Statement, Summary, Value
from longdoc.types.reviews import Change, Correction, Finding, Position, Review, Searched, Severity, Verdict

__all__ = [
    "Amended",
    "Answer",
    "Aside",
    "AsideKind",
    "Block",
    "BlockKind",
    "Change",
    "ChangedValue",
    "Chunk",
    "Citation",
    "Clause",
    "Comparison",
    "Correction",
    "Definition",
    "Difference",
    "Document",
    "Domain",
    "Edit",
    "Filled",
    "Finding",
    "Outcome",
    "Overview",
    "Page",
    "Passage",
    "Position",
    "Record",
    "Reference",
    "Review",
    "Score",
    "Searched",
    "Section",
    "Severity",
    "Span",
    "Statement",
    "Summary",
    "Table",
    "Value",
    "Verdict",
]
