"""When is a question answered? Fits and measures the decision of longdoc.model.answer on CUAD training contracts.

    python benchmarks/answers.py [--contracts 6]

Every contract is asked for its clauses: for those that lawyers found in it (answered), for those that they did not (absent),
and about things that no contract speaks of (unrelated). The passages are the six chunks whose vectors are nearest. Printed:
how often the shipped weights say "found" for each kind, the area under the curve, and the weights that a logistic regression
on these questions gives.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from common import SHARED, report

from longdoc.ingest.parse import parse_bytes
from longdoc.model.answer import Embed, Judgement, best_sentences, probability
from longdoc.model.reader import EmbeddedReader
from longdoc.types import Passage

DATA = SHARED / "data" / "cuad"
SHORTEST, LONGEST = 6_000, 12_000
PASSAGES = 6
RIDGE = 1e-3
NO_QUESTION = ("Document Name", "Parties")
"""Labels whose description names a thing and asks nothing."""
PLAIN_QUESTIONS = {
    "Governing Law": "Which state's law governs the agreement?",
    "Effective Date": "When does the agreement become effective?",
    "Expiration Date": "When does the agreement expire?",
    "Renewal Term": "How is the agreement renewed?",
    "Termination For Convenience": "Can a party terminate without cause?",
    "Cap On Liability": "What is the limit of liability?",
    "Insurance": "What insurance must be maintained?",
    "Audit Rights": "Who may audit the books?",
    "Anti-Assignment": "May the agreement be assigned?",
    "License Grant": "What license is granted?",
    "Exclusivity": "Is the arrangement exclusive?",
    "Warranty Duration": "How long does the warranty last?",
    "Minimum Commitment": "What is the minimum purchase?",
    "Revenue/Profit Sharing": "How is revenue shared?",
}
UNRELATED = (
    "What is the capital of France?",
    "Who won the world cup in 1998?",
    "How does photosynthesis work?",
    "What is the effective tax rate for 2019?",
    "What was the net income attributable to shareholders?",
    "How many patients were enrolled in the trial?",
    "What accuracy does the model reach on the test set?",
    "Which goodwill impairment was recorded?",
    "How is the dough kneaded?",
    "Who is the chief executive officer of Microsoft?",
    "What are the side effects of aspirin?",
    "How many employees does the company have?",
    "What dividends were paid per share?",
    "When was the battle of Waterloo?",
)
KINDS = ("answered", "absent", "unrelated")

Floats = npt.NDArray[np.float64]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--contracts", type=int, default=6, help="how many contracts of the training part to ask")
    measures, kinds, said = measure(arguments.parse_args().contracts)
    weights = fit(measures, kinds)
    rows = [[kind, int((kinds == place).sum()), f"{100 * said[kinds == place].mean():.1f} %"] for place, kind in enumerate(KINDS)]
    scores = np.c_[measures, np.ones(len(measures))] @ weights
    figures = {
        "found": {kind: round(float(said[kinds == place].mean()), 4) for place, kind in enumerate(KINDS)},
        "auc_unrelated": round(area(scores[kinds == 0], scores[kinds == 2]), 4),
        "auc_absent": round(area(scores[kinds == 0], scores[kinds == 1]), 4),
        "fitted": dict(zip(("meaning", "coverage", "names", "offset"), np.round(weights, 2).tolist(), strict=True)),
    }
    report("answers", ["question is", "questions", "said to be found"], rows, **figures)


def measure(contracts: int) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """For every question (meaning, coverage, names) of its best sentence, its kind, and whether it is said to be found."""
    reader, judgement = EmbeddedReader(), Judgement()
    with (DATA / "labels.csv").open(encoding="utf-8") as lines:
        described = [
            (row["label"], row["description"]) for row in csv.DictReader(lines) if row["label"] not in ("Document Name", "Parties")
        ]
    questions = [*described, *PLAIN_QUESTIONS.items(), *((None, question) for question in UNRELATED)]
    asked = reader.embed([question for _, question in questions])
    measures, kinds, said = [], [], []
    for contract in chosen(contracts):
        parsed = parse_bytes(contract["text"].encode(), "contract.txt", domain="legal")
        reading = reader.read(parsed.document, parsed.chunks)
        present = {clause["label"] for clause in contract["clauses"]}
        near = asked @ reading.chunk_vectors.astype(np.float32).T
        embed = remembering(reader)
        for (label, question), row in zip(questions, near, strict=True):
            passages = [
                Passage(rank=rank, score=0.5, citation=parsed.document.cite(parsed.chunks[chunk].span))
                for rank, chunk in enumerate(np.argsort(-row)[:PASSAGES], start=1)
            ]
            best = best_sentences(question, passages, embed, judgement)[0]
            measures.append((best.meaning, best.coverage, best.names))
            kinds.append(2 if label is None else 0 if label in present else 1)
            said.append(probability(best, judgement) >= judgement.enough)
    return np.array(measures), np.array(kinds), np.array(said, dtype=np.float64)


def chosen(contracts: int) -> list[dict[str, object]]:
    """The first few training contracts that are neither scraps nor books."""
    with gzip.open(DATA / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = (json.loads(line) for line in lines)
        return [row for row in rows if SHORTEST < len(row["text"]) < LONGEST][:contracts]


def remembering(reader: EmbeddedReader) -> Embed:
    """`reader.embed` that reads no text twice."""
    known: dict[str, npt.NDArray[np.float32]] = {}

    def embed(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, reader.embed(new), strict=True) if new else ())
        return np.stack([known[text] for text in texts])

    return embed


def fit(measures: Floats, kinds: npt.NDArray[np.int64]) -> Floats:
    """Slopes and offset of a logistic regression of "answered"; answered questions weigh half, the other kinds a quarter each."""
    inputs = np.c_[measures, np.ones(len(measures))]
    counts = np.bincount(kinds, minlength=3)
    share = np.array([0.5, 0.25, 0.25])[kinds] / counts[kinds]
    penalty = RIDGE * np.diag([1.0, 1.0, 1.0, 1e-6])
    weights = np.zeros(4)
    for _ in range(100):
        expected = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (share * (expected - (kinds == 0))) + penalty @ weights
        bend = (inputs.T * (share * expected * (1 - expected))) @ inputs + penalty
        weights -= np.linalg.solve(bend, slope)
    return weights


def area(high: Floats, low: Floats) -> float:
    """The area under the ROC curve: how often one of `high` is above one of `low`."""
    return float(np.mean((high[:, None] > low) + 0.5 * (high[:, None] == low)))


if __name__ == "__main__":
    main()
