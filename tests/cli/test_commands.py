"""What people see: tables, show, status, forget, doctor, config."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .library import CONTRACT, Library, Longdoc, make_docx, make_pdf


def test_extract_shows_a_document_at_a_time_with_place_and_page(longdoc: Longdoc, tmp_path: Path) -> None:
    make_pdf(tmp_path / "msa.pdf", CONTRACT.split("\n2. Term"))
    result = longdoc("extract", "msa.pdf", "--labels", "cuad", "--min-score", "0", "--label", "Governing Law")
    assert result.code == 0, result.err
    assert "msa.pdf" in result.out
    assert "Governing Law" in result.out
    assert "p. 2" in result.out


def test_a_document_in_which_nothing_is_found_is_told_as_such(library: Library) -> None:
    result = library.run("extract", library.policy, "--labels", "cuad", "--min-score", "1")
    assert result.code == 0
    assert "nothing found" in result.out


def test_show_prints_the_passage_in_its_surroundings(library: Library) -> None:
    start = CONTRACT.index("governed by the laws")
    place = f"{library.contract}:{start}-{start + 20}"
    result = library.run("show", place, "--context", "80")
    assert result.code == 0, result.err
    assert ">>governed by the laws<<" in result.out
    assert "5.1 Governing Law" in result.out
    record = library.run("show", place, "--format", "jsonl").lines[0]
    assert (record["text"], record["page"], record["start"]) == ("governed by the laws", None, start)
    assert CONTRACT[start - 50 : start] in record["before"]


def test_show_takes_what_search_prints(library: Library) -> None:
    printed = library.run("search", library.folder, "liability cap", "-k", "1").out
    place = next(word for word in printed.split() if word.startswith(str(library.folder)))
    assert library.run("show", place).code == 0


def test_show_draws_the_page_of_a_pdf_and_says_so_where_there_is_none(longdoc: Longdoc, tmp_path: Path, library: Library) -> None:
    make_pdf(tmp_path / "a.pdf", ["The zebra grazes.", "The walrus swims."])
    found = longdoc("search", "a.pdf", "walrus", "-k", "1", "--format", "jsonl").lines[0]
    result = longdoc("show", f"a.pdf:{found['start']}-{found['end']}", "--png", "page.png")
    assert result.code == 0, result.err
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
    assert "p. 2" in result.out
    without = library.run("show", f"{library.contract}:0-10", "--png", tmp_path / "none.png")
    assert without.code == 3
    assert not (tmp_path / "none.png").exists()


def test_show_prints_tables_and_gives_their_cells_as_data(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "year.md").write_text("# Year\n\nSales (USD in millions):\n\n| Region | 2023 |\n|--|--|\n| North | (81.4) |\n")
    shown = longdoc("show", "year.md", "--tables")
    assert shown.code == 0, shown.err
    assert "Table 1" in shown.out
    assert "USD in millions" in shown.out
    assert "(81.4)" in shown.out
    cell = longdoc("show", "year.md", "--tables", "--format", "jsonl").lines[-1]
    assert {name: cell[name] for name in ("table", "label", "heading", "text", "kind", "figure", "value", "unit", "page")} == {
        "table": 1, "label": "North", "heading": "2023", "text": "(81.4)", "kind": "amount", "figure": -81.4, "value": -81400000,
        "unit": "USD", "page": None,
    }  # fmt: skip
    assert "| North | (81.4) |" in longdoc("show", "year.md", "--tables", "--format", "md").out
    assert longdoc("show", "year.md:0-6", "--tables", "--format", "jsonl").lines == []


def test_a_command_answers_about_the_paths_named_whatever_else_the_corpus_holds(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("The zebra eats grass. It runs fast.")
    (tmp_path / "two.txt").write_text("The zebra eats leaves. It runs slowly.")
    assert longdoc("ingest", ".").code == 0
    assert {line["path"] for line in longdoc("search", "one.txt", "zebra", "--format", "jsonl").lines} == {"one.txt"}
    assert {Path(line["path"]).name for line in longdoc("search", "zebra", "--format", "jsonl").lines} == {"one.txt", "two.txt"}


def test_quiet_leaves_only_errors_on_stderr(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note of a few words.")
    assert longdoc("ingest", "note.txt", "-q").err == ""
    (tmp_path / "empty.txt").write_text("")
    assert "empty.txt" in longdoc("ingest", "empty.txt", "-q").err


def test_status_tells_what_is_there_and_what_failed(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    make_docx(tmp_path / "docs" / "amendment.docx")
    (tmp_path / "docs" / "empty.txt").write_text("")
    assert longdoc("ingest", "docs").code == 3
    result = longdoc("status")
    assert result.code == 0
    assert "1 document" in result.out
    assert "docs/empty.txt" in result.out
    assert "last run" in result.out
    record = json.loads(longdoc("status", "--json").out)["records"][0]
    assert record["documents"] == 1
    assert record["last_run"]["state"] == "finished"


def test_forget_removes_the_documents_named_and_no_others(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("The zebra eats grass.")
    (tmp_path / "two.txt").write_text("The walrus eats fish.")
    longdoc("ingest", "one.txt", "two.txt")
    result = longdoc("forget", "one.txt", "--format", "jsonl")
    assert (result.code, [line["path"] for line in result.lines]) == (0, ["one.txt"])
    assert json.loads(longdoc("status", "--json").out)["records"][0]["documents"] == 1


def test_doctor_finds_a_healthy_house_and_a_damaged_corpus(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(CONTRACT)
    longdoc("ingest", "note.txt")
    healthy = longdoc("doctor", "--format", "jsonl")
    assert healthy.code == 0, healthy.out
    assert {line["check"] for line in healthy.lines} >= {"python", "packages", "sqlite", "model", "corpus", "disk"}
    segment = next((tmp_path / ".longdoc" / "context").rglob("*.segment"))
    segment.write_bytes(segment.read_bytes()[:-100])
    damaged = longdoc("doctor")
    assert damaged.code == 4
    assert "--repair" in damaged.out
    assert longdoc("doctor", "--repair").code == 0
    assert longdoc("ingest", "note.txt").code == 0
    assert longdoc("doctor").code == 0


def test_config_show_tells_where_each_setting_comes_from(longdoc: Longdoc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "longdoc.toml").write_text('labels = "paper"\n')
    monkeypatch.setenv("LONGDOC_TIMEOUT", "7")
    lines = longdoc("config", "show", "--workers", "3", "--format", "jsonl").lines
    told = {line["name"]: (line["value"], line["source"]) for line in lines}
    assert told["labels"] == ("paper", "file")
    assert told["timeout"] == (7.0, "environment")
    assert told["workers"] == (3, "flag")
    assert told["domain"] == ("auto", "default")


def test_options_may_stand_before_the_command(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note of a few words.")
    longdoc("--store", "elsewhere", "-q", "ingest", "note.txt")
    assert (tmp_path / "elsewhere").is_dir()
    assert not (tmp_path / ".longdoc").exists()


@pytest.mark.slow
def test_train_makes_a_model_that_extract_takes(longdoc: Longdoc, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: rent\ndomain: legal\nlabels:\n  - name: Rent\n    description: What the tenant pays.\n    answer: amount\n"
    )
    rent = "Tenant shall pay a rent of ${} each month."
    rows = []
    for number in range(12):
        wanted = rent.format(900 + number)
        text = f"LEASE {number}\n\nThis Lease is made by Cedar and tenant {number}.\n\n{wanted}\n\nThe garden is shared.\n"
        start = text.index(wanted)
        rows.append({"id": str(number), "text": text, "clauses": [{"label": "Rent", "start": start, "end": start + len(wanted)}]})
    (tmp_path / "data.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    trained = longdoc("train", "clauses", "--data", "data.jsonl", "--out", "model", "--labels", "mine.yaml")
    assert trained.code == 0, trained.err
    assert "12 documents" in trained.out
    (tmp_path / "new.txt").write_text(rows[3]["text"].replace("903", "777"))
    found = longdoc("extract", "new.txt", "--labels", "mine.yaml", "--model", "model", "--format", "jsonl", "--min-score", "0").lines
    assert {line["method"] for line in found} == {"trained"}
    assert "777" in max(found, key=lambda line: line["score"])["text"]


def test_train_tells_what_is_wrong_with_its_data(longdoc: Longdoc, tmp_path: Path) -> None:
    absent = longdoc("train", "clauses", "--data", "absent.jsonl", "--out", "model")
    assert (absent.code, "absent.jsonl" in absent.err) == (3, True)
    (tmp_path / "bad.jsonl").write_text('{"id": "1", "text": "words"}\n')
    bad = longdoc("train", "clauses", "--data", "bad.jsonl", "--out", "model")
    assert (bad.code, "bad.jsonl, line 1" in bad.err) == (3, True)
    assert not (tmp_path / "model").exists()
