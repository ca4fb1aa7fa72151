"""What a Word paragraph shows beside plain runs: fields in fields, form fields, formulas, hidden styles, changed rows, hostile numbers."""

from __future__ import annotations

import pytest

from ingest.word import level, listed, paragraph, run, word_file
from longdoc.errors import DamagedError
from longdoc.ingest.docx import DocxIngestor
from longdoc.protocols import Limits, Parsed

BY_ANN = 'w:id="1" w:author="Ann" w:date="2020-01-01T00:00:00Z"'


def read(body: str, **parts: str) -> Parsed:
    return DocxIngestor().parse(word_file(body, parts), name="a.docx", password=None, limits=Limits())


def field(kind: str, data: str = "") -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}">{data}</w:fldChar></w:r>'


def instruction(text: str) -> str:
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr>{properties}{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in cells)}</w:tr>"


def test_a_field_within_an_instruction_is_not_shown_but_the_result_of_the_whole_is() -> None:
    inner = field("begin") + instruction("PAGE") + field("separate") + run("77") + field("end")
    outer = field("begin") + instruction("IF ") + inner + instruction(' = 1 "a" "b"') + field("separate") + run("b") + field("end")
    assert read(paragraph(run("A ") + outer + run(" Z"))).text == "A b Z"


def test_a_field_that_never_ends_takes_no_text_with_it() -> None:
    body = paragraph(run("A ") + field("begin") + instruction("REF x") + run("kept")) + paragraph("next")
    assert read(body).text == "A kept\n\nnext"


def test_a_field_that_ends_in_deleted_text_ends() -> None:
    end = f"<w:del {BY_ANN}>{field('end')}</w:del>"
    assert read(paragraph(field("begin") + instruction("REF x") + end + run("kept")) + paragraph("next")).text == "kept\n\nnext"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>', "☒"),
        ('<w:checkBox><w:default w:val="1"/><w:checked w:val="0"/></w:checkBox>', "☐"),
        ('<w:checkBox><w:default w:val="1"/></w:checkBox>', "☒"),
        ('<w:ddList><w:result w:val="1"/><w:listEntry w:val="France"/><w:listEntry w:val="Spain"/></w:ddList>', "Spain"),
        ('<w:ddList><w:listEntry w:val="France"/></w:ddList>', "France"),
    ],
)
def test_form_fields_show_what_was_chosen(data: str, shown: str) -> None:
    made = field("begin", f"<w:ffData>{data}</w:ffData>") + instruction("FORM") + field("separate") + field("end")
    assert read(paragraph(made + run(" law"))).text == f"{shown} law"


def math(name: str, inside: str) -> str:
    return f"<m:{name}>{inside}</m:{name}>"


def test_a_formula_is_one_line_that_keeps_fractions_and_powers() -> None:
    def sign(text: str) -> str:
        return math("r", math("t", text))

    fraction = math("f", math("num", sign("a+b")) + math("den", sign("2")))
    power = math("sSup", math("e", sign("x")) + math("sup", sign("n")))
    root = math("rad", math("deg", "") + math("e", sign("y")))
    gone = f"<w:del {BY_ANN}>{sign('z')}</w:del>"
    assert read(paragraph(run("so ") + math("oMath", fraction + power + root + gone))).text == "so (a+b)/2x^n√(y)"


def test_a_deeply_nested_formula_takes_no_longer_than_its_size() -> None:
    nested = "<m:d><m:e>" * 100 + "<m:r><m:t>x</m:t></m:r>" + "</m:e></m:d>" * 100
    assert read(paragraph(math("oMath", nested))).text == "(" * 100 + "x" + ")" * 100


def test_styles_hide_text_themselves_or_by_one_they_are_based_on() -> None:
    styles = "".join(
        f'<w:style w:type="{kind}" w:styleId="{name}"><w:name w:val="{name}"/>{inside}</w:style>'
        for kind, name, inside in (
            ("paragraph", "Secret", "<w:rPr><w:vanish/></w:rPr>"),
            ("character", "Hidden", "<w:rPr><w:vanish/></w:rPr>"),
            ("character", "Derived", '<w:basedOn w:val="Hidden"/>'),
        )
    )
    secret = paragraph(run("gone ") + run("kept", '<w:vanish w:val="0"/>'), '<w:pStyle w:val="Secret"/>')
    assert read(secret + paragraph(run("gone", '<w:rStyle w:val="Derived"/>') + run("open")), styles=styles).text == "kept\n\nopen"


def test_inserted_rows_and_deleted_rows_and_cells_are_told_of() -> None:
    new = row("new", "row", properties=f"<w:trPr><w:ins {BY_ANN}/></w:trPr>")
    old = row("old", "row", properties=f"<w:trPr><w:del {BY_ANN}/></w:trPr>")
    cut = f"<w:tr><w:tc>{paragraph('c')}</w:tc><w:tc><w:tcPr><w:cellDel {BY_ANN}/></w:tcPr>{paragraph('cut')}</w:tc></w:tr>"
    parsed = read(f"<w:tbl>{row('a', 'b')}{new}{old}{cut}</w:tbl>")
    assert parsed.text == "a\tb\nnew\trow\nc"
    told = [(aside.kind, aside.text, aside.author) for aside in parsed.asides]
    assert told == [("insertion", "new", "Ann"), ("insertion", "row", "Ann"), ("deletion", "old row", "Ann"), ("deletion", "cut", "Ann")]
    assert all(parsed.text[aside.span.start : aside.span.end] == aside.text for aside in parsed.asides if aside.span)


@pytest.mark.parametrize(
    ("kind", "start", "shown"),
    [
        ("ordinalText", "21", "Twenty-first"),
        ("cardinalText", "12", "Twelve"),
        ("decimalEnclosedParen", "3", "(3)"),
        ("chicago", "2", "†"),
        ("upperLetter", "27", "AA"),
        ("decimal", "9" * 40, "32767"),
    ],
)
def test_numbers_are_written_in_the_format_of_their_list(kind: str, start: str, shown: str) -> None:
    scheme = level(0, kind, "%1").replace('<w:start w:val="1"/>', f'<w:start w:val="{start}"/>')
    assert read(listed("x", 0), numbering=one_list(scheme)).text == f"{shown} x"


def test_a_start_that_no_list_reaches_does_not_fill_the_memory() -> None:
    scheme = level(0, "lowerLetter", "%1").replace('<w:start w:val="1"/>', '<w:start w:val="99999999999"/>')
    assert len(read(listed("x", 0), numbering=one_list(scheme)).text) < 2000


def test_a_format_given_by_example_keeps_its_zeros() -> None:
    example = '<mc:Choice Requires="w14"><w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice>'
    plain = '<mc:Fallback><w:numFmt w:val="decimal"/></mc:Fallback>'
    both = f"<mc:AlternateContent>{example}{plain}</mc:AlternateContent>"
    scheme = level(0, "decimal", "%1.").replace('<w:numFmt w:val="decimal"/>', both)
    assert read(listed("x", 0), numbering=one_list(scheme)).text == "001. x"


def one_list(scheme: str) -> str:
    return f'<w:abstractNum w:abstractNumId="7">{scheme}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"), ("<w:p><w:r><w:txbxContent>", "</w:txbxContent></w:r></w:p>")],
)
def test_parts_nested_thousands_deep_are_an_error_that_says_so(opening: str, closing: str) -> None:
    with pytest.raises(DamagedError, match="nested too deeply"):
        read(opening * 3000 + paragraph("x") + closing * 3000)
