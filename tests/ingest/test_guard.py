"""What a parser may not do: each thing is tried in a worker by a parser that has been taken over, or is only careless."""

from __future__ import annotations

import gc
import http.server
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import samples
from longdoc.errors import DamagedError, LimitError, UnreadableError
from longdoc.ingest import parse_bytes
from longdoc.ingest.answers import read_answer
from longdoc.ingest.guard import OPEN_FILES
from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.protocols import Done, Job, Limits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and process groups are POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux refuses it to native code")
ACT = "ingest.rude_jobs:act"


@pytest.fixture(scope="module")
def worker() -> Iterator[ProcessExecutor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        with ProcessExecutor(1, Limits(seconds=30.0)) as executor:
            yield executor


def run(worker: ProcessExecutor, what: str, place: object = "") -> Done:
    (done,) = worker.map(ACT, [Job(what, {"path": "sample.pdf", "what": what, "place": str(place)})])
    return done


def wait_for_the_end_of(process: int) -> None:
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([handle], [], [], 30)
    os.close(handle)
    assert ended, "it goes on"


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/template.dotm", asked
        running.shutdown()
        thread.join()


def test_nothing_is_fetched(worker: ProcessExecutor, server: tuple[str, list[str]]) -> None:
    address, asked = server
    fetched, looked_up = run(worker, "fetch", address), run(worker, "look_up")
    assert asked == []
    assert fetched.error is not None
    assert isinstance(looked_up.error, UnreadableError)
    assert "use the network" in str(looked_up.error)


@pytest.mark.parametrize("what", ["start", "shell", "fork"])
def test_nothing_is_executed(worker: ProcessExecutor, tmp_path: Path, what: str) -> None:
    done = run(worker, what, tmp_path / "executed")
    assert isinstance(done.error, UnreadableError)
    assert "start a program" in str(done.error) or "start the program" in str(done.error)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("what", ["write", "remove", "rename"])
def test_no_file_but_a_temporary_one_is_changed(worker: ProcessExecutor, tmp_path: Path, what: str) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = run(worker, what, tmp_path / "mine.txt")
    assert isinstance(done.error, UnreadableError)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("mine.txt", "mine")]


@linux
def test_native_code_changes_no_file_either_in_any_stage(worker: ProcessExecutor, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert run(worker, "native_write", tmp_path / "mine.txt").value == -1
    assert run(worker, "native_write", tmp_path / "new.txt").value == -1
    assert run(worker, "native_remove", tmp_path / "mine.txt").value == -1
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("mine.txt", "mine")]


@linux
def test_native_code_gets_no_socket_but_a_local_one(worker: ProcessExecutor) -> None:
    *remote, local = run(worker, "native_socket").value
    assert remote == [-1, -1, -1]
    assert local >= 0


def test_a_parser_writes_nothing_and_opens_few_files(worker: ProcessExecutor) -> None:
    scratch, many = run(worker, "scratch").error, run(worker, "many_files").error
    assert isinstance(scratch, LimitError)
    assert "the limit of 0 bytes" in str(scratch)
    assert isinstance(many, LimitError)
    assert f"the limit of {OPEN_FILES} open files" in str(many)


def test_a_format_may_start_the_program_that_it_names_and_its_files_are_removed(worker: ProcessExecutor) -> None:
    assert run(worker, "convert").value == "converted"
    assert run(worker, "left_behind").value == []


@linux
def test_a_program_that_a_format_starts_has_no_network(worker: ProcessExecutor) -> None:
    assert run(worker, "program_online").value == "refused\n"


@linux
def test_what_a_worker_has_started_ends_with_it_and_its_folder_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ProcessExecutor(1, Limits()) as executor:
        process = run(executor, "program_that_stays").value
        assert len(list(tmp_path.iterdir())) == 1
    wait_for_the_end_of(process)
    assert list(tmp_path.iterdir()) == []


DRIVER = """
import os, signal, sys
from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.protocols import Job, Limits

with ProcessExecutor(1, Limits()) as executor:
    for done in executor.map(sys.argv[1], [Job("key", {"path": "x", "what": "pid"})]):
        print(done.value, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@linux
def test_a_run_that_is_killed_leaves_no_folder(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]), "TMPDIR": str(tmp_path)}
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, ACT], env=environment, stdout=subprocess.PIPE, text=True)
    worker = int(driver.communicate()[0])
    wait_for_the_end_of(worker)
    assert driver.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_would_call_something_is_refused_and_the_next_file_read(worker: ProcessExecutor, tmp_path: Path) -> None:
    done = run(worker, "evil", tmp_path / "called")
    assert isinstance(done.error, DamagedError)
    assert "posix.mkdir is no record" in str(done.error)
    assert not (tmp_path / "called").exists()
    assert run(worker, "harmless").value == "harmless"


def test_documents_arrays_and_errors_are_answers_and_functions_of_longdoc_are_not() -> None:
    import numpy as np

    from longdoc.ingest.sandbox import subprocess as inner
    from longdoc.protocols import Reading

    parsed = parse_bytes(samples.report(1), "sample.pdf")
    assert read_answer(pickle.dumps(parsed)) == parsed
    error = LimitError("too much")
    assert str(read_answer(pickle.dumps(error))) == "too much"
    numbers = np.arange(6, dtype=np.float16).reshape(2, 3)
    reading = Reading(numbers, numbers, numbers, numbers, numbers, 6, {"more": numbers})
    assert read_answer(pickle.dumps(reading)).extra["more"].tolist() == numbers.tolist()
    for named in (parse_bytes, inner.Popen, eval, ProcessExecutor):
        with pytest.raises(pickle.UnpicklingError, match="is no record"):
            read_answer(pickle.dumps(named))
    with pytest.raises(pickle.UnpicklingError):
        read_answer(b"\x80\x04\x8c\x16longdoc.ingest.sandbox\x8c\x10subprocess.Popen\x93.")
    assert gc.isenabled()
