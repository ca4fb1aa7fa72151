"""What documents and people write is shown by the HTML report in a real Chromium, and never run by it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from page_driver import Open, address_of, write, write_hostile
from review_samples import review

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.system

HOSTILE = (
    "</script><script>window.harmed = true; alert(1)</script>",
    "<img src=x onerror='window.harmed = true; alert(1)'>",
    '"><svg/onload="window.harmed = true; alert(1)">',
    "<style>body { display: none }</style><base href=http://127.0.0.1/>../../etc/x",
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("report") / "review.html"
    write(target, [review(1)])
    return target


@pytest.mark.parametrize("word", HOSTILE)
def test_what_a_document_or_a_person_wrote_is_shown_and_not_run(open_page: Open, tmp_path: Path, word: str) -> None:
    target = tmp_path / "r.html"
    correction = write_hostile(target, word)
    page = open_page(target, address_of(correction))
    assert page.inner_text("#source-view mark") == word
    assert page.inner_text("#pane-title") == word
    page.fill("#decide-by", word)
    page.click("#correct")
    page.fill("#correct-note", word)
    page.click("#correct-save")
    page.click("#pane-close")
    page.click("#open-marks")
    assert word in page.inner_text("#marks-list")
    page.click("#marks-close")
    for view in ("queue", "findings", "changes", "failed", "rules", "matrix"):
        page.click(f"#tab-{view}")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert word in page.evaluate("document.getElementById('printed').textContent")
    assert page.inner_text("#playbook") == word
    assert page.evaluate("window.harmed") is None
    assert page.evaluate("document.querySelectorAll('img, base, iframe, object, embed, link:not([rel=icon])').length") == 0
    assert page.evaluate("document.styleSheets.length") == 1


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("deals/annex\u202efdp.exe", "annex\\u202efdp.exe"),
        ("deals/line\u2028end\u200b\x07.pdf", "line\u2028end\\u200b\\u0007.pdf"),
        ("deals/two\nlines\tand a tab.pdf", "two\\nlines\\tand a tab.pdf"),
        ("../../../etc/passwd", "passwd"),
    ],
)
def test_what_hides_or_turns_in_a_name_is_written_out(open_page: Open, tmp_path: Path, name: str, seen: str) -> None:
    finding = write_hostile(tmp_path / "r.html", name)
    page = open_page(tmp_path / "r.html")
    assert page.evaluate("document.querySelector('#matrix .document-name .name').textContent") == seen
    assert page.evaluate("document.querySelector('#chart-documents bdi').textContent") == seen
    page.goto(page.url.partition("#")[0] + address_of(finding))
    page.wait_for_selector("#pane[open]")
    assert page.evaluate("document.querySelector('#pane-document .name').textContent").endswith(seen)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["r.html"]


def test_a_passage_that_turns_the_direction_of_writing_says_so(open_page: Open, tmp_path: Path) -> None:
    finding = write_hostile(tmp_path / "r.html", "pay within \u202e06\u202c days")
    page = open_page(tmp_path / "r.html", address_of(finding))
    assert "turn the direction of writing" in page.inner_text("#source-view .notice")
    assert "pay within \\u202e06\\u202c days" in page.inner_text("#source-view .notice")
    assert page.evaluate("document.querySelector('#source-view mark').textContent") == "pay within \u202e06\u202c days"


def test_the_browser_refuses_markup_made_of_strings_and_foreign_scripts(browser: Browser, target: Path) -> None:
    page = browser.new_page()
    page.goto(target.as_uri())
    assert "TrustedHTML" in page.evaluate(
        "(() => { try { document.body.innerHTML = '<b>x</b>'; return 'done'; } catch (error) { return error.message; } })()"
    )
    ran = page.evaluate(
        "new Promise((done) => { addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));"
        " const picture = new Image(); picture.src = 'http://127.0.0.1:9/x.png'; })"
    )
    assert ran == "img-src"
    page.close()
