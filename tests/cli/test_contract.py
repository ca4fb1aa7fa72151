"""The JSONL contract, command by command: keys, offsets, pages and order."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from longdoc.pipeline import Pipeline

from .library import Library, Longdoc, make_pdf


def texts(library: Library) -> dict[str, str]:
    """The canonical text of each document, by path."""
    with Pipeline(library.store) as pipeline:
        return {entry.path: pipeline.document(entry.path, ingest=False).text for entry in pipeline.documents([library.folder])}


def check_places(lines: list[dict[str, Any]], text_of: dict[str, str], key: str) -> None:
    """Every line's `key` stands at its start and end."""
    assert lines
    for line in lines:
        assert text_of[line["path"]][line["start"] : line["end"]] == line[key]
        assert line["page"] is None


def test_ingest_lists_every_file_with_what_became_of_it(longdoc: Longdoc, tmp_path: Path) -> None:
    make_pdf(tmp_path / "two.pdf", ["The first page has words.\nThis Agreement is made.", "The second page has words too."])
    (tmp_path / "note.txt").write_text("A note of a few words.")
    result = longdoc("ingest", "two.pdf", "note.txt", "--format", "jsonl")
    assert result.code == 0, result.err
    pdf, note = result.lines
    assert (pdf["path"], pdf["outcome"], pdf["reason"], pdf["pages"]) == ("two.pdf", "ok", None, 2)
    assert (note["path"], note["outcome"], note["pages"]) == ("note.txt", "ok", None)
    assert {"path", "outcome", "stage", "reason", "pages", "tokens", "document_id"} <= set(pdf)
    assert pdf["tokens"] > 5
    assert len(pdf["document_id"]) == 32


def test_extract_gives_exact_passages_by_document_and_label(library: Library) -> None:
    result = library.run("extract", library.folder, "--labels", "cuad", "--format", "jsonl")
    assert result.code == 0, result.err
    check_places(result.lines, texts(library), "text")
    assert {"path", "label", "score", "start", "end", "page", "text", "value"} <= set(result.lines[0])
    assert all(0 <= line["score"] <= 1 for line in result.lines)
    paths = [line["path"] for line in result.lines]
    assert paths == sorted(paths, key=paths.index)
    law = [line for line in result.lines if line["label"] == "Governing Law" and line["path"] == str(library.contract)]
    assert any("State of New York" in line["text"] for line in law)


def test_extract_lists_at_most_fifty_candidates_a_label_with_min_score_zero(library: Library) -> None:
    shown = library.run("extract", library.contract, "--labels", "cuad", "--format", "jsonl").lines
    all_lines = library.run("extract", library.contract, "--labels", "cuad", "--format", "jsonl", "--min-score", "0").lines
    assert len(all_lines) > len(shown)
    counts: dict[str, int] = {}
    for line in all_lines:
        counts[line["label"]] = counts.get(line["label"], 0) + 1
    assert max(counts.values()) <= 50
    high = library.run("extract", library.contract, "--labels", "cuad", "--format", "jsonl", "--min-score", "0.9").lines
    assert all(line["score"] >= 0.9 for line in high)


def test_extract_keeps_to_the_labels_named(library: Library) -> None:
    result = library.run(
        "extract", library.contract, "--labels", "cuad", "--label", "governing law", "--format", "jsonl", "--min-score", "0"
    )
    assert {line["label"] for line in result.lines} == {"Governing Law"}


def test_extract_takes_a_label_set_of_the_users_own(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "name: mine\nlabels:\n  - name: Shredding\n    description: How expired records are destroyed.\n"
        '    examples: ["Expired records are shredded every week."]\n    usually_in: [Deletion]\n'
    )
    result = library.run("extract", library.policy, "--labels", file, "--format", "json", "--min-score", "0")
    assert result.code == 0, result.err
    content = json.loads(result.out)
    assert content["label_sets"][0]["name"] == "mine"
    assert {(line["label"], line["method"]) for line in content["records"]} == {("Shredding", "matched")}
    best = max(content["records"], key=lambda line: line["score"])
    assert "destroyed" in best["text"] or "shredder" in best["text"]


def test_summarize_cites_every_sentence_and_ends_with_the_folder(library: Library) -> None:
    result = library.run("summarize", library.folder, "--format", "jsonl")
    assert result.code == 0, result.err
    text_of = texts(library)
    sentences = [line for line in result.lines if line["path"] is not None]
    overview = [line for line in result.lines if line["path"] is None]
    check_places(sentences, text_of, "quote")
    assert {line["path"] for line in sentences} == set(text_of)
    for path in text_of:
        orders = [line["order"] for line in sentences if line["path"] == path]
        assert orders == list(range(1, len(orders) + 1))
    assert result.lines[-len(overview) :] == overview
    for line in overview:
        for citation in line["citations"]:
            assert text_of[citation["path"]][citation["start"] : citation["end"]] == citation["quote"]


def test_summarize_is_no_longer_than_asked(library: Library) -> None:
    assert len(library.run("summarize", library.contract, "--sentences", "2", "--format", "jsonl").lines) <= 2


