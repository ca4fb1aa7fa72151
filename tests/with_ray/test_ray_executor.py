"""RayExecutor on a cluster that is started on this machine for the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_samples import HereExecutor
from worker_samples import ANSWER, STAGED, OddReader, importable, make_mark, take_mark

from longdoc.config import Settings
from longdoc.errors import ConfigError, DamagedError, InputError, LimitError
from longdoc.protocols import Done, Executor, Job, Limits
from longdoc_pipelines import ray_executor
from longdoc_pipelines.ingest import ingest
from longdoc_pipelines.ray_executor import RayExecutor
from longdoc_pipelines.stages import ReaderChoice
from longdoc_stores.corpus import Corpus
from longdoc_stores.digest import digest

pytestmark = pytest.mark.ray
LIMITS = Limits(seconds=2.0, memory=256 << 20)
CRASH = "CRASH\n\nRent is due.\n"


@pytest.fixture(scope="module", autouse=True)
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cluster for all: its start takes seconds. Executors find it running and leave it so."""
    ray = ray_executor._import_ray()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(ray_executor.ADDRESS, raising=False)
        importable(tmp_path_factory.mktemp("site"), patch)
        ray_executor._start(ray, 2)
        yield
        ray.shutdown()


@pytest.fixture(autouse=True)
def _prints_nothing(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Results go to stdout, and nothing of Ray's between them."""
    yield
    assert capfd.readouterr().out == ""


@pytest.fixture
def executor() -> Iterator[RayExecutor]:
    with RayExecutor(1, LIMITS) as made:
        yield made


def run(executor: RayExecutor, path: object, *what: str, function: str = ANSWER) -> dict[str, Done]:
    jobs = [Job(name, {"path": str(path), "what": name}) for name in what]
    return {done.key: done for done in executor.map(function, jobs)}


def test_it_is_an_executor_and_gives_what_the_function_gives(executor: RayExecutor) -> None:
    assert isinstance(executor, Executor)
    assert {key: done.value for key, done in run(executor, "x.pdf", *"abcdef").items()} == {key: key for key in "abcdef"}
    assert run(executor, "x.pdf") == {}


def test_jobs_are_drawn_as_workers_become_free(executor: RayExecutor) -> None:
    drawn = []

    def jobs() -> Iterator[Job]:
        for place in range(1000):
            drawn.append(place)
            yield Job(str(place), {"path": "x", "what": "x"})

    results = executor.map(ANSWER, jobs())
    next(results)
    assert len(drawn) < 10


def test_a_crash_a_hang_and_a_bug_cost_no_other_file_and_name_their_stage(executor: RayExecutor) -> None:
    done = run(executor, "x.pdf", "crash", "a", function=ANSWER) | run(executor, "x.pdf", "bug", "b", function=STAGED)
    done |= run(executor, "x.pdf", "hang", "c", function="ingest.odd_jobs:answer")
    assert {key: one.value for key, one in done.items() if one.error is None} == {"a": "a", "b": "b", "c": "c"}
    assert {key: (type(one.error), one.stage) for key, one in done.items() if one.error is not None} == {
        "crash": (DamagedError, "parse"),
        "bug": (InputError, "read"),
        "hang": (LimitError, "parse"),
    }


def test_a_worker_of_rays_that_is_killed_does_not_count_against_the_file(executor: RayExecutor, tmp_path: Path) -> None:
    before = run(executor, "x.pdf", "parent")["parent"].value
    done = run(executor, make_mark(tmp_path / "mark"), "die of the parent once", "a", "b")
    assert {key: one.value for key, one in done.items()} == {key: key for key in ("die of the parent once", "a", "b")}
    assert run(executor, "x.pdf", "parent")["parent"].value != before


def test_a_file_whose_worker_of_rays_dies_twice_fails_and_those_beside_it_are_read(executor: RayExecutor) -> None:
    done = run(executor, "x.pdf", "a", "die of the parent", "b", "c")
    assert {key: one.value for key, one in done.items() if one.error is None} == {"a": "a", "b": "b", "c": "c"}
    error = done["die of the parent"].error
    assert isinstance(error, DamagedError)
    assert "x.pdf: its Ray worker died 2 times" in str(error)


def test_a_file_is_sent_along_where_it_is_not_too_large(executor: RayExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(b"Grain is dear.")
    assert run(executor, file, "data")["data"].value == b"Grain is dear."
    assert run(executor, tmp_path / "none.txt", "data")["data"].value is None
    monkeypatch.setattr(ray_executor, "SENT", 13)
    assert run(executor, file, "data")["data"].value is None


def test_ingest_on_ray_gives_the_corpus_that_one_process_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for number in range(6):
        (tmp_path / "docs" / f"{number}.txt").write_text(f"LEASE\n\n1. Term. Flat {number} is let.\n\n2. Law. Ohio.\n")
    mark = make_mark(tmp_path / "mark")
    (tmp_path / "docs" / "once.txt").write_text(f"DIE-ONCE {mark}\n\n1. Term. One year.\n")
    reader, choice = OddReader(), ReaderChoice("odd", 1)
    with Corpus(tmp_path / "ray") as corpus, Corpus(tmp_path / "here") as other:
        settings = Settings(executor="ray", workers=2)
        outcomes = list(ingest(corpus, ["docs"], reader, settings, choice=choice))
        assert sorted((outcome.path, outcome.outcome) for outcome in outcomes) == [
            *((f"docs/{number}.txt", "ok") for number in range(6)),
            ("docs/once.txt", "ok"),
        ]
        assert not take_mark(mark)
        assert reader.read_paths == []
        list(ingest(other, ["docs"], reader, Settings(), executor=HereExecutor()))
        assert digest(other) == digest(corpus)
        (tmp_path / "docs" / "crash.txt").write_text(CRASH)
        found = {one.path: (one.outcome, one.stage) for one in ingest(corpus, ["docs"], reader, settings, choice=choice) if not one.cached}
        assert found == {"docs/crash.txt": ("failed", "read")}


ALONE = """
import os, sys
from longdoc.protocols import Job, Limits
from longdoc_pipelines.ray_executor import RayExecutor

WHAT = ["a", "b", "die of the parent once"]
with RayExecutor({workers}, Limits()) as executor:
    print(sorted(done.value for done in executor.map("worker_samples:answer", [Job(w, {{"path": {mark!r}, "what": w}}) for w in WHAT])))
    import ray
    print(len(executor._workers), ray.is_initialized())
print(ray.is_initialized(), "RAY_USAGE_STATS_ENABLED" in os.environ)
"""


@pytest.mark.parametrize("workers", [None, 3])
def test_it_starts_a_cluster_of_its_own_quietly_and_ends_it(workers: Any, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", ALONE.format(workers=workers, mark=make_mark(tmp_path / "mark"))],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=240,
    )
    expected = workers or len(os.sched_getaffinity(0))
    assert done.stdout.splitlines() == ["['a', 'b', 'die of the parent once']", f"{expected} True", "False False"], done.stderr
    assert done.stderr == ""


def test_it_joins_the_cluster_at_the_address_and_leaves_it_running(tmp_path: Path, executor: RayExecutor) -> None:
    address = ray_executor._import_ray().get_runtime_context().gcs_address
    program = ALONE.format(workers=3, mark=make_mark(tmp_path / "mark"))
    environment = os.environ | {ray_executor.ADDRESS: address}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment, timeout=240)
    assert done.stdout.splitlines() == ["['a', 'b', 'die of the parent once']", "2 True", "False False"], done.stderr
    assert run(executor, "x.pdf", "a")["a"].value == "a"


def test_an_address_where_no_cluster_answers_is_said_to_be_wrong() -> None:
    program = "from longdoc.protocols import Limits\nfrom longdoc_pipelines.ray_executor import RayExecutor\nRayExecutor(1, Limits())\n"
    environment = os.environ | {ray_executor.ADDRESS: "127.0.0.1:1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment, timeout=240)
    assert f"{ConfigError.__name__}: no Ray cluster answers at 127.0.0.1:1" in done.stderr


def test_fewer_than_one_worker_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RayExecutor(0, LIMITS)
