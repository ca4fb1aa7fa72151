"""One request put to a server until its answer is whole, and matches its schema."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from longdoc.engines.estimate import estimate
from longdoc.engines.output import check_schema, parsed
from longdoc.engines.refusals import RefusedError, SchemaRefusedError, UnknownModelError, UnsupportedError
from longdoc.engines.retries import GivenUpError, Retries, TransientError
from longdoc.engines.server import Server, Written
from longdoc.errors import ConfigError, EngineError
from longdoc.protocols import Request, Response

_REPEATED = 4_000
"""Characters of a wrong answer that the model is shown again."""


@dataclass(slots=True)
class _Spent:
    prompt: int = 0
    cached: int = 0
    written: int = 0


class Exchange:
    """Answers requests for `model` of `server`; `note` is told, for a person, what the server cannot do, and `unenforced` is called once it
    has refused a schema, or not kept to one."""

    def __init__(self, server: Server, model: str, retries: Retries, note: Callable[[str], None], unenforced: Callable[[], None]) -> None:
        self._server, self._model, self._retries, self._note = server, model, retries, note
        self._tell_unenforced = unenforced
        self._checked, self._unenforced = set[str](), set[str]()
        self._left_out = set[str]()
        self._answered = 0

    async def answer(self, request: Request, begun: Callable[[], None]) -> Response:
        """The answer, or what is in its way as its `error`; tokens are those of all attempts that the server counted, and `begun` is
        called when one has its first token.

        Raises: EngineError for what would befall every request.
        """
        clock, deadline = self._retries.clock, self._retries.deadline
        started, answered = clock.now(), self._answered
        spent = _Spent()
        try:
            self._check(request.schema)
            async with asyncio.timeout(deadline):
                response = await self._valid(request, spent, started, begun)
            self._answered += 1
        except GivenUpError as error:
            if error.unreachable and self._answered == answered:
                raise EngineError(f"{error}; start it again") from error
            response = Response("", error=str(error))
        except UnknownModelError as error:
            raise EngineError(await self._unknown(request, error)) from error
        except (RefusedError, ConfigError) as error:
            response = Response("", error=str(error))
        except TimeoutError:
            response = Response("", error=f"no answer within the deadline of {deadline:g} s")
        return replace(
            response,
            prompt_tokens=spent.prompt,
            cached_tokens=spent.cached,
            completion_tokens=spent.written,
            seconds=clock.now() - started,
            error=None if response.error is None else f"openai:{self._model}: {response.error}",
        )

    async def _valid(self, request: Request, spent: _Spent, started: float, begun: Callable[[], None]) -> Response:
        said: list[dict[str, str]] = []
        wrong = ""
        for _ in range(2):
            written = await self._whole(request, said, spent, started, begun)
            response = Response(written.text, first_token_seconds=written.first_token_seconds)
            if written.finish == "content_filter":
                return replace(response, error="the server withheld the answer (content_filter)")
            cut = written.finish == "length"
            if cut and (request.schema is not None or not written.text.strip()):
                reason = f"the answer was cut at max_tokens = {request.max_tokens:,}: allow more, or ask for less"
                return replace(response, error=reason)
            if request.schema is None:
                return response
            try:
                return replace(response, parsed=parsed(written.text, request.schema))
            except ValueError as error:
                wrong = str(error)
            self._without(request.schema, f"{self._server.url} takes a JSON schema and does not keep to it")
            again = f"That cannot be used: {wrong}. Answer once more: one JSON object and nothing else, that matches the schema."
            said = [{"role": "assistant", "content": written.text[:_REPEATED]}, {"role": "user", "content": again}]
        return replace(response, error=f"asked twice, and {wrong}")

    async def _whole(
        self, request: Request, said: list[dict[str, str]], spent: _Spent, started: float, begun: Callable[[], None]
    ) -> Written:
        """An answer that came to its end, after what has been `said` since the request."""
        while True:
            enforced = request.schema is not None and _key(request.schema) not in self._unenforced
            body = self._body(request, said, enforced)

            async def attempt(body: Mapping[str, Any] = body) -> Written:
                written = await self._server.write(body, begun)
                self._count(written, request, spent)
                if not written.text.strip() and written.finish not in ("length", "content_filter"):
                    raise TransientError("the answer is empty")
                return written

            try:
                return await self._retries.keep_trying(attempt, started)
            except SchemaRefusedError as error:
                if not enforced or request.schema is None:
                    raise
                self._without(request.schema, f"{self._server.url} cannot enforce a JSON schema ({error})")
            except UnsupportedError as error:
                if error.parameter in self._left_out:
                    raise
                self._left_out.add(error.parameter)
                self._note(f"{self._server.url} does not take {error.parameter} with {self._model}, it is left out ({error})")

    def _body(self, request: Request, said: list[dict[str, str]], enforced: bool) -> dict[str, Any]:
        messages = [dict(message) for message in request.messages]
        body: dict[str, Any] = {
            "model": request.adapter or self._model,
            "messages": messages,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stream_options": {"include_usage": True},
        }
        if "max_tokens" in self._left_out:
            body["max_completion_tokens"] = request.max_tokens
        if enforced:
            form = {"name": "answer", "schema": dict(request.schema or {}), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif request.schema is not None:
            schema = json.dumps(request.schema, ensure_ascii=False)
            wanted = f"Answer with one JSON object and nothing else. It must match this JSON schema:\n{schema}"
            messages[-1]["content"] += f"\n\n{wanted}"
        messages.extend(said)
        return {name: value for name, value in body.items() if name not in self._left_out}

    def _count(self, written: Written, request: Request, spent: _Spent) -> None:
        if written.usage is not None:
            spent.prompt += written.tokens("prompt_tokens")
            spent.cached += written.cached_tokens
            spent.written += written.tokens("completion_tokens")
            return
        self._note(f"{self._server.url} does not say how many tokens an answer took: they are estimated, rather too many than too few")
        spent.prompt += sum(estimate(message["content"]) for message in request.messages)
        spent.written += estimate(written.text)

    def _check(self, schema: Mapping[str, Any] | None) -> None:
        if schema is not None and _key(schema) not in self._checked:
            check_schema(schema)
            self._checked.add(_key(schema))

    def _without(self, schema: Mapping[str, Any], reason: str) -> None:
        if _key(schema) not in self._unenforced:
            if not self._unenforced:
                self._note(f"{reason}: it is told to the model instead, and what does not match is asked for once more")
                self._tell_unenforced()
            self._unenforced.add(_key(schema))

    async def _unknown(self, request: Request, error: UnknownModelError) -> str:
        """What to say about a 404."""
        try:
            known = ", ".join(sorted(card.name for card in await self._server.models())) or "none"
        except (TransientError, RefusedError):
            return f"{self._server.url} answers {error}: does --base-url end in /v1?"
        if request.adapter is not None:
            how = "start vLLM with `--enable-lora --lora-modules NAME=FOLDER`"
            return f"{self._server.url} has no adapter {request.adapter!r} ({error}); it has: {known}; {how}"
        return f"{self._server.url} has no model {self._model!r} ({error}); it has: {known}"


def _key(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)
