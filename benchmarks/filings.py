#!/usr/bin/env python3
"""How fast filings in HTML are read, and in how much memory: longdoc with pages, tables and inline facts beside lxml's text alone.

    python benchmarks/filings.py [--megabytes 10] [--runs 3]

The filing is made: pages in the manner of those that EDGAR publishes, every figure of its statements an inline fact. Seconds are processor
time, parse and structure apart; memory is how much the peak of the process grew. There is no bar; it is reported.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import report
from lxml import html as lxml_html

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from ingest import filing_samples

from longdoc.ingest import parse_bytes
from longdoc.ingest.html import HtmlIngestor
from longdoc.protocols import Limits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    data = make_filing(int(arguments.megabytes * 1e6))
    before = peak()
    document = parse_bytes(data, "filing.htm").document
    memory = peak() - before
    pages, facts = len(document.pages), sum(aside.kind == "fact" for aside in document.asides)
    tried: dict[str, Callable[[], object]] = {
        "lxml, text alone": lambda: lxml_html.document_fromstring(data).text_content(),
        "longdoc, parsed": lambda: HtmlIngestor().parse(data, name="filing.htm", password=None, limits=Limits()),
        "longdoc, with structure and chunks": lambda: parse_bytes(data, "filing.htm"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tried}
    for _ in range(arguments.runs):
        for name, read in tried.items():
            start = time.process_time()
            read()
            seconds[name].append(time.process_time() - start)
    rows = []
    for name, taken in seconds.items():
        median = statistics.median(taken)
        spread = f"{min(taken):.2f} to {max(taken):.2f}"
        rows.append([name, f"{median:.2f}", spread, f"{len(data) / 1e6 / median:.1f}", f"{pages / median:.0f}"])
    print(f"{len(data) / 1e6:.1f} MB, {pages} pages, {len(document.tables)} tables, {facts} facts; {memory >> 20} MiB more at the peak")
    columns = ["what", "seconds", "spread", "MB/s", "pages/s"]
    report("filings", columns, rows, measured=rows, megabytes=arguments.megabytes, pages=pages, facts=facts, memory=memory)


def make_filing(size: int) -> bytes:
    """A report with pages of prose and of statements, at least `size` bytes."""
    prose = "".join(
        filing_samples.paragraph(f"The Company sells valves to {place} cities under contracts that run for years, and bids for each. " * 6)
        for place in range(1, 9)
    )
    statements = filing_samples.bullet("one thing; and") + filing_samples.balance_sheet() * 2
    parts, length = [filing_samples.HEAD, filing_samples.header()], 0
    number = 0
    while length < size:
        number += 1
        parts.append((statements if number % 3 == 0 else prose) + filing_samples.page_end(str(number)))
        length += len(parts[-1])
    return ("".join(parts) + "</body></html>").encode("ascii", "xmlcharrefreplace")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
