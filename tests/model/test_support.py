"""What a quote bears out, and what it does not."""

from __future__ import annotations

import pytest

from longdoc.model.reader import EmbeddedReader
from longdoc.model.support import Support, contradicts

PAYMENT = "Customer shall pay Provider $1,200,000 within thirty (30) days of each invoice dated after January 5, 2024."


@pytest.fixture(scope="module")
def support() -> Support:
    return Support(EmbeddedReader(threads=1).embed)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Customer pays $1.2 million within 30 days of an invoice.", PAYMENT),
        ("Invoices dated after 2024-01-05 are paid within 30 days by Customer.", PAYMENT),
        ("Payment of invoices from January 2024 is due in thirty days.", PAYMENT),
        ("Provider's invoices are paid within 30 days.", PAYMENT),
        ("The fee is five percent of net sales.", "The fee is 5% of Net Sales."),
        ("It bears interest at 12.5 percent.", "interest accrues at the rate of 12.5% per annum"),
        ("The loss was 1,234.", "Net loss (1,234) (987)"),
        (
            "Neither party may assign it without consent.",
            "Neither party may assign this Agreement without the prior written consent of the other.",
        ),
        ("It ends after twenty-five years.", "for a period of 25 years"),
        ("Data may not be used for any other purpose.", "The data shall be used solely for the purpose."),
        ("The party may develop products.", "The party shall not be precluded from developing products."),
        ("Costs include travel.", "Costs include, but are not limited to, travel."),
    ],
)
def test_the_same_in_other_words_is_not_contradicted(sentence: str, quote: str) -> None:
    assert contradicts(sentence, [quote]) is None


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Customer shall pay Provider $1,300,000 within thirty days.", r"the number '\$1,300,000' is not in the quote, or not so often"),
        ("Customer shall pay $1.2 billion within thirty days.", r"the number '\$1.2 billion' is not in the quote, or not so often"),
        ("Customer shall pay within sixty days.", "the number 'sixty' is not in the quote, or not so often"),
        ("Customer shall pay within 30 months.", "'30 months' is not in the quote, which names no month"),
        ("Customer shall pay invoices dated after January 6, 2024.", "the date 'January 6, 2024' is not in the quote, or not so often"),
        ("Customer shall pay invoices dated after February 2024.", "the date 'February 2024' is not in the quote, or not so often"),
        ("Customer shall pay Kestrel within thirty days.", "the name 'Kestrel' is not in the quote"),
        ("Customer shall not pay Provider within thirty days.", "it negates what the quote does not"),
        ("Customer shall pay Provider 30 % of each invoice.", "'%' is not in the quote"),
        ("Customer pays for invoices dated before January 5, 2024.", "it says 'before' where the quote says 'after'"),
    ],
)
def test_a_number_date_name_or_negation_that_differs_is_refused_with_the_reason(sentence: str, reason: str) -> None:
    import re

    found = contradicts(sentence, [PAYMENT])
    assert found is not None
    assert re.fullmatch(reason, found), found


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Supplier may assign this Agreement.", "Supplier may not assign this Agreement without consent."),
        ("Revenue increased in the year.", "Revenue decreased in the year by a little."),
        ("The party shall give at least ten days' notice.", "The party shall give at most ten days' notice."),
    ],
)
def test_what_a_sentence_leaves_out_or_turns_round_is_refused(sentence: str, quote: str) -> None:
    assert contradicts(sentence, [quote]) is not None


def test_names_may_come_from_around_the_quote_and_numbers_may_not() -> None:
    quote, around = "Supplier shall keep records.", 'Ostrander LLC ("Supplier") was founded in 1987.'
    assert contradicts("Records are kept by Ostrander.", [quote]) is not None
    assert contradicts("Records are kept by Ostrander.", [quote], around) is None
    assert contradicts("Records are kept by Ostrander since 1987.", [quote], around) is not None


def test_a_tables_heading_scales_its_figures() -> None:
    row = "Net sales  32,765  31,657"
    assert contradicts("Net sales were $32,765 million.", [row]) is not None
    assert contradicts("Net sales were $32,765 million.", [row], "(Dollars in millions)") is None


def test_what_stands_there_word_for_word_is_borne_out_and_what_is_about_something_else_is_not(support: Support) -> None:
    assert support.judge("Customer shall pay Provider $1,200,000 within thirty (30) days of each invoice", [PAYMENT]).supported
    other = support.judge("Bread is baked until its crust is brown.", ["Customer shall pay all fees when due."])
    assert not other.supported
    assert "the quote is about something else" in str(other.reason)
    near = support.judge("Fees are due from the customer.", ["Customer shall pay all fees when due."])
    assert near.supported
    assert near.similarity > 0.35


def test_a_part_of_a_quote_that_leaves_its_negation_out_is_not_borne_out(support: Support) -> None:
    quote = "No party shall deliver goods to the warehouse."
    assert not support.judge("Party shall deliver goods to the warehouse.", [quote]).supported
