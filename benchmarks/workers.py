"""How much faster two workers ingest than one: parse, read and commit, each worker with one thread.

    python benchmarks/workers.py PATH... [--documents 24] [--workers 1 2] [--runs 1] [--executor local] [--labels cuad]

Every run ingests the same documents, taken evenly from those below PATH, into a new corpus in a process of its own; runs take turns, and
the time counts from the first look at a file to the last commit, the workers' start included. CPU is what the main process and the
workers took of processor time: on a busy machine it says what the clock does not. Memory is the peak resident set of the main process
and of its largest worker. The bar: two workers at least 1.8 times as fast as one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import report

BAR = 1.8
MIB = 1 << 10
"""ru_maxrss counts KiB."""


def main() -> int:
    """Run the benchmark; 0 if the bar is met, or there is none for these workers."""
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(_ingest(arguments.paths, arguments.child, arguments.executor, arguments.labels)))
        return 0
    files = _files(arguments.paths, arguments.documents)
    runs: dict[int, list[dict[str, float]]] = {workers: [] for workers in arguments.workers}
    for _ in range(arguments.runs):
        for workers in arguments.workers:
            runs[workers].append(_run(files, workers, arguments))
            print(f"{workers} workers: {runs[workers][-1]}", file=sys.stderr)
    found = {workers: {name: statistics.median(run[name] for run in each) for name in each[0]} for workers, each in runs.items()}
    first = arguments.workers[0]
    rows = []
    for workers, row in found.items():
        row["per_minute"] = 60 * len(files) / row["seconds"]
        row["ratio"] = found[first]["seconds"] / row["seconds"]
        spread = max(run["seconds"] for run in runs[workers]) - min(run["seconds"] for run in runs[workers])
        rows.append([workers, f"{row['seconds']:.1f}", f"{spread:.1f}", f"{row['per_minute']:.1f}", f"{row['ratio']:.2f}"])
        rows[-1] += [f"{row['main_cpu']:.1f}", f"{row['worker_cpu']:.1f}", f"{row['main_mib']:.0f}", f"{row['worker_mib']:.0f}"]
    ratio = found[2]["seconds"] and found[1]["seconds"] / found[2]["seconds"] if {1, 2} <= found.keys() else None
    columns = ["workers", "seconds", "spread", "documents/min", "ratio", "CPU main", "CPU workers", "MiB main", "MiB worker"]
    figures = {str(workers): {name: round(value, 3) for name, value in row.items()} for workers, row in found.items()}
    report("workers", columns, rows, documents=len(files), executor=arguments.executor, runs=arguments.runs, ratio=ratio, workers=figures)
    return 0 if ratio is None or ratio >= BAR else 1


def _run(files: list[str], workers: int, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, *files, "--child", str(workers), "--executor", arguments.executor]
    command += ["--labels", arguments.labels] if arguments.labels else []
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ingest(paths: list[str], workers: int, executor: str, labels: str | None) -> dict[str, float]:
    from longdoc.config import Settings
    from longdoc.labels import load_labels
    from longdoc.model.reader import EmbeddedReader
    from longdoc_pipelines.ingest import ingest
    from longdoc_pipelines.stages import ReaderChoice
    from longdoc_stores.corpus import Corpus

    settings = Settings(workers=workers, executor=executor, threads=1)
    more: dict[str, Any] = {"choice": ReaderChoice("embedded", threads=workers), "labels": load_labels(labels) if labels else None}
    with tempfile.TemporaryDirectory(prefix="longdoc-workers-") as folder, Corpus(Path(folder) / "corpus") as corpus:
        before, started = _cpu(resource.RUSAGE_SELF), time.monotonic()
        outcomes = list(ingest(corpus, paths, EmbeddedReader(threads=1), settings, **more))
        seconds = time.monotonic() - started
    failed = [outcome for outcome in outcomes if outcome.outcome not in ("ok", "partial")]
    if failed:
        raise SystemExit(f"{failed[0].path}: {failed[0].reason}; give files that can be read")
    return {
        "seconds": seconds,
        "tokens": float(sum(outcome.tokens or 0 for outcome in outcomes)),
        "main_cpu": _cpu(resource.RUSAGE_SELF) - before,
        "worker_cpu": _cpu(resource.RUSAGE_CHILDREN),
        "main_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB,
        "worker_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MIB,
    }


def _cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _files(paths: list[str], most: int) -> list[str]:
    found = sorted(
        str(file) for path in paths for file in ([Path(path)] if Path(path).is_file() else Path(path).rglob("*")) if file.is_file()
    )
    if len(found) < 2:
        raise SystemExit(f"{', '.join(paths)}: too few files; name a folder of documents")
    return [found[place * len(found) // min(most, len(found))] for place in range(min(most, len(found)))]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="PATH", type=os.path.abspath)
    parser.add_argument("--documents", type=int, default=24)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--executor", default="local")
    parser.add_argument("--labels", help="also find the candidates of this label set in the workers")
    parser.add_argument("--child", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
