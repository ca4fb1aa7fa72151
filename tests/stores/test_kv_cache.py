from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from decoders import FAMILIES, decoder, tokens
from torch import Tensor

import longdoc.attention  # noqa: F401 - registers the attention
from longdoc.attention.antidiagonal import Antidiagonal
from longdoc.attention.guard import Guard
from longdoc.errors import ConfigError, UnknownNameError, UnsupportedError
from longdoc_stores.kv_cache import TieredCache
from longdoc_stores.kv_layer import TieredLayer
from longdoc_stores.kv_settings import LayerSettings

EXACT = LayerSettings(keys="exact", values="exact", page=16, segment=64, few=4)


def run(model: Any, ids: Tensor, cache: Any, prefill: int, steps: int, chunk: int | None = None, **more: Any) -> Tensor:
    """Logits of every token after a prefill of so many, in chunks, and so many steps of one token."""
    found, done = [], 0
    cuts = [*range(0, prefill, chunk or prefill), prefill, *range(prefill + 1, prefill + steps + 1)]
    for start, end in pairwise(cuts):
        if start == end:
            continue
        mask = {"attention_mask": more["attention_mask"][:, :end]} if "attention_mask" in more else {}
        found.append(model(ids[:, start:end], past_key_values=cache, use_cache=True, **mask).logits)
        done = end
    assert done == prefill + steps
    return torch.cat(found, dim=1)


def dense(family: str, ids: Tensor, prefill: int, steps: int, **more: Any) -> Tensor:
    from transformers import DynamicCache

    model = decoder(family)
    return run(model, ids, DynamicCache(config=model.config), prefill, steps, **more)


@pytest.mark.parametrize("chunk", [None, 48])
@pytest.mark.parametrize("family", FAMILIES)
def test_with_everything_hot_logits_are_those_of_dense_attention(family: str, chunk: int | None) -> None:
    model, ids = decoder(family, "longdoc"), tokens(132)
    cache = TieredCache(model.config, recent=1000)
    found = run(model, ids, cache, 100, 32, chunk)
    torch.testing.assert_close(found, dense(family, ids, 100, 32), atol=1e-3, rtol=0)
    assert cache.get_seq_length() == 132
    assert cache.nbytes["ram"] == 0


@pytest.mark.parametrize("attention", ["longdoc", "sdpa", "eager"])
@pytest.mark.parametrize("family", FAMILIES)
def test_with_a_small_hot_tier_and_all_blocks_read_they_are_too(family: str, attention: str) -> None:
    model, ids = decoder(family, attention), tokens(232)
    cache = TieredCache(model.config, recent=32, sinks=4, top_k=10_000, settings=EXACT)
    found = run(model, ids, cache, 200, 32, 50)
    torch.testing.assert_close(found, dense(family, ids, 200, 32), atol=1e-3, rtol=0)
    assert cache.nbytes["ram"] > 0


@pytest.mark.parametrize("attention", ["longdoc", "sdpa"])
def test_generate_takes_the_cache(attention: str) -> None:
    model, ids = decoder("qwen2", attention), tokens(150)
    cache = TieredCache(model.config, recent=32, sinks=4, top_k=10_000, settings=EXACT)
    expected = decoder("qwen2").generate(ids, max_new_tokens=24, do_sample=False)
    assert model.generate(ids, past_key_values=cache, max_new_tokens=24, do_sample=False).tolist() == expected.tolist()


@pytest.mark.parametrize("recent", [1000, 32])
def test_a_batch_of_different_lengths_is_read_row_by_row(recent: int) -> None:
    ids, there = tokens(132, batch=3), torch.ones(3, 132, dtype=torch.int64)
    for row, pad in ((0, 40), (2, 7)):
        ids[row, :pad], there[row, :pad] = 0, 0
    model = decoder("qwen2", "longdoc")
    cache = TieredCache(model.config, recent=recent, sinks=4, top_k=10_000, settings=EXACT)
    found = run(model, ids, cache, 100, 32, 50, attention_mask=there)
    expected = dense("qwen2", ids, 100, 32, attention_mask=there)
    torch.testing.assert_close(found[there.bool()], expected[there.bool()], atol=1e-3, rtol=0)


def test_retrieval_is_near_dense_and_reads_little() -> None:
    model, ids = decoder("qwen2", "longdoc"), tokens(1600)
    expected = dense("qwen2", ids, 1580, 20)[:, 1580:]
    apart = {}
    for top_k in (16, 128, 512):
        cache = TieredCache(model.config, recent=64, sinks=8, top_k=top_k, settings=replace(EXACT, segment=256))
        found = run(model, ids, cache, 1580, 20)[:, 1580:]
        apart[top_k] = float((torch.softmax(found, -1) - torch.softmax(expected, -1)).abs().sum(-1).mean())
        assert cache.telemetry[0].gathered == 20 * top_k
    assert apart[512] < apart[128] < apart[16], apart
    assert apart[512] < 0.05, apart


