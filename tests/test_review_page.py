"""The HTML report in a real Chromium, opened from a file: what a person does with it, by mouse and by keyboard.

`make test-system` installs Chromium; Playwright drives it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from page_driver import (
    LOADED,
    MARK_IS_IN_SIGHT,
    NAMELESS,
    Open,
    address_of,
    chromium,
    document_span,
    exported,
    one_with,
    paths,
    windows,
    worth_a_look,
    write,
)
from PIL import Image
from review_samples import PDF_PATH, closing, heading, review, reviews

from longdoc.ingest.render import MARK
from longdoc.types import Change, Correction, Finding, Review, Span
from longdoc_pipelines.reports.html import HtmlReport
from longdoc_pipelines.review.corrections import read_corrections

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.system

COUNT = 60


@pytest.fixture(scope="module")
def of() -> list[Review]:
    return list(reviews(COUNT))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, of: list[Review]) -> Path:
    target = tmp_path_factory.mktemp("report") / "a review #1 100%.html"
    write(target, of)
    return target


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, target: Path) -> Iterator[Open]:
    with windows(browser, target) as opened:
        yield opened


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


def test_a_click_on_a_cell_shows_the_passage_in_the_text(open_page: Open, of: list[Review]) -> None:
    finding = one_with(of, "violation")
    page = open_page(after=f"#q={finding.path}")
    place = [one.id for one in heading().rules].index(finding.rule)
    page.locator(f"#matrix tr[data-document='{finding.document_id}'] td.cell").nth(place).click()
    (cited,) = finding.citations
    assert page.inner_text("#source-view mark") == cited.quote
    assert f"characters {cited.span.start:,}–{cited.span.end:,}" in page.inner_text("#source-place")
    text, start = heading().document(finding.path).text, max(0, cited.span.start - 1500)
    shown = page.evaluate("document.querySelector('#source-view .text').textContent")
    assert text.startswith(shown, int(page.get_attribute("#source-view .text", "data-start") or -1))
    assert text[start : cited.span.end] in shown
    assert page.evaluate(MARK_IS_IN_SIGHT)
    said = page.inner_text("#pane-verdict")
    rule = heading().rules[place]
    for part in (finding.reason, rule.rationale, rule.test, rule.positions["preferred"], rule.escalation):
        assert part in said


def test_a_click_on_a_cell_of_a_pdf_shows_the_picture_of_its_page(open_page: Open, of: list[Review], target: Path) -> None:
    finding = next(one for one in of[0].findings if len(one.citations) > 1)
    page = open_page(after=address_of(finding))
    for place, cited in enumerate(finding.citations):
        page.click(f"[data-passage='{place}']")
        assert page.evaluate(LOADED)
        file = Path(unquote(urlsplit(page.evaluate("document.querySelector('#source-view img').src")).path))
        picture = heading().picture(heading().document(PDF_PATH), cited.span)
        assert file.parent == target.with_name("a review #1 100%_pages")
        assert file.read_bytes() == picture, "the picture is that of the page with this passage marked"
        assert f"page {cited.page}" in page.inner_text("#source-place")
        assert page.inner_text("#source-view .quote").split() == cited.quote.split()


def test_a_passage_over_the_end_of_a_page_is_seen_on_both_pages(open_page: Open, tmp_path: Path) -> None:
    document = heading().document(PDF_PATH)
    one = review(0)
    passage = document.cite(Span(start=document.pages[2].span.end - 150, end=document.pages[3].span.start + 150))
    found = one.findings[0].model_copy(update={"citations": (passage,), "values": ()})
    write(tmp_path / "r.html", [one.model_copy(update={"findings": (found,)})])
    page = open_page(tmp_path / "r.html", address_of(found))
    assert page.evaluate(LOADED)
    assert page.locator("#source-view img").count() == 2
    for address in page.evaluate("[...document.querySelectorAll('#source-view img')].map((one) => one.src)"):
        with Image.open(unquote(urlsplit(address).path)) as picture:
            points = picture.convert("RGB").get_flattened_data()
            assert sum(point == MARK for point in points) > 500, "the passage is marked on each of its pages"
    assert "The passage stands on 2 pages" in page.inner_text("#source-view")


def test_no_picture_is_loaded_before_it_is_looked_at(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    assert page.locator("img").count() == 0
    page.goto(page.url + address_of(next(one for one in of[0].findings if one.citations)))
    assert page.locator("img").count() == 1


def test_what_was_searched_is_told_where_a_clause_is_missing(open_page: Open, of: list[Review]) -> None:
    finding = next(one for review_ in of for one in review_.findings if one.searched is not None and one.searched.nearest is not None)
    page = open_page(after=address_of(finding))
    assert finding.searched is not None
    assert finding.searched.nearest is not None
    assert f"{finding.searched.sections} sections" in page.inner_text("#pane-verdict")
    assert page.inner_text("#source-view mark") == finding.searched.nearest.quote
    assert page.inner_text("#source-tabs") == "Nearest passage"


def test_an_earlier_correction_is_shown_with_who_when_and_why(open_page: Open, of: list[Review]) -> None:
    finding = next(one for review_ in of for one in review_.findings if one.correction is not None)
    page = open_page(after=address_of(finding))
    said = page.inner_text("#pane-verdict")
    assert finding.correction is not None
    for part in (
        finding.correction.by,
        "2026-02-11 09:30 UTC",
        finding.correction.note,
        "It was about version 2 of the rule; this is version 3.",
    ):
        assert part in said


def test_the_whole_way_goes_by_keyboard(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    first, second = paths(page)[:2]
    by_path = {one.path: one for one in of}
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("l")
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    assert page.locator("#pane").get_attribute("open") is not None
    assert page.inner_text("#pane-document .name") == second
    assert page.inner_text("#pane-title") == by_path[second].findings[1].title
    page.keyboard.press("Escape")
    assert not page.locator("#pane").is_visible()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert page.inner_text("#pane-document .name") == first
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("agreement-00007")
    assert page.inner_text("#filter-count").startswith("1 of 60")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert "next and previous in the queue" in page.inner_text("#keys")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    assert page.locator("#view-queue").is_visible()


def test_the_cursor_of_the_matrix_reaches_documents_that_are_not_drawn(open_page: Open) -> None:
    page = open_page()
    last = paths(page)[-1]
    for _ in range(COUNT - 1):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    assert page.inner_text("#pane-document .name") == last


def test_the_queue_goes_from_what_is_worth_a_look_to_what_failed(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    for wanted in worth_a_look(of)[:6]:
        page.keyboard.press("n")
        assert (page.inner_text("#pane-document .name"), page.inner_text("#pane-title")) == (wanted.path, wanted.title)
    page.keyboard.press("p")
    assert page.inner_text("#pane-place") == f"5 of {len(worth_a_look(of))} in the queue"


def test_corrections_are_exported_as_the_command_reads_them(open_page: Open, of: list[Review], tmp_path: Path) -> None:
    wrong, doubtful = one_with(of, "violation"), one_with(of, "needs_review")
    page = open_page(after=address_of(wrong))
    page.keyboard.press("a")
    assert page.inner_text("#decide-said").startswith("Give your name first")
    page.fill("#decide-by", "Ada O'Neill")
    page.keyboard.press("Tab")
    page.keyboard.press("c")
    page.check("#decide input[value=fallback]")
    page.fill("#correct-note", "Agreed in the side letter. \u2028 See <b>annex</b> 3 \N{GRINNING FACE}")
    page.select_option("#correct-passage", "0")
    page.click("#correct-save")
    page.goto(page.url.partition("#")[0] + address_of(doubtful))
    page.locator("#pane-title", has_text=doubtful.title).wait_for()
    page.keyboard.press("a")
    lines = exported(page, tmp_path).read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line) for line in lines)
    (cited,) = wrong.citations
    at = first.pop("at")
    assert first == {
        "document_id": wrong.document_id,
        "path": wrong.path,
        "rule": wrong.rule,
        "rule_version": "3",
        "verdict": "fallback",
        "was": "violation",
        "by": "Ada O'Neill",
        "note": "Agreed in the side letter. \u2028 See <b>annex</b> 3 \N{GRINNING FACE}",
        "citation": {"start": cited.span.start, "end": cited.span.end, "quote": cited.quote, "page": None},
        "playbook": "vendor_terms",
    }
    assert at.endswith("+00:00")
    assert (second["path"], second["verdict"], second["was"], second["citation"]) == (doubtful.path, doubtful.leans, "needs_review", None)
    read = read_corrections(tmp_path / "corrections.jsonl")
    assert [one.rule for one in read] == [wrong.rule, doubtful.rule]
    assert set(first) | {"at"} == set(Correction.model_fields)


def test_words_that_are_selected_in_the_text_become_the_citation(open_page: Open, tmp_path: Path) -> None:
    text = "\N{GRINNING FACE} The fee is one. \N{GRINNING FACE} The fee is two."
    one = review(1)
    document = heading().document(one.path).model_copy(update={"text": text, "sections": ()})
    found = one.findings[0].model_copy(
        update={"citations": (document.cite(document_span(document, "is one.")),), "values": (), "searched": None}
    )
    target = tmp_path / "r.html"
    write(target, [one.model_copy(update={"findings": (found,)})], document=lambda path: document)
    page = open_page(target, address_of(found))
    assert page.inner_text("#source-view mark") == "is one."
    page.fill("#decide-by", "Ada")
    page.evaluate(
        """() => {
          const last = document.querySelector("#source-view .text").lastChild;
          const at = last.data.indexOf("is two.");
          getSelection().setBaseAndExtent(last, at, last, at + 7);
        }"""
    )
    page.click("#correct")
    page.click("#correct-save")
    (line,) = exported(page, tmp_path).read_text(encoding="utf-8").splitlines()
    wanted = document_span(document, "is two.")
    assert json.loads(line)["citation"] == {"start": wanted.start, "end": wanted.end, "quote": "is two.", "page": None}


def test_a_correction_can_be_undone_and_survives_a_reload(open_page: Open, of: list[Review]) -> None:
    page = open_page(after=address_of(one_with(of, "missing")))
    page.fill("#decide-by", "Ada")
    page.click("#accept")
    page.reload()
    page.click("#pane-close")
    assert page.inner_text("#marks-count") == "1"
    page.click("#open-marks")
    page.click("#marks-undo")
    assert page.inner_text("#marks-count") == "0"
    page.reload()
    assert page.inner_text("#marks-count") == "0"


def test_a_report_that_was_cut_short_says_so(open_page: Open, of: list[Review], target: Path, tmp_path: Path) -> None:
    whole = target.read_text(encoding="utf-8")
    (tmp_path / "cut.html").write_text(whole[: whole.index('id="d40"')], encoding="utf-8")
    page = open_page(tmp_path / "cut.html")
    assert page.inner_text("#filter-count") == "60 documents"
    for one, said in ((of[5], of[5].path), (of[50], "This report is not whole: the part about this document is missing. Write it again.")):
        page.goto(page.url.partition("#")[0] + address_of(one.findings[0]))
        assert said in page.inner_text("#pane")


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
    page.click("#findings [data-sort=verdict] button")
    assert page.get_attribute("#findings th.wide", "aria-sort") == "descending"
    first = page.locator("#findings tbody tr[data-finding]").first.inner_text()
    assert "Violation" in first
    assert "critical" in first
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


def test_the_page_has_landmarks_headers_and_names_for_those_who_do_not_see_it(open_page: Open) -> None:
    page = open_page()
    assert page.locator("main").count() == page.locator("header.head").count() == page.locator("h1").count() == 1
    assert page.locator("#matrix thead th[scope=col]").count() == 23
    assert page.locator("#matrix tbody th[scope=row]").count() == page.locator("#matrix tbody tr[data-document]").count() > 10
    assert page.get_attribute("#filter-count", "aria-live") == "polite"
    assert page.locator("#matrix td[tabindex='0']").count() == 1
    assert page.evaluate(NAMELESS) == []
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id") == "pane-title"
    assert page.get_attribute("#pane", "aria-labelledby") == "pane-title"
