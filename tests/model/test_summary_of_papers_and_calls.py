"""Papers are summarised by a salience that was learnt, earnings calls by a plan of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from longdoc.model.plan_call import spoken
from longdoc.model.summarize import ROOMY, summarize
from longdoc.model.wording import signposts
from longdoc.types import Summary
from tests.model.test_summary import FILING, PAPER, embed, read, summary_of

CALL = """Thank you, and good morning, everyone, it's a pleasure to welcome you to our conference call for the third quarter.
I'm joined today by our finance chief, and we'll take your questions at the end of the call.
I'm proud of what our teams have done for customers, and I want to thank all of you for your trust.
Net sales for the third quarter increased 6% to $412 million, with growth in every region that we serve today.
Diluted earnings per share were $1.37 in the quarter, compared to $1.12 in the same quarter of last year.
We returned $20 million to shareholders through dividends and bought back a small number of shares in the market.
We now expect earnings per share for the full year to be in the range of $5.10 to $5.25, up from our earlier view.
Our segment for garden tools had sales of $88 million, and we're happy with how that's going so far.
I'll turn it over to the operator now, and I'm looking forward to your questions.
"""


def salient_summary(text: str, sentences: int | None, salience: Mapping[str, float]) -> Summary:
    """The summary of a paper in which sentences with these words have that salience, and others none."""
    document, reading = read(text, "research")
    texts = [document.text[start:end] for start, end in reading.sentences.tolist()]
    values = [max((value for word, value in salience.items() if word in one), default=0.0) for one in texts]
    judged = dataclasses.replace(reading, salience=np.array(values, dtype=np.float32))
    return summarize(document, judged, (), embed, sentences, trained_salience=True)


def test_one_sentence_of_a_paper_is_the_most_salient_whatever_its_topic() -> None:
    for words in ("select rules by their error", "handle unknown words", "accuracy of 96.5%"):
        (statement,) = salient_summary(PAPER, 1, {words: 0.9, "present a tagger": 0.5}).sentences
        assert words in statement.text


def test_a_paper_is_told_by_topic_in_the_plans_order() -> None:
    summary = salient_summary(PAPER, 3, {"unknown words": 0.9, "accuracy": 0.8, "large annotated corpora": 0.7})
    assert [statement.topic for statement in summary.sentences] == ["problem", "results", "limits"]


def test_what_serves_no_topic_is_told_under_the_one_that_it_is_most_like() -> None:
    summary = salient_summary(PAPER.replace("## Results", f"{CORPORA[0]}\n\n## Results"), 2, {"train the tagger": 0.9, "were copied": 0.8})
    assert [statement.topic for statement in summary.sentences] == ["method", "method"]
    assert CORPORA[0] == summary.sentences[1].text


def test_what_a_paper_says_twice_is_told_once() -> None:
    twice = PAPER + "\n\n## Conclusion\n\nIn this paper we have presented a tagger that learns its rules from raw text without labels.\n"
    summary = salient_summary(twice, 2, {"learns its rules": 0.9, "accuracy": 0.2})
    assert sum("learns its rules" in statement.text for statement in summary.sentences) == 1


def test_a_sentence_that_tells_where_something_stands_is_left_out() -> None:
    signpost = "In the next section we describe the tagger and its rules and the corpus in detail."
    assert signposts(signpost)
    assert not signposts("We describe a tagger that learns its rules from a corpus of raw text.")
    summary = salient_summary(PAPER.replace("## Method\n", f"## Method\n\n{signpost}\n"), 3, {"next section": 0.99})
    assert all("next section" not in statement.text for statement in summary.sentences)


def test_a_long_summary_leaves_room_for_topics_that_salience_forgets() -> None:
    text = PAPER.replace("## Results", "\n\n".join([*CORPORA, "## Results"]))
    salience = {"were copied": 0.9}
    contribution = "we present a tagger"
    assert any(contribution in statement.text for statement in salient_summary(text, ROOMY, salience).sentences)
    assert not any(contribution in statement.text for statement in salient_summary(text, 4, salience).sentences)


CORPORA = [
    f"{first} were copied from {second} by hand during {third}."
    for first, second, third in (
        ("Letters of sailors and their families", "harbour archives", "a rainy winter"),
        ("Recipes for soups, breads and cakes", "kitchen notebooks", "long holidays"),
        ("Sermons about patience and charity", "village churches", "quiet weekends"),
        ("Reports on bridges, dams and tunnels", "engineering offices", "summer schools"),
        ("Songs of shepherds and harvesters", "printed anthologies", "evening classes"),
        ("Trials of smugglers and forgers", "court registers", "library visits"),
        ("Diaries from mountain expeditions", "private collections", "several journeys"),
        ("Advertisements for early bicycles", "illustrated magazines", "lunch breaks"),
        ("Obituaries of painters and poets", "regional newspapers", "one busy spring"),
        ("Speeches about taxes and tariffs", "parliament minutes", "two semesters"),
    )
]


def test_a_salience_by_rule_leaves_papers_to_the_plan() -> None:
    assert [statement.topic for statement in summary_of(PAPER, "research", 1).sentences] == ["contribution"]


def test_a_call_is_told_by_its_earnings_sales_and_guidance() -> None:
    statements = summary_of(CALL, "financial", 3).sentences
    assert [statement.topic for statement in statements] == ["earnings", "revenue", "guidance"]
    assert ["$1.37" in statements[0].text, "$412 million" in statements[1].text, "$5.25" in statements[2].text] == [True] * 3


def test_courtesies_of_a_call_are_in_no_summary() -> None:
    told = " ".join(statement.text for statement in summary_of(CALL, "financial").sentences)
    assert not any(words in told for words in ("good morning", "proud", "operator", "questions"))


@pytest.mark.parametrize(("text", "is_spoken"), [(CALL * 8, True), (FILING * 8, False), ("", False)])
def test_what_was_said_is_told_from_what_was_written(text: str, is_spoken: bool) -> None:
    assert spoken(text) is is_spoken


def test_every_statement_of_a_call_and_of_a_paper_is_quoted_exactly() -> None:
    for summary, text in ((summary_of(CALL, "financial"), CALL), (salient_summary(PAPER, 5, {"tagger": 0.9}), PAPER)):
        for statement in summary.sentences:
            span = statement.citation.span
            assert text[span.start : span.end] == statement.citation.quote
            assert statement.text.removesuffix(" …") == " ".join(statement.citation.quote.split())
