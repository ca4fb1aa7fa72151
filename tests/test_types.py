"""Records: spans, look-ups from a span, citations that are checked when they are made."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from longdoc.errors import GroundingError
from longdoc.types import Block, Document, Page, Section, Span

TEXT = "1. Term\n\nOne year.\n\n1.1 Renewal\n\nNever.\n\n2. Law\n\nOhio."


def make_document() -> Document:
    second = TEXT.index("2. Law")
    renewal = TEXT.index("1.1 Renewal")

    def section(index: int, parent: int | None, number: str, title: str, start: int, end: int) -> Section:
        heading = Span(start=start, end=TEXT.index("\n", start))
        return Section(
            index=index,
            parent=parent,
            level=1 + (parent is not None),
            number=number,
            title=title,
            heading=heading,
            span=Span(start=start, end=end),
        )

    return Document(
        id="d",
        path="a.txt",
        format="txt",
        text=TEXT,
        pages=(Page(number=1, label="i", span=Span(start=0, end=renewal)), Page(number=2, span=Span(start=renewal, end=len(TEXT)))),
        sections=(
            section(0, None, "1.", "Term", 0, second),
            section(1, 0, "1.1", "Renewal", renewal, second),
            section(2, None, "2.", "Law", second, len(TEXT)),
        ),
    )


def test_running_text_leaves_out_contents_and_page_numbers() -> None:
    text = "Title\n\nContents 1\n\nFees are due.\n\n7\n\nAt once."
    kinds = {"Title": "heading", "Contents 1": "contents", "Fees are due.": "paragraph", "7": "furniture", "At once.": "paragraph"}
    blocks = tuple(
        Block(kind=kind, span=Span(start=text.index(words), end=text.index(words) + len(words))) for words, kind in kinds.items()
    )
    document = Document(id="1", path="a.txt", format="txt", text=text, blocks=blocks)
    assert document.running() == "Title\n\n\n\nFees are due.\n\n\n\nAt once."
    assert document.running(Span(start=10, end=30)) == text[17:30]


def test_a_span_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValidationError, match="ends before it starts: 5-4"):
        Span(start=5, end=4)


def test_records_cannot_be_changed_and_refuse_unknown_fields():
    span = Span(start=1, end=2)
    with pytest.raises(ValidationError):
        span.start = 0  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Span(start=1, end=2, page=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("page", [Page(number=1, span=Span(start=0, end=2)), Page(**dict(Page(number=1, span=Span(start=0, end=2))))])
def test_a_record_comes_out_of_a_pickle_as_it_went_in_with_what_was_given_and_what_was_left_out(page: Page):
    found = pickle.loads(pickle.dumps(page))
    assert (found, found.model_fields_set) == (page, page.model_fields_set)
    assert found.model_dump(exclude_unset=True) == page.model_dump(exclude_unset=True)


def test_what_a_document_has_looked_up_does_not_change_what_a_pickle_gives():
    document = make_document()
    assert pickle.loads(pickle.dumps(document)).page_at(0) == document.page_at(0)
    assert pickle.loads(pickle.dumps(document)) == document


def test_a_citation_holds_the_exact_characters_their_page_and_headings():
    document = make_document()
    start = TEXT.index("Never.")
    citation = document.cite(Span(start=start, end=start + 6))
    assert (citation.quote, citation.page, citation.page_label, citation.heading_path) == ("Never.", 2, None, ("1. Term", "1.1 Renewal"))
    assert document.cite(Span(start=0, end=7)).page_label == "i"


@pytest.mark.parametrize("span", [Span(start=3, end=3), Span(start=7, end=9), Span(start=0, end=10_000)])
def test_a_citation_of_nothing_blank_or_beyond_the_text_is_refused(span: Span):
    with pytest.raises(GroundingError, match=r"a\.txt: .* holds no text"):
        make_document().cite(span)


def test_a_document_without_pages_cites_no_page():
    document = Document(id="d", path="a.txt", format="txt", text="Hello.")
    assert document.cite(Span(start=0, end=6)).page is None


@given(st.integers(0, len(TEXT) - 1))
def test_the_section_at_an_offset_is_the_innermost_that_holds_it(offset: int):
    document = make_document()
    holding = [section for section in document.sections if section.span.start <= offset < section.span.end]
    assert document.section_at(offset) == max(holding, key=lambda section: section.level, default=None)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_overlap_and_containment_agree_with_sets_of_offsets(a: int, b: int, c: int, d: int):
    one, other = Span(start=min(a, b), end=max(a, b)), Span(start=min(c, d), end=max(c, d))
    first, second = set(range(one.start, one.end)), set(range(other.start, other.end))
    assert one.overlaps(other) == bool(first & second)
    if second:
        assert one.contains(other) == (second <= first)
