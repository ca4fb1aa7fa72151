"""A filing's facts: company and period from the cover, figures with the year before from its statements."""

from __future__ import annotations

import pytest

from longdoc.ingest.parse import parse_bytes
from longdoc.types import Document, KeyFact
from longdoc_pipelines.facts.cover import cover_facts, is_filing
from longdoc_pipelines.facts.kept import facts_of
from longdoc_pipelines.facts.shown import since

COVER = """UNITED STATES SECURITIES AND EXCHANGE COMMISSION

FORM 10-K

For the fiscal year ended December 31, 2021

Commission file number 1-00000

ALDER PUMPS, INC.

(Exact name of registrant as specified in its charter)

"""
STATEMENTS = """<h2>Consolidated Statements of Income</h2><p>Years ended December 31 (in millions, except per share)</p>
<table><tr><th></th><th>2021</th><th>2020</th></tr><tr><td>Net sales</td><td>$ 1,942.5</td><td>$ 1,800.0</td></tr>
<tr><td>Cost of sales</td><td>1,200.0</td><td>1,150.0</td></tr><tr><td>Operating income</td><td>301</td><td>280</td></tr>
<tr><td>Income before income taxes</td><td>290</td><td>270</td></tr><tr><td>Net income (loss)</td><td>(12)</td><td>200</td></tr>
<tr><td>Diluted earnings per share</td><td>$ 1.405</td><td>$ 1.30</td></tr></table>
<h2>Consolidated Balance Sheets</h2><p>December 31 (in millions)</p>
<table><tr><th></th><th>2021</th><th>2020</th></tr><tr><td>Cash and cash equivalents</td><td>$ 82</td><td>$ 68</td></tr>
<tr><td>Inventories</td><td>40</td><td>39</td></tr><tr><td>Total current assets</td><td>300</td><td>280</td></tr>
<tr><td>Total assets</td><td>900</td><td>880</td></tr><tr><td>Current portion of long-term debt</td><td>10</td><td>12</td></tr>
<tr><td>Accounts payable</td><td>70</td><td>66</td></tr><tr><td>Long-term debt</td><td>283</td><td>241</td></tr>
<tr><td>Total liabilities</td><td>500</td><td>490</td></tr></table>"""


def filing(more: str = STATEMENTS) -> Document:
    cover = "".join(f"<p>{line}</p>" for line in COVER.splitlines() if line)
    page = f"<html><body>{cover}{more}</body></html>"
    return parse_bytes(page.encode(), "filing.html", domain="financial").document


def facts(document: Document) -> dict[str, KeyFact]:
    found = facts_of(document, [])
    for fact in found:
        assert document.cite(fact.citation.span) == fact.citation
    return {fact.name: fact for fact in found}


def test_the_cover_tells_company_form_and_year() -> None:
    found = facts(filing())
    assert found["Company"].value == "ALDER PUMPS, INC."
    assert found["Form"].value == "10-K"
    assert found["Fiscal year ended"].normalised == "2021-12-31"


def test_figures_carry_scale_unit_period_and_the_year_before() -> None:
    revenue = facts(filing())["Revenue"]
    assert (revenue.value, revenue.normalised, revenue.period) == ("$ 1,942.5", "USD 1942500000", "2021")
    assert revenue.before is not None
    assert (revenue.before.normalised, revenue.before.period, revenue.change) == ("USD 1800000000", "2020", 7.9)
    assert since(revenue) == "2020: $1.8 billion, +7.9 %"


def test_an_amount_per_share_has_no_scale_and_a_turn_to_loss_no_percentage() -> None:
    found = facts(filing())
    assert found["EPS (diluted)"].normalised == "USD 1.405"
    assert (found["Net income"].normalised, found["Net income"].change) == ("USD -12000000", None)


def test_total_debt_is_all_debt_of_the_balance_sheet_with_each_of_its_cells() -> None:
    document = filing()
    debt = facts(document)["Total debt"]
    assert (debt.value, debt.normalised) == ("283 + 10", "USD 293000000")
    assert [document.quote(citation.span) for citation in (debt.citation, *debt.others)] == ["283", "10", "Long-term debt"]


def test_a_single_column_tells_no_figure() -> None:
    lone = STATEMENTS.replace("<th>2020</th>", "").replace("<td>$ 1,800.0</td>", "").replace("<td>1,150.0</td>", "")
    for cell in ("280", "270", "200", "$ 1.30"):
        lone = lone.replace(f"<td>{cell}</td>", "")
    assert "Revenue" not in facts(filing(lone))


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("Commission file number 1-3285\n\nMOSS COMPANY\n\nSecurities Exchange Act of 1934\n", "MOSS COMPANY"),
        ("NEW YORK, May 1 -- Fern & Fern, Inc. (NYSE: FRN) today announced its results.\n", "Fern & Fern, Inc."),
        ("Nobody says who writes this report about sales.\n", None),
    ],
)
def test_a_company_is_named_by_its_file_number_or_its_listing(text: str, company: str | None) -> None:
    document = parse_bytes(text.encode(), "release.txt", domain="financial").document
    assert next((fact.value for fact in cover_facts(document) if fact.name == "Company"), None) == company


def test_a_contract_that_speaks_of_the_exchange_act_is_no_filing() -> None:
    contract = parse_bytes(b"AGREEMENT\n\nThe parties obey the Securities Exchange Act of 1934.\n", "a.txt", domain="legal").document
    assert not is_filing(contract)
    assert is_filing(filing())
