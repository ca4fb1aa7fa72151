"""What a search is restricted to: a domain, a section by its heading, documents from a date on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, get_args

from longdoc.errors import UsageError
from longdoc.types import Domain
from longdoc_pipelines.sheets import Sheets

if TYPE_CHECKING:
    from longdoc_stores.records import Entry

_WORD = re.compile(r"\w+")
_SINCE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_STEM = 5
"""Letters in which a word of a heading and one that is asked for must agree."""


@dataclass(frozen=True, slots=True)
class Filters:
    """`domain`: documents of that profile. `section`: what stands under a heading that has all these words, "Item 7" or "liability".
    `since`: YYYY-MM-DD, YYYY-MM or YYYY; documents that bear a date (dated.py) from then on, no document whose date is unknown.

    Raises: UsageError for a domain that there is not, a section without a word, or what is no date.
    """

    domain: Domain | None = None
    section: str | None = None
    since: str | None = None

    def __post_init__(self) -> None:
        if self.domain is not None and self.domain not in get_args(Domain):
            raise UsageError(f"no domain {self.domain!r}. Known: {', '.join(get_args(Domain))}")
        if self.section is not None and not _WORD.search(self.section):
            raise UsageError(f"section is a heading or words of one, got {self.section!r}")
        if self.since is not None:
            _check_date(self.since)

    def documents(self, entries: Sequence[Entry], sheets: Sheets) -> Sequence[Entry]:
        """Those that the filters leave; the same sequence where they ask for nothing."""
        if self.domain is not None:
            entries = tuple(entry for entry in entries if entry.domain == self.domain)
        if self.since is not None:
            dates = sheets.dates(entries)
            entries = tuple(entry for entry in entries if _from(dates[entry.document_key], self.since))
        return entries

    def holds(self, sheets: Sheets, entry: Entry, chunk: int) -> bool:
        """Whether the chunk stands under the section, or holds its beginning."""
        if self.section is None:
            return True
        sheet = sheets[entry]
        row = sheet.rows[chunk]
        return any(under(self.section, heading) for heading in (*sheet.heading_path(row), *row.inside))


EVERYTHING = Filters()


def under(section: str, heading: str) -> bool:
    """Whether a heading has all words of `section`; with a number in it ("Item 7") they must follow one another."""
    asked, there = _words(section), _words(heading)
    if any(any(character.isdigit() for character in word) for word in asked):
        return any(there[start : start + len(asked)] == asked for start in range(len(there)))
    return all(any(_alike(word, other) for other in there) for word in asked)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _alike(word: str, other: str) -> bool:
    return word == other or (len(word) >= _STEM and word[:_STEM] == other[:_STEM])


def _from(dated: str | None, since: str) -> bool:
    """Whether a date is `since` or later; of dates of which one names no day, the parts that both name count."""
    return dated is not None and dated[: len(since)] >= since[: len(dated)]


def _check_date(since: str) -> None:
    parts = since.split("-")
    try:
        if not _SINCE.fullmatch(since):
            raise ValueError("not of that form")
        date(*(int(part) for part in [*parts, "01", "01"][:3]))
    except ValueError as error:
        raise UsageError(f"since is a date, YYYY-MM-DD, YYYY-MM or YYYY; got {since!r} ({error})") from error
