"""Sparse features of sentences and spans: hashed n-grams of the words, of the headings above and of the neighbours, and the shape.

A feature is a 32-bit key: eight bits of group, 24 bits of hash. The hash is arithmetic on CRC-32 of the words, so that it is the
same in every process and on every machine. All of a document is hashed at once in numpy.

Axis legend: R rows (sentences or spans), N features of all rows together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from longdoc.types import Document

FEATURES_VERSION = 1
"""Part of every weight file; a change of the features changes the number."""

ONE, TWO, THREE, PREVIOUS, NEXT, HEADING, TITLE, SHAPE, LEFT, RIGHT, WHOLE = range(11)
"""Groups of features, the upper eight bits of a key."""

Keys = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]

_WORD = re.compile(r"[a-z]+|[0-9]+|[^\w\s]")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SALT = np.array([0x632BE59BD9B4E019, 0xD1342543DE82EF95, 0xAF251AF3B0F025B5], dtype=np.uint64)
_STEPS = _SALT[::-1].copy()
"""One number per distance from a candidate."""
_LOW = np.uint32(0x00FFFFFF)


@dataclass(frozen=True)
class Sparse:
    """Rows of distinct keys: row r holds keys[starts[r]:starts[r + 1]], ascending, so that a group's keys stand together."""

    keys: Keys
    starts: Integers

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1


def sentence_features(document: Document, sentences: npt.NDArray[np.int32]) -> Sparse:
    """Features of every sentence [R, 2] of a document."""
    rows = len(sentences)
    words = _Words(document.text)
    own_rows, own = words.grams(sentences.astype(np.int64))
    parts = [(own_rows, own)]
    near = own < np.uint32(THREE << 24)
    for group, step in ((PREVIOUS, 1), (NEXT, -1)):
        moved = own_rows[near] + step
        inside = (moved >= 0) & (moved < rows)
        parts.append((moved[inside], _in_group(own[near][inside], group, tag=own[near][inside] >> np.uint32(24))))
    headings = [document.heading_path(int(start)) for start in sentences[:, 0]]
    parts.append(_repeated(headings, HEADING))
    parts.append(_repeated([(document.title or document.text[:200],)] * rows, TITLE))
    parts.append(_shapes(document, sentences))
    return _gather(parts, rows)


def span_features(document: Document, spans: Integers, sources: Sequence[str], width: int = 80) -> Sparse:
    """Features of spans [R, 2] inside sentences: their own words, the words just left and right, `sources` (how each was found)."""
    words = _Words(document.text)
    parts = [words.grams(spans)]
    left = np.stack([np.maximum(spans[:, 0] - width, 0), spans[:, 0]], axis=1)
    right = np.stack([spans[:, 1], np.minimum(spans[:, 1] + width, len(document.text))], axis=1)
    for group, beside, side in ((LEFT, left, -1), (RIGHT, right, 1)):
        rows, keys = words.grams(beside)
        parts.append((rows, _in_group(keys, group, tag=keys >> np.uint32(24))))
        parts.append(words.nearest(beside, side, group))
    parts.append(_repeated([(document.title or document.text[:200],)] * len(spans), TITLE))
    parts.append(_span_shapes(document, spans, sources))
    return _gather(parts, len(spans))


