"""Filings as EDGAR publishes them: pages, running heads and feet, statements, the cover page, inline facts."""

from collections import Counter
from decimal import Decimal

import pytest
from lxml import html as lxml_html

from ingest import filing_samples
from ingest.contract import IngestorContract
from longdoc.figures import read_figure
from longdoc.ingest import parse_bytes
from longdoc.ingest.html import HtmlIngestor
from longdoc.ingest.txt import TxtIngestor
from longdoc.types import Aside, Document

REPORT = filing_samples.annual_report()


@pytest.fixture(scope="module")
def report() -> Document:
    return parse_bytes(REPORT, "hvc-20240630.htm").document


def facts(document: Document) -> list[Aside]:
    return [aside for aside in document.asides if aside.kind == "fact"]


def page_text(document: Document, number: int) -> str:
    return document.quote(document.pages[number - 1].span)


def visible_text(data: bytes) -> str:
    """All text of a page but what no browser shows, as lxml finds it."""
    root = lxml_html.document_fromstring(data)
    for element in list(root.iter("head", "script", "style", "ix:header")):
        element.drop_tree()
    return " ".join(root.itertext())


class TestFilingContract(IngestorContract):
    ingestor = HtmlIngestor
    suffix = ".htm"

    def sample(self) -> bytes:
        return REPORT

    def plain_text(self) -> str:
        return visible_text(REPORT).replace("\u00fe", "")  # which is a box that is ticked, in its font

    def running_text(self) -> str:
        return """UNITED STATES SECURITIES AND EXCHANGE COMMISSION FORM 10-K ☑ ANNUAL REPORT PURSUANT TO SECTION 13 OR 15(d)
        For the fiscal year ended June 30, 2024 Harrow Valve Corporation Delaware (State of incorporation) 99-9999999
        (I.R.S. Employer Identification No.) Title of each class Trading symbol Name of exchange Common Stock, $0.01 par value HVC
        The Nasdaq Stock Market LLC Large accelerated filer ☐ Accelerated filer ☒ 25,340 thousand shares were outstanding.
        TABLE OF CONTENTS Item 1. Business 2 Item 8. Financial Statements 3
        Item 1. Business The Company makes gate valves for waterworks. Its strategy rests on two things: a foundry of its own; and long
        contracts with cities. Orders depend on public budgets, which are set once a year and which the Company cannot influence.
        No customer makes up more than a tenth of net sales. Item 8. Financial Statements CONSOLIDATED BALANCE SHEETS (In thousands)
        June 30, 2024 June 30, 2023 ASSETS: Cash and cash equivalents $48,201 $39,774 Inventories 112,480 120,365 Restricted cash — 2,500
        Total assets $160,681 $162,639 LIABILITIES AND SHAREHOLDERS’ EQUITY: Accounts payable $71,060 $74,115
        Common stock 100,000 100,000 Accumulated deficit (10,379) (11,476) Total liabilities and equity $160,681 $162,639
        Note 1 – Revenue Net sales of gate valves were $188.4 million. A loss of $1.2 million arose. Contracts run for five years.
        Services are paid for when they are done; basic earnings were $0.43 a share.
        HARROW VALVE CORPORATION Date: August 20, 2024 By: /s/ Ada Birch Name: Ada Birch Title: Chief Financial Officer"""


def test_pages_are_those_of_the_page_breaks_with_the_numbers_that_are_printed_on_them(report: Document) -> None:
    assert [(page.number, page.label) for page in report.pages] == [(number, str(number)) for number in range(1, 6)]
    assert page_text(report, 2).startswith("Item 1. Business")
    assert page_text(report, 4).startswith("Note 1")


def test_running_feet_and_links_back_to_the_contents_are_asides_of_their_page(report: Document) -> None:
    kinds = Counter((aside.kind, aside.page) for aside in report.asides if aside.kind in ("header", "footer"))
    assert kinds == {("header", page): 1 for page in range(2, 6)} | {("footer", page): 1 for page in range(1, 6)}
    assert "Form 10-K |" not in report.text
    assert report.text.count("TABLE OF CONTENTS") == 1


def test_a_paragraph_that_goes_over_a_page_is_one_block(report: Document) -> None:
    (block,) = [block for block in report.blocks if "Orders depend" in report.quote(block.span)]
    assert report.quote(block.span).endswith("which the Company cannot influence. No customer makes up more than a tenth of net sales.")
    assert report.page_at(block.span.start).number == 2
    assert report.page_at(block.span.end - 1).number == 3


