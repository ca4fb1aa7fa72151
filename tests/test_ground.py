"""Quotes are located exactly or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longdoc.errors import GroundingError
from longdoc.ground import ground
from longdoc.types import Document, Span


def make_document(text: str) -> Document:
    return Document(id="d", path="a.txt", format="txt", text=text)


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        (
            "The Supplier\u2019s  liability\nis limited.",
            "the supplier's liability is limited",
            "The Supplier\u2019s  liability\nis limited",
        ),
        ("Caf\u00e9 \u201cNoir\u201d \u2014 Paris", 'caf\u00e9 "noir" - paris', "Caf\u00e9 \u201cNoir\u201d \u2014 Paris"),
        ("\u5408\u540c\u671f\u9650\u4e3a\u4e09\u5e74\u3002", "\u4e09\u5e74", "\u4e09\u5e74"),
        ("\u0130stanbul law applies.", "law applies", "law applies"),
        ("a (b) [c] $5.00", "[c] $5.00", "[c] $5.00"),
    ],
)
def test_a_quote_is_found_whatever_its_spaces_case_and_quotation_marks(text: str, quote: str, found: str):
    citation = ground(make_document(text), quote)
    assert citation.quote == found
    assert text[citation.span.start : citation.span.end] == found


@pytest.mark.parametrize("quote", ["", "  \n", "limited to five"])
def test_a_quote_that_is_blank_or_not_there_is_refused(quote: str):
    with pytest.raises(GroundingError, match=r"a\.txt"):
        ground(make_document("Liability is limited to four."), quote)


def test_a_repeated_quote_is_located_inside_the_area_that_was_asked_for():
    text = "No. Maybe. No."
    assert ground(make_document(text), "No.", within=Span(start=5, end=len(text))).span == Span(start=11, end=14)


@given(st.text(min_size=1, max_size=60), st.data())
def test_every_stretch_of_a_text_is_found_at_a_place_that_reads_the_same(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    if quote.strip():
        citation = ground(make_document(text), quote)
        assert citation.quote == text[citation.span.start : citation.span.end]
        assert citation.span.start <= start + len(quote) - len(quote.lstrip())
