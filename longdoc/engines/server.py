"""A server that speaks OpenAI's API: one attempt at a time, with what goes wrong told apart.

What a server says in an error comes back without the key, should it repeat it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import openai

from longdoc.engines.refusals import RefusedError, Said, TurnedAwayError, refusal
from longdoc.engines.retries import Clock, TransientError, retry_after
from longdoc.errors import ConfigError, EngineError

KEY = "OPENAI_API_KEY"
LONGEST = 1 << 20
"""Characters of an answer, at most."""
_LINE = 2 * LONGEST
"""Bytes of an event in a stream, at most."""
_QUOTED = 400
"""Characters of a server's message that are passed on."""
_NO_KEY = "none"
_CONNECT = 10.0
_DRAIN = 1.0

# The HTTP library is another one in newer versions of openai; its errors come through while an answer is streamed.
_http: Any = import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Card:
    """A model that a server has; `parent` is the model that it is an adapter of."""

    name: str
    context_length: int | None
    parent: str | None


@dataclass(slots=True)
class Written:
    """An answer as it came: text, why it ended, seconds to its first token, and tokens, where the server counts them."""

    text: str = ""
    finish: str | None = None
    first_token_seconds: float | None = None
    usage: Mapping[str, Any] | None = None

    def tokens(self, name: str) -> int:
        """A number of `usage`, 0 if it is not there."""
        count = (self.usage or {}).get(name)
        return count if isinstance(count, int) else 0

    @property
    def cached_tokens(self) -> int:
        """Tokens of the prompt that had been read before."""
        details = (self.usage or {}).get("prompt_tokens_details")
        count = details.get("cached_tokens") if isinstance(details, dict) else None
        return count if isinstance(count, int) else 0


class Server:
    """The server at `base_url`, asked with the key of the environment; `timeout` are seconds without a byte."""

    def __init__(self, base_url: str, *, timeout: float, clock: Clock) -> None:
        self.url = _checked(base_url)
        self._timeout, self._clock = timeout, clock
        key = os.environ.get(KEY, "").strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigError(f"the environment variable {KEY} holds characters that no key has, such as spaces; set it again")
        self._key = key
        self._client = openai.AsyncOpenAI(
            api_key=key or _NO_KEY,
            base_url=self.url,
            max_retries=0,
            timeout=openai.Timeout(timeout, connect=min(timeout, _CONNECT), pool=None),
            # Text goes where the user said, and nowhere that a server sends it on to.
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )
        self._reached = False

    async def models(self) -> list[Card]:
        """The models that it has. Raises: TransientError; EngineError if there is none such there."""
        found = await self._asked(lambda: self._client.get("/models", cast_to=object))
        data = found.get("data") if isinstance(found, dict) else None
        if not isinstance(data, list):
            raise EngineError(f"{self.url}/models is no list of models, so no OpenAI-compatible server: does --base-url end in /v1?")
        return [_card(each) for each in data if isinstance(each, dict) and isinstance(each.get("id"), str)]

    async def tokens(self, model: str, text: str) -> int | None:
        """Tokens of `text` by its POST /tokenize, None if it has none. Raises: TransientError; EngineError."""
        body = {"model": model, "prompt": text, "add_special_tokens": False}
        address = f"{self.url.removesuffix('/v1')}/tokenize"
        try:
            found = await self._asked(lambda: self._client.post(address, cast_to=object, body=body))
        except (RefusedError, TurnedAwayError):
            return None
        count = found.get("count") if isinstance(found, dict) else None
        return count if isinstance(count, int) else None

    async def write(self, body: Mapping[str, Any], begun: Callable[[], None]) -> Written:
        """The answer to a chat completion; `begun` is called at its first token.

        Raises: TransientError for what may pass; RefusedError for what befalls this request alone; EngineError for what befalls all.
        """
        started = self._clock.now()
        written = Written()
        pieces, size = list[str](), 0
        create: Any = self._client.chat.completions.with_streaming_response.create
        # Compressed, an answer could be far larger than what came.
        answering = create(**body, stream=True, extra_headers={"Accept-Encoding": "identity"})

        async def read() -> None:
            nonlocal size
            async with answering as response, aclosing(response.iter_bytes()) as chunks:
                async for event in _events(chunks):
                    piece = self._understood(event, written)
                    if piece and written.first_token_seconds is None:
                        written.first_token_seconds = self._clock.now() - started
                        begun()
                    pieces.append(piece)
                    size += len(piece)
                    if size > LONGEST:
                        raise RefusedError(f"the answer is longer than {LONGEST:,} characters and was cut off there; ask for a shorter one")

        await self._asked(read)
        if written.finish is None:
            raise TransientError("the stream was cut before the answer was whole")
        written.text = "".join(pieces)
        return written

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _asked(self, ask: Callable[[], Any]) -> Any:
        # The error is raised outside of `except`: what openai raised may hold the key, and would be shown as its context.
        try:
            result = await ask()
        except openai.APIStatusError as error:
            self._reached = True
            found = self._said(error.status_code, error.code, _message(error), dict(error.response.headers))
        except openai.APIError as error:
            found = self._unconnected(error, error.__cause__)
        except (_http.RequestError, _http.StreamError) as error:
            found = self._unconnected(error, error)
        except _EventError as error:
            found = self._said(error.status, error.code, error.message, {})
        except _TooLongError:
            found = RefusedError(f"the answer came in a piece of more than {_LINE:,} bytes and was cut off there; ask for a shorter one")
        else:
            self._reached = True
            return result
        raise found

    def _said(self, status: int, code: str | None, message: str, headers: Mapping[str, str]) -> Exception:
        after = retry_after(headers, self._clock.date())
        location = headers.get("location")
        said = Said(status, self.redacted(code or ""), self.redacted(" ".join(message.split()))[:_QUOTED], after)
        return refusal(said, self.url, KEY, self.redacted(location) if location else None)

    def _unconnected(self, error: Exception, cause: BaseException | None) -> Exception:
        reason = self.redacted(str(cause) or type(cause).__name__)
        unreachable = isinstance(cause, _http.ConnectError | _http.ConnectTimeout)
        if unreachable and not self._reached:
            return EngineError(f"no server answers at {self.url} ({reason}): start one with `vllm serve MODEL`, or check --base-url")
        if unreachable:
            return TransientError(f"no server answers at {self.url} any more ({reason})", unreachable=True)
        self._reached = True
        if isinstance(cause, _http.TimeoutException):
            return TransientError(f"no byte came for {self._timeout:g} s")
        return TransientError(f"the connection broke ({reason})")

    def redacted(self, text: str) -> str:
        """`text` without the key."""
        return text.replace(self._key, "***") if self._key else text

    def _understood(self, event: str, written: Written) -> str:
        try:
            found = json.loads(event)
        except (ValueError, RecursionError) as error:
            raise TransientError("the stream holds what is no JSON") from error
        if not isinstance(found, dict):
            raise TransientError("the stream holds an event that is no object")
        if found.get("error"):
            raise _EventError(found["error"])
        if isinstance(found.get("usage"), dict):
            written.usage = found["usage"]
        choices = found.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return ""
        if isinstance(choice.get("finish_reason"), str):
            written.finish = choice["finish_reason"]
        delta = choice.get("delta")
        content = delta.get("content") if isinstance(delta, dict) else None
        return content if isinstance(content, str) else ""


