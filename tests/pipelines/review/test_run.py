"""Reviews of real files through a Pipeline: what is kept, what is done again, what people decide, amendments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from longdoc import Pipeline
from longdoc.errors import PlaybookError, StoreBusyError, StoreDamagedError, UsageError
from longdoc.types import Correction, Review
from longdoc_pipelines.review import judge as judging
from longdoc_pipelines.review import run as running

CONTRACT = """SERVICES AGREEMENT

This Services Agreement (the "Agreement") is made as of March 1, 2021 by and between Alder Systems, Inc., a Delaware corporation
("Provider"), and Birch Retail LLC, a New York limited liability company ("Customer").

1. Term

The term of this Agreement is two years. It renews for successive terms of one year unless a party gives written notice of
non-renewal at least ninety (90) days before the end of the then current term.

2. Liability

In no event shall the total liability of Provider under this Agreement exceed the fees paid in the twelve months before the claim.

3. Governing Law

This Agreement is governed by and construed in accordance with the laws of the State of Nevada.
"""
AMENDMENT = """FIRST AMENDMENT TO SERVICES AGREEMENT

This First Amendment to Services Agreement (the "Amendment") is made as of June 1, 2022 by and between Alder Systems, Inc. ("Provider")
and Birch Retail LLC ("Customer") and amends the Services Agreement dated March 1, 2021 between them.

1. Governing Law

Section 3 is deleted and replaced with: "This Agreement is governed by and construed in accordance with the laws of the State of Delaware."
"""
PLAYBOOK = """playbook: house
version: "1"
rules:
  - {id: LAW, title: Law of Delaware, label: Governing Law, values: {law: jurisdiction}, test: {law: {in: [Delaware]}}, severity: high}
  - {id: CAP, title: Liability is capped, label: Cap On Liability, severity: high}
  - {id: INS, title: Insurance, label: Insurance, severity: low}
  - id: REN
    title: Notice
    label: Notice Period To Terminate Renewal
    requirement: conditional
    values: {notice: duration}
    test: {notice: {max: 60 days}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "contracts"
    found.mkdir()
    (found / "msa.txt").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "house.yaml").write_text(PLAYBOOK, encoding="utf-8")
    return found


@pytest.fixture
def pipeline(tmp_path: Path, folder: Path) -> Iterator[Pipeline]:
    with Pipeline(tmp_path / "store", threads=1) as opened:
        yield opened


def verdicts(reviews: list[Review]) -> dict[str, dict[str, str]]:
    return {Path(one.path).name: {finding.rule: finding.leans or finding.verdict for finding in one.findings} for one in reviews}


