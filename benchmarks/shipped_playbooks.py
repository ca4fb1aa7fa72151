#!/usr/bin/env python3
"""How right the shipped playbooks for contracts are on contracts that they were not written for.

    python benchmarks/shipped_playbooks.py [--what nda|filed|services|all] [--part dev|train] [--data ../shared/data] [--store DIR]

nda        mutual_nda on ContractNLI's non-disclosure agreements: rules that say the same as a hypothesis. A rule is answered yes where it
           finds its clause (NDA-06: where it finds that notice is given first), the hypothesis where people found it entailed.
filed      mutual_nda on Kleister's agreements as filed PDFs: the governing law and the time for which confidentiality lasts.
services   vendor_services on CUAD's contracts about services, by their names: rules about a clause that lawyers marked, the governing law
           and the notice that stops a renewal. The shipped clause weights have read the contracts of CUAD's training part: rows marked
           "seen" are of both parts, "not seen" of the validation part.

Balanced accuracy with nothing sent to review, and of what is decided at the playbook's threshold; the share that goes to review; how
often a citation touches what people marked, and how much of that is cited, where the clause is there and was found; the share of values
that are read right, of those that are stated and of those told. At the end: the confidence that was said, and how often it was right.
Where a hypothesis is narrower than its rule (NARROW), only the agreements are asked about in which it holds. The playbook's phrases were
widened with ContractNLI's training part and 20 agreements of its development part.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from common import SHARED, report

from longdoc import Pipeline
from longdoc.types import Finding

THRESHOLD = 0.75
EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
HYPOTHESES = {
    "NDA-03": ("nda-4",),
    "NDA-05": ("nda-12", "nda-13"),
    "NDA-06": ("nda-8",),
    "NDA-09": ("nda-16",),
    "NDA-10": ("nda-5", "nda-7"),
    "NDA-11": ("nda-15",),
    "NDA-15": ("nda-18",),
}
NARROW = {"NDA-05", "NDA-09"}
"""What is public is no exclusion to these hypotheses, nor what is returned on request a return on termination."""
CLAUSES = {
    "VS-01": "Governing Law",
    "VS-02": "Cap On Liability",
    "VS-03": "Uncapped Liability",
    "VS-04": "Termination For Convenience",
    "VS-05": "Notice Period To Terminate Renewal",
    "VS-11": "Ip Ownership Assignment",
    "VS-15": "Insurance",
    "VS-16": "Audit Rights",
    "VS-17": "Anti-Assignment",
    "VS-18": "Minimum Commitment",
}
SERVICES = re.compile(r"servic|outsourc|hosting|consult|maintenance|software|master", re.IGNORECASE)
OTHER = re.compile(
    r"capital maint|income maint|yield maint|distributor|endorse|alliance|intellectual|marketing|transport|wind", re.IGNORECASE
)
SIZES = range(2_500, 130_000)
"""Characters of the contracts about services."""
COLUMNS = ["rule", "asked", "documents", "there", "balanced", "decided", "to review", "cited right", "marked cited"]
VALUE_COLUMNS = ["rule", "value", "stated", "read right", "told", "of these right"]


@dataclass
class Asked:
    """A finding beside what people said: whether the clause is there, where, and its value (None: not asked)."""

    finding: Finding
    there: bool | None = None
    spans: Sequence[tuple[int, int]] = ()
    value: str | None = None
    told: str | None = field(init=False)
    """The value that the finding rests on."""

    def __post_init__(self) -> None:
        read = [value for value in self.finding.values if value.kind in ("jurisdiction", "duration")]
        self.told = said(read[0].normalised) if read else None

    @property
    def found(self) -> bool:
        """Whether the rule says that its clause, or for NDA-06 its notice, is there."""
        if self.finding.rule == "NDA-06":
            return self.finding.verdict == "compliant"
        return self.finding.searched is None

    @property
    def right(self) -> bool:
        """Whether the finding agrees with people in all that they said."""
        there = self.there is None or self.found == self.there
        return there and (self.value is None or same(self))

    @property
    def decided(self) -> bool:
        """Whether the playbook's threshold leaves it to the machine."""
        return self.finding.confidence >= THRESHOLD


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=("nda", "filed", "services", "all"), default="all")
    parser.add_argument("--part", choices=("dev", "train"), default="dev", help="of ContractNLI")
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--store", type=Path, help="keep files and what was read of them in this folder")
    arguments = parser.parse_args()
    chosen = ("nda", "filed", "services") if arguments.what == "all" else (arguments.what,)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.store or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rows, values, figures, everything = [], [], {}, []
        for what in chosen:
            groups = {"nda": ndas, "filed": filed, "services": services}[what](arguments, folder)
            for name, asked in groups:
                everything += asked
                figures[name] = measured(asked)
                if any(one.there is not None for one in asked):
                    rows.append([*name.split(", ", 1), *shown(figures[name], "documents", *COLUMNS[3:])])
                if any(one.value is not None for one in asked):
                    values.append([*name.split(", ", 1), *shown(figures[name], *VALUE_COLUMNS[2:])])
    print_table(VALUE_COLUMNS, values)
    bins = calibration(everything)
    print_table(["confidence", "findings", "said", "right"], bins)
    report("shipped_playbooks", COLUMNS, rows, rules=figures, calibration=bins, what=list(chosen), part=arguments.part)


