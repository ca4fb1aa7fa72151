"""Document text made fit for terminals, spreadsheets and Markdown."""

import pytest

from longdoc.cli.text import cell, markdown, markdown_block, page, printable, shorten
from longdoc.types import Citation, Span


def test_printable_text_carries_no_escape_sequence_and_no_direction_mark() -> None:
    assert printable("a\x1b[31mred\x1b[0m\u202egnp.exe") == "a[31mred[0mgnp.exe"
    assert printable("one\n\ttwo\u00a0three\x00") == "one two three"
    assert printable("naïve café 契約") == "naïve café 契約"


def test_shortened_text_is_cut_at_a_word_and_fits() -> None:
    assert shorten("the whole agreement", 40) == "the whole agreement"
    assert shorten("the whole agreement, as amended", 21) == "the whole agreement…"
    assert shorten("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_cell_is_no_formula(formula: str) -> None:
    assert cell(formula) == "'" + formula


def test_numbers_lists_and_nothing_are_cells_too() -> None:
    assert [cell(value) for value in (-0.5, 3, True, None, ["1 Term", "1.2"], "plain")] == [
        "-0.5",
        "3",
        "true",
        "",
        "1 Term > 1.2",
        "plain",
    ]


def test_markdown_shows_what_stands_there() -> None:
    assert markdown("*a* [b](c) <d> | #e & f") == r"\*a\* \[b\](c) \<d> \| #e \& f"
    starts = ("1. Fees", "- x", "# y", "> z", "2021 was")
    assert [markdown_block(text) for text in starts] == [r"1\. Fees", r"\- x", r"\# y", r"\> z", "2021 was"]


@pytest.mark.parametrize(
    ("number", "label", "shown"), [(12, None, "p. 12"), (12, "12", "p. 12"), (12, "xii", "p. 12 (xii)"), (None, None, "")]
)
def test_a_page_shows_its_printed_label_where_it_differs(number: int | None, label: str | None, shown: str) -> None:
    citation = Citation(document_id="d", path="a.pdf", span=Span(start=0, end=1), quote="x", page=number, page_label=label)
    assert page(citation) == shown
