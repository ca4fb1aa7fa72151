"""Formats and files: what is written, where, and that a file is whole or not there."""

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from longdoc.cli.formats import Csv, JsonLines, encode, parse_formats
from longdoc.cli.options import Output
from longdoc.cli.output import Writer, write_bytes
from longdoc.cli.records import Line
from longdoc.cli.views.parts import RowsView
from longdoc.errors import LongdocError, UsageError

VIEW = RowsView(("name", "value"))
ROWS: list[Line] = [{"name": "=cmd()", "value": "a\u2028b"}, {"name": "two", "value": None}]


def envelope() -> Line:
    return {"package": {"name": "longdoc"}}


def writer(**options: object) -> Writer:
    return Writer("list", Output(**options), VIEW, envelope)  # type: ignore[arg-type]


def test_a_record_is_one_line_whatever_the_text_holds() -> None:
    stream = io.StringIO()
    JsonLines(VIEW, stream, envelope).add([{"name": "a\nb\u2028c\x85d\u2029e", "value": "\udcff"}])
    assert len(stream.getvalue().splitlines()) == 1
    assert json.loads(stream.getvalue()) == {"name": "a\nb\u2028c\x85d\u2029e", "value": "\udcff"}


def test_json_refuses_what_is_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"score": float("nan")})


def test_csv_has_a_header_and_no_formulas() -> None:
    stream = io.StringIO()
    Csv(VIEW, stream, envelope).add(ROWS)
    assert list(csv.reader(io.StringIO(stream.getvalue()))) == [["name", "value"], ["'=cmd()", "a\u2028b"], ["two", ""]]


def test_formats_are_a_list_without_doubles() -> None:
    assert parse_formats("jsonl, CSV,jsonl", as_json=False) == ["jsonl", "csv"]
    assert parse_formats(None, as_json=True) == ["json"]
    assert parse_formats(None, as_json=False) == ["table"]
    with pytest.raises(UsageError, match=r"no format 'xml'\. Known: table, json, jsonl, csv, md"):
        parse_formats("xml", as_json=False)
    with pytest.raises(UsageError, match="contradict"):
        parse_formats("csv", as_json=True)


def test_several_formats_need_a_folder_and_fill_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--out"):
        writer(format="json,csv")
    with writer(format="json,csv,md,table,jsonl", out=str(tmp_path / "out")) as several:
        several.add(ROWS)
    several.manifest({"paths": []})
    assert sorted(os.listdir(tmp_path / "out")) == ["list.csv", "list.json", "list.jsonl", "list.md", "list.txt", "manifest.json"]
    content = json.loads((tmp_path / "out" / "list.json").read_text())
    assert content == {"schema_version": 1, "package": {"name": "longdoc"}, "records": ROWS}


def test_one_format_fills_one_file_or_a_folder_that_is_there(tmp_path: Path) -> None:
    for out, expected in [(tmp_path / "a.jsonl", tmp_path / "a.jsonl"), (tmp_path, tmp_path / "list.jsonl")]:
        with writer(format="jsonl", out=str(out)) as one:
            one.add(ROWS)
        assert [json.loads(line) for line in expected.read_text().splitlines()] == ROWS


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a.jsonl"
    target.write_text("before")

    def fails() -> Iterator[None]:
        with writer(format="jsonl", out=str(target)) as one:
            one.add(ROWS)
            raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        next(fails())
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.jsonl"]


def test_who_follows_json_lines_sees_whole_ones_while_they_come(tmp_path: Path) -> None:
    rows: list[Line] = [{"name": "long " * 5_000, "value": number} for number in range(3)]
    with writer(format="jsonl", out=str(tmp_path / "a.jsonl")) as open_writer:
        for number in range(1, 4):
            open_writer.add(rows)
            lines = (tmp_path / "a.jsonl.part").read_text().split("\n")
            assert [json.loads(line)["value"] for line in lines[:-1]] == [0, 1, 2] * number
            assert lines[-1] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_run_takes_over_what_a_killed_one_left_and_leaves_alone_what_another_writes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.part").write_text("left behind\n" * 1_000)
    with writer(format="jsonl", out=str(tmp_path / "a.jsonl")) as first:
        with writer(format="jsonl", out=str(tmp_path / "a.jsonl")) as second:
            second.add(ROWS[:1])
            first.add(ROWS)
            assert len(list(tmp_path.glob("*.part"))) == 2
        assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 1
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_link_in_the_place_of_an_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "a.jsonl.part").symlink_to(tmp_path / "precious")
    with writer(format="jsonl", out=str(tmp_path / "a.jsonl")) as open_writer:
        open_writer.add(ROWS)
    assert (tmp_path / "precious").read_text() == "precious"
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 2


def test_a_file_follows_the_umask(tmp_path: Path) -> None:
    with writer(format="jsonl", out=str(tmp_path / "a")) as one:
        one.add(ROWS)
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LongdocError, match="cannot be written"), writer(format="jsonl", out=str(tmp_path / "file" / "a.jsonl")):
        pass
    with pytest.raises(LongdocError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "a.png", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    with (
        pytest.raises(LongdocError, match=r"/dev/full: cannot be written \(No space left on device\)"),
        writer(format="jsonl", out="/dev/full") as one,
    ):
        one.add(ROWS)
