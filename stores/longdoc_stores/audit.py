"""The audit log: what was reviewed and decided, as a chain of hashes. No text, path or hash of a
document is in it, so that forgetting one leaves the chain whole.

    hash of an entry = SHA-256(hash of the one before it, a newline, the entry as JSON with sorted keys), in hexadecimal

Who keeps a head knows, by it, everything before it: no entry can be changed, removed or put in between without another head.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from longdoc_stores.catalogue import Catalogue

START = "0" * 64
"""Stands for the hash before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry: its number from 1, what happened (`event`, `at` and more), and its hash."""

    number: int
    value: dict[str, Any]
    hash: str


class AuditLog:
    """The log of one corpus. Who appends holds the writer's lock."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def append(self, event: str, at: str, **details: Any) -> str:
        """Add an entry; the new head."""
        value = json.dumps({"event": event, "at": at, **details}, ensure_ascii=False, sort_keys=True)
        with self._catalogue.transaction():
            last = self._catalogue.rows("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
            number, before = last[0] if last else (0, START)
            head = chained(str(before), value)
            self._catalogue.run("INSERT INTO audit VALUES (?, ?, ?)", (int(number) + 1, value, head))
        return head

    def head(self) -> str | None:
        """The hash of the last entry, None if there is none."""
        rows = self._catalogue.rows("SELECT hash FROM audit ORDER BY number DESC LIMIT 1")
        return str(rows[0][0]) if rows else None

    def entries(self) -> Iterator[AuditEntry]:
        """All entries, in order."""
        for number, value, own in self._catalogue.rows("SELECT number, value, hash FROM audit ORDER BY number"):
            yield AuditEntry(int(number), json.loads(value), str(own))

    def broken(self) -> int | None:
        """The number of the first entry that does not fit the chain, None if all do."""
        before = START
        rows = self._catalogue.rows("SELECT number, value, hash FROM audit ORDER BY number")
        for expected, (number, value, own) in enumerate(rows, start=1):
            if number != expected or chained(before, str(value)) != own:
                return expected
            before = str(own)
        return None


def chained(before: str, value: str) -> str:
    """The hash of an entry."""
    return hashlib.sha256(f"{before}\n{value}".encode()).hexdigest()
