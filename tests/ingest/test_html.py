"""HTML: visible text only, headings, lists, layout and data tables."""

import pytest

from ingest import samples
from ingest.contract import IngestorContract
from longdoc.errors import LimitError, UnsupportedError
from longdoc.ingest import parse_bytes
from longdoc.ingest.html import HtmlIngestor
from longdoc.ingest.sniff import sniff
from longdoc.types import Document

SAMPLE = (samples.DATA / "html" / "annual-report.html").read_bytes()


def read(data: bytes) -> Document:
    return parse_bytes(data, "sample.html").document


class TestHtmlContract(IngestorContract):
    ingestor = HtmlIngestor
    suffix = ".html"

    def sample(self) -> bytes:
        return SAMPLE

    def running_text(self) -> str:
        return """RIDGEWAY PUMPS, INC. PART I Item 1. Business Ridgeway Pumps, Inc. (the “Company”) makes pumps for waterworks. It employed
        412 people at the end of the fiscal year. Item 1A. Risk Factors Steel is our largest cost. A strike would delay deliveries; see
        Item 1. Two customers make up a third of net sales. One plant has no second site. PART II Item 8. Financial Statements 2023 2022
        Net sales 81.4 77.9 Loss on disposal (1.2) (0.4)"""


def test_hidden_parts_scripts_and_inline_xbrl_headers_are_not_read() -> None:
    text = read(SAMPLE).text
    assert "hidden facts" not in text
    assert "script text" not in text


def test_a_data_table_has_a_line_a_row_without_empty_layout_cells() -> None:
    document = read(SAMPLE)
    tables = [document.quote(block.span) for block in document.blocks if block.kind == "table"]
    assert tables == ["2023\t2022\nNet sales\t$81.4\t$77.9\nLoss on disposal\t(1.2)\t(0.4)"]


def test_a_table_that_only_places_a_bullet_is_a_list_item() -> None:
    document = read(SAMPLE)
    items = [document.quote(block.span) for block in document.blocks if block.kind == "list_item"]
    assert items == ["• Two customers make up a third of net sales.", "One plant has no second site."]


def test_parts_and_items_of_a_filing_nest() -> None:
    document = read(SAMPLE)
    assert document.heading_path(document.text.index("Steel")) == ("PART I", "Item 1A. Risk Factors")
    assert document.domain == "financial"


def test_a_page_break_ends_a_page_and_the_number_before_it_is_its_label() -> None:
    document = read(SAMPLE)
    assert [(page.number, page.label) for page in document.pages] == [(1, "12"), (2, None)]
    assert document.page_at(document.text.index("Steel")).number == 2


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (b"<html><body><p>caf\xe9 prices</p></body></html>", "café prices"),
        (b'<html><head><meta charset="iso-8859-2"></head><body><p>\xb3\xf3d\xbc</p></body></html>', "łódź"),
        ("<html><body><p>one<br>line</p><p>a <b>bold</b> word</p></body></html>".encode("utf-16"), "one line\n\na bold word"),
        (b"<html><body><p>never closed<div>but read</body>", "never closed\n\nbut read"),
    ],
)
def test_encodings_and_sloppy_markup_are_read(source: bytes, text: str) -> None:
    assert read(source).text == text


def test_deep_nesting_is_read_and_what_is_too_deep_is_refused() -> None:
    assert read(b"<html><body>" + b"<div>" * 1500 + b"bottom" + b"</div>" * 1500 + b"</body></html>").text == "bottom"
    with pytest.raises(LimitError, match="2048 levels"):
        read(b"<html><body>" + b"<div>" * 5000 + b"bottom" + b"</div>" * 5000 + b"</body></html>")


def test_deep_nesting_in_a_table_cell_is_read() -> None:
    nested = b"<span>" * 1500 + b"deep" + b"</span>" * 1500
    assert "deep" in read(b"<html><body><table><tr><td>" + nested + b"</td><td>b</td></tr></table></body></html>").text


def test_links_back_to_the_contents_are_no_part_of_the_text():
    source = """<html><body><h2 id="toc">Table of Contents</h2><p><a href="#risk">Risk factors</a></p>
    <p><a href="#toc">Table of Contents</a></p><h2 id="risk">Risk Factors</h2><p>Prices may fall.</p>
    <p><a href="#toc">Back to top</a></p><p>See the <a href="#n">index</a>-linked note.</p></body></html>"""
    document = parse_bytes(source.encode(), "filing.html").document
    assert document.text.count("Table of Contents") == 1
    assert "Back to top" not in document.text
    assert "Risk factors" in document.text
    assert "See the index-linked note." in document.text


