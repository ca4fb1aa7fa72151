"""Where "Section 5.2(a)", "Item 7" or "the Schedule" leads to from where it stands: sections by the keys that references name.

A section's key is its number as one would cite it: "5.2", "5.2(a)", "article 4", "item 1a", "note 12", "exhibit b". The same key may
come again in an exhibit or under another article; the nearest one to the reference wins.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from longdoc.ingest.numbering import Number, read_number
from longdoc.types import Section

_MARK = re.compile(r"\(([^)]*)\)")
_OWN_KEY = frozenset({"section", "decimal", "single", "article", "item", "note", "annex", "part"})
_KINDS = {
    "article": ("article",), "chapter": ("article",), "part": ("part",), "item": ("item",), "note": ("note",),
    "exhibit": ("annex",), "schedule": ("annex",), "annex": ("annex",), "appendix": ("annex",), "attachment": ("annex",),
    "addendum": ("annex",), "section": ("section", "decimal", "single"), "clause": ("section", "decimal", "single"),
}  # fmt: skip


class Addresses:
    """The sections of one document by key; `resolve` and `enclosing` give indices."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = sections
        self.starts = [section.span.start for section in sections]
        self.numbers: list[Number | None] = []
        self.keys: list[str] = []
        self.by_key: dict[str, list[int]] = {}
        self._lineages: dict[int, list[int]] = {}
        self.children: dict[int | None, dict[str, int]] = {}
        read: dict[str, Number | None] = {}
        for section in sections:
            number = None
            if section.number:
                if section.number not in read:
                    found = read_number(f"{section.number} X", heading=True, listed=True)
                    read[section.number] = found[0] if found else None
                number = read[section.number]
            self.numbers.append(number)
            key = "" if number is None else self._key(section, number)
            self.keys.append(key)
            if key:
                self.by_key.setdefault(key, []).append(section.index)
                if key.startswith("note ") or number is None:
                    continue
                mark = number.key.strip("()").lower()
                self.children.setdefault(section.parent, {}).setdefault(mark, section.index)

    def _key(self, section: Section, number: Number) -> str:
        if number.kind in _OWN_KEY:
            key = number.key.lower()
            if number.kind == "single" and self._in_notes(section):
                return f"note {key}"
            return key
        parent = section.parent
        while parent is not None and not self.keys[parent]:
            parent = self.sections[parent].parent
        above = "" if parent is None else self.keys[parent]
        mark = f"({number.key.strip('()').lower()})"
        if not above:
            return number.key.lower() if number.kind == "upper_roman." else mark
        return above + mark

    def _in_notes(self, section: Section) -> bool:
        parent = section.parent
        return parent is not None and self.sections[parent].number is None and self.sections[parent].title.lower().startswith("notes to")

    def at(self, offset: int) -> int | None:
        """The innermost section that holds `offset`."""
        place: int | None = bisect_right(self.starts, offset) - 1
        if place is not None and place < 0:
            return None
        while place is not None and offset >= self.sections[place].span.end:
            place = self.sections[place].parent
        return place

    def lineage(self, index: int | None) -> list[int]:
        """The section and those above it, innermost first."""
        if index is None:
            return []
        if index not in self._lineages:
            self._lineages[index] = [index, *self.lineage(self.sections[index].parent)]
        return self._lineages[index]

    def enclosing(self, word: str, offset: int) -> int | None:
        """What "this Article" means at `offset`."""
        kinds = _KINDS.get(word)
        for index in self.lineage(self.at(offset)):
            number = self.numbers[index]
            if number is not None and (kinds is None or number.kind in kinds):
                if number.kind == "annex" and number.key.split()[0] != word:
                    continue
                return index
        return None

    def nearest(self, key: str, offset: int, within: int | None = None, body: bool = False) -> int | None:
        """Of the sections with this key the one nearest to `offset`: most of the sections around it in common, then the longest.

        `within` asks for those of one annex; `body` for those outside of all annexes.
        """
        found = self.by_key.get(key)
        if not found:
            return None
        if len(found) == 1 and within is None and not body:
            return found[0]
        around = set(self.lineage(self.at(offset)))
        best: tuple[int, int, int] | None = None
        for index in found:
            above = self.lineage(index)
            annex = next((one for one in above if one != index and self._is_annex(one)), None)
            if (within is not None and within not in above) or (body and annex is not None):
                continue
            shared = sum(one in around for one in above) if annex is None or annex in around else -1
            rank = (shared, len(self.sections[index].span), -index)
            if best is None or rank > best:
                best = rank
        return None if best is None else -best[2]

    def _is_annex(self, index: int) -> bool:
        number = self.numbers[index]
        return number is not None and number.kind == "annex"

    def below(self, marks: Sequence[str], offset: int) -> int | None:
        """What "paragraph (c)" means at `offset`: the nearest section around it, or below one around it, with that mark."""
        for index in [*self.lineage(self.at(offset)), None]:
            found = self.children.get(index, {}).get(marks[0])
            if found is not None:
                for mark in marks[1:]:
                    deeper = self.children.get(found, {}).get(mark)
                    if deeper is None:
                        break
                    found = deeper
                return found
        return None

    def only(self, word: str) -> int | None:
        """What "the Schedule" means: the one without number, or the only one of its kind."""
        if word in self.by_key:
            return self.by_key[word][0]
        named = [found[0] for key, found in self.by_key.items() if key.startswith(word + " ")]
        return named[0] if len(named) == 1 else None


def marks_of(tail: str) -> list[str]:
    """ "(a)(iii)" as "a", "iii"."""
    return [mark.lower() for mark in _MARK.findall(tail)]
