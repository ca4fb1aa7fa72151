"""What questions about accounts ask for, and where a filing has its statements."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from longdoc import Pipeline
from longdoc.ingest import parse_bytes, parse_file
from longdoc_pipelines.statements import statement_pages, wanted

BALANCE = {
    "Cash and cash equivalents": 120,
    "Accounts receivable": 340,
    "Inventories": 510,
    "Total current assets": 970,
    "Property, plant and equipment, net": 1200,
    "Goodwill": 300,
    "Total assets": 2470,
    "Accounts payable": 410,
    "Total current liabilities": 640,
    "Long-term debt": 800,
    "Total liabilities": 1440,
    "Retained earnings": 1030,
}
INCOME = {
    "Net sales": 3100,
    "Cost of sales": 1900,
    "Gross profit": 1200,
    "Selling, general and administrative": 500,
    "Operating income": 700,
    "Interest expense": 40,
    "Income before income taxes": 660,
    "Provision for income taxes": 160,
    "Net income": 500,
}
CASH = {
    "Net income": 500,
    "Depreciation and amortization": 150,
    "Net cash provided by operating activities": 690,
    "Purchases of property, plant and equipment": 220,
    "Net cash used in investing activities": 230,
    "Dividends paid": 90,
    "Repurchases of common stock": 60,
    "Net cash used in financing activities": 140,
    "Cash at beginning of year": 100,
    "Cash at end of year": 120,
}
PROSE = "Our markets are competitive, and sales of {} depend on the weather, on prices and on what our customers expect of next year."


@pytest.fixture(scope="module")
def filing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filing") / "alder-10k.pdf"
    canvas = Canvas(str(file))
    for product in ("chairs", "tables", "lamps"):
        canvas.drawString(60, 760, "Item 7. Management's Discussion and Analysis of Financial Condition")
        for row in range(12):
            canvas.drawString(60, 730 - 16 * row, PROSE.format(f"{product} {row}")[:95])
        canvas.showPage()
    for title, rows in (("Balance Sheets", BALANCE), ("Statements of Income", INCOME), ("Statements of Cash Flows", CASH)):
        canvas.drawString(60, 760, f"Consolidated {title} (in millions)")
        canvas.drawString(330, 735, "2023")
        canvas.drawString(430, 735, "2022")
        for place, (label, value) in enumerate(rows.items()):
            canvas.drawString(60, 715 - 18 * place, label)
            canvas.drawRightString(360, 715 - 18 * place, f"{value:,}")
            canvas.drawRightString(460, 715 - 18 * place, f"{value - 10 * place - 7:,}")
        canvas.showPage()
    canvas.save()
    return file


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("What was capital expenditure in FY2023?", ("cash_flow",)),
        ("Has the current ratio improved since last year?", ("balance",)),
        ("Compute the days payable outstanding (DPO).", ("balance", "income")),
        ("What is the gross margin? Use the statement of operations.", ("income",)),
        ("Is this a capital-intensive business?", ("income", "balance", "cash_flow")),
        ("By the P&L statement, how did EBITDA develop?", ("income",)),
        ("Who audits the company?", ()),
        ("Is the supplier's liability capped?", ()),
    ],
)
def test_a_question_tells_which_statements_it_needs(question: str, kinds: tuple[str, ...]) -> None:
    assert wanted(question).kinds == kinds


def test_line_items_have_other_names() -> None:
    lines = wanted("What were net profit and capex?").lines
    assert {"net income", "net earnings", "purchases of property, plant and equipment"} <= set(lines)


def test_statements_are_known_by_their_lines(filing: Path) -> None:
    pages = statement_pages(parse_file(str(filing)).document)
    assert {kind: page.number for kind, page in pages.items()} == {"balance": 4, "income": 5, "cash_flow": 6}


def test_a_contract_has_none() -> None:
    assert statement_pages(parse_bytes(b"The fee is 100 euro.\n\nIt is due at once.", "a.txt").document) == {}


@pytest.mark.parametrize(
    ("question", "page"),
    [("How much capex did the company have in 2023?", 6), ("What is its working capital?", 4), ("What is the operating margin?", 5)],
)
def test_search_leads_to_the_statement(question: str, page: int, filing: Path, tmp_path: Path) -> None:
    with Pipeline(tmp_path / "store", domain="financial") as pipeline:
        assert pipeline.search(question, filing, k=1)[0].citation.page == page


def test_deferred_revenue_is_no_revenue() -> None:
    assert wanted("What is the balance of deferred revenues?").kinds == ("balance",)
    assert "deferred revenue" in wanted("How did unearned revenue develop?").lines
    assert wanted("What were total revenues?").kinds == ("income",)
