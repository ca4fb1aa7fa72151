"""Evidence pages on FinanceBench (arXiv 2311.11944), with the filing given and among all filings: `Pipeline.search` beside BM25 over pages.

    python benchmarks/pages.py --store /somewhere/outside/the/repository [--cache FOLDER] [--limit N]

For evaluation only. The competitors run on the same parsed text: the same hybrid over the same chunks with the vectors of the original
MiniLM, BM25 (rank-bm25) over whole pages, the words alone and the vectors alone of longdoc's own chunks. Among all filings a page counts
only with its filing. The bars: recall@5 with the filing given 68, hit@10 among all filings 50; longdoc not below the hybrid.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
from common import SHARED, report
from original_minilm import Floats, OriginalMiniLM
from rank_bm25 import BM25Okapi
from search import best, words

from longdoc import Pipeline
from longdoc.types import Chunk, Document
from longdoc_pipelines.fusion import fuse
from longdoc_pipelines.search import DEPTH
from longdoc_stores.records import ChunkHit, Entry

DATA = SHARED / "data" / "financebench"
SCORER = SHARED / "measure" / "page_recall.py"
PASSAGES = 100
"""Passages asked for, enough for 20 distinct pages."""
PAGES = 20

Place = tuple[str, int]
"""The path of a filing and a page of it."""
Ranking = Callable[[Sequence[Entry], str], list[Place]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", type=Path, required=True, help="corpus folder, kept between runs")
    arguments.add_argument("--out", type=Path, help="folder for the answers (default: a temporary one)")
    arguments.add_argument("--cache", type=Path, help="keep the original MiniLM's vectors in this folder")
    arguments.add_argument("--limit", type=int, help="questions, those on the smallest filings (default: all; for trying this script out)")
    arguments.add_argument("--without-original", action="store_true", help="leave out the original MiniLM, which takes most of the time")
    given = arguments.parse_args()
    with gzip.open(DATA / "questions.jsonl.gz", "rt", encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines]
    if given.limit is not None:
        questions = sorted(questions, key=lambda question: filing(question).stat().st_size)[: given.limit]
    with Pipeline(given.store) as pipeline, tempfile.TemporaryDirectory() as scratch:
        out = given.out or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        asked = out / "questions.jsonl"
        asked.write_text("".join(json.dumps(question) + "\n" for question in questions), encoding="utf-8")
        filings = sorted({filing(question) for question in questions})
        started = time.perf_counter()
        failed = [outcome for outcome in pipeline.ingest(filings) if outcome.outcome in ("failed", "partial")]
        for outcome in failed:
            print(f"{outcome.outcome} {outcome.path}: {outcome.reason}", file=sys.stderr)
        ingested = time.perf_counter() - started
        entries = {Path(entry.path).stem: entry for entry in pipeline.documents(filings)}
        started = time.perf_counter()
        original = None if given.without_original else OriginalMiniLM()
        vectors = {} if original is None else chunk_vectors(pipeline, entries.values(), original, given.cache)
        embedded = time.perf_counter() - started
        rows, figures = [], {}
        for together in (False, True):
            among = "all filings" if together else "filing given"
            for name, ranking in methods(pipeline, original, vectors).items():
                started = time.perf_counter()
                answers = out / f"{name.replace(' ', '_')}_{among.replace(' ', '_')}.jsonl"
                write_answers(answers, questions, entries, ranking, together)
                seconds = (time.perf_counter() - started) / len(questions)
                scorer = [sys.executable, SCORER, asked, answers]
                measured = json.loads(subprocess.run(scorer, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
                figures[f"{name}, {among}"] = measured | {"seconds_a_question": round(seconds, 3)}
                shares = [f"{100 * measured['recall'][k]:.1f}" for k in ("1", "3", "5", "10", "20")]
                rows.append([among, name, *shares, f"{100 * measured['hit']['10']:.1f}", f"{seconds:.3f}"])
    columns = ["among", "recall of evidence pages at", "1", "3", "5", "10", "20", "hit@10", "s/question"]
    spent = {"ingest_seconds": round(ingested, 1), "original_seconds": round(embedded, 1)}
    report("pages", columns, rows, questions=len(questions), **spent, methods=figures)


def filing(question: dict[str, str]) -> Path:
    """The file that a question is about."""
    return DATA / "pdf" / f"{question['doc_name']}.pdf"


def chunk_vectors(pipeline: Pipeline, entries: Iterable[Entry], model: OriginalMiniLM, cache: Path | None) -> dict[str, Floats]:
    """By path: the original MiniLM's vectors [C, D] of the texts of a document's chunks."""
    vectors = {}
    for entry in entries:
        document = pipeline.document(entry.path, ingest=False)
        vectors[entry.path] = model.encode([document.quote(chunk.span) for chunk in pipeline.corpus.chunks(entry)], cache)
    return vectors


def methods(pipeline: Pipeline, original: OriginalMiniLM | None, vectors: dict[str, Floats]) -> dict[str, Ranking]:
    """Name -> the pages of some documents that fit a question, best first; `vectors` are those of `chunk_vectors`, by `original`."""
    corpus = pipeline.corpus
    over_pages: dict[tuple[str, ...], tuple[BM25Okapi, list[Place]]] = {}

    @cache
    def document(entry: Entry) -> Document:
        return pipeline.document(entry.path, ingest=False)

    @cache
    def chunks(entry: Entry) -> tuple[Chunk, ...]:
        return corpus.chunks(entry)

    def by_search(among: Sequence[Entry], question: str) -> list[Place]:
        found = pipeline.search(question, [entry.path for entry in among], k=PASSAGES, ingest=False)
        return distinct((passage.citation.path, passage.citation.page) for passage in found)

    def by_original(model: OriginalMiniLM, among: Sequence[Entry], question: str) -> list[Place]:
        depth = max(DEPTH, 2 * PASSAGES)
        owner = [(entry, index) for entry in among for index in range(len(vectors[entry.path]))]
        found = best(np.concatenate([vectors[entry.path] for entry in among]) @ model.encode([question])[0], depth)
        by_meaning = [ChunkHit(*owner[place], 0.0) for place in found]
        return pages_of(fuse([corpus.search_text(question, among, depth), by_meaning])[:PASSAGES])

    def by_words(among: Sequence[Entry], question: str) -> list[Place]:
        return pages_of((hit.entry, hit.chunk_index, hit.score) for hit in corpus.search_text(question, among, PASSAGES))

    def by_vectors(among: Sequence[Entry], question: str) -> list[Place]:
        vector, fingerprint = pipeline.reader.embed([question])[0], pipeline.reader.reading_fingerprint
        return pages_of((hit.entry, hit.chunk_index, hit.score) for hit in corpus.search_vectors(vector, among, PASSAGES, fingerprint))

    def by_pages(among: Sequence[Entry], question: str) -> list[Place]:
        key = tuple(entry.path for entry in among)
        if key not in over_pages:
            places = [(entry.path, page.number) for entry in among for page in document(entry).pages]
            texts = [document(entry).quote(page.span) for entry in among for page in document(entry).pages]
            over_pages[key] = BM25Okapi([words(text) for text in texts]), places
        index, places = over_pages[key]
        return [places[place] for place in best(index.get_scores(words(question)), PAGES)]

    def pages_of(found: Iterable[tuple[Entry, int, float]]) -> list[Place]:
        return distinct((entry.path, page_at(entry, index)) for entry, index, _ in found)

    def page_at(entry: Entry, index: int) -> int | None:
        page = document(entry).page_at(chunks(entry)[index].span.start)
        return page.number if page is not None else None

    return {
        "longdoc": by_search,
        **({"BM25 + original MiniLM": partial(by_original, original)} if original is not None else {}),
        "BM25 over pages": by_pages,
        "BM25 over chunks": by_words,
        "vectors over chunks": by_vectors,
    }


def write_answers(file: Path, questions: list[dict[str, str]], entries: dict[str, Entry], ranking: Ranking, together: bool) -> None:
    """One line a question, as page_recall.py reads it; `together`: among all filings."""
    everything = tuple(entries.values())
    with file.open("w", encoding="utf-8") as out:
        for question in questions:
            among = everything if together else (entries[question["doc_name"]],)
            pages = [{"doc": Path(path).stem, "page": page} for path, page in ranking(among, question["question"])[:PAGES]]
            print(json.dumps({"financebench_id": question["financebench_id"], "pages": pages}), file=out)


def distinct(pages: Iterable[tuple[str, int | None]]) -> list[Place]:
    """Each page once, at its best place."""
    return list(dict.fromkeys((path, page) for path, page in pages if page is not None))


if __name__ == "__main__":
    main()
