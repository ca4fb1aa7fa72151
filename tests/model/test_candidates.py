from __future__ import annotations

import pytest

from longdoc.model.candidates import propose

PREAMBLE = """EXHIBIT 10.4

MASTER SUPPLY AGREEMENT

THIS MASTER SUPPLY AGREEMENT (the "Agreement") is made as of this 8th day of May, 2014 by and between Northwind Tools, Inc., a Delaware
corporation ("Supplier"), and The Contoso Company (hereinafter referred to as the Buyer). It ends on 12/31/2019."""


@pytest.mark.parametrize(
    ("wanted", "source"),
    [
        ("MASTER SUPPLY AGREEMENT", "title"),
        ("8th day of May, 2014", "date"),
        ("12/31/2019", "date"),
        ("Northwind Tools, Inc.", "name"),
        ("Supplier", "quoted"),
        ("The Contoso Company", "name"),
        ("Contoso Company", "name"),
        ("hereinafter referred to as the Buyer", "bracketed"),
    ],
)
def test_what_could_answer_a_label_is_proposed(make_document, wanted: str, source: str) -> None:
    document = make_document(PREAMBLE)
    proposed = propose(document)
    found = {document.text[start:end]: by for (start, end), by in zip(proposed.spans, proposed.sources, strict=True)}
    assert wanted in found or f"this {wanted}" in found
    assert found.get(wanted, found.get(f"this {wanted}")) == source


def test_candidates_are_distinct_ordered_and_not_empty(make_document) -> None:
    proposed = propose(make_document(PREAMBLE * 3))
    rows = [tuple(span) for span in proposed.spans.tolist()]
    assert rows == sorted(set(rows))
    assert all(start < end for start, end in rows)


def test_parties_below_a_long_table_of_contents_are_found(make_document) -> None:
    document = make_document("Contents of the thing ..... 3\n" * 400 + PREAMBLE)
    proposed = propose(document)
    assert "Northwind Tools, Inc." in {document.text[start:end] for start, end in proposed.spans}


def test_an_empty_document_has_no_candidates(make_document) -> None:
    assert propose(make_document("")).spans.shape == (0, 2)
