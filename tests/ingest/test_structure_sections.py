"""The section tree that a careful reader would draw: numbering schemes of contracts, statutes, filings and papers."""

import pytest

from ingest.structure_samples import FILLER, outline, paragraphs, read
from longdoc.ingest import parse_bytes


def test_exhibits_stand_at_the_top_and_count_anew() -> None:
    text = paragraphs(
        "SUPPLY AGREEMENT",
        FILLER,
        "1. Flour. " + FILLER,
        "2. Price. " + FILLER,
        "EXHIBIT A",
        "PRICE LIST",
        "1. Wheat. " + FILLER,
        "2. Rye. " + FILLER,
        "SCHEDULE 1",
        "Delivery Times",
        "1. Mornings. " + FILLER,
    )
    assert outline(read(text)) == [
        "SUPPLY AGREEMENT",
        "1. Flour",
        "2. Price",
        "EXHIBIT A PRICE LIST",
        "  1. Wheat",
        "  2. Rye",
        "SCHEDULE 1 Delivery Times",
        "  1. Mornings",
    ]


def test_an_exhibit_that_a_sentence_begins_with_is_none() -> None:
    text = paragraphs("1. Flour. " + FILLER, "Exhibit A, they agree, does not bind the miller.", "2. Price. " + FILLER)
    assert outline(read(text)) == ["1. Flour", "2. Price"]


def test_lists_nest_in_their_clause_and_the_clause_after_them_closes_them() -> None:
    text = paragraphs(
        "5.1 Breach. " + FILLER,
        "a) the miller delivers nothing",
        "b) any of the following:",
        "i) the mill burns down",
        "ii) the river dries up",
        "c) the baker does not pay",
        "5.2 Notice. " + FILLER,
    )
    assert outline(read(text)) == ["5.1 Breach", "  a)", "  b)", "    i)", "    ii)", "  c)", "5.2 Notice"]


def test_a_letter_or_numeral_is_read_by_what_comes_after_it() -> None:
    letters = paragraphs("1. Flour. " + FILLER, *(f"({letter}) something is done" for letter in "abcdefghij"))
    assert outline(read(letters)) == ["1. Flour", *(f"  ({letter})" for letter in "abcdefghij")]
    nested = paragraphs("1. Flour. " + FILLER, *(f"({mark}) something is done" for mark in (*"abcdefgh", "i", "ii", "iii")))
    assert outline(read(nested))[-3:] == ["    (i)", "    (ii)", "    (iii)"]


def test_a_list_that_begins_again_stands_beside_the_one_before() -> None:
    text = paragraphs("2.1 Words. " + FILLER, "(a) one thing", "(b) another thing", "Moreover:", "(a) a third thing", "(b) a fourth thing")
    assert outline(read(text)) == ["2.1 Words", "  (a)", "  (b)", "  (a)", "  (b)"]


def test_roman_chapters_hold_decimals_and_numbers_may_begin_at_zero() -> None:
    text = paragraphs("I. Background", "1.00 " + FILLER, "1.01 " + FILLER, "II. Words", "2.01 " + FILLER, "2.02 " + FILLER)
    assert outline(read(text)) == ["I. Background", "  1.00", "  1.01", "II. Words", "  2.01", "  2.02"]


def test_one_point_nought_heads_its_section() -> None:
    text = paragraphs("SECTION 1.0 WORDS", "1.1 " + FILLER, "1.2 " + FILLER, "SECTION 2.0 ORDER", FILLER)
    assert outline(read(text)) == ["SECTION 1.0 WORDS", "  1.1", "  1.2", "SECTION 2.0 ORDER"]


def test_recitals_stand_beside_the_clauses() -> None:
    text = paragraphs(
        "RECITALS", "A. The miller mills. " + FILLER, "B. The baker bakes. " + FILLER, "1. Flour. " + FILLER, "2. Price. " + FILLER
    )
    assert outline(read(text)) == ["RECITALS", "  A.", "  B.", "1. Flour", "2. Price"]


def test_sections_of_a_statute_hold_their_paragraphs() -> None:
    text = paragraphs(
        "§ 12 Flour", FILLER, "(a) Sacks. " + FILLER, "(1) dry ones", "(2) whole ones", "(b) Scales. " + FILLER, "§ 13 Bread", FILLER
    )
    assert outline(read(text)) == ["§ 12 Flour", "  (a) Sacks", "    (1)", "    (2)", "  (b) Scales", "§ 13 Bread"]


