"""What tests of the HTML report in a browser share: reports to open, and what a browser is asked about them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review_samples import PDF_PATH, closing, heading, review

from longdoc.types import Correction, Document, Finding, Review, Span
from longdoc_pipelines.reports.html import HtmlReport

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

Open = Callable[..., "Page"]
COUNT = 60
"""Documents of the usual report."""
OWN = ("file:", "data:", "blob:")
MARK_IS_IN_SIGHT = """(() => {
  const seen = document.querySelector("mark").getBoundingClientRect();
  return seen.top > 0 && seen.bottom < innerHeight;
})()"""
LOADED = "Promise.all([...document.querySelectorAll('#source-view img')].map((one) => one.decode())).then(() => true)"
"""Waits for the pictures of an open finding. The page's policy lets Playwright's wait_for_function look only once."""
NAMELESS = """[...document.querySelectorAll("button, input, select, [role=tab]")]
  .filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.length))
  .map((one) => one.outerHTML)"""


def write(target: Path, of: list[Review], **changed: Any) -> None:
    with HtmlReport(target, replace(heading(), **changed)) as report:
        for one in of:
            report.add(one)
        report.finish(closing(of))


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium that is installed."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program is not None, "chromium is not installed; make test-system installs it"
    # Chromium has no sandbox for root; what it opens here are files that the test wrote.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@contextmanager
def windows(browser: Browser, usual: Path) -> Iterator[Open]:
    """Opens a report in a window of its own; at the end nothing may have been complained of, and nothing asked of a network."""
    trouble: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(file: Path = usual, after: str = "") -> Page:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}))
        page = contexts[-1].new_page()
        watch(page, trouble)
        page.goto(file.as_uri() + after)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert trouble == []


def watch(page: Page, trouble: list[str]) -> None:
    """Collect what the page complains of, and what it asks of a network."""
    page.set_default_timeout(20_000)

    def dismiss(dialog: Dialog) -> None:
        trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", lambda message: trouble.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("dialog", dismiss)
    page.on("request", lambda request: trouble.extend([] if request.url.startswith(OWN) else [f"request: {request.url}"]))
    page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))


def paths(page: Page) -> list[str]:
    """The documents of the matrix from the first to the last, whichever rows are in the page."""
    found: list[str] = page.evaluate(
        """async () => {
          const scroller = document.getElementById("matrix-scroller");
          const frame = () => new Promise(requestAnimationFrame);
          const seen = new Map();
          for (scroller.scrollTop = 0; ; scroller.scrollTop += 300) {
            await frame(); await frame();
            for (const row of document.querySelectorAll("#matrix tbody tr[data-document]"))
              seen.set(Number(row.ariaRowIndex), row.querySelector(".document-name").title.split("\\n")[0]);
            if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1) break;
          }
          scroller.scrollTop = 0;
          await frame(); await frame();
          return [...seen].sort((left, right) => left[0] - right[0]).map((one) => one[1]);
        }"""
    )
    return found


def worth_a_look(of: list[Review]) -> list[Finding]:
    """The queue as it ought to be."""
    rank = ["critical", "high", "medium", "low", "info"]
    listed = [finding for one in of for finding in one.findings]
    open_ones = sorted((one for one in listed if one.verdict == "needs_review"), key=lambda one: -one.worth)
    return open_ones + sorted((one for one in listed if one.failed), key=lambda one: (rank.index(one.severity), -one.worth))


def address_of(finding: Finding) -> str:
    return f"#document={finding.document_id}&finding={finding.rule}"


def one_with(of: list[Review], verdict: str, *, pdf: bool = False) -> Finding:
    return next(finding for one in of if (one.path == PDF_PATH) == pdf for finding in one.findings if finding.verdict == verdict)


def exported(page: Page, folder: Path) -> Path:
    if page.locator("#pane").is_visible():
        page.click("#pane-close")
    page.click("#open-marks")
    with page.expect_download() as download:
        page.click("#marks-export")
    assert download.value.suggested_filename == "corrections.jsonl"
    download.value.save_as(folder / "corrections.jsonl")
    return folder / "corrections.jsonl"


def document_span(document: Document, quote: str) -> Any:

    return Span(start=document.text.index(quote), end=document.text.index(quote) + len(quote))


def write_hostile(target: Path, word: str) -> Finding:
    """A report in which everything that comes from outside is `word`; its first finding."""
    one = review(3)
    document = heading().document(one.path)
    document = document.model_copy(update={"path": word, "title": word, "text": f"Before. {word} After."})
    cited = document.cite(document_span(document, word))
    said = {
        "path": word,
        "title": word,
        "reason": word,
        "test": word,
        "waiver": word,
        "amended_by": word,
        "model": word,
        "verdict": "violation",
    }
    findings = [finding.model_copy(update={**said, "citations": (cited,), "values": (), "searched": None}) for finding in one.findings]
    correction = findings[0].model_copy(
        update={
            "correction": Correction(
                document_id=one.document_id,
                path=word,
                rule="r",
                rule_version="1",
                verdict="violation",
                was="missing",
                by=word,
                at=word,
                note=word,
            )
        }
    )
    hostile = one.model_copy(update={"path": word, "title": word, "kind": word, "findings": (correction, *findings[1:])})
    rules = tuple(
        replace(rule, title=word, rationale=word, test=word, references=(word,), positions={"preferred": word}) for rule in heading().rules
    )
    write(target, [hostile], document=lambda path: document, rules=rules, playbook=word, version=word, model=word)
    return correction
