"""SARIF: valid by the standard's own schema, and every place and verdict where a reader looks for it."""

from __future__ import annotations

import json
import pickletools
import sqlite3
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import review_samples
from finding_samples import LAW, PATH, TEXT, citation, closing, cut_off, finding, full, heading, review
from jsonschema import Draft7Validator

from longdoc.types import Change, Review, Verdict
from longdoc_pipelines.reports.base import Heading
from longdoc_pipelines.reports.sarif import SarifReport, artifact_uri

Part = dict[str, Any]


@cache
def validator() -> Draft7Validator:
    """By the schema that OASIS published, which the package `schemastore` has in its cache. The cache is of pickles: their one byte
    string is taken out, and nothing is unpickled."""
    cache_file = distribution("schemastore").locate_file("schemastore/cache.sqlite")
    with sqlite3.connect(f"file:{cache_file}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT value FROM responses WHERE instr(value, 'Format (SARIF) Version 2.1.0 JSON Schema')").fetchall()
    connection.close()
    assert len(rows) == 1, f"schemastore has {len(rows)} schemas of SARIF 2.1.0"
    content = next(argument for _, argument, _ in pickletools.genops(rows[0][0]) if isinstance(argument, bytes))
    schema = json.loads(content)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def written(tmp_path: Path, *reviews: Review, of: Heading | None = None, changes: tuple[Change, ...] = ()) -> Part:
    """The one run of the log, after it was checked against the schema."""
    target = tmp_path / "review.sarif"
    with SarifReport(target, of or heading()) as report:
        for one in reviews:
            report.add(one)
        report.finish(closing(*reviews, changes=changes))
    log = json.loads(target.read_text(encoding="utf-8"))
    assert [error.message for error in validator().iter_errors(log)] == []
    assert [path.name for path in tmp_path.iterdir()] == ["review.sarif"]
    (run,) = log["runs"]
    return dict(run)


def by_rule(run: Part) -> dict[str, Part]:
    return {result["ruleId"]: result for result in run["results"]}


def test_the_schema_refuses_what_is_no_sarif() -> None:
    assert list(validator().iter_errors({"version": "2.1.0", "runs": [{"tool": {}}]}))


def test_a_review_of_many_documents_is_valid(tmp_path: Path) -> None:
    reviews = list(review_samples.reviews(12))
    run = written(tmp_path, *reviews, of=review_samples.heading())
    assert len(run["results"]) == 12 * 20


def test_a_review_of_nothing_is_valid(tmp_path: Path) -> None:
    assert written(tmp_path)["results"] == []


@pytest.mark.parametrize(
    ("rule", "kind", "level"),
    [
        ("law", "fail", "error"),
        ("cap", "fail", "error"),
        ("notice", "review", "none"),
        ("fees", "fail", "warning"),
        ("renewal", "fail", "error"),
        ("audit", "fail", "note"),
        ("escrow", "notApplicable", "none"),
    ],
)
def test_kind_and_level_follow_verdict_and_severity(tmp_path: Path, rule: str, kind: str, level: str) -> None:
    result = by_rule(written(tmp_path, full()))[rule]
    assert (result["kind"], result["level"]) == (kind, level)


def test_a_compliant_finding_passes(tmp_path: Path) -> None:
    (result,) = written(tmp_path, review(finding("compliant")))["results"]
    assert (result["kind"], result["level"], result["suppressions"]) == ("pass", "none", [])


def test_waived_and_cleared_failures_are_suppressed_and_no_others(tmp_path: Path) -> None:
    results = by_rule(written(tmp_path, full()))
    assert {rule for rule, result in results.items() if result["suppressions"]} == {"renewal", "audit"}
    assert results["audit"]["suppressions"][0]["justification"] == "Legal answers for it until 2027-01-01"
    assert "J. Doe decided compliant on 2026-04-01: By side letter." in results["renewal"]["suppressions"][0]["justification"]


