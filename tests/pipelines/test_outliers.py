"""What stands out among documents of one kind, and what does not."""

from __future__ import annotations

from longdoc.types import Citation, KeyFact, Span, Summary
from longdoc_pipelines.outliers import outliers
from longdoc_pipelines.overview import fact_table, side_by_side


def summary(path: str, **facts: tuple[str, str]) -> Summary:
    """A document with facts: name with underscores for blanks, (kind, normalised)."""
    place = Citation(document_id=path, path=path, span=Span(start=0, end=4), quote="text")
    made = tuple(
        KeyFact.model_validate({"name": name.replace("_", " "), "value": value, "normalised": value, "kind": kind, "citation": place})
        for name, (kind, value) in facts.items()
    )
    return Summary(document_id=path, path=path, title=None, domain="legal", sentences=(), facts=made)


def law(path: str, place: str, **more: tuple[str, str]) -> Summary:
    return summary(path, Governing_law=("jurisdiction", place), **more)


def told(summaries: list[Summary]) -> list[str]:
    found = outliers(summaries)
    assert all(one.topic == "outlier" and one.citations for one in found)
    return [one.text for one in found]


def test_one_document_with_another_law_stands_out() -> None:
    usual = [law(f"{number}.pdf", "New York") for number in range(9)]
    assert told([*usual, law("odd.pdf", "Delaware")]) == ["Governing law: 9 New York, 1 Delaware (odd.pdf)."]


def test_where_no_value_is_usual_none_stands_out() -> None:
    assert told([law(f"{place}.pdf", place) for place in ("Ohio", "Texas", "Maine", "Utah", "Iowa")]) == []


def test_three_documents_are_too_few() -> None:
    assert told([law("a.pdf", "Ohio"), law("b.pdf", "Ohio"), law("c.pdf", "Texas")]) == []


def test_a_term_far_from_the_others_stands_out() -> None:
    usual = [law(f"{number}.pdf", "Ohio", Term=("duration", f"P{number}Y")) for number in (1, 2, 2, 3)]
    assert told([*usual, law("odd.pdf", "Ohio", Term=("duration", "P20Y"))]) == [
        "Term: 20 years in odd.pdf; 1 year to 3 years in the 4 others."
    ]


def test_another_currency_and_an_old_date_stand_out() -> None:
    usual = [
        law(f"{number}.pdf", "Ohio", Annual_fee=("amount", "USD 100"), Agreement_date=("date", f"201{number}-01-01")) for number in range(4)
    ]
    odd = law("odd.pdf", "Ohio", Annual_fee=("amount", "EUR 100"), Agreement_date=("date", "1994-01-01"))
    assert told([*usual, odd]) == [
        "Currency: 4 USD, 1 EUR (odd.pdf).",
        "Agreement date: 1994-01-01 in odd.pdf; 2010-01-01 to 2013-01-01 in the 4 others.",
    ]


def test_a_fact_that_all_others_have_is_missed() -> None:
    usual = [law(f"{number}.pdf", "Ohio") for number in range(5)]
    assert told([*usual, summary("silent.pdf")]) == ["Governing law: none found in silent.pdf, but in all 5 others."]


def test_many_documents_with_one_value_are_counted_and_few_are_named() -> None:
    many = [law(f"{number}.pdf", "Ohio") for number in range(8)]
    assert side_by_side("Governing Law", "Governing law", [*many, law("b.pdf", "Iowa")]).text == "Governing Law: 8 Ohio; Iowa in b.pdf."
    few = side_by_side("Governing Law", "Governing law", [law("a.pdf", "Ohio"), law("b.pdf", "Ohio"), summary("c.pdf")])
    assert few.text == "Governing Law: Ohio in a.pdf, b.pdf; none found in c.pdf."


def test_the_table_has_a_row_a_document_and_no_column_that_one_document_of_many_has() -> None:
    table = fact_table("legal", [law("a.pdf", "Ohio", Term=("duration", "P1Y")), law("b.pdf", "Iowa"), law("c.pdf", "Ohio")])
    assert table is not None
    assert table.names == ("Governing law",)
    assert [(row.path, [fact.value for fact in row.facts["Governing law"]]) for row in table.rows] == [
        ("a.pdf", ["Ohio"]),
        ("b.pdf", ["Iowa"]),
        ("c.pdf", ["Ohio"]),
    ]
    assert fact_table("legal", [summary("a.pdf"), summary("b.pdf")]) is None
