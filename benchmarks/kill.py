"""Kills `longdoc ingest` with SIGKILL at random moments, runs it again, and compares with a corpus made undisturbed.

    python benchmarks/kill.py [PATH...] [--kills 50] [--seed N] [--documents 40] [--reader embedded|words]

What is killed is the driver, or one of its workers and then, unless the run ends before, the driver too. A worker that is killed
costs nothing: its file is given to another (of one run one is killed, since a file whose worker dies twice is taken to be at fault). A
run is begun again on the same corpus until one gets to its end first; its digest (files, documents, chunks, words,
readings, arrays by their bytes) must then be that of the undisturbed corpus, and a check must find nothing wrong. Then a new
corpus is begun, until all kills are used. After every kill the corpus must open, and what it has must pass its checksums.

PATH is what is ingested (default: small contracts written for the purpose). The reader "words" needs no model: all time is
spent in the store, so more kills fall between its writes. "embedded" runs `python -m longdoc ingest`.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from common import report

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Tally:
    """What happened."""

    kills: int = 0
    of_workers: int = 0
    kills_after_a_commit: int = 0
    corpora: int = 0
    equal: int = 0
    strays_left: int = 0
    problems: int = 0


def main() -> int:
    """Run the benchmark; 0 if every corpus was equal and sound."""
    arguments = _arguments()
    if arguments.child:
        return _ingest(arguments.paths, arguments.store, arguments.workers)
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="longdoc-kill-") as folder:
        home = Path(folder)
        paths = arguments.paths or [_write_documents(home / "documents", arguments.documents)]
        process = _start(arguments, paths, home / "undisturbed")
        started = time.monotonic()
        _finish(process)
        seconds = time.monotonic() - started
        expected = _digest(home / "undisturbed")
        tally = _kill_all(arguments, paths, home, seconds, expected, random.Random(seed))
    sound = tally.equal == tally.corpora and tally.problems == 0
    figures = {"reader": arguments.reader, "seed": seed, "seconds_undisturbed": round(seconds, 2), **asdict(tally), "sound": sound}
    report("kill", ["what", "found"], list(figures.items()), **figures)
    return 0 if sound else 1


def _kill_all(arguments: argparse.Namespace, paths: list[str], home: Path, seconds: float, expected: str, dice: random.Random) -> Tally:
    tally = Tally()
    while tally.kills < arguments.kills:
        store = home / f"corpus-{tally.corpora}"
        tally.corpora += 1
        whole, held = False, 0
        while tally.kills < arguments.kills and not whole:
            process = _start(arguments, paths, store)
            started = time.monotonic()
            killed = _kill(process, dice, seconds)
            tally.kills += killed
            tally.of_workers += killed
            whole = process.wait() != -signal.SIGKILL
            if whole:
                _finish(process)
            documents, strays, problems = _look(store)
            # The machine may be more or less busy than it was: kills are to fall inside a run, and runs are to get on.
            if whole and held == 0:
                seconds = min(seconds, time.monotonic() - started)
            elif documents == held:
                seconds *= 1.2
            tally.kills += not whole
            tally.kills_after_a_commit += not whole and documents > held
            tally.strays_left += strays
            tally.problems += problems
            held = documents
        _finish(_start(arguments, paths, store))
        _, strays, problems = _look(store)
        tally.problems += strays + problems
        tally.equal += _digest(store) == expected
        print(f"{tally.kills} kills, {tally.equal} of {tally.corpora} corpora equal", file=sys.stderr)
    return tally


def _kill(process: subprocess.Popen[bytes], dice: random.Random, seconds: float) -> int:
    """Kill the driver at a random moment, one time in three a worker before it; how many workers were killed."""
    workers = 0
    moments = sorted((dice.uniform(0, seconds), dice.uniform(0, seconds)))
    if dice.random() < 1 / 3:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=moments[0])
            return 0
        running = _workers(process.pid)
        if running:
            with suppress(ProcessLookupError):
                os.kill(dice.choice(running), signal.SIGKILL)
                workers = 1
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=moments[1] - moments[0] if workers else moments[0])
        return workers
    process.kill()
    return workers


def _workers(driver: int) -> list[int]:
    """The processes that the driver's threads have started, where the system tells."""
    found = []
    for thread in Path(f"/proc/{driver}/task").glob("*/children"):
        with suppress(OSError):  # a thread, or the driver, may just have ended
            found += [int(one) for one in thread.read_text().split()]
    return found


def _start(arguments: argparse.Namespace, paths: list[str], store: Path) -> subprocess.Popen[bytes]:
    if arguments.reader == "embedded":
        command = ["-m", "longdoc", "ingest", *paths, "--store", str(store), "--workers", str(arguments.workers), "--quiet"]
        return subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, cwd=ROOT)
    command = [__file__, *paths, "--child", "--store", str(store), "--workers", str(arguments.workers)]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, cwd=ROOT)
    if process.stdout is not None:
        # Its imports take longer than its work: a kill during them would show nothing.
        process.stdout.readline()
        process.stdout.close()
    return process


def _finish(process: subprocess.Popen[bytes]) -> None:
    if process.wait() not in (0, 3):
        raise SystemExit(f"an undisturbed run ended with {process.returncode}")


def _ingest(paths: list[str], store: str, workers: int) -> int:
    """What the child does: the pipeline with a reader that needs no model."""
    sys.path.insert(0, str(ROOT / "tests"))
    from corpus_samples import WordReader

    from longdoc.config import Settings
    from longdoc_pipelines.ingest import ingest
    from longdoc_stores.corpus import Corpus

    print("ready", flush=True)
    with Corpus(Path(store)) as corpus:
        for outcome in ingest(corpus, paths, WordReader(), Settings(workers=workers)):
            if outcome.outcome == "failed":
                raise SystemExit(f"{outcome.path}: {outcome.reason}")
    return 0


def _digest(store: Path) -> str:
    from longdoc_stores.corpus import Corpus
    from longdoc_stores.digest import digest

    with Corpus(store) as corpus:
        return digest(corpus)


def _look(store: Path) -> tuple[int, int, int]:
    """(documents, files that a killed writer left, anything worse)."""
    from longdoc_stores.corpus import Corpus

    with Corpus(store) as corpus:
        kinds = [problem.kind for problem in corpus.check(repair=False)]
        documents = corpus.status().documents
    strays = kinds.count("stray")
    return documents, strays, len(kinds) - strays


def _write_documents(folder: Path, count: int) -> str:
    folder.mkdir()
    dice = random.Random(0)
    words = "party term notice renewal payment liability delivery audit licence breach remedy cost supplier customer year month".split()  # noqa: SIM905
    for number in range(count):
        clauses = [
            f"{clause}. {dice.choice(words).title()}. The {' '.join(dice.choices(words, k=dice.randrange(20, 200)))} shall apply."
            for clause in range(1, dice.randrange(3, 25))
        ]
        (folder / f"contract-{number:02}.txt").write_text("\n\n".join([f"AGREEMENT No. {number}", *clauses]) + "\n", encoding="utf-8")
    return str(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", metavar="PATH", type=os.path.abspath)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--documents", type=int, default=40, help="how many to write where no PATH is given")
    parser.add_argument("--reader", choices=["embedded", "words"], default="embedded")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--store", help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
