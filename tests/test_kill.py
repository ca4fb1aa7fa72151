"""kill -9 at random moments; benchmarks/kill.py does the same with the real reader and as often as asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")
BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"

CRASHES = """
import os, signal, sys
from pathlib import Path

sys.path[:0] = sys.argv[3:]
from crashes import crash_at
from corpus_samples import HereExecutor, WordReader
from longdoc.config import Settings
from longdoc_pipelines.ingest import ingest
from longdoc_stores import database, durable
from longdoc_stores.corpus import Corpus
from longdoc_stores.digest import digest

folder, home = sys.argv[1], Path(sys.argv[2])

def run(store):
    with Corpus(store) as corpus:
        for outcome in ingest(corpus, [folder], WordReader(), Settings(), executor=HereExecutor()):
            assert outcome.outcome == "ok", outcome
        return digest(corpus)

WRITES = [(os, "fsync"), (os, "unlink"), (os, "replace"), (Path, "replace"), (Path, "unlink"), (database.Database, "run")]

expected = run(home / "undisturbed")
moment = 0
while True:
    moment += 1
    store = home / str(moment)
    child = os.fork()
    if child == 0:
        crash_at(moment, WRITES)
        run(store)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
    with Corpus(store) as corpus:
        assert {problem.kind for problem in corpus.check(False)} <= {"stray"}, (moment, corpus.check(False))
    assert run(store) == expected, moment
    with Corpus(store) as corpus:
        assert corpus.check(False) == [], (moment, corpus.check(False))
print(moment)
"""


@pytest.mark.slow
def test_a_crash_before_any_write_is_made_good_by_the_next_run(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("1. Term. Two years.\n\n2. Law. Delaware.\n")
    (folder / "copy.txt").write_text("1. Term. Two years.\n\n2. Law. Delaware.\n")
    command = [sys.executable, "-c", CRASHES, str(folder), str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


@pytest.mark.slow
def test_after_kill_9_and_a_second_run_the_corpus_equals_an_undisturbed_one(tmp_path: Path) -> None:
    for number in range(15):
        (tmp_path / f"{number}.txt").write_text("".join(f"{clause}. Rent. Rent {number} is due.\n\n" for clause in range(1, 30)))
    command = [sys.executable, str(BENCHMARKS / "kill.py"), str(tmp_path), "--reader", "words", "--kills", "6", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    # The last run may lose a worker and then its driver: one kill more than asked for.
    assert report["kills"] in (6, 7)
    assert report["equal"] == report["corpora"] > 0
    assert report["problems"] == 0


@pytest.mark.parametrize(
    ("executor", "kills"), [pytest.param("local", 4, marks=pytest.mark.slow), pytest.param("ray", 1, marks=pytest.mark.ray)]
)
def test_after_kill_9_a_review_gives_every_document_one_outcome_and_its_verdicts(executor: str, kills: int) -> None:
    command = [sys.executable, str(BENCHMARKS / "kill_review.py"), "--documents", "30", "--kills", str(kills), "--executor", executor]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    # The last run may lose a worker and then its driver.
    assert report["kills"] in (kills, kills + 1)
    assert report["equal"] == report["corpora"] > 0
