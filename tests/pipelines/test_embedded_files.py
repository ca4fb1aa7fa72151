"""Files that are embedded in PDFs and Word files are documents below them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
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
