#!/usr/bin/env python3
"""How fast PDFs are read, and in how much memory: longdoc beside pypdfium2 text alone, pypdf and pdfplumber, in one run.

    python benchmarks/ingest.py [--data ../shared/data] [--runs 3]

Each contender runs in a process of its own, in turns; pages/s counts the time from the first file to the last after one warm-up
file, CPU is what that took of processor time in all processes (steadier than the clock on a busy machine), memory is the peak
resident set of the process that reads (of one worker for longdoc). pypdf and pdfplumber read every
n-th page of the same files, because all of them would take minutes; the column "pages" says how many. OCR is off: the others do without,
and a few pages read from their pictures take as long as all the text. The bar: longdoc with
its structure at least at 0.6 of pypdfium2's text alone, and a filing of 500 pages in less than 1 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from common import report

FOLDERS = ("cuad/pdf", "financebench/pdf", "kleister/pdf")
EVERY = {"pypdf": 10, "pdfplumber": 40}
FILING_PAGES = 500
BAR_SPEED = 0.6
BAR_MEMORY = 1 << 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[1].parent / "shared" / "data")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, json.loads(arguments.files.read_text()))))
        return
    files = [str(file) for folder in FOLDERS for file in sorted((arguments.data / folder).glob("*.pdf"))]
    if not files:
        sys.exit(f"{arguments.data}: no PDFs in {', '.join(FOLDERS)}; name their folder with --data")
    with tempfile.TemporaryDirectory() as folder:
        rows = compare(files, arguments.runs, Path(folder))
        filing = Path(folder) / "filing.pdf"
        make_filing(files, filing)
        rows["longdoc, 500-page filing"] = summary([run("longdoc 1", [str(filing)], Path(folder))])
    show(rows, len(files))


def compare(files: list[str], runs: int, folder: Path) -> dict[str, dict[str, float]]:
    names = {
        "longdoc, 1 worker": "longdoc 1",
        "longdoc, 2 workers": "longdoc 2",
        "pypdfium2, text alone": "pypdfium2",
        "pypdf, text alone": "pypdf",
        "pdfplumber, text alone": "pdfplumber",
    }
    results: dict[str, list[dict[str, float]]] = {shown: [] for shown in names}
    for turn in range(runs):
        for shown, name in names.items():
            if turn == 0 or name not in EVERY:
                results[shown].append(run(name, files, folder))
    return {shown: summary(each) for shown, each in results.items()}


def run(name: str, files: list[str], folder: Path) -> dict[str, float]:
    listing = folder / "files.json"
    listing.write_text(json.dumps(files))
    command = [sys.executable, __file__, "--measure", name, "--files", str(listing)]
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result


def summary(results: list[dict[str, float]]) -> dict[str, float]:
    speeds = [result["pages"] / result["seconds"] for result in results]
    return {
        "pages": results[0]["pages"],
        "pages_per_second": statistics.median(speeds),
        "spread": max(speeds) - min(speeds),
        "cpu_ms_per_page": statistics.median(1000 * result["cpu_seconds"] / result["pages"] for result in results),
        "peak_bytes": max(result["peak_bytes"] for result in results),
        "failed": results[0]["failed"],
    }


def measure(name: str, files: list[str]) -> dict[str, float]:
    """Seconds and pages of one contender, in this process."""
    if name.startswith("longdoc"):
        return measure_longdoc(files, int(name.split()[1]))
    pages: Callable[[str, int], Iterator[str]] = {"pypdfium2": pypdfium2_pages, "pypdf": pypdf_pages, "pdfplumber": pdfplumber_pages}[name]
    every = EVERY.get(name, 1)
    sum(len(text) for text in pages(files[0], every))
    started, used, count, failed = time.perf_counter(), time.process_time(), 0, 0
    for file in files:
        try:
            count += sum(1 for _ in pages(file, every))
        except Exception as error:  # noqa: BLE001  a contender that fails on a file is counted, not excused
            print(f"{name}: {file}: {error}", file=sys.stderr)
            failed += 1
    seconds, used = time.perf_counter() - started, time.process_time() - used
    return {"pages": count, "seconds": seconds, "cpu_seconds": used, "peak_bytes": peak(resource.RUSAGE_SELF), "failed": failed}


def measure_longdoc(files: list[str], workers: int) -> dict[str, float]:
    from longdoc.ingest.sandbox import ProcessExecutor
    from longdoc.protocols import Job, Limits, OcrOptions

    limits = Limits(seconds=600, ocr=OcrOptions(engine="off"))

    def jobs(names: list[str]) -> list[Job]:
        return [Job(str(place), {"path": file, "limits": limits}) for place, file in enumerate(names)]

    with ProcessExecutor(workers, limits) as executor:
        list(executor.map("longdoc.ingest:parse_file", jobs(files[:1] * workers)))
        started, used = time.perf_counter(), time.process_time()
        done = list(executor.map("longdoc.ingest:parse_file", jobs(files)))
        seconds, used = time.perf_counter() - started, time.process_time() - used
    # The workers' own time, with their start and the warm-up file, which is little.
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "pages": sum(len(result.value.document.pages) for result in done if result.error is None),
        "seconds": seconds,
        "cpu_seconds": used + children.ru_utime + children.ru_stime,
        "peak_bytes": peak(resource.RUSAGE_CHILDREN),
        "failed": sum(result.error is not None for result in done),
    }


def pypdfium2_pages(file: str, every: int) -> Iterator[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(file)
    for place in range(0, len(document), every):
        page = document[place]
        text_page = page.get_textpage()
        yield text_page.get_text_range()
        text_page.close()
        page.close()
    document.close()


def pypdf_pages(file: str, every: int) -> Iterator[str]:
    import pypdf

    for page in pypdf.PdfReader(file).pages[::every]:
        yield page.extract_text()


def pdfplumber_pages(file: str, every: int) -> Iterator[str]:
    import pdfplumber

    with pdfplumber.open(file) as document:
        for page in document.pages[::every]:
            yield page.extract_text()
            page.close()


def make_filing(files: list[str], target: Path) -> None:
    """A PDF of 500 pages out of pages of the largest files."""
    import pypdfium2

    filing = pypdfium2.PdfDocument.new()
    for file in sorted(files, key=os.path.getsize, reverse=True):
        source = pypdfium2.PdfDocument(file)
        filing.import_pages(source, list(range(min(len(source), FILING_PAGES - len(filing)))))
        source.close()
        if len(filing) >= FILING_PAGES:
            break
    filing.save(str(target))
    filing.close()


def peak(who: int) -> int:
    """Bytes of the peak resident set; the kernel counts in KiB, on macOS in bytes."""
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def show(rows: dict[str, dict[str, float]], files: int) -> None:
    """The table, then the two figures that have a bar."""
    columns = ("", "pages", "pages/s", "spread", "CPU ms/page", "peak MiB", "failed")
    table = [
        (
            name,
            f"{row['pages']:.0f}",
            f"{row['pages_per_second']:.1f}",
            f"{row['spread']:.1f}",
            f"{row['cpu_ms_per_page']:.2f}",
            f"{row['peak_bytes'] / 2**20:.0f}",
            f"{row['failed']:.0f}",
        )
        for name, row in rows.items()
    ]
    one, text = rows["longdoc, 1 worker"], rows["pypdfium2, text alone"]
    report(
        "ingest",
        columns,
        table,
        files=files,
        ratio=round(one["pages_per_second"] / text["pages_per_second"], 3),
        ratio_by_cpu=round(text["cpu_ms_per_page"] / one["cpu_ms_per_page"], 3),
        ratio_bar=BAR_SPEED,
        filing_mib=round(rows["longdoc, 500-page filing"]["peak_bytes"] / 2**20),
        filing_mib_bar=BAR_MEMORY >> 20,
        contenders=rows,
    )


if __name__ == "__main__":
    main()
