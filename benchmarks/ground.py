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
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from common import SHARED, report
from rapidfuzz import fuzz

from longdoc.ground import Located, Locator
from longdoc.ground.locate import GAP, tolerated
from longdoc.ingest import parse_file
from longdoc.types import Document, Span

MARKS = r"[\[(]?(?:\.\.\.|\. \. \.|\u2026)[\])]?"
WORD = re.compile(r"\S+")
PARTS = re.compile(r"[\s\-\u2010-\u2014/]+")
SHORTEST = 500
"""Words of a document that quotes are drawn from."""
ACCEPTED = 85
"""Score of 100 from which rapidfuzz's place counts as a find."""


@dataclass(frozen=True)
class Quote:
    """What is asked for, what was done to it, and where it was taken from (None: invented)."""

    text: str
    kind: str
    span: Span | None


class Source:
    """A document with its words, and a locator."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.locator = Locator(document)
        self.words = [(run.start(), run.end()) for run in WORD.finditer(document.text)]
        self.letters = [letters(document.text[start:end]) for start, end in self.words]
        parts = [letters(part) for part in PARTS.split(document.text)]
        self.numbers = {word: number for number, word in enumerate(dict.fromkeys(filter(None, parts)))}
        self.sequence = np.array([self.numbers[part] for part in parts if part])

    def drawn(self, chance: random.Random, fewest: int = 8, most: int = 60) -> Span:
        """A stretch of words that is mostly prose."""
        while True:
            first = chance.randrange(len(self.words) - fewest)
            last = min(len(self.words), first + chance.randint(fewest, most)) - 1
            span = Span(start=self.words[first][0], end=self.words[last][1])
            text = self.document.quote(span)
            if sum(character.isalpha() for character in text) > 0.6 * len(text) and len(set(self.letters[first : last + 1])) > fewest // 2:
                return span

    def differences(self, quote: str) -> Counts:
        """The edit distance, in words, of a quote to the passage that is most like it, of those that end before each word."""
        own = [self.numbers.get(word, -1) for word in map(letters, PARTS.split(quote)) if word]
        steps = np.arange(len(self.sequence) + 1)
        row = np.zeros(len(self.sequence) + 1, np.int64)
        for number in own:
            following = row + 1
            following[1:] = np.minimum(following[1:], row[:-1] + (self.sequence != number))
            row = np.minimum.accumulate(following - steps) + steps
        return row


Counts = npt.NDArray[np.int64]
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


def paper(row: dict[str, Any]) -> str:
    return "\n\n".join(f"{section['title']}\n{' '.join(section['sentences'])}" for section in row["sections"])


def made(name: str, text: str) -> Document:
    return Document(id=name, path=name, format="txt", text=text)


def letters(word: str) -> str:
    """A word without case, accents and punctuation."""
    return "".join(one for one in unicodedata.normalize("NFKD", word).casefold() if one.isalnum())


def shuffled(items: Sequence[Any], chance: random.Random) -> list[Any]:
    return chance.sample(items, len(items))


def damaged(source: Source, chance: random.Random) -> Quote:
    """A quote of a source, damaged in one way, or in several."""
    kind = chance.choice(list(DAMAGES))
    span = source.drawn(chance)
    return Quote(DAMAGES[kind](source.document.quote(span), source, chance), kind, span)


def case(text: str, _: Source, chance: random.Random) -> str:
    return chance.choice((str.upper, str.lower, str.title, str.swapcase))(text)


def spaces(text: str, _: Source, chance: random.Random) -> str:
    """Line breaks as spaces, spaces doubled, broken, left out, or set inside words."""
    parts = []
    for word in text.split():
        if len(word) > 5 and word.isalpha() and chance.random() < 0.04:
            cut = chance.randint(2, len(word) - 2)
            word = f"{word[:cut]} {word[cut:]}"
        parts += [word, chance.choices((" ", "  ", "\n", "\u00a0", ""), (70, 10, 10, 5, 5))[0]]
    return "".join(parts[:-1])


def marks(text: str, _: Source, chance: random.Random) -> str:
    """Other quotation marks and dashes, and the whole in quotation marks."""
    double, single = chance.choice(('""', "\u201c\u201d", "\u00ab\u00bb", "''")), chance.choice("'\u2019`")
    text = re.sub('[\u201c"]', double[0], text).replace("\u201d", double[1])
    text = re.sub("['\u2018\u2019]", single, text)
    text = re.sub("[-\u2010-\u2014]", chance.choice("-\u2010\u2011\u2013\u2014"), text)
    return double[0] + text + double[1] if chance.random() < 0.5 else text


def hyphens(text: str, _: Source, chance: random.Random) -> str:
    """Some words hyphenated."""
    long = [run for run in re.finditer(r"[^\W\d_]{6,}", text)]
    for run in sorted(chance.sample(long, min(len(long), chance.randint(1, 3))), key=lambda run: -run.start()):
        cut = chance.randint(run.start() + 2, run.end() - 2)
        text = text[:cut] + chance.choice(("-\n", "- ", "\u00ad", "\u2010\n", "-\n   ")) + text[cut:]
    return text


def ellipsis(text: str, _: Source, chance: random.Random) -> str:
    """Words of the middle left out; parts of at least three words remain."""
    words = text.split()
    said = [place for place, word in enumerate(words) if letters(word)]
    first = chance.randint(said[2] + 1, said[-4])
    last = chance.randint(first + 1, said[-3])
    mark = chance.choice(("...", "\u2026", "[...]", ". . .", "(...)", " ... ", "[\u2026]"))
    return " ".join([*words[:first], mark, *words[last:]])


def one_word(text: str, source: Source, chance: random.Random) -> str:
    """One word changed, dropped or added."""
    parts = re.split(r"(\s+)", text)
    place = 2 * chance.randrange((len(parts) + 1) // 2)
    start, end = chance.choice(source.words)
    other = source.document.text[start:end]
    what = chance.choice(("changed", "dropped", "added"))
    if what == "dropped":
        return "".join(parts[:place] + parts[place + 2 :]).strip()
    return "".join([*parts[:place], other, *([" "] if what == "added" else []), *parts[place + (what == "changed") :]])


def form(text: str, _: Source, chance: random.Random) -> str:
    """Another Unicode form, ligatures, accents left out."""
    text = unicodedata.normalize(chance.choice(("NFD", "NFKC", "NFKD")), text)
    if chance.random() < 0.5:
        return text.replace("ffi", "\ufb03").replace("fi", "\ufb01").replace("fl", "\ufb02")
    return "".join(one for one in text if not unicodedata.combining(one))


def everything(text: str, source: Source, chance: random.Random) -> str:
    """One word changed, and then all that leaves the words as they are."""
    for damage in (one_word, marks, hyphens, spaces, case):
        text = damage(text, source, chance)
    return text


DAMAGES: dict[str, Callable[[str, Source, random.Random], str]] = {
    "as it stands": lambda text, _, __: text,
    "case": case,
    "spaces": spaces,
    "quotation marks, dashes": marks,
    "hyphenation": hyphens,
    "ellipsis": ellipsis,
    "one word": one_word,
    "Unicode form": form,
    "one word and the rest": everything,
}


def invented(kinds: dict[str, list[Source]], chance: random.Random) -> Iterator[tuple[Source, Quote]]:
    """Quotes that a document does not hold, endlessly."""
    while True:
        kind = chance.choice(list(INVENTIONS))
        source, other = chance.sample(chance.choice(list(kinds.values())), 2)
        quote = INVENTIONS[kind](source, other, chance)
        if source.differences(quote).min() > tolerated(len(quote.split())):
            yield source, Quote(quote, kind, None)


def elsewhere(_: Source, other: Source, chance: random.Random) -> str:
    return other.document.quote(other.drawn(chance))


def reordered(source: Source, _: Source, chance: random.Random) -> str:
    return " ".join(shuffled(source.document.quote(source.drawn(chance)).split(), chance))


def swapped(source: Source, other: Source, chance: random.Random) -> str:
    """Two words of the passage, or up to a third of them, replaced by words of another document of the kind."""
    words = source.document.quote(source.drawn(chance)).split()
    for place in chance.sample(range(len(words)), chance.randint(2, max(2, len(words) // 3))):
        start, end = chance.choice(other.words)
        words[place] = other.document.text[start:end]
    return " ".join(words)


def spliced(source: Source, _: Source, chance: random.Random) -> str:
    """The beginning of one passage with the end of another."""
    one, other = (source.document.quote(source.drawn(chance)).split() for _ in range(2))
    return " ".join(one[: max(4, len(one) // 2)] + other[min(len(other) - 4, len(other) // 2) :])


def far_apart(source: Source, _: Source, chance: random.Random) -> str:
    """Parts of two passages, of at least three words, with an ellipsis between them: in the wrong order, or too far apart."""
    while True:
        texts = [source.document.quote(source.drawn(chance, 3, 20)) for _ in range(2)]
        first, second = (np.flatnonzero(source.differences(text) <= tolerated(40)) for text in texts)
        after = second[None, :] - first[:, None]
        if not ((after > 0) & (after < GAP)).any() and all(sum(1 for word in text.split() if letters(word)) >= 3 for text in texts):
            return f"{texts[0]} ... {texts[1]}"


INVENTIONS: dict[str, Callable[[Source, Source, random.Random], str]] = {
    "of another document": elsewhere,
    "words reordered": reordered,
    "two words and more swapped": swapped,
    "two passages as one": spliced,
    "parts from far apart": far_apart,
}


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
    # No search vouches for these; far more than the tolerated words differ.
    shapes = [chance.choice((reordered, spliced)) for _ in range(arguments.quotes)]
    made_up = [(source, Quote(shape(source, chance.choice(others), chance), shape.__name__, None)) for shape in shapes]
    figures["invented"] = refused("a million tokens", made_up, table, arguments.show)
    figures["other_tool"] = compared("a million tokens", quotes[: arguments.compared // 6], [], table)
    return figures


if __name__ == "__main__":
    main()
