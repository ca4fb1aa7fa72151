"""Words of chunks and queries, and BM25 over the documents selected.

score(q, c) = sum over t in q of idf(t) * f (k1 + 1) / (f + k1 (1 - b + b |c| / mean |c|)), where
f = heading_weight * tf_heading + tf_text and idf(t) = ln(1 + (N - n + 1/2) / (n + 1/2)).

N, n and the mean length are counted over the chunks that are searched, not over the corpus: "3M" tells nothing inside a
filing of 3M, however rare it is elsewhere. SQLite's own bm25() cannot do that, so its FTS5 tokenizer (unicode61 with Porter
stems) is what cuts the words, and the postings are kept a document at a time, where they are also removed exactly.

S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework: BM25 and Beyond, 2009; the weighted sum of fields is
BM25F of S. Robertson, H. Zaragoza, M. Taylor, CIKM 2004.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longdoc.errors import LimitError
from longdoc.types import Chunk, Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FISCAL_YEAR = re.compile(r"\bFY[ ']?(?:20)?(\d\d)(?!\d)", re.IGNORECASE)
_HEADING_BITS, _TEXT_BITS = 4, 8
_HEADING_MOST, _TEXT_MOST = (1 << _HEADING_BITS) - 1, (1 << _TEXT_BITS) - 1
MOST_CHUNKS = 1 << (32 - _HEADING_BITS - _TEXT_BITS)

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about all also am an and any are as at be because been being but by can could did do does doing for from had has have
        having he her here him his how i if in into is it its itself may me might more most must my no not of on only or other
        our out over own please same shall she should so some such than that the their them then there these they this those
        through to too under until up upon very was we were what when where whether which while who whom whose why will with
        would you your s t""",
    )
)


@dataclass(frozen=True, slots=True)
class Bm25:
    """k1 saturates repeated words, b discounts long chunks, heading_weight counts a word in the heading path."""

    k1: float = 1.2
    b: float = 0.75
    heading_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document's chunks.

    postings: word -> uint32 array, one number a chunk that holds it: chunk << 12 | times in the heading << 8 | times in the
    text (both capped). lengths [C, 2]: words in heading and text of each chunk.
    """

    postings: Mapping[str, npt.NDArray[np.uint32]]
    lengths: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Postings:
    """Where one word stands: the chunks [P] that hold it, and how often each does in its heading path and in its text [P]."""

    chunks: npt.NDArray[np.int64]
    in_heading: npt.NDArray[np.int64]
    in_text: npt.NDArray[np.int64]


def analyse(document: Document, chunks: Sequence[Chunk]) -> Words:
    """The words of the document's chunks, in heading path and text."""
    import numpy as np

    if len(chunks) > MOST_CHUNKS:
        raise LimitError(f"{document.path}: {len(chunks)} chunks; a document may have {MOST_CHUNKS}")

    lengths = np.zeros((len(chunks), 2), dtype=np.int32)
    packed: dict[str, dict[int, int]] = {}
    for word, chunk, column, times in _count([(" > ".join(chunk.heading_path), document.quote(chunk.span)) for chunk in chunks]):
        lengths[chunk, column] += times
        most, shift = (_TEXT_MOST, 0) if column else (_HEADING_MOST, _TEXT_BITS)
        counts = packed.setdefault(word, {})
        counts[chunk] = counts.get(chunk, 0) | min(times, most) << shift
    bits = _HEADING_BITS + _TEXT_BITS
    postings = {
        word: np.array([chunk << bits | count for chunk, count in sorted(counts.items())], dtype="<u4")
        for word, counts in sorted(packed.items())
    }
    return Words(postings, lengths)


def stems(text: str) -> list[str]:
    """The distinct stems of a text, stop words and all."""
    return sorted({word for word, *_ in _count([("", text.encode("utf-8", "replace").decode("utf-8"))])})


