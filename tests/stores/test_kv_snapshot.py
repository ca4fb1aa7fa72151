from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from decoders import decoder, tokens

import longdoc.attention  # noqa: F401 - registers the attention
from longdoc.errors import StoreDamagedError, StoreError, StoreVersionError, UsageError
from longdoc_stores.kv_cache import TieredCache
from longdoc_stores.kv_settings import LayerSettings

SETTINGS = LayerSettings(page=16, segment=64)


def filled(model: Any, count: int = 300, **more: Any) -> TieredCache:
    cache = TieredCache(model.config, recent=32, sinks=16, top_k=64, settings=SETTINGS, **more)
    with torch.inference_mode():
        for start in range(0, count, 100):
            model(tokens(300)[:, start : start + 100], past_key_values=cache)
    return cache


def after(model: Any, cache: TieredCache) -> torch.Tensor:
    with torch.inference_mode():
        return torch.cat([model(token[None, None], past_key_values=cache).logits for token in tokens(20, seed=3)[0]], dim=1)


@pytest.mark.parametrize("family", ["qwen2", "qwen3_next"])
def test_what_was_read_once_answers_the_same_from_a_snapshot(family: str, tmp_path: Path) -> None:
    model = decoder(family, "longdoc")
    cache = filled(model)
    cache.save(tmp_path / "snapshot", model, {"document": "lease.pdf"})
    again = TieredCache.restore(tmp_path / "snapshot", model, top_k=64)
    assert again.notes == {"document": "lease.pdf"}
    assert again.get_seq_length() == 300
    number = min(again.tiered)
    assert again.nbytes["disk"] == cache.nbytes["ram"] > 0, "local segments are mapped"
    torch.testing.assert_close(after(model, again), after(model, cache), atol=0, rtol=0)
    assert again.telemetry[number].gathered > 0


def test_a_snapshot_goes_to_any_location(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    cache = filled(model)
    cache.save("memory://kv/one", model)
    again = TieredCache.restore("memory://kv/one", model, top_k=64)
    assert again.nbytes["ram"] == cache.nbytes["ram"]
    torch.testing.assert_close(after(model, again), after(model, cache), atol=0, rtol=0)


def test_reading_on_does_not_change_the_snapshot(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    filled(model, 200).save(tmp_path, model)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    cache = TieredCache.restore(tmp_path, model, top_k=64)
    with torch.inference_mode():
        model(tokens(300)[:, 200:], past_key_values=cache)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    torch.testing.assert_close(after(model, cache), after(model, filled(model)), atol=1e-4, rtol=0)


def test_the_signs_of_keys_come_back_too(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    cache = TieredCache(model.config, recent=32, sinks=16, top_k=64, settings=LayerSettings(page=16, segment=64, index="signs"))
    with torch.inference_mode():
        model(tokens(300)[:, :200], past_key_values=cache)
        model(tokens(300)[:, 200:], past_key_values=cache)
    cache.save(tmp_path, model)
    torch.testing.assert_close(after(model, TieredCache.restore(tmp_path, model, top_k=64)), after(model, cache), atol=0, rtol=0)


def test_another_models_snapshot_is_refused(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    filled(model).save(tmp_path, model)
    with pytest.raises(UsageError, match=r"made with another model \(weights' values differ: \w+ there, \w+ here\)"):
        TieredCache.restore(tmp_path, decoder("qwen2", "longdoc", seed=1))
    with pytest.raises(UsageError, match=r"type, weights' shapes, weights' values differ: qwen2"):
        TieredCache.restore(tmp_path, decoder("llama", "longdoc"))


def test_what_is_no_whole_snapshot_is_refused(tmp_path: Path) -> None:
    model = decoder("qwen2", "longdoc")
    with pytest.raises(StoreError, match="no snapshot there"):
        TieredCache.restore(tmp_path, model)
    filled(model).save(tmp_path, model)
    with pytest.raises(UsageError, match="holds a snapshot already"):
        filled(model).save(tmp_path, model)
    segment = next(tmp_path.glob("layer-001-keys-*.bin"))
    whole = segment.read_bytes()
    segment.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(StoreDamagedError, match=f"the checksum of {segment.name} does not match"):
        TieredCache.restore(tmp_path, model)
    segment.write_bytes(whole[:-1])
    with pytest.raises(StoreDamagedError, match=f"{segment.name} is missing or not whole"):
        TieredCache.restore(tmp_path, model)
    segment.write_bytes(whole)
    with pytest.raises(UsageError, match="recent cannot be chosen anew"):
        TieredCache.restore(tmp_path, model, recent=5)
    head, _, body = (tmp_path / "manifest.json").read_bytes().partition(b"\n")
    (tmp_path / "manifest.json").write_bytes(head + b"\n" + body.replace(b'"tokens":300', b'"tokens":301'))
    with pytest.raises(StoreDamagedError, match=r"the checksum of manifest\.json does not match"):
        TieredCache.restore(tmp_path, model)
    newer = json.loads(body) | {"format": 99}
    (tmp_path / "manifest.json").write_bytes(head + b"\n" + json.dumps(newer).encode())
    with pytest.raises(StoreVersionError, match="format 99, this longdoc reads up to 1"):
        TieredCache.restore(tmp_path, model)
