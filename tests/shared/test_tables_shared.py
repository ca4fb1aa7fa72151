"""The statements of a real filing add up as they are read; skipped without the shared data."""

from decimal import Decimal
from pathlib import Path

import pytest

from longdoc import tables
from longdoc.ingest import parse_file

FILING = Path(__file__).resolve().parents[3] / "shared" / "data" / "financebench" / "pdf" / "COSTCO_2021_10K.pdf"


@pytest.mark.skipif(not FILING.exists(), reason="needs ../shared")
def test_a_balance_sheet_balances_and_counts_in_dollars() -> None:
    document = parse_file(str(FILING)).document
    found: dict[tuple[str, str], Decimal | None] = {}
    for table in document.tables:
        page = document.page_at(table.span.start)
        if page is not None and page.number == 38:
            for cell in tables.read(document, table).cells():
                found[cell.label.rpartition(" > ")[2].casefold(), cell.heading] = cell.value
    for date in ("August 29, 2021", "August 30, 2020"):
        assert found["total assets", date] == found["total liabilities and equity", date]
    assert found["total assets", "August 29, 2021"] == Decimal(59_268_000_000)
