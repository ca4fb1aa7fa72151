"""Outcomes as a run tells them."""

from __future__ import annotations

from collections.abc import Sequence

from longdoc.errors import InputError
from longdoc.protocols import Reading
from longdoc.types import Document, Outcome
from longdoc_pipelines.files import shown
from longdoc_stores.records import FileRecord


def outcome_of(file: FileRecord, document: Document, reading: Reading) -> Outcome:
    """That of a file that was read."""
    return Outcome(
        path=file.reached,
        outcome=file.outcome,
        stage=file.stage,
        reason=file.reason,
        pages=len(document.pages) or None,
        tokens=reading.tokens,
        document_id=document.id,
    )


def failure_of(path: str, error: Exception, stage: str, skipped: bool) -> Outcome:
    """That of a file that was not read; `details` name the class of the error."""
    return Outcome(
        path=shown(path),
        outcome="skipped" if skipped else "failed",
        stage=stage,
        reason=reason_of(error),
        details={"error": type(error).__name__},
    )


def joined(warnings: Sequence[str]) -> str | None:
    """Warnings as one reason, None if there are none."""
    return "; ".join(warnings) or None


def reason_of(error: Exception) -> str:
    """A sentence for a person."""
    told = str(error) if isinstance(error, InputError) and str(error) else f"{type(error).__name__}: {error}"
    # What a library says may have lines; a reason is one.
    return " ".join(told.splitlines())
