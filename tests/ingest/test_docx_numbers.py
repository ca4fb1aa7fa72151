"""Automatic numbers of Word files, as Word prints them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ingest.word import level, listed, paragraph, run, word_file
from longdoc.ingest import parse_bytes

SCHEME = (
    level(0, "upperRoman", "ARTICLE %1")
    + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    + level(2, "lowerLetter", "(%3)")
    + level(3, "lowerRoman", "(%4)")
)


def numbering(*numbers: str, scheme: str = SCHEME) -> str:
    listed_numbers = "".join(
        f'<w:num w:numId="{place}"><w:abstractNumId w:val="7"/>{inside}</w:num>' for place, inside in enumerate(numbers, 1)
    )
    return f'<w:abstractNum w:abstractNumId="7"><w:multiLevelType w:val="multilevel"/>{scheme}</w:abstractNum>{listed_numbers}'


def numbers(body: str, lists: str, styles: str = "") -> list[str]:
    """The words before the last of each block."""
    document = parse_bytes(word_file(body, {"numbering": lists, "styles": styles}), "a.docx").document
    return [document.quote(block.span).rpartition(" ")[0] for block in document.blocks]


def test_levels_count_within_the_one_above() -> None:
    body = "".join(listed("x", depth) for depth in (0, 1, 2, 2, 3, 1, 2, 0, 1))
    assert numbers(body, numbering("")) == ["ARTICLE I", "1.1", "(a)", "(b)", "(i)", "1.2", "(a)", "ARTICLE II", "2.1"]


def test_a_second_list_of_the_same_definition_goes_on_unless_it_starts_anew() -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    body = listed("x", 0) + listed("x", 0, 2) + listed("x", 0, 3) + listed("x", 0, 3)
    assert numbers(body, numbering("", "", anew)) == ["ARTICLE I", "ARTICLE II", "ARTICLE I", "ARTICLE II"]


def test_a_list_may_have_a_level_of_its_own() -> None:
    own = f'<w:lvlOverride w:ilvl="0">{level(0, "decimal", "Clause %1:")}</w:lvlOverride>'
    assert numbers(listed("x", 0) + listed("x", 0), numbering(own)) == ["Clause 1:", "Clause 2:"]


def test_a_level_that_never_begins_anew_counts_through() -> None:
    scheme = level(0, "decimal", "%1.") + level(1, "decimal", "Note %2", '<w:lvlRestart w:val="0"/>')
    body = "".join(listed("x", depth) for depth in (0, 1, 1, 0, 1))
    assert numbers(body, numbering("", scheme=scheme)) == ["1.", "Note 1", "Note 2", "2.", "Note 3"]


def test_a_style_numbers_its_paragraphs_at_the_level_that_is_its_own() -> None:
    scheme = level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2", '<w:pStyle w:val="Sub"/>')
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{name}"/>{base}<w:pPr>{number}</w:pPr></w:style>'
        for name, base, number in (
            ("Top", "", '<w:numPr><w:numId w:val="1"/></w:numPr>'),
            ("Sub", "", '<w:numPr><w:numId w:val="1"/></w:numPr>'),
            ("Based", '<w:basedOn w:val="Sub"/>', ""),
        )
    )
    body = "".join(paragraph("x", f'<w:pStyle w:val="{style}"/>') for style in ("Top", "Sub", "Based", "Top", "Sub"))
    assert numbers(body, numbering("", scheme=scheme), styles) == ["1.", "1.1", "1.2", "2.", "2.1"]


def test_number_zero_takes_a_number_away() -> None:
    assert numbers(listed("x", 0) + listed("y x", 0, 0) + listed("x", 0), numbering("")) == ["ARTICLE I", "y", "ARTICLE II"]


def test_lists_in_cells_are_numbered_too() -> None:
    cells = f"<w:tc>{listed('alpha', 2)}{listed('beta', 2)}</w:tc><w:tc>{paragraph('one')}</w:tc>"
    document = parse_bytes(word_file(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>", {"numbering": numbering("")}), "a.docx").document
    assert document.text == "(a) alpha (b) beta\tone"


def test_a_paragraph_that_was_deleted_whole_is_not_counted() -> None:
    gone = '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr></w:p>'
    assert numbers(listed("x", 0) + gone + listed("x", 0), numbering("")) == ["ARTICLE I", "ARTICLE II"]


@pytest.mark.system
def test_libreoffice_prints_the_same_numbers(tmp_path: Path) -> None:
    program = shutil.which("soffice")
    assert program is not None, "LibreOffice is not installed; make test-system installs it"
    body = "".join(listed(run(f"Words of {place}"), depth) for place, depth in enumerate((0, 1, 2, 2, 3, 3, 1, 2, 0, 1, 1)))
    file = tmp_path / "numbers.docx"
    lists = numbering("", scheme=SCHEME.replace("upperRoman", "decimal").replace("<w:isLgl/>", ""))  # which this program does not know
    file.write_bytes(word_file(body, {"numbering": lists}))
    command = [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "txt:Text (encoded):UTF8"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(file)], check=True, capture_output=True, timeout=180)
    printed = (tmp_path / "numbers.txt").read_text(encoding="utf-8-sig").split("\n")
    document = parse_bytes(file.read_bytes(), "numbers.docx").document
    assert [" ".join(line.split()) for line in printed if line.strip()] == [document.quote(block.span) for block in document.blocks]
