"""What search finds: the ranking of `Pipeline.search` beside BM25, vectors of the original MiniLM and of longdoc, and their fusions.

    python benchmarks/search.py [--data ../shared/data] [--limit N] [--passages N] [--cache FOLDER]

ACORD (https://arxiv.org/abs/2501.06582), the queries of its validation part: NDCG@10 as trec_eval has it, gains as judged (0 to 4).
Each query was judged against 400 to 1,300 of the 3,931 clauses, and is ranked among these ("judged"); ranked among all clauses ("all"),
what was not judged counts 0 however well it fits, so that figures are low and say little. ObliQA (https://arxiv.org/abs/2409.05677),
dev: recall@10, the share of a question's passages among the first ten, and MAP@10, means over the questions; passages without text
are left out, since nothing can find them.

"BM25" is rank-bm25 over lower-case words, statistics over all passages; "longdoc" are vectors alone; hybrids are fused by rank to the same
depth; vectors are compared exactly. "longdoc search" is what `Pipeline.search` ranks by, over a corpus in which a query's passages are
the chunks of one document (ObliQA: of the 40 that they are from). "Difference" is BM25 + longdoc less BM25 + original, with the standard
error of the paired mean: ACORD's validation part has six queries, so its figure moves by points when one clause changes its place.

--limit takes the first N queries, the passages that belong to them, and the first --passages others: for trying this script out,
its figures mean nothing.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from common import SHARED, report

from longdoc.protocols import Reading
from longdoc.types import Chunk, Document, Span
from longdoc_pipelines.fusion import fuse
from longdoc_pipelines.search import DEPTH, find_chunks
from longdoc_stores.corpus import Corpus
from longdoc_stores.lexical import analyse
from longdoc_stores.records import ChunkHit, Entry, FileRecord

K = 10
GAP = "\n\n"
PASSAGES_OF_A_TRIAL = 2_000
BM25, ORIGINAL, LONGDOC, SEARCH = "BM25", "original MiniLM", "longdoc", "longdoc search"
CORPUS = Entry("corpus", "corpus", "corpus", domain="plain", title=None, format="text", pages=None, tokens=None)
"""Fusion names a passage by its document and its place in it; here all are of one document."""

Floats = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]
Ranking = list[int]
"""Places of passages, best first."""


@dataclass(frozen=True)
class Task:
    """Passages, queries, and for each query what its passages are worth, by their place; `metrics` are measured over the first K.

    `among` are the places that each query is ranked among (None: all), `sources` the document that each passage is from (None: one).
    """

    name: str
    metrics: tuple[str, ...]
    passages: list[str]
    queries: list[str]
    worth: list[dict[int, float]]
    among: list[list[int]] | None = None
    sources: list[int] | None = None

    def limited(self, queries: int, passages: int) -> Task:
        """The first queries, the passages that are worth something to them, and the first few others, in their order."""
        wanted = set().union(*self.worth[:queries])
        kept = [place for place in range(len(self.passages)) if place < passages or place in wanted]
        new = {place: number for number, place in enumerate(kept)}
        return replace(
            self,
            passages=[self.passages[place] for place in kept],
            queries=self.queries[:queries],
            worth=[{new[place]: value for place, value in each.items()} for each in self.worth[:queries]],
            among=None if self.among is None else [[new[place] for place in each if place in new] for each in self.among[:queries]],
            sources=None if self.sources is None else [self.sources[place] for place in kept],
        )

    def score(self, metric: str, ranking: Sequence[int], query: int) -> float:
        """What the ranking for a query is worth by that metric, 0..1."""
        return METRICS[metric](ranking, self.worth[query], K)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--limit", type=int, help="queries of each task (default: all)")
    parser.add_argument("--passages", type=int, default=PASSAGES_OF_A_TRIAL, help="with --limit: passages beside those of the queries")
    parser.add_argument("--cache", type=Path, help="keep the original MiniLM's vectors in this folder")
    arguments = parser.parse_args()
    embedders = load_embedders(arguments.cache)
    table, figures = [], {}
    for name in arguments.tasks:
        task = TASKS[name](arguments.data / name.partition("-")[0])
        if arguments.limit is not None:
            task = task.limited(arguments.limit, arguments.passages)
        print(f"{task.name}: {len(task.queries)} queries, {len(task.passages)} passages", file=sys.stderr)
        rankings, seconds = rank(task, embedders)
        size = [len(task.queries), len(task.passages)]
        for metric in task.metrics:
            scores = {method: [task.score(metric, one, query) for query, one in enumerate(found)] for method, found in rankings.items()}
            difference, error = paired(scores[f"{BM25} + {LONGDOC}"], scores[f"{BM25} + {ORIGINAL}"])
            table += [[task.name, metric, method, f"{100 * mean(each):.2f}", *size] for method, each in scores.items()]
            table.append([task.name, metric, "difference", f"{100 * difference:+.2f} ± {100 * error:.2f}", *size])
            figures[f"{name} {metric}"] = {
                "queries": len(task.queries),
                "passages": len(task.passages),
                "methods": {method: round(mean(each), 4) for method, each in scores.items()},
                "difference": round(difference, 4),
                "standard_error": round(error, 4),
                "not_lower": difference >= 0,
                "embedding_seconds": seconds,
            }
    report("search", ["task", "metric", "by", "value", "queries", "passages"], table, limited=arguments.limit is not None, **figures)


def load_embedders(cache: Path | None) -> dict[str, Embed]:
    """Name -> texts to vectors [N, D] of unit length."""
    from original_minilm import OriginalMiniLM

    from longdoc.model.reader import EmbeddedReader

    return {ORIGINAL: partial(OriginalMiniLM().encode, cache=cache), LONGDOC: EmbeddedReader().embed}


def acord(folder: Path, judged: bool = False) -> Task:
    """The validation queries over all clauses, or each over those that were judged for it."""
    clauses = list(read(folder / "corpus.jsonl.gz"))
    place_of = {clause["_id"]: place for place, clause in enumerate(clauses)}
    worth: dict[str, dict[int, float]] = {}
    among: dict[str, list[int]] = {}
    with (folder / "qrels" / "valid.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            valued = worth.setdefault(row["query-id"], {})
            among.setdefault(row["query-id"], []).append(place_of[row["corpus-id"]])
            if int(row["score"]) > 0:
                valued[place_of[row["corpus-id"]]] = float(row["score"])
    text_of = {query["_id"]: query["text"] for query in read(folder / "queries.jsonl.gz")}
    queries = [text_of[query] for query in worth]
    name, places = ("ACORD valid, judged", [sorted(each) for each in among.values()]) if judged else ("ACORD valid, all", None)
    return Task(name, ("NDCG@10",), [clause["text"] for clause in clauses], queries, list(worth.values()), places)


def obliqa(folder: Path) -> Task:
    """The questions of dev over all passages that have a text."""
    # A few passages stand twice under the same number; the questions mean the later one.
    texts = {(row["DocumentID"], row["PassageID"]): row["Passage"] for row in read(folder / "passages.jsonl.gz")}
    texts = {key: text for key, text in texts.items() if text.strip()}
    place_of = {key: place for place, key in enumerate(texts)}
    questions = list(read(folder / "dev.jsonl.gz"))
    worth = [{place_of[row["DocumentID"], row["PassageID"]]: 1.0 for row in question["Passages"]} for question in questions]
    asked = [question["Question"] for question in questions]
    return Task("ObliQA dev", ("recall@10", "MAP@10"), list(texts.values()), asked, worth, sources=[source for source, _ in texts])


TASKS = {"acord-judged": partial(acord, judged=True), "acord-all": acord, "obliqa": obliqa}


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def rank(task: Task, embedders: Mapping[str, Embed]) -> tuple[dict[str, list[Ranking]], dict[str, float]]:
    """The first DEPTH passages for every query, by each method; and the seconds that each embedder took."""
    among = task.among or [list(range(len(task.passages)))] * len(task.queries)
    found = {BM25: by_words(task.passages, task.queries, among)}
    seconds, vectors = {}, {}
    for name, embed in embedders.items():
        started = time.perf_counter()
        vectors[name], queries = embed(task.passages), embed(task.queries)
        seconds[name] = round(time.perf_counter() - started, 1)
        found[name] = [picked(vectors[name] @ query, places) for query, places in zip(queries, among, strict=True)]
    for name in embedders:
        found[f"{BM25} + {name}"] = [fused(*pair) for pair in zip(found[BM25], found[name], strict=True)]
    with tempfile.TemporaryDirectory() as folder, Corpus(Path(folder) / "corpus") as corpus:
        found[SEARCH] = by_search(corpus, task, embedders[LONGDOC], vectors[LONGDOC])
    return found, seconds


def by_words(passages: Sequence[str], queries: Sequence[str], among: Sequence[Sequence[int]]) -> list[Ranking]:
    """BM25; what shares no word with the query is not found."""
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([words(passage) for passage in passages])
    rankings = []
    for query, places in zip(queries, among, strict=True):
        scores = index.get_scores(words(query))
        rankings.append([place for place in picked(scores, places) if scores[place] > 0])
    return rankings


@dataclass(frozen=True)
class Embedder:
    """What a search asks of a reader."""

    embed: Embed
    reading_fingerprint: ClassVar[str] = "benchmark"


def by_search(corpus: Corpus, task: Task, embed: Embed, vectors: Floats) -> list[Ranking]:
    """What the package's own search ranks, over documents whose chunks are the passages."""
    if task.among is not None:
        held = [([put(corpus, task, f"query {number}", places, vectors)], [places]) for number, places in enumerate(task.among)]
    else:
        sources = task.sources or [0] * len(task.passages)
        places_of = [[place for place, own in enumerate(sources) if own == source] for source in dict.fromkeys(sources)]
        entries = [put(corpus, task, f"source {number}", places, vectors) for number, places in enumerate(places_of)]
        held = [(entries, places_of)] * len(task.queries)
    rankings, reader = [], Embedder(embed)
    for query, (entries, places_of) in zip(task.queries, held, strict=True):
        places = {entry.path: each for entry, each in zip(entries, places_of, strict=True)}
        hits = find_chunks(corpus, reader, query, tuple(entries), DEPTH)  # type: ignore[arg-type]
        rankings.append([places[entry.path][chunk] for entry, chunk, _ in hits])
    return rankings


