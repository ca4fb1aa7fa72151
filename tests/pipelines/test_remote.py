"""Inputs and results at fsspec addresses, tried with fsspec's file system in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from longdoc import Pipeline
from longdoc.cli.options import Output
from longdoc.cli.upload import reachable
from longdoc.errors import NotFoundError, UsageError
from longdoc_pipelines.remote import Remote

LAW = "This Agreement is governed by the laws of the State of Nevada. Each party shall keep its records.\n"


@pytest.fixture
def bucket() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    files.pipe("/bucket/contracts/a.txt", LAW.encode())
    files.pipe("/bucket/contracts/more/b.txt", LAW.replace("Nevada", "Texas").encode())
    files.pipe("/bucket/contracts/.hidden", b"no")
    yield files
    files.store.clear()


def test_documents_at_an_address_are_known_by_their_address(bucket: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    with Pipeline(tmp_path / "store", threads=1) as pipeline:
        outcomes = pipeline.ingest("memory://bucket/contracts")
        assert [(one.path, one.outcome) for one in outcomes] == [
            ("memory://bucket/contracts/a.txt", "ok"),
            ("memory://bucket/contracts/more/b.txt", "ok"),
        ]
        assert pipeline.document("memory://bucket/contracts/more/b.txt").text == LAW.replace("Nevada", "Texas")
        (passage, *_) = pipeline.search("law of Texas", "memory://bucket/contracts", k=1)
        assert passage.citation.path == "memory://bucket/contracts/more/b.txt"
        (review,) = pipeline.review("memory://bucket/contracts/a.txt", "cuad_benchmark")
        assert review.path == "memory://bucket/contracts/a.txt"


def test_only_what_changed_is_copied_again(bucket: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    real = type(bucket).get_file

    def counted(self, there, here, **more):  # type: ignore[no-untyped-def]
        copied.append(there)
        return real(self, there, here, **more)

    monkeypatch.setattr(type(bucket), "get_file", counted)
    remote = Remote(tmp_path)
    (folder,) = remote.fetch(["memory://bucket/contracts"])
    assert sorted(copied) == ["/bucket/contracts/a.txt", "/bucket/contracts/more/b.txt"]
    remote.fetch(["memory://bucket/contracts/"])
    assert len(copied) == 2
    bucket.pipe("/bucket/contracts/a.txt", b"other")
    bucket.rm("/bucket/contracts/more/b.txt")
    assert remote.fetch(["memory://bucket/contracts"]) == [folder]
    assert copied[2:] == ["/bucket/contracts/a.txt"]
    assert (Path(folder) / "a.txt").read_bytes() == b"other"
    assert not (Path(folder) / "more" / "b.txt").exists()


def test_forgetting_an_address_removes_its_copies(bucket: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    with Pipeline(tmp_path / "store", threads=1) as pipeline:
        pipeline.ingest("memory://bucket/contracts")
        gone = pipeline.forget("memory://bucket/contracts")
        assert gone == ["memory://bucket/contracts/a.txt", "memory://bucket/contracts/more/b.txt"]
        assert pipeline.documents() == []
    kept = [file for file in (tmp_path / "store").rglob("*") if file.is_file() and b"Nevada" in file.read_bytes()]
    assert kept == []


@pytest.mark.parametrize(
    ("address", "error", "part"),
    [
        ("memory://bucket/nothing", NotFoundError, "memory://bucket/nothing: no such file or folder"),
        ("nowhere://bucket", UsageError, "not an address that fsspec knows"),
    ],
)
def test_an_address_that_is_none_is_told(
    bucket: fsspec.AbstractFileSystem, tmp_path: Path, address: str, error: type[Exception], part: str
) -> None:
    with pytest.raises(error, match=part):
        Remote(tmp_path).fetch([address])


def test_a_local_path_is_left_as_it_is(tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    assert remote.fetch(["contracts"]) == ["contracts"]
    assert remote.local("contracts") == remote.shown("contracts") == "contracts"


def test_results_go_to_an_address_when_they_are_whole(bucket: fsspec.AbstractFileSystem) -> None:
    with reachable(Output(format="json,csv", out="memory://bucket/out/")) as output:
        assert output.out is not None
        Path(output.out, "pages").mkdir()
        Path(output.out, "review.json").write_text("{}")
        Path(output.out, "pages", "1.png").write_bytes(b"png")
        assert not bucket.exists("/bucket/out")
    assert bucket.cat("/bucket/out/review.json") == b"{}"
    assert bucket.cat("/bucket/out/pages/1.png") == b"png"


def test_one_result_takes_the_name_of_the_address(bucket: fsspec.AbstractFileSystem) -> None:
    with reachable(Output(format="html", out="memory://bucket/out/page.html")) as output:
        assert output.out is not None
        Path(output.out).write_text("<p>")
    assert bucket.find("/bucket/out") == ["/bucket/out/page.html"]


def test_nothing_is_copied_where_the_command_failed(bucket: fsspec.AbstractFileSystem) -> None:
    def fail() -> None:
        with reachable(Output(format="html", out="memory://bucket/out/page.html")) as output:
            Path(str(output.out)).write_text("<p>")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not bucket.exists("/bucket/out")


def test_a_file_that_cannot_be_copied_fails_alone_and_its_old_copy_is_not_judged(
    bucket: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(bucket).get_file

    def refused(self, there, here, **more):  # type: ignore[no-untyped-def]
        if there.endswith("a.txt"):
            raise PermissionError(13, "Permission denied", there)
        return real(self, there, here, **more)

    with Pipeline(tmp_path / "store", threads=1) as pipeline:
        assert [one.outcome for one in pipeline.ingest("memory://bucket/contracts")] == ["ok", "ok"]
        bucket.pipe("/bucket/contracts/a.txt", b"other")
        monkeypatch.setattr(type(bucket), "get_file", refused)
        reviews = list(pipeline.review("memory://bucket/contracts", "cuad_benchmark"))
        assert [(one.path, one.outcome, one.stage) for one in pipeline.outcomes] == [
            ("memory://bucket/contracts/a.txt", "failed", "fetch"),
            ("memory://bucket/contracts/more/b.txt", "ok", "read"),
        ]
        assert [one.path for one in reviews] == ["memory://bucket/contracts/more/b.txt"]
        monkeypatch.setattr(type(bucket), "get_file", real)
        assert [one.outcome for one in pipeline.ingest("memory://bucket/contracts")] == ["ok", "ok"]


def test_a_fetch_that_is_interrupted_goes_on_where_it_was(
    bucket: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(250):
        bucket.pipe(f"/bucket/many/{number:03}.txt", LAW.encode())
    copied: list[str] = []
    real = type(bucket).get_file

    def counted(self, there, here, **more):  # type: ignore[no-untyped-def]
        if len(copied) == 150:
            raise KeyboardInterrupt
        copied.append(there)
        return real(self, there, here, **more)

    monkeypatch.setattr(type(bucket), "get_file", counted)
    with pytest.raises(KeyboardInterrupt):
        Remote(tmp_path).fetch(["memory://bucket/many"])
    first, copied[:] = set(copied), []
    monkeypatch.setattr(type(bucket), "get_file", lambda self, *names, **more: (copied.append(names[0]), real(self, *names, **more)))
    Remote(tmp_path).fetch(["memory://bucket/many"])
    assert (len(first), len(copied), len(first | set(copied))) == (150, 150, 250)


def test_a_file_that_failed_at_an_address_is_fetched_and_tried_again(bucket: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    bucket.pipe("/bucket/contracts/late.txt", b"")
    with Pipeline(tmp_path / "store", threads=1) as pipeline:
        assert [one.outcome for one in pipeline.ingest("memory://bucket/contracts")] == ["ok", "failed", "ok"]
        bucket.pipe("/bucket/contracts/late.txt", LAW.encode())
        assert [(one.path, one.outcome) for one in pipeline.retry()] == [("memory://bucket/contracts/late.txt", "ok")]
        assert len(pipeline.documents("memory://bucket/contracts")) == 3
        assert pipeline.retry() == []


@pytest.mark.parametrize("scheme", ["file://", "local://"])
def test_an_address_of_this_machine_is_the_path_that_it_names(tmp_path: Path, scheme: str) -> None:
    (tmp_path / "a.txt").write_text(LAW, encoding="utf-8")
    with Pipeline(tmp_path / "store", threads=1) as pipeline:
        (outcome,) = pipeline.ingest(f"{scheme}{tmp_path}/a.txt")
        assert (outcome.path, outcome.outcome) == (str(tmp_path / "a.txt"), "ok")
        assert pipeline.document(f"{scheme}{tmp_path}/a.txt").text == LAW
