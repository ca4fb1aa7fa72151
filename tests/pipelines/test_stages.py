"""The stages by themselves, in this process, and their failures in a worker."""

from __future__ import annotations

import json
import os
import pickle
import platform
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from worker_samples import ANSWER, STAGED, OddReader, importable, make_mark

from longdoc.errors import ChangedError, DamagedError, EmptyFileError, InputError, LimitError, StoreError
from longdoc.ingest import parse_file
from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.ingest.worker import Watch
from longdoc.labels import load_labels
from longdoc.model.reader import EmbeddedReader
from longdoc.protocols import Done, Job, Limits
from longdoc_pipelines import stages
from longdoc_pipelines.stages import ReaderChoice, ReadFile, read_file, read_parsed

LEASE = "LEASE AGREEMENT\n\n1. Term. The lease runs for ten years.\n\n2. Governing Law. The law of Delaware governs this lease.\n"
EMBEDDED = ReaderChoice("embedded", threads=1)
ODD = ReaderChoice("odd", threads=1)


@pytest.fixture(autouse=True)
def _importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importable(tmp_path / "site", monkeypatch)


@pytest.fixture
def lease(tmp_path: Path) -> str:
    file = tmp_path / "lease.txt"
    file.write_text(LEASE, encoding="utf-8")
    return str(file)


class Told(Watch):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.tokens = 0

    def entered(self, stage: str) -> None:
        self.stages.append(stage)

    def progress(self, tokens: int) -> None:
        self.tokens += tokens


def test_a_file_is_parsed_and_read_as_the_parser_and_the_reader_do_it(lease: str) -> None:
    found = read_file(lease, reader=EMBEDDED)
    parsed = parse_file(lease)
    assert found.parsed == parsed
    expected = EmbeddedReader(threads=1).read(parsed.document, parsed.chunks)
    assert found.reading is not None
    assert found.reading.tokens == expected.tokens > 20
    for name in ("sentences", "chunk_of_sentence", "chunk_vectors", "sentence_vectors", "salience"):
        np.testing.assert_array_equal(getattr(found.reading, name), getattr(expected, name), err_msg=name)
    assert found.candidates is None


def test_without_a_reader_it_is_only_parsed(lease: str) -> None:
    assert read_file(lease) == ReadFile(parse_file(lease))


def test_what_it_takes_and_gives_survives_pickling(lease: str) -> None:
    choice = pickle.loads(pickle.dumps(ReaderChoice("embedded", 2, Path("weights"))))
    assert choice == ReaderChoice("embedded", 2, Path("weights"))
    given = read_file(lease, reader=ODD, labels=load_labels("cuad"))
    arrived = pickle.loads(pickle.dumps(given))
    assert (arrived.parsed, arrived.candidates) == (given.parsed, given.candidates)


def test_a_process_loads_a_reader_once_with_the_threads_that_it_may_take() -> None:
    first, other = ODD.load(), ReaderChoice("odd", threads=3).load()
    assert first is ReaderChoice("odd", threads=1).load()
    assert isinstance(other, OddReader)
    assert other.threads == 3


def test_the_candidates_are_the_best_fifty_of_each_label_by_their_places(tmp_path: Path) -> None:
    file = tmp_path / "lease.txt"
    file.write_text("".join(f"{number}. Rent. {'Rent is due. ' * 150}\n\n" for number in range(1, 61)))
    labels = load_labels("cuad")
    labels = labels.model_copy(update={"labels": labels.labels[:2]})
    found = read_file(str(file), reader=ODD, labels=labels)
    chunks = found.parsed.chunks
    assert len(chunks) > 50
    assert found.candidates is not None
    expected = [[label.name, 0.5, chunk.span.start, chunk.span.end, "trained", None] for label in labels.labels for chunk in chunks[:50]]
    assert json.loads(found.candidates) == expected


def test_a_long_document_is_only_parsed(lease: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "LONGEST", len(LEASE) - 1)
    assert read_file(lease, reader=ODD) == ReadFile(parse_file(lease))
    monkeypatch.setattr(stages, "LONGEST", len(LEASE))
    assert read_file(lease, reader=ODD).reading is not None


def test_what_is_parsed_already_is_not_opened(lease: str) -> None:
    known = parse_file(lease)
    Path(lease).unlink()
    assert read_file(lease, known=known, reader=ODD).reading is not None
    assert read_parsed(known, ODD).parsed is known


