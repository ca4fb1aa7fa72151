"""One file from path to Document: identity, changes, paths, permissions."""

import hashlib
import os
import pickle
from pathlib import Path

import pytest

from ingest import samples
from longdoc.errors import ChangedError, InputError, NotFoundError, UnreadableError
from longdoc.ingest import parse_file


def write(folder: Path, name: str, content: bytes) -> str:
    file = folder / name
    file.write_bytes(content)
    return str(file)


def test_the_id_is_the_content_and_the_path_is_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"Grain is dear this year."
    write(tmp_path, "note.txt", content)
    monkeypatch.chdir(tmp_path)
    document = parse_file("./note.txt").document
    assert document.id == hashlib.sha256(content).hexdigest()[:32]
    assert document.path == "./note.txt"


def test_a_file_that_is_not_the_expected_one_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path, "note.txt", b"Grain is dear.")
    with pytest.raises(ChangedError, match="run the command again"):
        parse_file(path, expected_sha256=hashlib.sha256(b"Grain is cheap.").hexdigest())
    assert parse_file(path, expected_sha256=hashlib.sha256(b"Grain is dear.").hexdigest()).document.text == "Grain is dear."


def test_a_wrong_extension_simply_works(tmp_path: Path) -> None:
    assert parse_file(write(tmp_path, "report.docx", samples.report(1))).document.format == "pdf"
    assert parse_file(write(tmp_path, "letter.pdf", b"Dear miller, send flour.")).document.format == "txt"


def test_missing_files_folders_and_pipes_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        parse_file(str(tmp_path / "none.pdf"))
    with pytest.raises(UnreadableError, match="not a regular file"):
        parse_file(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableError, match="not a regular file"):
        parse_file(str(tmp_path / "pipe"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path, "secret.txt", b"x")
    os.chmod(path, 0)
    with pytest.raises(UnreadableError, match="check its permissions"):
        parse_file(path)


def test_a_name_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    with pytest.raises(UnreadableError, match="rename it"):
        parse_file(str(tmp_path / name))


def test_a_parsed_file_survives_pickling(tmp_path: Path) -> None:
    parsed = parse_file(write(tmp_path, "report.pdf", samples.report(2)))
    assert pickle.loads(pickle.dumps(parsed)) == parsed


@pytest.mark.parametrize("cut", range(0, 100, 9))
@pytest.mark.parametrize("kind", ["pdf", "docx", "html"])
def test_a_file_cut_anywhere_gives_a_document_or_an_input_error(tmp_path: Path, kind: str, cut: int) -> None:
    whole = {
        "pdf": samples.report(2),
        "docx": samples.contract_docx(),
        "html": (samples.DATA / "html" / "annual-report.html").read_bytes(),
    }[kind]
    path = write(tmp_path, f"cut.{kind}", whole[: len(whole) * cut // 100])
    try:
        document = parse_file(path).document
    except InputError as error:
        assert path in str(error)  # noqa: PT017  either outcome is right, and each has its own check
    else:
        assert document.text.strip()