def test_a_page_number_starts_anew_with_a_prefix_and_keeps_it() -> None:
    numbers = ["i", "ii", "1", "2", "3", "F-1", "F-2", "F-3"]
    body = "".join(
        f'<p>What stands on the page {"abcdefgh"[place]}, one sentence of it.</p><p align="center">{number}</p>'
        '<p style="page-break-before:always"></p><hr>'
        for place, number in enumerate(numbers)
    )
    document = parse_bytes(f"<html><body>{body}</body></html>".encode(), "x.htm").document
    assert [page.label for page in document.pages] == numbers
    assert [aside.text for aside in document.asides if aside.kind == "page_number"] == numbers


def test_a_foot_that_is_laid_out_in_a_table_is_a_foot() -> None:
    pages = [f"<p>Page {name} of a proxy statement has a sentence.</p>" for name in ("one", "two", "three", "four")]
    feet = [f"<table><tr><td>Harrow Valve</td><td>{number}</td><td>Proxy Statement</td></tr></table>" for number in (3, 4, 5, 6)]
    source = '<div style="page-break-after:always"/>'.join(page + foot for page, foot in zip(pages, feet, strict=True))
    document = parse_bytes(f"<html><body>{source}</body></html>".encode(), "x.htm").document
    assert [page.label for page in document.pages] == ["3", "4", "5", "6"]
    assert document.tables == ()


def test_a_page_that_is_one_element_ends_with_it() -> None:
    pages = "".join(
        f'<div style="page-break-after:always;width:595pt"><div><a href="#TOC">TABLE OF CONTENTS</a><a name="x{number}">&#8203;</a></div>'
        f"<div>What page {number} says.</div><div>S-{number}</div><hr></div>"
        for number in ("i", "ii", "iii")
    )
    document = parse_bytes(f"<html><body>{pages}<p>The end.</p></body></html>".encode(), "x.htm").document
    assert [page.label for page in document.pages] == ["S-i", "S-ii", "S-iii", None]
    assert document.text == "What page i says.\n\nWhat page ii says.\n\nWhat page iii says.\n\nThe end."


def test_rules_end_pages_only_where_page_numbers_stand_before_them() -> None:
    filed = "".join(f"<p>The text of this page, all of it.</p><p>{number}</p><hr>" for number in (4, 5, 6, 7))
    assert [page.label for page in parse_bytes(f"<html><body>{filed}</body></html>".encode(), "x.htm").document.pages] == [
        "4",
        "5",
        "6",
        "7",
    ]
    article = "<p>A paragraph of an article.</p><hr>" * 5
    assert parse_bytes(f"<html><body>{article}</body></html>".encode(), "x.htm").document.pages == ()


def test_page_marks_of_the_nineties_in_html_are_read() -> None:
    body = "".join(f"<P>A page of an exhibit, the one that is number {number}.</P>\n<P>{number}</P>\n<PAGE>\n" for number in (1, 2, 3))
    document = parse_bytes(f"<HTML><BODY>{body}</BODY></HTML>".encode(), "x.htm").document
    assert [page.label for page in document.pages] == ["1", "2", "3"]
    assert "PAGE" not in document.text


def test_a_break_or_two_in_a_long_text_make_no_pages() -> None:
    long = "<p>A clause that says what the parties owe each other.</p>" * 1000
    source = f'<html><body>{long}<p style="page-break-before:always">{long}</p></body></html>'
    assert parse_bytes(source.encode(), "x.htm").document.pages == ()


def test_a_number_alone_in_a_text_without_pages_is_text() -> None:
    document = parse_bytes(b"<html><body><p>The answer is</p><p>42</p><p>as you know.</p></body></html>", "x.htm").document
    assert document.text == "The answer is\n\n42\n\nas you know."


def test_the_title_of_a_stretch_of_pages_stays_where_it_first_stands() -> None:
    pages = [f"<p>Page {'abcdefghijkl'[place]} of the report has a sentence.</p>" for place in range(12)]
    for place in range(6, 10):
        again = " (continued)" if place > 6 else ""
        pages[place] = f"<p><b>NOTES TO FINANCIAL STATEMENTS{again}</b></p>{pages[place]}"
    source = '<hr style="page-break-after:always">'.join(pages)
    document = parse_bytes(f"<html><body>{source}</body></html>".encode(), "x.htm").document
    assert document.text.count("NOTES TO FINANCIAL STATEMENTS") == 1
    assert [aside.page for aside in document.asides if aside.kind == "header"] == [8, 9, 10]