class _Words:
    """The hashed words of a text with their positions."""

    def __init__(self, text: str) -> None:
        lowered = text.lower()
        if len(lowered) != len(text):  # a few capital letters become two characters
            lowered = "".join(character.lower() if len(character.lower()) == 1 else character for character in text)
        found = [(match.group(), match.start()) for match in _WORD.finditer(lowered)]
        self.positions = np.array([position for _, position in found], dtype=np.int64)
        self.hashes = np.array([_word_hash(word) for word, _ in found], dtype=np.uint64)

    def _between(self, spans: Integers) -> tuple[Integers, Integers]:
        """(row, index of a word) for all words of all spans."""
        first = np.searchsorted(self.positions, spans[:, 0])
        last = np.searchsorted(self.positions, spans[:, 1])
        counts = np.maximum(last - first, 0)
        rows = np.repeat(np.arange(len(spans)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, np.repeat(first, counts) + within

    def grams(self, spans: Integers) -> tuple[Integers, Keys]:
        """Keys of the one to three word grams of every span."""
        rows, index = self._between(spans)
        words = self.hashes[index]
        all_rows, all_keys = [rows], [_fold(words * _SALT[0], ONE)]
        combined = words
        for length, group in ((1, TWO), (2, THREE)):
            if len(rows) <= length:
                break
            combined = (combined[:-1] * _MIX) ^ (words[length:] * _SALT[length])
            same = rows[:-length] == rows[length:]
            all_rows.append(rows[:-length][same])
            all_keys.append(_fold(combined[same], group))
        return np.concatenate(all_rows), np.concatenate(all_keys)

    def nearest(self, spans: Integers, side: int, group: int) -> tuple[Integers, Keys]:
        """Keys of the words nearest to a candidate, told apart by distance: the last of `spans` for -1, the first for 1."""
        if not len(self.positions):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint32)
        edge = np.searchsorted(self.positions, spans[:, 1 if side < 0 else 0])
        rows, keys = [], []
        for distance in range(len(_STEPS)):
            index = edge - 1 - distance if side < 0 else edge + distance
            inside = (index >= 0) & (index < len(self.hashes))
            rows.append(np.flatnonzero(inside))
            keys.append(_fold(self.hashes[index[inside]] * _SALT[1] + _STEPS[distance], group))
        return np.concatenate(rows), np.concatenate(keys)


@lru_cache(maxsize=200_000)
def _word_hash(word: str) -> int:
    return crc32(("0" * min(len(word), 5) if word[0].isdigit() else word).encode()) + 1


def _fold(hashes: npt.NDArray[np.uint64], group: int) -> Keys:
    mixed = hashes ^ (hashes >> np.uint64(29))
    mixed = mixed * _MIX
    return (np.uint32(group) << np.uint32(24)) | (mixed >> np.uint64(40)).astype(np.uint32)


def _in_group(keys: Keys, group: int, tag: Keys) -> Keys:
    """The same keys in another group; `tag` keeps grams of different length apart."""
    return (np.uint32(group) << np.uint32(24)) | ((keys ^ (tag * np.uint32(0x9E3779))) & _LOW)


def _named(names: Iterable[str], group: int) -> Keys:
    hashes = np.array([crc32(name.encode()) for name in names], dtype=np.uint64)
    return _fold(hashes * _SALT[2], group)


def _repeated(texts: Sequence[tuple[str, ...]], group: int) -> tuple[Integers, Keys]:
    """Keys of the one and two word grams of texts that many rows share; the innermost heading counts by itself as well."""
    known = {path: _path_keys(path, group) for path in set(texts)}
    rows = np.repeat(np.arange(len(texts)), [len(known[path]) for path in texts])
    keys = np.concatenate([known[path] for path in texts]) if texts else np.zeros(0, dtype=np.uint32)
    return rows.astype(np.int64), keys


def _path_keys(path: tuple[str, ...], group: int) -> Keys:
    names: set[str] = set()
    for depth, heading in enumerate(reversed(path)):
        words = [word for word in _WORD.findall(heading[:200].lower()) if word.isalpha()]
        grams = words + [f"{first} {second}" for first, second in pairwise(words)]
        names.update(grams)
        if depth == 0:
            names.update(f"last:{gram}" for gram in grams)
    return _named(sorted(names), group)


def _bucket(value: float, edges: Sequence[float]) -> int:
    return int(np.searchsorted(edges, value))


_CHECKS = {
    "digit": re.compile(r"[0-9]"),
    "money": re.compile(r"[$€£]|\bUSD|dollars", re.I),
    "percent": re.compile(r"%|percent", re.I),
    "year": re.compile(r"\b(?:19|20)[0-9]{2}\b"),
    "period": re.compile(r"\b(?:day|month|year|week)s?\b", re.I),
    "quoted": re.compile(r"[\"“”]"),
    "blank": re.compile(r"_{3,}|\[\s*[●•*]"),
    "numbered": re.compile(r"^\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]"),
    "defines": re.compile(r"[\"”]\s+(?:means|shall mean|has the meaning)"),
    "leader": re.compile(r"\.{4,}|\s[0-9]{1,3}\s*$"),
    "ends": re.compile(r"[.;:]$"),
    "lower": re.compile(r"^[a-z]"),
    "shall": re.compile(r"\b(?:shall|must|will|may)\b"),
}


def _shapes(document: Document, sentences: npt.NDArray[np.int32]) -> tuple[Integers, Keys]:
    kinds = [block.kind for block in document.blocks]
    starts = np.array([block.span.start for block in document.blocks], dtype=np.int64)
    holders = np.maximum(np.searchsorted(starts, sentences[:, 0], side="right") - 1, 0)
    total = max(1, len(document.text))
    rows, names = [], []
    for row, (start, end) in enumerate(sentences.tolist()):
        text = document.text[start:end]
        found = [name for name, pattern in _CHECKS.items() if pattern.search(text)]
        letters = sum(character.isalpha() for character in text)
        capitals = sum(character.isupper() for character in text)
        found += [
            f"at{int(10 * start / total)}",
            f"from_start{_bucket(start, (300, 1000, 3000, 10000))}",
            f"from_end{_bucket(total - end, (300, 1000, 3000, 10000))}",
            f"words{_bucket(text.count(' ') + 1, (2, 4, 8, 12, 18, 25, 35, 50, 75, 110, 160))}",
            f"capitals{int(5 * capitals / max(1, letters))}",
            f"in_{kinds[holders[row]] if kinds else 'none'}",
            f"text{_bucket(total, (8000, 20000, 50000, 120000))}",
        ]
        rows.extend([row] * len(found))
        names.extend(found)
    return np.array(rows, dtype=np.int64), _named(names, SHAPE)


def _span_shapes(document: Document, spans: Integers, sources: Sequence[str]) -> tuple[Integers, Keys]:
    rows, names = [], []
    seen: dict[str, int] = {}
    often = lru_cache(maxsize=None)(document.text.count)
    for row, ((start, end), source) in enumerate(zip(spans.tolist(), sources, strict=True)):
        text = document.text[start:end]
        before = seen.get(source, 0)
        seen[source] = before + 1
        letters = max(1, sum(character.isalpha() for character in text))
        found = [
            f"source {source}",
            f"{source} order{_bucket(before, (0, 1, 2, 3, 5, 8, 12))}",
            f"{source} from_start{_bucket(start, (50, 100, 200, 400, 800, 1600, 3000, 6000, 20000))}",
            f"{source} from_end{_bucket(len(document.text) - end, (200, 1000, 3000))}",
            f"{source} words{_bucket(len(text.split()), (1, 2, 3, 4, 6, 9))}",
            f"{source} often{_bucket(often(text), (1, 2, 4, 10, 30, 100))}",
            f"{source} capitals{int(4 * sum(c.isupper() for c in text) / letters)}",
            f"{source} after {document.text[start - 1 : start]!r}",
            f"{source} before {document.text[end : end + 1]!r}",
        ]
        rows.extend([row] * len(found))
        names.extend(found)
    return np.array(rows, dtype=np.int64), _named(names, SHAPE)


def _gather(parts: Sequence[tuple[Integers, Keys]], rows: int) -> Sparse:
    """All parts together, each key once a row."""
    row = np.concatenate([part[0] for part in parts]).astype(np.uint64)
    key = np.concatenate([part[1] for part in parts]).astype(np.uint64)
    both = np.unique((row << np.uint64(32)) | key)
    starts = np.searchsorted(both, np.arange(rows + 1, dtype=np.uint64) << np.uint64(32))
    return Sparse((both & np.uint64(0xFFFFFFFF)).astype(np.uint32), starts.astype(np.int64))
