#!/usr/bin/env python3
"""Questions answered without a language model: on filings (FinanceBench, evaluation only) and on contracts (CUAD, validation part).

    python benchmarks/ask.py [--store STORE] [--questions N] [--contracts 20] [--show]

Filings: each question is put to its own filing, and to a filing of another company, where nothing is to be found. An answer is

* `right` or `wrong` where it is typed (it says what it is: an amount, a ratio, yes or no ...): by the gold's verdict where the gold begins
  with yes or no, else by the gold's figures, at least half of which the answer's text must hold (all, where the gold has one or two);
* `right` too where it is made of passages and its text (the few sentences said, not what is listed under them) holds all of the gold's
  figures, or, of a gold without figures, at least 60 % of its words that are not in the question;
* `passages only` where it is made of passages and does not: sentences quoted from the filing, which claim to answer nothing by themselves;
* `not found` where it says so.

Passages are never counted as wrong: none of them states a verdict or a figure as the answer. Figures are the same if they are equal once
both are in one unit (billions, millions, percent) and rounded to the digits of the one that has fewer; years, quarters and numbers in
names are no figures. Citations are exact if the document holds the quoted characters at the place that is given, for every passage,
cell and row's name.

The competitors, in the same run: the best sentence of the filing by BM25, judged as passages are; and the first figure of the best page
by BM25 as the answer to questions whose gold is a figure, judged as typed.

Contracts: twelve questions whose answers lawyers normalised, put to contracts of the validation part; `right` if date, period, law or
parties are the lawyers' (a party counts where most of its words are named), `wrong` if another is stated, or any where the lawyers have
none, `missed` if nothing definite is said. Where the lawyers say no, "not found" is right and "yes" is wrong.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from common import SHARED, report

from longdoc import Answer, Document, Pipeline
from longdoc.dates import find_dates
from longdoc.model.sentences import split_text

FILINGS = SHARED / "data" / "financebench"
CONTRACTS = SHARED / "data" / "cuad"
SHORTEST, LONGEST = 6_000, 60_000
ENOUGH_WORDS = 0.6
KINDS = ("right", "wrong", "passages only", "not found")

_FIGURE = re.compile(
    r"(?<![\w.,/])(?P<sign>[-−~(]?\s?)(?P<money>[$€£])?\s?(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)\s?"
    r"(?P<unit>%|percent\b|percentage points?\b|bn\b|billions?\b|mn\b|mm\b|millions?\b|thousands?\b|times\b|x\b)?(?![\w/])",
    re.IGNORECASE,
)
_SCALES = {"bn": 1e9, "billion": 1e9, "mn": 1e6, "mm": 1e6, "million": 1e6, "thousand": 1e3}
_YEAR = re.compile(r"(?:19|20)\d\d$")
_PERIODS = re.compile(
    r"\b(?:FY|Q[1-4]|CY|fiscal(?: year)?|January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\W*(?:of\W+)?\W*(?:FY\W?)?\d+(?:,? ?(?:19|20)\d\d)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z][a-z'&-]{2,}")
_COMMON_WORDS = (
    "the and for with that this from was were are has have had its they their there which been into over such also not than then due "
    "primarily including"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_UNIT_ASKED = re.compile(r"\bUSD (thousands?|millions?|billions?)\b|\bin USD (thousands?|millions?|billions?)", re.IGNORECASE)


@dataclass(frozen=True)
class Figure:
    """A number in its unit: "percent", "" or a scale of money, and how many decimals it is given with."""

    value: float
    decimals: int
    unit: str
    scale: float


def figures(text: str, scale: float = 1.0) -> list[Figure]:
    """The figures of a text; `scale` is that of sums without a unit of their own."""
    found = []
    for match in _FIGURE.finditer(_PERIODS.sub(" ", text)):
        digits = match["digits"].replace(",", "")
        unit = (match["unit"] or "").lower()
        if not unit and not match["money"] and _YEAR.fullmatch(digits):
            continue
        _, _, decimals = digits.partition(".")
        decimals = decimals.rstrip("0")
        negative = match["sign"].strip() in ("-", "−")
        share = unit.startswith("percent") or unit == "%"
        own = next((factor for name, factor in _SCALES.items() if unit.rstrip("s") == name), None)
        value = float(digits) * (-1 if negative else 1)
        found.append(Figure(value, len(decimals), "percent" if share else "", own or (1.0 if share else scale)))
    return found


def same(gold: Figure, said: Figure) -> bool:
    """Whether two figures are equal as far as the one with fewer digits goes; a fall may be told with or without its sign."""
    if (gold.unit == "percent") != (said.unit == "percent"):
        return False
    scale = max(gold.scale, said.scale)
    decimals = min(gold.decimals + _digits(scale / gold.scale), said.decimals + _digits(scale / said.scale))
    ours, theirs = abs(said.value) * said.scale / scale, abs(gold.value) * gold.scale / scale
    if gold.value < 0 < said.value or said.value < 0 < gold.value:
        return False
    return abs(_round(ours, decimals) - _round(theirs, decimals)) < 10 ** (-decimals) / 1e6


def _digits(factor: float) -> int:
    return round(math.log10(factor))


def _round(value: float, decimals: int) -> float:
    return math.floor(value * 10**decimals + 0.5 + 1e-9) / 10**decimals


def judge(question: str, gold: str, answer: Answer) -> str:
    """One of KINDS."""
    if not answer.found:
        return "not found"
    verdict = re.match(r"(yes|no)\b", gold.strip(), re.IGNORECASE)
    if answer.kind is not None and verdict:
        said = re.match(r"(yes|no)\b", answer.text, re.IGNORECASE)
        if said:
            return "right" if said[1].lower() == verdict[1].lower() else "wrong"
    if holds(question, gold, answer.text, typed=answer.kind is not None):
        return "right"
    return "wrong" if answer.kind is not None else "passages only"


def holds(question: str, gold: str, text: str, typed: bool) -> bool:
    """Whether a text says what the gold says."""
    asked = _UNIT_ASKED.search(question)
    scale = _SCALES.get((asked[1] or asked[2]).lower().rstrip("s"), 1.0) if asked else 1.0
    wanted = figures(gold.partition("The answer here assumes")[0], scale)
    given = figures(text, scale)
    if wanted:
        met = sum(any(same(one, other) for other in given) for one in wanted)
        return met == len(wanted) if not typed or len(wanted) <= 2 else 2 * met >= len(wanted)
    new = words(gold) - words(question)
    return bool(new) and len(new & words(text)) >= ENOUGH_WORDS * len(new)


def words(text: str) -> set[str]:
    """The words that carry meaning, by their first six letters."""
    return {word[:6] for word in _WORD.findall(text.lower()) if word not in _COMMON}


class Bm25:
    """BM25 (k1 1.2, b 0.75) over pieces of text."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = pieces
        self.counts = [Counter(re.findall(r"\w+", piece.lower())) for piece in pieces]
        self.lengths = [sum(count.values()) for count in self.counts]
        self.mean = sum(self.lengths) / max(1, len(pieces))
        self.held = Counter(word for count in self.counts for word in count)

    def best(self, query: str) -> str:
        """The best piece."""
        asked = set(re.findall(r"\w+", query.lower()))
        total = len(self.counts)
        weights = {word: math.log(1 + (total - self.held[word] + 0.5) / (self.held[word] + 0.5)) for word in asked}
        scores = [
            sum(
                weights[word] * count[word] * 2.2 / (count[word] + 1.2 * (0.25 + 0.75 * length / self.mean))
                for word in asked
                if count[word]
            )
            for count, length in zip(self.counts, self.lengths, strict=True)
        ]
        return self.pieces[max(range(total), key=scores.__getitem__)]


