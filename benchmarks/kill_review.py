#!/usr/bin/env python3
"""Kills `longdoc review` and its workers with SIGKILL at random moments, runs it again, and compares with an undisturbed run.

    python benchmarks/kill_review.py [--kills 200] [--documents 100] [--workers 2] [--executor local|ray] [--seed N] [--keep DIR]

The documents are short contracts made for the purpose, and two in a hundred files crash the parser (its process aborts). A kill hits
the driver or one of its workers, by chance. A driver that was killed is begun again on the same corpus until it gets to its end; then
every file must have exactly one outcome, the one of the undisturbed run, every document its verdicts, and the records must be equal,
byte for byte. Then a new corpus is begun, until all kills are used.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common import report
from review import family, made

ROOT = Path(__file__).resolve().parent.parent
CRASHING = 50
"""Every so manieth file crashes the parser."""
CRASH = '''"""Makes the parser of a file named crash-* abort, in whatever process it runs."""
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder


class Finder(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "longdoc.ingest.parse":
            return None
        spec = PathFinder.find_spec(name, path)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            real = module.open_bytes

            def open_bytes(data, where, *arguments, **named):
                if "crash-" in str(where):
                    os.abort()
                return real(data, where, *arguments, **named)

            module.open_bytes = open_bytes

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())
'''


@dataclass
class Tally:
    """What happened."""

    kills: int = 0
    drivers: int = 0
    workers: int = 0
    runs: int = 0
    corpora: int = 0
    equal: int = 0


def main() -> int:
    """Kill, run again, compare; 0 if everything was equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--workers", default="2")
    parser.add_argument("--executor", default="local")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", type=Path, help="keep what differed in this folder")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="longdoc-kill-") as scratch:
        home = Path(scratch)
        files = write(home, arguments.documents)
        started = time.monotonic()
        finished(start(arguments, home, files, home / "undisturbed"))
        seconds = time.monotonic() - started
        wanted = outcome(home / "undisturbed.json", files)
        tally = kill_all(arguments, home, files, wanted, seconds, random.Random(seed))
    sound = tally.equal == tally.corpora
    figures = {"seed": seed, "documents": arguments.documents, "executor": arguments.executor, "seconds_undisturbed": round(seconds, 1)}
    rows = [[name, value] for name, value in {**asdict(tally), "sound": sound}.items()]
    report("kill_review", ["what", "number"], rows, **figures, **asdict(tally), sound=sound)
    return 0 if sound else 1


def write(home: Path, documents: int) -> Path:
    """The documents, some of which crash the parser, and what makes it crash."""
    random.seed(0)
    files = home / "contracts"
    files.mkdir()
    for number in range(documents):
        name = "crash" if number % CRASHING == CRASHING // 2 else "contract"
        (files / f"{name}-{number:04}.txt").write_text(made(number), encoding="utf-8")
    (home / "site").mkdir()
    (home / "site" / "sitecustomize.py").write_text(CRASH, encoding="utf-8")
    return files


def start(arguments: argparse.Namespace, home: Path, files: Path, store: Path) -> subprocess.Popen[bytes]:
    """Begin a run, in a process group of its own."""
    command = [sys.executable, "-m", "longdoc", "review", files, "--playbook", "cuad_benchmark", "--store", store, "--as-of", "2026-01-01"]
    command += ["--format", "json", "--out", store.with_suffix(".json"), "--workers", arguments.workers, "--fail-on", "never", "-q"]
    command += ["--executor", arguments.executor]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, (home / "site", ROOT, ROOT / "stores", ROOT / "pipelines"))),
        "OMP_NUM_THREADS": "1",
    }
    where = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([str(part) for part in command], env=environment, start_new_session=True, **where)  # type: ignore[call-overload, no-any-return]


def finished(process: subprocess.Popen[bytes]) -> None:
    """Wait for a run that is left alone: 3, since some inputs failed."""
    code = process.wait()
    if code != 3:
        raise SystemExit(f"longdoc review ended with exit code {code}, 3 was expected: some files crash the parser")


def outcome(result: Path, files: Path) -> dict[str, Any]:
    """What must be the same: records, and the one outcome of every file."""
    content = json.loads(result.read_text(encoding="utf-8"))
    outcomes = Counter(one["path"] for one in content["outcomes"])
    expected = {str(file) for file in files.iterdir()}
    if set(outcomes) != expected or set(outcomes.values()) != {1}:
        raise SystemExit(f"{result}: {len(outcomes)} outcomes for {len(expected)} files, {outcomes.most_common(3)}")
    told = sorted((one["path"], one["outcome"], one["stage"], one["reason"]) for one in content["outcomes"])
    return {"records": content["records"], "outcomes": told}


def kill_all(
    arguments: argparse.Namespace, home: Path, files: Path, wanted: dict[str, Any], seconds: float, chance: random.Random
) -> Tally:
    """Corpus after corpus until all kills are used."""
    tally = Tally()
    while tally.kills < arguments.kills:
        store = home / f"corpus-{tally.corpora}"
        while tally.kills < arguments.kills and chance.random() < 0.9:
            tally.runs += 1
            process = start(arguments, home, files, store)
            time.sleep(chance.uniform(0, seconds))
            if process.poll() is None:
                kill(process, chance, tally, seconds)
            if process.poll() is not None and process.returncode == 3:
                break
        tally.runs += 1
        finished(start(arguments, home, files, store))
        found = outcome(store.with_suffix(".json"), files)
        tally.corpora += 1
        tally.equal += found == wanted
        if found != wanted and arguments.keep is not None:
            shutil.copytree(store, arguments.keep / store.name)
            shutil.copy(store.with_suffix(".json"), arguments.keep)
        print(f"{tally.kills} kills, {tally.equal} of {tally.corpora} corpora equal", file=sys.stderr)
        shutil.rmtree(store)
    return tally


def kill(process: subprocess.Popen[bytes], chance: random.Random, tally: Tally, seconds: float) -> None:
    """Kill the driver; or a worker, and the driver after it unless the run ends before. Of one run one worker is killed: a file whose
    worker dies twice is taken to be at fault, which is right of files and would be wrong here."""
    below = list(family(process.pid))[1:]
    if below and chance.random() < 0.5:
        tally.kills += 1
        tally.workers += 1
        with suppress(ProcessLookupError):  # it may just have ended by itself
            os.kill(chance.choice(below), signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, seconds))
        if process.poll() is not None:
            return
    tally.kills += 1
    tally.drivers += 1
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