def test_lists_carry_the_numbers_that_a_browser_shows():
    source = """<ol start="3"><li>three</li><li><p>four</p><p>and more</p><ol type="a"><li>aa</li><li value="5">ee</li></ol></li></ol>
    <ol reversed><li>z</li><li>y</li></ol><ul><li>dot<ul><li>below</li></ul></li></ul>
    <ol style="list-style-type:upper-roman"><li>one of one</li>
    <li></li></ol><ol style="list-style:none"><li>bare</li></ol><p>after</p>"""
    document = read(f"<html><body>{source}</body></html>".encode())
    lines = ["3. three", "4. four", "and more", "a. aa", "e. ee", "2. z", "1. y", "dot", "below", "I. one of one", "bare", "after"]
    assert document.text.split("\n\n") == lines


def test_a_bullet_that_floats_beside_its_text_belongs_to_it():
    source = b'<div style="float:left">&#8226;<br></div><div>our Annual Report;</div><div>&#8203;</div><div>(a)</div><p>one</p>'
    document = read(b"<html><body>" + source + b"</body></html>")
    assert document.text == "• our Annual Report;\n\n(a) one"


def test_what_word_writes_is_read_as_word_shows_it():
    source = """<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'>
    <span style='mso-list:Ignore'>\u00b7<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;</span></span></span><![endif]>First item</p>
    <p>Paid <del cite="mailto:Al" datetime="2020-01-02T00:00:00Z">late</del><ins cite="mailto:Al">on time</ins>.<o:p></o:p></p>
    <p>No <del>struck</del> word is lost.</p>
    <div style='mso-element:footnote-list'><div style='mso-element:footnote' id=ftn1><p>[1] A note.</p></div></div>"""
    document = read(f"<html><body>{source}</body></html>".encode())
    kinds = [(block.kind, document.quote(block.span)) for block in document.blocks]
    assert kinds == [
        ("list_item", "• First item"),
        ("paragraph", "Paid on time."),
        ("paragraph", "No struck word is lost."),
        ("footnote", "[1] A note."),
    ]
    deletion, insertion = document.asides
    assert (deletion.kind, deletion.text, deletion.author, deletion.date) == ("deletion", "late", "Al", "2020-01-02T00:00:00Z")
    assert (insertion.kind, document.quote(insertion.span)) == ("insertion", "on time")
    assert deletion.anchor == document.text.index("Paid")


def test_marks_in_fonts_of_symbols_are_read_as_they_look():
    source = """<p><font face="Wingdings">x</font> Yes <span style="font-family:Wingdings">\u00a8</span> No</p>
    <p><font face="Wingdings">A whole sentence in it is a mistake.</font></p>"""
    assert read(f"<html><body>{source}</body></html>".encode()).text == "☒ Yes ☐ No\n\nA whole sentence in it is a mistake."


def test_preformatted_prose_is_read_as_paragraphs_and_programs_as_code():
    prose = "     This is a paragraph of an agreement that was typed by a machine\nwith its own line breaks in it.\n\n"
    prose += "     And this is the second one of them, typed as well.\n"
    document = read(f"<html><body><pre>{prose}</pre><pre>def twice(x):\n    return 2 * x\n</pre></body></html>".encode())
    assert [(block.kind, document.quote(block.span)) for block in document.blocks] == [
        ("paragraph", "This is a paragraph of an agreement that was typed by a machine with its own line breaks in it."),
        ("paragraph", "And this is the second one of them, typed as well."),
        ("code", "def twice(x):\n    return 2 * x"),
    ]


def test_pictures_are_asides_with_what_they_are_said_to_show():
    document = read(b'<html><body><p>Sales rose.</p><p><img src="x.png" alt="A chart of sales"></p><p>So did costs.</p></body></html>')
    (picture,) = document.asides
    assert (picture.kind, picture.name, picture.text) == ("annotation", "image", "A chart of sales")
    assert "chart" not in document.text


def test_formulas_details_and_invisible_characters_are_read():
    source = """<p>where <math alttext="x^2"><mi>x</mi><mn>2</mn></math> holds, re\u00adsolved\u200b</p>
    <details><summary>More</summary>inside</details><p>long<wbr>word</p>"""
    assert read(f"<html><body>{source}</body></html>".encode()).text == "where x^2 holds, resolved\n\nMore\n\ninside\n\nlongword"


def test_a_web_archive_gives_its_page():
    source = (
        b'From: <Saved by a browser>\r\nSubject: A page\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n'
        b'\tboundary="----b"\r\n\r\n------b\r\nContent-Type: text/html; charset="iso-8859-1"\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"<html><body><p>caf=E9 =3D open</p></body></html>\r\n------b\r\nContent-Type: image/png\r\n\r\nxx\r\n------b--\r\n"
    )
    assert sniff(source.replace(b"Subject:", b"To: someone@example.org\r\nSubject:"), "mail.eml") == "eml"
    document = parse_bytes(source, "page.mht").document
    assert (document.format, document.text) == ("html", "café = open")


def test_a_page_of_frames_is_refused_with_the_files_that_hold_its_text():
    with pytest.raises(UnsupportedError, match=r"menu\.htm, main\.htm"):
        read(b'<html><frameset cols="1,2"><frame src="menu.htm"><frame src="main.htm"></frameset></html>')