def test_the_cover_page_says_of_each_statement_what_it_is(report: Document) -> None:
    blocks = [report.quote(block.span) for block in report.blocks]
    assert "Delaware (State of incorporation)" in blocks
    assert "99-9999999 (I.R.S. Employer Identification No.)" in blocks
    assert "Large accelerated filer ☐ Accelerated filer ☒" in blocks


def test_a_statement_is_a_table_of_its_labels_and_figures(report: Document) -> None:
    (table,) = [table for table in report.tables if "Inventories" in report.quote(table.span)]
    assert (table.header_rows, table.scale, table.unit) == (1, 1000.0, "USD")
    rows: dict[int, dict[int, str]] = {}
    for row, column, *_, start, end in table.cells:
        rows.setdefault(row, {})[column] = report.text[start:end]
    assert rows[0] == {1: "June 30, 2024", 2: "June 30, 2023"}
    assert rows[1] == {0: "ASSETS:"}
    assert rows[2] == {0: "Cash and cash equivalents", 1: "$48,201", 2: "$39,774"}
    assert rows[8] == {0: "Common stock", 1: "100,000", 2: "100,000"}
    assert rows[9] == {0: "Accumulated deficit", 1: "(10,379)", 2: "(11,476)"}


def test_the_figures_of_a_statement_are_those_of_its_facts(report: Document) -> None:
    (table,) = [table for table in report.tables if "Inventories" in report.quote(table.span)]
    cells = [(start, end) for *_, start, end in table.cells]
    compared = 0
    for fact in facts(report):
        if fact.span is None or not table.span.contains(fact.span):
            continue
        ((start, end),) = [cell for cell in cells if cell[0] <= fact.span.start and fact.span.end <= cell[1]]
        figure = read_figure(report.text[start:end])
        assert figure is not None
        assert figure.value * Decimal(table.scale) == Decimal(fact.attributes["value"])
        compared += 1
    assert compared == 16
    assert compared == sum(read_figure(report.text[start:end]) is not None for start, end in cells if start > report.text.index("ASSETS"))


def test_every_fact_is_an_aside_with_what_it_says(report: Document) -> None:
    assert len(facts(report)) == 4 + 16 + 5 + 3
    named = {fact.name: fact for fact in facts(report)}
    revenue = named["us-gaap:Revenues"]
    assert report.quote(revenue.span) == revenue.text == "188.4"
    assert (revenue.page, revenue.attributes["value"], revenue.attributes["unit"]) == (4, "188400000", "USD")
    assert revenue.attributes["period"] == "2023-07-01/2024-06-30"
    assert revenue.attributes["dimensions"] == "srt:ProductOrServiceAxis=hvc:GateValvesMember"
    assert revenue.attributes["entity"] == "0009999999"
    assert named["us-gaap:GainLossOnDispositionOfAssets"].attributes["value"] == "-1200000"
    assert named["us-gaap:EarningsPerShareBasic"].attributes["unit"] == "USD/shares"
    assert named["us-gaap:EarningsPerShareBasic"].attributes["value"] == "0.43"
    assert named["dei:DocumentPeriodEndDate"].attributes["value"] == "2024-06-30"
    assert named["hvc:ContractTerm"].attributes["value"] == "P5Y"
    assert named["us-gaap:InventoryNet"].attributes["period"] == "2023-06-30"


def test_what_the_cover_states_is_metadata(report: Document) -> None:
    cover = {"company": "Harrow Valve Corporation", "cik": "0009999999", "form_type": "10-K", "period_of_report": "2024-06-30"}
    assert report.metadata == cover


def test_spans_of_facts_are_exact(report: Document) -> None:
    for fact in facts(report):
        assert fact.span is None or report.quote(fact.span) == fact.text


def test_hidden_facts_have_no_place_unless_the_page_shows_them(report: Document) -> None:
    named = {fact.name: fact for fact in facts(report)}
    assert (named["dei:EntityCentralIndexKey"].span, named["dei:EntityCentralIndexKey"].text) == (None, "0009999999")
    assert named["dei:AmendmentFlag"].attributes["value"] == "false"
    category = named["dei:EntityFilerCategory"]
    assert (category.text, category.attributes["value"]) == ("Accelerated filer", "Accelerated Filer")
    assert report.quote(category.span) == "Accelerated filer"


def test_a_fact_goes_on_where_it_is_continued(report: Document) -> None:
    (note,) = [fact for fact in facts(report) if fact.name == "us-gaap:RevenueFromContractWithCustomerTextBlock"]
    assert note.text.startswith("Net sales of gate valves")
    assert note.text.endswith("$0.43 a share.")


