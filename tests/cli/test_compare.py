"""`longdoc compare`: what people and programs see."""

from __future__ import annotations

from pathlib import Path

import pytest

from .library import CONTRACT, Longdoc

LATER = (
    CONTRACT.replace("sixty (60) days'", "ninety (90) days'")
    .replace("1.2 Exclusivity. During the Term, Customer shall purchase the services exclusively from Provider.\n\n", "")
    .replace(
        "5.2 Assignment", "5.2 Notices. Notices are given in writing to the address above and take effect upon receipt.\n\n5.3 Assignment"
    )
)


@pytest.fixture
def versions(tmp_path: Path, longdoc: Longdoc) -> Longdoc:
    (tmp_path / "first.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "second.txt").write_text(LATER, encoding="utf-8")
    return longdoc


def test_each_difference_is_a_record_with_its_place_in_both(versions: Longdoc) -> None:
    result = versions("compare", "first.txt", "second.txt", "--format", "jsonl")
    assert result.code == 0, result.err
    removed, changed, added = result.lines
    assert [line["kind"] for line in result.lines] == ["removed", "changed", "added"]
    assert (removed["after"], added["before"]) == (None, None)
    for line in result.lines:
        for side, text in (("before", CONTRACT), ("after", LATER)):
            place = line[side]
            assert place is None or text[place["start"] : place["end"]] == place["quote"]
    (edit,) = changed["edits"][:1]
    assert CONTRACT[edit["before"]["start"] : edit["before"]["end"]].startswith("sixty")
    (value,) = changed["values"]
    assert (value["kind"], value["before"]["normalised"], value["after"]["normalised"]) == ("duration", "P60D", "P90D")


def test_a_person_sees_what_went_and_what_came_under_its_heading(versions: Longdoc) -> None:
    result = versions("compare", "first.txt", "second.txt")
    assert "1 added, 1 removed, 1 changed" in result.out
    assert "2.2 Termination for Convenience" in result.out
    assert "P60D → P90D" in result.out
    markdown = versions("compare", "first.txt", "second.txt", "--format", "md").out
    assert "~~sixty (60~~ **ninety (90**" in markdown


def test_only_changed_values_are_shown_where_that_is_wanted(versions: Longdoc) -> None:
    lines = versions("compare", "first.txt", "second.txt", "--values", "--format", "jsonl").lines
    assert [line["kind"] for line in lines] == ["changed"]


def test_a_document_is_the_same_as_itself(versions: Longdoc) -> None:
    assert "100.0 % of the words are the same; no difference" in versions("compare", "first.txt", "first.txt").out


def test_a_file_that_is_not_there_is_told_of(versions: Longdoc) -> None:
    result = versions("compare", "first.txt", "third.txt")
    assert result.code == 3
    assert "third.txt: no such file or folder" in result.err
