"""Line items of statements: concept, period, scale, sign, and the places that they were read from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from longdoc.ingest.parse import parse_bytes
from longdoc.types import Document
from longdoc_pipelines.accounts import Accounts, concept_of, read_accounts
from longdoc_pipelines.accounts.periods import period_of
from longdoc_pipelines.statements import Kind


def table(*rows: str) -> str:
    """Rows written with bars between cells; the first heads the columns."""
    head, *body = (row.split("|") for row in rows)
    cells = "".join(f"<th>{cell.strip()}</th>" for cell in head)
    return (
        f"<table><tr>{cells}</tr>{''.join('<tr>' + ''.join(f'<td>{cell.strip()}</td>' for cell in row) + '</tr>' for row in body)}</table>"
    )


INCOME = table(
    "(In millions, except per share amounts) | 2021 | 2020",
    "Net sales | $ 1,200 | $ 1,000",
    "Cost of sales | 700 | 650",
    "Gross profit | 500 | 350",
    "Operating income (loss) | 90 | (20)",
    "Interest expense | 10 | 12",
    "Net income including noncontrolling interests | 65 | (30)",
    "Net income attributable to Larch Mills | 60 | (31)",
    "Basic earnings per share | $ 0.61 | $ (0.30)",
    "Diluted earnings per share | $ 0.60 | $ (0.30)",
)
BALANCE = table(
    "(In millions) | June 30, 2021 | June 30, 2020",
    "Cash and cash equivalents | $ 45 | $ 40",
    "Inventories | 80 | 75",
    "Total current assets | 300 | 280",
    "Total assets | 900 | 870",
    "Accounts payable | 100 | 90",
    "Total current liabilities | 200 | 210",
    "Long-term debt | 150 | 160",
    "Total shareholders' equity | 400 | 380",
)
INVESTEE = table(
    "(In millions) | 2021 | 2020",
    "Net sales | $ 77 | $ 70",
    "Gross profit | 30 | 20",
    "Operating income | 9 | 8",
    "Research and development | 3 | 2",
    "Net income | 6 | 5",
)


def document(*tables: str, title: str = "Consolidated Statements of Income") -> Document:
    head = f"<h1>Larch Mills, Inc.</h1><p>{title}</p><p>For the years ended June 30,</p>"
    page = f"<html><body>{head}{'<p>Notes follow.</p>'.join(tables)}</body></html>"
    return parse_bytes(page.encode(), "larch.html").document


@pytest.fixture(scope="module")
def mill() -> tuple[Document, Accounts]:
    read = document(INCOME, "<p>Consolidated Balance Sheets</p>" + BALANCE)
    return read, read_accounts(read)


def test_a_line_has_its_concept_period_scale_and_sign(mill: tuple[Document, Accounts]) -> None:
    _, accounts = mill
    line, amount = accounts.series("operating_income")[1]
    assert (line.name, amount.value, amount.figure, amount.unit) == ("Operating income (loss)", Decimal(-20_000_000), Decimal(-20), "USD")
    assert (amount.period.year, amount.period.months) == (2020, 12)


def test_an_amount_points_at_its_cell_and_its_rows_name(mill: tuple[Document, Accounts]) -> None:
    read, accounts = mill
    _, amount = accounts.series("revenue")[0]
    assert [read.quote(cell) for cell in amount.cells] == ["$ 1,200"]
    assert read.quote(amount.label) == "Net sales"


def test_net_income_is_what_the_company_itself_earned(mill: tuple[Document, Accounts]) -> None:
    _, accounts = mill
    assert [amount.value for _, amount in accounts.series("net_income")] == [60_000_000, -31_000_000]


def test_earnings_a_share_are_not_scaled(mill: tuple[Document, Accounts]) -> None:
    _, accounts = mill
    line, amount = accounts.series("eps_diluted")[0]
    assert (line.measure, amount.value) == ("per_share", Decimal("0.60"))


def test_a_balance_stands_at_a_day(mill: tuple[Document, Accounts]) -> None:
    _, accounts = mill
    assert [(amount.period.end, amount.period.months) for _, amount in accounts.series("total_assets")] == [
        ("2021-06-30", 0),
        ("2020-06-30", 0),
    ]
    assert accounts.year_end == (6, 30)


def test_another_companys_figures_are_not_taken_for_the_filers() -> None:
    accounts = read_accounts(document(INCOME, INVESTEE))
    assert accounts.series("research_and_development") == []
    assert accounts.series("revenue")[0][1].value == 1_200_000_000


def test_an_inventory_without_a_total_is_the_sum_of_its_parts() -> None:
    rows = (
        "<tr><td>Inventories:</td><td></td><td></td></tr>"
        '<tr><td style="padding-left:20px">Raw materials</td><td>30</td><td>25</td></tr>'
        '<tr><td style="padding-left:20px">Finished goods</td><td>50</td><td>50</td></tr>'
    )
    whole = BALANCE.replace("<tr><td>Inventories</td><td>80</td><td>75</td></tr>", rows)
    assert whole != BALANCE
    read = document(whole, title="Consolidated Balance Sheets")
    _, amount = read_accounts(read).series("inventory")[0]
    assert amount.value == 80_000_000
    assert [read.quote(cell) for cell in amount.cells] == ["30", "50"]


def test_columns_that_cannot_be_told_apart_are_not_read() -> None:
    twice = table(
        "(In millions) | 2021 | 2021", "Net sales | 1 | 2", "Gross profit | 1 | 2", "Operating income | 1 | 2", "Net income | 1 | 2"
    )
    assert read_accounts(document(twice)).lines == ()


@pytest.mark.parametrize(
    ("heading", "above", "balance", "year", "end", "months", "quarter"),
    [
        ("2018", "Years ended December 31", False, 2018, "2018-12-31", 12, None),
        ("Three Months Ended July 29, 2023", "", False, 2023, "2023-07-29", 3, None),
        ("52 Weeks Ended January 28, 2023", "", False, 2023, "2023-01-28", 12, None),
        ("January 1, 2023", "Fiscal year ended", False, 2022, "2023-01-01", 12, None),
        ("December 31, 2022", "", True, 2022, "2022-12-31", 0, None),
        ("2023 Q1", "", False, 2023, None, 3, 1),
        ("2022", "FOURTH QUARTER", False, 2022, None, 3, 4),
    ],
)
def test_a_column_says_what_period_it_is_of(
    heading: str, above: str, balance: bool, year: int, end: str | None, months: int, quarter: int | None
) -> None:
    period = period_of(heading, above, balance)
    assert period is not None
    assert (period.year, period.end, period.months, period.quarter) == (year, end, months, quarter)


def test_a_quarter_counts_from_the_end_of_the_companys_year() -> None:
    half = INCOME.replace("2021", "Six months ended December 31, 2021").replace("<th>2020", "<th>Six months ended December 31, 2020")
    read = document(
        half, "<p>Consolidated Balance Sheets</p>" + BALANCE.replace("June 30, 2021", "December 31, 2021"), title="Statements of Income"
    )
    _, amount = read_accounts(read).series("cash")[0]
    assert (amount.period.year, amount.period.quarter) == (2022, 2)


@pytest.mark.parametrize(
    ("name", "kind", "concept"),
    [
        ("Total net revenues", "income", "revenue"),
        ("Provision/(benefit) for taxes on income", "income", "income_tax"),
        ("Less: Net income attributable to noncontrolling interests", "income", None),
        ("Merchandise inventories", "balance", "inventory"),
        ("Property, plant and equipment — net", "balance", "ppe"),
        ("Net cash (used in)/provided by investing activities", "cash_flow", "investing_cash_flow"),
        ("Proceeds from sale of property and equipment", "cash_flow", None),
        ("Additions to property and equipment, net of $48", "cash_flow", "capex"),
        ("In-process research and development", "income", None),
    ],
)
def test_a_rows_name_tells_its_concept(name: str, kind: Kind, concept: str | None) -> None:
    found = concept_of(name, name, kind)
    assert (found[0].name if found else None) == concept


def test_facts_of_inline_xbrl_come_before_what_is_read_from_tables() -> None:
    page = """<html xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"><body><div style="display:none"><ix:header><ix:resources>
    <xbrli:context id="y"><xbrli:entity><xbrli:identifier>1</xbrli:identifier></xbrli:entity><xbrli:period>
    <xbrli:startDate>2020-07-01</xbrli:startDate><xbrli:endDate>2021-06-30</xbrli:endDate></xbrli:period></xbrli:context>
    <xbrli:unit id="usd"><xbrli:measure>iso4217:USD</xbrli:measure></xbrli:unit></ix:resources></ix:header></div>
    <p>Revenue was <ix:nonFraction name="us-gaap:Revenues" contextRef="y" unitRef="usd" scale="6" format="ixt:num-dot-decimal">1,200
    </ix:nonFraction> million.</p></body></html>"""
    read = parse_bytes(page.encode(), "filing.htm").document
    _, amount = read_accounts(read).series("revenue")[0]
    assert (amount.value, amount.unit, amount.period.end, amount.period.months) == (Decimal(1_200_000_000), "USD", "2021-06-30", 12)
    assert read.quote(amount.cells[0]) == "1,200"