def put(corpus: Corpus, task: Task, name: str, places: Sequence[int], vectors: Floats) -> Entry:
    """A document whose chunks are these passages, in a corpus."""
    texts, start, chunks = [task.passages[place] for place in places], 0, []
    for index, text in enumerate(texts):
        chunks.append(Chunk(document_id=name, index=index, span=Span(start=start, end=start + len(text))))
        start += len(text) + len(GAP)
    document = Document(id=name, path="", format="text", text=GAP.join(texts))
    path = f"/{name}"
    corpus.commit(FileRecord(path, path, path, 0, 0, 0, 0, 0, sha256=name, document_key=name, stage="read"))
    corpus.documents.put(name, name, document, chunks, analyse(document, chunks))
    reading = Reading(
        sentences=np.zeros((0, 2), np.int32),
        chunk_of_sentence=np.zeros(0, np.int32),
        chunk_vectors=vectors[list(places)].astype(np.float16),
        sentence_vectors=np.zeros((0, vectors.shape[1]), np.float16),
        salience=np.zeros(0, np.float32),
        tokens=0,
    )
    with corpus.writing():
        corpus.readings.put(name, Embedder.reading_fingerprint, reading, chunks)
        corpus.documents.put_reading(name, Embedder.reading_fingerprint, 0)
    return next(entry for entry in corpus.select([path]))


