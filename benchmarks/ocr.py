#!/usr/bin/env python3
"""What is lost when pages are pictures: clauses found, characters read, pages a second, one engine beside the other.

    python benchmarks/ocr.py [--data ../shared/data/cuad] [--engines tesseract rapidocr] [--contracts 14] [--dpi 200] [--keep DIR]
                             [--what clauses|speed ...]

Takes the validation contracts with the fewest pages that were filed as PDF (the same ones on every machine), renders them to PDFs that
hold nothing but pictures, and runs `longdoc extract` as benchmarks/clauses.py does: on the text files, on the filed PDFs, and on the
pictures with each engine. The character error rate is the edit distance between the text of the pictures and that of the filed PDF's text
layer, both as longdoc reads them with white space made one, by the length of the latter. Speed is of one process with one thread, each
page read by each engine in turn; then of `--workers` 1 and 2 over the same files.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import clauses
from common import SHARED, report

WARM_UP = 1
JOBS = 4
"""Files a worker, where it is measured how workers scale."""


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "cuad")
    parser.add_argument("--scorer", type=Path, default=SHARED / "measure" / "clause_score.py")
    parser.add_argument("--engines", nargs="+", default=["tesseract", "rapidocr"])
    parser.add_argument("--contracts", type=int, default=14)
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--pages", type=int, default=8, help="pages that speed is measured on")
    parser.add_argument("--what", nargs="+", default=["clauses", "speed"], choices=["clauses", "speed"])
    parser.add_argument("--keep", type=Path, help="keep pictures, corpora and predictions in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        gold = shortest(arguments.data, arguments.contracts)
        pictures = folder / "pictures"
        for row in gold:
            as_pictures(arguments.data / "pdf" / f"{clauses.file_name(row)}.pdf", pictures / "pdf", arguments.dpi)
        if "clauses" in arguments.what:
            found_clauses(gold, arguments.data, pictures, folder, arguments.engines, arguments.scorer)
        if "speed" in arguments.what:
            speed(gold, pictures, arguments.engines, arguments.pages)


def shortest(data: Path, count: int) -> list[clauses.Row]:
    """The contracts with the fewest pages, in order of their name where they have as many."""
    import pypdfium2

    sized = []
    for row in clauses.read(data / "validation.jsonl.gz"):
        file = data / "pdf" / f"{clauses.file_name(row)}.pdf"
        if file.exists():
            with closing(pypdfium2.PdfDocument(file)) as document:
                sized.append((len(document), file.name, row))
    sized.sort(key=lambda item: item[:2])
    return [row for _, _, row in sized[:count]]


def as_pictures(file: Path, folder: Path, dpi: int) -> None:
    """A PDF of the same name that holds a JPEG picture of each page."""
    import pypdfium2

    target = folder / file.name
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with closing(pypdfium2.PdfDocument(file)) as document:
        pages = [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]
    pages[0].save(target, format="PDF", save_all=True, append_images=pages[1:], resolution=dpi, quality=90)


def found_clauses(gold: Sequence[clauses.Row], data: Path, pictures: Path, folder: Path, engines: Sequence[str], scorer: Path) -> None:
    """Clauses and characters, from the text files, the filed PDFs and the pictures."""
    table: list[list[Any]] = []
    figures: dict[str, Any] = {}
    truth: dict[str, str] = {}
    for name, kind, source in [("text", "text", data), ("pdf", "pdf", data), *((engine, "pdf", pictures) for engine in engines)]:
        os.environ["LONGDOC_OCR"] = name if name in engines else "off"
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        seconds, found = clauses.extract(gold, kind, source, place)
        scores = clauses.score(gold, found, kind, scorer, place)
        rates: list[float] = []
        if kind == "pdf":
            texts = {clauses.file_name(row): read(source / "pdf" / f"{clauses.file_name(row)}.pdf", place / "pdf.longdoc") for row in gold}
            truth = truth or texts
            rates = [error_rate(truth[file], text) for file, text in texts.items()]
        whole = sum(rate * len(truth[file]) for file, rate in zip(truth, rates, strict=False)) / max(1, sum(map(len, truth.values())))
        figures[name] = {
            **scores,
            "seconds": round(seconds, 1),
            "error_rate": round(whole, 5),
            "error_rates": [round(rate, 5) for rate in rates],
        }
        first = next(iter(scores.values()))
        middle = statistics.median(rates) if rates else 0.0
        table.append(
            [
                name,
                len(gold),
                *(f"{100 * first[key]:.1f}" for key in ("aupr", "p80", "f1")),
                f"{100 * whole:.2f}",
                f"{100 * middle:.2f}",
                f"{seconds:.0f}",
            ]
        )
    columns = ["from", "contracts", "AUPR", "P@80R", "best F1", "characters wrong %", "median %", "seconds"]
    report("ocr_clauses", columns, table, **figures)


def read(file: Path, store: Path) -> str:
    """The canonical text, as the corpus has it, with single spaces."""
    from longdoc import Pipeline

    with Pipeline(store) as pipeline:
        return " ".join(pipeline.document(file, ingest=False).text.split())


def error_rate(truth: str, text: str) -> float:
    """Edit distance by the length of what is true."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(truth, text) / max(1, len(truth))