def test_content_that_is_sent_along_is_taken_for_the_file(lease: str) -> None:
    expected = read_file(lease, reader=ODD)
    content = Path(lease).read_bytes()
    Path(lease).unlink()
    found = read_file(lease, data=content, reader=ODD)
    assert found.parsed == expected.parsed
    with pytest.raises(ChangedError, match="changed since the run began"):
        read_file(lease, data=content, expected_sha256="0" * 64)
    with pytest.raises(LimitError, match=f"has {len(content)} bytes, the limit is 10;"):
        read_file(lease, data=content, limits=Limits(file_size=10))


def test_a_watch_is_told_of_each_stage_as_it_begins(lease: str) -> None:
    told = Told()
    read_file(lease, reader=ODD, labels=load_labels("cuad"), watch=told)
    assert told.stages == ["read", "extract"]
    assert told.tokens == len(LEASE.split())


def test_nothing_is_entered_where_the_parser_fails(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    told = Told()
    with pytest.raises(EmptyFileError):
        read_file(str(tmp_path / "empty.txt"), reader=ODD, watch=told)
    assert told.stages == []


# In a worker


@pytest.fixture
def executor() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(1, Limits(seconds=2.0, memory=256 << 20)) as made:
        yield made


def one(executor: ProcessExecutor, function: str, path: str, what: str) -> Done:
    (done,) = executor.map(function, [Job("key", {"path": path, "what": what})])
    return done


def test_the_limits_end_with_the_parse(executor: ProcessExecutor) -> None:
    assert one(executor, STAGED, "x.pdf", "eat").value == 1 << 30
    assert one(executor, STAGED, "x.pdf", "take time").value == "take time"


def test_the_limits_hold_again_for_the_next_file(executor: ProcessExecutor) -> None:
    assert one(executor, STAGED, "x.pdf", "eat").error is None
    error = one(executor, "ingest.odd_jobs:answer", "x.pdf", "eat").error
    assert isinstance(error, LimitError)
    assert f"limit of {256 << 20} bytes" in str(error)


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ("bug", InputError, "x.pdf: the stage 'read' failed on it (RuntimeError: no such layer)"),
        ("crash", DamagedError, "x.pdf: the stage 'read' crashed on it (signal 6)"),
        ("store", StoreError, "weights.safetensors: made by a newer longdoc"),
    ],
)
def test_a_failure_names_its_stage(executor: ProcessExecutor, what: str, kind: type[Exception], words: str) -> None:
    done = one(executor, STAGED, "x.pdf", what)
    assert done.stage == "read"
    assert type(done.error) is kind
    assert words in str(done.error)


def test_a_crash_before_any_stage_is_the_parsers(executor: ProcessExecutor) -> None:
    done = one(executor, ANSWER, "x.pdf", "crash")
    assert done.stage == "parse"
    assert "the parser crashed on it (signal 6)" in str(done.error)


def test_a_worker_that_is_killed_from_outside_does_not_count_against_the_file(executor: ProcessExecutor, tmp_path: Path) -> None:
    assert one(executor, ANSWER, make_mark(tmp_path / "mark"), "die once").value == "die once"


def test_a_file_whose_worker_is_killed_twice_fails_and_the_next_is_read(executor: ProcessExecutor) -> None:
    done = one(executor, ANSWER, "x.pdf", "die")
    assert isinstance(done.error, DamagedError)
    assert "x.pdf: its worker was killed 2 times (signal 9)" in str(done.error)
    assert one(executor, ANSWER, "y.pdf", "fine").value == "fine"


@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="the heap of glibc")
def test_a_worker_gives_back_the_memory_that_a_file_has_left_full_of_holes(executor: ProcessExecutor) -> None:
    assert one(executor, STAGED, "x.pdf", "leave holes").value == 900_000_000
    assert one(executor, ANSWER, "x.pdf", "resident").value < 400_000_000


DRIVER = """
import sys
from longdoc.ingest.sandbox import ProcessExecutor
from longdoc.protocols import Job, Limits

with ProcessExecutor(1, Limits()) as executor:
    for done in executor.map("worker_samples:answer", [Job("key", {"path": "x", "what": "own"})]):
        print(done.value, flush=True)
    list(executor.map("worker_samples:staged", [Job("key", {"path": sys.argv[1], "what": "read for ever"})]))
"""


def test_a_worker_whose_parent_is_killed_stops_reading(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(pipe)], stdout=subprocess.PIPE, text=True)
    # Opening it waits for the worker to read from it, and a pipe that nobody reads from any more is an error.
    with driver, pipe.open("w") as read:
        ended = select.poll()
        ended.register(read, 0)
        worker = int(driver.stdout.readline()) if driver.stdout else 0
        driver.kill()
        if not ended.poll(60_000):
            os.kill(worker, signal.SIGKILL)
            raise AssertionError("the worker reads on")
