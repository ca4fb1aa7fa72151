"""Questions of a playbook go to a language model where there is one; its quotes are located, values are read and compared in code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_server import Body, FaultServer
from test_run import CONTRACT

from longdoc import Pipeline

ASKS = """playbook: asks
version: "1"
rules:
  - id: FEE
    title: A claim is limited to the fees of a year
    question: To what amount or period of fees is the liability of Provider limited?
    values: {period: duration}
    test: {period: {max: 12 months}}
  - id: DOG
    title: Dogs are allowed
    question: May dogs be brought to the office?
    severity: low
"""
CAP = "In no event shall the total liability of Provider under this Agreement exceed the fees paid in the twelve months before the claim."


def user(body: Body) -> str:
    """What the user says in a request."""
    return next(str(message["content"]) for message in body["messages"] if message["role"] == "user")


def answer(body: Body) -> str:
    """Quotes the cap for the question about it, a sentence that is not there for the other."""
    found = [{"quote": CAP}] if "liability of Provider limited" in user(body) else []
    return json.dumps({"clauses": found})


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer, context_length=16_384) as running:
        yield running


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_question_is_asked_and_its_quote_is_judged_in_code(server: FaultServer, tmp_path: Path, dry_run: bool) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "msa.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "asks.yaml").write_text(ASKS, encoding="utf-8")
    with Pipeline(tmp_path / "store", engine="openai", base_url=server.url, model="tiny", dry_run=dry_run, threads=1) as pipeline:
        run = pipeline.review(folder, tmp_path / "asks.yaml", review_below=0.0)
        reviews = list(run)
        if dry_run:
            assert (reviews, run.closing, server.bodies) == ([], None, [])
            assert pipeline.corpus.verdicts.last("asks") is None
            return
        (fee, dog) = reviews[0].findings
        assert fee.verdict == "compliant"
        assert " ".join(fee.citations[0].quote.split()) == CAP
        assert [value.normalised for value in fee.values] == ["P12M"]
        assert fee.model.startswith("embedded+openai")
        assert dog.verdict == "missing"
        asked = len(server.bodies)
        assert asked == 2
        list(pipeline.review(folder, tmp_path / "asks.yaml", review_below=0.0))
        assert len(server.bodies) == asked


def test_without_one_the_passages_nearest_to_the_question_decide(tmp_path: Path) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "msa.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "asks.yaml").write_text(ASKS, encoding="utf-8")
    with Pipeline(tmp_path / "store", threads=1) as pipeline:
        (review,) = pipeline.review(folder, tmp_path / "asks.yaml", review_below=0.0)
    fee, dog = review.findings
    assert "exceed the fees" in fee.citations[0].quote
    assert dog.verdict == "missing"
