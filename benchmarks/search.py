"""Is search worse than with the original MiniLM? BM25 fused with its vectors, and with those of longdoc's reader, on two sets of queries.

    python benchmarks/search.py [--data ../shared/data] [--limit N] [--passages N] [--cache FOLDER]

ACORD (https://arxiv.org/abs/2501.06582), the queries of its validation part over all its clauses: NDCG@10 as trec_eval has it, gains
as judged (0 to 4), what was not judged counts 0. ObliQA (https://arxiv.org/abs/2409.05677), dev: recall@10, the share of a question's
passages among the first ten, mean over the questions; passages without text are left out, since nothing can find them.

Every hybrid is made by the rank fusion of `Pipeline.search` over the same BM25 (rank-bm25, lower-case words) to the same depth;
vectors are compared exactly. "Difference" is longdoc's hybrid less the original's, with the standard error of the paired mean:
ACORD's validation part has six queries, so its figure moves by points when one clause changes its place. The bar: not lower.

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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from common import SHARED, report

from longdoc_pipelines.search import DEPTH, fuse
from longdoc_stores.records import ChunkHit, Entry

K = 10
PASSAGES_OF_A_TRIAL = 2_000
BM25, ORIGINAL, LONGDOC = "BM25", "original MiniLM", "longdoc"
CORPUS = Entry("corpus", "corpus", "corpus", domain="plain", title=None, format="text", pages=None, tokens=None)
"""Fusion names a passage by its document and its place in it; here all are of one document."""

Floats = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]
Ranking = list[int]
"""Places of passages, best first."""


@dataclass(frozen=True)
class Task:
    """Passages, queries, and for each query what its passages are worth, by their place; `metric` is measured over the first K."""

    name: str
    metric: str
    passages: list[str]
    queries: list[str]
    worth: list[dict[int, float]]

    def limited(self, queries: int, passages: int) -> Task:
        """The first queries, the passages that are worth something to them, and the first few others, in their order."""
        wanted = set().union(*self.worth[:queries])
        kept = [place for place in range(len(self.passages)) if place < passages or place in wanted]
        new = {place: number for number, place in enumerate(kept)}
        worth = [{new[place]: value for place, value in each.items()} for each in self.worth[:queries]]
        return Task(self.name, self.metric, [self.passages[place] for place in kept], self.queries[:queries], worth)

    def score(self, ranking: Sequence[int], query: int) -> float:
        """What the ranking for a query is worth, 0..1."""
        return METRICS[self.metric](ranking, self.worth[query], K)


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
        task = TASKS[name](arguments.data / name)
        if arguments.limit is not None:
            task = task.limited(arguments.limit, arguments.passages)
        print(f"{task.name}: {len(task.queries)} queries, {len(task.passages)} passages", file=sys.stderr)
        rankings, seconds = rank(task, embedders)
        scores = {method: [task.score(ranking, query) for query, ranking in enumerate(found)] for method, found in rankings.items()}
        difference, error = paired(scores[f"{BM25} + {LONGDOC}"], scores[f"{BM25} + {ORIGINAL}"])
        size = [len(task.queries), len(task.passages)]
        table += [[task.name, task.metric, method, f"{100 * mean(each):.2f}", *size] for method, each in scores.items()]
        table.append([task.name, task.metric, "difference", f"{100 * difference:+.2f} ± {100 * error:.2f}", *size])
        figures[name] = {
            "metric": task.metric,
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


def acord(folder: Path) -> Task:
    """The validation queries over all clauses."""
    clauses = list(read(folder / "corpus.jsonl.gz"))
    place_of = {clause["_id"]: place for place, clause in enumerate(clauses)}
    worth: dict[str, dict[int, float]] = {}
    with (folder / "qrels" / "valid.tsv").open(encoding="utf-8", newline="") as lines:
        # Queries have commas and may have quotation marks.
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            judged = worth.setdefault(row["query-id"], {})
            if int(row["score"]) > 0:
                judged[place_of[row["corpus-id"]]] = float(row["score"])
    text_of = {query["_id"]: query["text"] for query in read(folder / "queries.jsonl.gz")}
    queries = [text_of[query] for query in worth]
    return Task("ACORD valid", "NDCG@10", [clause["text"] for clause in clauses], queries, list(worth.values()))


def obliqa(folder: Path) -> Task:
    """The questions of dev over all passages that have a text."""
    # A few passages stand twice under the same number; the questions mean the later one.
    texts = {(row["DocumentID"], row["PassageID"]): row["Passage"] for row in read(folder / "passages.jsonl.gz")}
    texts = {key: text for key, text in texts.items() if text.strip()}
    place_of = {key: place for place, key in enumerate(texts)}
    questions = list(read(folder / "dev.jsonl.gz"))
    worth = [{place_of[row["DocumentID"], row["PassageID"]]: 1.0 for row in question["Passages"]} for question in questions]
    return Task("ObliQA dev", "recall@10", list(texts.values()), [question["Question"] for question in questions], worth)


TASKS = {"acord": acord, "obliqa": obliqa}


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def rank(task: Task, embedders: Mapping[str, Embed]) -> tuple[dict[str, list[Ranking]], dict[str, float]]:
    """The first DEPTH passages for every query, by each method; and the seconds that each embedder took."""
    found = {BM25: by_words(task.passages, task.queries)}
    seconds = {}
    for name, embed in embedders.items():
        started = time.perf_counter()
        passages, queries = embed(task.passages), embed(task.queries)
        seconds[name] = round(time.perf_counter() - started, 1)
        found[name] = [by_vectors(passages, query) for query in queries]
    for name in embedders:
        found[f"{BM25} + {name}"] = [fused(*pair) for pair in zip(found[BM25], found[name], strict=True)]
    return found, seconds


def by_words(passages: Sequence[str], queries: Sequence[str]) -> list[Ranking]:
    """BM25; what shares no word with the query is not found."""
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([words(passage) for passage in passages])
    rankings = []
    for query in queries:
        scores = index.get_scores(words(query))
        rankings.append([place for place in best(scores) if scores[place] > 0])
    return rankings


def by_vectors(passages: Floats, query: Floats) -> Ranking:
    """The passages with the largest inner product."""
    return best(passages @ query)


def best(scores: npt.NDArray[Any], depth: int = DEPTH) -> Ranking:
    """The places of the highest scores; of equal ones the first comes first."""
    order: Ranking = np.argsort(-scores, kind="stable")[:depth].tolist()
    return order


def fused(*rankings: Sequence[int]) -> Ranking:
    """Several rankings as one, by the fusion of `Pipeline.search`."""
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


METRICS = {f"NDCG@{K}": ndcg, f"recall@{K}": recall}


def paired(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """The mean difference over the queries, and its standard error; of a single query it is 0."""
    differences = np.subtract(ours, theirs)
    spread = differences.std(ddof=1) if len(differences) > 1 else 0.0
    return float(differences.mean()), float(spread / math.sqrt(len(differences)))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
