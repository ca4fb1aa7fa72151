"""Tables of a PDF: columns by geometry, headings over columns, labels over several lines; and what is no table."""

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from ingest import samples
from longdoc import tables
from longdoc.ingest import parse_bytes
from longdoc.tables import Sheet
from longdoc.types import Document

LABEL, FIRST = 72, 340
Row = tuple[float, str, Sequence[str]]
"""Indent in points, label, and figures from left to right."""


def draw_rows(canvas: Canvas, rows: Sequence[Row], top: float, *, step: float = 13, width: float = 80) -> float:
    """Labels at the left, figures right-aligned in columns `width` apart; where the next row would stand."""
    canvas.setFont("Times-Roman", 10)
    for indent, label, figures in rows:
        canvas.drawString(LABEL + indent, samples.HEIGHT - top - 10, label)
        for place, figure in enumerate(figures):
            canvas.drawRightString(FIRST + width * place, samples.HEIGHT - top - 10, figure)
        top += step
    return top


def centred(canvas: Canvas, text: str, middle: float, top: float) -> None:
    canvas.setFont("Times-Bold", 10)
    canvas.drawCentredString(middle, samples.HEIGHT - top - 10, text)


def document_of(*pages: Sequence[Row], head: bool = True, prose: bool = True) -> Document:
    """Pages that each hold a table, the first under headings."""

    def draw(canvas: Canvas) -> None:
        for number, rows in enumerate(pages):
            if number:
                canvas.showPage()
            top = 80.0
            if number == 0 and prose:
                top = samples.put(canvas, samples.wrap(canvas, samples.paragraphs(1)[0], 460), 72, top) + 13
                top = samples.put(canvas, ["Income (in thousands, except per share data)"], 72, top)
            if number == 0 and head:
                centred(canvas, "Years ended December 31", FIRST + 65, top)
                for place, year in enumerate(("2023", "2022", "2021")):
                    centred(canvas, year, FIRST - 15 + 80 * place, top + 13)
                top += 26
            draw_rows(canvas, rows, top)

    return parse_bytes(samples.pdf(draw), "t.pdf").document


def only(document: Document) -> Sheet:
    assert len(document.tables) == 1
    return tables.read(document, document.tables[0])


INCOME: list[Row] = [
    (0, "Net sales", ("$ 81,402", "$ 77,901", "$ 70,000")),
    (0, "Operating expenses:", ()),
    (10, "Cost of sales", ("(52,000)", "(49,300)", "(48,001)")),
    (10, "Restructuring", ("\u2014", "(12)", "")),
    (0, "Net income attributable to the owners of the mill and of", ()),
    (10, "the silo beside it", ("29,402", "28,589", "21,999")),
    (0, "Net income per share:", ()),
    (10, "Basic", ("$ 1.02", "$ 0.99", "$ 0.80")),
    (10, "Diluted", ("$ 1.01", "$ 0.98", "$ 0.79")),
]


def test_a_heading_over_several_columns_spans_them() -> None:
    sheet = only(document_of(INCOME))
    assert sheet.header_rows == 2
    assert [(cell.text, cell.column, cell.columns) for cell in sheet.rows[0]] == [("Years ended December 31", 1, 3)]
    assert [cell.text for cell in sheet.rows[1]] == ["2023", "2022", "2021"]


def test_figures_carry_label_heading_and_scale() -> None:
    found = {(cell.label, cell.heading): cell.value for cell in only(document_of(INCOME)).cells() if cell.figure is not None}
    assert found["Net sales", "Years ended December 31 2023"] == 81_402_000
    assert found["Operating expenses > Cost of sales", "Years ended December 31 2021"] == -48_001_000
    assert found["Operating expenses > Restructuring", "Years ended December 31 2023"] == 0
    assert float(found["Net income per share > Basic", "Years ended December 31 2022"] or 0) == 0.99


def test_a_label_over_two_lines_is_one_cell_and_an_empty_cell_keeps_its_column() -> None:
    document = document_of(INCOME)
    rows = only(document).to_rows()
    assert ["Net income attributable to the owners of the mill and of the silo beside it", "29,402", "28,589", "21,999"] in rows
    assert ["Restructuring", "\u2014", "(12)", ""] in rows
    assert "Restructuring\t\u2014\t(12)\n" in document.text


def test_the_text_has_a_line_a_row_and_a_tab_between_cells() -> None:
    document = document_of(INCOME)
    lines = document.quote(document.tables[0].span).splitlines()
    assert lines[:4] == ["Years ended December 31", "2023\t2022\t2021", "Net sales\t$ 81,402\t$ 77,901\t$ 70,000", "Operating expenses:"]


def test_signs_close_to_the_figure_before_them_begin_a_new_cell() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        for place, row in enumerate(
            (("Sales", "$ 32,765 $", "31,657 $", "30,109"), ("Costs", "16,682", "16,055", "15,118"), ("Tax", "37", "79", "95"))
        ):
            y = samples.HEIGHT - 100 - 13 * place
            canvas.drawString(72, y, row[0])
            for column, figure in enumerate(row[1:]):
                canvas.drawRightString(300 + 50 * column + (9 if figure.endswith("$") else 0), y, figure)

    document = parse_bytes(samples.pdf(draw), "t.pdf").document
    assert only(document).to_rows()[0] == ["Sales", "$ 32,765", "$ 31,657", "$ 30,109"]


