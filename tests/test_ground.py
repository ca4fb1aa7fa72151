"""Quotes are located exactly or refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longdoc.errors import GroundingError
from longdoc.ground import ground
from longdoc.types import Block, Document, Span


def make_document(text: str, *furniture: str) -> Document:
    blocks = tuple(Block(kind="furniture", span=Span(start=text.index(one), end=text.index(one) + len(one))) for one in furniture)
    return Document(id="d", path="a.txt", format="txt", text=text, blocks=blocks)


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
        ("Cafe\u0301 au lait", "CAF\u00c9 au", "Cafe\u0301 au"),
        ("\uff21\uff22\uff23\u3000\uff11\uff12", "abc 12", "\uff21\uff22\uff23\u3000\uff11\uff12"),
        ("of\ufb01ce\u00ad hours", "office hours", "of\ufb01ce\u00ad hours"),
        ("\U0001d400 \U00020bb7", "a \U00020bb7", "\U0001d400 \U00020bb7"),
        ("a \u00ad b", "\u00ad", "\u00ad"),
        ("Stra\u00dfe", "STRASSE", "Stra\u00dfe"),
        ("*** (redacted) ***", "***", "***"),
    ],
)
def test_a_quote_is_found_whatever_its_spaces_case_and_quotation_marks(text: str, quote: str, found: str) -> None:
    citation = ground(make_document(text), quote)
    assert citation.quote == found
    assert text[citation.span.start : citation.span.end] == found


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Liability is limited to four.", ""),
        ("Liability is limited to four.", "  \n"),
        ("Liability is limited to four.", "limited to five"),
        ("Liability is limited to four.", "limited, to four"),
        ("Liability is limited to four.", "limitedto four"),
        ("Caf\u00e9", "cafe"),
        ("of\ufb01ce", "of"[1:] + "f"),
        ("1.5", "15"),
    ],
)
def test_a_quote_that_is_blank_or_not_there_is_refused(text: str, quote: str) -> None:
    with pytest.raises(GroundingError, match=r"a\.txt"):
        ground(make_document(text), quote)


def test_a_repeated_quote_is_located_inside_the_area_that_was_asked_for() -> None:
    text = "No. Maybe. No."
    assert ground(make_document(text), "No.", within=Span(start=5, end=len(text))).span == Span(start=11, end=14)


def test_a_quote_does_not_reach_out_of_the_area_that_was_asked_for() -> None:
    with pytest.raises(GroundingError):
        ground(make_document("one two three"), "two three", within=Span(start=0, end=9))


@given(st.text(min_size=1, max_size=60), st.data())
def test_every_stretch_of_a_text_is_found_at_a_place_that_reads_the_same(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    if quote.strip():
        citation = ground(make_document(text), quote)
        assert citation.quote == text[citation.span.start : citation.span.end]
        assert citation.span.start <= start + len(quote) - len(quote.lstrip())
        assert folded(quote) in folded(citation.quote) or folded(citation.quote) in folded(quote)


def folded(text: str) -> str:
    """Compared by other means than the product's: composed and decomposed forms, case and invisible characters do not count."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(sorted(one for one in plain if one.isalnum()))
