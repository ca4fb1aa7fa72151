from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from longdoc.errors import DamagedError, NotFoundError, UsageError
from longdoc.labels import load_labels
from longdoc.model.reader import EmbeddedReader
from longdoc_pipelines.labelled import read_labelled
from longdoc_pipelines.train import train_clauses_from

TEXT = "SUPPLY AGREEMENT\n\nThis Agreement is governed by the laws of Ohio.\n\nThe buyer pays on time."
CUAD = load_labels("cuad")
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
    (labelled,) = read_labelled(write(tmp_path / name, ROW, ""), CUAD)
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
        list(read_labelled(write(tmp_path / "data.jsonl", ROW, row), CUAD))


def test_a_file_that_is_not_there_is_named(tmp_path: Path, reader: EmbeddedReader) -> None:
    with pytest.raises(NotFoundError, match=r"none\.jsonl: no such file"):
        train_clauses_from(tmp_path / "none.jsonl", tmp_path, labels=CUAD, reader=reader)


def test_a_truncated_gzip_is_told_as_such(tmp_path: Path) -> None:
    path = write(tmp_path / "data.jsonl.gz", *[ROW] * 50)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DamagedError, match="cannot be read"):
        list(read_labelled(path, CUAD))


def test_one_document_is_too_little(tmp_path: Path, reader: EmbeddedReader) -> None:
    with pytest.raises(UsageError, match="1 labelled documents are too few"):
        train_clauses_from(write(tmp_path / "data.jsonl", ROW), tmp_path / "out", labels=CUAD, reader=reader)


def test_sentences_that_come_one_by_one_are_put_together_to_documents(tmp_path: Path) -> None:
    sentences = [f"The tenant owes {number} dollars a month." for number in range(40)]
    rows = [{"id": str(number), "text": one, "clauses": [{"label": "Rent", "start": 4, "end": 10}]} for number, one in enumerate(sentences)]
    whole, *together = read_labelled(write(tmp_path / "data.jsonl", *rows, ROW), CUAD)
    assert whole.document.text == TEXT
    assert len(together) == 8
    assert sorted(line for one in together for line in one.document.text.split("\n\n") if line) == sorted(sentences)
    assert {one.document.text[gold.start : gold.end] for one in together for gold in one.gold} == {"tenant"}
    assert sum(len(one.gold) for one in together) == 40


def test_a_few_short_texts_stay_documents_of_their_own(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"The tenant owes {number} dollars.", "clauses": []} for number in range(12)]
    assert len(list(read_labelled(write(tmp_path / "data.jsonl", *rows), CUAD))) == 12
