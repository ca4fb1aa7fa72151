"""Evidence pages on FinanceBench (arXiv 2311.11944) with the filing given: `Pipeline.search` beside BM25 over pages.

    python benchmarks/pages.py --store /somewhere/outside/the/repository [--cache FOLDER] [--limit N]

For evaluation only: no setting of the search is chosen by these questions. The competitors run on the same parsed text:
the same hybrid over the same chunks with the vectors of the original MiniLM, BM25 (rank-bm25) over whole pages, the words alone and
the vectors alone of longdoc's own chunks. The bar: longdoc not below the hybrid with the original MiniLM.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from common import SHARED, report
from original_minilm import Floats, OriginalMiniLM
from rank_bm25 import BM25Okapi
from search import best, words

from longdoc import Pipeline
from longdoc.types import Document
from longdoc_pipelines.search import DEPTH, fuse
from longdoc_stores.records import ChunkHit, Entry

DATA = SHARED / "data" / "financebench"
SCORER = SHARED / "measure" / "page_recall.py"
PASSAGES = 100
"""Passages asked for, enough for 20 distinct pages."""
PAGES = 20

Ranking = Callable[[Entry, str], list[int]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", type=Path, required=True, help="corpus folder, kept between runs")
    arguments.add_argument("--out", type=Path, help="folder for the answers (default: a temporary one)")
    arguments.add_argument("--cache", type=Path, help="keep the original MiniLM's vectors in this folder")
    arguments.add_argument("--limit", type=int, help="questions, those on the smallest filings (default: all; for trying this script out)")
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
        original, started = OriginalMiniLM(), time.perf_counter()
        vectors = chunk_vectors(pipeline, entries.values(), original, given.cache)
        embedded = time.perf_counter() - started
        rows, figures = [], {}
        for name, ranking in methods(pipeline, original, vectors).items():
            started = time.perf_counter()
            answers = out / f"{name.replace(' ', '_')}.jsonl"
            write_answers(answers, questions, entries, ranking)
            seconds = (time.perf_counter() - started) / len(questions)
            measured = json.loads(
                subprocess.run([sys.executable, SCORER, asked, answers], capture_output=True, text=True, check=True).stdout.splitlines()[-1]
            )
            figures[name] = measured | {"seconds_a_question": round(seconds, 3)}
            rows.append([name, *(f"{100 * measured['recall'][k]:.1f}" for k in ("1", "3", "5", "10", "20")), f"{seconds:.2f}"])
    columns = ["recall of evidence pages at", "1", "3", "5", "10", "20", "s/question"]
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


def methods(pipeline: Pipeline, original: OriginalMiniLM, vectors: dict[str, Floats]) -> dict[str, Ranking]:
    """Name -> the pages of a document that fit a question, best first; `vectors` are those of `chunk_vectors`."""
    documents: dict[str, Document] = {}
    over_pages: dict[str, BM25Okapi] = {}

    def document(entry: Entry) -> Document:
        if entry.path not in documents:
            documents[entry.path] = pipeline.document(entry.path, ingest=False)
        return documents[entry.path]

    def by_search(entry: Entry, question: str) -> list[int]:
        return distinct(passage.citation.page for passage in pipeline.search(question, [entry.path], k=PASSAGES, ingest=False))

    def by_original(entry: Entry, question: str) -> list[int]:
        depth = max(DEPTH, 2 * PASSAGES)
        found = best(vectors[entry.path] @ original.encode([question])[0], depth)
        by_meaning = [ChunkHit(entry, index, 0.0) for index in found]
        by_words = pipeline.corpus.search_text(question, [entry], depth)
        return pages_of(entry, [index for _, index, _ in fuse([by_words, by_meaning])[:PASSAGES]])

    def by_words(entry: Entry, question: str) -> list[int]:
        return pages_of(entry, [hit.chunk_index for hit in pipeline.corpus.search_text(question, [entry], PASSAGES)])

    def by_vectors(entry: Entry, question: str) -> list[int]:
        vector, fingerprint = pipeline.reader.embed([question])[0], pipeline.reader.reading_fingerprint
        return pages_of(entry, [hit.chunk_index for hit in pipeline.corpus.search_vectors(vector, [entry], PASSAGES, fingerprint)])

    def by_pages(entry: Entry, question: str) -> list[int]:
        parsed = document(entry)
        if entry.path not in over_pages:
            over_pages[entry.path] = BM25Okapi([words(parsed.quote(page.span)) for page in parsed.pages])
        scores = over_pages[entry.path].get_scores(words(question))
        return [parsed.pages[place].number for place in sorted(range(len(scores)), key=lambda place: -scores[place])][:PAGES]

    def pages_of(entry: Entry, chunk_indices: list[int]) -> list[int]:
        parsed, chunks = document(entry), pipeline.corpus.chunks(entry)
        found = (parsed.page_at(chunks[index].span.start) for index in chunk_indices)
        return distinct(page.number for page in found if page is not None)

    return {
        "longdoc": by_search,
        "BM25 + original MiniLM": by_original,
        "BM25 over pages": by_pages,
        "BM25 over chunks": by_words,
        "vectors over chunks": by_vectors,
    }


def write_answers(file: Path, questions: list[dict[str, str]], entries: dict[str, Entry], ranking: Ranking) -> None:
    """One line a question, as page_recall.py reads it."""
    with file.open("w", encoding="utf-8") as out:
        for question in questions:
            entry = entries[question["doc_name"]]
            pages = [{"doc": question["doc_name"], "page": page} for page in ranking(entry, question["question"])[:PAGES]]
            print(json.dumps({"financebench_id": question["financebench_id"], "pages": pages}), file=out)


def distinct(pages: Iterable[int | None]) -> list[int]:
    """Each page once, at its best place."""
    return list(dict.fromkeys(page for page in pages if page is not None))


if __name__ == "__main__":
    main()
