from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from longdoc.model.base import from_minilm
from longdoc.model.blocks import make_tokenizer
from longdoc.model.encode import DocumentEncoder
from longdoc.model.encoder import DEFAULT, Encoder
from longdoc.model.encoder_file import FILE, Model, load, save
from longdoc.model.heads import ClauseHeads, Means, VectorHead
from longdoc.model.teacher import Teacher

from .small import VOCABULARY, blocks, config, encoder, tokens

TEXTS = ["The supplier delivers goods within ten days.", "governing law", "What is the term?"]


def small(near: tuple[int, ...] = (1, 2), forked: bool = True) -> Model:
    """An encoder that has been trained before: it has clause heads."""
    made = encoder(near)
    if not forked:
        made = Encoder(replace(config(near), forked=False)).eval().requires_grad_(False)
    return Model(made, VectorHead(32), {"set": ClauseHeads(("a",), (), 32)}, VOCABULARY).eval()


def test_from_minilm_the_vectors_wanted_are_minilms_own() -> None:
    from sentence_transformers import SentenceTransformer

    from .test_encoder import minilm_folder

    model = from_minilm(DEFAULT)
    ids = [encoding.ids for encoding in make_tokenizer(model.vocabulary).encode_batch(TEXTS, add_special_tokens=False)]
    expected = SentenceTransformer(minilm_folder(), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(Teacher(model, "float32").texts(ids), expected, atol=2e-3)


@pytest.mark.parametrize("forked", [True, False])
@pytest.mark.parametrize("near", [(), (2,), (1, 2)])
def test_the_vectors_of_a_documents_sentences_are_those_that_the_model_gives_it(near: tuple[int, ...], forked: bool) -> None:
    model, own, made = small(near, forked), tokens(100), blocks(100, near)
    wanted = Teacher(model, "float32").sentences(own, made, 20)
    _, meaning = model.encoder(made.layout())
    means = Means(20, 32)
    means.add(meaning.flatten(0, 1)[torch.from_numpy(made.place)], torch.from_numpy(own.sentence))
    np.testing.assert_allclose(wanted, model.vectors(means.result()).numpy(), atol=2e-3)


def test_what_is_trained_afterwards_does_not_move_it() -> None:
    model = small()
    teacher, texts = Teacher(model, "float32"), [[5, 6, 7], [8]]
    before = teacher.texts(texts)
    with torch.no_grad():
        for weight in [*model.encoder.parameters(), *model.vectors.parameters()]:
            weight.add_(1.0)
    np.testing.assert_array_equal(teacher.texts(texts), before)


def test_the_vectors_of_texts_are_those_that_run(tmp_path: Path) -> None:
    save(tmp_path / FILE, small())
    running, model = DocumentEncoder(tmp_path / FILE, precision="float32"), load(tmp_path / FILE)
    ids = [running.tokenizer.encode(text, add_special_tokens=False).ids for text in ("w1 w2", "w3")]
    np.testing.assert_allclose(Teacher(model, "float32").texts(ids), running.encode(["w1 w2", "w3"]), atol=1e-3)
