"""A contract of some forty pages with automatic numbers, changes by two people, comments, notes and a table in a table."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ingest.word import changed, level, listed, paragraph, run, word_file
from longdoc.ingest.docx import DocxIngestor
from longdoc.protocols import Limits, Parsed

SCHEME = (
    level(0, "decimal", "ARTICLE %1")
    + level(1, "decimal", "%1.%2")
    + level(2, "lowerLetter", "(%3)")
    + level(3, "lowerRoman", "(%4)")
    + level(4, "upperLetter", "(%5)")
)
LISTS = (
    "",
    '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>',
    '<w:lvlOverride w:ilvl="1"><w:startOverride w:val="5"/></w:lvlOverride>',
)
WORDS = "The Supplier shall deliver what was ordered within ten days of the order being placed in writing. " * 6


def numbering() -> str:
    numbers = "".join(f'<w:num w:numId="{place}"><w:abstractNumId w:val="7"/>{own}</w:num>' for place, own in enumerate(LISTS, 1))
    return f'<w:abstractNum w:abstractNumId="7"><w:multiLevelType w:val="multilevel"/>{SCHEME}</w:abstractNum>{numbers}'


def articles() -> str:
    body = []
    for number in range(1, len(LISTS) + 1):
        for article in range(10):
            body.append(listed(f"Matter {number} {article}", 0, number))
            for clause in range(4):
                body.append(listed(WORDS, 1, number))
                for part in range(30 if clause == 1 else 2):
                    body.append(listed(f"part {part}", 2, number))
                    if part == 1:
                        body += [listed(f"deep {depth}", depth, number) for depth in (3, 3, 4, 3)]
    return "".join(body)


def marked_up() -> str:
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('inner')}</w:tc></w:tr></w:tbl>"
    fee = f"<w:tr><w:tc>{paragraph('Fee')}</w:tc><w:tc>{paragraph('EUR 300')}{inner}{paragraph('net')}</w:tc></w:tr>"
    head = f"<w:tr><w:trPr><w:tblHeader/></w:trPr><w:tc>{paragraph('What')}</w:tc><w:tc>{paragraph('How much')}</w:tc></w:tr>"
    comment = '<w:commentRangeStart w:id="4"/>' + run("is due") + '<w:commentRangeEnd w:id="4"/><w:r><w:commentReference w:id="4"/></w:r>'
    return (
        paragraph(run("Rent ") + comment + run(" in ") + changed("del", "ten", "Ann", "D1") + changed("ins", "twenty", "Bob", "D2"))
        + paragraph(run("See") + '<w:r><w:footnoteReference w:id="2"/></w:r>')
        + f"<w:tbl>{head}{fee}</w:tbl>"
    )


def contract() -> bytes:
    note = f'<w:footnote w:id="2">{paragraph("The law of Utopia.")}</w:footnote>'
    comments = f'<w:comment w:id="4" w:author="Cy" w:date="D3">{paragraph("When?")}</w:comment>'
    return word_file(articles() + marked_up(), {"numbering": numbering(), "footnotes": note, "comments": comments})


def read(data: bytes) -> Parsed:
    return DocxIngestor().parse(data, name="contract.docx", password=None, limits=Limits())


def test_a_long_contract_keeps_its_numbers_and_tells_of_all_that_hangs_on_it() -> None:
    parsed = read(contract())
    blocks = [parsed.text[block.span.start : block.span.end] for block in parsed.blocks]
    assert blocks[-4:] == ["Rent is due in twenty", "See[1]", "[1] The law of Utopia.", "What\tHow much\nFee\tEUR 300 inner net"]
    assert parsed.blocks[-2].kind == "footnote"
    assert parsed.tables[-1].header_rows == 1
    told = {(aside.kind, aside.text, aside.author, aside.date) for aside in parsed.asides}
    assert told == {("deletion", "ten", "Ann", "D1"), ("insertion", "twenty", "Bob", "D2"), ("comment", "When?", "Cy", "D3")}
    commented = next(aside.span for aside in parsed.asides if aside.kind == "comment")
    assert commented is not None
    assert parsed.text[commented.start : commented.end] == "is due"
    assert sum(block.startswith("ARTICLE 1 ") for block in blocks) == 2


def test_the_start_of_a_deeper_level_holds_for_the_first_number_it_gives() -> None:
    body = "".join(listed("x", depth, 3) for depth in (0, 1, 1, 0, 1))
    assert read(word_file(body, {"numbering": numbering()})).text.split("\n\n") == [
        "ARTICLE 1 x", "1.5 x", "1.6 x", "ARTICLE 2 x", "2.1 x",
    ]  # fmt: skip


@pytest.mark.system
def test_libreoffice_prints_the_same_numbers_through_a_long_contract(tmp_path: Path) -> None:
    program = shutil.which("soffice")
    assert program is not None, "LibreOffice is not installed; make test-system installs it"
    file = tmp_path / "contract.docx"
    file.write_bytes(word_file(articles(), {"numbering": numbering()}))
    command = [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "txt:Text (encoded):UTF8"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(file)], check=True, capture_output=True, timeout=180)
    printed = (tmp_path / "contract.txt").read_text(encoding="utf-8-sig").split("\n")
    parsed = read(file.read_bytes())
    ours = [parsed.text[block.span.start : block.span.end] for block in parsed.blocks]
    assert len(ours) > 1000
    assert [" ".join(line.split()) for line in printed if line.strip()] == ours