def picked(scores: npt.NDArray[Any], places: Sequence[int]) -> Ranking:
    """The best of some places."""
    return [places[number] for number in best(np.asarray(scores)[list(places)])]


def best(scores: npt.NDArray[Any], depth: int = DEPTH) -> Ranking:
    """The places of the highest scores; of equal ones the first comes first."""
    order: Ranking = np.argsort(-scores, kind="stable")[:depth].tolist()
    return order


def fused(*rankings: Sequence[int]) -> Ranking:
    """Several rankings as one, by rank."""
    return [place for _, place, _ in fuse([[ChunkHit(CORPUS, place, 0.0) for place in ranking] for ranking in rankings])]


def words(text: str) -> list[str]:
    """Lower-case words and numbers, as a plain BM25 has them."""
    return re.findall(r"\w+", text.lower())


def ndcg(ranking: Sequence[int], worth: Mapping[int, float], k: int) -> float:
    """Normalised discounted cumulative gain: sum of worth / log2(1 + rank) over the first `k`, as a share of the best that can be."""
    gained = sum(worth.get(place, 0.0) / math.log2(1 + rank) for rank, place in enumerate(ranking[:k], start=1))
    ideal = sum(value / math.log2(1 + rank) for rank, value in enumerate(sorted(worth.values(), reverse=True)[:k], start=1))
    return gained / ideal if ideal else 0.0


def recall(ranking: Sequence[int], worth: Mapping[int, float], k: int) -> float:
    """The share of the passages that are worth something among the first `k`."""
    wanted = {place for place, value in worth.items() if value > 0}
    return len(wanted.intersection(ranking[:k])) / len(wanted) if wanted else 0.0


def average_precision(ranking: Sequence[int], worth: Mapping[int, float], k: int) -> float:
    """The mean, over the passages that are worth something (at most `k`), of the precision where each stands among the first `k`."""
    wanted, found, total = {place for place, value in worth.items() if value > 0}, 0, 0.0
    for rank, place in enumerate(ranking[:k], start=1):
        if place in wanted:
            found += 1
            total += found / rank
    return total / min(len(wanted), k) if wanted else 0.0


METRICS = {f"NDCG@{K}": ndcg, f"recall@{K}": recall, f"MAP@{K}": average_precision}


def paired(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """The mean difference over the queries, and its standard error; of a single query it is 0."""
    differences = np.subtract(ours, theirs)
    spread = differences.std(ddof=1) if len(differences) > 1 else 0.0
    return float(differences.mean()), float(spread / math.sqrt(len(differences)))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
