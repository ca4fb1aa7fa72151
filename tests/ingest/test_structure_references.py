"""Cross-references: where each leads to from where it stands, and when it leads out of the document."""

import pytest

from ingest.structure_samples import FILLER, paragraphs, read
from longdoc.types import Document

BODY = (
    "ARTICLE I\nFLOUR",
    "1.1 Sacks. " + FILLER,
    "(a) dry ones",
    "(b) whole ones",
    "1.2 Scales. " + FILLER,
    "ARTICLE II\nPRICE",
    "2.1 Money. " + FILLER,
    "EXHIBIT A",
    "1. Rye. " + FILLER,
    "2. Oats. " + FILLER,
)


def targets(document: Document) -> dict[str, str | None]:
    paths = {
        one.text: None if one.target is None else " > ".join(document.heading_path(document.sections[one.target].heading.start))
        for one in document.references
    }
    return {" ".join(text.split()): path for text, path in paths.items()}


def told(sentence: str, *, where: int = 7) -> dict[str, str | None]:
    parts = list(BODY)
    parts.insert(where, sentence)
    return targets(read(paragraphs(*parts)))


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("See Section 1.1(b) above.", {"Section 1.1(b)": "ARTICLE I FLOUR > 1.1 Sacks > (b)"}),
        ("See Section 1.1(z).", {"Section 1.1(z)": "ARTICLE I FLOUR > 1.1 Sacks"}),
        ("See clause 1.2 and article II.", {"clause 1.2": "ARTICLE I FLOUR > 1.2 Scales", "article II": "ARTICLE II PRICE"}),
        ("See Sections 1.1(a) and 2.1.", {"Sections 1.1(a)": "ARTICLE I FLOUR > 1.1 Sacks > (a)", "2.1": "ARTICLE II PRICE > 2.1 Money"}),
        ("See Section 1.1(a) or (b).", {"Section 1.1(a)": "ARTICLE I FLOUR > 1.1 Sacks > (a)", "(b)": "ARTICLE I FLOUR > 1.1 Sacks > (b)"}),
        ("See Exhibit A hereto.", {"Exhibit A": "EXHIBIT A"}),
        ("See Section 2 of Exhibit A.", {"Section 2": "EXHIBIT A > 2. Oats", "Exhibit A": "EXHIBIT A"}),
        ("This Article and this Section end.", {"This Article": "ARTICLE II PRICE", "this Section": "ARTICLE II PRICE > 2.1 Money"}),
        ("See Section 9.9.", {"Section 9.9": None}),
        ("See Section 2.1 of the Credit Agreement.", {"Section 2.1": None}),
        ("See Section 1.1 of the Exchange Act.", {"Section 1.1": None}),
        ("Under Exchange Act Section 1.1 nothing is owed.", {"Section 1.1": None}),
        (
            "See Section 1.1 of this Agreement, and Section 1.2 of the Agreement.",
            {"Section 1.1": "ARTICLE I FLOUR > 1.1 Sacks", "Section 1.2": "ARTICLE I FLOUR > 1.2 Scales"},
        ),
        ("It pays under Section 2.1 to the Miller.", {"Section 2.1": "ARTICLE II PRICE > 2.1 Money"}),
        ("It is so by 18 U.S.C. § 1833(b).", {}),
        ("PARTY AGREEMENTS and Articles of Association are none.", {}),
    ],
)
def test_each_reference_leads_to_the_section_that_it_names(sentence: str, expected: dict[str, str | None]) -> None:
    assert told(sentence) == expected


def test_a_paragraph_named_alone_is_the_nearest_one() -> None:
    assert told("It is as in paragraph (a) below.", where=3) == {"paragraph (a)": "ARTICLE I FLOUR > 1.1 Sacks > (a)"}


def test_an_enumeration_in_the_same_sentence_leads_to_the_clause_itself() -> None:
    assert (
        told("2.2 Rest. The miller (i) mills and (ii) rests; clause (ii) is for Sundays.")["clause (ii)"] == "ARTICLE II PRICE > 2.2 Rest"
    )


def test_in_an_exhibit_its_own_sections_come_first() -> None:
    text = paragraphs("1. Flour. " + FILLER, "2. Price. " + FILLER, "SCHEDULE A", "1. Rye. See Section 2.", "2. Oats. " + FILLER)
    assert targets(read(text)) == {"Section 2": "SCHEDULE A > 2. Oats"}


def test_the_schedule_is_the_only_one() -> None:
    text = paragraphs("1. Flour. Its price stands in the Schedule. " + FILLER, "SCHEDULE", "1. Rye. " + FILLER)
    assert targets(read(text)) == {"the Schedule": "SCHEDULE"}


def test_items_and_notes_of_a_filing_are_found() -> None:
    text = paragraphs(
        "PART I",
        "Item 1. Business",
        "See Item 7, Part II, Item 1 and Note 2B. " + FILLER,
        "PART II",
        "Item 1. Suits",
        FILLER,
        "Item 7. Analysis",
        FILLER,
        "Item 8. Statements",
        "Notes to Consolidated Financial Statements",
        "1. Summary",
        FILLER,
        "2. Leases",
        "A. Mills",
        FILLER,
        "B. Wagons",
        FILLER,
    )
    found = targets(read(text))
    assert found["Item 7"] == "PART II > Item 7. Analysis"
    assert found["Item 1"] == "PART II > Item 1. Suits"
    assert found["Note 2B"] == "PART II > Item 8. Statements > Notes to Consolidated Financial Statements > 2. Leases > B. Wagons"


def test_a_section_of_a_regulation_is_found_by_its_citation() -> None:
    text = paragraphs(
        "§ 1026.4 Finance charge", FILLER, "(a) Meaning. " + FILLER, "(b) Examples. As 12 CFR 1026.4(a) says, and 14 CFR 39.13 does not."
    )
    assert targets(read(text)) == {"12 CFR 1026.4(a)": "§ 1026.4 Finance charge > (a) Meaning"}


def test_in_an_amendment_the_agreement_is_the_other_one() -> None:
    text = paragraphs(
        "FIRST AMENDMENT TO SUPPLY AGREEMENT",
        "This First Amendment to Supply Agreement dated May 1, 2021 is made today. " + FILLER,
        "1. Change. Section 2 of the Agreement is deleted, see Section 2 of this Amendment.",
        "2. Rest. " + FILLER,
    )
    document = read(text)
    assert [one.target is None for one in document.references] == [True, False]


def test_hostile_rows_of_marks_and_lists_cost_little_and_lose_nothing() -> None:
    document = read("Section 1" + "(a)" * 50_000)
    assert len(document.references) == 1
    assert len(read("Sections " + "1, " * 5_000 + "2 say so.").references) == 5_001
