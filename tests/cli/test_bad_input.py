"""Bad input: each with a clear message on stderr, the right exit code, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from longdoc_stores.corpus import Corpus

from .library import CONTRACT, Longdoc, make_docx, make_pdf


def encrypted(path: Path, password: str) -> None:
    """Write a PDF that opens with `password` only."""
    from pypdf import PdfReader, PdfWriter

    make_pdf(path, ["This page is for those who know the word."])
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt(password, algorithm="AES-256")
    with path.open("wb") as file:
        writer.write(file)


def test_a_missing_path_is_named_and_the_others_are_read(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note of a few words.")
    result = longdoc("ingest", "absent.pdf", "note.txt", "--format", "jsonl")
    assert result.code == 3
    assert "absent.pdf" in result.err
    assert {line["path"]: line["outcome"] for line in result.lines} == {"absent.pdf": "failed", "note.txt": "ok"}


def test_an_empty_folder_says_that_there_is_nothing_to_read(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = longdoc("extract", "empty")
    assert result.code in (0, 2, 3)
    assert "empty" in result.err


def test_a_file_without_content_is_a_failure(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "nothing.txt").write_bytes(b"")
    result = longdoc("summarize", "nothing.txt")
    assert result.code == 3
    assert "nothing.txt" in result.err
    assert "empty" in result.err


def test_a_wrong_extension_does_not_matter(longdoc: Longdoc, tmp_path: Path) -> None:
    make_pdf(tmp_path / "really.docx", ["This is a PDF whatever its name says."])
    result = longdoc("ingest", "really.docx", "--format", "jsonl")
    assert result.code == 0, result.err
    assert result.lines[0]["pages"] == 1


def test_an_encrypted_pdf_needs_its_password(longdoc: Longdoc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encrypted(tmp_path / "secret.pdf", "open sesame")
    without = longdoc("ingest", "secret.pdf")
    assert without.code == 3
    assert "password" in without.err
    wrong = longdoc("ingest", "secret.pdf", "--password", "sesame")
    assert wrong.code == 3
    assert "password" in wrong.err
    assert "sesame" not in wrong.err
    monkeypatch.setenv("PASSWORD_OF_THE_PDF", "open sesame")
    result = longdoc("search", "secret.pdf", "know the word", "--password-env", "PASSWORD_OF_THE_PDF", "--format", "jsonl")
    assert result.code == 0, result.err
    assert "know the word" in result.lines[0]["text"]
    absent = longdoc("ingest", "secret.pdf", "--password-env", "NO_SUCH_VARIABLE")
    assert (absent.code, "NO_SUCH_VARIABLE" in absent.err) == (2, True)


def test_a_truncated_pdf_is_told_and_does_not_stop_the_run(longdoc: Longdoc, tmp_path: Path) -> None:
    make_pdf(tmp_path / "whole.pdf", [f"Page {number} has words of its own." for number in range(1, 9)])
    data = (tmp_path / "whole.pdf").read_bytes()
    (tmp_path / "cut.pdf").write_bytes(data[: len(data) * 2 // 3])
    result = longdoc("ingest", "cut.pdf", "whole.pdf", "--format", "jsonl")
    cut, whole = result.lines
    assert whole["outcome"] == "ok"
    assert cut["outcome"] in ("partial", "failed")
    assert cut["reason"]
    assert "cut.pdf" in result.err
    assert result.code == (3 if cut["outcome"] == "failed" else 0)


def test_a_scanned_pdf_says_that_it_needs_ocr(longdoc: Longdoc, tmp_path: Path) -> None:
    make_pdf(tmp_path / "scan.pdf", ["", ""])
    result = longdoc("ingest", "scan.pdf", "--ocr", "off")
    assert result.code == 3
    assert "ocr" in result.err.lower()


def test_a_docx_that_is_no_docx_is_told(longdoc: Longdoc, tmp_path: Path) -> None:
    make_docx(tmp_path / "good.docx")
    (tmp_path / "half.docx").write_bytes((tmp_path / "good.docx").read_bytes()[:900])
    result = longdoc("ingest", "half.docx")
    assert result.code == 3
    assert "half.docx" in result.err


def test_text_in_no_known_encoding_is_told(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "noise.txt").write_bytes(bytes(range(256)) * 20)
    result = longdoc("ingest", "noise.txt")
    assert result.code == 3
    assert "noise.txt" in result.err


def test_a_dangling_link_is_told(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(tmp_path / "gone.txt")
    result = longdoc("ingest", "link.txt")
    assert result.code == 3
    assert "link.txt" in result.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_told(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "closed.txt").write_text("words")
    (tmp_path / "closed.txt").chmod(0)
    result = longdoc("ingest", "closed.txt")
    assert result.code == 3
    assert "closed.txt" in result.err


def test_a_folder_named_like_a_file_is_a_folder(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "odd.pdf").mkdir()
    (tmp_path / "odd.pdf" / "note.txt").write_text("A note of a few words.")
    assert longdoc("ingest", "odd.pdf").code == 0


def test_a_failure_is_tried_again_and_never_taken_for_good(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "late.txt").write_bytes(b"")
    assert longdoc("ingest", "late.txt").code == 3
    assert longdoc("status", "--json").out.count("late.txt") >= 1
    (tmp_path / "late.txt").write_text(CONTRACT)
    retried = longdoc("retry", "--format", "jsonl")
    assert (retried.code, [line["outcome"] for line in retried.lines]) == (0, ["ok"])
    assert "nothing to try again" in longdoc("retry").err


def test_a_corpus_of_a_newer_version_is_left_alone(longdoc: Longdoc, tmp_path: Path) -> None:
    Corpus(tmp_path / ".longdoc").close()
    catalogue = sqlite3.connect(tmp_path / ".longdoc" / "catalogue.sqlite")
    with catalogue:
        catalogue.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    catalogue.close()
    for command in (["ingest", "."], ["status"], ["search", "words"]):
        result = longdoc(*command)
        assert result.code == 4
        assert "999" in result.err
        assert "upgrade longdoc" in result.err


def test_a_store_that_is_no_corpus_is_refused(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("words")
    result = longdoc("ingest", "mine", "--store", "mine")
    assert result.code == 4
    assert "not a corpus folder" in result.err
    assert os.listdir(tmp_path / "mine") == ["letter.txt"]


def test_a_second_run_on_a_corpus_is_refused_while_the_first_writes(
    longdoc: Longdoc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Corpus.__init__.__kwdefaults__, "wait", 0.1)
    (tmp_path / "note.txt").write_text("A note of a few words.")
    with Corpus(tmp_path / ".longdoc", exclusive=True):
        result = longdoc("ingest", "note.txt")
    assert result.code == 4
    assert ".longdoc" in result.err
    assert longdoc("ingest", "note.txt").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["extract"], "Missing argument"),
        (["extrcat", "x"], "extract"),
        (["extract", "note.txt", "--labels", "cuda"], "no label set 'cuda'"),
        (["extract", "note.txt", "--labels", "cuad", "--label", "Governing Laws"], "did you mean 'Governing Law'"),
        (["extract", "note.txt", "--min-score", "2"], "min-score"),
        (["extract", "note.txt", "--format", "xml"], "no format 'xml'"),
        (["extract", "note.txt", "--format", "json,csv"], "--out"),
        (["ingest", "note.txt", "--reader", "oracle"], "no reader 'oracle'"),
        (["ingest", "note.txt", "--workers", "none"], "workers (argument)"),
        (["ingest", "note.txt", "--domain", "medical"], "domain (argument)"),
        (["ingest", "note.txt", "--config", "absent.toml"], "absent.toml"),
        (["search", "note.txt"], "the last argument is the query"),
        (["search", "note.txt", " "], "the query is empty"),
        (["show", "note.txt"], "PATH:START-END"),
        (["show", "note.txt:9-3"], "START below END"),
        (["status", "--store", "nowhere"], "there is no corpus"),
        (["ask", "Who?"], "there is no corpus"),
    ],
)
def test_wrong_usage_is_told_and_gives_two(longdoc: Longdoc, tmp_path: Path, arguments: list[str], told: str) -> None:
    (tmp_path / "note.txt").write_text(CONTRACT)
    result = longdoc(*arguments)
    assert (result.code, told in " ".join(result.err.split())) == (2, True), result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "nowhere").exists()


def test_a_place_past_the_end_is_told(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note of a few words.")
    result = longdoc("show", "note.txt:900-950")
    assert result.code == 4
    assert "holds no text" in result.err


def test_verbose_shows_where_an_error_came_from(longdoc: Longdoc) -> None:
    assert "Traceback" in longdoc("-v", "status").err
    assert "Traceback" in longdoc("status", "-v").err


def test_a_file_that_is_gone_is_told_and_one_that_moved_is_not_read_again(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "stays.txt").write_text("The zebra eats grass.")
    (tmp_path / "docs" / "goes.txt").write_text("The walrus eats fish.")
    assert longdoc("ingest", "docs").code == 0
    (tmp_path / "docs" / "goes.txt").unlink()
    (tmp_path / "docs" / "stays.txt").rename(tmp_path / "docs" / "moved.txt")
    result = longdoc("search", "docs", "walrus", "--format", "jsonl")
    assert result.code == 0
    assert {line["path"] for line in result.lines} == {"docs/moved.txt"}
    assert "docs/goes.txt: no longer there" in result.err
    assert "stays.txt" not in result.err
    assert "docs/goes.txt" in longdoc("status").out


def test_what_is_no_document_is_passed_over_in_a_folder_and_refused_by_name(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "note.txt").write_text("A note of a few words.")
    Image.linear_gradient("L").save(tmp_path / "docs" / "picture.png")
    folder = longdoc("ingest", "docs", "--format", "jsonl")
    assert folder.code == 0
    assert {line["path"]: line["outcome"] for line in folder.lines} == {"docs/note.txt": "ok", "docs/picture.png": "skipped"}
    named = longdoc("ingest", "docs/picture.png")
    assert named.code == 3
    assert "docs/picture.png" in named.err


def test_a_file_that_changes_while_it_is_read_is_told_and_read_the_next_time(
    longdoc: Longdoc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from longdoc.model.reader import EmbeddedReader

    file = tmp_path / "draft.txt"
    file.write_text("The first draft.")
    read = EmbeddedReader.read

    def write_meanwhile(*arguments: object, **options: object) -> object:
        file.write_text("The second draft, which is longer.")
        return read(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedReader, "read", write_meanwhile)
        result = longdoc("ingest", "draft.txt")
    assert result.code == 3
    assert "changed while it was read" in result.err
    assert longdoc("search", "draft.txt", "draft", "--format", "jsonl").lines[0]["text"] == "The second draft, which is longer."