def test_items_of_a_filing_stand_in_parts_and_headings_in_items() -> None:
    text = paragraphs(
        "PART I",
        "Item 1. Business",
        FILLER,
        "The Mill",
        FILLER,
        "Item 1A. Risk Factors",
        FILLER,
        "PART II",
        "Item 8. Financial Statements",
        "NOTES TO CONSOLIDATED FINANCIAL STATEMENTS",
        "NOTE 1. Summary",
        FILLER,
        "Inventories",
        FILLER,
        "NOTE 2. Leases",
        FILLER,
        "Item 9. Changes",
        FILLER,
    )
    assert outline(read(text)) == [
        "PART I",
        "  Item 1. Business",
        "    The Mill",
        "  Item 1A. Risk Factors",
        "PART II",
        "  Item 8. Financial Statements",
        "    NOTES TO CONSOLIDATED FINANCIAL STATEMENTS",
        "      NOTE 1. Summary",
        "        Inventories",
        "      NOTE 2. Leases",
        "  Item 9. Changes",
    ]


def test_a_list_of_exhibits_is_no_section() -> None:
    text = paragraphs(
        "Item 8.01 Other Events",
        FILLER,
        "Item 9.01 Exhibits",
        "4.1 Indenture, dated as of May 1",
        "4.2 Notes of the mill",
        "SIGNATURES",
        FILLER,
    )
    assert outline(read(text)) == ["Item 8.01 Other Events", "Item 9.01 Exhibits", "SIGNATURES"]


def test_notes_below_a_table_are_no_sections() -> None:
    table = "Mill            Sacks (1)\nUpper mill      1,200\nLower mill      1,300"
    text = paragraphs(
        "Item 2. Properties",
        FILLER,
        table,
        "(1) Sacks of fifty pounds are meant.",
        "(2) The lower mill is leased.",
        "Item 3. Suits",
        FILLER,
    )
    assert outline(read(text)) == ["Item 2. Properties", "Item 3. Suits"]


@pytest.mark.parametrize("ending", ["REFERENCES", "References"])
def test_sections_of_a_paper_have_letters_below_and_references_after_them(ending: str) -> None:
    science = "In this paper we propose an algorithm. Experiments on three datasets against a baseline (Li et al) show results. " * 3
    text = paragraphs(
        "Abstract",
        science,
        "I. INTRODUCTION",
        science,
        "II. METHOD",
        "A. Milling",
        science,
        "(1) first we mill",
        "(2) then we bake",
        "B. Baking",
        science,
        "III. RESULTS",
        science,
        ending,
        "[1] A. Miller, Flour.",
        "APPENDIX A",
        "PROOFS",
        science,
    )
    assert outline(read(text)) == [
        "Abstract",
        "I. INTRODUCTION",
        "II. METHOD",
        "  A. Milling",
        "  B. Baking",
        "III. RESULTS",
        ending,
        "APPENDIX A PROOFS",
    ]


def test_headings_that_group_numbered_clauses_hold_them() -> None:
    text = paragraphs(
        "1. " + FILLER,
        "2. " + FILLER,
        "DELIVERY",
        "3. " + FILLER,
        "4. " + FILLER,
        "PAYMENT",
        "5. " + FILLER,
    )
    assert outline(read(text)) == ["1.", "2.", "DELIVERY", "  3.", "  4.", "PAYMENT", "  5."]


def test_parties_dates_and_labels_are_no_headings() -> None:
    text = paragraphs(
        "1. Flour. " + FILLER,
        "UPPER MILL, INC.",
        "LOWER BAKERY CORPORATION",
        "By: /s/ A. Miller",
        "MAY 1, 2021",
        "[SIGNATURE PAGE FOLLOWS]",
    )
    assert outline(read(text)) == ["1. Flour"]


def test_a_heading_in_italics_between_two_paragraphs_is_one() -> None:
    text = paragraphs("1. Flour. " + FILLER, "Open questions", FILLER, "2. Bread. " + FILLER)
    assert outline(read(text)) == ["1. Flour", "  Open questions", "2. Bread"]


def test_a_file_with_levels_of_its_own_keeps_them() -> None:
    text = "# Policy\n\n## Travel\n\n1. By rail.\n\n2. By road.\n\n## Hotels\n\nCheap ones."
    assert outline(parse_bytes(text.encode(), "policy.md").document) == [
        "Policy",
        "  Travel",
        "    1.",
        "    2.",
        "  Hotels",
    ]


def test_a_clause_counted_without_caption_that_starts_far_off_is_a_sentence() -> None:
    text = paragraphs("1. Flour. " + FILLER, "as they did in the spring of\n\n99. The river rose that year.", "2. Bread. " + FILLER)
    assert outline(read(text)) == ["1. Flour", "2. Bread"]


def test_a_part_and_its_first_item_in_one_line_are_two_sections() -> None:
    text = paragraphs("PART I Item 1. Business", FILLER, "Item 2. Properties", FILLER)
    assert outline(read(text)) == ["PART I", "  Item 1. Business", "  Item 2. Properties"]
