"""Output that matches a JSON schema: at every step tokens that would break it cannot be chosen (llguidance)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longdoc.errors import ConfigError, EngineError, MissingExtraError

_KEPT = 32
"""Schemas that are kept ready."""


class Grammars:
    """Makes what keeps an answer to a schema, for one tokenizer and a model with scores of `vocabulary` tokens; `ends` end an answer."""

    def __init__(self, tokenizer: Any, vocabulary: int, ends: Sequence[int]) -> None:
        self._tokenizer, self._vocabulary, self._ends = tokenizer, vocabulary, list(ends)
        self._compiled = lru_cache(_KEPT)(self._compile)

    @cached_property
    def _words(self) -> Any:
        """The tokenizer as llguidance has it; of a large vocabulary it takes a second."""
        try:
            import llguidance.hf
        except ImportError as error:
            raise MissingExtraError("output by a schema needs llguidance: pip install 'longdoc[local]'") from error
        return llguidance.hf.from_tokenizer(self._tokenizer, n_vocab=self._vocabulary, eos_token=self._ends or None)

    def of(self, schema: Mapping[str, Any]) -> Constrained:
        """What keeps one answer to a JSON schema.

        Raises: ConfigError if the schema is none, or says what cannot be enforced; MissingExtraError without llguidance.
        """
        try:
            written = json.dumps(dict(schema))
        except (TypeError, ValueError) as error:
            raise ConfigError(f"the schema cannot be used: {error}") from error
        return Constrained(self._compiled(written).deep_copy(), self._vocabulary)

    def _compile(self, schema: str) -> Any:
        words = self._words
        from llguidance import LLMatcher

        matcher = LLMatcher(words, LLMatcher.grammar_from_json_schema(schema, defaults={"whitespace_flexible": False}), log_level=0)
        if matcher.is_error():
            raise ConfigError(f"the schema cannot be used: {matcher.get_error()}")
        return matcher


class Constrained:
    """Keeps one answer to a schema; made by Grammars."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self._matcher, self._vocabulary = matcher, vocabulary

    def allowed(self, scores: Tensor) -> Tensor:
        """Scores [1, V] with those of tokens that do not go on rightly at minus infinity.

        Raises: EngineError if what the schema allows next cannot be told.
        """
        bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        if self._matcher.is_error():
            reason = self._matcher.get_error().partition("\n")[0]  # below it stand the tokens
            raise EngineError(f"the schema is too complex to be kept to ({reason}); use one with simpler patterns and fewer choices")
        allowed = torch.from_numpy(bits[: self._vocabulary]).to(scores.device, torch.bool)
        return scores.masked_fill(~allowed, -torch.inf)

    def take(self, token: int) -> None:
        """Go on after `token`, the next of the answer."""
        self._matcher.consume_token(token)
