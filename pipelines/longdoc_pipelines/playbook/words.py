"""How one comparison of a value is told: what was asked for, and what stands in the document where that is words and no figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from longdoc.types import Citation, Value
from longdoc_pipelines.playbook.quantities import asked, first_of
from longdoc_pipelines.playbook.schema import Comparison, ValueKind

_A_WORD = re.compile(r"[^\W\d_]{3}")
"""A heading without one, such as "(a)" or "4.", tells nobody where to look."""
AROUND = 40
"""Characters before and behind words that are told."""
MOST_WORDS = 3
"""Of the words that are looked for, how many are named."""


def wanted(name: str, kind: ValueKind, comparison: Comparison, as_of: date) -> str:
    """`notice period at most 60 days`; `words such as “notice” or “notify”`; `such a passage`."""
    if kind == "yes_no":
        return "such a passage"
    if comparison.contains is not None:
        return f"words such as {_quoted(comparison.contains)}"
    return f"{name.replace('_', ' ')} {asked(comparison, as_of)}"


def negated(said: str) -> str:
    """The opposite of what is wanted."""
    return f"no {said}" if said.startswith(("such a passage", "words such as")) else f"not {said}"


def stated(name: str, kind: ValueKind, value: Value | None, comparison: Comparison) -> str | None:
    """What is told of words that are there or not, of a passage, and of a figure that may be left out; None for other figures."""
    if comparison.contains is not None:
        if value is None:
            return None
        found = first_of(comparison.contains, value.normalised)
        if found is None:
            return f"it says nothing of {_quoted(comparison.contains)}{page(value.citation)}"
        return f"it says {_around(value.normalised, *found.span())}{page(value.citation)}"
    if kind == "yes_no" and value is not None:
        return f"there is such a passage{where(value.citation)}"
    return f"no {name.replace('_', ' ')} is stated" if value is None and comparison.present is False else None


def page(citation: Citation) -> str:
    """`(page 3)`, nothing where there is none."""
    return f" (page {citation.page})" if citation.page is not None else ""


def where(citation: Citation | None) -> str:
    """`on page 3`, or under which heading where there are no pages; nothing where there is neither."""
    if citation is None:
        return ""
    if citation.page is not None:
        return f" on page {citation.page}"
    named_ones = [" ".join(heading.split()) for heading in citation.heading_path if _A_WORD.search(heading)]
    return f" under {named_ones[-1][:60]!r}" if named_ones else ""


def _around(text: str, start: int, end: int) -> str:
    """The words at `start`, with some of those before and behind."""
    before, found, behind = (re.sub(r"\s+", " ", one) for one in (text[:start], text[start:end], text[end:]))
    left, right = before[-AROUND:], behind[:AROUND]
    if len(before) > AROUND:
        left = "… " + left.partition(" ")[2]
    if len(behind) > AROUND:
        right = right.rpartition(" ")[0] + " …"
    return f"“{(left + found + right).strip()}”"


def _quoted(words: Sequence[str] | str) -> str:
    """`“notice”, “notify” or the like`."""
    listed = [f"“{word}”" for word in ((words,) if isinstance(words, str) else words)]
    if len(listed) > MOST_WORDS:
        listed = [*listed[:MOST_WORDS], "the like"]
    return f"{', '.join(listed[:-1])} or {listed[-1]}" if len(listed) > 1 else listed[0]