# What people said


def ndas(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[Asked]]]:
    """ContractNLI's answers by rule."""
    name = {"dev": "dev.json.gz", "train": "train_truncated.json.gz"}[arguments.part]
    documents = json.loads(gzip.decompress((arguments.data / "contractnli" / name).read_bytes()))["documents"]
    texts = {str(one["id"]): one["text"] for one in documents}
    found = review("mutual_nda", texts, folder / f"nda-{arguments.part}")
    for rule, keys in HYPOTHESES.items():
        asked = []
        for one in documents:
            answers = [one["annotation_sets"][0]["annotations"][key] for key in keys]
            spans = [tuple(one["spans"][number]) for answer in answers for number in answer["spans"]]
            said_so: bool | None = any(answer["choice"] == "Entailment" for answer in answers)
            if rule in NARROW and not said_so:
                said_so = None
            asked.append(Asked(found[str(one["id"]), rule], said_so, spans))
        yield f"{rule}, {' or '.join(keys)}", asked


def filed(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[Asked]]]:
    """Kleister's answers by rule; where it has no term, nothing is asked."""
    with gzip.open(arguments.data / "kleister" / "gold.jsonl.gz", "rt", encoding="utf-8") as lines:
        gold = {row["file"].removesuffix(".pdf"): dict(row["entities"]) for row in map(json.loads, lines)}
    found = review("mutual_nda", arguments.data / "kleister" / "pdf", folder / "filed")
    yield (
        "NDA-13, jurisdiction",
        [Asked(found[name, "NDA-13"], True, value=place(own["jurisdiction"])) for name, own in gold.items() if "jurisdiction" in own],
    )
    terms = {name: own["term"].replace("_", " ") for name, own in gold.items() if "term" in own}
    for rule in ("NDA-07", "NDA-08"):
        yield f"{rule}, term", [Asked(found[name, rule], True, value=term) for name, term in terms.items()]


