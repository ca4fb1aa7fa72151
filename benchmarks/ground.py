#!/usr/bin/env python3
"""How well quotes are located that were damaged as language models damage them, and whether invented ones are refused.

    python benchmarks/ground.py [--data ../shared/data] [--quotes 10000] [--seed 2026] [--characters 5000000] [--compared 60] [--show 10]

Quotes of 8 to 60 words are drawn from contracts (text, and filed PDFs as ingested), papers, transcripts and regulations. A quote is
located at the right place if both ends of the span are within one word of where it was taken from, or if the words there are the same (a
passage that the document repeats; of a shortened quote, one that begins and ends as it does and is no longer). "same ends" counts those
whose ends are right to the character. A quote counts as invented if every passage of the document differs from it in more words than are
tolerated, which a search over all of its words decides; others are drawn again.

As many are then drawn from one document that is made of contracts, a million tokens long: right places, milliseconds a quote, and what the
index takes. rapidfuzz's partial_ratio_alignment looks for some of them in the same texts (a score of 85 and more is a find).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from common import SHARED, report
from ground_quotes import MARKS, SHORTEST, Quote, Source, damaged, invented, is_invented, letters, reordered, shuffled, spliced
from rapidfuzz import fuzz

from longdoc.ground import Located
from longdoc.ingest import parse_file
from longdoc.types import Document, Span

ACCEPTED = 85
"""Score of 100 from which rapidfuzz's place counts as a find."""


Found = TypeVar("Found")
Drawn = Sequence[tuple[Source, Quote]]


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--quotes", type=int, default=10_000, help="damaged ones, and as many invented ones")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--documents", type=int, default=40, help="of each kind")
    parser.add_argument("--characters", type=int, default=5_000_000, help="of the long document")
    parser.add_argument("--compared", type=int, default=60, help="quotes that rapidfuzz looks for as well")
    parser.add_argument("--show", type=int, default=0, help="failures of each kind to print")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    kinds = {
        kind: list(islice((source for source in map(Source, found) if len(source.words) >= SHORTEST), arguments.documents))
        for kind, found in documents(arguments.data)
    }
    table: list[list[Any]] = []
    figures: dict[str, Any] = {"seed": arguments.seed}
    sources = [source for every in kinds.values() for source in every]
    quotes = [(source, damaged(source, chance)) for source in islice(cycle(shuffled(sources, chance)), arguments.quotes)]
    figures["located"] = located("its own document", quotes, table, arguments.show)
    inventions = list(islice(invented(kinds, chance), arguments.quotes))
    figures["invented"] = refused("its own document", inventions, table, arguments.show)
    figures["other_tool"] = compared("its own document", quotes[: arguments.compared], inventions[: arguments.compared], table)
    figures["million"] = million(arguments, chance, table)
    times = ["ms p50", "ms p99", "processor ms p50", "p99", "highest"]
    columns = ["looked for in", "quotes", "number", "wrong", "right %", "same ends %", *times]
    report("ground", columns, table, **figures)


def documents(data: Path) -> Iterator[tuple[str, Iterator[Document]]]:
    """Documents of each kind."""
    yield "contracts", (made(str(row["id"]), row["text"]) for row in rows(data / "cuad" / "validation.jsonl.gz"))
    yield "PDFs", (parse_file(str(file)).document for file in sorted((data / "cuad" / "pdf").glob("*.pdf")))
    yield "papers", (made(row["id"], paper(row)) for row in rows(data / "scisumm" / "papers.jsonl.gz"))
    yield "transcripts", (made(row["id"], row["text"]) for row in rows(data / "ectsum" / "val.jsonl.gz"))
    passages: dict[str, list[str]] = defaultdict(list)
    for row in rows(data / "obliqa" / "passages.jsonl.gz"):
        passages[row["DocumentID"]].append(row["Passage"])
    yield "regulations", (made(str(name), "\n\n".join(every)) for name, every in passages.items())


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def made(name: str, text: str) -> Document:
    return Document(id=name, path=name, format="txt", text=text)


def paper(row: dict[str, Any]) -> str:
    return "\n\n".join(f"{section['title']}\n{' '.join(section['sentences'])}" for section in row["sections"])


class Result(NamedTuple):
    """Of one quote: right or not, with the true span's own ends or not, and the seconds of wall and processor time that it took."""

    right: bool
    same: bool
    seconds: float
    worked: float


def timed(call: Callable[[], Found]) -> tuple[Found, float, float]:
    """What a call gives, and its seconds of wall and of processor time: other work on the machine shows in the first alone."""
    began, worked = time.perf_counter(), time.thread_time()
    found = call()
    return found, time.perf_counter() - began, time.thread_time() - worked


def located(where: str, quotes: Drawn, table: list[list[Any]], show: int) -> dict[str, Any]:
    """Quotes that were taken from a source, by what was done to them."""
    results: dict[str, list[Result]] = defaultdict(list)
    for source, quote in quotes:
        found, *seconds = timed(partial(source.locator.locate, quote.text))
        assert quote.span is not None
        right = found is not None and (
            at_the_right_place(source.document, found.span, quote.span) or reads_as_shortened(source.document, found.span, quote)
        )
        results[quote.kind].append(Result(right, found is not None and found.span == quote.span, *seconds))
        if not right and sum(not one.right for one in results[quote.kind]) <= show:
            print_failure(source.document, quote, found)
    results["all damaged"] = [one for every in results.values() for one in every]
    return {kind: summed_up(where, kind, values, table) for kind, values in results.items()}


