from __future__ import annotations

import numpy as np
import pytest
import torch

from longdoc.model import encode as module
from longdoc.model.encode import DocumentEncoder
from longdoc.model.encoder import dense_twin
from longdoc.types import Document

TEXT = "The supplier delivers goods within ten days. The buyer pays within thirty days. Neither party may assign this contract."
SENTENCES = np.array([[0, 44], [45, 79], [80, 119]])
SPANS = np.array([[4, 12], [35, 43], [84, 95], [108, 119]])
WHOLE = np.array([[0, len(TEXT)]])


def plain(text: str) -> Document:
    return Document(id="d", path="d.txt", format="txt", text=text)


def states(encoder: DocumentEncoder, text: str) -> tuple[torch.Tensor, list[tuple[int, int]]]:
    """States, those for vectors, of a short text's tokens by the dense twin in float32, and their spans."""
    from longdoc.model.blocks import separate
    from longdoc.model.encoder_file import load

    model = load(module.SHIPPED)
    encoding = encoder.tokenizer.encode(text, add_special_tokens=False)
    marks = model.vocabulary.index("[CLS]"), model.vocabulary.index("[SEP]")
    blocks, _ = separate([encoding.ids], model.encoder.config, marks)
    return dense_twin(model.encoder, blocks.layout())[1][0], encoding.offsets


def test_the_vector_of_a_text_is_the_mean_of_its_states_turned(encoder: DocumentEncoder) -> None:
    from longdoc.model.encoder_file import load

    texts = ["A cat sat on the mat.", TEXT, "x"]
    together = encoder.encode(texts)
    assert together.shape == (3, 384)
    for vector, text in zip(together, texts, strict=True):
        own, _ = states(encoder, text)
        expected = load(module.SHIPPED).vectors(own.mean(0)[None])[0].numpy()
        assert float(vector @ expected) > 0.998


def test_texts_of_like_meaning_are_nearer_than_others(encoder: DocumentEncoder) -> None:
    contract, cancel, weather = encoder.encode(["The contract may be terminated.", "The agreement can be ended.", "It rained all day."])
    assert contract @ cancel > contract @ weather + 0.3


def test_a_document_has_a_vector_and_scores_for_every_sentence_and_span(encoder: DocumentEncoder) -> None:
    read = encoder.read(plain(TEXT), WHOLE, SENTENCES, SPANS)
    (name, (labels, short)), *others = encoder.label_sets.items()
    assert (name, len(labels), others) == ("cuad", 41, [])
    assert read.scores["cuad"].sentences.shape == (3, 41)
    assert read.scores["cuad"].spans.shape == (4, len(short))
    assert np.isfinite(read.scores["cuad"].spans).all()
    assert np.linalg.norm(read.sentence_vectors, axis=1) == pytest.approx(1, abs=1e-4)
    assert labels[read.scores["cuad"].sentences[2].argmax()] == "Anti-Assignment"


def test_memory_holds_a_group_and_groups_change_nothing(encoder: DocumentEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(f"Section {number}. The parties agree on point {number} of the {number % 7} list." for number in range(300))
    ends = np.array([place for place, mark in enumerate(text) if mark == "."][1::2]) + 1
    sentences = np.stack([np.append(0, ends[:-1] + 1), ends], axis=1)
    spans = sentences[:, :1] + np.array([[0, 9]])
    told: list[int] = []
    one = encoder.read(plain(text), np.array([[0, len(text)]]), sentences, spans, told.append)
    monkeypatch.setattr(module, "GROUP", 3)
    other = encoder.read(plain(text), np.array([[0, len(text)]]), sentences, spans)
    assert sum(told) == one.tokens == other.tokens
    assert float((one.sentence_vectors * other.sentence_vectors).sum(axis=1).min()) > 0.999
    np.testing.assert_allclose(one.scores["cuad"].sentences, other.scores["cuad"].sentences, atol=0.35)
    np.testing.assert_allclose(one.scores["cuad"].spans, other.scores["cuad"].spans, atol=0.35)


def test_precisions_give_the_same_within_their_tolerance() -> None:
    exact, rough = (DocumentEncoder(precision=name).read(plain(TEXT), WHOLE, SENTENCES, SPANS) for name in ("float32", "bfloat16"))
    np.testing.assert_allclose(exact.scores["cuad"].sentences, rough.scores["cuad"].sentences, atol=0.35)
    assert float((exact.sentence_vectors * rough.sentence_vectors).sum(axis=1).min()) > 0.999


def test_a_sentence_outside_of_all_chunks_has_the_vector_of_nothing(encoder: DocumentEncoder) -> None:
    read = encoder.read(plain(TEXT), np.array([[0, 44]]), SENTENCES, SPANS)
    assert not read.sentence_vectors[1:].any()
    assert read.sentence_vectors[0].any()


def test_a_sentence_longer_than_a_block_is_read_whole(encoder: DocumentEncoder) -> None:
    text = "goods and services " * 400
    read = encoder.read(plain(text), np.array([[0, len(text)]]), np.array([[0, len(text)]]), np.zeros((0, 2), dtype=np.int64))
    assert read.tokens == 1200
    assert np.linalg.norm(read.sentence_vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_nothing_to_read_gives_nothing(encoder: DocumentEncoder) -> None:
    nothing = np.zeros((0, 2), dtype=np.int64)
    read = encoder.read(plain(""), nothing, nothing, nothing)
    assert (read.chunk_vectors.shape, read.sentence_vectors.shape, read.tokens) == ((0, 384), (0, 384), 0)
    assert encoder.encode([]).shape == (0, 384)
    assert encoder.encode(["", "goods"]).shape == (2, 384)