def services(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[Asked]]]:
    """What CUAD's lawyers marked and answered, by rule."""
    with gzip.open(arguments.data / "cuad" / "answers.jsonl.gz", "rt", encoding="utf-8") as lines:
        answers = {row["id"]: row["answers"] for row in map(json.loads, lines)}
    rows = {}
    for part in ("train", "validation"):
        with gzip.open(arguments.data / "cuad" / f"{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if SERVICES.search(row["id"]) and not OTHER.search(row["id"]) and len(row["text"]) in SIZES:
                    rows[row["id"]] = {**row, "part": part}
    names = {key: key.replace("/", "_") for key in rows}
    found = review("vendor_services", {names[key]: row["text"] for key, row in rows.items()}, folder / "services")
    for rule, label in CLAUSES.items():
        asked = {}
        for key, row in rows.items():
            spans = [(one["start"], one["end"]) for one in row["clauses"] if one["label"] == label]
            finding = found[names[key], rule]
            if finding.verdict == "not_applicable" and finding.searched is None:  # an amendment, or not for this kind of agreement
                continue
            value = None
            if spans and rule in ("VS-01", "VS-05"):
                value = answers[key][label]
                value = (place(value) if rule == "VS-01" else value) or None
            asked[key] = Asked(finding, bool(spans), spans, value)
        unseen = [one for key, one in asked.items() if rows[key]["part"] == "validation"]
        yield f"{rule}, {label}, not seen", unseen
        if len(unseen) < len(asked):
            yield f"{rule}, {label}, seen", list(asked.values())


def place(name: str) -> str:
    """A jurisdiction as a playbook's values spell it."""
    return name.replace("_", " ").strip()


def said(normalised: str) -> str:
    """A value as people wrote it: "2 years" for P2Y."""
    period = re.fullmatch(r"P(\d+)([DMY])", normalised)
    if period is None:
        return normalised
    number, unit = int(period[1]), {"D": "day", "M": "month", "Y": "year"}[period[2]]
    return f"{number} {unit}{'s' * (number != 1)}"


def review(playbook: str, texts: dict[str, str] | Path, folder: Path) -> dict[tuple[str, str], Finding]:
    """(name of the document, rule) -> finding, nothing sent to review."""
    files = texts if isinstance(texts, Path) else folder / "files"
    if not isinstance(texts, Path):
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir(parents=True)
        for name, text in texts.items():
            (files / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
    with Pipeline(folder / "store.longdoc", domain="legal") as pipeline:
        reviews = pipeline.review(files, playbook, review_below=0)
        suffix = ".pdf" if isinstance(texts, Path) else ".txt"
        return {(Path(one.path).name.removesuffix(suffix), finding.rule): finding for one in reviews for finding in one.findings}


# How right


def measured(asked: Sequence[Asked]) -> dict[str, Any]:
    """The figures of one rule."""
    present = [one for one in asked if one.there is not None]
    decided = [one for one in present if one.decided]
    shown_spans = [one for one in present if one.there and one.found and one.spans]
    cited = [touches(place.span.start, place.span.end, one.spans) for one in shown_spans for place in one.finding.citations]
    marked = [
        touches(start, end, [(place.span.start, place.span.end) for place in one.finding.citations])
        for one in shown_spans
        for start, end in one.spans
    ]
    valued = [one for one in asked if one.value is not None]
    told = [one for one in valued if one.told is not None]
    return {
        "documents": len(asked),
        "there": sum(one.there is True for one in present),
        "balanced": balanced(present),
        "decided": balanced(decided),
        "to review": share([not one.decided for one in asked]),
        "cited right": share(cited),
        "marked cited": share(marked),
        "stated": len(valued),
        "read right": share([same(one) for one in valued]),
        "told": len(told),
        "of these right": share([same(one) for one in told]),
        "right": share([one.right for one in asked]),
        "confidence": round(sum(one.finding.confidence for one in asked) / len(asked), 3) if asked else None,
    }


def same(one: Asked) -> bool:
    """Whether the value is read as people wrote it; of "Ontario, Canada" the province is enough, of "England; Wales" the first."""
    if one.told is None or one.value is None:
        return False
    weeks = re.fullmatch(r"(\d+) weeks?", one.value)
    wanted = f"{7 * int(weeks[1])} days" if weeks else re.split("[,;]", one.value)[0]
    return one.told.split(",")[0] == wanted or one.told == f"{wanted} and Wales"


def touches(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a passage shares text with one of the spans."""
    return any(start < other_end and other_start < end for other_start, other_end in spans)


def balanced(asked: Sequence[Asked]) -> float | None:
    """Mean share of those that are there and of those that are not that is told right, of those sides that there are."""
    sides = [[one.found == one.there for one in asked if one.there is side] for side in (True, False)]
    return share_of([sum(side) / len(side) for side in sides if side])


def share(flags: Sequence[bool]) -> float | None:
    return share_of([float(flag) for flag in flags])


def share_of(numbers: Sequence[float]) -> float | None:
    return round(sum(numbers) / len(numbers), 4) if numbers else None


def calibration(asked: Sequence[Asked]) -> list[list[Any]]:
    """The confidence that was said, and the share that agrees with people."""
    rows = []
    for low, high in pairwise(EDGES):
        inside = [one for one in asked if low <= one.finding.confidence < high or one.finding.confidence == high == 1.0]
        if inside:
            confidence = share_of([one.finding.confidence for one in inside])
            rows.append([f"{low:.1f}-{high:.1f}", len(inside), confidence, share([one.right for one in inside])])
    return rows


def shown(figures: dict[str, Any], *names: str) -> list[str]:
    """Numbers as a table shows them."""
    cells = [figures[name] for name in names]
    return ["-" if cell is None else f"{100 * cell:.0f}" if isinstance(cell, float) else str(cell) for cell in cells]


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [[str(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()


if __name__ == "__main__":
    main()
