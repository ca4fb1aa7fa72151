"""The HTML report for those who use no mouse, see little, see colours otherwise, or have a small window; in a real Chromium."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from page_driver import LOADED, Open, address_of, one_with, write
from review_samples import review

from longdoc.types import Review

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.system

# Text that is in sight, with its contrast against what it stands on (WCAG 2.2, 1.4.3); what is disabled or filtered out need not have any.
TOO_FAINT = """
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [r, g, b].map((value, place) => value * a + ground[place] * (1 - a));
  const light = (colour) => {
    const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    if (one === null) throw new Error("the page has no ground of its own");
    const own = channels(getComputedStyle(one).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(one.parentElement));
  };
  const dialog = document.querySelector("dialog[open]");
  const faint = [];
  let looked = 0;
  const walker = document.createTreeWalker(dialog ?? document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const one = node.parentElement;
    if (!node.data.trim() || !one.checkVisibility()) continue;
    if (one.closest("script, style, noscript, option, :disabled, .dim, .skip, .unseen")) continue;
    const style = getComputedStyle(one);
    let opacity = 1;
    for (let up = one; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity);
    const below = ground(one);
    const [r, g, b, a] = channels(style.color);
    const [high, low] = [light(over([r, g, b, a * opacity], below)), light(below)].sort((left, right) => right - left);
    const ratio = (high + 0.05) / (low + 0.05);
    looked += 1;
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${node.data.trim().slice(0, 30)} (${one.className || one.tagName})`);
  }
  return { looked, faint: [...new Set(faint)] };
}
"""
# The ring around what has the focus; null where nothing shows.
RING = """
(() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const box = one.getBoundingClientRect();
  const name = one.id || one.getAttribute("data-verdict") || one.className || one.tagName;
  return { name: `${one.tagName} ${name}`, seen, there: box.width > 0 && box.height > 0 };
})()
"""
HEADINGS = """
[...(document.querySelector("dialog[open]") ?? document.body).querySelectorAll("h1, h2, h3, h4")]
  .filter((one) => one.checkVisibility() && (document.querySelector("dialog[open]") !== null || one.closest("dialog, .printed") === null))
  .map((one) => Number(one.tagName[1]))
"""
FILLS = """
["V", "M", "R", "F", "C", "N"].map((code) => {
  const found = getComputedStyle(document.querySelector(`#chart-verdicts rect.fill-${code}`));
  return { code, fill: found.fill, edge: found.stroke, width: parseFloat(found.strokeWidth) };
})
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_it_stands_on(open_page: Open, of: list[Review], scheme: Any) -> None:
    page = open_page()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for view in ("matrix", "queue", "findings", "changes", "failed", "rules"):
        page.click(f"#tab-{view}")
        found = page.evaluate(TOO_FAINT)
        assert (found["faint"], found["looked"] > 100) == ([], True), view
    for verdict in ("violation", "needs_review", "missing"):
        page.goto(page.url.partition("#")[0] + address_of(one_with(of, verdict)))
        page.wait_for_selector("#pane[open]")
        found = page.evaluate(TOO_FAINT)
        assert (found["faint"], found["looked"] > 20) == ([], True), verdict