def test_a_fact_continued_further_down_keeps_its_parts_apart() -> None:
    source = f"""{filing_samples.HEAD}{filing_samples.header()}
    <p><ix:nonNumeric name="a:B" contextRef="c-1" continuedAt="k1">First part.</ix:nonNumeric></p><p>Between.</p>
    <p><ix:continuation id="k1" continuedAt="k0">Second part.</ix:continuation></p>
    <p><ix:continuation id="k0" continuedAt="k1">A circle.</ix:continuation></p></body></html>"""
    document = parse_bytes(source.encode(), "x.htm").document
    (fact,) = [fact for fact in facts(document) if fact.name == "a:B"]
    assert document.quote(fact.span) == "First part."
    start, end = map(int, fact.attributes["continued"].split("-"))
    assert document.text[start:end] == "Second part.\n\nA circle."


def test_what_a_fact_excludes_is_not_of_its_value() -> None:
    source = f"""{filing_samples.HEAD}{filing_samples.header()}
    <p><ix:nonFraction name="a:B" contextRef="c-1" unitRef="usd" scale="3">
    1,2<ix:exclude> page 7 </ix:exclude>34</ix:nonFraction></p><p><ix:nonFraction name="a:N" contextRef="c-1" unitRef="usd" xsi:nil="true"/>
    nil</p></body></html>"""
    named = {fact.name: fact for fact in facts(parse_bytes(source.encode(), "x.htm").document)}
    assert "value" not in named["a:N"].attributes
    assert named["a:B"].text == "1,2 page 7 34"
    assert named["a:B"].attributes["value"] == "1234000"


def test_facts_beyond_the_limit_are_told_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longdoc.ingest.html_asides.MOST_FACTS", 10)
    document = parse_bytes(REPORT, "x.htm").document
    assert len(facts(document)) == 10
    assert any("28 inline facts, of which 10 are kept" in warning for warning in document.warnings)


def test_one_document_in_its_wrapper_tells_its_type() -> None:
    data = filing_samples.wrapped("EX-10.1", 2, "hvc-ex101.htm", filing_samples.EXHIBIT, "SUPPLY AGREEMENT")
    document = parse_bytes(data, "x.txt").document
    assert document.text == "SUPPLY AGREEMENT\n\nThe Seller shall deliver valves."
    assert document.metadata["document_type"] == "EX-10.1"


class TestOldFilingContract(IngestorContract):
    ingestor = TxtIngestor
    suffix = ".txt"

    def sample(self) -> bytes:
        return filing_samples.OLD_FILING.encode()

    def running_text(self) -> str:
        kept = [line for line in filing_samples.OLD_FILING.splitlines() if not line.strip().startswith("<") and not line.strip().isdigit()]
        return "\n".join(kept)


class TestOldFiling:
    @pytest.fixture
    def old(self) -> Document:
        return parse_bytes(filing_samples.OLD_FILING.encode(), "0000999999-97-000001.txt").document

    def test_each_page_mark_begins_a_page_and_the_text_is_the_file(self, old: Document) -> None:
        assert old.text == filing_samples.OLD_FILING
        assert [(page.number, page.label) for page in old.pages] == [(1, "1"), (2, "2"), (3, "3")]
        assert old.page_at(old.text.index("Inventories")).number == 2

    def test_page_numbers_are_furniture_and_asides(self, old: Document) -> None:
        assert [(aside.kind, aside.text, aside.page) for aside in old.asides] == [("page_number", str(page), page) for page in (1, 2, 3)]
        furniture = [old.quote(block.span) for block in old.blocks if block.kind == "furniture"]
        assert {"1", "2", "3", "<PAGE>", "<TABLE>"} <= set(furniture)

    def test_typed_columns_are_a_table_with_the_heads_above_them(self, old: Document) -> None:
        (table,) = old.tables
        assert (table.header_rows, table.scale) == (2, 1000.0)
        cells = {(row, column): " ".join(old.text[start:end].split()) for row, column, *_, start, end in table.cells}
        assert [cells[1, 1], cells[1, 2]] == ["1996", "1995"]
        assert [cells[2, column] for column in range(3)] == ["Cash", "$ 4,120", "$ 3,905"]
        assert [cells[4, column] for column in range(3)] == ["Total assets", "$ 22,497", "$ 21,145"]

    def test_text_without_page_marks_has_no_pages(self) -> None:
        assert parse_bytes(b"Plain text.\n\nAnother paragraph.\n", "x.txt").document.pages == ()