def test_what_is_not_read_counts_by_its_estimate() -> None:
    model, ids = decoder("qwen2", "longdoc"), tokens(1600)
    expected = dense("qwen2", ids, 1580, 20)[:, 1580:]
    apart = {}
    for tail in (False, True):
        cache = TieredCache(model.config, recent=64, sinks=8, top_k=64, settings=replace(EXACT, tail=tail))
        found = run(model, ids, cache, 1580, 20)[:, 1580:]
        apart[tail] = float((torch.softmax(found, -1) - torch.softmax(expected, -1)).abs().sum(-1).mean())
    assert apart[True] < 0.7 * apart[False], apart


@pytest.mark.parametrize(("keys", "values", "bound"), [("int8", "int8", 0.01), ("int8", "int4", 0.1)])
def test_compressed_tiers_move_attention_by_little(keys: str, values: str, bound: float) -> None:
    draw = torch.Generator().manual_seed(0)
    k, v = (torch.randn(1, 2, 600, 64, generator=draw) for _ in range(2))
    q = torch.randn(1, 4, 1, 64, generator=draw)
    outs = []
    for codec in ("exact", None):
        settings = LayerSettings(recent=32, sinks=8, top_k=10_000, keys=codec or keys, values=codec or values)
        layer = TieredLayer(settings, Antidiagonal(), None, True)
        for part in (slice(0, 500), slice(500, 600)):
            layer.update(k[:, :, part], v[:, :, part])
            outs.append(layer.attend(q, 0.125, None))
    outs = outs[1::2]
    assert float((outs[0] - outs[1]).norm() / outs[0].norm()) < bound


def test_a_prefill_that_misses_mass_is_read_densely() -> None:
    model, ids = decoder("qwen2", "longdoc"), tokens(400)
    pattern = Antidiagonal(stride=4, block=16, threshold=0.05, sinks=1, local=0)
    expected = dense("qwen2", ids, 400, 0)
    apart = {}
    for guard in (None, Guard()):
        cache = TieredCache(model.config, pattern=pattern, guard=guard)
        apart[guard] = float((run(model, ids, cache, 400, 0) - expected).abs().max())
        if guard:
            assert min(float(mass.min()) for mass in cache.telemetry[0].mass) < 0.95
    assert apart[Guard()] < 0.5 * apart[None], apart  # type: ignore[operator]


def test_beams_are_reordered_through_all_tiers() -> None:
    model, ids = decoder("qwen2", "longdoc"), tokens(120)
    cache = TieredCache(model.config, recent=32, sinks=4, top_k=10_000, settings=EXACT)
    settings = {"max_new_tokens": 12, "num_beams": 3, "do_sample": False}
    assert model.generate(ids, past_key_values=cache, **settings).tolist() == decoder("qwen2").generate(ids, **settings).tolist()


def test_a_cache_that_is_reset_starts_again() -> None:
    model, ids = decoder("qwen2", "longdoc"), tokens(132)
    cache = TieredCache(model.config, recent=32, sinks=4, top_k=10_000, settings=EXACT)
    first = run(model, ids, cache, 100, 32)
    cache.reset()
    assert cache.get_seq_length() == 0
    torch.testing.assert_close(run(model, ids, cache, 100, 32), first)


def test_a_model_that_does_not_hand_on_the_keys_it_was_given_is_refused() -> None:
    layer = TieredLayer(LayerSettings(), Antidiagonal(), None, True)
    keys, values = torch.randn(1, 2, 5, 8), torch.randn(1, 2, 5, 8)
    layer.update(keys, values)
    with pytest.raises(UnsupportedError, match="load the model with attn_implementation='sdpa'"):
        layer.update(keys, values)


def test_settings_that_make_no_sense_are_refused() -> None:
    config = decoder("qwen2").config
    with pytest.raises(ConfigError, match="recent is 0; it must be at least 1"):
        TieredCache(config, recent=0)
    with pytest.raises(ConfigError, match="top_k is -1; it must not be negative"):
        TieredCache(config, top_k=-1)
    with pytest.raises(ConfigError, match="a page of 24 tokens is no multiple of a block of 16"):
        TieredCache(config, settings=LayerSettings(page=24))
    with pytest.raises(UnknownNameError, match=r"no pattern 'diagonal'\. Known: antidiagonal, auto"):
        TieredCache(config, pattern="diagonal")
    with pytest.raises(UnknownNameError, match="no codec 'int3'"):
        TieredCache(config, settings=LayerSettings(keys="int3"))
