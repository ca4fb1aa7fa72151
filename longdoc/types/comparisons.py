"""Two versions of a document, and in what they differ."""

from __future__ import annotations

from typing import Literal

from longdoc.types.documents import Citation, Record, Score, Span
from longdoc.types.results import Value


class Edit(Record):
    """Words that differ between two versions of a passage: their range in each document's text, None where they are in the other alone."""

    before: Span | None
    after: Span | None


class ChangedValue(Record):
    """A value that two versions of a passage state differently, None where one does not state it."""

    before: Value | None
    after: Value | None


class Difference(Record):
    """In what two documents differ: a passage `added` (no `before`), `removed` (no `after`), `moved` as it was, or `changed` in the words
    of `edits`; a changed passage that also stands elsewhere says so by `moved`."""

    kind: Literal["added", "removed", "moved", "changed"]
    before: Citation | None
    after: Citation | None
    edits: tuple[Edit, ...] = ()
    values: tuple[ChangedValue, ...] = ()
    moved: bool = False


class Comparison(Record):
    """Two versions of a document: differences in the order of the later one, and the share of all words that both have alike (0 to 1)."""

    before: str
    after: str
    same: Score
    differences: tuple[Difference, ...]
