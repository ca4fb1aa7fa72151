from __future__ import annotations

import numpy as np
import pytest

from longdoc.errors import LabelSetError
from longdoc.labels import LabelSet, parse_labels
from longdoc.model.matching import match, readable
from longdoc.model.salience import salience
from longdoc.model.sentences import split
from longdoc.protocols import Reading
from longdoc.types import Document

TEXT = """INSURANCE

The contractor maintains liability insurance of two million dollars.

MISCELLANEOUS

The contractor maintains a list of all open tickets and sends it monthly."""

LABELS = parse_labels(
    """
name: own
labels:
  - name: Cover
    description: Liability insurance that a party keeps.
    usually_in: [Insurance]
    answer: amount
""",
    "test",
)


class Flat:
    """An embedder to which all texts are alike."""

    def embed(self, texts: list[str]) -> np.ndarray:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)


def reading_of(document: Document) -> Reading:
    rows = split(document)
    vectors = np.full((len(rows), 4), 0.5, dtype=np.float16)
    return Reading(rows, np.arange(len(rows), dtype=np.int32), vectors, vectors, np.zeros(len(rows), np.float32), 0)


def test_words_and_headings_decide_where_vectors_say_nothing(make_document) -> None:
    document = make_document(TEXT)
    first, second = match(Flat(), document, reading_of(document), LABELS)
    assert first.text.startswith("The contractor maintains liability insurance")
    assert first.score > second.score
    assert first.value is not None
    assert first.value.normalised == "USD 2000000"
    assert {first.method, second.method} == {"matched"}


def test_a_usual_heading_raises_the_score(make_document) -> None:
    under, elsewhere = (make_document(TEXT.replace("INSURANCE\n", heading + "\n")) for heading in ("INSURANCE", "SERVICES"))
    scores = [match(Flat(), document, reading_of(document), LABELS)[0].score for document in (under, elsewhere)]
    assert scores[0] > scores[1]


def test_headings_and_fragments_are_no_passages(make_document) -> None:
    document = make_document("INSURANCE\n\nSee below.\n\nThe contractor keeps liability insurance.")
    assert readable(document, reading_of(document)).tolist() == [2]


def test_at_most_fifty_candidates_are_given(make_document) -> None:
    document = make_document("\n\n".join(f"The contractor keeps insurance number {number}." for number in range(80)))
    assert len(match(Flat(), document, reading_of(document), LABELS)) == 50


def test_a_central_sentence_is_more_salient_than_a_stray_one(make_document) -> None:
    document = make_document(
        "The contract covers the sale of pumps. The pumps are sold under this contract. Bring sandwiches on Friday now."
    )
    sentences = split(document)
    vectors = np.array([[1, 0, 0], [0.9, 0.436, 0], [0, 0, 1]], dtype=np.float32)
    scores = salience(document, sentences, np.zeros(3, np.int32), vectors)
    assert scores.argmin() == 2
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_one_sentence_and_none_have_a_salience(make_document) -> None:
    one = make_document("Only this sentence stands here.")
    assert salience(one, split(one), np.zeros(1, np.int32), np.ones((1, 3), np.float32)).shape == (1,)
    none = make_document("")
    assert salience(none, split(none), np.zeros(0, np.int32), np.zeros((0, 3), np.float32)).shape == (0,)
    assert not np.isnan(salience(one, split(one), np.zeros(1, np.int32), np.zeros((1, 3), np.float32))).any()


PHRASED = parse_labels(
    """
name: own
labels:
  - name: Finding
    description: What came of it.
    phrases: [we conclude*, "error * of"]
""",
    "test",
)


def test_a_phrase_of_the_label_raises_the_score_and_its_star_stands_for_an_ending_or_a_few_words(make_document) -> None:
    sentences = (
        "All of the tables were drawn by hand.",
        "We concluded that all of it was right.",
        "It had an error rate below one of ten.",
        "Twelve errors of this kind were seen.",
    )
    document = make_document("\n\n".join(sentences))
    scores = {clause.text: clause.score for clause in match(Flat(), document, reading_of(document), PHRASED)}
    plain, ending, gap, other_word = (scores[sentence] for sentence in sentences)
    assert min(ending, gap) > 2 * plain
    assert other_word < 1.2 * plain


@pytest.mark.parametrize("heading", ["REFERENCES", "EXHIBIT 31.2", "CERTIFICATIONS"])
def test_references_and_the_certifications_of_a_filing_are_no_passages(make_document, heading: str) -> None:
    document = make_document(f"RESULTS\n\nWe conclude that the method works well.\n\n{heading}\n\nWe conclude. In Journal of Ends, 1999.")
    assert [clause.text for clause in match(Flat(), document, reading_of(document), PHRASED)] == ["We conclude that the method works well."]


REPORT = """RISK FACTORS

We may lose the lawsuit that our former agent has filed.

LEGAL PROCEEDINGS

Our former agent has filed a lawsuit against the company in Ohio.

The auditor assessed whether a lawsuit could cost the company money.

The matters of note nine are incorporated by reference.

PROPERTIES

The deeds of our plants are incorporated by reference."""


def odds(document: Document, **more: object) -> dict[str, float]:
    """Sentence -> the odds that it is a passage of a label that is described like this."""
    label = {"name": "Suit", "description": "A lawsuit against the company.", "phrases": ["lawsuit*"], **more}
    found = match(Flat(), document, reading_of(document), LabelSet.model_validate({"name": "own", "labels": [label]}))
    return {clause.text: clause.score / (1 - clause.score) for clause in found}


def test_a_sentence_that_only_looks_like_a_passage_falls_far_behind(make_document) -> None:
    plain = odds(make_document(REPORT))
    warned = odds(make_document(REPORT), not_phrases=["the auditor*"], never_in=["Risk Factors"])
    fallen = {text for text, given in warned.items() if given < plain[text] / 50}
    assert {text[:11] for text in fallen} == {"We may lose", "The auditor"}
    assert max(warned, key=lambda text: warned[text]).startswith("Our former agent")


def test_a_phrase_with_a_heading_counts_under_it_alone(make_document) -> None:
    given = odds(make_document(REPORT), phrases=["lawsuit*", "incorporated * reference @ legal proceedings"])
    under, elsewhere = (given[f"The {what} are incorporated by reference."] for what in ("matters of note nine", "deeds of our plants"))
    assert under > 40 * elsewhere


def test_where_a_phrase_is_needed_a_sentence_without_one_is_no_passage(make_document) -> None:
    text = "SUITS\n\nThe company is a party to a suit.\n\nA lawsuit against the company is pending."
    plain, strict = (odds(make_document(text), needs_phrase=needed) for needed in (False, True))
    assert strict["A lawsuit against the company is pending."] == plain["A lawsuit against the company is pending."]
    assert strict["The company is a party to a suit."] < plain["The company is a party to a suit."] / 50


def test_a_phrase_is_found_whichever_apostrophe_a_document_has(make_document) -> None:
    document = make_document("Management’s plan is to sell a plant.\n\nThe plan of the town is to buy it.")
    given = odds(document, phrases=["management's plan"])
    assert max(given, key=lambda text: given[text]).startswith("Management")


def test_a_label_that_needs_a_phrase_lists_one() -> None:
    with pytest.raises(LabelSetError, match="needs a phrase, but lists none"):
        parse_labels("name: own\nlabels: [{name: A, description: b, needs_phrase: true}]", "test")


def test_a_bullet_is_no_word(make_document) -> None:
    document = make_document("The contractor keeps liability insurance.\n\n• Critical Accounting Estimates")
    assert readable(document, reading_of(document)).tolist() == [0]
