"""ProcessExecutor: results, order, hangs, crashes, memory, noise on stdout, early stop."""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import samples
from ingest.mutations import BOMBS
from longdoc.errors import DamagedError, InputError, LimitError, NotFoundError
from longdoc.ingest import parse_file
from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.protocols import Done, Executor, Job, Limits

ODD_JOBS = "ingest.odd_jobs:answer"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


def run(executor: ProcessExecutor, *what: str) -> dict[str, Done]:
    jobs = (Job(f"{place}-{name}", {"path": f"{name}.pdf", "what": name}) for place, name in enumerate(what))
    return {done.key.partition("-")[2]: done for done in executor.map(ODD_JOBS, jobs)}


def test_it_is_an_executor_and_gives_what_the_function_gives(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(samples.report(2))
    with ProcessExecutor(1, Limits()) as executor:
        assert isinstance(executor, Executor)
        jobs = [Job("a", {"path": str(file)}), Job("b", {"path": str(tmp_path / "none.pdf")})]
        done = {result.key: result for result in executor.map("longdoc.ingest:parse_file", jobs)}
    assert done["a"].value == parse_file(str(file))
    assert isinstance(done["b"].error, NotFoundError)
    assert done["b"].value is None


def test_crashes_bugs_and_noise_touch_no_other_job() -> None:
    with ProcessExecutor(2, Limits(memory=2 << 30)) as executor:
        done = run(executor, "one", "crash", "bug", "print", "exit", "eat", "recurse", "two")
    assert {name: result.value for name, result in done.items() if result.error is None} == {"one": "one", "print": "print", "two": "two"}
    errors = {name: result.error for name, result in done.items() if result.error is not None}
    assert {name: type(error) for name, error in errors.items()} == {
        "crash": DamagedError,
        "bug": DamagedError,
        "exit": DamagedError,
        "eat": LimitError,
        "recurse": LimitError,
    }
    assert all(f"{name}.pdf" in str(error) for name, error in errors.items())


def test_a_job_that_hangs_is_killed_at_its_limit_and_the_next_one_runs() -> None:
    with ProcessExecutor(1, Limits(seconds=2.0)) as executor:
        done = run(executor, "hang", "after")
    assert isinstance(done["hang"].error, LimitError)
    assert "within the limit of 2 s" in str(done["hang"].error)
    assert done["after"].value == "after"


def test_the_limit_on_time_begins_anew_for_every_page_that_is_read_by_ocr() -> None:
    with ProcessExecutor(1, Limits(seconds=1.2)) as executor:
        done = run(executor, "steps", "slow step")
    assert done["steps"].value == "steps"
    assert isinstance(done["slow step"].error, LimitError)
    assert "page 7 (OCR) not read within the limit of 1.2 s" in str(done["slow step"].error)


def test_workers_are_kept_between_calls() -> None:
    with ProcessExecutor(1, Limits()) as executor:
        assert run(executor, "pid")["pid"].value == run(executor, "pid")["pid"].value


def test_jobs_are_drawn_as_workers_become_free() -> None:
    drawn = []

    def jobs() -> Iterator[Job]:
        for place in range(1000):
            drawn.append(place)
            yield Job(str(place), {"path": "x", "what": "x"})

    with ProcessExecutor(1, Limits()) as executor:
        results = executor.map(ODD_JOBS, jobs())
        next(results)
        assert len(drawn) < 10
        results.close()  # type: ignore[attr-defined]


def test_close_ends_workers_that_are_in_the_middle_of_a_file() -> None:
    executor = ProcessExecutor(1, Limits(seconds=600))
    results = executor.map(ODD_JOBS, [Job("0", {"path": "x", "what": "pid"}), Job("1", {"path": "x", "what": "hang"})])
    process = next(results).value
    results.close()  # type: ignore[attr-defined]
    executor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_arguments_that_do_not_pickle_end_in_an_error_and_not_in_waiting() -> None:
    with ProcessExecutor(1, Limits()) as executor:
        done = list(executor.map(ODD_JOBS, [Job("0", {"path": "x.pdf", "what": lambda: None}), Job("1", {"path": "x", "what": "x"})]))
    assert isinstance(done[0].error, DamagedError)
    assert done[1].value == "x"


def test_no_jobs_give_no_results() -> None:
    with ProcessExecutor(2, Limits()) as executor:
        assert list(executor.map(ODD_JOBS, [])) == []


def test_it_works_from_a_script_without_a_main_guard(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "note.txt").write_text("Grain is dear.")
    script = tmp_path / "script.py"
    script.write_text(
        "from longdoc.ingest.sandbox import ProcessExecutor\n"
        "from longdoc.protocols import Job, Limits\n"
        "with ProcessExecutor(1, Limits()) as executor:\n"
        "    for done in executor.map('longdoc.ingest:parse_file', [Job('n', {'path': 'note.txt'})]):\n"
        "        print(done.value.document.text)\n"
    )
    result = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == "Grain is dear.\n"


def test_pictures_fonts_and_loops_cannot_exhaust_a_worker() -> None:
    bombs = {name: make(samples.report(1), b"", random.Random(1)) for name, make in BOMBS.items() if name != "bomb"}
    assert all(len(bomb) < 3_000_000 for bomb in bombs.values())
    jobs = [Job(name, {"data": bomb, "path": f"{name}.pdf"}) for name, bomb in bombs.items()]
    with ProcessExecutor(1, Limits(seconds=20.0, memory=96 << 20)) as executor:
        done = {one.key: one for one in executor.map("longdoc.ingest:parse_bytes", jobs)}
        assert run(executor, "after")["after"].value == "after"
    assert {name: type(one.error) for name, one in done.items() if not isinstance(one.error, InputError | None)} == {}
    assert f"the limit of {96 << 20} bytes of memory" in str(done["loops"].error)


def test_fewer_than_one_worker_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ProcessExecutor(0, Limits())
