#!/usr/bin/env python3
"""Labels that the shipped model has never seen, taught from 50 contracts: the 17 hypotheses of ContractNLI.

    python benchmarks/own_labels.py [--encoder] [--epochs N] [--sentences N] [--lessons NAME ...] [--keep DIR]

A label is a hypothesis: its short name, and its sentence as the description. Its passages are the evidence that annotators gave where
a contract entails or contradicts it. Taught from the 50 contracts of the train part, judged on the 61 of the dev part as
benchmarks/clauses.py judges: matched by description; `train clauses`; with --encoder also `train encoder --base shipped --lora 8`; and
TF-IDF with a logistic regression a label on the same sentences. Then the trainings again from N labelled sentences (default 200): each
a document of its own, and in as many whole contracts as hold N.

"macro" is the mean over labels. "contract" is the question whether a contract has evidence for a label at all, by each label's own
threshold; the competitor's is that of best F1 in four folds of what it was taught from, as longdoc's is.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from clauses import Counts, percent, summed_up
from common import SHARED, report

from longdoc import Pipeline
from longdoc.ingest import ParsedFile, parse_bytes
from longdoc.labels import Label, LabelSet
from longdoc.model.clauses import LOWEST, MOST, Found
from longdoc.model.measure import curve, outcomes
from longdoc.model.reader import EmbeddedReader
from longdoc.model.sentences import split
from longdoc.model.targets import YES, Gold, targets
from longdoc.protocols import Reading, Source

Row = dict[str, Any]
LORA, FOLDS = 8, 4
LESSONS = ("contracts", "sentences", "few")


@dataclass
class Contracts:
    """Contracts with the evidence in them, and what encoders have read of them so far."""

    labels: LabelSet
    parsed: list[ParsedFile]
    gold: list[tuple[Gold, ...]]
    readings: dict[str, list[Reading]]

    @classmethod
    def of(cls, labels: LabelSet, rows: Sequence[Row]) -> Contracts:
        parsed = [parse_bytes(row["text"].encode(), f"{row['id']}.txt", domain=labels.domain) for row in rows]
        return cls(labels, parsed, [tuple(Gold(one["label"], one["start"], one["end"]) for one in row["clauses"]) for row in rows], {})

    def found(self, reader: EmbeddedReader) -> list[list[Found]]:
        """What a reader finds in each contract."""
        if reader.reading_fingerprint not in self.readings:
            self.readings[reader.reading_fingerprint] = [reader.read(one.document, one.chunks) for one in self.parsed]
        read = zip(self.parsed, self.readings[reader.reading_fingerprint], strict=True)
        clauses = [reader.extract(Source(one.document, reading, ()), self.labels) for one, reading in read]
        spans = [[(one, one.citation.span) for one in listed] for listed in clauses]
        return [[Found(one.label, span.start, span.end, one.score) for one, span in listed] for listed in spans]

    def scores(self, found: Sequence[Sequence[Found]], lowest: Mapping[str, float]) -> dict[str, Any]:
        """The figures of one contender; `lowest` is the score from which it says that a label is there."""
        texts = [one.document.text for one in self.parsed]
        judged = [outcomes(text, gold, listed) for text, gold, listed in zip(texts, self.gold, found, strict=True)]
        names = [label.name for label in self.labels.labels]
        each = [one for one in (curve(judged, [name]) for name in names) if one.gold]
        together = curve(judged, names)
        counts = {name: Counts() for name in names}
        for gold, listed in zip(self.gold, found, strict=True):
            said, true = {one.label for one in listed if one.score >= lowest[one.label]}, {one.label for one in gold}
            for name in names:
                counts[name].add(name in true, name in said)
        return {
            "aupr": together.area,
            "macro_aupr": float(np.mean([one.area for one in each])),
            "p80": together.precision_at_80,
            "f1": together.best_f1,
            "presence": summed_up(list(counts.values())),
        }


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "contractnli")
    parser.add_argument("--encoder", action="store_true", help="train the encoder too")
    parser.add_argument("--epochs", type=int, default=4, help="of the encoder")
    parser.add_argument("--sentences", type=int, default=200, help="labelled sentences of the small trainings")
    parser.add_argument("--lessons", nargs="+", choices=LESSONS, default=LESSONS, help="what to teach from")
    parser.add_argument("--keep", type=Path, help="keep data and models in this folder")
    arguments = parser.parse_args()
    labels, train = read(arguments.data / "train_truncated.json.gz")
    dev = Contracts.of(labels, read(arguments.data / "dev.json.gz")[1])
    known = {"contracts": train, "sentences": alone(train, arguments.sentences), "few": first(train, arguments.sentences)}
    lessons = [("sentences alone" if name == "sentences" else "contracts", known[name]) for name in arguments.lessons]
    shipped = EmbeddedReader()
    everywhere = {label.name: shipped.default_score(labels, label.name) for label in labels.labels}
    results = [("matched by description", "nothing", 0.0, dev.scores(dev.found(shipped), everywhere))]
    with tempfile.TemporaryDirectory() as scratch:
        for number, (what, rows) in enumerate(lessons):
            taught = f"{len(rows)} {what}, {evidence(rows)} sentences"
            for kind in ("clauses", "encoder")[: 1 + arguments.encoder]:
                folder = (arguments.keep or Path(scratch)) / f"{number}-{kind}"
                seconds = train_model(kind, rows, labels, folder, arguments.epochs)
                reader = EmbeddedReader(model=folder)
                lowest = {label.name: reader.default_score(labels, label.name) for label in labels.labels}
                results.append((f"train {kind}", taught, seconds, dev.scores(dev.found(reader), lowest)))
            if competitor := linear(Contracts.of(labels, rows), dev):
                results.append(("TF-IDF, logistic regression", taught, *competitor))
    table = [[name, taught, *cells(scores), f"{seconds:.0f}"] for name, taught, seconds, scores in results]
    columns = ["contender", "taught from", "AUPR", "macro", "P@80R", "best F1", "contract F1", "seconds"]
    figures = [{"name": name, "taught": taught, "seconds": round(seconds, 1), **scores} for name, taught, seconds, scores in results]
    report("own_labels", columns, table, contracts=len(dev.parsed), labels=len(labels.labels), results=figures)


def read(path: Path) -> tuple[LabelSet, list[Row]]:
    """The hypotheses as a label set, and the contracts of a part as labelled texts."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        content = json.load(file)
    names = {key: one["short_description"] for key, one in content["labels"].items()}
    labels = tuple(Label(name=names[key], description=one["hypothesis"]) for key, one in content["labels"].items())
    rows = []
    for one in content["documents"]:
        said = one["annotation_sets"][0]["annotations"]
        marked = [
            (names[key], *one["spans"][place]) for key, each in said.items() if each["choice"] != "NotMentioned" for place in each["spans"]
        ]
        clauses = [{"label": label, "start": start, "end": end} for label, start, end in marked]
        rows.append({"id": str(one["id"]), "text": one["text"], "clauses": clauses})
    return LabelSet(name="nda", domain="legal", labels=labels), rows


