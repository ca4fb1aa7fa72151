"""The HTML report in a real Chromium, opened from a file: what a person does with it, by mouse and by keyboard.

`make test-system` installs Chromium; Playwright drives it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from page_driver import (
    COUNT,
    LOADED,
    MARK_IS_IN_SIGHT,
    NAMELESS,
    Open,
    address_of,
    document_span,
    exported,
    one_with,
    paths,
    worth_a_look,
    write,
)
from PIL import Image
from review_samples import PDF_PATH, heading, review

from longdoc.ingest.render import MARK
from longdoc.types import Correction, Review, Span, Value
from longdoc_pipelines.review.corrections import read_corrections

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.system


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


def test_wording_that_is_read_as_it_stands_is_told_once(open_page: Open, of: list[Review], tmp_path: Path) -> None:
    one = of[1]
    cited = one_with([one], "compliant")
    (passage,) = cited.citations
    values = (Value(kind="text", normalised=" ".join(passage.quote.split()), citation=passage),)
    found = cited.model_copy(update={"values": values, "reason": "As wanted."})
    write(
        tmp_path / "r.html",
        [one.model_copy(update={"findings": (found,)})],
        rules=tuple(replace(rule, positions={}) for rule in heading().rules),
    )
    page = open_page(tmp_path / "r.html", address_of(found))
    assert page.inner_text("#pane-verdict").count(passage.quote) == 1
    assert page.inner_text("#source-view mark") == passage.quote


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
