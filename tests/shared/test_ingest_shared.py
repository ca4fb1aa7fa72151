"""Files of other parsers' test suites and real filings: whatever they hold, only input errors come out."""

from pathlib import Path

import pytest

from longdoc.errors import EncryptedError, InputError
from longdoc.ingest import parse_file

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared is not there")
FILES = sorted(file for file in (DATA / "files").rglob("*") if file.suffix in (".pdf", ".docx"))[::2]


@pytest.mark.slow
def test_odd_and_broken_files_give_documents_or_input_errors() -> None:
    for file in FILES:
        try:
            parsed = parse_file(str(file))
        except InputError:
            continue
        text = parsed.document.text
        for block in parsed.document.blocks:
            assert text[block.span.start : block.span.end].strip(), file


def test_columns_of_a_latex_paper_are_read_one_after_the_other() -> None:
    text = parse_file(str(DATA / "files/pypdf_samples/026-latex-multicolumn/multicolumn.pdf")).document.text
    assert "felis. Donec nonummy pellentesque ante." in text
    assert "consectetuer adipiscing elit" in text


def test_a_filing_has_its_items_and_statements_and_no_page_furniture() -> None:
    document = parse_file(str(DATA / "financebench/pdf/3M_2018_10K.pdf")).document
    assert len(document.pages) == 160
    assert document.domain == "financial"
    assert {"Item 1.", "Item 1A.", "Item 7."} <= {section.number for section in document.sections}
    assert "Cash and cash equivalents\t$ 2,853\t$ 3,053" in document.text
    assert "Table of Contents\n" not in document.text


def test_an_encrypted_sample_opens_with_its_password() -> None:
    path = str(DATA / "files/pypdf_samples/005-libreoffice-writer-password/libreoffice-writer-password.pdf")
    with pytest.raises(EncryptedError):
        parse_file(path)
    assert parse_file(path, password="openpassword").document.text
