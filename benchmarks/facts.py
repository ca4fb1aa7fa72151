#!/usr/bin/env python3
"""Key facts of contracts against lawyers' answers: how many are right, wrong and missing, through the Python interface.

    python benchmarks/facts.py [--data ../shared/data/cuad] [--pdf] [--limit N] [--store DIR] [--show NAME]

Reads the validation contracts (as text files, or the 60 filed PDFs with --pdf) and compares the facts that their summaries show with the
answers that lawyers gave for the same contracts. A fact is right if their answer says the same after normalising: a party by its name, a
date by its day, a length of time by its number and unit, a law by its state. It is wrong if their answer says something else, and "beyond"
if they gave none; an answer that no fact covers is missing. Precision is right / (right + wrong), strict precision counts those beyond as
wrong too, recall is right / (right + wrong + missing). The rules were written looking at these very contracts, so that unseen ones will
fare somewhat worse. --show prints what is not right of a fact.
"""

from __future__ import annotations

import argparse
import difflib
import gzip
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from common import SHARED, report

from longdoc import KeyFact, Pipeline
from longdoc_pipelines.facts.kept import key_facts

NAMES = {
    "Party": "Parties",
    "Agreement date": "Agreement Date",
    "Effective date": "Effective Date",
    "Expiration date": "Expiration Date",
    "Term": "Expiration Date",
    "Renewal": "Renewal Term",
    "Notice of non-renewal": "Notice Period To Terminate Renewal",
    "Governing law": "Governing Law",
}
"""Facts and the lawyers' questions that they answer. A term is compared by the day on which it ends, counted from the effective date or
that of the agreement, or by having no end; where a contract states a term, no day is missed, and the other way round."""
ALIKE = 0.85
"""Likeness of two names from which they are the same: the lawyers' answers have slips of the pen."""