def test_a_contract_gets_a_verdict_a_rule_each_with_its_evidence(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    (review,) = pipeline.review(folder, tmp_path / "house.yaml")
    assert verdicts([review])["msa.txt"] == {"LAW": "violation", "CAP": "compliant", "INS": "missing", "REN": "violation"}
    text = pipeline.document(folder / "msa.txt").text
    for finding in review.findings:
        for citation in finding.citations:
            assert text[citation.span.start : citation.span.end] == citation.quote
    law = review.findings[0]
    assert "Nevada" in law.citations[0].quote
    assert [value.normalised for value in law.values] == ["Nevada"]


def test_an_amendment_in_the_same_folder_overrides_what_it_amends(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    (folder / "amendment.txt").write_text(AMENDMENT, encoding="utf-8")
    amendment, contract = pipeline.review(folder, tmp_path / "house.yaml")
    assert amendment.amends == contract.path
    assert contract.amended_by == (amendment.path,)
    law = contract.findings[0]
    assert (law.leans or law.verdict, law.amended_by) == ("compliant", amendment.path)
    assert law.citations[0].path == amendment.path
    assert verdicts([contract])["msa.txt"]["CAP"] == "compliant"
    assert verdicts([amendment])["amendment.txt"]["CAP"] == "not_applicable"


def test_only_a_changed_rule_is_judged_again(pipeline: Pipeline, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    real = judging.judge

    def counted(rule, *rest):  # type: ignore[no-untyped-def]
        judged.append(rule.id)
        return real(rule, *rest)

    monkeypatch.setattr(running, "judge", counted)
    house = tmp_path / "house.yaml"
    first = list(pipeline.review(folder, house))
    assert judged == ["LAW", "CAP", "INS", "REN"]
    assert list(pipeline.review(folder, house)) == first
    assert len(judged) == 4
    house.write_text(PLAYBOOK.replace("60 days", "100 days").replace("severity: low", "severity: critical"), encoding="utf-8")
    (second,) = pipeline.review(folder, house)
    assert judged[4:] == ["REN"]
    assert verdicts([second])["msa.txt"]["REN"] == "compliant"
    assert second.findings[2].severity == "critical"


def test_a_document_on_which_the_judge_fails_is_one_failed_outcome_and_the_others_go_on(
    pipeline: Pipeline, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "other.txt").write_text(CONTRACT.replace("Nevada", "Ohio"), encoding="utf-8")
    real = running.judge

    def faulty(rule, evidence, *rest):  # type: ignore[no-untyped-def]
        if evidence.document.path.endswith("msa.txt"):
            raise ZeroDivisionError("of nothing")
        return real(rule, evidence, *rest)

    monkeypatch.setattr(running, "judge", faulty)
    reviews = pipeline.review(folder, tmp_path / "house.yaml")
    assert [Path(one.path).name for one in reviews] == ["other.txt"]
    outcomes = {Path(one.path).name: (one.outcome, one.stage, one.reason) for one in pipeline.outcomes}
    assert outcomes["msa.txt"] == ("failed", "review", "ZeroDivisionError: of nothing")
    assert outcomes["other.txt"][0] == "ok"
    assert len(pipeline.outcomes) == 2
    assert reviews.closing is not None
    assert (reviews.closing.documents, reviews.closing.metrics["failed_review"]) == (1, 1)


def test_changes_since_the_last_run_are_told(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    house = tmp_path / "house.yaml"
    first = pipeline.review(folder, house, review_below=0.0)
    list(first)
    assert (first.changes, first.heading.changes_since) == ((), None)
    (folder / "msa.txt").write_text(CONTRACT.replace("Nevada", "Delaware").replace("In no event", "In any event"), encoding="utf-8")
    house.write_text(PLAYBOOK.replace("60 days", "100 days"), encoding="utf-8")
    second = pipeline.review(folder, house, review_below=0.0)
    list(second)
    assert ("LAW", "fixed") in {(change.rule, change.kind) for change in second.changes}
    assert ("REN", "fixed") in {(change.rule, change.kind) for change in second.changes}
    assert second.heading.changes_since is not None


def test_a_moved_file_keeps_its_findings_under_its_new_name(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    list(pipeline.review(folder, tmp_path / "house.yaml"))
    (folder / "msa.txt").rename(folder / "renamed.txt")
    (review,) = pipeline.review(folder, tmp_path / "house.yaml")
    assert review.path.endswith("renamed.txt")
    paths = {finding.path for finding in review.findings} | {one.path for finding in review.findings for one in finding.citations}
    assert paths == {review.path}


def test_a_persons_decision_survives_runs_and_feeds_training(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    house = tmp_path / "house.yaml"
    (review,) = pipeline.review(folder, house)
    law, insurance = review.findings[0], review.findings[2]
    text = pipeline.document(folder / "msa.txt").text
    start = text.index("This Agreement is governed")
    said = {"document_id": review.document_id, "path": review.path, "by": "Mei", "at": "2026-11-20T10:00:00+00:00"}
    cited = {
        "document_id": review.document_id,
        "path": review.path,
        "span": {"start": start, "end": start + 20},
        "quote": text[start : start + 20],
    }
    rows = [
        {
            **said,
            "rule": "LAW",
            "rule_version": law.rule_version,
            "verdict": "compliant",
            "was": law.verdict,
            "citation": cited,
            "note": "agreed",
        },
        {**said, "rule": "INS", "rule_version": insurance.rule_version, "verdict": "not_applicable", "was": insurance.verdict},
    ]
    assert pipeline.correct([Correction.model_validate(row) for row in rows]) == 2
    (again,) = pipeline.review(folder, house)
    assert (again.findings[0].verdict, again.findings[0].machine) == ("compliant", law.verdict)
    assert again.findings[0].correction is not None
    assert (again.findings[0].correction.by, again.findings[0].correction.playbook) == ("Mei", "house")
    assert pipeline.training_data(house, tmp_path / "rows.jsonl") == 1
    (row,) = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert (row["label"], row["start"], row["correct"]) == ("Governing Law", start, "yes")
    pipeline.withdraw(folder / "msa.txt", "LAW", by="Ada")
    (last,) = pipeline.review(folder, house)
    assert last.findings[0].correction is None


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"rule": "NONE"}, "no review here has judged this document by a rule 'NONE'"),
        ({"document_id": "0" * 32}, "no review here has judged"),
    ],
)
def test_a_correction_of_what_was_not_reviewed_is_refused(
    pipeline: Pipeline, folder: Path, tmp_path: Path, changed: dict[str, str], part: str
) -> None:
    (review,) = pipeline.review(folder, tmp_path / "house.yaml")
    said = {"document_id": review.document_id, "path": "x", "rule": "LAW", "rule_version": "1", "verdict": "compliant", "was": "missing"}
    one = Correction.model_validate({**said, "by": "Mei", "at": "now", **changed})
    with pytest.raises(UsageError, match=part):
        pipeline.correct([one])


def test_a_correction_that_quotes_other_words_than_are_there_is_refused(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    (review,) = pipeline.review(folder, tmp_path / "house.yaml")
    place = {"document_id": review.document_id, "path": review.path, "span": {"start": 0, "end": 8}, "quote": "SUPPLIES"}
    said = {"document_id": review.document_id, "path": "x", "rule": "LAW", "rule_version": "1", "verdict": "compliant", "was": "missing"}
    with pytest.raises(UsageError, match="0-8 is not the text"):
        pipeline.correct([Correction.model_validate({**said, "by": "Mei", "at": "now", "citation": place})])


def test_the_audit_log_tells_of_runs_and_decisions_and_notices_tampering(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    run = pipeline.review(folder, tmp_path / "house.yaml")
    list(run)
    (entry,) = pipeline.audit()
    assert (entry.value["event"], entry.value["playbook"], entry.value["documents"]) == ("review", "house", 1)
    assert run.closing is not None
    assert run.closing.audit_head == entry.hash
    pipeline.corpus.catalogue.run("UPDATE audit SET value = replace(value, 'house', 'mouse')")
    with pytest.raises(StoreDamagedError, match="at entry 1"):
        pipeline.audit()


def test_what_is_forgotten_takes_its_verdicts_along(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    (review,) = pipeline.review(folder, tmp_path / "house.yaml")
    pipeline.forget(folder)
    assert pipeline.corpus.verdicts.rule_of(review.document_id, "LAW") == []


def test_a_run_that_is_not_finished_is_no_last_run(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    (folder / "other.txt").write_text(CONTRACT.replace("Alder", "Cedar"), encoding="utf-8")
    begun = pipeline.review(folder, tmp_path / "house.yaml")
    next(begun)
    assert pipeline.corpus.verdicts.last("house") is None
    list(pipeline.review(folder, tmp_path / "house.yaml"))
    assert pipeline.corpus.verdicts.last("house") is not None


def test_one_process_at_a_time_reviews_a_corpus_by_a_playbook(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    (folder / "other.txt").write_text(CONTRACT.replace("Nevada", "Ohio"), encoding="utf-8")
    reviews = pipeline.review(folder, tmp_path / "house.yaml")
    next(reviews)
    (tmp_path / "second.yaml").write_text(PLAYBOOK.replace("house", "second"), encoding="utf-8")
    with Pipeline(tmp_path / "store", threads=1) as other:
        other.corpus.wait = 0.0
        with pytest.raises(StoreBusyError, match="another longdoc run"):
            other.review(folder, tmp_path / "house.yaml")
        assert len(list(other.review(folder, tmp_path / "second.yaml"))) == 2
        assert len(list(reviews)) == 1
        again = other.review(folder, tmp_path / "house.yaml")
        assert len(list(again)) == 2
        assert again.changes == ()


def test_a_bad_playbook_is_told_before_anything_is_read(pipeline: Pipeline, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(PLAYBOOK.replace("Insurance", "Insurence"), encoding="utf-8")
    with pytest.raises(PlaybookError, match="did you mean 'Insurance'"):
        pipeline.review(folder, tmp_path / "house.yaml")
    assert pipeline.documents(folder) == []


def test_the_same_review_twice_gives_the_same_and_a_bad_threshold_is_refused(pipeline: Pipeline, folder: Path) -> None:
    assert list(pipeline.review(folder, "cuad_benchmark")) == list(pipeline.review(folder, "cuad_benchmark"))
    with pytest.raises(UsageError, match="between 0 and 1"):
        pipeline.review(folder, "cuad_benchmark", review_below=1.5)