def inexact(opened: Callable[[str], Document], answer: Answer) -> int:
    """How many of an answer's citations the documents do not hold."""
    cited = [passage.citation for passage in answer.passages]
    cited += [place for part in answer.parts for place in (part.citation, part.label)]
    wrong = 0
    for citation in cited:
        document = opened(citation.path)
        wrong += document.text[citation.span.start : citation.span.end] != citation.quote
    return wrong


def filings(pipeline: Pipeline, limit: int | None, show: bool) -> tuple[list[list[Any]], dict[str, Any]]:
    """The table and the figures of FinanceBench's questions."""
    with gzip.open(FILINGS / "questions.jsonl.gz", "rt", encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines][:limit]
    names = list(dict.fromkeys(one["doc_name"] for one in questions))
    company = {one["doc_name"]: one["company"] for one in questions}
    path = {name: FILINGS / "pdf" / f"{name}.pdf" for name in names}
    pipeline.ingest(path.values())
    tally = {who: Counter[str]() for who in ("longdoc", "best sentence by BM25", "first figure of the best page")}
    elsewhere, citations, broken = Counter[str](), 0, 0
    opened = cache(lambda name: pipeline.document(name, ingest=False))
    pieces = cache(lambda name: pieces_of(opened(name)))
    seconds = []
    for place, one in enumerate(questions):
        question, gold = one["question"], one["answer"]
        start = time.perf_counter()
        answer = pipeline.ask(question, [path[one["doc_name"]]], ingest=False)
        seconds.append(time.perf_counter() - start)
        verdict = judge(question, gold, answer)
        tally["longdoc"][verdict] += 1
        sentence, chunk = (found.best(question) for found in pieces(str(path[one["doc_name"]])))
        tally["best sentence by BM25"]["right" if holds(question, gold, sentence, typed=False) else "passages only"] += 1
        tally["first figure of the best page"][first_figure(question, gold, chunk)] += 1
        others = [name for name in names[place % len(names) :] + names if company[name] != one["company"]]
        other = pipeline.ask(question, [path[others[0]]], ingest=False) if others else None
        if other is not None:
            elsewhere["not found" if not other.found else "typed" if other.kind else "passages"] += 1
        for said in (answer, other):
            if said is not None:
                citations += len(said.passages) + 2 * len(said.parts)
                broken += inexact(opened, said)
        if show:
            told = " | ".join(part for part in (answer.text, answer.calculation) if part)
            print(f"{verdict:13} {one['doc_name']}: {question[-150:]!r}\n    gold {gold[:200]!r}\n    said {told[:400]!r}")
            if other is not None and other.found:
                print(f"    in {others[0]}: {other.kind} {other.text[:200]!r}")
    total = len(questions)
    rows = [[who, *(f"{100 * count[kind] / total:.0f} %" for kind in KINDS)] for who, count in tally.items()]
    asked_elsewhere = max(1, elsewhere.total())
    rows.append(
        [
            "longdoc, another company's filing",
            "",
            f"{elsewhere['typed']} typed",
            f"{elsewhere['passages']}",
            f"{100 * elsewhere['not found'] / asked_elsewhere:.0f} %",
        ]
    )
    measured = {
        "questions": total,
        **{who: {kind: count[kind] for kind in KINDS} for who, count in tally.items()},
        "elsewhere": dict(elsewhere),
        "citations": citations,
        "citations_broken": broken,
        "seconds_a_question": round(sorted(seconds)[len(seconds) // 2], 2),
    }
    return rows, measured


def pieces_of(document: Document) -> tuple[Bm25, Bm25]:
    """The sentences and the pages of a filing, to be ranked by BM25."""
    sentences = [document.text[start:end] for start, end in split_text(document.text)]
    pages = [document.text[page.span.start : page.span.end] for page in document.pages]
    return Bm25(sentences), Bm25(pages or [document.text])


def first_figure(question: str, gold: str, chunk: str) -> str:
    """What the first figure of a passage is worth as an answer."""
    if re.match(r"(yes|no)\b", gold.strip(), re.IGNORECASE) or not figures(gold):
        return "passages only"
    match = next((one for one in _FIGURE.finditer(_PERIODS.sub(" ", chunk)) if not _YEAR.fullmatch(one["digits"])), None)
    if match is None:
        return "not found"
    return "right" if holds(question, gold, match.group(), typed=True) else "wrong"


ASKED: dict[str, str] = {
    "Governing Law": "What is the governing law?",
    "Parties": "Who are the parties?",
    "Agreement Date": "What is the date of the agreement?",
    "Effective Date": "When does the agreement become effective?",
    "Expiration Date": "When does the agreement expire?",
    "Renewal Term": "How is the agreement renewed?",
    "Notice Period To Terminate Renewal": "How much notice is needed to prevent renewal?",
    "Termination For Convenience": "Can a party terminate for convenience?",
    "Exclusivity": "Is there any exclusivity?",
    "Audit Rights": "Does a party have audit rights?",
    "Insurance": "Is insurance required?",
    "Cap On Liability": "Is liability limited to a maximum amount?",
}
CLOSED = ("Termination For Convenience", "Exclusivity", "Audit Rights", "Insurance", "Cap On Liability")


def contracts(pipeline: Pipeline, folder: Path, count: int, show: bool) -> tuple[list[list[Any]], dict[str, Any]]:
    """The table and the figures of the contracts' questions."""
    with gzip.open(CONTRACTS / "answers.jsonl.gz", "rt", encoding="utf-8") as lines:
        golds = {row["id"]: row["answers"] for row in map(json.loads, lines)}
    chosen = list(validation(count))
    paths = []
    for number, row in enumerate(chosen, start=1):
        paths.append(folder / f"contract-{number:02d}.txt")
        paths[-1].write_text(row["text"], encoding="utf-8")
    pipeline.ingest(paths)
    tally = {label: Counter[str]() for label in ASKED}
    broken = 0
    for path, row in zip(paths, chosen, strict=True):
        for label, question in ASKED.items():
            answer = pipeline.ask(question, [path], ingest=False)
            verdict = judge_contract(label, golds[row["id"]].get(label, ""), answer)
            tally[label][verdict] += 1
            broken += inexact(lambda name: pipeline.document(name, ingest=False), answer)
            if show and verdict in ("wrong", "missed"):
                print(f"{verdict:7} {path.name} {label}: gold {golds[row['id']].get(label)!r}")
                print(f"    said {answer.kind} {answer.value!r} {answer.text[:160]!r}")
    kinds = ("right", "wrong", "missed")
    rows = [[label, *(tally[label][kind] for kind in kinds)] for label in ASKED]
    sums = {kind: sum(count[kind] for count in tally.values()) for kind in kinds}
    rows.append(["all", *sums.values()])
    return rows, {
        "contracts": len(chosen),
        **sums,
        "by_label": {label: dict(count) for label, count in tally.items()},
        "citations_broken": broken,
    }


def validation(count: int) -> Iterator[dict[str, Any]]:
    """The first contracts of the validation part that are neither scraps nor books."""
    with gzip.open(CONTRACTS / "validation.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if SHORTEST < len(row["text"]) < LONGEST and count > 0:
                count -= 1
                yield row


def judge_contract(label: str, gold: str, answer: Answer) -> str:
    """ "right", "wrong" or "missed"."""
    if label in CLOSED:
        said = answer.value if answer.kind == "yes_no" else ("no" if not answer.found else None)
        return "missed" if said is None else "right" if said == gold.lower() else "missed" if said == "no" else "wrong"
    if not gold.strip() or gold.strip().startswith("["):
        return "right" if not answer.found else "wrong" if answer.kind not in (None, "text") else "missed"
    if not answer.found or answer.kind in (None, "text"):
        return "missed"
    if label == "Parties":
        wanted = [words(re.sub(r"\(.*?\)", "", name)) for name in gold.split(";")]
        wanted = [name for name in wanted if name]
        met = sum(len(name & words(answer.text)) >= ENOUGH_WORDS * len(name) for name in wanted)
        return "right" if 2 * met >= len(wanted) + 1 or met == len(wanted) else "wrong"
    dates = [iso for _, _, iso in find_dates(gold)]
    if dates:
        return "right" if answer.value in dates else "wrong"
    if answer.kind == "date":
        return "wrong"
    wanted_words = words(gold) | set(re.findall(r"\d+", gold))
    given = words(answer.text) | set(re.findall(r"\d+", f"{answer.text} {answer.value}"))
    return "right" if wanted_words and len(wanted_words & given) >= ENOUGH_WORDS * len(wanted_words) else "wrong"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="where the files have been read already (default: a folder that is thrown away)")
    parser.add_argument("--questions", type=int, help="how many of the filings' questions (default: all, 0: none)")
    parser.add_argument("--contracts", type=int, default=20, help="how many contracts (0: none)")
    parser.add_argument("--show", action="store_true", help="print every answer on filings, and those on contracts that are not right")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        folder = arguments.store or Path(kept) / "ask.longdoc"
        texts = folder.parent / f"{folder.name}-contracts"
        texts.mkdir(parents=True, exist_ok=True)
        with Pipeline(folder) as pipeline:
            if arguments.questions != 0:
                rows, measured = filings(pipeline, arguments.questions, arguments.show)
                report("ask: filings", ["answers", *KINDS], rows, **measured)
            if arguments.contracts:
                rows, measured = contracts(pipeline, texts, arguments.contracts, arguments.show)
                report("ask: contracts", ["question", "right", "wrong", "missed"], rows, **measured)


if __name__ == "__main__":
    main()
