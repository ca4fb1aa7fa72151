"""A language model behind an OpenAI-compatible server, `vllm serve` first.

    vllm serve Qwen/Qwen2.5-7B-Instruct-1M --enable-prompt-tokens-details
    engine = OpenAIEngine(model=None, base_url="http://localhost:8000/v1")

With that option vLLM tells how many tokens of a prompt it had read before.

Naming the address is the consent that text of the documents is sent there. The key comes from the environment variable OPENAI_API_KEY.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from longdoc.engines.background import Background
from longdoc.engines.estimate import estimate
from longdoc.engines.order import grouped
from longdoc.engines.refusals import RefusedError, UnknownModelError
from longdoc.engines.retries import Clock, GivenUpError, Retries
from longdoc.errors import ConfigError, EngineError, MissingExtraError
from longdoc.protocols import Request, Response

T = TypeVar("T")

CANCELLED = "cancelled"
_POLL = 0.05
"""Seconds between two looks at whether a run is cancelled."""
_COUNTED = 100_000
"""Counts of tokens that are remembered."""
_NAMED = 20
"""Models that an error lists."""


class OpenAIEngine:
    """The model `model` of the server at `base_url`; None: the only one that it has.

    At most `concurrency` requests are open at once. One is tried `attempts` times, begins no attempt after `deadline` seconds and has
    failed then, and an attempt fails after `timeout` seconds without a byte. `context_length` None: what the server says (vLLM does).
    `tokenizer` is the folder of the model's, None: the server's POST /tokenize (vLLM has it), or `estimate`.

    Threads may share it. `notes` are sentences for a person on what it had to do without.

    Raises: MissingExtraError without the package openai; ConfigError for an argument that makes no sense or is needed; EngineError if no
    server answers, or it has no such model.
    """

    def __init__(
        self,
        *,
        model: str | None,
        base_url: str,
        concurrency: int = 8,
        attempts: int = 8,
        timeout: float = 120.0,
        deadline: float | None = None,
        context_length: int | None = None,
        tokenizer: str | Path | None = None,
        clock: Clock = Clock(),  # noqa: B008 - frozen
    ) -> None:
        if find_spec("openai") is None:
            raise MissingExtraError("the engine 'openai' needs the package openai: pip install 'longdoc[openai]'")
        from longdoc.engines.exchange import Exchange
        from longdoc.engines.server import Server

        if concurrency < 1 or attempts < 1 or timeout <= 0 or (deadline is not None and deadline <= 0):
            raise ConfigError(
                f"concurrency is {concurrency}, attempts {attempts}, timeout {timeout:g} and deadline {deadline}; all must be above 0"
            )
        self._concurrency, self._clock = concurrency, clock
        self._retries = Retries(attempts, deadline, clock)
        self._tokenizer = _loaded(Path(tokenizer)) if tokenizer is not None else None
        self._server = Server(base_url, timeout=timeout, clock=clock)
        self._background = Background(f"longdoc {base_url}")
        self._counts: dict[bytes, int] = {}
        self._counts_itself = True
        self.enforces_schema = True
        self.notes: list[str] = []
        try:
            self._model, self.context_length = self._chosen(model, context_length)
        except BaseException:
            self.close()
            raise
        self.name = f"openai:{self._model}"
        self._exchange = Exchange(self._server, self._model, self._retries, self._note, self._cannot_enforce)

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """See Engine. Requests that share a long prefix wait until the server has read it for the first of them."""
        left = set(range(len(requests)))
        if requests and not (cancelled is not None and cancelled()):
            came: queue.SimpleQueue[tuple[int, Response] | None] = queue.SimpleQueue()
            with self._background.job(self._all(requests, came.put), lambda: came.put(None)) as job:
                while left and not (cancelled is not None and cancelled()):
                    try:
                        answer = came.get(timeout=None if cancelled is None else _POLL)
                    except queue.Empty:
                        continue
                    if answer is None:
                        job.result()
                        break
                    left.remove(answer[0])
                    yield answer
            while left and not came.empty():
                answer = came.get()
                if answer is not None:
                    left.remove(answer[0])
                    yield answer
        yield from ((number, Response("", error=CANCELLED)) for number in sorted(left))

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`: see the class. Raises: EngineError if the server does not answer any more."""
        if self._tokenizer is not None:
            return len(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
        if self._counts_itself:
            key = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
            if key in self._counts:
                return self._counts[key]
            count = self._run(lambda: self._server.tokens(self._model, text.encode(errors="replace").decode()))
            if count is not None:
                if len(self._counts) >= _COUNTED:
                    self._counts.clear()
                self._counts[key] = count
                return count
            self._counts_itself = False
            self._note(
                f"{self._server.url} does not count tokens (POST /tokenize): they are estimated, rather too many than too few; "
                "name the folder of the model's tokenizer to have them counted (tokenizer in engine_options)"
            )
        return estimate(text)

    def close(self) -> None:
        """Close all connections; closing twice does nothing."""
        if not self._background.closed:
            self._background.run(self._server.close())
            self._background.close()

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _cannot_enforce(self) -> None:
        self.enforces_schema = False

    def _run(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `ask` gives, tried again where that may help. Raises: EngineError if it does not."""
        try:
            return self._background.run(self._retries.keep_trying(ask, self._clock.now()))
        except (GivenUpError, RefusedError) as error:
            raise EngineError(f"{self._server.url}: {error}") from error

    def _chosen(self, model: str | None, context_length: int | None) -> tuple[str, int]:
        if model is not None and context_length is not None:
            return model, context_length
        url = self._server.url
        try:
            cards = {card.name: card for card in self._run(self._server.models)}
        except EngineError as error:
            if isinstance(error.__cause__, UnknownModelError):
                raise EngineError(f"{url} has no list of models ({error.__cause__}): does --base-url end in /v1?") from error
            raise
        if model is None:
            bases = [card.name for card in cards.values() if card.parent is None]
            if len(bases) != 1:
                raise ConfigError(f"{url} has {len(bases)} models, name one with --model: {_listed(bases)}")
            model = bases[0]
        if model not in cards:
            raise EngineError(f"{url} has no model {model!r}; it has: {_listed(cards)}")
        parent = cards[model].parent
        known = cards[model].context_length or (cards[parent].context_length if parent in cards else None)
        if context_length is None and known is None:
            raise ConfigError(f"{url} does not say how many tokens {model!r} reads: set --context-length")
        return model, context_length or known or 0

    async def _all(self, requests: Sequence[Request], give: Callable[[tuple[int, Response]], None]) -> None:
        groups = grouped(requests)
        ready: asyncio.PriorityQueue[tuple[int, int]] = asyncio.PriorityQueue()
        begun = set[int]()

        def begin(number: int) -> None:
            if number not in begun:
                begun.add(number)
                for place in range(1, len(groups[number])):
                    # Ahead of groups that have not begun: what the server has read is asked about while it has it.
                    ready.put_nowait((number, place))

        async def work() -> None:
            while True:
                number, place = await ready.get()
                index = groups[number][place]
                give((index, await self._exchange.answer(requests[index], lambda: begin(number))))  # noqa: B023 - called before the next
                begin(number)
                ready.task_done()

        for number in range(len(groups)):
            ready.put_nowait((number, 0))
        tasks = [asyncio.create_task(work()) for _ in range(min(self._concurrency, len(requests)))]
        tasks.append(asyncio.create_task(ready.join()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _loaded(folder: Path) -> Any:
    from longdoc.engines.checkpoint import load_tokenizer

    return load_tokenizer(folder)


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "") or "none"
