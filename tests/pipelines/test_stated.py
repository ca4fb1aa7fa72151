"""The value that the sentence which answers states."""

from __future__ import annotations

import pytest

from longdoc.types import Answer, Citation, Document, Domain, Passage, Span
from longdoc_pipelines.answers.stated import with_value


def told(question: str, sentence: str, domain: Domain = "legal") -> Answer:
    document = Document(id="d", path="d.txt", format="txt", text=sentence, domain=domain)
    passage = Passage(
        rank=1, score=0.9, citation=Citation(document_id="d", path="d.txt", span=Span(start=0, end=len(sentence)), quote=sentence)
    )
    answer = Answer(question=question, found=True, text=sentence, passages=(passage,))
    return with_value(answer, lambda path: document)


@pytest.mark.parametrize(
    ("question", "sentence", "kind", "value", "unit"),
    [
        ("What is the monthly fee?", "Customer pays a monthly fee of $41,000 in advance.", "amount", "41000", "USD"),
        ("How much is the deposit?", "The deposit is two million euro.", "amount", "2000000", "EUR"),
        ("What interest rate applies?", "Overdue sums bear interest at 1.5 percent a month.", "percentage", "1.5", "percent"),
        ("How soon must it report?", "It reports within forty-eight (48) hours.", "duration", "PT48H", None),
        ("When was the order signed?", "The order was signed on May 3, 2021 in Trenton.", "date", "2021-05-03", None),
    ],
)
def test_one_value_of_the_kind_that_is_asked_for_is_the_answer(
    question: str, sentence: str, kind: str, value: str, unit: str | None
) -> None:
    answer = told(question, sentence)
    assert (answer.kind, answer.value, answer.unit) == (kind, value, unit)
    assert answer.text.endswith(f": {sentence}")
    assert answer.passages[0].citation.quote == sentence


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What is the monthly fee?", "The fee is $40 for members and $60 for others."),
        ("What is the monthly fee?", "The fee is agreed in an order."),
        ("Who pays the fee?", "Customer pays the fee of $40."),
        ("When does it end?", "It ends as the parties agree."),
    ],
)
def test_where_there_are_two_values_or_none_the_sentence_is_the_answer(question: str, sentence: str) -> None:
    answer = told(question, sentence)
    assert (answer.kind, answer.text) == (None, sentence)


def test_a_sum_in_a_filing_whose_scale_may_stand_elsewhere_is_not_told_as_a_value() -> None:
    assert told("What was the amount of the loan?", "The loan was $2,700 at the end of the year.", "financial").kind is None
    assert told("What was the amount of the loan?", "The loan was $2.7 billion at the end of the year.", "financial").value == "2700000000"
