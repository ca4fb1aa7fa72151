#!/usr/bin/env python3
"""How long the HTML report of a review takes to write, and to open in a real Chromium from a file: python benchmarks/review_page.py

    python benchmarks/review_page.py [--documents 500 10000] [--rules 20] [--runs 5] [--keep FOLDER]

The documents are made for the purpose (tests/review_samples.py), the first is a PDF with pictures of its pages. Each run is a new browser
with nothing cached in it. From the start of the navigation: `first row` until the first row of the matrix is painted (the second frame
after it is in the page), `filter` until a letter typed into the filter box just then has narrowed the matrix and that is painted; `whole`
until the file is read to its end. `open` is the time from a click on the last document's first finding to its text. The bar: 500
documents by 20 rules, first row and filter under two seconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from common import report
from playwright.sync_api import Browser, sync_playwright

from longdoc.types import Review
from longdoc_pipelines.reports.html import HtmlReport

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

# Runs before anything of the page does; stands beside it and changes nothing that it does.
WATCH = """
const twoFrames = (done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
window.measured = {};
new MutationObserver((changes, observer) => {
  if (document.querySelector("#matrix tbody tr[data-document]") === null) return;
  observer.disconnect();
  twoFrames((now) => {
    window.measured.row = now;
    const box = document.getElementById("filter-text");
    const before = document.getElementById("filter-count").textContent;
    box.value = "agreement-00003";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    window.measured.narrowed = document.getElementById("filter-count").textContent !== before;
    twoFrames((now) => (window.measured.filter = now));
  });
}).observe(document, { childList: true, subtree: true });
addEventListener("load", () => (window.measured.whole = performance.now()));
"""
# The page's policy lets Playwright's wait_for_function look only once.
MEASURED = """
async () => {
  while (window.measured.filter === undefined) await new Promise(requestAnimationFrame);
  return window.measured;
}
"""
CLICK = """
async () => {
  const box = document.getElementById("filter-text");
  box.value = "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  const scroller = document.getElementById("matrix-scroller");
  scroller.scrollTop = scroller.scrollHeight;
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const rows = document.querySelectorAll("#matrix tbody tr[data-document]");
  const cell = [...rows[rows.length - 2].querySelectorAll("td[data-finding]")].find((one) => one.textContent === "✓");
  const begun = performance.now();
  cell.click();
  await frame();
  await frame();
  if (document.querySelector("#source-view mark") === null) throw new Error("no passage is marked");
  return performance.now() - begun;
}
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--documents", type=int, nargs="+", default=[500, 10_000])
    arguments.add_argument("--rules", type=int, default=20)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--keep", type=Path, help="folder for the reports (default: a temporary one)")
    given = arguments.parse_args()
    columns = ["documents", "MB", "written in s", "peak MB", "first row ms", "filter ms", "whole ms", "open ms"]
    rows, figures = [], []
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        for count in given.documents:
            target = (given.keep or Path(scratch)) / f"review-{count}.html"
            seconds, peak = written(target, count, given.rules)
            opened = [timed(playwright.chromium, target) for _ in range(given.runs + 1)][1:]  # the first warms the disk's cache
            megabytes = target.stat().st_size / 1e6
            spread = {name: [round(min(values)), round(statistics.median(values)), round(max(values))] for name, values in across(opened)}
            rows.append(
                [count, f"{megabytes:.1f}", f"{seconds:.1f}", peak, *(f"{low}/{middle}/{high}" for low, middle, high in spread.values())]
            )
            figures.append({"documents": count, "megabytes": round(megabytes, 1), "seconds": round(seconds, 1), "peak": peak, **spread})
    report(
        "review_page", [*columns[:4], *(f"{name} (least/median/most)" for name in columns[4:])], rows, rules=given.rules, reports=figures
    )


def written(target: Path, count: int, rules: int) -> tuple[float, int]:
    """Seconds to make the documents and write the report, and the process's peak memory in MB so far."""
    from review_samples import closing, heading, reviews

    begun = time.perf_counter()
    with HtmlReport(target, heading(rules)) as page:
        page.finish(closing(passed(page, reviews(count, rules))))
    return time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def passed(page: HtmlReport, of: Iterable[Review]) -> Iterator[Review]:
    for one in of:
        page.add(one)
        yield one


def timed(chromium: Any, target: Path) -> dict[str, float]:
    """Milliseconds from the start of the navigation, in a new browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("chromium is not installed; make test-system installs it")
    browser: Browser = chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(180_000)
        page.add_init_script(WATCH)
        page.goto(target.as_uri(), wait_until="load")
        measured: dict[str, float] = page.evaluate(MEASURED)
        if not measured.pop("narrowed"):
            raise SystemExit(f"{target}: typing into the filter box changed nothing")
        return {"row": measured["row"], "filter": measured["filter"], "whole": measured["whole"], "open": page.evaluate(CLICK)}
    finally:
        browser.close()


def across(runs: list[dict[str, float]]) -> list[tuple[str, list[float]]]:
    return [(name, [one[name] for one in runs]) for name in runs[0]]


if __name__ == "__main__":
    main()
