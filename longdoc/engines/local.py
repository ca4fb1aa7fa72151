"""A checkpoint of transformers on this machine, read through the tiered cache.

    engine = load_model("path/to/checkpoint", kv_budget="4GiB", ram_budget="24GiB")
    context = engine.read(text)
    print(context.ask("When does the lease end?").text)

A text is read in chunks, so that activations stay small however long it is; what was read answers any number of questions, and can be
saved and opened again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from torch import Tensor

from longdoc import registry
from longdoc.engines.answering import answered
from longdoc.engines.budgets import Shape, plan, size
from longdoc.engines.checkpoint import load_decoder, load_tokenizer
from longdoc.engines.constrained import Grammars
from longdoc.engines.context import Context, Prompt
from longdoc.engines.decoding import Row, Rows
from longdoc.errors import ConfigError, EngineError, LimitError
from longdoc.protocols import Progress, Request, Response
from longdoc_stores.kv_cache import TieredCache
from longdoc_stores.kv_settings import LayerSettings

DENSE = 65_536
"""Tokens up to which "auto" reads everything."""
_CHUNK = {"cpu": 4_096, "cuda": 32_768}
_ALL = 1 << 62
_MARK = "\u241eQUESTION\u241e"


def load_model(
    path: str | Path,
    *,
    attention: str = "auto",
    kv_budget: str | int = "4GiB",
    ram_budget: str | int = "24GiB",
    spill: str | Path | None = None,
    dtype: str = "auto",
    device: str = "auto",
    weights: str | None = None,
    adapter: str | Path | None = None,
    chunk: int = 0,
    batch: int = 1,
    context_length: int | None = None,
    settings: LayerSettings = LayerSettings(),  # noqa: B008 - frozen
) -> LocalEngine:
    """The checkpoint in the folder `path` as an engine.

    `attention` is "auto" (dense up to 65,536 tokens) or the name of a pattern. Keys and values take at most `kv_budget` bytes on the
    device and, encoded, `ram_budget` bytes of RAM; what is more lies in files in `spill`. `weights` "int8" or "int4" quantises the
    model's (torchao), `adapter` is the folder of a LoRA adapter (peft). A prompt is read `chunk` tokens at a time (0: 32,768 on a GPU,
    4,096 on a CPU), `batch` requests of `generate` together. `context_length` stands in for the model's own limit.

    Raises: see checkpoint.load_decoder; UnknownNameError for a pattern that is not there; ConfigError for a number that makes no sense.
    """
    registry.load("patterns", attention)
    kv, ram = size(kv_budget), size(ram_budget)
    if chunk < 0 or batch < 1:
        raise ConfigError(f"chunk is {chunk} and batch {batch}; they must be at least 0 and 1")
    settings.check()
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    folder = Path(path)
    model = load_decoder(folder, dtype=dtype, device=place, adapter=Path(adapter) if adapter is not None else None, weights=weights)
    return LocalEngine(
        model,
        load_tokenizer(folder),
        name=f"local:{folder.resolve().name}",
        attention=attention,
        kv=kv,
        ram=ram,
        spill=Path(spill) if spill is not None else None,
        chunk=chunk or _CHUNK.get(torch.device(place).type, 4_096),
        batch=batch,
        context_length=context_length or int(model.config.get_text_config(decoder=True).max_position_embeddings),
        settings=settings,
    )


class LocalEngine:
    """See load_model. One thread at a time uses it. `notes` says, for a person, what about the checkpoint is not as it should be."""

    enforces_schema = True

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str,
        attention: str,
        kv: int,
        ram: int,
        spill: Path | None,
        chunk: int,
        batch: int,
        context_length: int,
        settings: LayerSettings,
    ) -> None:
        self.model, self.tokenizer, self.name, self.context_length = model, tokenizer, name, context_length
        self._attention, self._kv, self._ram, self._spill = attention, kv, ram, spill
        self._chunk, self.batch, self._settings = chunk, batch, settings
        self.device = next(model.parameters()).device
        self._shape = Shape.of(model.config, next(model.parameters()).dtype)
        self.pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        self.grammars = Grammars(tokenizer, model.get_output_embeddings().weight.shape[0], self._ends())
        self.notes: list[str] = []
        if not tokenizer.chat_template:
            self.notes.append(
                f"{name}: its tokenizer has no chat template, so that messages are given to it one after the other, without their roles; a "
                "model that was taught to follow instructions has one"
            )
        self._faults: list[Tensor] = []
        for layer in model.get_decoder().layers:
            layer.register_forward_hook(self._look)

    def close(self) -> None:
        """Free the model."""
        self.model = None
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the checkpoint's tokenizer."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def read(
        self,
        document: str,
        *,
        instructions: str = "",
        room: int = 2_048,
        notes: Mapping[str, Any] | None = None,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Context:
        """Read `document`, with `instructions` before it, and keep it for questions; `room` tokens are left for a question and its answer.
        `notes` is JSON that a snapshot keeps. `progress` is told after every chunk; `cancelled` is asked before.

        Raises: LimitError if it is longer than the model reads; ConfigError or StoreFullError if the budgets do not hold it, before the
        first token; StoreFullError if RAM or disk runs out; EngineError if a layer's numbers are none, or it was cancelled.
        """
        prompt = self._prompt(document, instructions, dict(notes or {}))
        ids = torch.tensor([prompt.ids], device=self.device)
        cache = self.cache(len(prompt.ids), room)
        started = time.perf_counter()
        self.prefill(ids, None, cache, progress, cancelled)
        cache.mark()
        return Context(self, cache, prompt, time.perf_counter() - started)

    def open(self, location: str | Path) -> Context:
        """The context that was saved at `location`. Raises: see TieredCache.restore."""
        cache = TieredCache.restore(location, self.model, **self._how(), top_k=self._settings.top_k, settings=self._settings)
        cache.mark()
        notes = dict(cache.notes)
        start, end = notes["document"]
        ids, offsets = self._tokens(notes["before"])
        return Context(self, cache, Prompt(notes["before"], start, end, notes["after"], notes["own"], ids, offsets), 0.0)

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """See Engine. A prefix that several requests share is read once; the others are answered `batch` together. `seconds` are those from
        when a request's turn comes; the first of those that share a prefix reads it, the others have it among their `cached_tokens`."""
        return answered(self, requests, cancelled)

    def tokens_of(self, request: Request) -> list[int]:
        """The token ids of a request's prompt.

        Raises: ConfigError for what this engine cannot do; LimitError if it and its answer are too long; EngineError if the chat template
        makes no prompt of the messages.
        """
        if request.adapter is not None:
            raise ConfigError(
                f"adapter {request.adapter!r}: {self.name} takes one adapter when it is loaded (adapter=, the folder of one made with "
                "peft), and none by request"
            )
        if request.max_tokens < 1 or request.temperature < 0:
            raise ConfigError(f"max_tokens is {request.max_tokens} and temperature {request.temperature}; they must be at least 1 and 0")
        if request.schema is not None:
            self.grammars.of(request.schema)
        ids = self._tokens(self._rendered([dict(message) for message in request.messages]))[0]
        if not ids:
            raise EngineError(f"{self.name}: the messages are empty; say what is wanted of it")
        self._check_length(len(ids), request.max_tokens)
        return ids

    def _check_length(self, tokens: int, room: int) -> None:
        if tokens + room > self.context_length:
            raise LimitError(
                f"the prompt has {tokens:,} tokens and {room:,} more are wanted, {tokens + room:,} in all; {self.name} reads at most "
                f"{self.context_length:,}: read the document in parts, use a checkpoint with a longer context, or set YaRN in its "
                f"config.json (rope_scaling with a factor of {(tokens + room) / self.context_length:.1f} or more)"
            )

    def cache(self, tokens: int, room: int, batch: int = 1) -> TieredCache:
        """An empty cache for a prompt of `tokens` and `room` more, within the budgets. Raises: see `read`."""
        self._check_length(tokens, room)
        total = tokens + room
        made = plan(
            total, self._chunk, self._shape, self._settings, self.device.type,
            kv=self._kv, ram=self._ram, spill=self._spill is not None, batch=batch,
        )  # fmt: skip
        dense = self._attention == "dense" or (self._attention == "auto" and total <= DENSE)
        return TieredCache(
            self.model.config,
            recent=max(1, made.recent),
            sinks=self._settings.sinks,
            top_k=_ALL if dense else self._settings.top_k,
            settings=self._settings,
            **self._how(),
        )

    def _how(self) -> dict[str, Any]:
        return {"pattern": self._attention, "ram_budget": self._ram, "spill": self._spill}

    def prefill(
        self,
        ids: Tensor,
        there: Tensor | None,
        cache: TieredCache,
        progress: Callable[[Progress], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        """Read token ids [B, T] into `cache`, a chunk at a time; `there` [B, T] is 0 for padding on the left. Raises: see `read`."""
        places = None if there is None else (there.cumsum(dim=1) - 1).clamp(min=0)
        with torch.inference_mode():
            for first in range(0, ids.shape[1], self._chunk):
                if cancelled is not None and cancelled():
                    raise EngineError(f"cancelled after {first:,} of {ids.shape[1]:,} tokens")
                part = ids[:, first : first + self._chunk]
                last = first + part.shape[1]
                # Once the first chunk has told the layers what tokens are like, all at once: segments stay few.
                cache.reserve(ids.shape[1] - first)
                more: dict[str, Any] = {}
                if there is not None and places is not None:
                    more = {"attention_mask": there[:, :last], "position_ids": places[:, first:last]}
                self._faults = []
                self.model(part, past_key_values=cache, use_cache=True, logits_to_keep=1, **more)
                self._check(first, last)
                if progress is not None:
                    progress(Progress("read", last, ids.shape[1], "tokens"))

    def write(
        self,
        ids: Tensor,
        there: Tensor | None,
        cache: TieredCache,
        requests: Sequence[Request],
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Row]:
        """What the model writes for B requests after token ids [B, T], which `cache` holds but for the last ones.

        Raises: see Grammars.of; EngineError if a schema becomes too complex.
        """
        ends = self._ends()
        rows = Rows(requests, self.grammars, ends, self.device, cancelled)
        with torch.inference_mode():
            self.model.generate(
                ids,
                attention_mask=torch.ones_like(ids) if there is None else there,
                past_key_values=cache,
                max_new_tokens=max(each.max_tokens for each in requests),
                do_sample=False,  # the rows draw
                temperature=1.0,
                top_p=1.0,
                top_k=50,  # what a checkpoint sets for its own draws would be warned of
                logits_processor=[rows.choose],
                stopping_criteria=[rows.stop],
                eos_token_id=ends,
                pad_token_id=self.pad,
            )
        return rows.rows

    def _ends(self) -> list[int]:
        own = self.model.generation_config.eos_token_id
        ends = own if isinstance(own, list) else [] if own is None else [own]
        return list(dict.fromkeys([*ends, *([] if self.tokenizer.eos_token_id is None else [self.tokenizer.eos_token_id])]))

    def _prompt(self, document: str, instructions: str, notes: dict[str, Any]) -> Prompt:
        head = f"{instructions}\n\n" if instructions else ""
        text = self._rendered([{"role": "user", "content": f"{head}{document}\n\n{_MARK}"}])
        before, mark, after = text.rpartition(_MARK)
        start = before.rfind(document)
        if not mark or start < 0:
            raise EngineError(f"{self.name}: its chat template changes the text that it is given; longdoc cannot say what was read where")
        ids, offsets = self._tokens(before)
        return Prompt(before, start, start + len(document), after, notes, ids, offsets)

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        if self.tokenizer.chat_template:
            try:
                return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
            except TemplateError as error:
                raise EngineError(f"{self.name}: its chat template refuses the messages: {error}") from error
        return (self.tokenizer.bos_token or "") + "\n\n".join(message["content"] for message in messages) + "\n"

    def _tokens(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return found["input_ids"], found["offset_mapping"]

    def _look(self, module: Any, given: Any, out: Any) -> None:
        state = out[0] if isinstance(out, tuple) else out
        if state.shape[1] > 1:  # of a decoding step the next one would tell
            self._faults.append(torch.isfinite(state).all())

    def _check(self, first: int, last: int) -> None:
        if self._faults and not bool(torch.stack(self._faults).all()):
            layer = next(number for number, fine in enumerate(self._faults) if not bool(fine))
            raise EngineError(
                f"{self.name}: layer {layer} gives NaN or infinite numbers for tokens {first:,} to {last:,}; the weights are damaged, "
                " or too large for their dtype: copy the checkpoint again, or load it with dtype='float32' or 'bfloat16'"
            )
