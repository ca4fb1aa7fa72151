from __future__ import annotations

from longdoc.model.short_texts import short_texts

SENTENCE = "The supplier shall pay the customer a credit of five percent for every hour that the service cannot be used."


def test_texts_are_sentences_runs_of_their_words_and_questions() -> None:
    found = short_texts([SENTENCE], seed=0, count=300)
    whole = [text for text in found if text == SENTENCE]
    asked = [text for text in found if text.endswith("?")]
    runs = [text for text in found if text in SENTENCE.rstrip(".") and text != SENTENCE]
    assert min(len(whole), len(asked), len(runs)) > 60
    assert len(whole) + len(asked) + len(runs) == len(found)
    assert all(len(text.split()) <= 12 for text in runs)


def test_the_same_seed_draws_the_same_texts_and_another_others() -> None:
    assert short_texts([SENTENCE], seed=1, count=50) == short_texts([SENTENCE], seed=1, count=50)
    assert short_texts([SENTENCE], seed=1, count=50) != short_texts([SENTENCE], seed=2, count=50)


def test_a_very_long_sentence_is_cut() -> None:
    found = short_texts(["word " * 500], seed=0, count=40)
    assert max(len(text.split()) for text in found) == 60


def test_nothing_comes_of_sentences_that_are_too_short() -> None:
    assert short_texts(["Article 1", ""], seed=0) == []
