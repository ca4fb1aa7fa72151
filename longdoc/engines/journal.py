"""Answers that are kept as they come, so that what was once answered is never asked again: not after kill -9, not next week.

The key is all that an answer depends on: messages (the document's text and the prompt in them), schema, sampling, adapter, model. Failed
requests are not kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Protocol

from longdoc.protocols import Engine, Request, Response


class Kept(Protocol):
    """Where answers are kept, by key; `document` is the id of the document that they go with."""

    def get(self, key: str) -> str | None:
        """What is kept under `key`."""
        ...

    def put(self, key: str, document: str | None, value: str) -> None:
        """Keep it, durably once this returns."""
        ...


class Journalled:
    """An Engine whose answers are kept in `kept`; `asked` counts what was really asked, `known` what was not."""

    def __init__(self, engine: Engine, kept: Kept) -> None:
        self._engine, self._kept = engine, kept
        self.name, self.context_length, self.enforces_schema = engine.name, engine.context_length, engine.enforces_schema
        self.asked = self.known = 0

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[int, Response]]:
        """See Engine. Requests that are the same are asked once."""
        keys = [self.key(request) for request in requests]
        places: dict[str, list[int]] = {}
        for number, key in enumerate(keys):
            kept = self._kept.get(key) if key not in places else None
            if kept is None:
                places.setdefault(key, []).append(number)
            else:
                self.known += 1
                yield number, replace(Response(**json.loads(kept)), seconds=0.0, first_token_seconds=None)
        new = [same[0] for same in places.values()]
        for place, response in self._engine.generate([requests[number] for number in new], cancelled=cancelled) if new else ():
            number = new[place]
            self.asked += 1
            if response.error is None:
                self._kept.put(keys[number], requests[number].document, json.dumps(asdict(response)))
            for same in places[keys[number]]:
                yield same, response

    def key(self, request: Request) -> str:
        """What an answer is kept under."""
        asked = [
            self.name,
            [dict(message) for message in request.messages],
            request.schema,
            [request.max_tokens, request.temperature, request.seed, request.adapter],
        ]
        return f"answer-{hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:40]}"

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """See Engine."""
        self._engine.close()
