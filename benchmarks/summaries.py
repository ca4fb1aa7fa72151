"""Summaries against human ones: `longdoc summarize` beside LexRank, TextRank, centroids of plain MiniLM, the lead and the oracle.

    python benchmarks/summaries.py [--sets scitldr scisumm scisumm-bare ectsum] [--limit N] [--cache FOLDER]

scitldr       619 abstracts (dev), one sentence. The weights were trained on the train part.
scisumm       papers without their abstract, 150 words, with every section as the data set has it. In one paper in six an abstract, of
              which the summary is made, was left in the first section. The salience head is trained anew, by the code of
              `longdoc train salience`, without the papers that it is measured on, in five folds.
scisumm-bare  the same without the sentences that stand in the abstract, wherever they stand.
ectsum        100 earnings calls (val), three sentences. Nothing was trained on them; the plan for calls was tuned on this part.

Each document is parsed from a text file's bytes with the domain detected, read and summarised by the reader that `longdoc summarize`
uses; what is scored is the text of its statements. The others see the data set's own sentences, best first until there are enough words,
told in document order. Scores are ROUGE F by the package rouge-score with stemming, the best over the references, in per cent. A summary
of 150 words is cut at the 150th.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pickle
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from common import SHARED, report
from original_minilm import OriginalMiniLM
from summary_rivals import Rival, centroid, inverse_frequency, lead, lexrank, oracle, textrank

from longdoc.ingest import parse_bytes
from longdoc.model.reader import EmbeddedReader
from longdoc.model.salience_head import FILE
from longdoc.model.train_salience import FOLDS, Prepared, Summarised, fit, prepare
from longdoc.protocols import Reading, Source
from longdoc_pipelines.train_salience import rows_of

DATA = SHARED / "data"
WORDS = 150
MOST_SENTENCES = 16
TOLD_EVERY = 50
_PLAIN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Sample:
    """A document: its text as a file holds it, the data set's sentences, the human summaries."""

    name: str
    text: str
    sentences: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """How a set is summarised: `sentences` statements, or as many as `WORDS` words need; `suffix` of the file; `trained_on` in folds."""

    samples: Callable[[], list[Sample]]
    sentences: int | None
    suffix: str = "txt"
    trained_on: bool = False

    def enough(self, sentences: Sequence[str]) -> Callable[[Sequence[int]], bool]:
        """Whether rows of `sentences` are as many as a summary may have."""
        if self.sentences is not None:
            return lambda rows: len(rows) >= (self.sentences or 0)
        sizes = [len(sentence.split()) for sentence in sentences]
        return lambda rows: sum(sizes[row] for row in rows) >= WORDS

    def cut(self, summary: str) -> str:
        """The part of a summary that is scored."""
        return summary if self.sentences is not None else " ".join(summary.split()[:WORDS])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sets", nargs="+", choices=TASKS, default=list(TASKS))
    arguments.add_argument("--limit", type=int, help="only the first N documents of each set")
    arguments.add_argument("--cache", type=Path, help="keep what was read, and the vectors of the original MiniLM, here")
    arguments.add_argument("--without-minilm", action="store_true", help="leave out the original MiniLM, which takes most of the time")
    chosen = arguments.parse_args()
    minilm = None if chosen.without_minilm else OriginalMiniLM()
    for name in chosen.sets:
        rivals: dict[str, Rival] = {"lead": lead, "TextRank": textrank}
        if minilm is not None:
            rivals["MiniLM centroid"] = centroid(partial(minilm.encode, cache=chosen.cache))
        measure(name, chosen.limit, chosen.cache, rivals)


def measure(name: str, limit: int | None, folder: Path | None, rivals: Mapping[str, Rival]) -> None:
    """Print the table of one set."""
    task = TASKS[name]
    samples = task.samples()[:limit]
    began = time.monotonic()
    summaries = list(longdoc(name, task, samples, folder))
    seconds = time.monotonic() - began
    rivals = {**rivals, "LexRank": lexrank(inverse_frequency([sample.sentences for sample in samples]))}
    found = {"longdoc": summaries}
    found |= {rival: [chosen_by(order(sample.sentences), task, sample) for sample in samples] for rival, order in rivals.items()}
    found["oracle"] = [
        chosen_by(oracle(sample.sentences, sample.references, task.enough(sample.sentences)), task, sample) for sample in samples
    ]
    figures = {
        who: {
            "rouge": [
                round(100 * value, 1)
                for value in np.mean([rouge(task.cut(text), one.references) for text, one in zip(texts, samples, strict=True)], axis=0)
            ],
            "words": round(statistics.mean(len(task.cut(text).split()) for text in texts), 1),
        }
        for who, texts in found.items()
    }
    rows = [[who, *(f"{value:.1f}" for value in one["rouge"]), one["words"]] for who, one in figures.items()]
    columns = [f"{name}: {len(samples)} documents", "ROUGE-1", "ROUGE-2", "ROUGE-L", "words"]
    report("summaries", columns, rows, set=name, documents=len(samples), figures=figures, seconds=round(seconds, 1))


def longdoc(name: str, task: Task, samples: Sequence[Sample], folder: Path | None) -> Iterator[str]:
    """The summaries of the product, by a head that saw none of these documents."""
    reader = EmbeddedReader()
    sources = read(name, samples, reader, folder, task.suffix, "auto")
    if not task.trained_on:
        for source in sources:
            yield summary(reader, replace(source, reading=judged(reader, source)), task)
        return
    teachers = [*teaching("scitldr/train.jsonl.gz", reader, folder), *teaching("scisumm/papers.jsonl.gz", reader, folder)]
    fold = {sample.name: number % FOLDS for number, sample in enumerate(samples)}
    with tempfile.TemporaryDirectory() as heads:
        readers = [fold_reader(Path(heads) / str(part), reader, teachers, fold, part) for part in range(FOLDS)]
    for source, sample in zip(sources, samples, strict=True):
        one = readers[fold[sample.name]]
        yield summary(one, replace(source, reading=judged(one, source)), task)


