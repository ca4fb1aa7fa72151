"""What people decided, as data to train on: what is taught of labels of one's own, and that nothing is taught that nobody decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_run import CONTRACT

from longdoc import Pipeline
from longdoc.errors import UsageError
from longdoc.labels import load_labels
from longdoc.types import Span
from longdoc_pipelines.labelled import read_labelled
from longdoc_pipelines.review.corrections import decided

PLAYBOOK = """playbook: own
version: "1"
rules:
  - {id: LAW, title: Law, label: Governing Law}
  - {id: REN, title: Renewal, label: Automatic Renewal}
  - {id: MFN, title: None, label: Most Favored Nation, requirement: forbidden}
labels:
  - name: Automatic Renewal
    description: The agreement renews by itself for further terms.
    examples: [It renews for successive terms of one year unless a party gives notice of non-renewal before the end of the term.]
"""


FLOOD = """playbook: flood
version: "1"
rules:
  - {id: RIV, title: A rider is sent when the river rises, label: High Water}
labels:
  - name: High Water
    description: What the parties owe each other in a flood.
    examples: [In case of flooding the parties shall inform each other.]
"""


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(PLAYBOOK, encoding="utf-8")
    Path("msa.txt").write_text(CONTRACT, encoding="utf-8")
    with Pipeline("store", threads=1) as opened:
        list(opened.review("msa.txt", "own.yaml", review_below=0.0))
        yield opened


def rows(pipeline: Pipeline, **decisions: str) -> list[dict[str, object]]:
    for rule, verdict in decisions.items():
        pipeline.correct([decided(pipeline.corpus, "msa.txt", rule, verdict, by="Mei", at="2026-11-30T10:00:00Z")])
    pipeline.training_data("own.yaml", "rows.jsonl")
    return [json.loads(line) for line in Path("rows.jsonl").read_text(encoding="utf-8").splitlines()]


def test_nothing_is_taught_of_documents_that_nobody_decided_about(pipeline: Pipeline) -> None:
    assert rows(pipeline) == []


def test_what_the_machine_found_stands_beside_what_a_person_decided(pipeline: Pipeline) -> None:
    found = rows(pipeline, REN="compliant")
    assert {(row["label"], row["label_set"], row["correct"]) for row in found} == {
        ("Automatic Renewal", "own rules", "yes"),
        ("Governing Law", "cuad", "yes"),
    }


def test_a_document_of_which_a_person_says_that_nothing_is_there_is_named(pipeline: Pipeline) -> None:
    found = rows(pipeline, LAW="missing", REN="missing")
    assert {row["correct"] for row in found} == {"no"}
    assert {row["label"] for row in found} == {"Governing Law", "Automatic Renewal"}
    assert [row["label"] for row in rows(pipeline, MFN="compliant")] == [row["label"] for row in found]


def test_labels_of_a_playbook_are_read_from_its_file_and_others_passed_over(pipeline: Pipeline) -> None:
    rows(pipeline, REN="compliant", LAW="compliant")
    own = pipeline.playbook("own.yaml").own
    assert own is not None
    for labels, expected in ((own, {"Automatic Renewal"}), (load_labels("cuad"), {"Governing Law"})):
        (one,) = read_labelled(Path("rows.jsonl"), labels)
        assert {passage.label for passage in one.gold} == expected


def test_one_contract_is_too_little_and_a_playbook_without_labels_nothing_to_train(pipeline: Pipeline) -> None:
    rows(pipeline, REN="compliant")
    with pytest.raises(UsageError, match="8 are the least"):
        pipeline.train_clauses("rows.jsonl", "model", "own.yaml")
    Path("bare.yaml").write_text(PLAYBOOK.partition("  - {id: REN")[0], encoding="utf-8")
    with pytest.raises(UsageError, match="has no labels of its own; train its label set 'cuad'"):
        pipeline.train_clauses("rows.jsonl", "model", "bare.yaml")


WAYS = (
    "A party that finds the river above the second mark sends a rider to the other before dusk.",
    "When the river stands above the second mark, whoever sees it first sends a rider to the other party.",
    "Above the second mark of the river a rider is sent by the party that saw it to the other party.",
)


@pytest.mark.slow
def test_what_people_decide_teaches_a_label_that_the_next_review_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flood.yaml").write_text(FLOOD, encoding="utf-8")
    contracts = Path("contracts")
    contracts.mkdir()
    told = {number: WAYS[number % len(WAYS)] for number in range(14) if number % 2}
    for number in range(14):
        own = f"4. Other\n\n{told.get(number, 'Each party keeps its own books.')}\n"
        text = CONTRACT.replace("Alder", f"Alder {number}") + f"\n{own}"
        (contracts / f"{number:02}.txt").write_text(text, encoding="utf-8")
    with Pipeline("store", threads=1) as pipeline:
        before = {review.path: review.findings[0] for review in pipeline.review("contracts", "flood.yaml", review_below=0.0)}
        corrections = []
        for number in range(12):
            path = f"contracts/{number:02}.txt"
            verdict = "compliant" if number in told else "missing"
            one = decided(pipeline.corpus, path, "RIV", verdict, by="Mei", at="2026-11-30T10:00:00Z")
            if number in told:
                document = pipeline.document(path)
                start = document.text.index(told[number])
                one = one.model_copy(update={"citation": document.cite(Span(start=start, end=start + len(told[number])))})
            corrections.append(one)
        pipeline.correct(corrections)
        pipeline.training_data("flood.yaml", "rows.jsonl")
        pipeline.train_clauses("rows.jsonl", "model", "flood.yaml")
    with Pipeline("store", threads=1, model="model") as pipeline:
        after = {review.path: review.findings[0] for review in pipeline.review("contracts", "flood.yaml", review_below=0.0)}
    unseen = [after[f"contracts/{number}.txt"] for number in (12, 13)]
    assert [finding.correction for finding in unseen] == [None, None]
    assert [finding.verdict for finding in unseen] == ["missing", "compliant"]
    assert unseen[1].citations[0].quote == told[13]
    assert unseen[1].model != before["contracts/13.txt"].model
    assert unseen[1].confidence > before["contracts/13.txt"].confidence or before["contracts/13.txt"].verdict == "missing"
