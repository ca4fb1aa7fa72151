"""vLLM in this process: many requests at once, what several prompts begin with read once, output that keeps to a schema, LoRA by request.

    engine = VllmEngine(model="path/to/checkpoint", adapters={"leases": Path("path/to/adapter")})
    for index, response in engine.generate(requests):
        ...

vLLM loads the model in processes of its own, so a script that makes an engine has its `if __name__ == "__main__":`.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from jinja2 import TemplateError

from longdoc.engines.budgets import size
from longdoc.engines.checkpoint import check_folder, load_tokenizer
from longdoc.engines.order import grouped
from longdoc.engines.output import check_schema, parsed
from longdoc.errors import (
    ConfigError,
    DamagedError,
    EngineError,
    LimitError,
    LongdocError,
    MissingExtraError,
    NotFoundError,
    UnsupportedError,
)
from longdoc.protocols import Request, Response

CANCELLED = "cancelled"
_QUIET = {"VLLM_LOGGING_LEVEL": "WARNING", "VLLM_LOGGING_STREAM": "ext://sys.stderr", "VLLM_NO_USAGE_STATS": "1"}
"""vLLM takes these from the environment alone. Its own defaults: everything to stdout, and figures of its use sent to its makers."""
_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks of LoRA that vLLM has room for."""


@dataclass(slots=True)
class _Asked:
    """A request that vLLM has; `group` is its place among those of one generate that share a prefix."""

    index: int
    request: Request
    group: int
    started: float
    first: float | None = None
    output: Any = None


