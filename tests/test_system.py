"""Other programs read the example documents too, and find the words that longdoc finds.

poppler's pdftotext reads the PDFs; LibreOffice turns the Word file into text and PDF. `make test-system` installs both.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from longdoc.ingest import parse_file

pytestmark = pytest.mark.system

DOCUMENTS = Path(__file__).parent.parent / "examples" / "documents"
SHARED = 0.99
RUNNING_LINES = {
    "services-agreement.pdf": r"(?:Master Services Agreement)? ?(?:Kestrel Ridge / Ostrander: Confidential)?|Page \d+|ii",
    "paper.pdf": r"Vandermoor, Okonjo and Tereshko|Locating Model Quotations in Recognized Page Text|Notes of the Hallmere Workshop.*|4\d",
}


def program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"{name} is not installed; make test-system installs it"
    return found


def words(text: str) -> Counter[str]:
    """Words in canonical form; a hyphen at the end of a line is no part of the word that goes on in the next."""
    return Counter(re.findall(r"\w+", re.sub(r"(?<=\w)-\s*\n\s*(?=[a-z])", "", unicodedata.normalize("NFKC", text))))


def canonical(name: str) -> str:
    document = parse_file(str(DOCUMENTS / name)).document
    return "\n".join(document.quote(block.span) for block in document.blocks if block.kind != "furniture")


def share(of: Counter[str], found_in: Counter[str]) -> float:
    return (of & found_in).total() / of.total()


def converted(name: str, to: str, folder: Path) -> Path:
    """`name` as LibreOffice converts it, with a profile of its own so that a running office is left alone."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [program("soffice"), profile, "--headless", "--convert-to", to, "--outdir", str(folder), str(DOCUMENTS / name)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return folder / f"{Path(name).stem}.{to.partition(':')[0]}"


@pytest.mark.parametrize("name", RUNNING_LINES)
def test_poppler_and_longdoc_read_the_same_words(name: str) -> None:
    printed = subprocess.run([program("pdftotext"), DOCUMENTS / name, "-"], check=True, capture_output=True, text=True).stdout
    printed = re.sub(rf"^\f?(?:{RUNNING_LINES[name]})$", "", printed, flags=re.MULTILINE)
    theirs, ours = words(printed), words(canonical(name))
    assert share(theirs, ours) >= SHARED, (theirs - ours).most_common(20)
    assert share(ours, theirs) >= SHARED, (ours - theirs).most_common(20)


def test_libreoffice_makes_the_same_text_of_the_word_file(tmp_path: Path) -> None:
    theirs = words(converted("nda.docx", "txt:Text (encoded):UTF8", tmp_path).read_text(encoding="utf-8-sig"))
    ours = words(canonical("nda.docx"))
    assert share(theirs, ours) >= SHARED, (theirs - ours).most_common(20)
    assert share(ours, theirs) >= SHARED, (ours - theirs).most_common(20)


def test_libreoffice_prints_the_numbers_that_longdoc_gives_to_clauses(tmp_path: Path) -> None:
    made = converted("nda.docx", "pdf", tmp_path)
    printed = subprocess.run([program("pdftotext"), "-layout", made, "-"], check=True, capture_output=True, text=True).stdout
    number = r"^\s*(\d+\.\d*|\([a-z]\))\s+(\w+ \w+)"
    theirs = re.findall(number, unicodedata.normalize("NFKC", printed), flags=re.MULTILINE)
    ours = re.findall(number, canonical("nda.docx"), flags=re.MULTILINE)
    assert len(ours) > 20
    assert ours == theirs
