#!/usr/bin/env python3
"""How well it is told whether a contract has a clause at all: cross-fitted on CUAD's validation part.

    python benchmarks/presence.py [--data ../shared/data/cuad] [--folds 10] [--store DIR]

The shipped weights of presence are fitted on these 92 contracts (the clause weights have not seen them), so that they cannot be judged on
them: here each tenth is judged by weights fitted on the other nine. Balanced accuracy is the mean of the share of contracts with and of
contracts without the clause that are told right; "decided" leaves the least sure fifth to a person. The first table says how often what
is given a probability comes true, over all labels; the second how often the verdicts of the ten rules are right that are given with a
confidence. With --matched the labels are taken as unknown ones, matched by their descriptions: that is what
longdoc.model.presence.MATCHED was fitted on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from common import SHARED, report

from longdoc import Pipeline
from longdoc.labels import load_labels
from longdoc.model.presence import fit_presence
from longdoc.protocols import Chance

RULES = (
    "Cap On Liability", "Uncapped Liability", "Anti-Assignment", "Change Of Control", "Non-Compete", "Exclusivity",
    "Termination For Convenience", "Audit Rights", "Insurance", "Most Favored Nation",
)  # fmt: skip
"""The labels of the rules of presence in playbooks/cuad_benchmark.yaml."""
TO_A_PERSON = 0.2
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def main() -> None:
    """Fit, judge and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "cuad")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--store", type=Path, help="keep the corpus in this folder")
    parser.add_argument("--matched", action="store_true", help="take the labels as unknown ones")
    arguments = parser.parse_args()
    with gzip.open(arguments.data / "validation.jsonl.gz", "rt", encoding="utf-8") as lines:
        contracts = [json.loads(line) for line in lines]
    labels = load_labels("cuad")
    names = [label.name for label in labels.labels]
    asked = labels.model_copy(update={"name": "unknown"}) if arguments.matched else labels
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "contracts"
        folder.mkdir()
        for contract in contracts:
            (folder / f"{contract['id'].replace('/', '_')}.txt").write_text(contract["text"], encoding="utf-8", newline="")
        scores: dict[str, dict[str, list[float]]] = {contract["id"].replace("/", "_"): {} for contract in contracts}
        with Pipeline(arguments.store or Path(scratch) / "store") as pipeline:
            for clause in pipeline.extract(folder, asked, min_score=0):
                scores[Path(clause.citation.path).stem].setdefault(clause.label, []).append(clause.score)
    documents = [scores[contract["id"].replace("/", "_")] for contract in contracts]
    carried = [frozenset(clause["label"] for clause in contract["clauses"]) for contract in contracts]
    if arguments.matched:
        whole = fit_presence(documents, carried, names)
        print(f"slopes {[round(slope, 2) for slope in whole.slopes]}, offset {whole.offset:.2f}", file=sys.stderr)
    chance, usual = cross_fitted(documents, carried, names, arguments.folds)
    truth = np.array([[name in own for name in names] for own in carried])
    columns = [names.index(name) for name in RULES]
    told = np.array([[Chance(*one).present for one in zip(*rows, strict=True)] for rows in zip(chance, usual, strict=True)])
    sure = np.where(told, chance, 1.0 - chance)
    limit = float(np.quantile(sure[:, columns], TO_A_PERSON))
    rows = []
    for column in columns:
        own = sure[:, column] >= limit
        shares = (balanced(truth[:, column], told[:, column]), balanced(truth[own, column], told[own, column]), 1 - own.mean())
        rows.append([names[column], int(truth[:, column].sum()), *map(percent, shares)])
    everything, decided = balanced(truth[:, columns], told[:, columns]), sure[:, columns] >= limit
    left = balanced(truth[:, columns][decided], told[:, columns][decided])
    rows.append(["all", "", percent(everything), percent(left), percent(1 - decided.mean())])
    for kind, said, came in (("probability", chance, truth), ("confidence", sure[:, columns], (told == truth)[:, columns])):
        for line in ([kind, "how many", "said", "true"], *bins(said, came)):
            print("  ".join(str(cell).ljust(12) for cell in line).rstrip())
        print()
    report(
        "presence",
        ["label", "contracts", "balanced", "decided", "to a person"],
        rows,
        contracts=len(contracts),
        balanced=round(everything, 4),
        balanced_decided=round(left, 4),
        to_a_person=round(float(1 - decided.mean()), 4),
    )


def cross_fitted(
    documents: Sequence[Mapping[str, Sequence[float]]], carried: Sequence[frozenset[str]], names: Sequence[str], folds: int
) -> tuple[Floats, Floats]:
    """Probability and usual share [documents, labels], each document's by weights that were fitted without it."""
    fold = np.random.default_rng(0).permutation(len(documents)) % folds
    chance, usual = np.zeros((len(documents), len(names))), np.zeros((len(documents), len(names)))
    for number in range(folds):
        seen = np.flatnonzero(fold != number).tolist()
        fitted = fit_presence([documents[index] for index in seen], [carried[index] for index in seen], names)
        for index in np.flatnonzero(fold == number).tolist():
            told = [fitted.chance(name, documents[index].get(name, ())) for name in names]
            chance[index], usual[index] = [one.probability for one in told], [one.usual for one in told]
    return chance, usual


def bins(said: Floats, came: Flags) -> list[list[object]]:
    """By tenths of what was `said`: how many, the mean of it, and the share that `came` true."""
    return [
        [f"{low:.1f}-{high:.1f}", int(inside.sum()), f"{said[inside].mean():.2f}", f"{came[inside].mean():.2f}"]
        for low, high in pairwise(EDGES)
        if (inside := (said >= low) & ((said < high) | (high == 1.0))).any()
    ]


def balanced(truth: Flags, told: Flags) -> float:
    """Mean share of the two sides that is told right, of those sides that there are."""
    sides = [(told[truth == side] == side).mean() for side in (True, False) if (truth == side).any()]
    return float(np.mean(sides)) if sides else 0.0


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


if __name__ == "__main__":
    main()
