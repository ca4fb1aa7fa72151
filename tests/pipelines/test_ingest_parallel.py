"""Ingest with files read where they are parsed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_samples import HereExecutor
from worker_samples import OddReader, importable, make_mark, take_mark

from longdoc.config import Settings
from longdoc.errors import MissingExtraError, StoreError, UnknownNameError
from longdoc.labels import LabelSet, load_labels
from longdoc.model.reader import EmbeddedReader
from longdoc.protocols import Reader
from longdoc.types import Outcome
from longdoc_pipelines import stages
from longdoc_pipelines.extract import candidates
from longdoc_pipelines.ingest import ingest
from longdoc_pipelines.stages import ReaderChoice
from longdoc_pipelines.workers import FEW, reader_of_workers
from longdoc_stores.corpus import Corpus
from longdoc_stores.digest import digest

ODD = ReaderChoice("odd", threads=1)
CUAD = load_labels("cuad")
NAMES = [f"docs/{number}.txt" for number in range(FEW)]


@pytest.fixture(autouse=True)
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    importable(tmp_path / "site", monkeypatch)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(FEW):
        write(folder / f"{number}.txt", f"LEASE No. {number}\n\n1. Term. Flat {number} is let for {number + 1} years.\n\n2. Law. Ohio.\n")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path / "corpus") as made:
        yield made


def write(path: Path, text: str) -> None:
    """A file that was written long enough ago for its time stamp to be believed."""
    path.write_text(text, encoding="utf-8")
    when = path.stat().st_mtime_ns - int(3600e9)
    os.utime(path, ns=(when, when))


def run(corpus: Corpus, reader: Reader | None = None, **arguments: Any) -> dict[str, Outcome]:
    """Ingest `docs` with readers named `odd` in workers, unless told otherwise."""
    workers = arguments.pop("workers", 1)
    arguments = {"choice": ODD, **arguments}
    return {outcome.path: outcome for outcome in ingest(corpus, ["docs"], reader or OddReader(), Settings(workers=workers), **arguments)}


def failures(outcomes: dict[str, Outcome]) -> dict[str, tuple[str | None, str | None]]:
    """(stage, reason) of what failed; all else must be read."""
    assert {outcome.outcome for outcome in outcomes.values()} <= {"ok", "failed"}
    return {path: (outcome.stage, outcome.reason) for path, outcome in outcomes.items() if outcome.outcome == "failed"}


class Refusing(OddReader):
    """A reader of whom nothing is wanted."""

    def read(self, *arguments: Any, **named: Any) -> Any:
        raise AssertionError("nothing is to be read in this process")

    def extract(self, source: Any, labels: LabelSet) -> Any:
        raise AssertionError("nothing is to be extracted in this process")


def test_workers_give_the_corpus_that_one_process_gives(corpus: Corpus, tmp_path: Path) -> None:
    outcomes = run(corpus, Refusing(), workers=2)
    assert {path: (o.outcome, o.stage, o.cached) for path, o in outcomes.items()} == {name: ("ok", "read", False) for name in NAMES}
    with Corpus(tmp_path / "other") as other:
        assert run(other, choice=None, executor=HereExecutor()).keys() == outcomes.keys()
        assert digest(other) == digest(corpus)


def test_so_does_the_shipped_reader(corpus: Corpus, tmp_path: Path) -> None:
    run(corpus, EmbeddedReader(threads=1), choice=ReaderChoice("embedded", threads=1))
    with Corpus(tmp_path / "other") as other:
        run(other, EmbeddedReader(threads=1), choice=None, executor=HereExecutor())
        assert digest(other) == digest(corpus)


def test_few_files_are_read_in_this_process(corpus: Corpus, docs: Path) -> None:
    (docs / "0.txt").unlink()
    executor, reader = HereExecutor(), OddReader()
    run(corpus, reader, executor=executor)
    assert sorted(reader.read_paths) == NAMES[1:]
    assert all("reader" not in job.arguments for job in executor.jobs)


def test_a_run_that_is_begun_again_reads_what_is_left_as_it_would_have(corpus: Corpus, docs: Path) -> None:
    running = ingest(corpus, ["docs"], Refusing(), Settings(), choice=ODD, executor=HereExecutor())
    done = {next(running).path for _ in range(FEW - 2)}
    running.close()
    executor = HereExecutor()
    assert {path for path, outcome in run(corpus, Refusing(), executor=executor).items() if outcome.cached} == done
    assert [job.arguments["reader"] for job in executor.jobs] == [ODD, ODD]


@pytest.mark.parametrize(
    ("files", "threads", "workers", "executor", "expected"),
    [
        (FEW - 1, 4, 2, "local", None),
        (FEW, 4, 2, "local", 2),
        (FEW, 2, 4, "local", 1),
        (FEW, 5, 1, "local", 5),
        (1, 16, 4, "ray", 1),
    ],
)
def test_workers_share_out_the_threads(files: int, threads: int, workers: int, executor: str, expected: int | None) -> None:
    found = reader_of_workers(ReaderChoice("odd", threads), Settings(workers=workers, executor=executor), files)
    assert found == (None if expected is None else ReaderChoice("odd", expected))


def test_candidates_found_by_workers_are_a_look_up_later(corpus: Corpus, tmp_path: Path) -> None:
    run(corpus, Refusing(), labels=CUAD, executor=HereExecutor())
    with Corpus(tmp_path / "other") as other:
        run(other, choice=None, executor=HereExecutor())
        for entry, own in zip(corpus.select(), other.select(), strict=True):
            found = candidates(corpus, Refusing(), entry, CUAD)
            assert len(found) == len(CUAD.labels) * len(corpus.chunks(entry))
            assert found == candidates(other, OddReader(), own, CUAD)


def test_candidates_that_were_never_asked_for_are_not_stored(corpus: Corpus) -> None:
    run(corpus, labels=None, executor=HereExecutor())
    with pytest.raises(AssertionError, match="nothing is to be extracted"):
        candidates(corpus, Refusing(), corpus.select()[0], CUAD)


def test_another_reader_reads_in_the_workers_what_is_parsed_already(corpus: Corpus) -> None:
    run(corpus, executor=HereExecutor())
    other = Refusing()
    other.fingerprint = other.reading_fingerprint = "odd/2"
    executor = HereExecutor()
    outcomes = run(corpus, other, executor=executor)
    assert [(o.outcome, o.cached) for o in outcomes.values()] == [("ok", False)] * FEW
    assert [job.arguments["known"].document.text for job in executor.jobs] == [corpus.document(entry).text for entry in corpus.select()]
    for reader in (other, Refusing()):
        assert all(outcome.cached for outcome in run(corpus, reader, executor=HereExecutor()).values())


def test_a_document_too_long_for_one_worker_is_read_in_this_process(corpus: Corpus, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "LONGEST", 200)
    write(docs / "long.txt", "LEASE\n\n" + "The rent is due. " * 20)
    reader = OddReader()
    assert failures(run(corpus, reader, executor=HereExecutor())) == {}
    assert reader.read_paths == ["docs/long.txt"]
    assert len(corpus.select()) == FEW + 1


def test_what_fails_in_a_worker_names_its_stage_and_costs_no_other_file(corpus: Corpus, docs: Path) -> None:
    write(docs / "bug.txt", "BUG\n\nRent is due.\n")
    write(docs / "crash.txt", "CRASH\n\nRent is due.\n")
    write(docs / "damaged.docx", "PK\x03\x04 and nothing else")
    write(docs / "empty.txt", "\n")
    write(docs / "unlabelled.txt", "UNLABELLED\n\nRent is due.\n")
    found = failures(run(corpus, Refusing(), labels=CUAD, workers=2))
    assert {path: stage for path, (stage, _) in found.items()} == {
        "docs/bug.txt": "read",
        "docs/crash.txt": "read",
        "docs/damaged.docx": "parse",
        "docs/empty.txt": "parse",
        "docs/unlabelled.txt": "extract",
    }
    assert "docs/bug.txt: the stage 'read' failed on it (RuntimeError: no such layer)" in str(found["docs/bug.txt"][1])
    assert "docs/crash.txt: the stage 'read' crashed on it (signal 6)" in str(found["docs/crash.txt"][1])
    assert "the stage 'extract' failed on it (RuntimeError: no such head)" in str(found["docs/unlabelled.txt"][1])
    assert len(corpus.select()) == FEW
    assert failures(run(corpus, Refusing(), labels=CUAD, workers=2)) == found


def test_a_worker_that_is_killed_from_outside_costs_no_file(corpus: Corpus, docs: Path, tmp_path: Path) -> None:
    mark = make_mark(tmp_path / "mark")
    write(docs / "victim.txt", f"DIE-ONCE {mark}\n\nRent is due.\n")
    outcomes = run(corpus, Refusing(), workers=2)
    assert not take_mark(mark)
    assert failures(outcomes) == {}
    assert len(outcomes) == len(corpus.select()) == FEW + 1


def test_a_fault_that_every_file_would_meet_ends_the_run(corpus: Corpus, docs: Path) -> None:
    write(docs / "0.txt", "STORE\n\nRent is due.\n")
    with pytest.raises(StoreError, match="made by a newer longdoc"):
        run(corpus, Refusing(), workers=1)


def test_an_executor_that_does_not_exist_is_refused_with_those_that_do(corpus: Corpus) -> None:
    with pytest.raises(UnknownNameError, match=r"no executor 'slurm'\. Known: local, ray"):
        list(ingest(corpus, ["docs"], OddReader(), Settings(executor="slurm")))


def test_ray_where_it_is_not_installed_is_refused_with_what_to_install(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'longdoc\[ray\]'"):
        list(ingest(corpus, ["docs"], OddReader(), Settings(executor="ray")))
