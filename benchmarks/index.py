#!/usr/bin/env python3
"""How fast, how small and how right the vector index is, beside comparing with every vector in numpy, in the same run.

    python benchmarks/index.py [--vectors FILE.npy] [--queries FILE.npy] [--sizes 4000 31000 80000] [--kinds ...] [--threads 2]

FILE.npy holds an array [N, D]; its rows are scaled to unit length. Without --queries every 20th run of 64 rows is held out and
queries are drawn from there: a query that is indexed itself would be too easy. Without --vectors: clusters drawn for the purpose.
Latency is that of one query at a time; recall@10 is against the vectors before coding; "own" is what `VectorIndex.recall()` says
of itself; the filter allows the third of the ids in the middle. The bar: p99 under 5 ms, recall@10 at least 0.98.

Kinds: numpy (matmul and argpartition, the competitor), auto (VectorIndex as it comes), exact, float32, float16, int8 (VectorIndex
made to be exact, or to use lists), hnsw and pq (faiss alone: what the index does without).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from common import report

from longdoc_stores.vector_index import VectorIndex

Floats = npt.NDArray[np.float32]
Search = Callable[[Floats], npt.NDArray[np.int64]]
K = 10
RUN, EVERY = 64, 20
BAR_MS, BAR_RECALL = 5.0, 0.98
WARM_UP = 20


@dataclass
class Line:
    """One row of the table; None where a kind has no such thing."""

    vectors: int
    kind: str
    build_s: float
    bytes_a_vector: float
    p50_ms: float
    p99_ms: float
    recall: float
    own: float | None = None
    filter_p99_ms: float | None = None
    filter_recall: float | None = None
    add_100_ms: float | None = None
    load_s: float | None = None
    how: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4_000, 31_000, 80_000])
    parser.add_argument("--kinds", nargs="+", default=["numpy", "auto", "float32", "int8", "hnsw"], choices=list(KINDS))
    parser.add_argument("--dimension", type=int, default=384, help="of the vectors drawn for the purpose")
    parser.add_argument("--repeats", type=int, default=500, help="queries timed and compared")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(arguments.threads)
    if arguments.vectors:
        everything, queries = read(arguments.vectors, arguments.queries)
    else:
        drawn = clusters(max(arguments.sizes) + 2_000, arguments.dimension)
        everything, queries = drawn[2_000:], drawn[:2_000]
    queries = queries[np.random.default_rng(0).permutation(len(queries))[: arguments.repeats]]
    lines = []
    for size in sorted({min(size, len(everything)) for size in arguments.sizes}):
        # In their order, as a store adds them.
        vectors = everything[np.sort(np.random.default_rng(1).choice(len(everything), size, replace=False))]
        truth = comparing(vectors)(queries)
        for kind in arguments.kinds:
            print(f"{kind} of {size}", file=sys.stderr)
            lines.append(KINDS[kind](kind, vectors, queries, truth))
    bar = all(line.p99_ms < BAR_MS and line.recall >= BAR_RECALL for line in lines if line.kind == "auto" and line.vectors <= 80_000)
    columns = list(asdict(lines[0]))
    rows = [
        ["" if value is None else round(value, 4) if isinstance(value, float) else value for value in asdict(x).values()] for x in lines
    ]
    figures = [asdict(line) for line in lines]
    report("index", columns, rows, threads=arguments.threads, queries=len(queries), bar_met=bar, kinds=figures)


def read(path: Path, queries: Path | None) -> tuple[Floats, Floats]:
    """Vectors and queries, of unit length."""
    rows = np.load(path, mmap_mode="r")
    if queries is not None:
        return unit(rows), unit(np.load(queries))
    held_out = np.arange(len(rows)) // RUN % EVERY == EVERY // 2
    return unit(rows[~held_out]), unit(rows[held_out])


def clusters(count: int, dimension: int) -> Floats:
    """Unit vectors in clusters of unequal size that share a direction, as those of texts do; any row is as good a query as another."""
    random = np.random.default_rng(2)
    centres = random.standard_normal((300, dimension)) + 0.7
    sizes = random.pareto(1.5, len(centres)) + 0.2
    home = random.choice(len(centres), count, p=sizes / sizes.sum())
    # Most of what differs lies in few directions.
    spread = random.standard_normal((24, dimension))
    return unit(centres[home] + random.standard_normal((count, 24)) @ spread / 6 + 0.3 * random.standard_normal((count, dimension)))


def unit(rows: npt.NDArray[Any]) -> Floats:
    wide = np.asarray(rows, dtype=np.float32)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)


def comparing(vectors: Floats) -> Search:
    """The competitor: every score, then the best ten."""

    def search(queries: Floats) -> npt.NDArray[np.int64]:
        scores = queries @ vectors.T
        best = np.argpartition(scores, -K, axis=1)[:, -K:]
        return np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1), axis=1)

    return search


def with_numpy(kind: str, vectors: Floats, queries: Floats, truth: npt.NDArray[np.int64]) -> Line:
    search = comparing(vectors)
    return Line(len(vectors), kind, 0.0, vectors.nbytes / len(vectors), *latency(search, queries), recall(search(queries), truth))


def with_faiss(kind: str, vectors: Floats, queries: Floats, truth: npt.NDArray[np.int64]) -> Line:
    dimension = vectors.shape[1]
    index: Any
    if kind == "hnsw":
        index = faiss.IndexHNSWFlat(dimension, 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction, index.hnsw.efSearch = 100, 128
    else:
        index = faiss.IndexPQ(dimension, dimension // 2, 8, faiss.METRIC_INNER_PRODUCT)
        index.pq.cp.max_points_per_centroid, index.pq.cp.min_points_per_centroid = 64, 1
    began = time.perf_counter()
    index.train(vectors)
    index.add(vectors)
    built = time.perf_counter() - began
    size = len(faiss.serialize_index(index)) / len(vectors)

    def search(rows: Floats) -> npt.NDArray[np.int64]:
        found: npt.NDArray[np.int64] = index.search(rows, K)[1]
        return found

    return Line(len(vectors), kind, built, size, *latency(search, queries), recall(search(queries), truth))


def with_index(kind: str, vectors: Floats, queries: Floats, truth: npt.NDArray[np.int64]) -> Line:
    dimension = vectors.shape[1]
    if kind == "auto":
        index = VectorIndex(dimension)
    elif kind == "exact":
        index = VectorIndex(dimension, exact_up_to=len(vectors) + 1_000)
    else:
        index = VectorIndex(dimension, codes=kind, exact_up_to=1_000)  # type: ignore[arg-type]
    count = len(vectors)
    ids = np.arange(count)
    began = time.perf_counter()
    index.add(ids, vectors)
    built = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        size = path.stat().st_size / count
        began = time.perf_counter()
        VectorIndex.load(path)
        loaded = time.perf_counter() - began
    among = ids[count // 3 : 2 * count // 3]
    filtered = index.search(queries, K, among)[1]
    line = Line(
        count,
        kind,
        built,
        size,
        *latency(lambda rows: index.search(rows, K)[1], queries),
        recall(index.search(queries, K)[1], truth),
        own=index.recall().recall,
        filter_p99_ms=latency(lambda rows: index.search(rows, K, among)[1], queries)[1],
        filter_recall=recall(filtered, comparing(vectors[among])(queries) + among[0]),
        load_s=loaded,
        how=index.kind if index.kind == "exact" else f"{index.kind}, {index.codes}, {index.probes} probes",
    )
    times = []
    for start in range(0, min(count, 1_000) - 100 + 1, 100):
        began = time.perf_counter()
        index.add(count + start + np.arange(100), vectors[start : start + 100])
        times.append((time.perf_counter() - began) * 1e3)
    line.add_100_ms = float(np.median(times)) if times else None
    return line


def latency(search: Search, queries: Floats) -> tuple[float, float]:
    """p50 and p99 in milliseconds of one query at a time."""
    for row in queries[:WARM_UP]:
        search(row[None])
    times = []
    for row in queries:
        began = time.perf_counter()
        search(row[None])
        times.append((time.perf_counter() - began) * 1e3)
    return float(np.percentile(times, 50)), float(np.percentile(times, 99))


def recall(found: npt.NDArray[np.int64], truth: npt.NDArray[np.int64]) -> float:
    return float(np.mean([len(np.intersect1d(row, right)) / len(right) for row, right in zip(found, truth, strict=True)]))


KINDS: dict[str, Callable[[str, Floats, Floats, npt.NDArray[np.int64]], Line]] = {
    "numpy": with_numpy,
    "auto": with_index,
    "exact": with_index,
    "float32": with_index,
    "float16": with_index,
    "int8": with_index,
    "hnsw": with_faiss,
    "pq": with_faiss,
}


if __name__ == "__main__":
    main()
