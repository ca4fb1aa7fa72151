"""Does search keep its speed among 100,000 documents? Latency and memory of `Pipeline.search` over a corpus made for the purpose.

    python benchmarks/search_scale.py --store /somewhere/outside/the/repository [--documents 100000] [--queries 200]

The corpus is written through the stores' own calls: documents of two chunks, words drawn by Zipf's law from a vocabulary of 50,000, a
name and a year of their own on the front, vectors around 1,000 centres. It is kept between runs. Queries are of three frequent and three
rare words, every second one with the name of a document; half are over everything, the others over a folder of 1,000. Measured in a
process of its own: opening and the first search, then p50 and p99 of the others, and the most memory that was taken. The competitor is
rank-bm25 over the same words, in memory, words alone. Vectors of queries are random: the time of the encoder (some 10 ms a query) is
not in it.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from common import report

from longdoc import Pipeline
from longdoc.types import Chunk, Document, Section, Span
from longdoc_pipelines.filters import Filters
from longdoc_pipelines.results import results
from longdoc_pipelines.sheets import Kept
from longdoc_stores.corpus import Corpus
from longdoc_stores.lexical import Words
from longdoc_stores.records import FileRecord

WIDTH, VOCABULARY, CENTRES = 384, 50_000, 1_000
WORDS_OF_A_CHUNK, BATCH, FOLDER = 40, 10_000, 1_000
FINGERPRINT = "random vectors"
TOP = Path("/corpus")


class RandomReader:
    """Gives every text a vector that its characters choose."""

    reading_fingerprint = FINGERPRINT

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors [len(texts), D] of unit length."""
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
        vectors = np.stack([np.random.default_rng(seed).standard_normal(WIDTH, dtype=np.float32) for seed in seeds])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", type=Path, required=True)
    arguments.add_argument("--documents", type=int, default=100_000)
    arguments.add_argument("--queries", type=int, default=200)
    arguments.add_argument("--measure", choices=("longdoc", "rank-bm25"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.measure == "longdoc":
        print(measure(given.store, given.queries))
        return
    if given.measure == "rank-bm25":
        print(measure_rank_bm25(given.documents, given.queries))
        return
    started = time.perf_counter()
    with Corpus(given.store) as corpus:
        fill(corpus, given.documents)
    made = time.perf_counter() - started
    rows, figures = [], {}
    for method in ("longdoc", "rank-bm25"):
        command = [sys.executable, __file__, *sys.argv[1:], "--measure", method]
        line = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
        for name, seconds in zip(COLUMNS, map(float, line.split()), strict=False):
            figures[f"{method}, {name}"] = round(seconds, 5)
        rows.append([method, *line.split()])
    report("search_scale", ["by", *COLUMNS], rows, documents=given.documents, queries=given.queries, made_seconds=round(made, 1), **figures)


COLUMNS = ("open and first s", "p50 s", "p99 s", "folder p50 s", "folder p99 s", "section p50 s", "since p50 s", "most memory MiB")


def fill(corpus: Corpus, documents: int) -> None:
    """Add what is missing of so many documents."""
    there = len(corpus.select())
    centres = np.random.default_rng(0).standard_normal((CENTRES, WIDTH))
    context = corpus.readings.context(FINGERPRINT, WIDTH)
    for first in range(there, documents, BATCH):
        with corpus.writing(), corpus.catalogue.transaction():
            for number in range(first, min(first + BATCH, documents)):
                add(corpus, number, centres)
            context.flush()
        print(f"{first + BATCH} documents", file=sys.stderr)


def add(corpus: Corpus, number: int, centres: npt.NDArray[np.float64]) -> None:
    """Write one document as an ingest would have."""
    key = f"{number:032x}"
    document, chunks, words = make(number)
    path = str(TOP / f"{number // FOLDER:04d}" / f"{number:06d}.txt")
    file = FileRecord(path, path, path, 0, number, len(document.text), 0, 0, sha256=key, document_key=key, stage="read")
    corpus.commit(file)
    corpus.documents.put(key, key, document, chunks, words)
    corpus.documents.put_reading(key, FINGERPRINT, 2 * WORDS_OF_A_CHUNK)
    Kept.of(document, chunks).put(corpus, key)
    draw = np.random.default_rng(number)
    for chunk in chunks:
        vector = centres[draw.integers(CENTRES)] + draw.standard_normal(WIDTH)
        unit = (vector / np.linalg.norm(vector)).astype(np.float16)
        span = np.array([[chunk.span.start, chunk.span.end]], dtype=np.int32)
        salience = {"salience": np.zeros(1, np.float32)}
        context = corpus.readings.context(FINGERPRINT)
        context.append_block(key, unit[None], span, vector=unit, section=chunk.heading_path, extra=salience)


def make(number: int) -> tuple[Document, tuple[Chunk, ...], Words]:
    """A document, its chunks and their words."""
    cut = [tokens(number, chunk) for chunk in range(2)]
    texts = [" ".join(words) for words in cut]
    spans = [Span(start=0, end=len(texts[0])), Span(start=len(texts[0]) + 2, end=len(texts[0]) + 2 + len(texts[1]))]
    section = Section(index=0, parent=None, level=1, number=None, title=f"h{number % 50}", heading=Span(start=0, end=0), span=spans[0])
    document = Document(id=f"{number:032x}", path="", format="text", text="\n\n".join(texts), domain="legal", sections=(section,))
    headings: list[tuple[str, ...]] = [(section.title,), ()]
    chunks = tuple(Chunk(document_id=document.id, index=index, span=spans[index], heading_path=headings[index]) for index in range(2))
    postings: dict[str, dict[int, int]] = {section.title: {0: 1 << 8}}
    for index, words in enumerate(cut):
        for word in words:
            counts = postings.setdefault(word, {})
            counts[index] = counts.get(index, 0) + 1
    packed = {
        word: np.array([index << 12 | count for index, count in sorted(counts.items())], dtype="<u4") for word, counts in postings.items()
    }
    lengths = np.array([[1, len(cut[0])], [0, len(cut[1])]], dtype=np.int32)
    return document, chunks, Words(packed, lengths)


def tokens(number: int, chunk: int) -> list[str]:
    """The words of a chunk; the first has the document's name and year."""
    draw = np.random.default_rng((number, chunk))
    ranks = np.minimum(draw.zipf(1.2, WORDS_OF_A_CHUNK), VOCABULARY)
    return ([f"n{number}", str(1990 + number % 35)] if chunk == 0 else []) + [f"w{rank}" for rank in ranks.tolist()]


def questions(documents: int, count: int) -> list[str]:
    """Queries of three frequent and three rare words, every second one with a name."""
    draw = np.random.default_rng(1)
    asked = []
    for number in range(count):
        frequent, rare = draw.integers(1, 30, 3).tolist(), draw.integers(1_000, VOCABULARY, 3).tolist()
        named = [f"n{draw.integers(documents)}"] if number % 2 else []
        asked.append(" ".join([*named, *(f"w{rank}" for rank in frequent + rare)]))
    return asked


def measure(store: Path, count: int) -> str:
    """The columns, as one line."""
    reader, started = RandomReader(), time.perf_counter()
    with Pipeline(store) as pipeline:
        entries = pipeline.everything()
        asked = questions(len(entries), count)
        results(pipeline.corpus, reader, asked[0], entries)  # type: ignore[arg-type]
        spent = [time.perf_counter() - started]
        folder = tuple(pipeline.documents([TOP / "0000"]))
        for among, filters in (
            (entries, Filters()), (folder, Filters()), (entries, Filters(section="h7")), (entries, Filters(since="2000")),
        ):  # fmt: skip
            seconds = []
            for query in asked if filters == Filters() else asked[: count // 10]:
                started = time.perf_counter()
                results(pipeline.corpus, reader, query, among, filters=filters)  # type: ignore[arg-type]
                seconds.append(time.perf_counter() - started)
            spent += [float(np.median(seconds)), float(np.quantile(seconds, 0.99))][: 2 if filters == Filters() else 1]
    return " ".join(f"{value:.4f}" for value in spent) + f" {memory():.0f}"


def measure_rank_bm25(documents: int, count: int) -> str:
    """The first three columns, and the last."""
    from rank_bm25 import BM25Okapi

    started = time.perf_counter()
    index = BM25Okapi([tokens(number, chunk) for number in range(documents) for chunk in range(2)])
    opened, seconds = time.perf_counter() - started, []
    for query in questions(documents, count)[:20]:
        started = time.perf_counter()
        np.argsort(-index.get_scores(query.split()))[:10]
        seconds.append(time.perf_counter() - started)
    return f"{opened:.4f} {np.median(seconds):.4f} {np.quantile(seconds, 0.99):.4f} nan nan nan nan {memory():.0f}"


def memory() -> float:
    """The most MiB that this process has taken (getrusage would count what its parent had when it was forked)."""
    most = next(line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
    return int(most.split()[1]) / 1024


if __name__ == "__main__":
    main()