def test_the_parts_of_a_bar_are_told_apart_without_their_colours(open_page: Open) -> None:
    page = open_page()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        fills = {one["code"]: one for one in page.evaluate(FILLS)}
        assert {code for code, one in fills.items() if one["fill"].startswith("url")} == {"M", "F"}, "hatched and dotted"
        assert all(one["width"] >= 1 and one["edge"] != "none" for one in fills.values()), "a gap stands between neighbours"
        plain = {code: luminance(one["fill"]) for code, one in fills.items() if not one["fill"].startswith("url")}
        ordered = sorted(plain.values())
        assert all((high + 0.05) / (low + 0.05) > 1.3 for low, high in pairwise(ordered)), (scheme, plain)


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)`, what is left of it on a print without colours."""
    red, green, blue = (int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_tab_goes_to_every_control_and_shows_where_it_is(open_page: Open) -> None:
    page = open_page()
    wanted = set(
        page.evaluate("""
      [...document.querySelectorAll("button, input, select, a[href]")]
        .filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0 && one.closest("dialog") === null)
        .map((one, place) => (one.dataset.stop = place, String(place)))
    """)
    )
    met: set[str] = set()
    for _ in range(2 * len(wanted)):
        page.keyboard.press("Tab")
        ring = page.evaluate(RING)
        assert (ring["seen"], ring["there"]) == (True, True), ring
        met.add(page.evaluate("document.activeElement.dataset.stop ?? ''"))
        if wanted <= met:
            break
    assert wanted <= met
    for _ in range(4):
        if page.evaluate("document.activeElement.matches('#matrix td')"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('#matrix td')"), "the matrix is one stop, moved in by arrows"


def test_tab_goes_through_the_open_finding_and_does_not_leave_it(open_page: Open, of: list[Review]) -> None:
    finding = next(one for one in of[0].findings if len(one.citations) > 1)
    page = open_page(after=address_of(finding))
    page.fill("#decide-by", "Ada")
    wanted = set(
        page.evaluate("""
      [...document.querySelectorAll("#pane :is(button, input)")].filter((one) => one.checkVisibility() && !one.disabled)
        .map((one, place) => (one.dataset.stop = place, String(place)))
    """)
    )
    met: set[str] = set()
    for _ in range(3 * len(wanted)):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue  # the browser's own bar
        assert page.evaluate("document.activeElement.closest('#pane') !== null")
        assert page.evaluate(RING)["seen"]
        met.add(page.evaluate("document.activeElement.dataset.stop ?? ''"))
    assert wanted <= met


@pytest.mark.parametrize("view", ["queue", "findings", "changes"])
def test_escape_gives_the_focus_back_to_where_the_finding_was_opened(open_page: Open, view: str) -> None:
    page = open_page(after=f"#view={view}")
    button = page.locator(f"#{view} button.open").nth(1)
    finding = button.get_attribute("data-finding")
    button.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "pane-title"
    page.keyboard.press("Escape")
    assert not page.locator("#pane").is_visible()
    assert page.evaluate("document.activeElement.dataset.finding") == finding


def test_the_page_is_made_larger_and_smaller_by_keyboard(open_page: Open, of: list[Review]) -> None:
    page = open_page(after=address_of(next(one for one in of[0].findings if one.citations)))
    assert page.evaluate(LOADED)
    width = "document.querySelector('#source-view img').clientWidth"
    before = page.evaluate(width)
    page.keyboard.press("z")
    assert page.evaluate(width) > 1.5 * before
    assert page.get_attribute("#source-larger", "aria-pressed") == "true"
    page.locator("#source-larger").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(width) == before


def test_headings_go_down_one_level_at_a_time(open_page: Open, of: list[Review]) -> None:
    page = open_page()
    for view in ("matrix", "queue", "findings", "changes", "failed", "rules"):
        page.click(f"#tab-{view}")
        assert_stepwise(page.evaluate(HEADINGS), first=1)
    page.goto(page.url.partition("#")[0] + address_of(one_with(of, "violation")))
    page.wait_for_selector("#pane[open]")
    assert_stepwise(page.evaluate(HEADINGS), first=2)


def assert_stepwise(levels: list[int], first: int) -> None:
    assert levels[0] == first
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


@pytest.mark.parametrize("width", [1440, 390])
def test_tables_are_tables_to_those_who_hear_them(open_page: Open, width: int) -> None:
    page = open_page()
    page.set_viewport_size({"width": width, "height": 844})
    matrix = page.locator("#matrix").aria_snapshot()
    assert 'columnheader "Document' in matrix
    assert "rowheader" in matrix
    assert 'gridcell "' in matrix
    assert "grid " in matrix
    for view, header in (("queue", "Verdict"), ("findings", "Reason"), ("changes", "Before"), ("failed", "Outcome")):
        page.click(f"#tab-{view}")
        said = page.locator(f"#{view}").aria_snapshot()
        assert f'columnheader "{header}"' in said
        assert "- row " in said or "- 'row " in said
        assert "- cell" in said or "- 'cell" in said
    tabs = page.locator("#tabs").aria_snapshot()
    assert 'tab "Failed files 2" [selected]' in tabs


def test_the_count_of_what_is_shown_is_told_as_it_changes(open_page: Open) -> None:
    page = open_page()
    page.evaluate("""() => {
      window.told = [];
      new MutationObserver(() => window.told.push(document.getElementById("filter-count").textContent))
        .observe(document.getElementById("filter-count"), { childList: true, characterData: true, subtree: true });
    }""")
    page.click("#filter-verdicts [data-verdict=V]")
    page.click("#filter-verdicts [data-verdict=V]")
    told = page.evaluate("new Promise((done) => setTimeout(() => done(window.told)))")  # after the observer was told
    assert len(told) == 2
    assert told[1] == "60 documents"
    assert page.get_attribute("#filter-count", "aria-live") == "polite"


@pytest.mark.parametrize(("width", "height"), [(720, 450), (390, 844), (320, 640)])
def test_nothing_lies_beside_the_window_when_it_is_small_or_enlarged(open_page: Open, of: list[Review], width: int, height: int) -> None:
    page = open_page()
    page.set_viewport_size({"width": width, "height": height})
    for view in ("matrix", "queue", "findings", "changes", "failed", "rules"):
        page.click(f"#tab-{view}")
        assert_fits(page, width)
    page.goto(page.url.partition("#")[0] + address_of(one_with(of, "violation")))
    page.wait_for_selector("#pane[open]")
    assert_fits(page, width)
    page.click("#correct")
    page.locator("#correct-save").scroll_into_view_if_needed()
    box = page.locator("#correct-save").bounding_box()
    assert box is not None
    assert 0 <= box["x"] < box["x"] + box["width"] <= width
    assert 0 <= box["y"] < box["y"] + box["height"] <= height + 1
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.click("#tab-matrix")
    rows = page.locator("#matrix tbody tr[data-document]").first
    rows.scroll_into_view_if_needed()
    assert (
        page.evaluate("""(() => {
      const view = document.getElementById("matrix-scroller");
      return (view.clientHeight - view.querySelector("thead").offsetHeight) / parseFloat(getComputedStyle(view).getPropertyValue("--row"));
    })()""")
        >= 2
    ), "some rows are in sight beneath the head"


def assert_fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_moves_for_those_who_want_no_motion(open_page: Open) -> None:
    page = open_page()
    moving = """[...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none" || style.scrollBehavior === "smooth";
    }).length"""
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0


def test_a_report_of_one_document_and_one_of_none_tell_it(open_page: Open, tmp_path: Path) -> None:
    write(tmp_path / "one.html", [review(8)])
    page = open_page(tmp_path / "one.html")
    assert page.inner_text("#lead").startswith("1 document by 20 rules")
    assert page.locator("#chart-documents li").count() == 1
    write(tmp_path / "none.html", [])
    page = open_page(tmp_path / "none.html")
    assert "No document was reviewed" in page.inner_text("#view-matrix")
    assert "No document was reviewed" in page.inner_text("#chart-documents")
    page.click("#tab-queue")
    assert "Nothing to look at" in page.inner_text("#view-queue")


def test_a_filter_that_nothing_passes_says_so(open_page: Open) -> None:
    page = open_page()
    page.fill("#filter-text", "no such document")
    for view in ("matrix", "queue", "findings", "changes", "failed"):
        page.click(f"#tab-{view}")
        assert "Nothing passes the filter" in page.inner_text(f"#view-{view}"), view
    page.click("#filter-clear")
    assert "Nothing passes" not in page.inner_text("#main")
