"""A decoder from a folder of a Hugging Face checkpoint, with what is wrong with the folder said before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from warnings import catch_warnings, filterwarnings

from longdoc.errors import ConfigError, DamagedError, MissingExtraError, NotFoundError, UnsupportedError

DTYPES = ("auto", "float32", "bfloat16", "float16")
WEIGHTS = ("int8", "int4")
_WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")
_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


def check_folder(folder: Path) -> None:
    """Raises: NotFoundError for a folder or shard that is not there; UnsupportedError if it is no checkpoint."""
    if not folder.is_dir():
        raise NotFoundError(f"{folder}: no such folder; name the folder of a checkpoint, with config.json and its weights")
    if not (folder / "config.json").is_file():
        raise UnsupportedError(f"{folder}: no config.json there, so it is no checkpoint of transformers; name the folder that holds it")
    for name in _INDEXES:
        if (folder / name).is_file():
            _check_shards(folder, folder / name)
            return
    if not any((folder / name).is_file() for name in _WEIGHTS_FILES):
        raise NotFoundError(f"{folder}: no weights there ({' or '.join(_WEIGHTS_FILES)}); copy the checkpoint again, whole")


def _check_shards(folder: Path, index: Path) -> None:
    try:
        shards = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (ValueError, KeyError, AttributeError) as error:
        raise DamagedError(f"{index}: cannot be read as the list of a checkpoint's shards; copy the checkpoint again") from error
    missing = [shard for shard in shards if not (folder / shard).is_file()]
    if missing:
        listed = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise NotFoundError(f"{folder}: {len(missing)} of {len(shards)} shards are missing ({listed}); copy the checkpoint again, whole")


def load_decoder(folder: Path, *, dtype: str, device: str, adapter: Path | None, weights: str | None) -> Any:
    """The decoder in `folder`, ready to read, attention by longdoc, dual chunk attention prepared where its config asks for it.

    Raises: what check_folder raises; UnsupportedError for an architecture that this transformers does not know or that is no decoder;
    ConfigError for a dtype or weights that there are none of; DamagedError for weights that cannot be read.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM

    import longdoc.attention  # noqa: F401 - registers the attention
    from longdoc.attention import dual_chunk

    check_folder(folder)
    if dtype not in DTYPES:
        raise ConfigError(f"dtype {dtype!r}: not one of {', '.join(DTYPES)}")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (ValueError, KeyError) as error:
        kind = _model_type(folder)
        raise UnsupportedError(f"{folder}: {_unknown(kind)}") from error
    except OSError as error:
        raise DamagedError(f"{folder}/config.json: cannot be read ({error}); copy the checkpoint again") from error
    settings: dict[str, Any] = {"local_files_only": True, "attn_implementation": "longdoc"}
    settings["dtype"] = "auto" if dtype == "auto" else getattr(torch, dtype)
    if weights is not None:
        settings["quantization_config"] = _quantised(weights)
    if device != "cpu":
        settings["device_map"] = device
    try:
        with no_bars():
            model = AutoModelForCausalLM.from_pretrained(folder, config=config, **settings)
    except ValueError as error:
        if "Unrecognized configuration class" in str(error):
            raise UnsupportedError(
                f"{folder}: {config.model_type!r} is no decoder that writes text; name a causal language model"
            ) from error
        raise UnsupportedError(f"{folder}: transformers cannot load it: {error}") from error
    except (SafetensorError, OSError, RuntimeError, EOFError) as error:
        raise DamagedError(f"{folder}: its weights cannot be read ({str(error).splitlines()[0]}); copy the checkpoint again") from error
    if adapter is not None:
        model = _adapted(model, adapter)
    model = model.eval().requires_grad_(False)
    dual_chunk.prepare(model)
    return model


@contextmanager
def no_bars() -> Iterator[None]:
    """transformers would show a bar of its own."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def load_tokenizer(folder: Path) -> Any:
    """The checkpoint's tokenizer. Raises: UnsupportedError if there is none that gives offsets, or it knows no words."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise UnsupportedError(f"{folder}: no tokenizer there (tokenizer.json); copy it from the checkpoint") from error
    if not tokenizer.is_fast:
        raise UnsupportedError(f"{folder}: its tokenizer gives no offsets; longdoc needs tokenizer.json")
    if not tokenizer("a", add_special_tokens=False)["input_ids"]:  # what transformers makes of a folder that has no tokenizer's files
        raise UnsupportedError(f"{folder}: its tokenizer knows no words (is tokenizer.json there?); copy it from the checkpoint")
    return tokenizer


def _model_type(folder: Path) -> str | None:
    try:
        kind = json.loads((folder / "config.json").read_bytes()).get("model_type")
    except (ValueError, AttributeError):
        return None
    return kind if isinstance(kind, str) else None


def _unknown(kind: str | None) -> str:
    import transformers

    if kind is None:
        return "config.json names no model_type; copy the checkpoint again"
    version = transformers.__version__
    return f"the architecture {kind!r} is not known to transformers {version}; upgrade transformers, or use another checkpoint"


def _quantised(weights: str) -> Any:
    if weights not in WEIGHTS:
        raise ConfigError(f"weights {weights!r}: not one of {', '.join(WEIGHTS)}")
    if find_spec("optimum") is None or find_spec("optimum.quanto") is None:
        raise MissingExtraError(f"weights {weights!r} need optimum-quanto: pip install 'longdoc[local]'")
    from transformers import QuantoConfig

    _unpack_without_compiler()
    return QuantoConfig(weights=weights)


def _unpack_without_compiler() -> None:
    """Keep quanto from compiling C++ when int4 weights are first unpacked on a CPU: these are the same tensor operations."""
    import torch
    from optimum.quanto.library.extensions import get_extension

    def unpack(packed: torch.Tensor, bits: int) -> torch.Tensor:
        return torch.cat([(packed >> shift) & ((1 << bits) - 1) for shift in range(0, 8, bits)])

    get_extension("quanto_cpp")._lib = SimpleNamespace(unpack=unpack)


def _adapted(model: Any, adapter: Path) -> Any:
    if not (adapter / "adapter_config.json").is_file():
        raise NotFoundError(f"{adapter}: no adapter_config.json there; name the folder of a LoRA adapter made with peft")
    try:
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtraError("adapters need peft: pip install 'longdoc[local]'") from error
    try:
        with catch_warnings():
            filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)  # peft asks the old way
            return PeftModel.from_pretrained(model, str(adapter), local_files_only=True).merge_and_unload()
    except (ValueError, RuntimeError, OSError) as error:
        raise UnsupportedError(f"{adapter}: does not fit this model: {str(error).splitlines()[0]}") from error
