#!/usr/bin/env python3
"""How right, how fast and how frugal `longdoc review` is, through the command line.

    python benchmarks/review.py [--what verdicts|pdf|speed|many] [--data ../shared/data/cuad] [--scorer ../shared/measure/review_score.py]
                                [--workers 2] [--documents 10000] [--keep DIR]

verdicts   CUAD's 92 validation contracts as text, the playbook cuad_benchmark: the scorer's figures with nothing sent to review, and with
           the playbook's own threshold. The weights of presence were fitted on the same contracts: benchmarks/presence.py says what
           they are worth on contracts that they have not seen.
pdf        the same for the 60 that are there as filed PDFs, and for the text of the same 60.
speed      all 408 contracts to full reports (html, xlsx, json, jsonl, csv, md, sarif, junit): documents a minute and peak memory of
           the command and its workers; again with one rule changed; again with nothing changed.
many       many short contracts made for the purpose: peak memory at a tenth of them and at all.

Every figure is of a process of its own: what it takes to start is in it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from common import SHARED, report

FORMATS = "html,xlsx,json,jsonl,csv,md,sarif,junit"
PLAYBOOK = "cuad_benchmark"
COLUMNS = ["what", "documents", "seconds", "documents/min", "peak MiB"]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=("verdicts", "pdf", "speed", "many"), default="verdicts")
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "cuad")
    parser.add_argument("--scorer", type=Path, default=SHARED / "measure" / "review_score.py")
    parser.add_argument("--workers", default="2")
    parser.add_argument("--documents", type=int, default=10_000, help="of `many`")
    parser.add_argument("--keep", type=Path, help="keep files, corpus and reports in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        {"verdicts": verdicts, "pdf": verdicts, "speed": speed, "many": many}[arguments.what](arguments, folder)


# Verdicts


def verdicts(arguments: argparse.Namespace, folder: Path) -> None:
    """What the scorer says."""
    rows, figures = [], {}
    for kind in ("pdf", "text") if arguments.what == "pdf" else ("text",):
        files = folder / kind
        files.mkdir(exist_ok=True)
        filed = {file.stem for file in (arguments.data / "pdf").glob("*.pdf")}
        if kind == "pdf":
            for file in (arguments.data / "pdf").glob("*.pdf"):
                shutil.copy(file, files)
        else:
            wanted = (row for row in contracts(arguments.data, "validation") if arguments.what != "pdf" or name(row) in filed)
            write(wanted, files)
        for said, more in (("nothing to review", ["--review-below", "0"]), ("playbook's threshold", [])):
            out = folder / f"{kind}.jsonl"
            ran = review(files, folder / f"{kind}.longdoc", out, "jsonl", arguments.workers, *more)
            scored = subprocess.run(
                [sys.executable, arguments.scorer, arguments.data / "answers.jsonl.gz", out, "--only-files", files],
                check=True, capture_output=True, text=True,
            ).stdout.splitlines()  # fmt: skip
            print("\n".join(scored[:-1]), "\n")
            found = json.loads(scored[-1])
            figures[f"{kind}, {said}"] = {**found, "seconds": ran["seconds"]}
            shares = [f"{100 * found[key]:.1f}" for key in ("balanced", "macro_balanced", "accuracy", "undecided")]
            rows.append([kind, said, len(list(files.iterdir())), *shares, ran["seconds"]])
    report("review_verdicts", ["from", "threshold", "contracts", "balanced", "macro", "accuracy", "to review", "s"], rows, **figures)


def contracts(data: Path, *parts: str) -> Iterator[dict[str, Any]]:
    """The rows of CUAD's parts."""
    for part in parts:
        with gzip.open(data / f"{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def name(row: dict[str, Any]) -> str:
    """The contract's file name without its suffix."""
    return str(row["id"]).replace("/", "_")


def write(rows: Iterator[dict[str, Any]], folder: Path) -> int:
    """Contracts as text files; how many."""
    folder.mkdir(exist_ok=True)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007
        (folder / f"{name(row)}.txt").write_text(row["text"], encoding="utf-8", newline="")
    return count


# Speed


def speed(arguments: argparse.Namespace, folder: Path) -> None:
    """All contracts to full reports, then with a changed rule, then as they are."""
    files = folder / "contracts"
    count = write(contracts(arguments.data, "train", "validation"), files)
    own = folder / "playbook.yaml"
    subprocess.run([*LONGDOC, "playbook", "new", own, "--from", PLAYBOOK], check=True, capture_output=True)
    text = own.read_text(encoding="utf-8")
    rows, figures = [], {}
    for said, changed in (
        ("first run", text),
        ("one rule changed", text.replace("max: 60 days", "max: 90 days")),
        ("nothing changed", None),
    ):
        if changed is not None:
            own.write_text(changed, encoding="utf-8")
        ran = review(files, folder / "all.longdoc", folder / "reports", FORMATS, arguments.workers, playbook=str(own))
        figures[said] = {**ran, "documents": count}
        rows.append([said, count, ran["seconds"], f"{60 * count / ran['seconds']:.0f}", ran["peak_mib"]])
    figures["share of the first run"] = round(figures["one rule changed"]["seconds"] / figures["first run"]["seconds"], 4)
    print(f"the run with one changed rule took {100 * figures['share of the first run']:.1f} % of the first")
    report("review_speed", COLUMNS, rows, workers=arguments.workers, **figures)


# Memory

PARAGRAPHS = (
    "Supplier shall deliver the goods listed in Schedule {0} to the warehouse of Buyer within {1} days of each order.",
    "The term of this Agreement is {1} months from the date above and then renews for terms of one year.",
    "This Agreement is governed by the laws of the State of {2}.",
    "Neither party may assign this Agreement without the prior written consent of the other.",
    "In no event shall either party be liable for more than ${0},000 under this Agreement.",
    "Supplier shall keep insurance of at least ${1},000,000 and show proof of it on request.",
    "Buyer may inspect the books of Supplier once a year upon {1} days' notice.",
    "Either party may end this Agreement for convenience upon {1} days' written notice.",
)


def many(arguments: argparse.Namespace, folder: Path) -> None:
    """Peak memory at a tenth of the documents and at all of them."""
    random.seed(0)
    rows, figures = [], {}
    for count in (arguments.documents // 10, arguments.documents):
        files = folder / f"made-{count}"
        files.mkdir(exist_ok=True)
        for number in range(count):
            (files / f"contract-{number:05}.txt").write_text(made(number), encoding="utf-8")
        ran = review(files, folder / f"many-{count}.longdoc", folder / f"reports-{count}", FORMATS, arguments.workers)
        figures[str(count)] = ran
        rows.append(["made", count, ran["seconds"], f"{60 * count / ran['seconds']:.0f}", ran["peak_mib"]])
    report("review_many", COLUMNS, rows, workers=arguments.workers, **figures)


def made(number: int) -> str:
    """A short supply agreement, no two alike."""
    law = random.choice(("New York", "Delaware", "Nevada", "Texas", "Ohio"))
    chosen = random.sample(PARAGRAPHS, 6)
    body = "\n\n".join(f"{place}. " + text.format(number + 1, random.randint(5, 120), law) for place, text in enumerate(chosen, start=1))
    parties = f'between Seller {number}, Inc. ("Supplier") and Buyer {number * 7 % 1009} LLC ("Buyer")'
    return f"SUPPLY AGREEMENT\n\nThis Supply Agreement is made as of May {number % 28 + 1}, 20{number % 20 + 10:02} {parties}.\n\n{body}\n"


# Running

LONGDOC = [sys.executable, "-m", "longdoc"]


def review(files: Path, store: Path, out: Path, formats: str, workers: str, *more: str, playbook: str = PLAYBOOK) -> dict[str, Any]:
    """Seconds and peak MiB of one command, its workers included; the sum of what they have at the same time, sampled."""
    command = [*LONGDOC, "review", files, "--playbook", playbook, "--store", store, "--format", formats, "--out", out]
    command += ["--workers", workers, "--fail-on", "never", "-q", *more]
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in command])
    peak = Peak(process.pid)
    code = process.wait()
    peak.stop()
    if code:
        raise SystemExit(f"longdoc review ended with exit code {code}")
    own = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return {"seconds": round(time.monotonic() - started, 1), "peak_mib": peak.mib, "largest_process_mib": own}


class Peak(threading.Thread):
    """Samples the memory of a process and all below it, shared pages counted in parts (PSS)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.mib, self._over = pid, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.5):
            self.mib = max(self.mib, sum(pss(pid) for pid in family(self.pid)) // 1024)

    def stop(self) -> None:
        self._over.set()
        self.join()


def family(pid: int) -> Sequence[int]:
    """A process and all below it."""
    below: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):  # it ended meanwhile
                continue
            below.setdefault(parent, []).append(int(entry))
    found = [pid]
    for one in found:
        found += below.get(one, [])
    return found


def pss(pid: int) -> int:
    """KiB that a process has, its share of what is shared; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
