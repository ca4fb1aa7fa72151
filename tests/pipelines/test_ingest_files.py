from __future__ import annotations

import os
from pathlib import Path

import pytest

from longdoc_pipelines.files import walk
from longdoc_stores.corpus import Corpus


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("docs/b.txt", "docs/a/z.txt", "docs/a.txt", "docs/.hidden/x.txt", "docs/.secret.txt", "other.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def paths(*named: str) -> list[str]:
    return [found.path for found in walk(named) if found.problem is None]


def problems(*named: str) -> list[tuple[str, str, bool, bool]]:
    return [(f.path, type(f.problem).__name__, f.skipped, f.named) for f in walk(named) if f.problem is not None]


def test_a_folder_is_walked_by_name_without_what_is_hidden() -> None:
    assert paths("docs") == ["docs/a/z.txt", "docs/a.txt", "docs/b.txt"]


def test_paths_are_as_they_were_reached(home: Path) -> None:
    assert paths("./docs/")[0] == "./docs/a/z.txt"
    assert paths(f"{home}/docs")[0] == f"{home}/docs/a/z.txt"
    assert paths("docs/../other.txt") == ["docs/../other.txt"]


def test_what_is_named_is_taken_even_if_hidden() -> None:
    assert paths("docs/.secret.txt", "docs/.hidden") == ["docs/.secret.txt", "docs/.hidden/x.txt"]


def test_a_file_reached_twice_counts_once() -> None:
    assert paths("docs/b.txt", "docs", "./docs/a", "docs/a.txt") == ["docs/b.txt", "docs/a/z.txt", "docs/a.txt"]
    assert problems("docs", "docs", "docs/a") == []


def test_links_are_followed_and_loops_end(home: Path) -> None:
    (home / "docs/a/up").symlink_to(home / "docs")
    (home / "docs/c").symlink_to(home / "other.txt")
    (home / "docs/d.txt").symlink_to("b.txt")
    assert paths("docs") == ["docs/a/z.txt", "docs/a.txt", "docs/b.txt", "docs/c"]


def test_a_link_that_leads_nowhere_is_skipped_in_a_folder_and_missing_when_named(home: Path) -> None:
    (home / "docs/broken").symlink_to("nowhere")
    assert problems("docs") == [("docs/broken", "NotFoundError", True, False)]
    assert problems("docs/broken") == [("docs/broken", "NotFoundError", False, True)]


def test_a_missing_path_is_a_problem_and_the_others_go_on() -> None:
    assert problems("nope", "docs", "nope/x") == [
        ("nope", "NotFoundError", False, True),
        ("nope/x", "NotFoundError", False, True),
    ]
    assert len(paths("nope", "docs")) == 3
    assert problems("") == [("", "NotFoundError", False, True)]
    assert problems("a\0b") == [("a\0b", "UnreadableError", False, True)]


def test_an_empty_folder_is_said_to_be_empty(home: Path) -> None:
    (home / "empty").mkdir()
    (home / "docs/empty").mkdir()
    assert problems("empty") == [("empty", "NotFoundError", True, True)]
    assert problems("docs") == []


def test_a_pipe_is_no_file(home: Path) -> None:
    os.mkfifo(home / "docs/pipe")
    assert problems("docs") == [("docs/pipe", "UnreadableError", True, False)]
    assert problems("docs/pipe") == [("docs/pipe", "UnreadableError", False, True)]


def test_a_corpus_folder_is_passed_over_whatever_its_name(home: Path) -> None:
    Corpus(home / "docs" / "store").close()
    assert paths("docs") == ["docs/a/z.txt", "docs/a.txt", "docs/b.txt"]
    assert problems("docs/store") == [("docs/store", "UnreadableError", False, True)]


def test_a_name_that_is_no_text_is_a_problem_of_that_file_alone(home: Path) -> None:
    (home / "docs" / os.fsdecode(b"\xff.txt")).write_text("x")
    (problem,) = problems("docs")
    assert problem[1] == "UnreadableError"
    assert len(paths("docs")) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_folder_that_may_not_be_read_is_a_problem(home: Path) -> None:
    (home / "docs/a").chmod(0)
    assert problems("docs") == [("docs/a", "UnreadableError", False, False)]
    (home / "docs/a").chmod(0o700)
