"""LibreOffice opens the workbook of a review, runs nothing in it, and makes of it what was written."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest
import review_samples

from longdoc_pipelines.reports.xlsx import XlsxReport

pytestmark = pytest.mark.system

HOSTILE = [
    *("=1+1", "+1+1", "-1+1", "@SUM(1;1)", "\t=1+1", "＝1+1", "_x003D_1+1", '=HYPERLINK("http://x.example";"open")'),
    *("#REF!", "007", "TRUE"),
]


def converted(workbook: Path, to: str) -> list[Path]:
    """What LibreOffice makes of it, with a profile of its own so that a running office is left alone."""
    office = shutil.which("soffice")
    assert office is not None, "soffice is not installed; make test-system installs it"
    folder = workbook.parent / "made"
    profile = f"-env:UserInstallation={(workbook.parent / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", to, "--outdir", str(folder), str(workbook)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=240)
    made = sorted(folder.iterdir()) if folder.is_dir() else []
    assert made, f"LibreOffice made nothing ({done.stderr.strip()}); does it have its spreadsheets (libreoffice-calc-nogui)?"
    return made


def as_csv(workbook: Path) -> dict[str, list[list[str]]]:
    """Each sheet's rows: comma, double quote, UTF-8, no formulas, all sheets."""
    made = converted(workbook, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1")
    return {path.stem.partition("-")[2]: list(csv.reader(io.StringIO(path.read_bytes().decode()))) for path in made}


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    target = tmp_path / "review.xlsx"
    reviews = list(review_samples.reviews(len(HOSTILE)))
    with XlsxReport(target, review_samples.heading()) as report:
        for text, review in zip(HOSTILE, reviews, strict=True):
            first, *others = review.findings
            report.add(review.model_copy(update={"title": text, "findings": (first.model_copy(update={"reason": text}), *others)}))
        report.finish(review_samples.closing(reviews))
    return target


def test_libreoffice_reads_every_sheet_and_computes_nothing(workbook: Path) -> None:
    sheets = as_csv(workbook)
    assert list(sorted(sheets)) == ["Findings", "Matrix", "Review queue", "Rules", "Summary"]
    expected = [text if text.startswith(("_", "#", "0", "T")) else f"'{text}" for text in HOSTILE]
    titles = [row[1] for row in sheets["Matrix"][1:]]
    assert titles == expected
    reasons = [row[6] for row in sheets["Findings"][1::20]]
    assert reasons == expected


def test_libreoffice_prints_it(workbook: Path) -> None:
    (printed,) = converted(workbook, "pdf")
    text = subprocess.run(["pdftotext", "-layout", str(printed), "-"], check=True, capture_output=True, text=True).stdout
    assert "Review by vendor_terms 2.4" in text
    assert "Findings by verdict" in text
    assert "Verdicts by rule" in text
