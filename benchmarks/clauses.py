#!/usr/bin/env python3
"""How well clauses are found, judged the CUAD way, through the command line.

    python benchmarks/clauses.py [--data ../shared/data/cuad] [--scorer ../shared/measure/clause_score.py] [--pdf] [--limit N] [--keep DIR]

Writes the validation contracts out as text files (or takes the 60 filed PDFs with --pdf), runs `longdoc extract --min-score 0
--format jsonl` on them in a new corpus, and hands what comes out to the scorer. With --pdf the text files of the same 60
contracts are scored as well. The last rows are the contract-level question "is there such a clause", by the default threshold,
against the lawyers' Yes and No: micro F1 over all labels that are answered so, and macro F1 over those of them that are in ten or more
of the contracts scored.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import SHARED, report

Row = dict[str, Any]
POSITIVES = 10
"""Contracts that must have a label for its own F1 to say something."""


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "cuad")
    parser.add_argument("--scorer", type=Path, default=SHARED / "measure" / "clause_score.py")
    parser.add_argument("--pdf", action="store_true", help="the filed PDFs, and the same contracts as text")
    parser.add_argument("--limit", type=int, help="contracts (default: all)")
    parser.add_argument("--keep", type=Path, help="keep files, corpus and predictions in this folder")
    arguments = parser.parse_args()
    gold = list(read(arguments.data / "validation.jsonl.gz"))
    if arguments.pdf:
        filed = {file.stem for file in (arguments.data / "pdf").glob("*.pdf")}
        gold = [row for row in gold if file_name(row) in filed]
    gold = gold[: arguments.limit]
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        table, figures = [], {}
        for kind in ("text", "pdf") if arguments.pdf else ("text",):
            seconds, clauses = extract(gold, kind, arguments.data, folder)
            scores = score(gold, clauses, kind, arguments.scorer, folder)
            shown = presence(gold, clauses, arguments.data)
            figures[kind] = {**scores, "presence": shown, "seconds": round(seconds, 1)}
            for name, values in scores.items():
                cells = [f"{100 * values[key]:.1f}" for key in ("aupr", "p80", "p90", "f1")]
                table.append([kind, name, len(gold), *cells, f"{seconds:.0f}"])
            table.append([kind, f"presence of {shown['labels']} labels (micro F1)", len(gold), "", "", "", percent(shown["f1"]), ""])
            often = f"presence of the {shown['macro_labels']} in {POSITIVES} or more (macro F1)"
            table.append([kind, often, len(gold), "", "", "", percent(shown["macro_f1"]), ""])
    report("clauses", ["from", "labels", "contracts", "AUPR", "P@80R", "P@90R", "best F1", "seconds"], table, **figures)


def read(path: Path) -> Iterator[Row]:
    """The lines of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def file_name(row: Row) -> str:
    """A contract's file, without its ending."""
    return str(row["id"]).replace("/", "_")


def extract(gold: Sequence[Row], kind: str, data: Path, folder: Path) -> tuple[float, dict[str, list[Row]]]:
    """Seconds, and the clauses by file name, of one run of the command."""
    if kind == "pdf":
        files = [data / "pdf" / f"{file_name(row)}.pdf" for row in gold]
    else:
        texts = folder / "text"
        texts.mkdir(exist_ok=True)
        files = [texts / f"{file_name(row)}.txt" for row in gold]
        for file, row in zip(files, gold, strict=True):
            file.write_text(row["text"], encoding="utf-8", newline="")
    command = [sys.executable, "-m", "longdoc", "extract", *map(str, files), "--labels", "cuad", "--min-score", "0"]
    command += ["--format", "jsonl", "--store", str(folder / f"{kind}.longdoc"), "--out", str(folder / f"{kind}.jsonl")]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"longdoc extract ended with {done.returncode}:\n{done.stderr[-4000:]}")
    seconds = time.perf_counter() - began
    clauses: dict[str, list[Row]] = {file_name(row): [] for row in gold}
    with (folder / f"{kind}.jsonl").open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            clauses[Path(line["path"]).name.removesuffix(f".{'pdf' if kind == 'pdf' else 'txt'}")].append(line)
    return seconds, clauses


def score(gold: Sequence[Row], clauses: Mapping[str, list[Row]], kind: str, scorer: Path, folder: Path) -> dict[str, dict[str, float]]:
    """What the scorer says; clauses of PDFs are judged by their text."""
    wanted, given = folder / f"{kind}.gold.jsonl", folder / f"{kind}.predictions.jsonl"
    keys = ("label", "score", "text") if kind == "pdf" else ("label", "score", "start", "end")
    with wanted.open("w", encoding="utf-8") as golds, given.open("w", encoding="utf-8") as predictions:
        for row in gold:
            found = [{key: clause[key] for key in keys} for clause in clauses[file_name(row)]]
            golds.write(json.dumps(row) + "\n")
            predictions.write(json.dumps({"id": row["id"], "clauses": found}) + "\n")
    done = subprocess.run([sys.executable, str(scorer), str(wanted), str(given)], capture_output=True, text=True, check=True)
    print(f"{kind}\n{done.stdout}", file=sys.stderr)
    result: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return result


def presence(gold: Sequence[Row], clauses: Mapping[str, list[Row]], data: Path) -> dict[str, float | None]:
    """How well "this contract has such a clause" is answered, over all labels that are answered with Yes or No."""
    from longdoc.labels import load_labels
    from longdoc.model.reader import EmbeddedReader

    with (data / "labels.csv").open(encoding="utf-8", newline="") as lines:
        yes_no = [row["label"] for row in csv.DictReader(lines) if row["answer_format"] in ("Yes/No", "")]
    answers = {row["id"]: row["answers"] for row in read(data / "answers.jsonl.gz")}
    reader, labels = EmbeddedReader(), load_labels("cuad")
    lowest = {label: reader.default_score(labels, label) for label in yes_no}
    counts = {label: Counts() for label in yes_no}
    for row in gold:
        best = {label: 0.0 for label in yes_no}
        for clause in clauses[file_name(row)]:
            if clause["label"] in best:
                best[clause["label"]] = max(best[clause["label"]], clause["score"])
        for label in yes_no:
            counts[label].add(answers[row["id"]].get(label) == "Yes", best[label] >= lowest[label])
    return summed_up(list(counts.values()))


@dataclass
class Counts:
    """Of one label: contracts that have it, that are said to, and where both is so."""

    true: int = 0
    said: int = 0
    right: int = 0

    def add(self, answer: bool, found: bool) -> None:
        self.true, self.said, self.right = self.true + answer, self.said + found, self.right + (answer and found)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.said + self.true)


def summed_up(counts: Sequence[Counts]) -> dict[str, float | None]:
    """Precision, recall and F1 over all labels together; the mean F1 of the labels with enough positives, None if none has."""
    every = Counts(*(sum(values) for values in zip(*((one.true, one.said, one.right) for one in counts), strict=True)))
    often = [one.f1 for one in counts if one.true >= POSITIVES]
    return {
        "precision": every.right / max(1, every.said),
        "recall": every.right / max(1, every.true),
        "f1": every.f1,
        "labels": len(counts),
        "macro_f1": sum(often) / len(often) if often else None,
        "macro_labels": len(often),
    }


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


if __name__ == "__main__":
    main()
