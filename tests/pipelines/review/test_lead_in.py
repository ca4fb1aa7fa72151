"""An item of a list is shown with what introduces the list."""

from __future__ import annotations

import pytest
from judging import clause, document, evidence, loaded, verdict

from longdoc.types import Span
from longdoc_pipelines.review.lead_in import lead_in

OPENED = "3. Confidential Information shall not include any information that:"
LIST = f"""NON-DISCLOSURE AGREEMENT

The parties agree as follows:

1. Use. The Recipient keeps it secret. It shall not copy it.

2. Return. The Recipient returns it on request.

{OPENED}
(a) was public when it was received;
(b) is received from another without a duty of confidence; or
(c) is developed independently by the Recipient.

4. Term. This Agreement lasts two years.
"""


def opened(item: str, text: str = LIST) -> str | None:
    found = document(text)
    start = found.text.index(item)
    span = lead_in(found, Span(start=start, end=start + len(item)))
    return None if span is None else found.text[span.start : span.end]


@pytest.mark.parametrize("item", ["(a) was public", "(b) is received", "(c) is developed independently"])
def test_an_item_has_the_words_before_the_list(item: str) -> None:
    assert opened(item) == OPENED


@pytest.mark.parametrize("item", ["4. Term.", "1. Use.", "It shall not copy it."])
def test_what_is_no_item_of_a_list_has_none(item: str) -> None:
    assert opened(item) is None


def test_the_first_item_that_holds_the_words_itself_has_none() -> None:
    assert opened(OPENED) is None


def test_an_item_in_the_middle_of_a_sentence_has_the_words_of_its_own_sentence() -> None:
    text = "It is kept. The Recipient shall: (i) not use it for anything else; (ii) return it at once; and (iii) tell nobody. It lasts."
    assert opened("(ii) return it at once", text) == "The Recipient shall:"
    assert opened("It lasts.", text) is None


def test_a_verdict_shows_the_item_and_then_what_introduces_its_list() -> None:
    found = document(LIST)
    item = "(c) is developed independently by the Recipient."
    finding = verdict(evidence(loaded({"label": "Cap On Liability"}), found, [clause(found, "Cap On Liability", item)]))
    assert [citation.quote for citation in finding.citations] == [item, OPENED]