def test_a_table_that_goes_on_overleaf_has_the_headings_of_its_beginning() -> None:
    more: list[Row] = [(0, "Dividends", ("5,000", "4,000", "3,000")), (0, "Retained", ("24,402", "24,589", "18,999"))]
    document = document_of(INCOME, more)
    assert [table.header_rows for table in document.tables] == [2, 0]
    sheet = tables.read(document, document.tables[1])
    cell = sheet.cell(0, 1)
    assert cell is not None
    assert (cell.label, cell.heading, cell.value) == ("Dividends", "Years ended December 31 2023", 5_000_000)


def test_two_tables_on_a_page_stay_two() -> None:
    def draw(canvas: Canvas) -> None:
        top = 80.0
        for _ in range(2):
            for place, year in enumerate(("2023", "2022")):
                centred(canvas, year, FIRST - 15 + 80 * place, top)
            top = draw_rows(canvas, [(0, "Sales", ("5", "6")), (0, "Costs", ("3", "4"))], top + 13)

    document = parse_bytes(samples.pdf(draw), "t.pdf").document
    assert [tables.read(document, table).to_rows() for table in document.tables] == [
        [["", "2023", "2022"], ["Sales", "5", "6"], ["Costs", "3", "4"]]
    ] * 2


def test_contents_signatures_and_numbered_clauses_are_no_tables() -> None:
    def draw(canvas: Canvas) -> None:
        top = 80.0
        for place in range(6):
            title = f"{place + 1}. {samples.PARTS[place]} and what belongs to it"
            canvas.setFont("Times-Roman", 10)
            canvas.drawString(72, samples.HEIGHT - top, title)
            canvas.drawRightString(540, samples.HEIGHT - top, str(2 + 3 * place))
            top += 14
        canvas.showPage()
        for place, (left, right) in enumerate(
            (
                ("By: /s/ Ann Miller", "By: /s/ John Baker"),
                ("Name: Ann Miller", "Name: John Baker"),
                ("Title: President", "Title: Director"),
            )
        ):
            canvas.drawString(72, samples.HEIGHT - 100 - 14 * place, left)
            canvas.drawString(330, samples.HEIGHT - 100 - 14 * place, right)
        canvas.showPage()
        top = 80.0
        for place in range(4):
            canvas.drawString(72, samples.HEIGHT - top - 11, f"2.{place + 1}")
            top = samples.put(canvas, samples.wrap(canvas, samples.paragraphs(1, place)[0], 400), 130, top) + 13

    document = parse_bytes(samples.pdf(draw), "t.pdf").document
    assert document.tables == ()


def test_words_of_a_typewriter_font_are_not_parted_at_plain_spaces() -> None:
    def draw(canvas: Canvas) -> None:
        lines = ["Scanner model 2100 (with stand)     $5,995.00     45%", "Printer for long paper rolls        $2,995.00     56%"]
        samples.put(canvas, [*lines, "Service in the first year             $150.00      5%"], 72, 80, "Courier", 10)

    assert only(parse_bytes(samples.pdf(draw), "t.pdf").document).to_rows() == [
        ["Scanner model 2100 (with stand)", "$5,995.00", "45%"],
        ["Printer for long paper rolls", "$2,995.00", "56%"],
        ["Service in the first year", "$150.00", "5%"],
    ]


def test_captions_between_the_parts_of_a_table_do_not_end_it() -> None:
    rows: list[Row] = [
        (0, "Sales", ("5,100", "6,200", "7,300")),
        (0, "", ()),
        (0, "Commitments and contingencies (see the notes on leases)", ()),
        (0, "", ()),
        (0, "Common stock, ten million shares authorised at the end of the year; issued and", ()),
        (0, "outstanding at the end of it", ("9", "9", "8")),
    ]
    document = document_of([row for row in rows if row[1]])
    labels = [row[0].text for row in only(document).rows]
    assert labels[-1] == "Common stock, ten million shares authorised at the end of the year; issued and outstanding at the end of it"
    assert "Commitments and contingencies (see the notes on leases)" in labels


def test_a_sentence_above_a_table_is_no_part_of_it() -> None:
    def draw(canvas: Canvas) -> None:
        top = samples.put(canvas, ["The costs of the silo in the year 2023 were as follows (in thousands):"], 72, 80)
        for place, year in enumerate(("2023", "2022", "2021")):
            centred(canvas, year, FIRST - 15 + 80 * place, top)
        draw_rows(canvas, INCOME[:3], top + 13)

    document = parse_bytes(samples.pdf(draw), "t.pdf").document
    assert document.quote(document.blocks[0].span).startswith("The costs of the silo")
    assert document.blocks[0].kind == "paragraph"
    assert document.tables[0].scale == 1000


def test_a_turned_table_is_read_as_it_stands() -> None:
    upright = parse_bytes(samples.table(), "a.pdf").document
    turned = parse_bytes(samples.rotated(samples.table(), 90), "b.pdf").document
    assert tables.read(turned, turned.tables[0]).to_rows() == tables.read(upright, upright.tables[0]).to_rows()
