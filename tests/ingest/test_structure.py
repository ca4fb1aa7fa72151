"""Structure found in text: numbers, sections, definitions, references, title, domain, language, chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import samples
from longdoc.ingest import parse_bytes
from longdoc.ingest.chunk import HARD_MAXIMUM, LARGEST
from longdoc.ingest.language import detect_language
from longdoc.ingest.numbering import read_number, roman, to_roman
from longdoc.types import Document

CONTRACT = parse_bytes((samples.DATA / "txt" / "supply-agreement.txt").read_bytes(), "supply-agreement.txt")


def read(text: str) -> Document:
    return parse_bytes(text.encode(), "sample.txt").document


def tree(document: Document) -> list[tuple[int, str | None, str]]:
    return [(section.level, section.number, section.title) for section in document.sections]


@given(st.integers(1, 399))
def test_roman_numerals_are_read_as_they_are_written(value: int) -> None:
    assert roman(to_roman(value)) == value


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("ARTICLE IV TERM", ["article"]),
        ("Item 1A. Risk Factors", ["item"]),
        ("Section 5.2 Price", ["decimal"]),
        ("2.10 Notices", ["decimal"]),
        ("3. Term", ["single"]),
        ("(b) the price", ["lower("]),
        ("(i) the price", ["lower(", "roman("]),
        ("EXHIBIT B", ["annex"]),
        ("Partial delivery is allowed", []),
        ("2023 was a good year", []),
        ("1.5 million tonnes", []),
        ("J. Smith", []),
        ("Itemised costs", []),
    ],
)
def test_numbers_that_open_a_clause_are_told_from_other_numbers(text: str, kinds: list[str]) -> None:
    assert [number.kind for number in read_number(text)] == kinds


def test_articles_sections_and_letters_nest() -> None:
    assert tree(CONTRACT.document) == [
        (1, None, "SUPPLY AGREEMENT"),
        (1, "ARTICLE I", "DEFINITIONS"),
        (2, "1.1", ""),
        (2, "1.2", ""),
        (1, "ARTICLE II", "SUPPLY"),
        (2, "2.1", "Orders"),
        (3, "(a)", ""),
        (3, "(b)", ""),
        (3, "(c)", ""),
        (2, "2.2", "Price"),
        (2, "2.3", "Review"),
        (1, "ARTICLE III", "TERM"),
        (2, "3.1", ""),
        (1, "SCHEDULE A", ""),
    ]


def test_the_letter_i_and_the_numeral_i_are_told_apart_by_what_they_follow() -> None:
    letters = "\n\n".join(f"({letter}) something is done" for letter in "abcdefghij")
    assert {section.level for section in read(letters).sections} == {1}
    nested = "(a) one of these:\n\n(i) the first\n\n(ii) the second\n\n(b) another"
    assert [section.level for section in read(nested).sections] == [1, 2, 2, 1]


def test_a_clause_that_opens_two_levels_makes_two_sections() -> None:
    text = "1. Term. (a) It begins on signing.\n\n(b) It ends after a year.\n\n2. Law. Ohio."
    assert tree(read(text)) == [(1, "1.", "Term"), (2, "(a)", ""), (2, "(b)", ""), (1, "2.", "Law")]


def test_clauses_that_lost_their_line_breaks_are_cut_at_their_numbers() -> None:
    clauses = [
        f"{place}. {title}. " + samples.paragraphs(1, place)[0] for place, title in enumerate(("Parties", "Purpose", "Duties", "Term"), 1)
    ]
    document = read(" ".join(clauses * 1) + " It refers to 7. Nothing. " + samples.paragraphs(1, 9)[0] * 3)
    assert [section.title for section in document.sections] == ["Parties", "Purpose", "Duties", "Term"]


def test_an_exhibit_label_above_a_contract_does_not_swallow_it() -> None:
    document = read("EXHIBIT 10.3\n\nLEASE AGREEMENT\n\n1. Premises. The mill.\n\nEXHIBIT A\n\n1. Plan. None.")
    assert document.title == "LEASE AGREEMENT"
    assert document.heading_path(document.text.index("The mill")) == ("1. Premises",)
    assert document.heading_path(document.text.index("None")) == ("EXHIBIT A", "1. Plan")


def test_definitions_are_found_in_both_forms() -> None:
    found = {definition.term: CONTRACT.document.quote(definition.span) for definition in CONTRACT.document.definitions}
    assert set(found) == {"Agreement", "Supplier", "Buyer", "Flour", "Business Day"}
    assert found["Flour"] == '"Flour" means wheat flour of the grades listed in Schedule A.'
    assert found["Supplier"].startswith("This Supply Agreement")


def test_references_lead_to_their_sections_or_to_none() -> None:
    document = CONTRACT.document
    found = {
        reference.text: document.sections[reference.target].number if reference.target is not None else None
        for reference in document.references
    }
    assert found == {
        "Schedule A": "SCHEDULE A",
        "Section 2.3": "2.3",
        "Section 2.2": "2.2",
        "Article II": "ARTICLE II",
        "Section 9.9": None,
    }


def test_a_reference_into_another_document_has_no_target() -> None:
    document = read("1. Scope. As Section 2 of the Securities Act says.\n\n2. Law. See Section 1.")
    assert [reference.target for reference in document.references] == [None, 0]


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("This Agreement is made between the parties hereto. The Licensee shall indemnify the Licensor. " * 10, "legal"),
        (
            "Net sales for the fiscal year ended June 30 rose; diluted earnings and cash flows are in the financial statements. " * 10,
            "financial",
        ),
        (
            "In this paper we propose an algorithm. Experiments on three datasets against a baseline (Li et al) show results. " * 10,
            "research",
        ),
        ("The cat sat on the mat while the dog looked out of the window at the rain. " * 10, "plain"),
    ],
)
def test_the_domain_is_detected_and_can_be_given(text: str, domain: str) -> None:
    assert read(text).domain == domain
    assert parse_bytes(text.encode(), "sample.txt", domain="research").document.domain == "research"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The parties agree that the price of the flour is fixed for a year and is not to be changed by either of them. " * 3, "en"),
        ("Die Parteien vereinbaren, dass der Preis für das Mehl ein Jahr fest ist und von keiner der Parteien geändert wird. " * 3, "de"),
        (
            "Les parties conviennent que le prix de la farine est fixe pour un an et ne peut pas être modifié par une des parties. " * 3,
            "fr",
        ),
        ("双方同意面粉价格一年内固定不变，任何一方不得更改。" * 10, "zh"),
        ("Mehl", None),
        ("ACME 12.4 13.5 BETA 77.1 " * 60, None),
    ],
)
def test_the_language_is_told_where_it_can_be(text: str, code: str | None) -> None:
    assert detect_language(text) == code


def test_a_document_that_is_not_english_says_so() -> None:
    document = read("Die Parteien vereinbaren, dass der Preis für das Mehl ein Jahr fest ist und von keiner Partei geändert wird. " * 3)
    assert document.language == "de"
    assert "German" in document.warnings[0]


def test_chunks_end_at_headings_and_carry_their_path() -> None:
    text = "\n\n".join(
        f"{place}. {title}. " + samples.paragraphs(1, place)[0] * 4 for place, title in enumerate(("Parties", "Term", "Law"), 1)
    )
    parsed = parse_bytes(text.encode(), "sample.txt")
    assert {chunk.heading_path for chunk in parsed.chunks} == {("1. Parties",), ("2. Term",), ("3. Law",)}


def test_a_chunk_of_a_table_ends_at_a_row() -> None:
    rows = "\n".join(f"Region {place:03d}   {place * 11}.0   {place * 7}.5" for place in range(200))
    parsed = parse_bytes(f"Sales were these.\n\n{rows}".encode(), "sample.txt")
    tables = [parsed.document.quote(chunk.span) for chunk in parsed.chunks if chunk.kind == "table"]
    assert len(tables) > 3
    assert all(line.startswith("Region") for table in tables[1:] for line in table.splitlines())


def test_text_without_any_space_is_still_cut() -> None:
    chunks = parse_bytes(b"x" * 5000, "sample.txt").chunks
    assert sum(len(chunk.span) for chunk in chunks) == 5000
    assert all(len(chunk.span) <= HARD_MAXIMUM for chunk in chunks)


def test_chunks_end_at_pages_but_not_inside_a_sentence() -> None:
    parsed = parse_bytes(samples.report(), "report.pdf")
    for chunk in parsed.chunks:
        pages = {parsed.document.page_at(position).number for position in range(chunk.span.start, chunk.span.end)}
        assert len(pages) == 1
        assert len(chunk.span) <= LARGEST
    hyphens = parse_bytes(samples.hyphens(), "hyphens.pdf")
    assert any("in force and then ends." in hyphens.document.quote(chunk.span) for chunk in hyphens.chunks)
