"""Queries, keys and values of a transformers decoder on a text, caught where its attention is called: after rotary embedding.

While the text is read, the attention called "longdoc" hands what it is given to the visitor and goes on as ever, dense.

Axis legend: B batch, always 1, H query heads, G key heads, T tokens, D channels of a key, E channels of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

import longdoc.attention  # noqa: F401 - registers the attention
from longdoc.attention.function import NAME, attention
from longdoc.engines.checkpoint import no_bars
from longdoc.errors import ConfigError, UsageError
from longdoc_pipelines.attention_sources import LayerTensors, Visit, named

CONFIG = "config.json"
"""What a folder with a checkpoint holds."""


class CheckpointSource:
    """The layers that attend to all tokens before a token's own, of the decoder in `folder`, on texts by their names.

    Raises: ConfigError if the folder holds no checkpoint of a decoder with its tokenizer.
    """

    def __init__(self, folder: Path, texts: Sequence[tuple[str, str]]) -> None:
        self._folder, self._names = folder, [name for name, _ in texts]
        if not (folder / CONFIG).is_file():
            raise ConfigError(f"{folder}: no checkpoint of transformers ({CONFIG} is missing)")
        with _refused(folder):
            self._config = AutoConfig.from_pretrained(folder, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._ids: list[int] = tokenizer("\n\n".join(text for _, text in texts), verbose=False)["input_ids"]

    @property
    def description(self) -> str:
        """See Source."""
        return f"checkpoint {self._folder} on {named(self._names)}"

    @property
    def tokens(self) -> int | None:
        """See Source."""
        return len(self._ids)

    @property
    def layers(self) -> int:
        """See Source."""
        return int(self._config.get_text_config(decoder=True).num_hidden_layers)

    def each(self, length: int, wanted: Collection[int], visit: Visit) -> None:
        """See Source. Layers that see a window, or have a state instead of keys, are passed over.

        Raises: UsageError if the model has no positions for so many tokens.
        """
        most = getattr(self._config.get_text_config(decoder=True), "max_position_embeddings", None)
        if most is not None and length > most:
            raise UsageError(f"{length:,} tokens are asked for, {self._folder} has positions for {most:,}")
        model = self._model

        def caught(
            module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float | None = None, **more: Any
        ) -> tuple[Tensor, None]:
            if module.layer_idx in wanted and more.get("sliding_window") is None:
                q, k, v = (side.float() for side in (query, key, value))
                visit(LayerTensors(module.layer_idx, q, k, v, query.shape[-1] ** -0.5 if scaling is None else scaling))
            return attention(module, query, key, value, mask, scaling, **more)

        with _called(caught):
            model(torch.tensor([self._ids[:length]]), use_cache=False, logits_to_keep=1)

    @cached_property
    def _model(self) -> Any:
        with _refused(self._folder), no_bars():
            model = AutoModelForCausalLM.from_pretrained(self._folder, attn_implementation=NAME, dtype="auto", local_files_only=True)
        return model.eval().requires_grad_(False)


@contextmanager
def _refused(folder: Path) -> Iterator[None]:
    """What transformers raises for a folder that it cannot use, as one error."""
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"{folder}: not a checkpoint that transformers loads as a decoder ({first})") from error


@contextmanager
def _called(instead: Callable[..., Any]) -> Iterator[None]:
    """`instead` of longdoc's attention, for as long as this lasts."""
    ALL_ATTENTION_FUNCTIONS[NAME] = instead
    try:
        yield
    finally:
        del ALL_ATTENTION_FUNCTIONS[NAME]