def judged(reader: EmbeddedReader, source: Source) -> Reading:
    """What was read, with the salience of `reader`."""
    return replace(source.reading, salience=reader.salience(source.document, source.reading))


def read(name: str, samples: Sequence[Sample], reader: EmbeddedReader, folder: Path | None, suffix: str, domain: str) -> list[Source]:
    """The documents as the reader knows them, from `folder` if they have been read before."""
    file = None if folder is None else folder / f"{name}-{reader.encoder}-{len(samples)}.pickle"
    if file is not None and file.exists():
        kept: list[Source] = pickle.loads(file.read_bytes())
        return kept
    sources = []
    for number, sample in enumerate(samples, 1):
        parsed = parse_bytes(sample.text.encode(), f"{sample.name}.{suffix}", domain=domain)
        sources.append(Source(parsed.document, reader.read(parsed.document, parsed.chunks), parsed.chunks))
        if number % TOLD_EVERY == 0:
            print(f"{name}: {number} of {len(samples)} documents read", file=sys.stderr)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(sources))
    return sources


def teaching(path: str, reader: EmbeddedReader, folder: Path | None) -> list[tuple[str, Prepared]]:
    """The documents of a file as `longdoc train salience` takes them, by name; those without a summary of their own words are left out."""
    samples = [Sample(row.name, row.text, (), row.summaries) for row in rows_of(DATA / path) if row.text.strip()]
    sources = read(f"teaching-{path.partition('/')[0]}", samples, reader, folder, "md", "research")
    prepared = [
        (sample.name, prepare(Summarised(source.document, source.reading, sample.references, path)))
        for source, sample in zip(sources, samples, strict=True)
    ]
    return [(name, one) for name, one in prepared if one.taken]


def fold_reader(
    folder: Path, reader: EmbeddedReader, teachers: Sequence[tuple[str, Prepared]], fold: Mapping[str, int], part: int
) -> EmbeddedReader:
    """A reader whose salience head was trained on all documents but those of a fold."""
    folder.mkdir()
    fit([one for name, one in teachers if fold.get(name) != part], reader.encoder, 0).save(folder / FILE, {})
    return EmbeddedReader(model=folder)


def summary(reader: EmbeddedReader, source: Source, task: Task) -> str:
    """What `longdoc summarize` says, a statement a line; for a number of words one statement more until there are as many."""
    if task.sentences is not None:
        return "\n".join(statement.text for statement in reader.summarize(source, sentences=task.sentences).sentences)
    text = ""
    for size in range(3, MOST_SENTENCES + 1):
        text = "\n".join(statement.text for statement in reader.summarize(source, sentences=size).sentences)
        if len(text.split()) >= WORDS:
            break
    return text


def chosen_by(order: Sequence[int], task: Task, sample: Sample) -> str:
    """The first sentences of an order that are enough, as they stand in the document."""
    enough = task.enough(sample.sentences)
    taken: list[int] = []
    for row in order:
        if enough(taken):
            break
        taken.append(row)
    return "\n".join(sample.sentences[row] for row in sorted(taken))


def rouge(text: str, references: Sequence[str]) -> tuple[float, float, float]:
    """ROUGE-1, -2 and -L F of a summary, each against the reference that it is best for."""
    found = [scorer().score(reference, text) for reference in references]
    one, two, longest = (max(score[kind].fmeasure for score in found) for kind in ("rouge1", "rouge2", "rougeL"))
    return one, two, longest


@cache
def scorer() -> Any:
    """The package's scorer."""
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        sys.exit("the scorer is missing; pip install rouge-score==0.1.2")
    return RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)


def tldr() -> list[Sample]:
    """Abstracts with one-sentence summaries."""
    rows = list(lines("scitldr/dev.jsonl.gz"))
    texts = [tuple(sentence.strip() for sentence in row["source"]) for row in rows]
    return [Sample(row["paper_id"], " ".join(text), text, tuple(row["target"])) for row, text in zip(rows, texts, strict=True)]


def papers(bare: bool) -> list[Sample]:
    """Papers by section, without the sentences of their abstract if `bare`."""
    found = []
    for row in lines("scisumm/papers.jsonl.gz"):
        abstract = plain(" ".join(row["abstract"]))
        parts, sentences = list[str](), list[str]()
        for section in row["sections"]:
            own = [one for one in section["sentences"] if not (bare and plain(one) in abstract)]
            parts += [f"## {section['title'].strip()}"] * bool(section["title"].strip()) + [" ".join(own)]
            sentences += own
        if sentences:  # eight papers are empty
            found.append(Sample(row["id"], "\n\n".join(parts), tuple(sentences), (row["summary"],)))
    return found


def calls() -> list[Sample]:
    """What was said on earnings calls, with the news wire's bullets."""
    return [Sample(row["id"], row["text"], tuple(row["text"].splitlines()), (row["summary"],)) for row in lines("ectsum/val.jsonl.gz")]


def lines(name: str) -> Iterator[dict[str, Any]]:
    """The rows of a file of the development data."""
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def plain(text: str) -> str:
    """Words alone, each between two spaces."""
    return f" {' '.join(_PLAIN.findall(text.lower()))} "


TASKS = {
    "scitldr": Task(tldr, 1),
    "scisumm": Task(lambda: papers(False), None, "md", trained_on=True),
    "scisumm-bare": Task(lambda: papers(True), None, "md", trained_on=True),
    "ectsum": Task(calls, 3),
}

if __name__ == "__main__":
    main()
