"""A PDF of ten thousand pages: how long ingest takes, and the peak of memory in its worker and in the main process.

    python benchmarks/long_pdf.py [--pages 1000 10000] [--memory-limit 4096]

The PDF is made here with reportlab: numbered sections, paragraphs, a table every tenth page, a header and page numbers. It is ingested by
the real pipeline with one worker and the default limit of memory; the reader is one without a model, so that what is measured is the parse,
the way to the main process and the corpus. Memory is the peak resident set, in all and a page beyond the shortest file. The bar: the worker
within its limit, and a document as long as this one read.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import report

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
WORDS = "party term notice renewal payment liability delivery audit licence breach remedy cost supplier customer year rate".split()  # noqa: SIM905


def main() -> int:
    """Run the benchmark; 0 if every file was read."""
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(_ingest(arguments.child, arguments.memory_limit << 20)))
        return 0
    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="longdoc-long-") as folder:
        for pages in arguments.pages:
            file = Path(folder) / f"{pages}.pdf"
            make(file, pages)
            command = [sys.executable, __file__, "--child", str(file), "--memory-limit", str(arguments.memory_limit)]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
            found[pages] = {"file_mib": file.stat().st_size >> 20} | json.loads(done.stdout.splitlines()[-1])
            print(f"{pages} pages: {found[pages]}", file=sys.stderr)
    base, rows = arguments.pages[0], []
    for pages, row in found.items():
        more = max(1, pages - base)
        rows.append([pages, row["file_mib"], f"{row['characters'] / 1e6:.1f}", f"{row['seconds']:.0f}", f"{pages / row['seconds']:.0f}"])
        for who in ("worker", "main"):
            growth = (row[who] - found[base][who]) * 1024 / more
            rows[-1] += [row[who], f"{growth:.0f}" if pages > base else ""]
    columns = ["pages", "file MiB", "M characters", "seconds", "pages/s", "worker MiB", "KiB a page", "main MiB", "KiB a page"]
    read = all(row["outcome"] == "ok" and row["pages"] == pages for pages, row in found.items())
    report("long_pdf", columns, rows, sound=read, files={str(pages): row for pages, row in found.items()})
    return 0 if read else 1


def make(file: Path, pages: int) -> None:
    """Some 2,500 characters a page, in sections of seven pages."""
    from reportlab.lib.pagesizes import letter
    from reportlab.pdfgen.canvas import Canvas

    dice = random.Random(0)
    canvas = Canvas(str(file), pagesize=letter, pageCompression=1, invariant=1)
    for page in range(1, pages + 1):
        canvas.setFont("Times-Roman", 9)
        canvas.drawString(72, 760, "Annual Report")
        canvas.drawCentredString(306, 30, f"Page {page} of {pages}")
        top = 730
        if page % 7 == 1:
            canvas.setFont("Times-Bold", 14)
            canvas.drawString(72, top, f"{page // 7 + 1}. The {dice.choice(WORDS).title()} and the {dice.choice(WORDS).title()}")
            top -= 24
        if page % 10 == 0:
            canvas.setFont("Times-Roman", 10)
            for row in range(8):
                for column, place in enumerate((72, 300, 400, 500)):
                    canvas.drawString(place, top, f"{dice.choice(WORDS)} {row}" if column == 0 else f"{dice.randrange(10_000):,}")
                top -= 14
            top -= 14
        canvas.setFont("Times-Roman", 10)
        while top > 70:
            for _line in range(5):
                canvas.drawString(72, top, " ".join(dice.choices(WORDS, k=11)) + ("." if _line == 4 else ""))
                top -= 12
            top -= 10
        canvas.showPage()
    canvas.save()


def _ingest(path: str, memory: int) -> dict[str, Any]:
    from corpus_samples import WordReader

    from longdoc.config import Settings
    from longdoc_pipelines.ingest import ingest
    from longdoc_stores.corpus import Corpus

    settings = Settings(workers=1, timeout=3600.0, memory_limit=memory)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="longdoc-long-") as folder, Corpus(Path(folder) / "corpus") as corpus:
        (outcome,) = ingest(corpus, [path], WordReader(), settings)
        seconds = time.monotonic() - started
        entries = corpus.select()
        main = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        characters = len(corpus.document(entries[0]).text) if entries else 0
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    facts = {"outcome": outcome.outcome, "reason": outcome.reason, "pages": outcome.pages, "characters": characters}
    return facts | {"seconds": seconds, "worker": worker, "main": main}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--memory-limit", type=int, default=4096, metavar="MIB")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
