"""longdoc reads folders of long documents and says nothing that it cannot point at.

from longdoc import Pipeline
with Pipeline("contracts.longdoc") as pipeline:
    pipeline.ingest("contracts/")
    for clause in pipeline.extract("contracts/msa.pdf"):
        print(clause.label, clause.citation.page, clause.text)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from longdoc.config import Settings
    from longdoc.engines.local import load_model
    from longdoc.errors import LongdocError
    from longdoc.labels import LabelSet
    from longdoc.pipeline import Pipeline
    from longdoc.types import (
        Answer,
        Chunk,
        Citation,
        Clause,
        Comparison,
        Difference,
        Document,
        Finding,
        KeyFact,
        Outcome,
        Overview,
        Passage,
        Span,
        Statement,
        Summary,
        Value,
    )
    from longdoc_stores.context import ContextStore
    from longdoc_stores.context_settings import ContextSettings
    from longdoc_stores.kv_cache import TieredCache

_HOME = {
    "Pipeline": "longdoc.pipeline",
    "Settings": "longdoc.config",
    "LongdocError": "longdoc.errors",
    "LabelSet": "longdoc.labels",
    "ContextStore": "longdoc_stores.context",
    "ContextSettings": "longdoc_stores.context_settings",
    "TieredCache": "longdoc_stores.kv_cache",
    "load_model": "longdoc.engines.local",
} | dict.fromkeys(
    (
        "Answer",
        "Chunk",
        "Citation",
        "Clause",
        "Comparison",
        "Difference",
        "Document",
        "Finding",
        "KeyFact",
        "Outcome",
        "Overview",
        "Passage",
        "Span",
        "Statement",
        "Summary",
        "Value",
    ),
    "longdoc.types",
)

__all__ = [
    "Answer",
    "Chunk",
    "Citation",
    "Clause",
    "Comparison",
    "ContextSettings",
    "ContextStore",
    "Difference",
    "Document",
    "Finding",
    "KeyFact",
    "LabelSet",
    "LongdocError",
    "Outcome",
    "Overview",
    "Passage",
    "Pipeline",
    "Settings",
    "Span",
    "Statement",
    "Summary",
    "TieredCache",
    "Value",
    "load_model",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'longdoc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
