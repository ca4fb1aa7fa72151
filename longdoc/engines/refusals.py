"""What a server's refusal means: it passes, it befalls one request, or all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from longdoc.engines.retries import TransientError
from longdoc.errors import EngineError

_PASSING = {408, 409, 425, 429}
_TOO_LONG = re.compile(r"context.?(length|size|window)|maximum model length|max_model_len|prompt is too long", re.IGNORECASE)
_LIMIT = (
    re.compile(r"context (?:length|size|window) (?:is|of)(?: only)? ([\d,]+)", re.IGNORECASE),
    re.compile(r"maximum model length of ([\d,]+)", re.IGNORECASE),
    re.compile(r"max_model_len=(\d+)"),
    re.compile(r"context size \(([\d,]+) tokens\)", re.IGNORECASE),
)
_PROMPT = (
    re.compile(r"(?<!bound for )\b([\d,]+) input tokens"),
    re.compile(r"([\d,]+) in the (?:messages|prompt)"),
    re.compile(r"prompt \(length ([\d,]+)\)"),
    re.compile(r"request \(([\d,]+) tokens\)"),
    re.compile(r"(?:resulted in|requested) ([\d,]+) tokens"),
)
_CHARACTERS = (re.compile(r"contains ([\d,]+) characters"),)
_WANTED = (
    re.compile(r"requested ([\d,]+) output tokens"),
    re.compile(r"([\d,]+) in the completion"),
    re.compile(r"too large: ([\d,]+)"),
    re.compile(r"max_tokens=(\d+)"),
)
_NO_TEMPLATE = re.compile(
    r"\b(provide|without|missing|no|not have|not define) (an? |any )?chat.?template|chat.?template (is )?(not|no longer|missing)",
    re.IGNORECASE,
)
_SCHEMA = re.compile(r"response_format|json.?schema|structured.?output|guided|grammar|\bschema\b", re.IGNORECASE)
_UNSUPPORTED = re.compile(r"un(?:supported|recognized|known)[^'\"]*['\"](max_tokens|temperature|seed|stream_options)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """What a server answered instead: status, its own code, its message, and the seconds after which to come again."""

    status: int
    code: str
    message: str
    after: float | None = None


class RefusedError(Exception):
    """A request that the server will not answer, however often it is asked. A sentence for a person."""


class SchemaRefusedError(RefusedError):
    """A request that the server may answer without its schema."""


class UnsupportedError(RefusedError):
    """A request that the server may answer without one of its parameters."""

    def __init__(self, reason: str, parameter: str) -> None:
        super().__init__(reason)
        self.parameter = parameter


class UnknownModelError(RefusedError):
    """A request for a model, or at an address, that the server does not have."""


class TurnedAwayError(EngineError):
    """The server does not take the key, or sends one on to another."""


def refusal(said: Said, url: str, key: str, location: str | None = None) -> Exception:
    """The error that `said` is, by the server at `url`, whose key lies in the environment variable `key`: TransientError for what may
    pass, RefusedError for what befalls one request, EngineError for what befalls all; `location` is where it sends one on to."""
    words = f"{said.status}: {said.message}"
    if _NO_TEMPLATE.search(said.message):
        return EngineError(
            f"the model at {url} has no chat template ({words}): serve one that has, or start the server with `--chat-template FILE`"
        )
    if said.status in (401, 403):
        return TurnedAwayError(f"{url} refuses the key ({words}): set the environment variable {key} to one that it takes")
    if said.status == 404:
        return UnknownModelError(words)
    if said.code == "insufficient_quota":
        return EngineError(f"{url} has no credit left for the key in the environment variable {key} ({words})")
    if said.status in _PASSING or said.status >= 500:
        return TransientError(words, after=said.after)
    if said.status < 400:
        return TurnedAwayError(
            f"{url} sends requests on to {location or 'elsewhere'}, and text goes only where it was said to: if it may go there, "
            "name that address as --base-url"
        )
    if said.code == "context_length_exceeded" or _TOO_LONG.search(said.message):
        return RefusedError(_too_long(said))
    unsupported = _UNSUPPORTED.search(said.message)
    if unsupported:
        return UnsupportedError(words, unsupported.group(1))
    if _SCHEMA.search(said.message):
        return SchemaRefusedError(words)
    return RefusedError(f"the server refuses the request ({words})")


def _too_long(said: Said) -> str:
    limit, prompt, characters, wanted = (_number(patterns, said.message) for patterns in (_LIMIT, _PROMPT, _CHARACTERS, _WANTED))
    size = f"{prompt} tokens" if prompt else f"{characters} characters" if characters else None
    if size:
        has = f"the prompt takes {size}" + (f" and {wanted} more are wanted" if wanted else "")
    else:
        has = f"an answer of {wanted} tokens is wanted" if wanted else "the request is too long"
    takes = f"the model's context is {limit}" if limit else "the model's context does not hold it"
    return (
        f"{has}; {takes} ({said.status}: {said.message}): ask about less of the document at once, "
        "or serve the model with a longer context (--max-model-len)"
    )


def _number(patterns: Sequence[re.Pattern[str]], message: str) -> str | None:
    found = next((match.group(1) for pattern in patterns if (match := pattern.search(message))), "").replace(",", "")
    return f"{int(found):,}" if found else None
