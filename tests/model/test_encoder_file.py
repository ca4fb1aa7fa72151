from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from longdoc.errors import StoreVersionError, UnreadableError
from longdoc.model.encoder_file import Model, load, rounded, save
from longdoc.model.heads import ClauseHeads, VectorHead

from .small import VOCABULARY, blocks, encoder


def model() -> Model:
    torch.manual_seed(3)
    made = encoder()
    made.words = torch.nn.Embedding(1000, 32)  # large enough to be rounded
    made.config = made.config.__class__(**{**{name: getattr(made.config, name) for name in made.config.__slots__}, "vocabulary": 1000})
    return Model(made, VectorHead(32), {"set": ClauseHeads(("a", "b"), ("b",), 32)}, VOCABULARY, {"command": "test"})


def test_a_model_comes_back_as_it_was_but_for_the_stated_rounding(tmp_path: Path) -> None:
    made = model()
    save(tmp_path / "m.safetensors", made)
    back = load(tmp_path / "m.safetensors")
    assert (back.vocabulary, back.notes, back.encoder.config) == (VOCABULARY, {"command": "test"}, made.encoder.config)
    assert (back.clauses["set"].labels, back.clauses["set"].span_labels) == (("a", "b"), ("b",))
    words, before = back.encoder.words.weight, made.encoder.words.weight
    bound = before.abs().amax(dim=1, keepdim=True) / 127 / 2
    assert bool(((words - before).abs() <= bound * 1.001).all())
    assert not torch.equal(words, before)
    assert torch.equal(back.encoder.layers[0].qkv.weight, made.encoder.layers[0].qkv.weight)
    assert back.fingerprint


def test_what_was_rounded_once_does_not_change_again(tmp_path: Path) -> None:
    save(tmp_path / "a.safetensors", model())
    save(tmp_path / "b.safetensors", load(tmp_path / "a.safetensors"))
    one, other = load(tmp_path / "a.safetensors"), load(tmp_path / "b.safetensors")
    torch.testing.assert_close(one.encoder(blocks(30).layout()), other.encoder(blocks(30).layout()), atol=1e-5, rtol=1e-5)  # both kinds


def test_rounding_keeps_the_largest_of_a_row() -> None:
    codes, scale = rounded(torch.tensor([[1.0, -2.0], [0.0, 0.0]]))
    assert codes.tolist() == [[64, -127], [0, 0]]
    torch.testing.assert_close(codes[0, 1] * scale[0, 0], torch.tensor(-2.0))


def test_a_file_that_is_no_encoder_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nothing")
    with pytest.raises(UnreadableError, match=r"bad.safetensors: no weights of a longdoc encoder"):
        load(bad)
    with pytest.raises(UnreadableError, match=r"none.safetensors"):
        load(tmp_path / "none.safetensors")


def test_a_file_of_another_format_or_without_a_tensor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save(path, model())
    with safe_open(path, framework="pt") as file:
        content, tensors = json.loads(file.metadata()["longdoc"]), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    save_file(tensors, path, {"longdoc": json.dumps({**content, "format": 99})})
    with pytest.raises(StoreVersionError, match="has format 99, this longdoc reads 1; train the model again"):
        load(path)
    del tensors["encoder.norm.weight"]
    save_file(tensors, path, {"longdoc": json.dumps(content)})
    with pytest.raises(UnreadableError, match="do not fit the shape that it states"):
        load(path)
