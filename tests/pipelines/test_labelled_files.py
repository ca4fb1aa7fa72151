from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from longdoc.errors import DamagedError, NotFoundError, UsageError
from longdoc.labels import load_labels
from longdoc.model.reader import EmbeddedReader
from longdoc_pipelines.train import _read, train_clauses_from

TEXT = "SUPPLY AGREEMENT\n\nThis Agreement is governed by the laws of Ohio.\n\nThe buyer pays on time."
ROW = {"id": "one", "text": TEXT, "clauses": [{"label": "Governing Law", "start": 18, "end": 64}]}


@pytest.fixture(scope="module")
def reader() -> EmbeddedReader:
    return EmbeddedReader()


def write(path: Path, *rows: object) -> Path:
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["data.jsonl", "data.jsonl.gz"])
def test_texts_are_read_as_files_would_be(tmp_path: Path, name: str) -> None:
    (labelled,) = _read(write(tmp_path / name, ROW, ""), "legal")
    assert labelled.document.text == TEXT
    assert labelled.document.domain == "legal"
    assert labelled.document.text[labelled.gold[0].start : labelled.gold[0].end] == "This Agreement is governed by the laws of Ohio"
    assert labelled.chunks


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "line 2: not a labelled document"),
        ({"id": "x", "text": "t"}, "line 2: not a labelled document"),
        ({"id": "x", "text": "short", "clauses": [{"label": "A", "start": 0, "end": 9}]}, "line 2: a clause reaches outside of the text"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        list(_read(write(tmp_path / "data.jsonl", ROW, row), "legal"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path, reader: EmbeddedReader) -> None:
    with pytest.raises(NotFoundError, match=r"none\.jsonl: no such file"):
        train_clauses_from(tmp_path / "none.jsonl", tmp_path, labels=load_labels("cuad"), reader=reader)


def test_a_truncated_gzip_is_told_as_such(tmp_path: Path) -> None:
    path = write(tmp_path / "data.jsonl.gz", *[ROW] * 50)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DamagedError, match="cannot be read"):
        list(_read(path, "legal"))


def test_one_document_is_too_little(tmp_path: Path, reader: EmbeddedReader) -> None:
    with pytest.raises(UsageError, match="1 labelled documents are too few"):
        train_clauses_from(write(tmp_path / "data.jsonl", ROW), tmp_path / "out", labels=load_labels("cuad"), reader=reader)