class _TooLongError(Exception):
    """An event is longer than any is."""


class _EventError(Exception):
    """An error that a server sends where the answer should be."""

    def __init__(self, said: object) -> None:
        found = said if isinstance(said, dict) else {"message": str(said)}
        code = found.get("code")
        self.status = code if isinstance(code, int) else 500
        self.code = str(code or "")
        self.message = str(found.get("message") or "an error in the stream")
        super().__init__(self.message)


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The data of a stream of server-sent events, up to [DONE]."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            data = line[5:].strip() if line.startswith(b"data:") else b""
            if data == b"[DONE]":
                # A connection whose last bytes were read is used again.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_DRAIN):
                        async for _ in chunks:
                            continue
                return
            if data:
                yield data.decode(errors="replace")
        if len(rest) > _LINE:
            raise _TooLongError


def _message(error: openai.APIStatusError) -> str:
    """What the server says: OpenAI's form, FastAPI's, or the text as it is."""
    body = error.body
    if isinstance(body, dict):
        body = body.get("message") or body.get("detail")
    return body if isinstance(body, str) and body.strip() else error.response.reason_phrase or "no reason"


def _card(found: Mapping[str, Any]) -> Card:
    # vLLM's name for it, OpenRouter's, Groq's
    lengths = [found.get(name) for name in ("max_model_len", "context_length", "context_window")]
    known = [each for each in lengths if isinstance(each, int) and each > 0]
    parent = found.get("parent")
    return Card(found["id"], known[0] if known else None, parent if isinstance(parent, str) else None)


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = re.sub(r"//[^/@]*@", "//***@", base_url)
        raise ConfigError(f"--base-url {shown!r} is no address of a server; one looks like http://localhost:8000/v1")
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"--base-url holds a user name or a password; set the environment variable {KEY} instead")
    return base_url.rstrip("/")
