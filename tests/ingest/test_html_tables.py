"""Tables that place text are read as text; tables that hold data keep rows, columns and spans."""

import pytest

from longdoc.ingest import parse_bytes
from longdoc.types import Document


def read(body: str) -> Document:
    return parse_bytes(f"<html><body>{body}</body></html>".encode(), "x.htm").document


def rows(*lines: str) -> str:
    """A table of rows whose cells are parted by bars; "3:" before a cell is its colspan."""
    made = []
    for line in lines:
        cells = []
        for cell in line.split("|"):
            span, _, content = cell.rpartition(":") if cell[:1].isdigit() and cell[1:2] == ":" else ("", "", cell)
            cells.append(f'<td colspan="{span or 1}">{content}</td>')
        made.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(made)}</table>"


def blocks(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.quote(block.span)) for block in document.blocks]


def grid(document: Document) -> list[list[tuple[int, str]]]:
    (table,) = document.tables
    found: dict[int, list[tuple[int, str]]] = {}
    for row, column, *_, start, end in table.cells:
        found.setdefault(row, []).append((column, document.text[start:end]))
    return list(found.values())


@pytest.mark.parametrize(
    ("table", "read_as"),
    [
        (rows("|•|first thing", "|•|second thing"), [("list_item", "• first thing"), ("list_item", "• second thing")]),
        (rows("(a)|the first of them;", "(b)|the second."), [("paragraph", "(a) the first of them;"), ("paragraph", "(b) the second.")]),
        (rows("<b>Item 7.</b>|<b>Discussion</b>"), [("heading", "Item 7. Discussion")]),
        (rows("||indented by empty cells"), [("paragraph", "indented by empty cells")]),
        (
            rows("“Affiliate”|means any person that controls another person, directly or through others.",
                 "“Closing”|means the completion of the sale and purchase that this agreement is about."),
            [("paragraph", "“Affiliate” means any person that controls another person, directly or through others."),
             ("paragraph", "“Closing” means the completion of the sale and purchase that this agreement is about.")],
        ),
        (
            rows("SELLER||BUYER", "By: /s/ Ann Ash||By: /s/ Bo Beech", "Name: Ann Ash||Name: Bo Beech"),
            [("heading", "SELLER"), ("paragraph", "By: /s/ Ann Ash"), ("paragraph", "Name: Ann Ash"),
             ("heading", "BUYER"), ("paragraph", "By: /s/ Bo Beech"), ("paragraph", "Name: Bo Beech")],
        ),
        (rows("By:|/s/ Ann Ash", "Name:|Ann Ash"), [("paragraph", "By: /s/ Ann Ash"), ("paragraph", "Name: Ann Ash")]),
        (rows("Yes|☒|No|☐"), [("paragraph", "Yes ☒ No ☐")]),
        (rows("Delaware|12-3456789", "(State)|(Number)"), [("paragraph", "Delaware (State)"), ("paragraph", "12-3456789 (Number)")]),
    ],
)  # fmt: skip
def test_a_table_that_only_places_text_is_text(table: str, read_as: list[tuple[str, str]]) -> None:
    document = read(table)
    assert blocks(document) == read_as
    assert document.tables == ()


def test_ticks_in_a_table_of_what_has_what_leave_it_one() -> None:
    document = read(rows("Valve|Brass|Steel", "Gate|☒|☐", "Ball|☐|☒"))
    assert grid(document)[1] == [(0, "Gate"), (1, "☒"), (2, "☐")]


def test_a_page_laid_out_in_a_table_is_read_as_a_page() -> None:
    inner = rows("|2024|2023", "Net sales|81.4|77.9")
    document = read(f"<table><tr><td><p>Menu</p></td><td><h1>Report</h1><p>Text.</p>{inner}</td></tr></table>")
    assert blocks(document) == [
        ("paragraph", "Menu"),
        ("heading", "Report"),
        ("paragraph", "Text."),
        ("table", "2024\t2023\nNet sales\t81.4\t77.9"),
    ]


def test_signs_in_cells_of_their_own_join_their_figures_and_spacers_are_dropped() -> None:
    document = read(rows("||2:2024||2:2023|", "Net sales||$|81.4||$|77.9|", "Loss|||(1.2|)||(0.4|)", "Margin|||30|%||29|%"))
    assert grid(document) == [
        [(1, "2024"), (2, "2023")],
        [(0, "Net sales"), (1, "$81.4"), (2, "$77.9")],
        [(0, "Loss"), (1, "(1.2)"), (2, "(0.4)")],
        [(0, "Margin"), (1, "30%"), (2, "29%")],
    ]


def test_labels_indented_by_empty_cells_are_one_column() -> None:
    document = read(rows("||2024|2023", "3:Revenue:||".replace("3:", "") + "|", "|Products|10|9", "|Services|5|4", "2:Total|15|13"))
    assert [row[0] for row in grid(document)[2:]] == [(0, "Products"), (0, "Services"), (0, "Total")]


def test_an_empty_cell_keeps_its_place() -> None:
    document = read(rows("|2024|2023|2022", "Goodwill||7|9", "Land|1|2|3"))
    assert grid(document)[1] == [(0, "Goodwill"), (2, "7"), (3, "9")]


def test_spans_of_rows_and_columns_are_kept() -> None:
    document = read(
        "<table><tr><th rowspan=2>Segment</th><th colspan=2>2024</th></tr><tr><th>Q1</th><th>Q2</th></tr>"
        "<tr><td rowspan=2>Valves</td><td>5</td><td>6</td></tr><tr><td>7</td><td>8</td></tr></table>"
    )
    (table,) = document.tables
    cells = {document.text[start:end]: (row, column, down, across) for row, column, down, across, start, end in table.cells}
    assert table.header_rows == 2
    assert cells["Segment"] == (0, 0, 2, 1)
    assert cells["2024"] == (0, 1, 1, 2)
    assert cells["Valves"] == (2, 0, 2, 1)
    assert cells["8"] == (3, 2, 1, 1)


def test_a_row_in_bold_over_rows_that_are_not_heads_them() -> None:
    document = read(rows("<b>Exhibit</b>|<b>Description</b>", "10.1|Form of agreement", "10.2|Lease"))
    assert document.tables[0].header_rows == 1


def test_how_deep_labels_are_indented_is_kept() -> None:
    styles = ("padding-left:2pt", "padding:2px 1pt 2px 13pt", "padding-left:13pt", "padding-left:24pt", "padding-left:2pt")
    body = "".join(f'<tr><td style="{style}"><p>Label {place}</p></td><td>{place}</td></tr>' for place, style in enumerate(styles))
    assert read(f"<table>{body}</table>").tables[0].indents == (0, 1, 1, 2, 0)
    hanging = "".join(f'<tr><td><p style="margin-left:{far}pt;text-indent:-9pt">Label</p></td><td>1</td></tr>' for far in (9, 19))
    assert read(f"<table>{hanging}</table>").tables[0].indents == (0, 1)


def test_a_caption_is_kept_with_its_table() -> None:
    document = read(
        "<table><caption>Sales in millions of euros</caption><tr><td>A</td><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>"
    )
    (table,) = document.tables
    assert table.caption is not None
    assert document.quote(table.caption) == "Sales in millions of euros"
    assert table.scale == 1e6


def test_absurd_spans_cost_nothing() -> None:
    wild = '<tr><td colspan="99999999" rowspan="99999999">1</td><td colspan="-3">2</td><td rowspan="x">3</td></tr>'
    assert read(f"<table>{wild * 200}</table>").text.count("3") == 200
