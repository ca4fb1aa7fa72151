"""A hard budget of tokens for a run, and what a run would cost before it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from longdoc.protocols import Engine, Request, Response

_TEMPLATE = 8
"""Tokens that a chat template adds to a message, about."""


@dataclass
class Spent:
    """Requests and tokens: of prompts, and written."""

    requests: int = 0
    prompt: int = 0
    written: int = 0

    @property
    def total(self) -> int:
        """Tokens in all."""
        return self.prompt + self.written


class Budgeted:
    """An Engine that asks for nothing that could take it past `most` tokens, prompts and answers counted together."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine, self._most = engine, most
        self.name, self.context_length, self.enforces_schema = engine.name, engine.context_length, engine.enforces_schema
        self.spent = Spent()

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """See Engine. A request that the budget does not hold at its dearest gives an error that names both numbers."""
        promised, asked = self.spent.total, list[int]()
        for number, request in enumerate(requests):
            dearest = prompt_tokens(self._engine, request) + request.max_tokens
            if promised + dearest > self._most:
                need = f"this request may take {dearest:,} tokens, {promised:,} are spent or promised"
                yield number, Response("", error=f"the budget of {self._most:,} tokens (--max-tokens) does not hold it: {need}")
                continue
            promised += dearest
            asked.append(number)
        for place, response in self._engine.generate([requests[number] for number in asked], cancelled=cancelled) if asked else ():
            self.spent.requests += 1
            self.spent.prompt += response.prompt_tokens
            self.spent.written += response.completion_tokens
            yield asked[place], response

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """See Engine."""
        self._engine.close()


class Estimated:
    """An Engine that asks for nothing and counts what would have been asked, at its dearest; every request fails with `DRY`."""

    DRY = "dry run: nothing was asked"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.context_length, self.enforces_schema = engine.name, engine.context_length, engine.enforces_schema
        self.spent = Spent()

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """See the class."""
        for number, request in enumerate(requests):
            self.spent.requests += 1
            self.spent.prompt += prompt_tokens(self._engine, request)
            self.spent.written += request.max_tokens
            yield number, Response("", error=self.DRY)

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """See Engine."""
        self._engine.close()


def prompt_tokens(engine: Engine, request: Request) -> int:
    """Tokens of a request's messages, about."""
    return sum(engine.count_tokens(message["content"]) + _TEMPLATE for message in request.messages)
