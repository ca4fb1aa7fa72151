"""`TieredCache`: the keys and values of a decoder in tiers, as a cache that any transformers model takes.

    model = AutoModelForCausalLM.from_pretrained(path, attn_implementation="longdoc")    # after `import longdoc.attention`
    model.generate(**inputs, past_key_values=TieredCache(model.config))

With another attn_implementation, and for multi-head latent attention (DeepSeek-V2, V3), every layer decodes all of its tokens for
every step: the same tokens and tiers, read in full.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from transformers.cache_utils import DYNAMIC_LAYER_TYPE_MAPPING, Cache

from longdoc import registry
from longdoc.attention import dual_chunk
from longdoc.attention.guard import Guard
from longdoc.attention.pattern import Pattern
from longdoc.errors import ConfigError
from longdoc_stores.codecs import codec
from longdoc_stores.kv_layer import LayerSettings, Telemetry, TieredLayer


class TieredCache(Cache):  # type: ignore[misc]
    """A cache for the model with `config`; layers that see all tokens are tiered, those with a window or a state of their own are as
    transformers has them.

    `recent`, `sinks`, `top_k`: see LayerSettings, whose other fields `settings` gives. `pattern` is the name of a registered pattern
    or one itself, for prefills; `guard` checks it (None: no check). The first `dense_layers` layers read everything.

    Raises: ConfigError for a number that makes no sense, or a model with dual chunk attention that is not prepared;
    UnknownNameError for a pattern or codec that is not there.
    """

    def __init__(
        self,
        config: Any,
        *,
        recent: int = 10_000,
        sinks: int = 128,
        top_k: int = 2_048,
        pattern: str | Pattern = "auto",
        guard: Guard | None = Guard(),  # noqa: B008 - frozen
        dense_layers: int = 0,
        settings: LayerSettings = LayerSettings(),  # noqa: B008 - frozen
    ) -> None:
        settings = replace(settings, recent=recent, sinks=sinks, top_k=top_k)
        _check(settings)
        made: Pattern = registry.load("patterns", pattern)() if isinstance(pattern, str) else pattern
        decoder = config.get_text_config(decoder=True)
        # Multi-head latent attention stores latents and makes keys of all of them afterwards: it is read densely.
        direct = decoder._attn_implementation == "longdoc" and getattr(decoder, "kv_lora_rank", None) is None
        dual = dual_chunk.of(config)
        if dual and not (direct and getattr(decoder, dual_chunk.PREPARED, False)):
            raise ConfigError(
                "this model asks for dual chunk attention; load it with attn_implementation='longdoc' and call "
                "longdoc.attention.dual_chunk.prepare(model) first"
            )
        layers: list[Any] = []
        for number, kind in enumerate(_layer_types(decoder)):
            if kind == "full_attention":
                everything = number < dense_layers
                own = replace(settings, top_k=1 << 62) if everything else settings
                which = registry.load("patterns", "dense")() if everything else made
                layers.append(TieredLayer(own, which, None if everything else guard, direct, dual))
            else:
                layers.append(_of_transformers(kind, decoder))
        super().__init__(layers=layers)

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes of the tiered layers: "device" and "ram"."""
        parts = [layer.nbytes for layer in self.layers if isinstance(layer, TieredLayer)]
        return {tier: sum(part[tier] for part in parts) for tier in ("device", "ram")}

    @property
    def telemetry(self) -> dict[int, Telemetry]:
        """What each tiered layer has done, by its number."""
        return {number: layer.telemetry for number, layer in enumerate(self.layers) if isinstance(layer, TieredLayer)}


def _layer_types(config: Any) -> list[str]:
    given = getattr(config, "layer_types", None)
    if given is not None:
        return list(given)
    if getattr(config, "sliding_window", None) is not None and getattr(config, "use_sliding_window", True):
        return ["sliding_attention"] * config.num_hidden_layers
    return ["full_attention"] * config.num_hidden_layers


def _of_transformers(kind: str, config: Any) -> Any:
    if kind not in DYNAMIC_LAYER_TYPE_MAPPING:
        raise ConfigError(f"layers of type {kind!r} are not known to this version of transformers")
    made = DYNAMIC_LAYER_TYPE_MAPPING[kind]
    if kind in ("sliding_attention", "chunked_attention", "hybrid_sliding"):
        window = getattr(config, "sliding_window", None) or getattr(config, "attention_chunk_size", None)
        return made(sliding_window=window)
    return made()


def _check(settings: LayerSettings) -> None:
    for name in ("recent", "block", "page", "few", "candidates", "segment"):
        if getattr(settings, name) < 1:
            raise ConfigError(f"{name} is {getattr(settings, name)}; it must be at least 1")
    for name in ("sinks", "top_k"):
        if getattr(settings, name) < 0:
            raise ConfigError(f"{name} is {getattr(settings, name)}; it must not be negative")
    if settings.page % settings.block:
        raise ConfigError(f"a page of {settings.page} tokens is no multiple of a block of {settings.block}")
    codec(settings.keys), codec(settings.values)
