"""Files inside files are documents at a path below their container's, and cost nothing when nothing changes."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from corpus_samples import HereExecutor, WordReader

from longdoc import Pipeline
from longdoc.config import Settings
from longdoc.types import Outcome
from longdoc_pipelines.ingest import ingest
from longdoc_stores.corpus import Corpus

LEASE = "The lease runs for ten years.\n"
LOAN = "Delaware law governs the loan.\n"


def archive(members: Mapping[str, str | bytes], password: str | None = None) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6)), content, compress_type=zipfile.ZIP_DEFLATED)
    return output.getvalue()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("docs/a.zip", archive({"law/loan.txt": LOAN, "lease.txt": LEASE, "in/deep.zip": archive({"old.txt": LEASE + LOAN})}))
    return tmp_path


def write(path: str, content: bytes) -> None:
    """A file that was written long enough ago for its time stamp to be believed."""
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_bytes(content)
    when = Path(path).stat().st_mtime_ns - int(3600e9)
    os.utime(path, ns=(when, when))


@pytest.fixture
def corpus(place: Path) -> Iterator[Corpus]:
    with Corpus(place / "store") as made:
        yield made


class Run:
    def __init__(self, corpus: Corpus, **settings: object) -> None:
        self.corpus, self.settings, self.executor = corpus, Settings(**settings), HereExecutor()

    def __call__(self, *paths: str, **more: object) -> dict[str, Outcome]:
        self.executor.jobs.clear()
        found = list(ingest(self.corpus, paths or ["docs"], WordReader(), self.settings, executor=self.executor, **more))
        assert len({outcome.path for outcome in found}) == len(found)
        return {outcome.path: outcome for outcome in found}

    @property
    def opened(self) -> list[str]:
        return [job.arguments["path"] for job in self.executor.jobs]


def told(outcomes: Mapping[str, Outcome]) -> dict[str, tuple[str, str]]:
    return {path: (one.outcome, one.stage) for path, one in sorted(outcomes.items())}


def test_each_member_is_a_document_at_a_path_below_its_container(corpus: Corpus) -> None:
    assert told(Run(corpus)()) == {
        "docs/a.zip": ("ok", "unpack"),
        "docs/a.zip/in/deep.zip": ("ok", "unpack"),
        "docs/a.zip/in/deep.zip/old.txt": ("ok", "read"),
        "docs/a.zip/law/loan.txt": ("ok", "read"),
        "docs/a.zip/lease.txt": ("ok", "read"),
    }
    assert [entry.path for entry in corpus.select(["docs/a.zip/in"])] == ["docs/a.zip/in/deep.zip/old.txt"]
    assert [corpus.document(entry).text for entry in corpus.select(["docs/a.zip/law/loan.txt"])] == [LOAN]


def test_with_the_real_workers_it_is_the_same(corpus: Corpus) -> None:
    here = told(Run(corpus)())
    with Corpus(Path("other")) as other:
        away = {one.path: one for one in ingest(other, ["docs"], WordReader(), Settings(workers=1))}
        assert told(away) == here
        assert [entry.document_key for entry in other.select()] == [entry.document_key for entry in corpus.select()]


def test_an_unchanged_container_is_not_opened_again_and_nothing_is_written(corpus: Corpus) -> None:
    run = Run(corpus)
    first = run()
    before = corpus.catalogue.one("SELECT total_changes()")
    again = run()
    assert run.opened == []
    assert corpus.catalogue.one("SELECT total_changes()") == before
    assert told(again) == told(first)
    assert all(outcome.cached for outcome in again.values())


def test_a_changed_member_redoes_itself_alone_and_a_removed_one_is_told(corpus: Corpus, place: Path) -> None:
    run = Run(corpus)
    run()
    write("docs/a.zip", archive({"law/loan.txt": LOAN.replace("Delaware", "Texas"), "lease.txt": LEASE}))
    outcomes = run()
    assert run.opened == ["docs/a.zip", "docs/a.zip/law/loan.txt"]
    gone = outcomes["docs/a.zip/in/deep.zip/old.txt"]
    assert (gone.outcome, gone.reason) == (
        "skipped",
        "docs/a.zip/in/deep.zip/old.txt: no longer there; `longdoc forget` removes what was read of it",
    )
    assert [entry.path for entry in corpus.select()] == ["docs/a.zip/law/loan.txt", "docs/a.zip/lease.txt"]
    corpus.forget(["docs/a.zip/in"])
    assert "docs/a.zip/in/deep.zip/old.txt" not in run()


def test_a_container_that_has_moved_or_was_copied_is_not_unpacked_again(corpus: Corpus) -> None:
    run = Run(corpus)
    run()
    os.rename("docs/a.zip", "docs/b.zip")
    outcomes = run()
    assert run.opened == []
    assert outcomes["docs/b.zip/lease.txt"].details == {"moved_from": "docs/a.zip/lease.txt"}
    assert [entry.path for entry in corpus.select()][:1] == ["docs/b.zip/in/deep.zip/old.txt"]


def test_a_member_is_reached_by_its_own_path_and_one_that_is_not_there_is_told(corpus: Corpus) -> None:
    run = Run(corpus)
    outcomes = run("docs/a.zip/in/deep.zip/old.txt", "docs/a.zip/nothing.pdf")
    assert told(outcomes) == {
        "docs/a.zip": ("ok", "unpack"),
        "docs/a.zip/in/deep.zip": ("ok", "unpack"),
        "docs/a.zip/in/deep.zip/old.txt": ("ok", "read"),
        "docs/a.zip/nothing.pdf": ("failed", "scan"),
    }
    assert outcomes["docs/a.zip/nothing.pdf"].reason == "docs/a.zip/nothing.pdf: no such file in docs/a.zip"


@pytest.mark.parametrize("path", ["docs/a.zip/nothing.pdf", "docs/b.txt/x"])
def test_a_path_into_a_file_that_does_not_hold_it_is_told_beside_a_folder(corpus: Corpus, path: str) -> None:
    write("docs/b.txt", LOAN.encode())
    assert told(Run(corpus)("docs", path))[path] == ("failed", "scan")


def test_the_same_content_in_two_containers_is_read_once(corpus: Corpus) -> None:
    write("docs/b.zip", archive({"copy.txt": LEASE}))
    run = Run(corpus)
    assert told(run())["docs/b.zip/copy.txt"] == ("ok", "read")
    assert len(run.opened) == len({job.key for job in run.executor.jobs})


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ({"max_members": 2}, "docs/a.zip", "holds 3 files or more, the limit is 2"),
        ({"max_members": 3}, "docs/a.zip/in/deep.zip", "with it, docs/a.zip holds 4 files, the limit is 3"),
        ({"max_unpacked": 100}, "docs/a.zip", r"unpacks to \d+ bytes or more, the limit is 100"),
        ({"max_depth": 1}, "docs/a.zip/in/deep.zip", "nested 2 deep, the limit is 1"),
    ],
)
def test_a_container_beyond_a_limit_fails_with_both_numbers(corpus: Corpus, settings: dict[str, int], path: str, message: str) -> None:
    failed = Run(corpus, **settings)()[path]
    assert failed.outcome == "failed"
    assert re.search(message, failed.reason or ""), failed.reason
    assert Run(corpus)()[path].outcome == "ok"


def test_a_bomb_is_refused_before_it_is_unpacked(corpus: Corpus) -> None:
    write("docs/bomb.zip", archive({"zeros.txt": bytes(32 << 20)}))
    bomb = Run(corpus)()["docs/bomb.zip"]
    assert bomb.outcome == "failed"
    assert "unpacks to 33554432 bytes" in (bomb.reason or "")
    assert "the limit is 200 times" in (bomb.reason or "")


def test_an_archive_that_holds_itself_ends_at_the_limit_of_depth(corpus: Corpus) -> None:
    content = archive({"end.txt": LEASE})
    for _ in range(7):
        content = archive({"a.zip": content})
    write("docs/a.zip", content)
    outcomes = Run(corpus)()
    assert len(outcomes) == 6
    assert (
        outcomes["docs/a.zip" + "/a.zip" * 5].reason
        == f"docs/a.zip{'/a.zip' * 5}: nested 6 deep, the limit is 5; unpack it, or raise max_depth"
    )


def test_names_lead_nowhere_but_below_the_container(corpus: Corpus, place: Path) -> None:
    names = [
        "/etc/passwd.txt",
        "../../up.txt",
        "C:\\temp\\win.txt",
        "a.txt",
        "A.txt",
        "./a.txt",
        "odd\x07name\u202e.txt",
        ".hidden",
        "__MACOSX/x.txt",
    ]
    write("docs/a.zip", archive({name: f"This is number {place}." for place, name in enumerate(names)}))
    assert sorted(Run(corpus)()) == [
        "docs/a.zip",
        "docs/a.zip/A.txt",
        "docs/a.zip/a (2).txt",
        "docs/a.zip/a.txt",
        "docs/a.zip/etc/passwd.txt",
        "docs/a.zip/odd_name_.txt",
        "docs/a.zip/temp/win.txt",
        "docs/a.zip/up.txt",
    ]
    assert not list(place.rglob("up.txt"))


def test_links_are_told_and_not_followed(corpus: Corpus) -> None:
    link = zipfile.ZipInfo("secret.txt")
    link.external_attr = 0o120777 << 16
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as target:
        target.writestr(link, "/etc/passwd")
        target.writestr("lease.txt", LEASE)
    write("docs/a.zip", output.getvalue())
    outcomes = Run(corpus)()
    assert outcomes["docs/a.zip/secret.txt"].outcome == "skipped"
    assert outcomes["docs/a.zip/secret.txt"].reason == "docs/a.zip/secret.txt: a link, which is not followed"


def test_what_is_in_an_archive_and_not_read_is_told_as_in_a_folder(corpus: Corpus) -> None:
    write("docs/a.zip", archive({"photo.png": b"\x89PNG\r\n\x1a\n" + bytes(50), "empty.txt": b"", "damaged.docx": b"PK\x03\x04rest"}))
    outcomes = told(Run(corpus)())
    assert outcomes["docs/a.zip/photo.png"][0] in ("skipped", "ok", "failed")
    assert outcomes["docs/a.zip/empty.txt"] == ("failed", "parse")
    assert outcomes["docs/a.zip/damaged.docx"] == ("failed", "parse")


def test_forgetting_a_container_removes_every_word_of_its_members(place: Path) -> None:
    with Pipeline(place / "store", threads=1) as pipeline:
        pipeline.ingest("docs")
        assert pipeline.document("docs/a.zip/law/loan.txt").text == LOAN
        (hit, *_) = pipeline.search("Delaware law", "docs/a.zip", k=1)
        assert hit.citation.path in ("docs/a.zip/law/loan.txt", "docs/a.zip/in/deep.zip/old.txt")
        assert "docs/a.zip/lease.txt" in pipeline.forget("docs/a.zip")
        assert pipeline.documents() == []
    kept = [file for file in (place / "store").rglob("*") if file.is_file() and b"Delaware" in file.read_bytes()]
    assert kept == []
    assert list((place / "store" / "members").iterdir()) == []


def test_copies_can_be_read_by_their_owner_alone(corpus: Corpus) -> None:
    Run(corpus)()
    folder = corpus.folder / "members"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
