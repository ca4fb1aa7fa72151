"""Files that are embedded in PDFs and Word files are documents below them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from ingest import filing_samples
from ingest.word import paragraph, word_file
from pypdf import PdfWriter
from reportlab.pdfgen.canvas import Canvas

from longdoc import Pipeline


def pdf_with(name: str, content: bytes) -> bytes:
    drawn = io.BytesIO()
    canvas = Canvas(drawn)
    canvas.drawString(90, 700, "The annex is attached to this agreement.")
    canvas.save()
    writer = PdfWriter(clone_from=drawn)
    writer.add_attachment(name, content)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("main.pdf", pdf_with("annex.txt", b"Premium support costs nine euro.")),
        (
            "main.docx",
            word_file(paragraph("The annex is attached."), files={"word/embeddings/annex.txt": b"Premium support costs nine euro."}),
        ),
    ],
    ids=["pdf", "docx"],
)
def test_an_embedded_file_is_a_document_of_its_own(file: str, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).write_bytes(data)
    with Pipeline("store") as pipeline:
        outcomes = {outcome.path: outcome.outcome for outcome in pipeline.ingest(file)}
        assert outcomes == {file: "ok", f"{file}/annex.txt": "ok"}
        assert pipeline.document(f"{file}/annex.txt").text == "Premium support costs nine euro."
        assert pipeline.search("premium support", file, k=1)[0].citation.path == f"{file}/annex.txt"


def test_files_in_a_pdf_without_text_are_read_all_the_same_and_its_pages_are_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    writer = PdfWriter()
    writer.add_blank_page(600, 800)
    writer.add_attachment("lease.txt", b"The rent is nine euro.")
    writer.write("portfolio.pdf")
    with Pipeline("store") as pipeline:
        for run in ("the first", "the next"):
            outcomes = {outcome.path: outcome for outcome in pipeline.ingest("portfolio.pdf")}
            assert {path: outcome.outcome for path, outcome in outcomes.items()} == {
                "portfolio.pdf": "partial",
                "portfolio.pdf/lease.txt": "ok",
            }, run
            assert "no text" in str(outcomes["portfolio.pdf"].reason)
            assert not outcomes["portfolio.pdf"].cached, "what failed is tried again"
        assert pipeline.search("rent", "portfolio.pdf", k=1)[0].citation.quote == "The rent is nine euro."


def test_what_a_submission_says_of_its_documents_is_known_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    submission = filing_samples.submission(b"")
    Path("one.txt").write_bytes(submission)
    Path("other.txt").write_bytes(submission.replace(b"HARROW VALVE CORP", b"ELMWOOD PUMPS INC"))
    with Pipeline("store") as pipeline:
        list(pipeline.ingest("."))
        exhibits = {path: pipeline.document(f"{path}/hvc-ex101.htm") for path in ("one.txt", "other.txt")}
    assert exhibits["one.txt"].text == exhibits["other.txt"].text
    assert {path: document.metadata["company"] for path, document in exhibits.items()} == {
        "one.txt": "HARROW VALVE CORP",
        "other.txt": "ELMWOOD PUMPS INC",
    }
    assert exhibits["one.txt"].metadata["period_of_report"] == "2024-06-30"
