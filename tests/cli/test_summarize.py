"""`longdoc summarize`: facts, options and formats."""

from __future__ import annotations

import pytest

from .library import CONTRACT, Library


def test_the_first_record_of_a_document_has_its_facts_and_what_was_read(library: Library) -> None:
    lines = library.run("summarize", library.contract, "--format", "jsonl").lines
    assert all(("facts" in line) == (line["order"] == 1) for line in lines)
    facts = {fact["name"]: fact for fact in lines[0]["facts"]}
    assert facts["Governing law"]["normalised"] == "New York"
    for fact in facts.values():
        assert CONTRACT[fact["start"] : fact["end"]] == fact["quote"]
    assert lines[0]["coverage"]["tokens"] > 100


def test_what_was_put_into_a_text_is_told_with_its_place(library: Library) -> None:
    lines = library.run("summarize", library.contract, "--format", "jsonl").lines
    put_in = [(line, one) for line in lines for one in line.get("inserted", ())]
    assert put_in
    for line, one in put_in:
        assert line["text"][one["text_start"] : one["text_end"]] == f"[{one['quote']}]"
        assert CONTRACT[one["start"] : one["end"]] == one["quote"]
        assert CONTRACT[line["start"] : line["end"]] == line["quote"]


def test_people_see_key_facts_above_topics_and_a_line_on_what_was_read(library: Library) -> None:
    for form in ("table", "md"):
        out = library.run("summarize", library.contract, "--format", form).out
        places = [out.index(word) for word in ("Key facts", "Alder Systems, Inc. (Provider)", "Governing law", "Read ")]
        assert places == sorted(places)


def test_the_folder_ends_with_a_table_of_facts(library: Library) -> None:
    result = library.run("summarize", library.folder, "--format", "jsonl")
    tables = [line["table"] for line in result.lines if line["path"] is None and "table" in line]
    assert [table["domain"] for table in tables] == ["legal"]
    assert {row["path"] for row in tables[0]["rows"]} <= {line["path"] for line in result.lines}
    assert "What is here" in library.run("summarize", library.folder).out


def test_a_focus_and_a_section_narrow_the_summary(library: Library) -> None:
    focused = library.run("summarize", library.contract, "--focus", "insurance", "--format", "jsonl").lines
    assert "insurance" in focused[0]["text"]
    part = library.run("summarize", library.contract, "--section", "Fees", "--format", "jsonl").lines
    assert all("$12,500" in line["quote"] for line in part)
    missing = library.run("summarize", library.contract, "--section", "Item 7")
    assert missing.code == 2
    assert "Near it: " in missing.err


@pytest.mark.parametrize("wishes", [("--length", "short", "--sentences", "3"), ("--focus", " "), ("--length", "tiny")])
def test_wishes_that_cannot_be_are_refused_before_anything_is_read(library: Library, wishes: tuple[str, ...]) -> None:
    assert library.run("summarize", library.contract, *wishes).code == 2


def test_a_page_and_a_word_file_are_written_where_asked(library: Library) -> None:
    out = library.folder.parent / "reports"
    result = library.run("summarize", library.folder, "--format", "html,docx,md", "--out", f"{out}/")
    assert result.code == 0, result.err
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "summarize.docx", "summarize.html", "summarize.md"]
    assert "All documents" in (out / "summarize.html").read_text(encoding="utf-8")
    refused = library.run("summarize", library.contract, "--format", "html")
    assert refused.code == 2
    assert "--format html gives a file: name it with --out" in refused.err
