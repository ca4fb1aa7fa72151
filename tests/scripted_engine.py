"""An engine that answers as a test says, and the script of a model that copies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from longdoc.engines.output import parsed
from longdoc.model.sentences import split_text
from longdoc.protocols import Request, Response

Script = Callable[[Request], Any]


class ScriptedEngine:
    """`script` gives the answer to a request: an object, a text, or an exception, whose message becomes the response's error. A token is
    four characters. `requests` are those that were asked, in order."""

    enforces_schema = True

    def __init__(self, script: Script, context_length: int = 8_192, name: str = "scripted:one") -> None:
        self._script, self.context_length, self.name = script, context_length, name
        self.requests: list[Request] = []
        self.closed = False

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        for number, request in enumerate(requests):
            self.requests.append(request)
            prompt = sum(self.count_tokens(message["content"]) for message in request.messages)
            if prompt + request.max_tokens > self.context_length:
                yield number, Response("", error=f"{prompt} tokens and {request.max_tokens} more are over {self.context_length}")
                continue
            given = self._script(request)
            if isinstance(given, Exception):
                # Two arguments: the reason, and what was written nevertheless.
                yield number, Response("".join(given.args[1:]), error=str(given.args[0]))
                continue
            text = given if isinstance(given, str) else json.dumps(given)
            value = parsed(text, request.schema) if request.schema is not None else None
            yield number, Response(text, value, prompt_tokens=prompt, completion_tokens=self.count_tokens(text), seconds=1.0)

    def count_tokens(self, text: str) -> int:
        return -(-len(text) // 4)

    def close(self) -> None:
        self.closed = True


def said(request: Request) -> str:
    """What the user says in a request."""
    return next(message["content"] for message in request.messages if message["role"] == "user")


def shown(prompt: str) -> str:
    """The text of the document in a prompt."""
    found = re.search(r"<document[^>]*>\n(.*)\n</document>", prompt, re.DOTALL)
    return found[1] if found else ""


def sentences(text: str, least: int = 60) -> list[str]:
    """Sentences that begin and end as sentences do."""
    pieces = [" ".join(text[start:end].split()) for start, end in split_text(text)]
    return [piece for piece in pieces if len(piece) >= least and re.match(r"[A-Z]", piece) and piece.endswith(".")]


def copying(request: Request) -> Any:
    """See `copied`."""
    return copied(said(request))


def copied(prompt: str) -> Any:
    """The script of a model that copies: two sentences of a part, the first statements of a list, the first sentence for a question."""
    if "<statements" in prompt:
        listed = re.findall(r"^\[(\d+)\] (.*)$", prompt, re.MULTILINE)
        most = int(re.findall(r"at most (\d+)", prompt)[0])
        return {"statements": [{"text": text, "sources": [int(number)]} for number, text in listed[:most]]}
    found = [{"text": sentence, "quote": sentence} for sentence in sentences(shown(prompt))]
    if "Question:" in prompt:
        return {"found": True, "sentences": found[:1]}
    return {"statements": found[:2]}
