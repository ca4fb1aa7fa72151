"""The example documents say what the demo, the README and other tests take from them."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

from longdoc.ingest import ParsedFile, parse_file

EXAMPLES = Path(__file__).parent.parent / "examples"
DOCUMENTS = EXAMPLES / "documents"
KINDS = {
    "annual-report.html": ("html", "financial"),
    "nda.docx": ("docx", "legal"),
    "paper.pdf": ("pdf", "research"),
    "retention-policy.md": ("markdown", "plain"),
    "services-agreement-amendment-1.txt": ("txt", "legal"),
    "services-agreement.pdf": ("pdf", "legal"),
}


@cache
def parsed(name: str) -> ParsedFile:
    return parse_file(str(DOCUMENTS / name))


@pytest.mark.parametrize("name", KINDS)
def test_each_document_is_read_whole_and_told_apart(name: str) -> None:
    document = parsed(name).document
    assert (document.format, document.domain) == KINDS[name]
    assert document.language == "en"
    assert not document.warnings
    assert document.title


def test_no_document_is_missing_from_this_list() -> None:
    assert sorted(path.name for path in DOCUMENTS.iterdir()) == sorted(KINDS)


def test_the_sources_build_the_documents_that_are_committed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, EXAMPLES / "sources" / "make.py", tmp_path], check=True, capture_output=True)
    for built in tmp_path.iterdir():
        committed = DOCUMENTS / built.name
        if built.suffix == ".docx":
            # Another zlib may pack the same parts differently.
            with zipfile.ZipFile(built) as new, zipfile.ZipFile(committed) as old:
                assert {name: new.read(name) for name in new.namelist()} == {name: old.read(name) for name in old.namelist()}
        else:
            assert built.read_bytes() == committed.read_bytes(), f"{built.name}: build it again with examples/sources/make.py"


def test_the_agreement_has_twenty_pages_with_labels_and_no_furniture_in_its_text() -> None:
    document = parsed("services-agreement.pdf").document
    assert [page.label for page in document.pages] == ["i", "ii", *map(str, range(1, 19))]
    running = "\n".join(document.quote(block.span) for block in document.blocks if block.kind != "furniture")
    assert "Kestrel Ridge / Ostrander: Confidential" not in running
    assert not re.search(r"^Page \d+$", running, re.MULTILINE)


@pytest.mark.parametrize("name", ["services-agreement.pdf", "nda.docx"])
def test_every_cross_reference_of_the_contracts_leads_somewhere(name: str) -> None:
    document = parsed(name).document
    assert document.references
    assert [reference.text for reference in document.references if reference.target is None] == []


def test_the_fixed_fees_of_the_agreement_add_up() -> None:
    document = parsed("services-agreement.pdf").document
    rows = re.findall(r"(\d+)\s+\|?\s*\$([\d,]+)\s+\|?\s*\$([\d,]+)$", document.text, re.MULTILINE)
    fees = [(int(units), int(price.replace(",", "")), int(fee.replace(",", ""))) for units, price, fee in rows]
    assert len(fees) == 5
    assert all(units * price == fee for units, price, fee in fees)
    total = re.search(r"^Total\W+\$([\d,]+)$", document.text, re.MULTILINE)
    assert total is not None
    assert sum(fee for _, _, fee in fees) == int(total[1].replace(",", ""))


def test_the_amendment_changes_the_cap_and_the_term_of_the_agreement() -> None:
    agreement = parsed("services-agreement.pdf").document.text
    amendment = " ".join(parsed("services-agreement-amendment-1.txt").document.text.split())
    for before, after in (("three (3) years, ending on February 28, 2027", "five (5) years, ending on February 28, 2029"),):
        assert before in agreement
        assert after in amendment
    assert "greater of two million dollars ($2,000,000)" in agreement
    assert "greater of six million five hundred thousand dollars ($6,500,000)" in amendment