def sequences(texts: Sequence[str]) -> list[list[str]]:
    """The stems of each text in their order, without stop words."""
    kept = (" ".join(word for word in re.findall(r"\w+", normalise(text)) if word.lower() not in STOP_WORDS) for text in texts)
    with _cut([("", text.encode("utf-8", "replace").decode("utf-8")) for text in kept]) as connection:
        rows = connection.execute("SELECT doc, term FROM word ORDER BY doc, offset").fetchall()
    found: list[list[str]] = [[] for _ in texts]
    for index, stem in rows:
        found[index].append(stem)
    return found


def query_words(query: str) -> list[str]:
    """The distinct stems that a query asks for, without stop words unless nothing else is left."""
    text = normalise(query.encode("utf-8", "replace").decode("utf-8"))  # a terminal may hand on bytes that are no text
    kept = [word for word in re.findall(r"\w+", text) if word.lower() not in STOP_WORDS]
    return sorted({word for word, *_ in _count([("", " ".join(kept))] if kept else [("", text)])})


def normalise(text: str) -> str:
    """One spelling for figures and fiscal years: 1,577 is 1577; FY18, FY 2018 and FY2018 are 2018."""
    return _FISCAL_YEAR.sub(r"20\1", _THOUSANDS.sub("", text))


def score(words: Iterable[Postings], lengths: npt.NDArray[np.int32], bm25: Bm25) -> npt.NDArray[np.float64]:
    """The score [C] of every chunk searched; `words` are the postings of the query's words, `lengths` [C, 2] as in Words."""
    import numpy as np

    size = lengths[:, 0] * bm25.heading_weight + lengths[:, 1]
    total = np.zeros(len(size))
    norm = bm25.k1 * (1 - bm25.b + bm25.b * size / max(size.mean() if len(size) else 1.0, 1e-9))
    for found in words:
        times = found.in_heading * bm25.heading_weight + found.in_text
        rarity = np.log1p((len(size) - len(found.chunks) + 0.5) / (len(found.chunks) + 0.5))
        total[found.chunks] += rarity * times * (bm25.k1 + 1) / (times + norm[found.chunks])
    return total


def unpack(starts: npt.NDArray[np.int64], data: Sequence[bytes]) -> Postings:
    """The postings of one word: `data` are those of several documents, whose chunks begin at `starts` among all those searched."""
    import numpy as np

    packed = np.frombuffer(b"".join(data), dtype="<u4").astype(np.int64)
    base = np.repeat(starts, np.fromiter(map(len, data), dtype=np.int64, count=len(data)) // 4)
    return Postings(base + (packed >> (_HEADING_BITS + _TEXT_BITS)), packed >> _TEXT_BITS & _HEADING_MOST, packed & _TEXT_MOST)


def _count(chunks: Sequence[tuple[str, str]]) -> list[tuple[str, int, int, int]]:
    """(stem, chunk, 0 for heading or 1 for text, times)."""
    with _cut([(normalise(heading), normalise(text)) for heading, text in chunks]) as connection:
        rows: list[tuple[str, int, int, int]] = connection.execute(
            "SELECT term, doc, CASE col WHEN 'heading' THEN 0 ELSE 1 END AS column, count(*) FROM word GROUP BY term, doc, col"
        ).fetchall()
    return rows


@contextmanager
def _cut(chunks: Sequence[tuple[str, str]]) -> Iterator[sqlite3.Connection]:
    """A database whose table `word` has every word of headings and texts, cut and stemmed by SQLite: term, doc, col, offset."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(
            "CREATE VIRTUAL TABLE cut USING fts5(heading, body, content='', columnsize=0, tokenize='porter unicode61 remove_diacritics 2')"
        )
        connection.execute("CREATE VIRTUAL TABLE word USING fts5vocab(cut, instance)")
        rows = ((index, heading, text) for index, (heading, text) in enumerate(chunks))
        connection.executemany("INSERT INTO cut(rowid, heading, body) VALUES (?, ?, ?)", rows)
        yield connection
    finally:
        connection.close()