def places(row: Row) -> list[tuple[int, int]]:
    """The sentences of a contract that are evidence of something."""
    return sorted({(one["start"], one["end"]) for one in row["clauses"]})


def evidence(rows: Sequence[Row]) -> int:
    """How many sentences people have labelled."""
    return sum(len(places(row)) for row in rows)


def alone(rows: Sequence[Row], number: int) -> list[Row]:
    """So many labelled sentences, drawn at random, each a document."""
    drawn = random.Random(0).sample([(row, place) for row in rows for place in places(row)], number)
    result = []
    for index, (row, (start, end)) in enumerate(drawn):
        names = [one["label"] for one in row["clauses"] if (one["start"], one["end"]) == (start, end)]
        clauses = [{"label": name, "start": 0, "end": end - start} for name in names]
        result.append({"id": str(index), "text": row["text"][start:end], "clauses": clauses})
    return result


def first(rows: Sequence[Row], number: int) -> list[Row]:
    """As many contracts from the first on as hold so many labelled sentences."""
    held = np.cumsum([len(places(row)) for row in rows])
    return list(rows[: 1 + int(np.searchsorted(held, number))])


def train_model(kind: str, rows: Sequence[Row], labels: LabelSet, folder: Path, epochs: int) -> float:
    """Seconds that a training took, from the file of labelled texts to the folder that --model takes."""
    from longdoc.model.train_encoder import RECIPE

    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "labelled.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    began = time.perf_counter()
    with Pipeline(folder / "corpus") as pipeline:
        if kind == "clauses":
            pipeline.train_clauses(data, folder, labels)
        else:
            pipeline.train_encoder(data, folder, labels, recipe=replace(RECIPE, epochs=epochs, lora=LORA))
    return time.perf_counter() - began


def linear(taught: Contracts, judged: Contracts) -> tuple[float, dict[str, Any]] | None:
    """Seconds and figures of the plain competitor; None where scikit-learn is not installed."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        print("scikit-learn is not installed, so the competitor is left out")
        return None
    began = time.perf_counter()
    names = [label.name for label in taught.labels.labels]
    fold = np.random.default_rng(0).permutation(len(taught.parsed)) % FOLDS
    held_out = []
    for number in range(FOLDS):
        held_out += list(zip(np.flatnonzero(fold == number).tolist(), scored(taught, fold != number, taught, fold == number), strict=True))
    known = [outcomes(taught.parsed[index].document.text, taught.gold[index], listed) for index, listed in held_out]
    lowest = {name: curve(known, [name]).threshold for name in names}
    everything = np.ones(len(taught.parsed), dtype=np.bool_), np.ones(len(judged.parsed), dtype=np.bool_)
    found = list(scored(taught, everything[0], judged, everything[1]))
    return time.perf_counter() - began, judged.scores(found, lowest)


def scored(taught: Contracts, seen: Any, judged: Contracts, wanted: Any) -> Iterator[list[Found]]:
    """What the competitor, taught from the contracts `seen`, finds in those `wanted`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    names = [label.name for label in taught.labels.labels]
    texts, truth = [], []
    for index in np.flatnonzero(seen).tolist():
        text, spans = taught.parsed[index].document.text, split(taught.parsed[index].document).astype(np.int64)
        texts += [text[start:end] for start, end in spans.tolist()]
        truth.append(targets(text, spans, taught.gold[index], names) == YES)
    right = np.concatenate(truth)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    rows = words.fit_transform(texts)
    models = {
        name: LogisticRegression(C=30.0, max_iter=1000).fit(rows, right[:, column])
        for column, name in enumerate(names)
        if 0 < right[:, column].sum() < len(right)
    }
    for index in np.flatnonzero(wanted).tolist():
        text, spans = judged.parsed[index].document.text, split(judged.parsed[index].document).tolist()
        inputs = words.transform([text[start:end] for start, end in spans])
        found = []
        for name, model in models.items():
            chances = model.predict_proba(inputs)[:, 1]
            best = [row for row in np.argsort(-chances, kind="stable")[:MOST].tolist() if chances[row] >= LOWEST]
            found += [Found(name, *spans[row], float(chances[row])) for row in best]
        yield found


def cells(scores: Mapping[str, Any]) -> list[str]:
    return [percent(scores[key]) for key in ("aupr", "macro_aupr", "p80", "f1")] + [percent(scores["presence"]["f1"])]


if __name__ == "__main__":
    main()
