"""A disk that fills up, and two writers at once: nothing may be lost, and what goes wrong must be said in a sentence.

    python benchmarks/disturbed.py [--disks 20] [--pairs 10] [--documents 40] [--seed N]

Disks: the corpus lies on a tmpfs (mounted here, which needs root) of a random size that does not hold it. `longdoc ingest` must end with
an error of its own and no traceback; the corpus must open and be sound, with what was committed in it; with more room the next run must
give the corpus of an undisturbed one. Pairs: two runs on one corpus begin within a moment of each other. Each must end well or say that
another is writing; a run after them must give the undisturbed corpus. The reader is one without a model (see kill.py).
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import report
from kill import ROOT, _digest, _look, _write_documents

FULL = re.compile(r"disk is full|the disk has [\d,]+ (bytes )?left|[\d,]+ bytes are free")
BUSY = re.compile("is writing")


def main() -> int:
    """Run the benchmark; 0 if nothing was lost and every error was a sentence."""
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    dice = random.Random(seed)
    print(f"seed {seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="longdoc-disturbed-") as folder:
        home = Path(folder)
        documents = _write_documents(home / "documents", arguments.documents)
        code, told = _ingest(documents, home / "undisturbed")
        if code != 0:
            raise SystemExit(f"an undisturbed run ended with {code}: {told}")
        expected = _digest(home / "undisturbed")
        size = sum(file.stat().st_size for file in (home / "undisturbed").rglob("*") if file.is_file())
        problems: list[str] = []
        full = sum(_fill(documents, home / f"disk-{number}", size, expected, dice, problems) for number in range(arguments.disks))
        busy = sum(_race(documents, home / f"pair-{number}", expected, dice, problems) for number in range(arguments.pairs))
    for problem in problems:
        print(problem)
    figures = {
        "seed": seed,
        "disks": arguments.disks,
        "full": full,
        "pairs": arguments.pairs,
        "one_refused": busy,
        "problems": len(problems),
    }
    report("disturbed", ["what", "found"], list(figures.items()), **figures, sound=not problems)
    return 1 if problems else 0


def _fill(documents: str, disk: Path, size: int, expected: str, dice: random.Random, problems: list[str]) -> int:
    """One disk; whether it was full before the run ended."""
    disk.mkdir()
    pages = dice.randrange(8, max(9, int(1.3 * size) >> 12))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={pages << 12}", "tmpfs", str(disk)], check=True)
    try:
        code, told = _ingest(documents, disk / "corpus")
        _judge(f"a disk of {pages << 12} bytes", code, told, FULL, problems)
        subprocess.run(["mount", "-o", f"remount,size={8 * size + (64 << 20)}", str(disk)], check=True)
        if (disk / "corpus" / "catalogue.sqlite").is_file():
            worse = _look(disk / "corpus")[2]
            if worse:
                problems.append(f"a disk of {pages << 12} bytes: {worse} problems in what was committed")
        _settle(documents, disk / "corpus", expected, f"a disk of {pages << 12} bytes, grown", problems)
        return int(code != 0)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _race(documents: str, store: Path, expected: str, dice: random.Random, problems: list[str]) -> int:
    """Two writers; whether one was refused."""
    first = _start(documents, store)
    time.sleep(dice.uniform(0, 1.5))
    second = _start(documents, store)
    ends = [_end(first), _end(second)]
    for code, told in ends:
        _judge("one of two writers", code, told, BUSY, problems)
    if all(code != 0 for code, _ in ends):
        problems.append("of two writers neither came to its end")
    _settle(documents, store, expected, "after two writers", problems)
    return int(any(code != 0 for code, _ in ends))


def _judge(what: str, code: int, told: str, reason: re.Pattern[str], problems: list[str]) -> None:
    if code not in (0, 4) or "Traceback" in told or (code == 4 and not reason.search(told)):
        problems.append(f"{what}: ended with {code}: {told[-1500:]}")


def _settle(documents: str, store: Path, expected: str, what: str, problems: list[str]) -> None:
    """A run in peace; the corpus must then be the undisturbed one."""
    code, told = _ingest(documents, store)
    if code != 0:
        problems.append(f"{what}: the run after it ended with {code}: {told[-1500:]}")
    elif _digest(store) != expected:
        problems.append(f"{what}: the corpus is not that of an undisturbed run")
    elif sum(_look(store)[1:]):
        problems.append(f"{what}: a check finds something wrong")


def _ingest(documents: str, store: Path) -> tuple[int, str]:
    return _end(_start(documents, store))


def _start(documents: str, store: Path) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--child", documents, str(store)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def _end(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, told = process.communicate()
    return process.returncode, told


def _child(documents: str, store: str) -> int:
    """As the command line does it: an error of longdoc's own is a sentence and an exit code, any other a traceback."""
    from kill import _ingest as ingest

    from longdoc.errors import LongdocError

    try:
        return ingest([documents], store, workers=1)
    except LongdocError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--disks", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        raise SystemExit(_child(*sys.argv[2:4]))
    raise SystemExit(main())