def refused(where: str, quotes: Drawn, table: list[list[Any]], show: int) -> dict[str, Any]:
    """Invented quotes; right is that none is found."""
    results: dict[str, list[Result]] = defaultdict(list)
    for source, quote in quotes:
        found, *seconds = timed(partial(source.locator.locate, quote.text))
        if found is not None and not is_invented(source, quote.text):
            continue
        results[quote.kind].append(Result(found is None, found is None, *seconds))
        if found is not None and sum(not one.right for one in results[quote.kind]) <= show:
            print_failure(source.document, quote, found)
    results["all invented"] = [one for every in results.values() for one in every]
    return {kind: summed_up(where, kind, values, table) for kind, values in results.items()}


def summed_up(where: str, kind: str, values: Sequence[Result], table: list[list[Any]]) -> dict[str, Any]:
    """A row of the table, and its figures."""
    right, same, seconds, worked = (np.array(column) for column in zip(*values, strict=True))
    figures = {
        "right": 100 * right.mean(),
        "same_ends": 100 * same.mean(),
        "ms_p50": 1e3 * np.percentile(seconds, 50),
        "ms_p99": 1e3 * np.percentile(seconds, 99),
        "processor_ms_p50": 1e3 * np.percentile(worked, 50),
        "processor_ms_p99": 1e3 * np.percentile(worked, 99),
        "processor_ms_highest": 1e3 * worked.max(),
    }
    table.append([where, kind, len(values), int((~right).sum()), *(f"{value:.2f}" for value in figures.values())])
    return {"number": len(values), "wrong": int((~right).sum()), **{name: round(float(value), 3) for name, value in figures.items()}}


def at_the_right_place(document: Document, found: Span, true: Span) -> bool:
    """Whether both ends are within one word of the true ones, or the words are the same elsewhere."""
    if letters(document.quote(found)) == letters(document.quote(true)):
        return True
    return words_between(document, found.start, true.start) <= 1 and words_between(document, found.end, true.end) <= 1


def reads_as_shortened(document: Document, found: Span, quote: Quote) -> bool:
    """Whether a passage begins and ends as a shortened quote does and is no longer than the one that it was taken from."""
    passage, parts = letters(document.quote(found)), re.split(MARKS, quote.text)
    ends = passage.startswith(letters(parts[0])) and passage.endswith(letters(parts[-1]))
    return quote.kind == "ellipsis" and ends and quote.span is not None and len(found) <= len(quote.span)


def words_between(document: Document, one: int, other: int) -> int:
    return sum(1 for word in document.text[min(one, other) : max(one, other)].split() if letters(word))


def print_failure(document: Document, quote: Quote, found: Located | None) -> None:
    taken = "" if quote.span is None else f"\n  taken  {document.quote(quote.span)!r}"
    place = "" if found is None else f"\n  found  {document.quote(found.span)!r} {found.differences}"
    print(f"{quote.kind} ({document.path})\n  asked  {quote.text!r}{taken}{place}", file=sys.stderr)


def compared(where: str, quotes: Drawn, inventions: Drawn, table: list[list[Any]]) -> dict[str, Any]:
    """What rapidfuzz makes of the same quotes."""
    results = []
    for source, quote in quotes:
        found, *seconds = timed(partial(by_rapidfuzz, quote.text, source.document.text))
        assert quote.span is not None
        right = found is not None and at_the_right_place(source.document, found, quote.span)
        results.append(Result(right, found == quote.span, *seconds))
    figures = {"located": summed_up(where, "all damaged (rapidfuzz)", results, table)}
    if inventions:
        results = []
        for source, quote in inventions:
            found, *seconds = timed(partial(by_rapidfuzz, quote.text, source.document.text))
            results.append(Result(found is None, found is None, *seconds))
        figures["refused"] = summed_up(where, "all invented (rapidfuzz)", results, table)
    return figures


def by_rapidfuzz(quote: str, text: str) -> Span | None:
    found = fuzz.partial_ratio_alignment(quote.casefold(), text.lower(), score_cutoff=ACCEPTED)
    return None if found is None else Span(start=found.dest_start, end=found.dest_end)


def million(arguments: argparse.Namespace, chance: random.Random, table: list[list[Any]]) -> dict[str, Any]:
    """The document of a million tokens."""
    text, sizes = "", 0
    for row in rows(arguments.data / "cuad" / "train.jsonl.gz"):
        if len(text) < arguments.characters:
            text += row["text"] + "\n\n"
            sizes += 1
    source = Source(made("long", text[: arguments.characters]))
    _, seconds, worked = timed(lambda: source.locator.locate("a first quote builds the index"))
    quotes = [(source, damaged(source, chance)) for _ in range(arguments.quotes)]
    figures = {
        "documents": sizes,
        "characters": len(source.document.text),
        "words": len(source.words),
        "index_seconds": round(seconds, 2),
        "index_processor_seconds": round(worked, 2),
        "index_bytes": source.locator.nbytes,
    }
    print(f"long document: {figures}", file=sys.stderr)
    figures["located"] = located("a million tokens", quotes, table, arguments.show)
    others = [Source(made(str(row["id"]), row["text"])) for row in rows(arguments.data / "cuad" / "validation.jsonl.gz")]
    # A search over a million words a quote would take an hour; those that are found are searched for.
    shapes = [chance.choice((reordered, spliced)) for _ in range(arguments.quotes)]
    made_up = [(source, Quote(shape(source, chance.choice(others), chance), shape.__name__, None)) for shape in shapes]
    figures["invented"] = refused("a million tokens", made_up, table, arguments.show)
    figures["other_tool"] = compared("a million tokens", quotes[: arguments.compared // 6], [], table)
    return figures


if __name__ == "__main__":
    main()
