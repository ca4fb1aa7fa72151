from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from decoders import decoder, tokens
from torch import Tensor
from transformers import AttentionInterface, DynamicCache

from longdoc.attention import dual_chunk
from longdoc.attention.antidiagonal import Antidiagonal
from longdoc.attention.block_local import BlockLocal
from longdoc.attention.dense import attend_dense
from longdoc.attention.dual_chunk import DualChunk, prepare, rotated
from longdoc.attention.guard import Guard
from longdoc.errors import ConfigError
from longdoc_stores.kv_cache import TieredCache
from longdoc_stores.kv_layer import LayerSettings, TieredLayer

ASKED = {"chunk_size": 48, "local_size": 16, "original_max_position_embeddings": 64}
CHUNK, SIZE, TRAINED = 32, 48, 64


def rows(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def reference(q: Tensor, k: Tensor, v: Tensor, scale: float, speeds: Tensor) -> Tensor:
    """The paper's formulas pair by pair, for queries and keys that have not been turned; all queries."""
    length = q.shape[2]
    place = torch.arange(length)
    within = place % CHUNK
    keys = rotated(k, within[:, None] * speeds)
    kinds = [within, (within + CHUNK).clamp(max=SIZE), torch.full_like(within, SIZE)]
    scores = [rotated(q, kind[:, None] * speeds) @ keys.transpose(-1, -2) for kind in kinds]
    apart = (place // CHUNK)[:, None] - place // CHUNK
    chosen = torch.where(apart == 0, scores[0], torch.where(apart == 1, scores[1], scores[2]))
    growth = max(1.0, 0.1 * torch.log(torch.tensor(length / TRAINED)).item() + 1.0)
    return torch.softmax((chosen * scale * growth).masked_fill(place > place[:, None], -torch.inf), dim=-1) @ v


@pytest.mark.parametrize("queries", [150, 40, 1])
@pytest.mark.parametrize("length", [20, 60, 150])
def test_it_is_one_softmax_over_the_distances_of_the_paper(length: int, queries: int) -> None:
    speeds = 1.0 / 10_000 ** (torch.arange(0, 16, 2) / 16)
    q, k, v = (rows(1, 2, length, 16, seed=seed) for seed in range(3))
    dual = DualChunk(CHUNK, SIZE, TRAINED, speeds)
    angles = (torch.arange(length) % CHUNK)[:, None] * speeds
    found = dual.attend(rotated(q, angles)[:, :, -queries:], rotated(k, angles), v, 0.3).out
    torch.testing.assert_close(found, reference(q, k, v, 0.3, speeds)[:, :, -queries:], atol=1e-5, rtol=1e-4)


def asking(attention: str) -> Any:
    model = decoder("qwen2", attention)
    model.config.dual_chunk_attention_config = ASKED
    return model


def by_the_formulas(module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Any, scaling: float, **_: Any) -> tuple[Tensor, None]:
    """Attention of a model that numbers its tokens as ever: turned back, then by the reference."""
    speeds = dual_chunk.of(module.config).speeds  # type: ignore[union-attr]
    back = -torch.arange(query.shape[2])[:, None] * speeds
    group = query.shape[1] // key.shape[1]
    k, v = (tensor.repeat_interleave(group, dim=1) for tensor in (rotated(key, back), value))
    return reference(rotated(query, back), k, v, scaling, speeds.float()).transpose(1, 2), None


@pytest.mark.parametrize("recent", [1000, 16])
def test_a_model_that_asks_for_it_gets_it_beyond_its_trained_length(recent: int) -> None:
    AttentionInterface.register("by_the_formulas", by_the_formulas)
    ids = tokens(200)
    expected = asking("by_the_formulas")(ids).logits
    model = asking("longdoc")
    for _ in range(2):  # a second time changes nothing
        assert prepare(model)
    settings = LayerSettings(keys="exact", values="exact", page=16)
    # Scores grow with the length of the context as a prefill in one piece sees it.
    cache = TieredCache(model.config, recent=recent, sinks=4, settings=settings)
    torch.testing.assert_close(model(ids, past_key_values=cache).logits, expected, atol=1e-3, rtol=0)
    grown = asking("by_the_formulas")(torch.cat([ids, ids[:, :1]], dim=1)).logits[:, -1]
    again = model(ids[:, :1], past_key_values=cache).logits[:, -1]
    assert float((again - grown).abs().mean()) < 0.1 * float(grown.std())


@pytest.mark.parametrize(("count", "queries"), [(200, 1), (225, 1), (200, 5)])
def test_a_step_over_old_tokens_reads_them_as_they_stand(count: int, queries: int) -> None:
    speeds = 1.0 / 10_000 ** (torch.arange(0, 16, 2) / 16)
    q, k, v = rows(1, 4, queries, 16, seed=0) * 2, rows(1, 2, count, 16, seed=1), rows(1, 2, count, 16, seed=2)
    dual = DualChunk(CHUNK, SIZE, TRAINED, speeds)
    angles = (torch.arange(count) % CHUNK)[:, None] * speeds
    keys = rotated(k, angles)
    q = rotated(q, angles[-queries:])
    expected = dual.attend(q, keys, v, 0.3).out
    apart = {}
    for top_k in (32, 96, 10_000):
        settings = LayerSettings(recent=24, sinks=16, top_k=top_k, keys="exact", values="exact", page=16, block=8, audit=1)
        layer = TieredLayer(settings, Antidiagonal(), None, True, dual)
        layer.update(keys[:, :, : -queries - 3], v[:, :, : -queries - 3])
        layer.attend(rows(1, 4, count - queries - 3, 16, seed=3), 0.3, None)
        layer.settings = replace(settings)
        layer.hot = tuple(side[:, :, : layer.count] for side in layer.hot)  # type: ignore[union-attr] # no room left
        layer.update(keys[:, :, -queries - 3 : -queries], v[:, :, -queries - 3 : -queries])
        layer.read_by_caller()
        layer.update(keys[:, :, -queries:], v[:, :, -queries:])
        assert layer.nbytes["ram"] > 0
        apart[top_k] = float((layer.attend(q, 0.3, None) - expected).norm() / expected.norm())
        assert layer.telemetry.steps == 1, "no step read everything as a prefill does"
    assert apart[10_000] < 1e-4
    assert apart[10_000] < apart[96] < apart[32] < 0.5, apart


def test_a_prefill_reads_its_own_chunk_by_the_pattern() -> None:
    speeds = 1.0 / 10_000 ** (torch.arange(0, 16, 2) / 16)
    q, k, v = (rows(1, 2, 150, 16, seed=seed) for seed in range(3))
    dual = DualChunk(CHUNK, SIZE, TRAINED, speeds)
    read: list[tuple[int, int]] = []

    def counted(*given: Any) -> Any:
        read.append((given[0].shape[2], given[1].shape[2]))
        return attend_dense(*given)

    found = dual.attend(q[:, :, -40:], k, v, 0.3, counted)
    torch.testing.assert_close(found.out, dual.attend(q[:, :, -40:], k, v, 0.3).out)
    assert read == [(18, 32), (22, 22)]
    layer = TieredLayer(LayerSettings(), BlockLocal(block=8, sinks=1), None, True, dual)
    layer.update(k, v)
    expected = dual.attend(q, k, v, 0.3, BlockLocal(block=8, sinks=1).attend).out
    torch.testing.assert_close(layer.attend(q, 0.3, None), expected)
    assert float((expected - dual.attend(q, k, v, 0.3).out).abs().max()) > 0.01


@pytest.mark.parametrize("threshold", [0.5, 1.1])
def test_a_prefill_reads_chunks_before_by_the_pattern_too(threshold: float) -> None:
    speeds = 1.0 / 10_000 ** (torch.arange(0, 16, 2) / 16)
    q, k, v = (rows(1, 2, 150, 16, seed=seed) for seed in range(3))
    dual = DualChunk(CHUNK, SIZE, TRAINED, speeds)
    pattern = Antidiagonal(stride=4, block=8, threshold=threshold, sinks=1)
    apart, layers = [], [TieredLayer(LayerSettings(), pattern, guard, True, dual) for guard in (None, Guard())]
    for layer in layers:
        layer.update(k, v)
        apart.append(float((layer.attend(q, 0.3, None) - dual.attend(q, k, v, 0.3).out).abs().max()))
    assert apart[0] < 1e-4 if threshold > 1 else apart[0] > 0.01
    assert apart[1] < 1e-4 or apart[1] < 0.5 * apart[0]
    # Own chunks five times, the one before four times, all earlier three times.
    assert len(layers[1].telemetry.mass) == 12


def test_a_step_across_the_end_of_a_chunk_is_read_densely() -> None:
    dual = DualChunk(CHUNK, SIZE, TRAINED, torch.ones(8))
    assert dual.views(rows(1, 2, 4, 16, seed=0), 62) is None
    assert [first for first, _ in dual.views(rows(1, 2, 2, 16, seed=0), 62) or []] == [0, 32]
    assert [first for first, _ in dual.views(rows(1, 2, 1, 16, seed=0), 96) or []] == [0, 64, 96]


def test_within_one_chunk_it_is_plain_attention() -> None:
    ids, model = tokens(30), asking("longdoc")
    prepare(model)
    plain = decoder("qwen2")
    expected = plain(ids, past_key_values=DynamicCache(config=plain.config)).logits
    torch.testing.assert_close(model(ids, past_key_values=TieredCache(model.config)).logits, expected, atol=1e-3, rtol=0)


def test_a_model_that_is_not_prepared_is_refused_and_one_that_does_not_ask_is_left_alone() -> None:
    with pytest.raises(ConfigError, match=r"dual_chunk\.prepare\(model\) first"):
        TieredCache(asking("longdoc").config)
    assert prepare(decoder("qwen2")) is None