def test_a_region_counts_code_points_and_lines_of_the_file(tmp_path: Path) -> None:
    (result,) = written(tmp_path, review(finding()))["results"]
    place = result["locations"][0]["physicalLocation"]
    region = place["region"]
    start = region["charOffset"]
    assert TEXT[start : start + region["charLength"]] == region["snippet"]["text"] == "Nevada law governs 🙂 this Agreement."
    line = TEXT.split("\n")[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == region["snippet"]["text"]
    assert region["startLine"] == region["endLine"]
    assert place["artifactLocation"]["uri"] == "contracts/our%20deal%20%231.txt"


@pytest.mark.parametrize(("format_", "path"), [("pdf", PATH), ("txt", "other.txt")])
def test_lines_are_told_only_where_the_text_is_the_file(tmp_path: Path, format_: str, path: str) -> None:
    (result,) = written(tmp_path, review(finding(citations=(citation(path=path, page=3),)), format=format_))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert set(place["region"]) == {"charOffset", "charLength", "snippet"}
    assert (place["properties"]["page"], result["properties"]["page"]) == (3, 3)


def test_what_a_verdict_rests_on_beside_its_first_passage_is_related(tmp_path: Path) -> None:
    results = by_rule(written(tmp_path, full()))
    told = [one["message"]["text"] for one in results["law"]["relatedLocations"]]
    assert told == ["also rests on this", "jurisdiction Nevada"]
    assert results["cap"]["relatedLocations"][0]["message"]["text"] == "the nearest passage, score 0.12"
    assert "region" not in results["cap"]["locations"][0]["physicalLocation"]
    assert results["cap"]["properties"]["searched"] == {"sections": 3, "pages": 9, "unread": [4]}


@pytest.mark.parametrize(
    ("kind", "before", "state"),
    [("new", "compliant", "new"), ("new", None, "new"), ("changed", None, "new"), ("fixed", "missing", "updated")],
)
def test_a_result_says_how_it_differs_from_the_last_run(tmp_path: Path, kind: Any, before: Verdict | None, state: str) -> None:
    change = Change(path=PATH, rule="law", kind=kind, before=before, after="violation")
    run = written(tmp_path, full(), of=heading(changes_since="2026-04-01T00:00:00+00:00"), changes=(change,))
    results = by_rule(run)
    assert results["law"]["baselineState"] == state
    assert results["law"]["properties"].get("before") == before
    assert {result["baselineState"] for rule, result in results.items() if rule != "law"} == {"unchanged"}


def test_a_result_that_is_gone_is_absent(tmp_path: Path) -> None:
    gone = Change(path="gone.txt", rule="cap", kind="fixed", before="missing", after=None)
    run = written(tmp_path, review(finding()), of=heading(changes_since="2026-04-01T00:00:00+00:00"), changes=(gone,))
    assert [(one["ruleId"], one["baselineState"], one["level"]) for one in run["results"]] == [
        ("law", "unchanged", "error"),
        ("cap", "absent", "none"),
    ]


def test_without_a_last_run_nothing_is_compared(tmp_path: Path) -> None:
    assert all("baselineState" not in result for result in written(tmp_path, full())["results"])


def test_the_rules_are_told_in_the_order_of_the_playbook(tmp_path: Path) -> None:
    run = written(tmp_path, full())
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("longdoc", "9.9")
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert [rule["defaultConfiguration"]["level"] for rule in driver["rules"]] == [
        *("error", "error", "warning", "error", "error", "note", "note"),
    ]


def test_a_message_has_no_links_and_no_placeholders_of_the_document(tmp_path: Path) -> None:
    (result,) = written(tmp_path, review(finding(reason="It says {0} and [click](http://x.example).")))["results"]
    assert result["message"]["text"] == "Violation: It says {{0}} and \\[click](http://x.example)."


def test_files_that_failed_are_notifications(tmp_path: Path) -> None:
    (invocation,) = written(tmp_path, full())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == ("2026-04-02T08:00:00Z", "2026-04-02T08:10:00Z")
    told = [
        (one["level"], one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for one in invocation["toolExecutionNotifications"]
    ]
    assert told == [("error", "contracts/bad.pdf"), ("warning", "x.png")]


def test_a_fingerprint_is_that_of_document_and_rule_wherever_the_passage_moves(tmp_path: Path) -> None:
    moved = finding(citations=(citation(LAW.model_copy(update={"start": LAW.start + 7})),))
    first, second = (by_rule(written(tmp_path, review(one, finding(rule="cap")))) for one in (finding(), moved))
    assert first["law"]["partialFingerprints"]["documentRule/v1"] == second["law"]["partialFingerprints"]["documentRule/v1"]
    assert first["law"]["partialFingerprints"]["passage/v1"] != second["law"]["partialFingerprints"]["passage/v1"]
    assert first["law"]["partialFingerprints"]["documentRule/v1"] != first["cap"]["partialFingerprints"]["documentRule/v1"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b c.pdf", "a/b%20c.pdf"),
        ("./a/../b.pdf", "b.pdf"),
        ("c:d.txt", "c%3Ad.txt"),
        ("/srv/ü.txt", "file:///srv/%C3%BC.txt"),
        ("s3://bucket/a b?.pdf", "s3://bucket/a%20b%3F.pdf"),
        ("half\udce9.txt", "half%E9.txt"),
        ("javascript:alert(1)//.txt", "javascript%3Aalert%281%29/.txt"),
    ],
)
def test_a_path_becomes_a_uri_reference(path: str, uri: str) -> None:
    assert artifact_uri(path) == uri


def test_a_name_that_is_no_text_is_written_all_the_same(tmp_path: Path) -> None:
    (result,) = written(tmp_path, review(finding(citations=()), path="half\udce9.txt"))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "half%E9.txt"


def test_a_run_that_is_cut_off_leaves_the_last_report_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "review.sarif"
    target.write_text("the last one")
    with pytest.raises(KeyboardInterrupt):
        cut_off(SarifReport(target, heading()))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("review.sarif", "the last one")]