@dataclass
class Counts:
    """Of one fact."""

    right: int = 0
    wrong: int = 0
    beyond: int = 0
    missing: int = 0

    def cells(self) -> list[Any]:
        """The four numbers, then precision, strict precision and recall in percent."""
        said, asked = self.right + self.wrong, self.right + self.wrong + self.missing
        shares = (self.right / max(1, said), self.right / max(1, said + self.beyond), self.right / max(1, asked))
        return [self.right, self.wrong, self.beyond, self.missing, *(f"{100 * share:.1f}" for share in shares)]


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "cuad")
    parser.add_argument("--pdf", action="store_true", help="the filed PDFs")
    parser.add_argument("--limit", type=int, help="contracts (default: all)")
    parser.add_argument("--store", type=Path, help="keep the corpus in this folder")
    parser.add_argument("--show", help="print what is not right of the fact of this name")
    arguments = parser.parse_args()
    answers = {str(row["id"]): row["answers"] for row in read(arguments.data / "answers.jsonl.gz")}
    with tempfile.TemporaryDirectory() as scratch:
        files = list(contracts(arguments.data, arguments.pdf, Path(scratch)))[: arguments.limit]
        totals: dict[str, Counts] = defaultdict(Counts)
        with Pipeline(arguments.store or Path(scratch) / "corpus", domain="legal") as pipeline:
            paths = {str(path): identity for identity, path in files}
            pipeline.ingest(list(paths))
            for entry in pipeline.documents(list(paths)):
                facts = key_facts(pipeline.corpus, pipeline.embedded, entry, pipeline.corpus.document(entry))
                for name, label in NAMES.items():
                    mine = [fact for fact in facts if fact.name == name]
                    answer = answers[paths[entry.path]].get(label) or ""
                    if name == "Expiration date" and not mine and any(fact.name == "Term" for fact in facts):
                        continue
                    found = compare_term(mine, facts, answer) if name == "Term" else compare(name, mine, answer)
                    if name == arguments.show and (found.wrong or found.beyond or found.missing):
                        said = [(fact.value, fact.normalised) for fact in mine]
                        print(f"{paths[entry.path][:60]}\n    says {said}\n    lawyers {answer!r}")
                    add(totals[name], found)
    every = Counts()
    for counts in totals.values():
        add(every, counts)
    rows = [[name, *totals[name].cells()] for name in NAMES] + [["all", *every.cells()]]
    columns = ["fact", "right", "wrong", "beyond", "missing", "precision", "strict", "recall"]
    figures = {name: vars(counts) for name, counts in [*totals.items(), ("all", every)]}
    report("facts", columns, rows, contracts=len(files), source="pdf" if arguments.pdf else "text", facts=figures)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def contracts(data: Path, pdf: bool, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each validation contract's id and file, as filed or written out as text."""
    for row in read(data / "validation.jsonl.gz"):
        name = str(row["id"]).replace("/", "_")
        path = data / "pdf" / f"{name}.pdf" if pdf else folder / f"{name}.txt"
        if not pdf:
            path.write_text(row["text"], encoding="utf-8", newline="")
        if path.is_file():
            yield str(row["id"]), path


def compare(name: str, facts: Sequence[KeyFact], answer: str) -> Counts:
    """How the facts of one name in one contract stand to the lawyers' answer."""
    if name == "Party":
        return compare_parties([fact.normalised or fact.value for fact in facts], answer)
    wanted = normalised(name, answer)
    if not facts:
        return Counts(missing=int(wanted is not None))
    if wanted is None:
        return Counts(beyond=1)
    right = any(normalised(name, fact.normalised or fact.value) == wanted for fact in facts)
    return Counts(right=int(right), wrong=int(not right))


def compare_term(terms: Sequence[KeyFact], facts: Sequence[KeyFact], answer: str) -> Counts:
    """A term by when it ends, give or take a day; one that cannot be dated, or that no answer speaks of, is not counted."""
    begins = next((fact.normalised for name in ("Effective date", "Agreement date") for fact in facts if fact.name == name), None)
    wanted = "perpetual" if "perpetual" in answer.lower() else normalised("Expiration date", answer)
    if not terms or wanted is None:
        return Counts()
    length = re.fullmatch(r"P(\d+)([YM])", terms[0].normalised or "")
    if wanted == "perpetual" or terms[0].normalised == "perpetual" or length is None or begins is None:
        same = wanted == terms[0].normalised
        return Counts(right=int(same), wrong=int(not same and (begins is not None or wanted == "perpetual")))
    months = int(length[1]) * (12 if length[2] == "Y" else 1) + int(begins[5:7]) - 1
    ends = date(int(begins[:4]) + months // 12, months % 12 + 1, min(int(begins[8:]), 28))
    right = abs((ends - date.fromisoformat(wanted)).days) <= 4
    return Counts(right=int(right), wrong=int(not right))


def compare_parties(mine: Sequence[str], answer: str) -> Counts:
    """Each party of the lawyers' answer once, by its full name; short names in parentheses are no parties."""
    bare = re.sub(r"\([^()]*\)", " ", re.sub(r"\([^()]*\)", " ", answer))
    wanted = [folded(part) for part in bare.split(";") if len(folded(part)) > 3]
    whole = folded(answer)
    if not wanted:
        return Counts(beyond=len(mine))
    counts, left = Counts(), list(wanted)
    for name in map(folded, mine):
        near = max(left, key=lambda other: difflib.SequenceMatcher(None, name, other).ratio(), default="")
        if near and (near in name or name in near or difflib.SequenceMatcher(None, name, near).ratio() >= ALIKE):
            counts.right += 1
            left.remove(near)
        elif name not in whole:
            counts.wrong += 1
    counts.missing = len(left)
    return counts


def normalised(name: str, text: str) -> str | None:
    """A day, a length of time or a law in one form, None where the text has none."""
    if "date" in name:
        found = re.search(r"(\d{1,2})/(\d{1,2})/(\d{2,4})", text)
        if found:
            year = int(found[3]) if len(found[3]) == 4 else int(found[3]) + (1900 if int(found[3]) > 50 else 2000)
            return f"{year:04d}-{int(found[1]):02d}-{int(found[2]):02d}"
        return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    if name in ("Renewal", "Notice of non-renewal"):
        found = re.search(r"(\d+)\W*(year|month|day|week)|P(\d+)([YMWD])", text, re.IGNORECASE)
        if found is None:
            return None
        number, unit = int(found[1] or found[3]), (found[2] or found[4])[0].upper()
        return f"{12 * number}M" if unit == "Y" else f"{7 * number}D" if unit == "W" else f"{number}{unit}"
    return folded(text.split(";")[0].removeprefix("State of ").removesuffix(", United States")) or None


def folded(text: str) -> str:
    """Letters and figures alone."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def add(total: Counts, more: Counts) -> None:
    """Count one into the other."""
    for field in ("right", "wrong", "beyond", "missing"):
        setattr(total, field, getattr(total, field) + getattr(more, field))


if __name__ == "__main__":
    main()
