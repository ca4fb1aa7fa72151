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
from torch import Tensor

from longdoc import registry
from longdoc.engines.budgets import Shape, plan, size
from longdoc.engines.checkpoint import load_decoder, load_tokenizer
from longdoc.engines.constrained import Constrained
from longdoc.engines.context import Context, Prompt, response
from longdoc.errors import ConfigError, EngineError, LimitError, LongdocError
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
    """See load_model. One thread at a time uses it."""

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
        self._chunk, self._batch, self._settings = chunk, batch, settings
        self.device = next(model.parameters()).device
        self._shape = Shape.of(model.config, next(model.parameters()).dtype)
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
        """See Engine."""
        for first in range(0, len(requests), self._batch):
            some = requests[first : first + self._batch]
            try:
                yield from ((first + number, answer) for number, answer in enumerate(self._answers(some)))
            except LongdocError as error:
                yield from ((first + number, Response("", error=str(error))) for number in range(len(some)))

    def _answers(self, requests: Sequence[Request]) -> list[Response]:
        started = time.perf_counter()
        rows = [self._tokens(self._rendered([dict(message) for message in request.messages]))[0] for request in requests]
        longest, room = max(map(len, rows)), max(request.max_tokens for request in requests)
        cache = self.cache(longest, room, len(rows))
        pad = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else 0
        ids = torch.tensor([[pad] * (longest - len(row)) + row for row in rows], device=self.device)
        there = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=self.device)
        mask = None if bool(there.all()) else there
        try:
            self.prefill(ids[:, :-1], mask, cache, None, None)
            found = self.write(ids, mask, cache, requests, None)
        finally:
            cache.close()
        seconds = time.perf_counter() - started
        return [
            response(self.tokenizer, written, request, len(row), seconds)
            for written, request, row in zip(found, requests, rows, strict=True)
        ]

    def cache(self, tokens: int, room: int, batch: int = 1) -> TieredCache:
        """An empty cache for a prompt of `tokens` and `room` more, within the budgets. Raises: see `read`."""
        total = tokens + room
        if total > self.context_length:
            raise LimitError(
                f"the prompt has {tokens:,} tokens and {room:,} more are wanted, {total:,} in all; {self.name} reads at most "
                f"{self.context_length:,}: read the document in parts, use a checkpoint with a longer context, or set YaRN in its "
                f"config.json (rope_scaling with a factor of {total / self.context_length:.1f} or more)"
            )
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
        clock: list[float] | None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[list[int]]:
        """What the model writes after token ids [B, T], which `cache` holds but for the last ones, for requests [B]: rows of tokens."""
        request = requests[0]
        vocabulary = self.model.get_output_embeddings().weight.shape[0]
        rows = [Constrained(self.tokenizer, each.schema, vocabulary) if each.schema is not None else None for each in requests]

        def constrain(tokens: Tensor, scores: Tensor) -> Tensor:
            if clock is not None:
                clock.append(time.perf_counter())
            for number, row in enumerate(rows):
                if row is not None:
                    scores[number : number + 1] = row(tokens[number : number + 1], scores[number : number + 1])
            return scores

        warm = request.temperature > 0
        how: dict[str, Any] = {"temperature": request.temperature, "top_p": 1.0, "top_k": 0} if warm else {}
        with torch.inference_mode(), torch.random.fork_rng(devices=[] if self.device.type == "cpu" else [self.device]):
            torch.manual_seed(request.seed)
            out = self.model.generate(
                ids,
                attention_mask=torch.ones_like(ids) if there is None else there,
                past_key_values=cache,
                max_new_tokens=max(each.max_tokens for each in requests),
                do_sample=warm,
                logits_processor=[constrain],
                stopping_criteria=[_Stop(cancelled)],
                eos_token_id=self._ends(),
                pad_token_id=self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else 0,
                **how,
            )
        ends = set(self._ends())
        found = []
        for row, each in zip(out[:, ids.shape[1] :].tolist(), requests, strict=True):
            cut = next((place for place, token in enumerate(row) if token in ends), len(row))
            found.append(row[: min(cut, each.max_tokens)])
        return found

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
            return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
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


class _Stop:
    """Stops when asked to."""

    def __init__(self, cancelled: Callable[[], bool] | None) -> None:
        self._cancelled = cancelled

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
        stop = self._cancelled is not None and self._cancelled()
        return torch.full((len(input_ids),), stop, dtype=torch.bool, device=input_ids.device)
