"""What tables of all formats share, and tables of plain text and Markdown."""

import pytest

from longdoc import tables
from longdoc.ingest import parse_bytes
from longdoc.ingest.cells import Cell, Entry
from longdoc.ingest.tables import lay_out, made_table
from longdoc.types import Document, Span

STATEMENT = b"""The year was good, and the mill ran on every day of it but two.

                    HARBOUR MILLS
          CONSOLIDATED STATEMENT OF INCOME
        (In thousands, except per share data)

                                   Year Ended December 31,
                                 ---------------------------
                                    1999      1998      1997
                                 -------   -------   -------
Net sales.....................   $81,402   $77,901   $70,000
Cost of sales and
   other charges..............    52,000    49,300    48,001
                                 -------   -------   -------
Gross profit..................    29,402    28,601        --
Net income per share:
   Basic......................     $1.02      $.99    $(.12)

By:  /s/ Ann Miller                 By:  /s/ John Baker
     --------------                      --------------
Name: Ann Miller                    Name: John Baker
Title: President                    Title: Director
"""


def values(document: Document) -> dict[tuple[str, str], float]:
    """Every figure of a document's tables by label and heading."""
    return {
        (cell.label, cell.heading): float(cell.value)
        for table in document.tables
        for cell in tables.read(document, table).cells()
        if cell.value is not None
    }


def test_a_statement_in_plain_text_is_read_with_labels_headings_and_scale() -> None:
    document = parse_bytes(STATEMENT, "income.txt").document
    found = values(document)
    assert found["Net sales", "Year Ended December 31, 1999"] == 81_402_000
    assert found["Cost of sales and other charges", "Year Ended December 31, 1998"] == 49_300_000
    assert found["Gross profit", "Year Ended December 31, 1997"] == 0
    assert found["Net income per share > Basic", "Year Ended December 31, 1997"] == -0.12


def test_rules_and_leaders_belong_to_no_cell() -> None:
    document = parse_bytes(STATEMENT, "income.txt").document
    texts = [cell.text for cell in tables.read(document, document.tables[0]).cells()]
    assert not [text for text in texts if "..." in text or "---" in text]


def test_signatures_side_by_side_are_no_table() -> None:
    document = parse_bytes(STATEMENT, "income.txt").document
    assert len(document.tables) == 1
    assert "Miller" not in document.quote(document.tables[0].span)


@pytest.mark.parametrize(
    "text",
    [
        "Contents\n\nArticle 1  Definitions ........ 1\nArticle 2  Supply .............. 4\nArticle 3  Price ............... 9\n",
        "Introduction    1\nMarkets and prices    4\nGrain from the north    9\nOutlook for next year    12\nNotes    20\n",
        "Buyer           the company named above\nSeller          the mill\nGoods           wheat, rye and barley\n",
    ],
)
def test_contents_and_lists_of_terms_are_no_tables(text: str) -> None:
    assert parse_bytes(text.encode(), "list.txt").document.tables == ()


def test_a_pipe_table_keeps_its_empty_cells_in_their_columns() -> None:
    source = b"Sales (EUR in thousands):\n\n| Region | 2023 | 2022 |\n|:--|--:|--:|\n| North \\| East | 1,204 | |\n| South | | (12) |\n"
    document = parse_bytes(source, "sales.md").document
    sheet = tables.read(document, document.tables[0])
    assert sheet.to_rows() == [["Region", "2023", "2022"], ["North \\| East", "1,204", ""], ["South", "", "(12)"]]
    assert values(document) == {("North \\| East", "2023"): 1_204_000, ("South", "2022"): -12_000}
    assert document.tables[0].unit == "EUR"


def test_cells_are_laid_out_as_a_line_a_row_and_a_tab_between_filled_ones() -> None:
    content, cells = lay_out(
        [
            [Entry(""), Entry("Year ended", columns=4)],
            [Entry("(in millions)"), Entry("2023", columns=2), Entry("2022", columns=2)],
            [Entry("")],
            [Entry("Sales"), Entry("$"), Entry("81.4"), Entry("$"), Entry("77.9")],
            [Entry("Loss"), Entry(""), Entry("(5.0"), Entry(""), Entry("(4.0")],
        ]
    )
    assert content == "Year ended\n(in millions)\t2023\t2022\nSales\t$81.4\t$77.9\nLoss\t(5.0\t(4.0"
    assert [content[cell.start : cell.end] for cell in cells][:4] == ["Year ended", "(in millions)", "2023", "2022"]
    table = made_table(content, Span(start=0, end=len(content)), cells)
    assert (table.header_rows, table.scale, table.unit) == (2, 1e6, "USD")
    # The column of signs is closed up: a label and two figures are left.
    assert [cell[1:4:2] for cell in table.cells if cell[0] == 2] == [(0, 1), (1, 1), (2, 1)]
    assert table.cells[0][:4] == (0, 1, 1, 2)


def test_a_cell_over_two_rows_keeps_the_place_below_it() -> None:
    content, cells = lay_out(
        [[Entry("Region", rows=2), Entry("Sales", columns=2)], [Entry("2023"), Entry("2022")], [Entry("North"), Entry("1"), Entry("2")]]
    )
    assert content == "Region\tSales\n2023\t2022\nNorth\t1\t2"
    assert [tuple(cell[:4]) for cell in cells] == [
        (0, 0, 2, 1),
        (0, 1, 1, 2),
        (1, 1, 1, 1),
        (1, 2, 1, 1),
        (2, 0, 1, 1),
        (2, 1, 1, 1),
        (2, 2, 1, 1),
    ]


def test_a_closing_bracket_of_its_own_goes_to_its_figure() -> None:
    content, _ = lay_out([[Entry("Loss"), Entry("(5.0"), Entry(")"), Entry("12"), Entry("%")]])
    assert content == "Loss\t(5.0)\t12%"


def test_the_line_above_a_table_says_what_it_counts_in_but_not_one_far_above() -> None:
    far = "Everything is in billions.\n\n" + "Words of another matter. " * 40 + "\n\n"
    near = "Sales by region (in thousands of euros)\n\n"
    body = "North\t1\t2\nSouth\t3\t4"
    for above, scale, unit in ((far, 1.0, None), (far + near, 1e3, "EUR")):
        text = above + body
        start = len(above)
        cells = [Cell(row, column, 1, 1, start + place, start + place + 1) for row, column, place in ((0, 0, 0), (0, 1, 6), (0, 2, 8))]
        table = made_table(text, Span(start=start, end=len(text)), cells)
        assert (table.scale, table.unit) == (scale, unit)