def speed(gold: Sequence[clauses.Row], pictures: Path, engines: Sequence[str], count: int) -> None:
    """Pages a second of each engine on the same pages, one after the other; then over files with one and two workers."""
    from longdoc.ingest.ocr import engines_of, read_picture
    from longdoc.ingest.ocr_pages import picture_of
    from longdoc.ingest.pdf_file import PdfFile
    from longdoc.ingest.sandbox import ProcessExecutor
    from longdoc.protocols import Job, Limits, OcrOptions

    files = [pictures / "pdf" / f"{clauses.file_name(row)}.pdf" for row in gold]
    pages = []
    for file in files:
        with PdfFile(file.read_bytes(), file.name) as opened:
            pages.append(picture_of(opened, 1, OcrOptions().dpi))
    seconds: dict[str, list[float]] = {engine: [] for engine in engines}
    processor: dict[str, float] = dict.fromkeys(engines, 0.0)
    for place, (picture, dpi) in enumerate(pages[: count + WARM_UP]):
        for engine in engines:
            began, spent = time.perf_counter(), processor_seconds()
            read_picture(picture, engines_of(OcrOptions(engine)), number=1, dpi=dpi, seconds=600)
            if place >= WARM_UP:
                seconds[engine].append(time.perf_counter() - began)
                processor[engine] += processor_seconds() - spent
    table, figures = [], {}
    for engine in engines:
        rates = []
        for workers in (1, 2):
            limits = Limits(ocr=OcrOptions(engine))
            with ProcessExecutor(workers, limits) as executor:
                arguments = {"path": str(files[0]), "limits": limits}
                # The first job of each worker loads its libraries and models.
                list(executor.map("longdoc.ingest:parse_file", [Job(str(place), arguments) for place in range(workers)]))
                began = time.perf_counter()
                done = list(executor.map("longdoc.ingest:parse_file", [Job(str(place), arguments) for place in range(JOBS * workers)]))
                taken = time.perf_counter() - began
            rates.append(sum(len(one.value.document.pages) for one in done) / taken)
        each = seconds[engine]
        core = len(seconds[engine]) / processor[engine]
        figures[engine] = {
            "pages_per_core_second": round(core, 3),
            "pages_per_second": [round(rate, 3) for rate in rates],
            "seconds_a_page": [round(second, 2) for second in each],
        }
        spread = f"{min(each):.1f}-{max(each):.1f}"
        table.append(
            [
                engine,
                len(each),
                f"{core:.2f}",
                f"{1 / statistics.mean(each):.2f}",
                f"{statistics.median(each):.2f}",
                spread,
                *(f"{rate:.2f}" for rate in rates),
                f"{rates[1] / rates[0]:.2f}",
            ]
        )
    columns = ["engine", "pages", "pages a core-second", "pages/s", "median s", "range s", "1 worker", "2 workers", "scaling"]
    report("ocr_speed", columns, table, **figures)


def processor_seconds() -> float:
    """Seconds that a core has spent on this process and on those that it has started: what other programs do does not count."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


if __name__ == "__main__":
    main()
