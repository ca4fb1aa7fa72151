"""The views of the HTML report in a real Chromium: filters, order, charts, changes and what is printed.

`make test-system` installs Chromium; Playwright drives it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from page_driver import (
    COUNT,
    Open,
    paths,
    worth_a_look,
)
from review_samples import closing, heading

from longdoc.types import Change, Finding, Review
from longdoc_pipelines.reports.html import HtmlReport

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.system


def test_the_matrix_holds_every_document_and_every_verdict(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    assert sorted(paths(page)) == sorted(one.path for one in of)
    signs = {"violation": "V", "missing": "M", "needs_review": "?", "fallback": "F", "compliant": "✓", "not_applicable": "–"}
    first = of[12]
    page.fill("#filter-text", first.path)
    row = page.locator(f"#matrix tr[data-document='{first.document_id}']")
    assert row.locator("td.cell").all_inner_texts() == [signs[finding.verdict] for finding in first.findings]
    assert page.title() == "vendor_terms 2.4: compliance review"
    assert page.inner_text("#filter-count") == "1 of 60 documents, 20 findings"


def test_the_filter_leaves_the_documents_that_fit(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    page.fill("#filter-text", "2023 AGREEMENT")
    assert set(paths(page)) == {one.path for one in of if "/2023/" in one.path}
    page.fill("#filter-text", "")
    page.select_option("#filter-rule", "governing_law")
    page.click("#filter-verdicts [data-verdict=V]")
    page.click("#filter-verdicts [data-verdict=M]")
    wanted = [finding for one in of for finding in one.findings if finding.rule == "governing_law" and finding.failed]
    assert set(paths(page)) == {finding.path for finding in wanted}
    assert page.inner_text("#filter-count") == f"{len(wanted)} of 60 documents, {len(wanted)} findings"
    assert "verdict=violation%2Cmissing&rule=governing_law" in page.url
    again = open_page(after=f"#{urlsplit(page.url).fragment}")
    assert paths(again) == paths(page), "the address shows the same to another person"
    page.click("#filter-clear")
    assert len(paths(page)) == COUNT


@pytest.mark.parametrize(
    ("control", "fits"),
    [
        ("#filter-severity=critical", lambda finding, changed: finding.severity == "critical"),
        ("#filter-changed=any", lambda finding, changed: finding in changed),
        ("#filter-changed=fixed", lambda finding, changed: changed.get(finding) == "fixed"),
        ("#filter-corrected", lambda finding, changed: finding.correction is not None),
    ],
)
def test_each_filter_finds_what_it_says(open_page: Open, of: list[Review], control: str, fits: Callable[[Finding, Any], bool]) -> None:
    kinds = {(change.path, change.rule): change.kind for change in closing(of).changes}
    all_findings = [finding for one in of for finding in one.findings]
    changed = {finding: kind for finding in all_findings if (kind := kinds.get((finding.path, finding.rule)))}
    wanted = [finding for finding in all_findings if fits(finding, changed)]
    page = open_page(after="#view=findings")
    name, _, value = control.partition("=")
    page.select_option(name, value) if value else page.check(name)
    assert page.inner_text("#filter-count").endswith(f" {len(wanted)} finding{'s' * (len(wanted) != 1)}")
    assert page.get_attribute("#findings", "aria-rowcount") == str(len(wanted) + 1)
    assert wanted


def test_documents_are_sorted_by_failures_and_by_worth(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    page.click("#matrix [data-sort=failures] button")
    failures = {one.path: sum(finding.failed for finding in one.findings) for one in of}
    assert [failures[path] for path in paths(page)] == sorted(failures.values(), reverse=True)
    page.click("#matrix [data-sort=worth] button")
    worth = {one.path: max(finding.worth for finding in one.findings) for one in of}
    assert [worth[path] for path in paths(page)] == sorted(worth.values(), reverse=True)


def test_words_are_found_in_reasons_and_passages_where_that_is_asked_for(open_page: Open, of: list[Review]) -> None:
    page = open_page(after="#view=findings")
    page.fill("#filter-text", "republic MALTA govern")
    assert page.inner_text("#filter-count").startswith("0 of 60 documents")
    page.check("#filter-passages")
    malta = [finding for one in of for finding in one.findings if any("Republic of Malta" in cited.quote for cited in finding.citations)]
    assert page.inner_text("#filter-count") == f"{len(malta)} of 60 documents, {len(malta)} findings"
    assert len(malta) > 1
    again = open_page(after=f"#{urlsplit(page.url).fragment}")
    assert again.is_checked("#filter-passages")
    assert again.inner_text("#filter-count") == page.inner_text("#filter-count")
    page.fill("#filter-text", f"{malta[0].path} malta")
    assert page.inner_text("#filter-count") == "1 of 60 documents, 1 finding"
    page.click("#filter-clear")
    assert page.inner_text("#filter-count") == "60 documents"


def test_a_chart_filters_by_what_is_clicked(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    page.click("#chart-verdicts [data-verdict=R]")
    waiting = sum(finding.verdict == "needs_review" for one in of for finding in one.findings)
    assert page.inner_text("#filter-count").endswith(f" {waiting} findings")
    page.locator("#chart-rules rect.fill-M").first.click()
    assert page.locator("#filter-rule").input_value() != ""
    page.click("#chart-changes [data-change=fixed]")
    fixed = sum(change.kind == "fixed" for change in closing(of).changes)
    assert page.locator("#changes tbody tr:not(.space)").count() == fixed > 0


def test_a_failure_whose_rule_is_gone_is_told_among_the_changes(open_page: Open, of: list[Review], tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    gone = Change(path=of[1].path, rule="no_longer_a_rule", kind="changed", before="violation", after=None)
    with HtmlReport(target, heading()) as report:
        report.add(of[1])
        report.finish(replace(closing(of[1:2]), changes=(gone,)))
    page = open_page(target, "#view=changes")
    (row,) = page.locator("#changes tbody tr:not(.space)").all_inner_texts()
    assert row.split() == [
        "Changed",
        Path(of[1].path).name,
        f"{Path(of[1].path).parent}/",
        "no_longer_a_rule",
        "V",
        "Violation",
        "is",
        "gone",
    ]


def test_the_documents_that_fail_most_stand_first_and_lead_to_their_failures(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    failures = {one.path: sum(finding.failed for finding in one.findings) for one in of}
    listed = page.locator("#chart-documents .chart-name")
    shown = [failures[path] for path in listed.evaluate_all("all => all.map((one) => one.dataset.path)")]
    assert shown == sorted(failures.values(), reverse=True)[: len(shown)]
    assert len(shown) == 12
    listed.first.click()
    assert page.locator("#findings tbody tr[data-finding]").count() == shown[0]
    page.click("#filter-clear")
    page.locator("#chart-documents button.quiet").click()
    assert [failures[path] for path in paths(page)] == sorted(failures.values(), reverse=True)


def test_findings_are_sorted_by_verdict_and_by_severity_with_the_worst_first(open_page: Open, of: list[Review]) -> None:
    page = open_page(after="#view=findings")
    assert page.get_attribute("#findings th.wide", "aria-sort") == "descending"
    first = page.locator("#findings tbody tr[data-finding]").first.inner_text()
    assert "Violation" in first
    assert "critical" in first
    page.click("#findings [data-sort=name] button")
    assert page.get_attribute("#findings th.document", "aria-sort") == "ascending"
    assert min(one.path for one in of).rpartition("/")[2] in page.locator("#findings tbody tr[data-finding]").first.inner_text()
    page.click("#findings [data-sort=severity] button")
    row = page.locator("#findings tbody tr[data-finding]").first.inner_text()
    assert "Violation" in row
    assert "critical" in row


def test_every_view_shows_its_records(open_page: Open, of: list[Review]) -> None:
    page = open_page(after="#view=failed")
    for failed in closing(of).failed:
        assert failed.reason in page.inner_text("#failed")
    page.click("#tab-rules")
    for rule in heading().rules:
        assert rule.rationale in page.inner_text("#rules")
    assert page.locator("#rules article").count() == 20


def test_what_goes_to_paper_are_the_findings_that_need_a_person(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    printed = page.inner_text("#printed")
    for finding in worth_a_look(of):
        assert finding.path in printed
        for cited in finding.citations:
            assert " ".join(cited.quote.split()) in " ".join(printed.split())
    assert page.locator("#printed article").count() == len(worth_a_look(of))
    assert page.locator(".printed-matrix tbody tr").count() == COUNT
    assert page.locator(".printed-matrix tbody td").count() == COUNT * 20
    assert page.locator(".printed-matrix").is_visible()
    for hidden in (".toolbar", "#matrix", ".head-actions"):
        assert not page.locator(hidden).is_visible()
    assert page.locator("#chart-rules").is_visible()