class VllmEngine:
    """Threads may share it: their requests run together."""

    enforces_schema = True

    def __init__(
        self,
        *,
        model: str | Path,
        context_length: int | None = None,
        adapters: Mapping[str, Path] | None = None,
        kv_offload: int | str | None = None,
        dtype: str = "auto",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """The checkpoint in the folder `model`. `context_length` None: the model's own, or what there is room for; `adapters` are
        folders of LoRA adapters by the name that a request asks for; keys and values that a GPU has no more room for are kept in
        `kv_offload` bytes of RAM. `options` are further engine arguments of vLLM, which count for more than what longdoc sets.

        Raises: see checkpoint.check_folder and load_tokenizer; UnsupportedError for a checkpoint without chat template; NotFoundError or
        DamagedError for an adapter; MissingExtraError without vLLM; ConfigError for a setting that vLLM refuses; EngineError if it does
        not start.
        """
        folder = Path(model)
        check_folder(folder)
        self.name = f"vllm:{folder.resolve().name}"
        self.tokenizer = load_tokenizer(folder)
        if not self.tokenizer.chat_template:
            raise UnsupportedError(
                f"{folder}: its tokenizer has no chat template, so vLLM cannot be told who says what; use a checkpoint that was tuned for "
                f"chat, or put its chat_template.jinja into the folder"
            )
        arguments = engine_arguments(
            folder, context_length=context_length, adapters=adapters or {}, kv_offload=kv_offload, dtype=dtype, options=options or {}
        )
        vllm = _imported()
        if kv_offload is not None and import_module("vllm.platforms").current_platform.is_cpu():
            raise ConfigError(
                f"kv_offload is {kv_offload!r}, but this vLLM runs on a CPU, where keys and values lie in RAM already: leave it out"
            )
        self._vllm, self._failed = vllm, import_module("vllm.exceptions").VLLMError
        try:
            self._llm = vllm.LLM(**arguments)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{self.name}: vLLM refuses the settings: {_sentence(error)}") from error
        except (self._failed, RuntimeError, OSError) as error:
            raise EngineError(f"{self.name}: vLLM did not start: {_sentence(error)}; what it logged before says why") from error
        self._engine = self._llm.llm_engine
        self.context_length = int(self._engine.model_config.max_model_len)
        self._most = int(self._engine.vllm_config.scheduler_config.max_num_seqs)
        self._adapters = {
            name: import_module("vllm.lora.request").LoRARequest(name, number, str(path))
            for number, (name, path) in enumerate((adapters or {}).items(), 1)
        }
        self._asked: dict[str, _Asked] = {}
        self._numbers = count()
        self._lock = Lock()
        self._ended: Exception | None = None
        Thread(target=_tell_of_its_end, args=(self._engine.engine_core,), name=f"{self.name} ended", daemon=True).start()

    def close(self) -> None:
        """Stop vLLM and free what it holds."""
        self._engine.engine_core.shutdown()

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the checkpoint's tokenizer."""
        return len(self._tokens(text))

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """See Engine. What a group of requests begins with is read with its first one, and the others follow once that writes; a document's
        requests come before those of the next, so that what was read of it is still there.

        Raises: EngineError if vLLM breaks down.
        """
        held = dict(enumerate(deque(group) for group in grouped(requests)))
        ready = deque((number, group.popleft()) for number, group in held.items())
        running: dict[str, _Asked] = {}
        try:
            while ready or running:
                if cancelled is not None and cancelled():
                    left = [each.index for each in running.values()] + [index for _, index in ready]
                    self._abort(running)
                    for index in [*left, *(index for group in held.values() for index in group)]:
                        yield index, Response("", error=CANCELLED)
                    return
                while ready and len(running) < self._most:
                    number, index = ready.popleft()
                    asked = _Asked(index, requests[index], number, time.perf_counter())
                    try:
                        running[self._add(asked)] = asked
                    except EngineError:
                        raise
                    except LongdocError as error:
                        if held[number]:
                            ready.appendleft((number, held[number].popleft()))
                        yield index, Response("", error=str(error))
                self._step(running)
                for key, asked in list(running.items()):
                    if asked.first is not None or asked.output is not None:
                        ready.extendleft((asked.group, index) for index in reversed(held[asked.group]))
                        held[asked.group].clear()
                    if asked.output is not None:
                        del running[key]
                        yield asked.index, self._response(asked)
        finally:
            self._abort(running)

    def _add(self, asked: _Asked) -> str:
        """Hand a request to vLLM. Raises: LongdocError for what is wrong with it, EngineError for what is wrong with vLLM."""
        request, key = asked.request, f"longdoc-{next(self._numbers)}"
        adapter = None if request.adapter is None else self._adapters.get(request.adapter)
        if request.adapter is not None and adapter is None:
            known = ", ".join(sorted(self._adapters)) or "none"
            raise ConfigError(f"{self.name} has no adapter {request.adapter!r}. Known: {known}; name its folder in `adapters`")
        if request.schema is not None:
            check_schema(request.schema)
        ids = self._prompt(request)
        try:
            sampling = self._vllm.SamplingParams(
                temperature=request.temperature,
                seed=request.seed,
                max_tokens=request.max_tokens,
                structured_outputs=None if request.schema is None else _structured(request.schema),
            )
            with self._lock:
                if self._ended is not None:
                    raise self._broken(self._ended)
                (prompt,) = self._llm.renderer.render_cmpl([{"prompt_token_ids": ids}])
                self._asked[key] = asked
                self._engine.add_request(key, prompt, sampling, lora_request=adapter, priority=asked.group)
        except (self._failed, ValueError) as error:
            self._asked.pop(key, None)
            if isinstance(error, import_module("vllm.exceptions").VLLMServerError):
                raise self._broken(error) from error
            raise UnsupportedError(f"{self.name}: vLLM refuses the request: {_sentence(error)}; change its schema or sampling") from error
        return key

    def _prompt(self, request: Request) -> list[int]:
        """The tokens of a request's messages. Raises: UnsupportedError, LimitError."""
        try:
            text = self.tokenizer.apply_chat_template(
                [dict(message) for message in request.messages], tokenize=False, add_generation_prompt=True
            )
        except TemplateError as error:
            raise UnsupportedError(f"{self.name}: its chat template does not take these messages: {_sentence(error)}") from error
        ids = self._tokens(str(text))
        if len(ids) + request.max_tokens > self.context_length:
            raise LimitError(
                f"the prompt has {len(ids):,} tokens and {request.max_tokens:,} more are wanted, {len(ids) + request.max_tokens:,} in all; "
                f"{self.name} reads at most {self.context_length:,}: send less, or use a model with a longer context"
            )
        return ids

    def _tokens(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return found

    def _step(self, running: dict[str, _Asked]) -> None:
        """Let vLLM work until there is news of one of `running`, unless another thread has brought some. Raises: EngineError."""
        with self._lock:
            if not running or any(asked.output is not None for asked in running.values()):
                return
            try:
                outputs = self._engine.step() if self._ended is None else []
            except (self._failed, RuntimeError) as error:
                self._ended = error
            if self._ended is not None:
                running.clear()
                raise self._broken(self._ended) from self._ended
            for output in outputs:
                asked = self._asked.get(output.request_id)
                if asked is None:
                    continue
                if asked.first is None and output.outputs[0].token_ids:
                    asked.first = time.perf_counter()
                if output.finished:
                    asked.output = output
                    del self._asked[output.request_id]

    def _abort(self, running: dict[str, _Asked]) -> None:
        with self._lock:
            left = [key for key in running if self._asked.pop(key, None) is not None]
            running.clear()
            if left:
                self._engine.abort_request(left)

    def _broken(self, error: Exception) -> EngineError:
        return EngineError(f"{self.name}: vLLM broke down: {_sentence(error)}; what it logged before says why. Start again")

    def _response(self, asked: _Asked) -> Response:
        output, request, done = asked.output, asked.request, time.perf_counter()
        written = output.outputs[0]
        found, error = None, None
        if written.finish_reason not in ("stop", "length"):
            error = f"{self.name} gave up on the request ({written.finish_reason}); what vLLM logged says why"
        elif request.schema is not None:
            try:
                found = parsed(written.text, request.schema)
            except ValueError as wrong:
                cut = f"the answer is no whole JSON after {len(written.token_ids)} tokens; raise max_tokens"
                error = cut if written.finish_reason == "length" else str(wrong)
        return Response(
            written.text,
            found,
            prompt_tokens=len(output.prompt_token_ids),
            cached_tokens=output.num_cached_tokens or 0,
            completion_tokens=len(written.token_ids),
            seconds=done - asked.started,
            first_token_seconds=None if asked.first is None else asked.first - asked.started,
            error=error,
        )


def engine_arguments(
    folder: Path,
    *,
    context_length: int | None,
    adapters: Mapping[str, Path],
    kv_offload: int | str | None,
    dtype: str,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """What vLLM is started with. Raises: ConfigError, NotFoundError, DamagedError; see VllmEngine."""
    arguments: dict[str, Any] = {
        "model": str(folder),
        "dtype": dtype,
        "max_model_len": -1 if context_length is None else context_length,  # -1: what there is room for, up to the model's own
        "enable_prefix_caching": True,
        "scheduling_policy": "priority",
        # Free white space is where small models get lost, and it costs tokens. llguidance knows more of JSON schema than xgrammar.
        "structured_outputs_config": {"backend": "guidance", "disable_any_whitespace": True},
        "use_tqdm_on_load": False,
    }
    if adapters:
        rank = max(_rank(path) for path in adapters.values())
        room = next((each for each in _RANKS if each >= rank), rank)
        # One place stays empty: on a CPU vLLM 0.32 answers with what is in the last one where a request beside others names no adapter
        # (its pull request 48421).
        arguments |= {"enable_lora": True, "max_loras": len(adapters) + 1, "max_lora_rank": room}
    if kv_offload is not None:
        arguments["kv_offloading_size"] = size(kv_offload) / (1 << 30)
    return arguments | dict(options)


def _rank(adapter: Path) -> int:
    """The largest rank of a LoRA adapter's layers."""
    found = Path(adapter) / "adapter_config.json"
    if not found.is_file():
        raise NotFoundError(f"{adapter}: no adapter_config.json there; name the folder of a LoRA adapter made with peft")
    try:
        settings = json.loads(found.read_bytes())
        return max(int(settings["r"]), *map(int, (settings.get("rank_pattern") or {}).values()), 1)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"{found}: names no rank (r); copy the adapter again") from error


def _imported() -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        return import_module("vllm")
    except ImportError as error:
        if error.name == "vllm":
            raise MissingExtraError("the engine vllm needs vLLM: pip install 'longdoc[vllm]'") from error
        raise EngineError(f"vLLM is installed but cannot be loaded: {_sentence(error)}; install it again") from error


def _tell_of_its_end(core: Any) -> None:
    """Wait until one of vLLM's processes ends, and wake whoever waits for what it would have written: vLLM itself leaves them waiting."""
    manager = getattr(getattr(core, "resources", None), "engine_manager", None)
    if manager is not None:
        wait([process.sentinel for process in manager.processes])
        core.outputs_queue.put_nowait(RuntimeError("its process has ended"))


def _structured(schema: Mapping[str, Any]) -> Any:
    return import_module("vllm.sampling_params").StructuredOutputsParams(json=dict(schema))


def _sentence(error: Exception) -> str:
    """What an error of vLLM's says, on one line."""
    return " ".join(str(error).split())[:500] or type(error).__name__
