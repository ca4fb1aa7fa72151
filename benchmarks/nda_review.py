#!/usr/bin/env python3
"""Non-disclosure agreements against a playbook of 17 rules, made of the hypotheses of ContractNLI.

    python benchmarks/nda_review.py [--data ../shared/data/contractnli] [--model DIR] [--keep DIR]

Trains a label set of the 17 hypotheses on the part of ContractNLI's training set that is there: for each a label for the passages that bear
it out, and one for those that contradict it. Then reviews the development set with a playbook that requires each passage and walks away
from its contradiction; nothing is sent to review. Compliant is read as entailment, violation as contradiction, missing as not mentioned.

Accuracy stands beside that of always giving the commonest answer of the development set. Evidence recall: the share of the spans that
people marked which a citation of the finding overlaps, where the verdict is right; and over all that are not "not mentioned". Evidence
precision: the share of those citations that overlap such a span.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from common import SHARED, report

from longdoc import Pipeline
from longdoc.types import Finding

ANSWERS = {"compliant": "Entailment", "fallback": "Entailment", "violation": "Contradiction", "missing": "NotMentioned"}
AGAINST = "contradicted"


def main() -> None:
    """Train, review and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "contractnli")
    parser.add_argument("--model", type=Path, help="a folder that an earlier run trained with --keep")
    parser.add_argument("--keep", type=Path, help="keep files, model and corpus in this folder")
    arguments = parser.parse_args()
    train, develop = (
        json.loads(gzip.decompress((arguments.data / name).read_bytes())) for name in ("train_truncated.json.gz", "dev.json.gz")
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        labels, playbook = write_rules(folder, develop["labels"])
        model, trained = arguments.model, 0.0
        if model is None:
            model, started = folder / "model", time.monotonic()
            names = {key: told["short_description"] for key, told in train["labels"].items()}
            write_labelled(folder / "train.jsonl", train["documents"], names)
            with Pipeline(folder / "train.longdoc") as pipeline:
                pipeline.train_clauses(folder / "train.jsonl", model, labels)
            trained = time.monotonic() - started
        print(f"trained in {trained:.0f} s", file=sys.stderr)
        started = time.monotonic()
        found = review(develop["documents"], playbook, model, folder)
        seconds = time.monotonic() - started
        figures = {**score(develop["documents"], found), "train_seconds": round(trained, 1), "review_seconds": round(seconds, 1)}
    rows = [[name, figures["documents"], f"{100 * value:.1f}"] for name, value in figures["shares"].items()]
    report("nda_review", ["measure", "NDAs", "%"], rows, **figures)


def write_rules(folder: Path, hypotheses: Mapping[str, Mapping[str, str]]) -> tuple[Path, Path]:
    """A label set and a playbook, as YAML files."""
    labels, rules = [], []
    for key, told in hypotheses.items():
        name = told["short_description"]
        labels.append({"name": name, "description": told["hypothesis"]})
        labels.append({"name": f"{name}, {AGAINST}", "description": f"It is not so that: {told['hypothesis']}"})
        positions = {"walk_away": {"label": f"{name}, {AGAINST}"}}
        rules.append({"id": key, "title": name, "label": name, "requirement": "required", "positions": positions})
    label_file, playbook = folder / "nda.yaml", folder / "nda_playbook.yaml"
    label_file.write_text(yaml.safe_dump({"name": "nda", "domain": "legal", "labels": labels}), encoding="utf-8")
    content = {"playbook": "contractnli", "version": "1", "domain": "legal", "label_set": "nda.yaml", "review_below": 0, "rules": rules}
    playbook.write_text(yaml.safe_dump(content), encoding="utf-8")
    return label_file, playbook


def write_labelled(file: Path, documents: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> None:
    """The training documents as `longdoc train clauses` reads them; `names` are those of the hypotheses."""
    with file.open("w", encoding="utf-8") as lines:
        for one in documents:
            clauses = [{"label": label, "start": start, "end": end} for label, start, end in marked(one, names)]
            lines.write(json.dumps({"id": str(one["id"]), "text": one["text"], "clauses": clauses}) + "\n")


def marked(document: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, int, int]]:
    """(label, start, end) of every span that people marked."""
    for key, answer in document["annotation_sets"][0]["annotations"].items():
        label = names[key] if answer["choice"] == "Entailment" else f"{names[key]}, {AGAINST}"
        for number in answer["spans"]:
            start, end = document["spans"][number]
            yield label, start, end


def review(documents: Sequence[Mapping[str, Any]], playbook: Path, model: Path, folder: Path) -> dict[tuple[str, str], Finding]:
    """(document, hypothesis) -> finding."""
    files = folder / "dev"
    files.mkdir(exist_ok=True)
    for one in documents:
        (files / f"{one['id']}.txt").write_text(one["text"], encoding="utf-8", newline="")
    with Pipeline(folder / "dev.longdoc", model=model, domain="legal") as pipeline:
        return {(Path(one.path).stem, finding.rule): finding for one in pipeline.review(files, playbook) for finding in one.findings}


def score(documents: Sequence[Mapping[str, Any]], found: Mapping[tuple[str, str], Finding]) -> dict[str, Any]:
    """Accuracy and evidence recall."""
    right: list[bool] = []
    wanted: Counter[str] = Counter()
    by_rule: dict[str, Counter[str]] = {}
    by_answer: dict[str, list[bool]] = {}
    recalled, recalled_right, fitting = [], [], []
    for one in documents:
        for key, answer in one["annotation_sets"][0]["annotations"].items():
            finding = found[str(one["id"]), key]
            given = ANSWERS.get(finding.verdict, finding.verdict)
            wanted[answer["choice"]] += 1
            by_rule.setdefault(key, Counter())[answer["choice"]] += 1
            right.append(given == answer["choice"])
            by_answer.setdefault(answer["choice"], []).append(right[-1])
            for number in answer["spans"]:
                start, end = one["spans"][number]
                overlaps = any(place.span.start < end and start < place.span.end for place in finding.citations)
                recalled.append(overlaps)
                if right[-1]:
                    recalled_right.append(overlaps)
            spans = [one["spans"][number] for number in answer["spans"]]
            if spans:
                fitting += [any(place.span.start < end and start < place.span.end for start, end in spans) for place in finding.citations]
    share = {
        "accuracy": mean(right),
        "commonest answer": max(wanted.values()) / sum(wanted.values()),
        "commonest answer of each rule": sum(max(one.values()) for one in by_rule.values()) / sum(wanted.values()),
        **{f"accuracy, {name}": mean(by_answer[name]) for name in sorted(by_answer)},
        "evidence recall": mean(recalled),
        "evidence recall where right": mean(recalled_right),
        "evidence precision": mean(fitting),
    }
    return {"documents": len(documents), "answers": dict(wanted), "shares": {name: round(value, 4) for name, value in share.items()}}


def mean(values: Sequence[bool]) -> float:
    """The share that is true, 0 of none."""
    return sum(values) / len(values) if values else 0.0


if __name__ == "__main__":
    main()