def test_search_ranks_exact_passages_of_the_paths_named_only(library: Library) -> None:
    result = library.run("search", library.folder, "monthly fee", "-k", "4", "--format", "jsonl")
    assert result.code == 0, result.err
    check_places(result.lines, texts(library), "text")
    assert [line["rank"] for line in result.lines] == list(range(1, len(result.lines) + 1))
    assert len(result.lines) <= 4
    assert {"path", "rank", "score", "start", "end", "page", "text"} <= set(result.lines[0])
    for line in (line for line in result.lines if line["answer"]):
        assert line["answer"] == texts(library)[line["path"]][line["answer_start"] : line["answer_end"]]
    asked = library.run("search", library.contract, "How much does Customer pay Provider per month?", "--format", "jsonl").lines
    assert "$12,500" in asked[0]["answer"]
    only = library.run("search", library.policy, "monthly fee", "--format", "jsonl").lines
    assert {line["path"] for line in only} == {str(library.policy)}


def test_search_looks_only_where_its_filters_say(library: Library) -> None:
    def paths(*filters: str) -> set[str]:
        result = library.run("search", library.folder, "how long records are kept", *filters, "--format", "jsonl")
        assert result.code == 0, result.err
        assert all(line["path"] for line in result.lines)
        return {Path(line["path"]).name for line in result.lines}

    everywhere, contract = paths(), library.contract.name
    assert len(everywhere) > 1
    assert contract not in paths("--domain", "plain")
    assert library.policy.name not in paths("--since", "2021")
    assert contract in paths("--since", "2021-03-01")
    assert contract not in paths("--since", "2021-03-02")
    assert paths("--section", "retention") == {library.policy.name}
    refused = library.run("search", library.folder, "records", "--since", "lately")
    assert (refused.code, "YYYY-MM-DD" in refused.err) == (2, True)


def test_ask_answers_with_citations_or_says_that_nothing_was_found(library: Library) -> None:
    result = library.run("ask", library.contract, "Which law governs this agreement?", "--format", "jsonl")
    assert result.code == 0, result.err
    answer, *citations = result.lines
    assert (answer["kind"], answer["found"]) == ("answer", True)
    assert {line["kind"] for line in citations} == {"citation"}
    check_places(citations, texts(library), "text")
    assert any("New York" in line["text"] for line in citations)
    nothing = library.run("ask", library.policy, "What is the boiling point of tungsten?", "--format", "jsonl")
    assert nothing.code == 0
    assert [line["found"] for line in nothing.lines] == [False]


def test_a_page_is_the_physical_page_of_the_passage(longdoc: Longdoc, tmp_path: Path) -> None:
    make_pdf(tmp_path / "a.pdf", ["The zebra grazes in the morning.", "The walrus swims at night."])
    found = longdoc("search", "a.pdf", "walrus", "-k", "1", "--format", "jsonl").lines
    assert [(line["page"], "walrus" in line["text"]) for line in found] == [(2, True)]


@pytest.mark.parametrize("command", [("extract",), ("summarize",), ("search", "fee"), ("ask", "What is the fee?")])
def test_json_names_the_schema_the_package_and_the_model(library: Library, command: tuple[str, ...]) -> None:
    name, *query = command
    content = json.loads(library.run(name, library.contract, *query, "--json").out)
    assert content["schema_version"] == 1
    assert content["package"]["name"] == "longdoc"
    assert content["model"]["fingerprint"]
    assert [outcome["outcome"] for outcome in content["outcomes"]] == ["ok"]
    assert content["records"]
    if name == "extract":
        assert content["label_sets"][0]["fingerprint"]


def test_the_same_command_gives_the_same_bytes(library: Library) -> None:
    first = library.run("extract", library.folder, "--format", "jsonl", "--min-score", "0")
    assert first.out == library.run("extract", library.folder, "--format", "jsonl", "--min-score", "0").out


@pytest.mark.parametrize(
    "command", [("ingest",), ("extract",), ("summarize",), ("search", "fee"), ("ask", "What is the fee?"), ("status",)]
)
def test_every_format_shows_something(library: Library, command: tuple[str, ...]) -> None:
    name, *query = command
    paths = [] if name == "status" else [library.folder]
    out = library.folder.parent / f"out-{name}"
    result = library.run(name, *paths, *query, "--format", "table,md,csv,json,jsonl", "--out", out)
    assert result.code == 0, result.err
    assert result.out == ""
    for suffix in ("txt", "md", "csv", "json", "jsonl"):
        assert (out / f"{name}.{suffix}").read_text(encoding="utf-8").strip()
    rows = list(csv.DictReader(io.StringIO((out / f"{name}.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len((out / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["command"] == name
    assert manifest["settings"]["store"] == str(library.store)
    read = [outcome["outcome"] for outcome in manifest["outcomes"] if outcome["stage"] != "extract"]
    assert read == ["ok"] * (0 if name == "status" else 3)
