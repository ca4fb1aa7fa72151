"""Definitions: every form, every kind of quote, and what each holds in."""

import pytest

from ingest.structure_samples import FILLER, paragraphs, read
from longdoc.ingest import parse_bytes


def terms(text: str) -> list[str]:
    return [definition.term for definition in read(text).definitions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Flour" means wheat flour.', ["Flour"]),
        ("“Flour” shall mean wheat flour.", ["Flour"]),
        ("‘Flour’ means wheat flour.", ["Flour"]),
        ("„Flour“ means wheat flour.", ["Flour"]),
        ("«Flour» means wheat flour.", ["Flour"]),
        ("``Flour'' means wheat flour.", ["Flour"]),
        ('"Flour" has the meaning given in Section 3.1.', ["Flour"]),
        ('The miller (the "Miller") mills.', ["Miller"]),
        ('The miller ("Miller" or "Supplier") mills.', ["Miller", "Supplier"]),
        ('Both (each, a "Party" and together, the "Parties") agree.', ["Party", "Parties"]),
        ("Business Day means a day on which the mill is open.", ["Business Day"]),
        ("(a) Business Day means a day on which the mill is open.", ["Business Day"]),
        ("This means that nothing is owed.", []),
    ],
)
def test_each_form_of_definition_is_found(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_terms_with_a_colon_and_rows_of_a_table_define_in_a_section_on_definitions() -> None:
    table = "Term            Meaning\nFlour           ground wheat of the first grade\nSack            fifty pounds of flour"
    text = paragraphs(
        "1. Definitions",
        "Business Day: a day on which the mill is open to all.",
        "2. Price",
        "Terms of payment: thirty days after delivery.",
    )
    assert terms(text) == ["Business Day"]
    rows = "<tr><td>Term</td><td>Meaning</td></tr><tr><td>Flour</td><td>ground wheat of the first grade</td></tr>"
    html = f"<h2>Definitions</h2><table>{rows}</table>"
    assert [one.term for one in parse_bytes(html.encode(), "words.html").document.definitions] == ["Flour"]
    assert "Flour" not in terms(paragraphs("1. Price", table))


def test_a_definition_holds_in_what_its_sentence_or_its_section_says() -> None:
    text = paragraphs(
        "ARTICLE I\nWORDS",
        '1.1 Words. In this Agreement "Flour" means wheat flour.',
        "ARTICLE II\nPRICE",
        "2.1 Words. For purposes of this Article II, the following terms have the following meanings:",
        '"Price" means the price of a sack.',
        '2.2 Rebate. For the purposes of this Section, "Rebate" means a tenth. ' + FILLER,
        "SCHEDULE A",
        'In this Schedule, "Rye" means rye flour.',
    )
    document = read(text)
    scopes = {one.term: None if one.scope is None else document.sections[one.scope].number for one in document.definitions}
    assert scopes == {"Flour": None, "Price": "ARTICLE II", "Rebate": "2.2", "Rye": "SCHEDULE A"}
