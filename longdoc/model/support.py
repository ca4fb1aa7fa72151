"""Whether the characters that a sentence is said to rest on bear it out.

Numbers, dates, names and negations are compared in code, by value and strictly; the rest of the meaning by the encoder, which cannot tell
them apart: to it "shall" and "shall not" are nearly the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from longdoc.dates import find_dates
from longdoc.model.values import NUMBER_WORDS, number_of

_SAME = 0.5
"""Share of a clause's words from which a clause of the quote is taken to be the one that it tells of."""
ENOUGH = 0.35
"""Least cosine of a sentence and what it rests on."""

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]

_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT = {"k": 10**3, "m": 10**6, "mm": 10**6, "bn": 10**9, "b": 10**9}
_SPELLED = re.compile(rf"\b(?:{NUMBER_WORDS})(?:(?:[\s-]+(?:and\s+)?)(?:{NUMBER_WORDS}))*\b", re.IGNORECASE)
_DIGITS = re.compile(
    r"(?<![\w.])(?P<sign>[-\u2212](?=[\d$]))?[$€£]?\s?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<scale>hundred|thousand|million|billion|trillion|mm|bn|[kmb])\b)?",
    re.IGNORECASE,
)
_TABLE = re.compile(r"\bin\s+(thousands|millions|billions)\b", re.IGNORECASE)
_ENUMERATED = re.compile(
    r"(?:\b(?:section|clause|article|item|schedule|exhibit|annex|part|paragraph|appendix)\s+)(\d+(?:\.\d+)*)", re.IGNORECASE
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|unless|except|cannot|nothing|nobody|hardly|\w+n['’]t)\b|\b(?:fail\w*|refus\w*)\s+to\b",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"\bnot\s+(?:be\s+)?(precluded|prevented|prohibited|restricted|barred)\b|\bnot\s+only\b|\bwithout\s+limit(?:ation|ing)\b"
    r"|\b(?:but\s+)?not\s+limited\s+to\b|\bno\.\s?(?=\d)|\bwhether\s+or\s+not\b",
    re.IGNORECASE,
)
"""What reads like a negation and denies nothing."""
_ONLY = re.compile(r"\b(?:only|solely|exclusively)\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:other|except|but)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’&.-][^\W\d_]+)*")
_NAME = re.compile(r"[A-Z][\w&'’.-]*\w|[A-Z]{2,}")
_CLAUSE = re.compile(r"[^.;:,()\n]+(?:[.,](?=\S)[^.;:,()\n]*)*")
_STOP_WORDS = (
    "a an and any are as at be been by each either for from has have if in into is it its may must of on or other shall such that the "
    "their them then there these they this those to under upon was were which who will with within would all also both can could does do"
)
_STOP = frozenset(_STOP_WORDS.split())
_OPPOSITES = (
    ("increas", "decreas"),
    ("increas", "declin"),
    ("rose", "fell"),
    ("grew", "declin"),
    ("grew", "fell"),
    ("higher", "lower"),
    ("more than", "less than"),
    ("at least", "at most"),
    ("not less than", "not more than"),
    ("no less than", "no more than"),
    ("no later", "no earlier"),
    ("greater", "smaller"),
    ("exceed", "below"),
    ("above", "below"),
    ("maximum", "minimum"),
    ("before", "after"),
    ("prior to", "following"),
    ("includ", "exclud"),
    ("permitted", "prohibited"),
    ("allowed", "forbidden"),
    ("exclusive", "non-exclusive"),
    ("gain", "loss"),
    ("net income", "net loss"),
    ("profit", "loss"),
    ("improv", "worsen"),
    ("accept", "reject"),
    ("approv", "reject"),
    ("optional", "mandatory"),
    ("unlimited", "limited"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence is borne out; if not the `reason`, which can be told to a model; the encoder's similarity, in -1..1."""

    supported: bool
    reason: str | None
    similarity: float


class Support:
    """Judges sentences; `embed` gives vectors of unit length for texts."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    def judge(self, sentence: str, quotes: Sequence[str], context: str = "") -> Verdict:
        """Whether `quotes` bear `sentence` out. `context` is what stands around them (headings, definitions of their terms): names may
        come from it, numbers, dates and negations may not."""
        flat = _flat(" ".join(quotes))
        if _flat(sentence).strip(" .") in flat and not _NEGATION.search(flat.replace(_flat(sentence).strip(" ."), " ")):
            return Verdict(True, None, 1.0)
        reason = contradicts(sentence, quotes, context)
        if reason is not None:
            return Verdict(False, reason, 0.0)
        vectors = self._embed([sentence, " ".join(quotes), *quotes])
        similarity = float((vectors[1:] @ vectors[0]).max())
        if similarity < ENOUGH:
            return Verdict(False, f"the quote is about something else (similarity {similarity:.2f}, {ENOUGH} is needed)", similarity)
        return Verdict(True, None, similarity)


def contradicts(sentence: str, quotes: Sequence[str], context: str = "") -> str | None:
    """In what a sentence differs strictly from the quotes, for a model to read; None if in nothing."""
    quoted = " ".join(quotes)
    return (
        _dates(sentence, quoted)
        or _numbers(sentence, quoted, context)
        or _names(sentence, f"{quoted}\n{context}")
        or _opposed(sentence, quoted)
        or _negated(sentence, quoted)
    )


def _dates(sentence: str, quoted: str) -> str | None:
    there = [iso for _, _, iso in find_dates(quoted)]
    for start, end, iso in find_dates(sentence):
        same = next((other for other in there if other == iso or (len(iso) == 7 and other.startswith(iso))), None)
        if same is None:
            return f"the date {sentence[start:end]!r} is not in the quote, or not so often"
        there.remove(same)
    return None


def numbers(text: str) -> Iterator[tuple[str, Decimal]]:
    """(as written, value) of the numbers in a text that are no dates; numbers in words from two on."""
    for start, end, _ in reversed(find_dates(text)):
        text = f"{text[:start]} {text[end:]}"
    for found in _DIGITS.finditer(text):
        scale = (found["scale"] or "").lower()
        value = Decimal(found["number"].replace(",", "")) * (_SCALES.get(scale) or _SHORT.get(scale) or 1)
        yield found[0].strip(), -value if found["sign"] else value
    for found in _SPELLED.finditer(text):
        spelled = number_of(found[0])
        # "million" alone stands after figures, and "one" is seldom a number.
        if found[0].lower().split()[0] not in _SCALES and spelled is not None and spelled > 1:
            yield found[0], spelled


def _numbers(sentence: str, quoted: str, context: str) -> str | None:
    there = Counter([value for _, value in numbers(quoted)] + [Decimal(iso[:4]) for _, _, iso in find_dates(quoted)])
    # In a table a loss stands in brackets, and its heading may say what its figures count.
    there.update(-Decimal(found.replace(",", "")) for found in re.findall(r"\(\$?\s?(\d[\d,]*(?:\.\d+)?)\)", quoted))
    for unit in _TABLE.findall(f"{quoted}\n{context}"):
        there.update({value * _SCALES[unit.lower().removesuffix("s")]: count for value, count in list(there.items())})
    numbered = {found for text in (quoted, context) for found in re.findall(r"\d+(?:\.\d+)*", text)}
    plain = _ENUMERATED.sub(lambda found: " " if found[1] in numbered else found[0], sentence)
    for written, value in numbers(plain):
        if not there[value]:
            return f"the number {written!r} is not in the quote, or not so often"
        there[value] -= 1
    marks = {"%": r"%|per\s?cent", "€": r"€|\beur", "£": r"£|\bgbp|\bpounds"}
    for mark, pattern in marks.items():
        if mark in sentence and not re.search(pattern, quoted, re.IGNORECASE):
            return f"{mark!r} is not in the quote"
    for unit in ("hour", "day", "week", "month", "quarter", "year"):
        told = re.search(rf"\b(\d+|{NUMBER_WORDS})\)?[\s-]+(?:\w+\s+)?{unit}s?\b", sentence, re.IGNORECASE)
        if told and not re.search(rf"\b{unit}", quoted, re.IGNORECASE):
            return f"{told[0]!r} is not in the quote, which names no {unit}"
    return None


def _names(sentence: str, around: str) -> str | None:
    """A sentence's first word is no name, since nothing tells it from any other."""
    known = {_folded(word) for word in re.findall(r"[\w&'’.-]+", around)} | {_folded(word) for word in _WORD.findall(around)}
    for found in _NAME.finditer(sentence):
        first = not re.search(r"\w", sentence[: found.start()])
        parts = [_folded(part) for part in re.split(r"[-.]", found[0]) if part]
        if not first and _folded(found[0]) not in known and not all(part in known for part in parts) and not _initials(found[0], around):
            return f"the name {found[0]!r} is not in the quote"
    return None


def _initials(name: str, around: str) -> bool:
    """Whether an acronym stands for words that follow each other."""
    letters = name.rstrip("s").replace(".", "").replace("-", "").lower()
    starts = "".join(word[0].lower() for word in re.findall(r"[A-Za-z]+", around))
    return name.rstrip("s").isupper() and len(letters) > 1 and letters in starts


def _opposed(sentence: str, quoted: str) -> str | None:
    said, there = _flat(sentence), _flat(quoted)
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            mine, theirs = (re.compile(rf"\b{re.escape(word)}") for word in (one, other))
            if mine.search(said) and theirs.search(there) and not mine.search(there) and not theirs.search(said):
                return f"it says {one!r} where the quote says {other!r}"
    return None


def _negated(sentence: str, quoted: str) -> str | None:
    """By the clause of the quote that shares most words with each clause of the sentence; the negations in them are counted."""
    sentence, quoted = _plainly(sentence, quoted), _plainly(quoted, sentence)
    if (
        _ONLY.search(quoted)
        and not _ONLY.search(sentence)
        and _OTHER.search(sentence)
        and len(_NEGATION.findall(sentence)) == len(_NEGATION.findall(quoted)) + 1
    ):
        return None  # "only for" is "for nothing but"
    more, fewer = "it negates what the quote does not", "the quote has a negation or an exception that it leaves out"
    if len(_NEGATION.findall(sentence)) > len(_NEGATION.findall(quoted)):
        return more
    clauses = [(_content(found[0]), len(_NEGATION.findall(found[0]))) for found in _CLAUSE.finditer(quoted)]
    for part in (found[0] for found in _CLAUSE.finditer(sentence)):
        words, said = _content(part), len(_NEGATION.findall(part))
        shares = [(len(words & other) / max(1, len(words)), -abs(count - said), count) for other, count in clauses]
        share, _, count = max(shares, default=(0.0, 0, said))
        if share >= _SAME and count != said:
            return more if said > count else fewer
    return None


def _plainly(text: str, other: str) -> str:
    """`text` without what reads like a negation and denies nothing; "not be prohibited" denies what `other` says if that has the word."""
    words = other.lower()
    return _NO_NEGATION.sub(lambda found: found[0] if found[1] and found[1].lower() in words else " ", text)


def _content(text: str) -> set[str]:
    return {_folded(word)[:6] for word in _WORD.findall(text)} - {word[:6] for word in _STOP}


def _folded(word: str) -> str:
    plain = re.sub(r"['’]s?$", "", word.casefold()).strip(".'’-")
    return plain.removesuffix("s") if len(plain) > 3 else plain


def _flat(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())
