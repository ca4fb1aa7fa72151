"""Passages that state more than one value: which of them counts, and where each of them stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from judging import clause, document

from longdoc.types import Span
from longdoc_pipelines.playbook.quantities import measure
from longdoc_pipelines.review.evidence import values_of
from longdoc_pipelines.review.several import with_others

PIECES = [
    "the later of", "the lesser of", "between", "and", "to", "or", "-", "–", "30", "thirty", "sixty (60)", "90 days", "2 years",
    "ten business days", "5%", "7.5 percent", "$50,000", "EUR 2 million", "the Fees paid", ".", ";", "(a)", "notice",
]  # fmt: skip


@given(some.lists(some.sampled_from(PIECES), min_size=1, max_size=14), some.sampled_from(["duration", "amount", "percentage"]))
def test_whatever_stands_together_each_value_is_quoted_from_the_passage(pieces: list[str], kind: str) -> None:
    text = " ".join(["Pay", *pieces, "now."])
    found = document(f"AGREEMENT\n\n1. Terms\n\n{text}\n")
    passage = clause(found, "Minimum Commitment", text)
    for value in values_of(found, [passage], kind, "period"):  # type: ignore[arg-type]
        span = value.citation.span
        assert passage.citation.span.contains(span)
        assert found.text[span.start : span.end] == value.citation.quote
        assert measure(kind, value.normalised) is not None  # type: ignore[arg-type]


@given(some.integers(1, 300), some.integers(1, 300), some.sampled_from(["later", "greater", "earlier", "lesser"]))
def test_of_a_choice_the_largest_or_the_smallest_counts(one: int, other: int, word: str) -> None:
    text = f"within the {word} of {one} days after the invoice and {other} days after delivery"
    found = document(f"AGREEMENT\n\n1. Terms\n\n{text}\n")
    (value,) = values_of(found, [clause(found, "Warranty Duration", text)], "duration", "payment")
    assert value.normalised == f"P{(max if word in ('later', 'greater') else min)(one, other)}D"


def test_a_value_that_stands_elsewhere_than_in_the_passage_is_left_as_it_is() -> None:
    found = document("AGREEMENT\n\n1. Terms\n\nPay within 30 to 60 days.\n\n2. Other\n\nIt lasts.\n")
    (value, _) = values_of(found, [clause(found, "Warranty Duration", "Pay within 30 to 60 days.")], "duration", "payment")
    assert with_others(found, Span(start=0, end=9), value) == [value]
