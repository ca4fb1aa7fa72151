from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from decoders import FAMILIES, decoder, tokens

import longdoc.attention  # noqa: F401 - registers the attention
from longdoc.errors import StoreError, StoreFullError, UsageError
from longdoc_stores.hot_blocks import NONE, HotBlocks
from longdoc_stores.kv_cache import TieredCache
from longdoc_stores.kv_settings import LayerSettings

SETTINGS = LayerSettings(page=16, segment=64)


def made(model: Any, **more: Any) -> TieredCache:
    settings = replace(SETTINGS, **more.pop("settings", {}))
    return TieredCache(model.config, **({"recent": 32, "sinks": 16, "top_k": 64, "settings": settings} | more))


def read(model: Any, cache: TieredCache, ids: torch.Tensor, step: int = 100) -> torch.Tensor:
    with torch.inference_mode():
        found = [model(ids[:, start : start + step], past_key_values=cache).logits for start in range(0, ids.shape[1], step)]
    return torch.cat(found, dim=1)


def test_what_does_not_fit_in_ram_lies_on_disk_and_reads_the_same(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    whole, spilled = made(model), made(model, ram_budget=20_000, spill=tmp_path)
    for cache in (whole, spilled):
        read(model, cache, tokens(400))
    assert whole.nbytes["disk"] == 0
    assert 0 < spilled.nbytes["ram"] <= 20_000
    assert sum(spilled.nbytes[tier] for tier in ("ram", "disk")) == whole.nbytes["ram"]
    found = read(model, spilled, tokens(20, seed=3), 1), read(model, whole, tokens(20, seed=3), 1)
    torch.testing.assert_close(found[0], found[1], atol=0, rtol=0)
    assert list(tmp_path.iterdir()) == [], "files have no name, so that none is left behind"
    assert spilled.shelf.used["disk"] >= spilled.nbytes["disk"]
    spilled.close()
    assert spilled.shelf.used == {"ram": 0, "disk": 0}


def test_the_next_layer_is_read_from_disk_while_one_computes(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    cache = made(model, ram_budget=0, spill=tmp_path)
    expected = made(model)
    ids, there = tokens(600), 0
    for start in range(0, 600, 100):
        there += cache.layers[1].old.length if start else 0
        part = ids[:, start : start + 100]
        torch.testing.assert_close(read(model, cache, part), read(model, expected, part), atol=0, rtol=0)
    assert cache.telemetry[1].ahead == there > 0, "all that the chunks before had left"
    assert cache.telemetry[0].ahead == 0, "nothing comes before layer 0"
    assert [expected.telemetry[layer].ahead for layer in (0, 1)] == [0, 0], "what lies in RAM need not be fetched"


def test_a_budget_that_is_used_up_is_an_error_with_both_numbers() -> None:
    model = decoder("qwen2", "longdoc")
    cache = made(model, ram_budget=20_000)
    with pytest.raises(StoreFullError, match=r"ram_budget is 20,000 bytes: raise it, or name a folder"):
        read(model, cache, tokens(400))


def test_a_full_disk_is_a_clean_error_and_what_was_read_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = decoder("qwen2", "longdoc")
    cache = made(model, ram_budget=0, spill=tmp_path / "spill")
    read(model, cache, tokens(200))
    cache.save(tmp_path / "kept", model)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(StoreError, match=r"cannot set [\d,]+ bytes aside for keys and values: the disk is full; free some space"):
        cache.reserve(4_000)
    assert list((tmp_path / "spill").iterdir()) == []
    assert [layer.get_seq_length() for layer in cache.layers] == [200, 200]
    assert TieredCache.restore(tmp_path / "kept", model).get_seq_length() == 200


def test_memory_that_is_reserved_is_there_and_what_is_not_leaves_the_cache_as_it_was() -> None:
    model = decoder("qwen2", "longdoc")
    cache = made(model, ram_budget=100_000)
    read(model, cache, tokens(200))
    sizes = [200]

    def on_and_on() -> None:
        for _ in range(100):
            cache.reserve(100)
            read(model, cache, tokens(100, seed=9))
            sizes.append(cache.get_seq_length())

    with pytest.raises(StoreFullError):
        on_and_on()
    assert len(sizes) > 2
    assert [layer.get_seq_length() for layer in cache.layers] == [sizes[-1], sizes[-1]]
    assert torch.isfinite(read(model, cache, tokens(1, seed=4))).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cache_goes_back_to_its_mark_as_often_as_asked(family: str) -> None:
    model = decoder(family, "longdoc")
    cache = made(model)
    read(model, cache, tokens(200))
    cache.mark()
    first = read(model, cache, tokens(90, seed=3), 30)
    for _ in range(2):
        cache.rewind()
        assert cache.get_seq_length() == 200
        torch.testing.assert_close(read(model, cache, tokens(90, seed=3), 30), first, atol=1e-5, rtol=0)
    with pytest.raises(UsageError, match="call mark"):
        made(model).rewind()


def test_what_a_prefill_left_over_is_no_longer_hot_when_questions_begin() -> None:
    model = decoder("qwen2", "longdoc")
    cache = made(model)
    read(model, cache, tokens(3000), 1500)
    layer = cache.layers[0]
    assert layer.count > 1500
    cache.mark()
    assert layer.count < 16 + 32 + 16
    assert layer.get_seq_length() == 3000


def test_hot_blocks_change_nothing_but_where_they_are_read() -> None:
    model = decoder("qwen2", "longdoc")
    plain, hot = made(model), made(model, settings={"hot_blocks": 8})
    outs = [(read(model, cache, tokens(400)), read(model, cache, tokens(30, seed=3), 1))[1] for cache in (plain, hot)]
    torch.testing.assert_close(outs[0], outs[1], atol=1e-5, rtol=0)
    one = hot.telemetry[0]
    assert one.hits > 0
    assert one.hits + one.misses == 30 * 2 * 4, "steps, key heads, blocks"
    assert one.moved < plain.telemetry[0].moved
    assert hot.nbytes["device"] > plain.nbytes["device"]


def test_the_blocks_that_were_used_least_recently_give_way() -> None:
    hot = HotBlocks(1, 3, 2, (4, 4), torch.device("cpu"), torch.float32)

    def use(*blocks: int) -> list[int]:
        asked = torch.tensor([blocks])
        slots = hot.find(asked)
        content = asked[..., None, None].float().expand(-1, -1, 2, 4)
        hot.use(asked, slots, content, -content)
        return [block for block, slot in zip(blocks, slots[0].tolist(), strict=True) if slot != NONE]

    assert use(5, 7) == []
    assert use(7, 9) == [7]
    assert use(7, 100) == [7], "block 5 gives way"
    assert use(5) == []
    assert use(100, 7) == [100, 7]
    slots = hot.find(torch.tensor([[7]]))[0]
    assert hot.keys(torch.tensor([0]), slots).unique().tolist() == [7.0]
    assert hot.values(torch.tensor([0]), slots).unique().tolist() == [-7.0]


def test_audited_steps_tell_what_share_of_the_best_blocks_was_read() -> None:
    model = decoder("qwen2", "longdoc")
    some, most = made(model, settings={"audit": 4}), made(model, top_k=256, settings={"audit": 4})
    for cache in (some, most):
        read(model, cache, tokens(800))
        read(model, cache, tokens(20, seed=3), 1)
    assert [len(some.telemetry[layer].recall) for layer in (0, 1)] == [5, 5]
    assert all(0.3 < value <= 1.0 for value in some.telemetry[0].recall + some.telemetry[0].share)
    assert sum(most.telemetry[0].share) > 0.95 * 5


def test_a_trace_names_where_attention_went() -> None:
    model = decoder("qwen2", "longdoc")
    small = made(model, top_k=128, settings={"keys": "exact", "values": "exact"})
    ids = tokens(800)
    with torch.inference_mode():
        weights = decoder("qwen2", "eager")(torch.cat([ids, tokens(1, seed=3)], 1), output_attentions=True).attentions
    expected = torch.stack([layer[0, :, -1].mean(dim=0) for layer in weights]).mean(dim=0)
    read(model, small, ids)
    with small.traced() as steps:
        read(model, small, tokens(1, seed=3))
    assert len(steps) == 1
    assert steps[0].shape == (801,)
    apart = (steps[0] - expected).abs()
    places = small.layers[0].places()
    assert len(places) == 257
    assert float(apart[places].max()) < 1e-3, "hot tokens are read by all heads"
    # Of the others each key head reads its own; what the layer below left out moves shares a little.
    assert float((steps[0] - expected).max()) < 1e-3
    assert 0.4 < float(steps[0].sum()) < float(expected.sum()) == pytest.approx(1.0)
    for more in ({"top_k": 10_000}, {"recent": 10_000}):
        everything = made(model, settings={"keys": "exact", "values": "exact"}, **more)
        read(model, everything, ids)
        with everything.traced() as whole:
            read(model, everything, tokens(1, seed=3))
        torch.testing.assert_close(whole[0], expected, atol=1e-5, rtol=0)
    read(model, small, tokens(1, seed=4))
    assert len(steps) == 1, "nothing is traced afterwards"
    assert small.layers[0].trace is None


def test_what_is_fetched_late_holds_no_token_twice(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    cache, pool = made(model, ram_budget=0, spill=tmp_path), Late()
    cache._pool = pool  # type: ignore[assignment]
    expected = made(model)
    for start in range(0, 600, 100):
        part = tokens(600)[:, start : start + 100]
        torch.testing.assert_close(read(model, cache, part), read(model, expected, part), atol=0, rtol=0)
    assert pool.run > 0


class Late:
    """Runs what it is given when the result is asked for."""

    def __init__(self) -> None:
        self.run = 0

    def submit(self, call: Any, *arguments: Any) -> Late:
        self._call = lambda: call(*arguments)
        return self

    def result(self) -> Any:
        self.run += 1
        return self._call()
