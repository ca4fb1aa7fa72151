"""Ingests files that were made worse on purpose, and says what became of each: a run must end, with an outcome and a reason for every file.

    python benchmarks/torture.py [PATH...] [--count 3000] [--seed 8] [--workers 2] [--timeout 20] [--memory-limit 1024] [--keep FOLDER]

All files below PATH (default: ../shared/data/files) are ingested as they are, then `--count` files that are made of the small ones among
them, of the examples of this repository and of samples made here, by tests/ingest/mutations.py; the same seed makes the same files. The
real pipeline ingests them with real workers; only the reader is one without a model, which would take most of the time.

It fails on: a run that breaks off or prints a traceback, a file without an outcome, a reason that only names an exception, a document
without text, a worker above its memory limit, a file that took longer than its limit, which begins anew for every page
read by OCR. Reasons are counted by class: file names, quoted
words and numbers left out. `--keep` leaves the files there, `--all` prints every class of reason with an example.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import SHARED, report

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

SMALL = 300_000
"""Bytes up to which a file is made worse: many small ones show more in the same time than few large ones."""
BASE_MIB = 400
"""What a worker may have in memory beside the parse: Python and the libraries."""
BARE = re.compile(r"could not be read \(\w+|\b[A-Z]\w+(?:Error|Exception|Warning)\b|Traceback|<class |object at 0x")
CRASH = re.compile(r"crashed on it|its worker was killed")
LATE_SECONDS = 5
"""How much longer than its limit a file may take on a busy machine."""


@dataclass(frozen=True)
class Row:
    """What became of one file; `outcome` None: nothing was said of it."""

    path: str
    kind: str
    outcome: str | None
    reason: str
    seconds: float
    empty: bool
    clocks: int = 1


def main() -> int:
    """Run the benchmark; 0 if nothing that must not happen has happened."""
    arguments = _arguments()
    if arguments.child:
        _ingest(arguments)
        return 0
    with tempfile.TemporaryDirectory(prefix="longdoc-torture-") as folder:
        home = Path(arguments.keep or folder)
        made = home / "files"
        made.mkdir(parents=True, exist_ok=True)
        kinds = {str(file): "as it is" for path in arguments.paths for file in _files(path)}
        kinds |= make(made, arguments.paths, arguments.count, arguments.seed)
        listing = home / "listing.json"
        listing.write_text(json.dumps(sorted(kinds)))
        command = [sys.executable, __file__, "--child", str(listing), "--workers", str(arguments.workers)]
        command += ["--timeout", str(arguments.timeout), "--memory-limit", str(arguments.memory_limit)]
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
        return _judge(arguments, kinds, done, seconds)


def make(folder: Path, paths: Iterable[str], count: int, seed: int) -> dict[str, str]:
    """`count` files in `folder`, each with the kind of what was done to it."""
    from ingest.mutations import BOMBS, NESTED, mutations_of

    dice = random.Random(seed)
    sources: dict[str, list[bytes]] = defaultdict(list)
    for path in [*paths, str(ROOT / "examples" / "documents"), str(ROOT / "tests" / "data")]:
        for file in _files(path):
            if 0 < file.stat().st_size <= SMALL:
                sources[file.suffix.lower() or ".txt"].append(file.read_bytes())
    for suffix, data in own_samples():
        sources[suffix].append(data)
    suffixes = sorted(sources)
    made = {}
    for number in range(count):
        suffix = dice.choice(suffixes)
        data, other = dice.choice(sources[suffix]), dice.choice(sources[dice.choice((suffix, suffix, dice.choice(suffixes)))])
        # Bombs take a second each and containers are mostly what is in them, so that both are fewer.
        chance = dice.random()
        choices = BOMBS if chance < 0.06 and suffix == ".pdf" else NESTED if chance < 0.1 else mutations_of(data)
        kind = dice.choice(list(choices))
        worse = choices[kind](data, other, dice)
        if chance > 0.8:
            # Two things at once reach places that one does not.
            again = mutations_of(worse or b" ")
            worse = again[dice.choice(list(again))](worse or b" ", other, dice)
        target = {"in a zip": ".zip", "in a mail": ".eml", "in a PDF": ".pdf"}.get(kind, suffix)
        file = folder / f"{number:05}-{kind.replace(' ', '-')}{target}"
        file.write_bytes(worse)
        made[str(file)] = kind
    return made


def own_samples() -> Iterator[tuple[str, bytes]]:
    """A small file of each format that the shared folder may not have."""
    import io

    import openpyxl
    from ingest.mutations import in_mail, in_zip, packed

    dice = random.Random(0)
    rows = [["Item", "2023", "2022"], ["Net sales", 81.4, 77.9], ["Loss on disposal", -1.2, -0.4]]
    workbook = openpyxl.Workbook()
    for sheet in (workbook.active, workbook.create_sheet("Notes")):
        for row in rows * 5:
            sheet.append(row)
        sheet.merge_cells("A1:B1")
    output = io.BytesIO()
    workbook.save(output)
    yield ".xlsx", output.getvalue()
    lines = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    yield ".csv", lines.encode()
    lease = (
        b"<html><body><h1>Lease</h1><p>1. Rent. The tenant pays rent.</p><table><tr><td>Rent</td><td>100</td></tr></table></body></html>"
    )
    yield ".html", lease
    yield ".eml", in_mail(lease, b"", random.Random(1))
    yield ".zip", in_zip(lease, b"A second file.", dice)
    yield ".rtf", rb"{\rtf1\ansi{\fonttbl\f0 Times;}\f0\pard 1. Rent. The tenant pays rent.\par{\b Law.} Delaware.\par}"
    text = '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    text += 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text><text:h text:outline-level="1">Lease'
    text += "</text:h><text:p>The tenant pays rent.</text:p></office:text></office:body></office:document-content>"
    yield ".odt", packed([("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", text.encode())])
    filing = b"<SEC-DOCUMENT>0000000000-24-000001.txt\n<SEC-HEADER>\nACCESSION NUMBER: 0000000000-24-000001\n</SEC-HEADER>\n"
    filing += b"".join(b"<DOCUMENT>\n<TYPE>%b\n<SEQUENCE>%d\n<TEXT>\n%b\n</TEXT>\n</DOCUMENT>\n" % (b"EX-10", n, lease) for n in (1, 2))
    yield ".txt", filing + b"</SEC-DOCUMENT>\n"
    try:
        import pptx
    except ImportError:
        return
    slides = pptx.Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[1])
    slide.shapes.title.text = "Lease"
    slide.placeholders[1].text = "The tenant pays rent."
    output = io.BytesIO()
    slides.save(output)
    yield ".pptx", output.getvalue()


def _ingest(arguments: argparse.Namespace) -> None:
    """What the child does: a JSON line an outcome, then one with what it took."""
    from corpus_samples import WordReader

    from longdoc.config import Settings
    from longdoc.ingest.sandbox import ProcessExecutor
    from longdoc.protocols import Done, Job, Limits
    from longdoc_pipelines.ingest import ingest
    from longdoc_stores.corpus import Corpus

    took: dict[str, float] = {}

    class Timed(ProcessExecutor):
        def map(self, function: str, jobs: Iterable[Job]) -> Iterator[Done]:
            paths = {}

            def seen() -> Iterator[Job]:
                for job in jobs:
                    paths[job.key] = str(job.arguments["path"])
                    yield job

            for done in super().map(function, seen()):
                took[paths[done.key]] = done.seconds
                yield done

    paths = json.loads(Path(arguments.child).read_text())
    memory = arguments.memory_limit << 20
    limits = Limits(seconds=arguments.timeout, memory=memory)
    settings = Settings(workers=arguments.workers, timeout=arguments.timeout, memory_limit=memory)
    with tempfile.TemporaryDirectory(prefix="longdoc-torture-") as folder, Corpus(Path(folder) / "corpus") as corpus:
        for outcome in ingest(corpus, paths, WordReader(), settings, executor=Timed(arguments.workers, limits)):
            key = str(getattr(corpus.file(outcome.path), "document_key", ""))
            # A container has no text of its own; what lies in it has outcomes of its own.
            document = corpus.documents.document(key) if corpus.documents.facts(key) is not None else None
            empty = outcome.outcome in ("ok", "partial") and (document is None or not document.text.strip())
            # The clock begins anew for every page that is read by OCR.
            clocks = 1 + sum(page.ocr is not None for page in document.pages) if document is not None else 1
            row = {"path": outcome.path, "outcome": outcome.outcome, "reason": outcome.reason or "", "empty": empty, "clocks": clocks}
            print(json.dumps(row | {"seconds": took.get(outcome.path, 0.0)}), flush=True)
        problems = [problem.kind for problem in corpus.check(repair=False)]
    peaks = {"main_mib": resource.RUSAGE_SELF, "worker_mib": resource.RUSAGE_CHILDREN}
    print(json.dumps({"problems": problems} | {name: resource.getrusage(whose).ru_maxrss >> 10 for name, whose in peaks.items()}))


def _judge(arguments: argparse.Namespace, kinds: dict[str, str], done: subprocess.CompletedProcess[str], seconds: float) -> int:
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    summary: dict[str, Any] = lines.pop() if lines and "main_mib" in lines[-1] else {"problems": [], "main_mib": 0, "worker_mib": 0}
    rows = _rows(kinds, lines)
    found = {
        "broke off": [done.stderr[-3000:]] if done.returncode or "Traceback" in done.stderr else [],
        "without an outcome": [row.path for row in rows if row.outcome is None],
        "only an exception's name": [f"{row.path}: {row.reason}" for row in rows if BARE.search(row.reason.replace(row.path, ""))],
        "ok without text": [row.path for row in rows if row.empty],
        "failed without a reason": [row.path for row in rows if row.outcome == "failed" and not row.reason],
        "longer than its limit": [row.path for row in rows if row.seconds > row.clocks * arguments.timeout + LATE_SECONDS],
        "too much memory": [f"{summary['worker_mib']} MiB"] if summary["worker_mib"] > arguments.memory_limit + BASE_MIB else [],
        "corpus": summary["problems"],
    }
    outcomes = sorted({row.outcome or "none" for row in rows})
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        by_kind[row.kind][row.outcome or "none"] += 1
    table = [[kind, counted.total(), *(counted[outcome] for outcome in outcomes)] for kind, counted in sorted(by_kind.items())]
    classes: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.outcome != "ok":
            classes[_class(row)].append(row)
    print("\nreasons")
    for reason, each in sorted(classes.items(), key=lambda item: -len(item[1]))[: None if arguments.all else 40]:
        print(f"{len(each):6}  {reason}" + (f"\n        {each[0].path}: {each[0].reason}" if arguments.all else ""))
    print("\nslowest")
    for row in sorted(rows, key=lambda row: -row.seconds)[:8]:
        print(f"{row.seconds:6.1f} s  {row.path}: {row.outcome} {row.reason[:100]}")
    for what, each in found.items():
        if each:
            print(f"\n{what}: {len(each)}")
            for one in each[: None if arguments.all else 25]:
                print(f"  {one}")
    print()
    figures = {what.replace(" ", "_").replace("'", ""): len(each) for what, each in found.items()}
    figures |= {
        "files": len(kinds),
        "seconds": round(seconds, 1),
        "seed": arguments.seed,
        "crashes": sum(bool(CRASH.search(row.reason)) for row in rows),
    }
    figures |= {name: summary[name] for name in ("main_mib", "worker_mib")}
    sound = not any(found.values())
    totals = Counter(row.outcome or "none" for row in rows)
    report("torture", ["kind", "files", *outcomes], table, **figures, outcomes=dict(totals), sound=sound)
    return 0 if sound else 1


def _rows(kinds: dict[str, str], lines: list[dict[str, Any]]) -> list[Row]:
    """A row an outcome: what is inside a container counts to it."""
    rows, told = [], set()
    # The parts of a container are named by its path and something behind it.
    files = {
        path: next((path[:end] for end in range(len(path), 0, -1) if path[:end] in kinds), path)
        for path in (line["path"] for line in lines)
    }
    containers: dict[str, list[str]] = defaultdict(list)
    for path, file in files.items():
        containers[file].append(path)
    for line in lines:
        path = line["path"]
        file = files[path]
        told.add(file)
        empty = line["empty"] and not any(other.startswith(path + os.sep) for other in containers.get(file, ()))
        rows.append(Row(path, kinds.get(file, "of no file"), line["outcome"], line["reason"], line["seconds"], empty, line["clocks"]))
    return rows + [Row(path, kind, None, "", 0.0, False) for path, kind in kinds.items() if path not in told]


def _class(row: Row) -> str:
    """The reason without what is only of this file."""
    reason = row.reason.replace(row.path, "FILE").removeprefix("FILE: ")
    reason = re.sub(r"'[^']*'|\"[^\"]*\"|b'[^']*'", "'…'", reason)
    return f"{row.outcome}: " + re.sub(r"[-+]?\d[\d.,]*", "N", reason)[:150]


def _files(path: str) -> list[Path]:
    given = Path(path)
    return [given] if given.is_file() else sorted(file for file in given.rglob("*") if file.is_file() and not file.name.startswith("."))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", metavar="PATH", type=os.path.abspath, default=[str(SHARED / "data" / "files")])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=20.0, metavar="SECONDS")
    parser.add_argument("--memory-limit", type=int, default=1024, metavar="MIB")
    parser.add_argument("--keep", help="leave what was made in this folder")
    parser.add_argument("--all", action="store_true", help="print every class of reason with an example, and every finding")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
