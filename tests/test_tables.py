"""Cells as people use them: what a figure is, what it belongs to, what it is worth."""

from decimal import Decimal

import pytest

from longdoc import tables
from longdoc.ingest import parse_bytes
from longdoc.tables import Cell, Sheet


def sheet(note: str, head: str, *rows: str) -> Sheet:
    """The table of a Markdown file under a line that says what it counts in."""
    rule = "|".join("---" for _ in head.split("|"))
    source = f"{note}\n\n|{head}|\n|{rule}|\n" + "\n".join(f"|{row}|" for row in rows)
    document = parse_bytes(source.encode(), "t.md").document
    return tables.read(document, document.tables[0])


def cell(found: Sheet, row: int, column: int = 1) -> Cell:
    got = found.cell(row, column)
    assert got is not None
    return got


@pytest.mark.parametrize(
    ("row", "kind", "value"),
    [
        ("Net sales | $ 1,204.5", "amount", "1204500000"),
        ("Cost of sales | (800)", "amount", "-800000000"),
        ("Gross margin | 33.5%", "percent", "33.5"),
        ("Earnings per share | 1.40", "amount", "1.40"),
        ("Average shares outstanding | 588.5", "count", "588500000"),
        ("Number of stores | 47", "count", "47"),
        ("Treasury shares | (12)", "amount", "-12000000"),
        ("Common stock, par value $1 per share | 75", "amount", "75000000"),
        ("Debt ratio | 2.5x", "count", "2.5"),
        ("Dividends | \u2014", "amount", "0"),
    ],
)
def test_the_scale_holds_for_what_it_is_meant_for(row: str, kind: str, value: str) -> None:
    found = cell(sheet("(Dollars in millions, except per share amounts)", "Item | 2023", row), 1)
    assert (found.kind, found.value) == (kind, Decimal(value))


def test_text_has_no_figure() -> None:
    found = cell(sheet("In millions", "Item | 2023", "Change | n/a"), 1)
    assert (found.kind, found.figure, found.value) == ("text", None, None)


def test_a_note_in_a_label_goes_before_that_of_the_table() -> None:
    found = sheet("In millions", "Item | 2023", "Sales | 5", "Shares used in calculation (in thousands) | 7")
    assert [cell(found, row).value for row in (1, 2)] == [5_000_000, 7_000]


def test_what_the_note_excepts_is_as_printed() -> None:
    found = sheet("(In thousands, except share and per share data)", "Item | 2023", "Sales | 5", "Shares issued | 700")
    assert [cell(found, row).value for row in (1, 2)] == [5_000, 700]


def test_shares_in_another_scale_are_counted_in_that() -> None:
    note = "(In millions, except number of shares, which are reflected in thousands, and per-share amounts)"
    found = sheet(note, "Item | 2023", "Sales | 5", "Shares outstanding | 700")
    assert [cell(found, row).value for row in (1, 2)] == [5_000_000, 700_000]


def test_a_label_names_those_that_it_stands_under() -> None:
    rows = ("Net income per share: | |", "Basic | $ 1.02 | $ 0.99", "Weighted average shares: | |", "Basic | 50 | 60")
    found = sheet("In thousands", "Item | 2023 | 2022", *rows)
    assert (cell(found, 2).label, cell(found, 2).value) == ("Net income per share > Basic", Decimal("1.02"))
    assert (cell(found, 4).label, cell(found, 4).value) == ("Weighted average shares > Basic", 50_000)
    assert cell(found, 4, 2).heading == "2022"


def test_continental_figures_are_read_as_such() -> None:
    found = sheet("EUR m", "Posten | 2023", "Umsatz | 1.234,5", "Aufwand | (7.000)")
    assert [cell(found, row).value for row in (1, 2)] == [Decimal("1234500000.0"), -7_000_000_000]
    assert cell(found, 1).unit == "EUR"


def test_every_cell_leads_back_to_its_characters() -> None:
    source = b"|A | B|\n|--|--|\n| North  | $ 5 |\n"
    document = parse_bytes(source, "t.md").document
    for one in tables.read(document, document.tables[0]).cells():
        assert document.quote(one.span) == one.text


def test_rows_and_csv_hold_what_stands_on_the_page() -> None:
    found = sheet("", "Item | 2023", 'Rye, "best" | 5', "Oats | ")
    assert found.to_rows() == [["Item", "2023"], ['Rye, "best"', "5"], ["Oats", ""]]
    assert found.to_csv() == 'Item,2023\n"Rye, ""best""",5\nOats,\n'
