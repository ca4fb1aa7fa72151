"""`TieredCache`: the keys and values of a decoder in tiers, as a cache that any transformers model takes.

    model = AutoModelForCausalLM.from_pretrained(path, attn_implementation="longdoc")    # after `import longdoc.attention`
    model.generate(**inputs, past_key_values=TieredCache(model.config))

With another attn_implementation, and for multi-head latent attention (DeepSeek-V2, V3), every layer decodes all of its tokens for
every step: the same tokens and tiers, read in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import DYNAMIC_LAYER_TYPE_MAPPING, Cache

from longdoc import registry
from longdoc.attention import dual_chunk
from longdoc.attention.guard import Guard
from longdoc.attention.pattern import Pattern
from longdoc.errors import ConfigError, UsageError
from longdoc_stores.kv_layer import TieredLayer
from longdoc_stores.kv_settings import LayerSettings, Telemetry
from longdoc_stores.kv_shelf import Shelf


class TieredCache(Cache):  # type: ignore[misc]
    """A cache for the model with `config`; layers that see all tokens are tiered, those with a window or a state of their own are as
    transformers has them.

    `recent`, `sinks`, `top_k`: see LayerSettings, whose other fields `settings` gives. `pattern` is the name of a registered pattern
    or one itself, for prefills; `guard` checks it (None: no check). The first `dense_layers` layers read everything. Old tokens take at
    most `ram_budget` bytes of RAM (None: as many as there are); what is more lies in files in the folder `spill`.

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
        ram_budget: int | None = None,
        spill: str | Path | None = None,
        settings: LayerSettings = LayerSettings(),  # noqa: B008 - frozen
    ) -> None:
        self.settings = replace(settings, recent=recent, sinks=sinks, top_k=top_k)
        self.settings.check()
        self.shelf = Shelf(ram_budget, Path(spill) if spill is not None else None, pinned=torch.cuda.is_available())
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
        for number, kind in enumerate(layer_types(decoder)):
            if kind == "full_attention":
                everything = number < dense_layers
                own = replace(self.settings, top_k=1 << 62) if everything else self.settings
                which = registry.load("patterns", "dense")() if everything else made
                check = None if everything else guard
                layers.append(TieredLayer(own, which, check, direct, dual, number=number, shelf=self.shelf, turn=self._prefetch))
            else:
                layers.append(_of_transformers(kind, decoder))
        self._pool: ThreadPoolExecutor | None = None
        self._marked: list[Any] | None = None
        self.notes: dict[str, Any] = {}
        super().__init__(layers=layers)

    def _prefetch(self, number: int) -> None:
        """Layer `number` is about to read its old tokens: bring those of the next one while it computes."""
        following = self.tiered.get(number + 1)
        if following is not None and following.old is not None:
            self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="longdoc-kv")
            following.old.prefetch(self._pool)

    @property
    def tiered(self) -> dict[int, TieredLayer]:
        """The layers that are tiered, by number."""
        return {number: layer for number, layer in enumerate(self.layers) if isinstance(layer, TieredLayer)}

    def reserve(self, new: int) -> None:
        """Set memory aside for `new` tokens more, of all layers, so that none runs out half-way; before the first tokens it does nothing.

        Raises: StoreFullError if there is no room; the cache is as it was.
        """
        for layer in self.tiered.values():
            layer.reserve(new)

    def mark(self) -> None:
        """Let `rewind` come back to here, any number of times."""
        for layer in self.tiered.values():
            layer.mark()
        self._marked = [None if isinstance(layer, TieredLayer) else deepcopy(layer) for layer in self.layers]

    def rewind(self) -> None:
        """Forget the tokens that have come since `mark`. Raises: UsageError if there was none."""
        if self._marked is None:
            raise UsageError("there is nothing to rewind to; call mark() first")
        for number, layer in enumerate(self.layers):
            if isinstance(layer, TieredLayer):
                layer.rewind()
            else:
                self.layers[number] = deepcopy(self._marked[number])

    @contextmanager
    def traced(self, wanted: bool = True) -> Iterator[list[Tensor]]:
        """While it is open, if that is `wanted`, every decoding step adds to the list the share of attention [S] that its last token gave
        to each token, on average over tiered layers and heads, of the first row of a batch."""
        found: list[Tensor] = []
        layers = list(self.tiered.values()) if wanted else []
        for layer in layers:
            layer.tracing = True
        if layers:
            layers[-1].traced_by = lambda: found.append(
                torch.stack([layer.trace for layer in layers if layer.trace is not None]).mean(dim=0)
            )
        try:
            yield found
        finally:
            for layer in layers:
                layer.tracing, layer.trace, layer.traced_by = False, None, None

    def save(self, location: str | Path, model: Any, notes: Mapping[str, Any] | None = None) -> None:
        """Copy the cache, tiers and index and all, to `location`, a path or an fsspec URL that holds no snapshot yet; `model` is the
        one that it was filled by, `notes` JSON that comes back with it.

        Raises: UsageError if there is a snapshot; StoreError if it cannot be written.
        """
        from longdoc_stores.kv_snapshot import save

        save(self, location, model, notes or {})

    @classmethod
    def restore(cls, location: str | Path, model: Any, **settings: Any) -> TieredCache:
        """The cache of the snapshot at `location`, for the `model` it was made with; `settings` as for a new one, but `recent`, `sinks`
        and codecs, which are the snapshot's. Local files are mapped, not read.

        Raises: StoreError if there is none; UsageError if it is another model's; StoreVersionError; StoreDamagedError.
        """
        from longdoc_stores.kv_snapshot import restore

        return restore(cls, location, model, settings)

    def close(self) -> None:
        """Give all memory back."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        self.reset()

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes of the tiered layers: "device", "ram" and "disk"."""
        parts = [layer.nbytes for layer in self.tiered.values()]
        return {tier: sum(part[tier] for part in parts) for tier in ("device", "ram", "disk")}

    @property
    def telemetry(self) -> dict[int, Telemetry]:
        """What each tiered layer has done, by its number."""
        return {number: layer.telemetry for number, layer in self.tiered.items()}


def layer_types(config: Any) -> list[str]:
    """The kind of attention of every layer of a decoder."""
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
