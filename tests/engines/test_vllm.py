"""What is said before vLLM is asked. tests/with_vllm runs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from checkpoints import checkpoint

from longdoc import registry
from longdoc.engines.vllm import VllmEngine, engine_arguments
from longdoc.errors import ConfigError, DamagedError, LongdocError, MissingExtraError, NotFoundError, UnsupportedError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


def adapter(folder: Path, **settings: Any) -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return folder


def arguments(folder: Path, **more: Any) -> dict[str, Any]:
    return engine_arguments(folder, **({"context_length": None, "adapters": {}, "kv_offload": None, "dtype": "auto", "options": {}} | more))


def test_without_vllm_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    for name in ("VLLM_LOGGING_LEVEL", "VLLM_LOGGING_STREAM", "VLLM_NO_USAGE_STATS"):
        monkeypatch.setenv(name, "1")
    assert registry.load("engines", "vllm") is VllmEngine
    with pytest.raises(MissingExtraError, match=r"pip install 'longdoc\[vllm\]'"):
        VllmEngine(model=folder)


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (lambda path: path / "nowhere", NotFoundError, "no such folder"),
        (lambda path: (path / "config.json").unlink(), UnsupportedError, "no config.json there"),
        (lambda path: (path / "model.safetensors").unlink(), NotFoundError, "no weights there"),
        (lambda path: (path / "tokenizer.json").unlink(), UnsupportedError, "its tokenizer knows no words"),
        (lambda path: (path / "chat_template.jinja").unlink(), UnsupportedError, "no chat template"),
    ],
)
def test_a_checkpoint_that_will_not_do_is_named_before_anything_is_loaded(
    tmp_path: Path, spoil: Any, error: type[LongdocError], said: str
) -> None:
    folder = spoil(checkpoint(tmp_path / "tiny")) or tmp_path / "tiny"
    with pytest.raises(error, match=f"{folder.name}.*{said}"):
        VllmEngine(model=folder)


def test_vllm_makes_room_for_the_largest_adapter_and_leaves_one_place_empty(folder: Path, tmp_path: Path) -> None:
    adapters = {"small": adapter(tmp_path / "small", r=4), "large": adapter(tmp_path / "large", r=16, rank_pattern={"q_proj": 24})}
    given = arguments(folder, adapters=adapters)
    assert {name: given[name] for name in ("enable_lora", "max_loras", "max_lora_rank")} == {
        "enable_lora": True,
        "max_loras": 3,
        "max_lora_rank": 32,
    }
    assert "enable_lora" not in arguments(folder)


def test_an_adapter_that_is_none_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"elsewhere: no adapter_config.json there"):
        arguments(folder, adapters={"tenants": tmp_path / "elsewhere"})
    with pytest.raises(DamagedError, match="names no rank"):
        arguments(folder, adapters={"tenants": adapter(tmp_path / "tenants", alpha=8)})


def test_ram_for_keys_and_values_is_given_in_gibibytes_and_options_count_for_more(folder: Path) -> None:
    given = arguments(folder, kv_offload="1536MiB", context_length=4096, options={"max_model_len": 2048, "seed": 3})
    assert (given["kv_offloading_size"], given["max_model_len"], given["seed"]) == (1.5, 2048, 3)
    assert given["enable_prefix_caching"] is True
    assert "kv_offloading_size" not in arguments(folder)
    with pytest.raises(ConfigError, match="'much' is no number of bytes"):
        arguments(folder, kv_offload="much")
